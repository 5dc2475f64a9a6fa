"""Text as it is compared: typographic marks in their plain form, one space for any white space, nothing invisible.

A quotation is found whichever apostrophe, quotation marks, dashes, dots and spaces it is written with, and whether an
accent is a sign of its own or not.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_FORMS = {
    "'": "\u2018\u2019\u201a\u201b\u2032\u2039\u203a\u02bc\u00b4`",
    '"': "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d",
    "...": "\u2026",
    "..": "\u2025",
    "ff": "\ufb00",
    "fi": "\ufb01",
    "fl": "\ufb02",
    "ffi": "\ufb03",
    "ffl": "\ufb04",
    "st": "\ufb05\ufb06",
}
_PLAIN = {sign: plain for plain, signs in _FORMS.items() for sign in signs}


@dataclass(frozen=True)
class Folded:
    """The text to compare, and of each of its signs where in the original it begins and ends."""

    text: str
    starts: list[int]
    ends: list[int]


def folded(text: str) -> Folded:
    """The text as it is compared. A run of white space is one space, a run of dashes one dash."""
    signs: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for start, end in _clusters(text):
        plain = _plain(text[start:end])
        if plain in (" ", "-") and signs and signs[-1] == plain:
            ends[-1] = end
            continue
        signs += plain
        starts += [start] * len(plain)
        ends += [end] * len(plain)
    return Folded("".join(signs), starts, ends)


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """Each sign with the marks that are put onto it."""
    start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or text.isascii() or not unicodedata.combining(text[at]):
            yield start, at
            start = at


def _plain(cluster: str) -> str:
    if cluster.isspace():
        return " "
    if unicodedata.category(cluster[0]) == "Cf":
        return ""
    return _PLAIN.get(cluster) or unicodedata.normalize("NFC", cluster)
