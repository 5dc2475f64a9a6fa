"""A model's text, checked while it is written: what has no true citation is not said.

A statement goes out with the first of its citations that stands in its passage. What has none is left out: a statement
whose citations do not, one with a number that neither passage nor question has, and what follows the last citation.
Links, markup of pages and signs that cannot be seen are removed.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.answers.citations import collapsed, dropped, find_quote
from gateway.answers.schemas import UsedPassage

NONE = "[[none]]"
CLOSING_MARKS = frozenset({".", "!", "?", "\u3002"})
MAX_STATEMENT = 2_000
"""Characters without a true citation: beyond, the text is not about the passages."""
_OPEN, _CLOSE = "[[", "]]"
_CITATION = re.compile(r"\s*(\d{1,3})\s*\|(.*)", re.DOTALL)
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])")
_ADDRESS = re.compile(
    r"(?i)\b(?:[a-z][a-z0-9+.-]{1,20}://|(?:mailto|javascript|data|tel|vbscript):)\S*|\bwww\.\S+"
    r"|\b[\w-]+(?:\.[\w-]+)*\.[a-z]{2,24}(?:/\S*)|\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|\b[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|io|dev|app|info|biz|co|ru|cn|xyz|top|site|online|example|test)\b"
)
_NAMES = (
    "a|abbr|article|aside|audio|b|base|blockquote|body|br|button|canvas|center|code|dd|details|div|dl|dt|em|embed|"
    "figure|font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|input|li|link|main|math|meta|nav|noscript|object|"
    "ol|option|p|pre|q|s|script|section|select|small|source|span|strong|style|sub|summary|sup|svg|table|tbody|td|"
    "template|textarea|th|thead|title|tr|u|ul|video"
)
_ATTRIBUTE = r"\s+[a-zA-Z_:][\w:.-]*(?:\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s\"'<>=]+))?"
# Other words between < and > are not pages': a comparison, a type.
_TAG = re.compile(rf"(?i)</?(?:{_NAMES})(?:{_ATTRIBUTE}){{0,20}}\s*/?>|<[!?][^<>]{{0,500}}>")
_OPENING = re.compile(r"<(?=[a-zA-Z/!?])")
_KEPT = "\n\t\u200c\u200d"  # joiners: emoji, and languages such as Persian, need them
_WORD = re.compile(r"\w")
# What a list or a step is called is no fact: 1. 2) Step 3:
_LIST_MARK = re.compile(r"(?im)^[ \t>#*_-]*(?:step[ \t]+)?\d{1,2}[.):](?=\s|\*)")
_NUMBER = re.compile(r"\d(?:[.,'\u2019\u00a0\u202f]?\d)*")


class DraftError(Exception):
    """The model's text is none that is about the passages; the message is a sentence for people."""


@dataclass(frozen=True)
class Statement:
    """A part of the answer: its text, and the quotation that it stands on. A later one of the same part has no text."""

    text: str
    passage: UsedPassage
    quote: str
    place: tuple[int, int]


class Draft:
    """Takes pieces of a model's text and gives statements."""

    def __init__(self, question: str, passages: Sequence[UsedPassage]) -> None:
        """Nothing was written about `passages` yet, which the model knows by their numbers from 1."""
        self._question = question
        self._passages = passages
        self._rest = ""
        self._unsaid = ""
        self._is_refuted = False
        self.is_none = False
        """Whether the model says that nothing answers."""
        self.dropped = 0
        self.said = 0

    def take(self, piece: str) -> Iterator[Statement]:
        """The statements that are whole with this piece. DraftError."""
        self._rest += piece
        while True:
            start = self._rest.find(_OPEN)
            if start < 0:
                self._write(self._rest[:-1])
                self._rest = self._rest[-1:]
                break
            self._write(self._rest[:start])
            end = self._rest.find(_CLOSE, start)
            if end < 0:
                self._rest = self._rest[start:]
                if len(self._rest) > MAX_STATEMENT:
                    raise DraftError("It wrote a citation without end.")
                break
            yield from self._cited(self._rest[start + len(_OPEN) : end])
            self._rest = self._rest[end + len(_CLOSE) :]

    def finish(self) -> str:
        """Nothing more is written: what has no citation by now is not said, but for a mark at the end.

        DraftError when nothing was said.
        """
        if not self.said and not self.is_none:
            raise DraftError("It cited nothing that stands in the passages.")
        end = (self._unsaid + self._rest).strip()
        return "" if self._is_refuted or end not in CLOSING_MARKS else end

    def _write(self, text: str) -> None:
        if self._is_refuted and _WORD.search(text):
            self._unsaid, self._is_refuted = "", False
        self._unsaid += text
        if len(self._unsaid) > MAX_STATEMENT:
            raise DraftError("It wrote much that has no citation.")

    def _cited(self, inside: str) -> Iterator[Statement]:
        if inside.strip().lower() == NONE.strip("[]"):
            self.is_none = not self.said
            return
        found = self._found(inside)
        if found is None or not self._has_its_numbers(found[0]):
            self.dropped += 1
            dropped()
            self._is_refuted = True
            return
        text = shown(self._unsaid)
        self._unsaid, self._is_refuted = "", False
        if not self.said:
            text = text.lstrip()
        if not _WORD.search(text):
            text = ""  # another citation of the statement before
            if not self.said:
                return
        self.said += 1
        yield Statement(text, *found)

    def _has_its_numbers(self, passage: UsedPassage) -> bool:
        """Whether each number of the statement stands in the question or the passage, in whatever language it is."""
        given = "\n".join((self._question, passage.title, *passage.heading_path, passage.context, passage.content))
        return set(_numbers(_LIST_MARK.sub("", self._unsaid))) <= set(_numbers(given))

    def _found(self, inside: str) -> tuple[UsedPassage, str, tuple[int, int]] | None:
        match = _CITATION.fullmatch(inside)
        if match is None or not 1 <= int(match[1]) <= len(self._passages):
            return None
        passage = self._passages[int(match[1]) - 1]
        quote = match[2].strip().strip('"\u201c\u201d')
        place = find_quote(quote, passage.content)
        return None if place is None else (passage, collapsed(passage.content[slice(*place)]), place)


def _numbers(text: str) -> Iterator[str]:
    """The numbers of a text, without signs between their digits."""
    for match in _NUMBER.finditer(text):
        yield "".join(sign for sign in match[0] if sign.isdigit())


def shown(text: str) -> str:
    """What of a model's text is shown: no links, no markup of pages, no signs that cannot be seen.

    A < that a page would take for the beginning of a tag is set off by a space: what it compares stays.
    """
    text = _TAG.sub("", _LINK.sub(r"\1", _IMAGE.sub("", text)))
    text = _OPENING.sub("< ", _ADDRESS.sub("", text))
    return "".join(sign for sign in text if sign in _KEPT or unicodedata.category(sign) not in ("Cc", "Cf", "Co", "Cs"))
