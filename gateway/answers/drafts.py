"""A model's text, checked while it is written: what has no true citation is not said.

A citation grounds the sentence that it stands in or behind, and no more. A sentence goes out with the first of its
citations that grounds it (grounding.py), or with the first few where its numbers stand in several. All else is left
out: sentences before that one, those whose citations do not stand in their passages or have other numbers, and what
follows the last citation. What the model thinks is not read (thoughts.py). Links, markup of pages and signs that cannot
be seen are removed (display.py).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.answers.display import shown
from gateway.answers.grounding import Grounds, has_its_numbers, is_about, located
from gateway.answers.schemas import UsedPassage
from gateway.answers.sentence_ends import words_of
from gateway.answers.statements import FINAL, joint, split_last, split_lead
from gateway.answers.thoughts import BEGIN, END, LONGEST_TAG

NONE = "[[none]]"
MAX_STATEMENT = 2_000
"""Characters without a true citation: beyond, the text is not about the passages."""
QUOTATION_MARKS = "\"'\u2018\u2019\u201c\u201d\u201e\u201a\u00ab\u00bb\u2039\u203a\u300c\u300d"
"""That a model may put around what it quotes."""
_MARK = re.compile(rf"(?P<citation>\[\[)|(?P<begin>{BEGIN})|(?P<end>{END})", re.IGNORECASE)
_END = re.compile(END, re.IGNORECASE)
_CLOSE = "]]"
_CITATION = re.compile(r"\s*(\d{1,3})\s*\|(.*)", re.DOTALL)
_WORD = re.compile(r"\w")


class DraftError(Exception):
    """The model's text is none that is about the passages; the message is a sentence for people."""


@dataclass(frozen=True)
class Statement:
    """A sentence of the answer, what joins it to the one before, and a quotation that it stands on.

    A later quotation of the same sentence has no text.
    """

    joint: str
    text: str
    grounds: Grounds


class Draft:
    """Takes pieces of a model's text and gives statements."""

    def __init__(self, question: str, passages: Sequence[UsedPassage]) -> None:
        """Nothing was written about `passages` yet, which the model knows by their numbers from 1."""
        self._question = question
        self._passages = passages
        self._words = words_of(passage.content for passage in passages)
        self._rest = ""
        self._is_thought = False
        self._unsaid = ""
        self._refuted = 0
        """Characters of the unsaid that a citation has failed to ground."""
        self._partial: list[Grounds] = []
        """Quotations of the unsaid that stand in their passages, but have not all of its numbers."""
        self._said = ""
        """The last sentence of the answer."""
        self._dropped = 0
        self.is_none = False
        """Whether the model says that nothing answers."""

    @property
    def dropped(self) -> int:
        """Citations that are left out."""
        return self._dropped + len(self._partial)

    def take(self, piece: str) -> Iterator[Statement]:
        """The statements that are whole with this piece. DraftError."""
        self._rest += piece
        while mark := (_END if self._is_thought else _MARK).search(self._rest):
            self._write(self._rest[: mark.start()])
            if mark.lastgroup != "citation":
                # What stands before the end of a thought was one, also where its beginning is not seen.
                self._is_thought = mark.lastgroup == "begin"
                self._forget_unsaid()
                self._rest = self._rest[mark.end() :]
                continue
            end = self._rest.find(_CLOSE, mark.end())
            if end < 0:
                self._rest = self._rest[mark.start() :]
                if len(self._rest) > MAX_STATEMENT:
                    raise DraftError("It wrote a citation without end.")
                return
            yield from self._cited(self._rest[mark.end() : end])
            self._rest = self._rest[end + len(_CLOSE) :]
        self._write(self._rest[:-LONGEST_TAG])
        self._rest = self._rest[-LONGEST_TAG:]

    def finish(self) -> str:
        """Nothing more is written: what has no citation by now is not said, but for a mark at the end.

        DraftError when nothing was said.
        """
        if not self._said and not self.is_none:
            raise DraftError("It cited nothing that stands in the passages.")
        lead, _ = split_lead("" if self._refuted or self._is_thought else (self._unsaid + self._rest).strip())
        return lead if lead in FINAL and not self._said.endswith(FINAL) else ""

    def _write(self, text: str) -> None:
        if self._is_thought:
            return
        self._unsaid += text
        if self._refuted and _WORD.search(self._unsaid, self._refuted):
            _, self._unsaid = split_lead(self._unsaid[self._refuted :])
            self._forget_refuted()
        if len(self._unsaid) > MAX_STATEMENT:
            raise DraftError("It wrote much that has no citation.")

    def _forget_refuted(self) -> None:
        self._dropped += len(self._partial)
        self._refuted, self._partial = 0, []

    def _forget_unsaid(self) -> None:
        self._forget_refuted()
        self._unsaid = ""

    def _cited(self, inside: str) -> Iterator[Statement]:
        if inside.strip().lower() == NONE.strip("[]"):
            self.is_none = not self._said
            return
        grounds = self._located(inside)
        if grounds is None:
            self._refute()
            return
        lead, text = split_lead(self._shown(grounds))
        if not _WORD.search(text):
            yield from self._cited_again(grounds)
            return
        between, sentence = split_last(text, self._words)
        if not is_about(sentence, grounds, self._question):
            self._refute()
            return
        self._partial.append(grounds)
        if not has_its_numbers(sentence, self._partial, self._question):
            self._refuted = len(self._unsaid)
            return
        yield from self._says(joint(self._said, lead, between) if self._said else "", sentence)

    def _says(self, joined: str, sentence: str) -> Iterator[Statement]:
        for number, grounds in enumerate(self._partial):
            yield Statement("" if number else joined, "" if number else sentence, grounds)
        self._said, self._unsaid = sentence, ""
        self._refuted, self._partial = 0, []

    def _cited_again(self, grounds: Grounds) -> Iterator[Statement]:
        """Another citation of the sentence that was said last."""
        if self._said and is_about(self._said, grounds, self._question):
            yield Statement("", "", grounds)
        elif self._said:
            self._dropped += 1

    def _refute(self) -> None:
        self._dropped += 1
        self._refuted = len(self._unsaid)

    def _shown(self, grounds: Grounds) -> str:
        """What is unsaid, with such names as the question and the cited passage have."""
        passage = grounds.passage
        known = (self._question, passage.title, *passage.heading_path, passage.context, passage.content)
        return shown(self._unsaid, "\n".join(known))

    def _located(self, inside: str) -> Grounds | None:
        match = _CITATION.fullmatch(inside)
        if match is None or not 1 <= int(match[1]) <= len(self._passages):
            return None
        return located(match[2].strip().strip(QUOTATION_MARKS), self._passages[int(match[1]) - 1])
