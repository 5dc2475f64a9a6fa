"""A model's text, checked while it is written: what has no true citation is not said.

A statement goes out with the first of its citations that stands in its passage. What has none is left out: a statement
whose citations do not, one with a number or date that neither passage nor question has (quantities.py), and what
follows the last citation. Links, markup of pages and signs that cannot be seen are removed (display.py).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.answers import quantities
from gateway.answers.citations import dropped, find_quote, quotation
from gateway.answers.display import shown
from gateway.answers.schemas import UsedPassage

NONE = "[[none]]"
CLOSING_MARKS = frozenset({".", "!", "?", "\u3002"})
MAX_STATEMENT = 2_000
"""Characters without a true citation: beyond, the text is not about the passages."""
QUOTATION_MARKS = "\"'\u2018\u2019\u201c\u201d\u201e\u201a\u00ab\u00bb\u2039\u203a\u300c\u300d"
"""That a model may put around what it quotes."""
_OPEN, _CLOSE = "[[", "]]"
_CITATION = re.compile(r"\s*(\d{1,3})\s*\|(.*)", re.DOTALL)
_WORD = re.compile(r"\w")
# What a list or a step is called is no fact: 1. 2) Step 3:
_LIST_MARK = re.compile(r"(?im)^[ \t>#*_-]*(?:step[ \t]+)?\d{1,2}[.):](?=\s|\*)")


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
        given = "" if found is None else self._given(found[0])
        if found is None or not quantities.stand_in(_LIST_MARK.sub("", self._unsaid), given):
            self.dropped += 1
            dropped()
            self._is_refuted = True
            return
        text = shown(self._unsaid, given)
        self._unsaid, self._is_refuted = "", False
        if not self.said:
            text = text.lstrip()
        if not _WORD.search(text):
            text = ""  # another citation of the statement before
            if not self.said:
                return
        self.said += 1
        yield Statement(text, *found)

    def _given(self, passage: UsedPassage) -> str:
        """What a statement that cites the passage may name: the words of the question and of the passage."""
        return "\n".join((self._question, passage.title, *passage.heading_path, passage.context, passage.content))

    def _found(self, inside: str) -> tuple[UsedPassage, str, tuple[int, int]] | None:
        match = _CITATION.fullmatch(inside)
        if match is None or not 1 <= int(match[1]) <= len(self._passages):
            return None
        passage = self._passages[int(match[1]) - 1]
        place = find_quote(match[2].strip().strip(QUOTATION_MARKS), passage.content)
        return None if place is None else (passage, quotation(passage.content, place, passage.context), place)
