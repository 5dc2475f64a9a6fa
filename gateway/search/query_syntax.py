"""What of a query has a meaning: the database takes its operators apart, an embedder would read them as words."""

import re
from enum import StrEnum
from itertools import pairwise

# As private.query_pieces and private.query_operators in the database.
_PIECES = re.compile(r'(?:^|\s)(-?)(?:"([^"]*)"(?=\s|$)|(\S+))')
_OPTION = re.compile(r"-|[!-~]$")
_PREFIX = re.compile(r"\w{2,}\*$")
_QUOTATION = re.compile(r'(?:^|\s)-?"[^"]*"(?=\s|$)')
_SIGNS = re.compile(r"[\[\]\n\r;=\\`(){}<>|]|://|:(?=\s|$)|(?:^|\s)(?:--|-[!-~](?=\s|$)|[.~]{0,2}/|\.{1,2}(?=\s|$))")
_WORDS = re.compile(r"[^\W_]+")
MAX_OPERATORS_OF_A_TEXT, LONG_TEXT = 16, 64
LONGEST_PHRASE = 64
Piece = tuple[str, str]


class Syntax(StrEnum):
    """How to read a query."""

    OPERATORS = "operators"
    PLAIN = "plain"


def as_said(query: str) -> str:
    """The query as words: all of it, white space as one space."""
    return " ".join(query.split())


def without_operators(query: str) -> str:
    """The query as it would be said; all of it when it is a text."""
    if is_text(query):
        return as_said(query)
    words = []
    for kind, written in _pieces(query):
        if kind == "prefix":
            words.append(written.removesuffix("*"))
        elif kind != "exclusion":
            words.append(written)
    return as_said(" ".join(words)) or query


def is_text(query: str) -> bool:
    """Whether what looks like operators is a pasted text's own, as private.query_operators tells."""
    if not re.search(r'"|\*|(?:^|\s)-\S', query):
        return False
    pieces = _pieces(query)
    operators = sum(kind in ("phrase", "exclusion", "prefix") for kind, _ in pieces)
    others = sum(len(written.split()) for kind, written in pieces if kind in ("word", "option"))
    return (
        (operators <= others and (operators > MAX_OPERATORS_OF_A_TEXT or operators + others > LONG_TEXT))
        or any(kind == "phrase" and len(_WORDS.findall(written)) > LONGEST_PHRASE for kind, written in pieces)
        or not any(kind not in ("exclusion", "or") and _WORDS.search(written) for kind, written in pieces)
        or _SIGNS.search(_QUOTATION.sub(" ", query)) is not None
        or _quotes_between_words([kind for kind, _ in pieces])
    )


def _pieces(query: str) -> list[Piece]:
    """Kind of each piece, and what is written there."""
    return [
        (_kind(match[1], match[2], match[3] or ""), match[3] if match[2] is None else match[2])
        for match in _PIECES.finditer(query)
    ]


def _kind(minus: str, phrase: str | None, word: str) -> str:
    if phrase is not None and (phrase == "" or phrase != phrase.strip(" \t\n\r")):
        return "word"
    if minus:
        return "option" if phrase is None and _OPTION.match(word) else "exclusion"
    if phrase is not None:
        return "phrase"
    if _PREFIX.match(word):
        return "prefix"
    return "or" if word.lower() == "or" else "word"


def _quotes_between_words(kinds: list[str]) -> bool:
    """Whether a phrase stands between words. Those next to an "or" are alternatives."""
    joined = {place for place, pair in enumerate(pairwise(["", *kinds, ""])) if "or" in pair}
    words = [place for place, kind in enumerate(kinds) if kind == "word" and not {place, place + 1} & joined]
    return bool(words) and "phrase" in kinds[words[0] : words[-1]]
