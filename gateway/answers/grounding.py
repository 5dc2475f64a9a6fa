"""What a quotation can ground: whether a sentence stands on it, and on nothing that it does not say.

That a sentence follows from its quotation is more than words can show. What they show is checked: a quotation that is
short must be repeated by its sentence, and numbers must stand in the quotation or in the sentence around it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.answers.blocks import FENCE
from gateway.answers.citations import collapsed, find_quote, quotation
from gateway.answers.quantities import stand_in
from gateway.answers.schemas import UsedPassage
from gateway.answers.sentences import sentences
from gateway.answers.words import UNSPACED, pieces

CLAUSE = 4
"""Words of a quotation that says something by itself; fewer are a name, a date, a cell of a table."""
FULL_WORD = 4
"""Letters of a word that says more than `the` and `for`."""
# What a list or a step is called is no fact: 1. 2) Step 3:
_LIST_MARK = re.compile(r"(?im)^[ \t>#*_-]*(?:step[ \t]+)?\d{1,2}[.):](?=\s|\*)")
_WORD = re.compile(r"\w+")
_ROW = re.compile(r"\s*\|")


@dataclass(frozen=True)
class Grounds:
    """A quotation: the words of a passage, where they stand, and the sentences around them."""

    passage: UsedPassage
    quote: str
    place: tuple[int, int]
    around: str
    is_sentence: bool


def located(quote: str, passage: UsedPassage) -> Grounds | None:
    """The quotation as it stands in the passage; None where it does not, and for a heading, which states nothing."""
    place = find_quote(quote, passage.content)
    if place is None:
        return None
    start, end = place
    spans = [span for span in sentences(passage.content, passage.context) if span.start < end and start < span.end]
    if not spans:
        return None
    around = "\n".join(span.text for span in spans)
    header = _table_header(passage.content[: spans[0].end])
    is_sentence = any(start <= span.start and span.end <= end for span in spans)
    text = quotation(passage.content, place, passage.context)
    return Grounds(passage, text, place, f"{header}\n{around}", is_sentence)


def is_about(sentence: str, grounds: Grounds, question: str) -> bool:
    """Whether the sentence can stand on the quotation.

    On a clause, or a sentence, it can. Fewer words it must repeat, and of one word the rest of it must be known too:
    half of its full words, or all but one, are of the question, or stand around the quotation. Code is a copy: each of
    its lines stands in the passage.
    """
    if FENCE.match(sentence):
        return _stands_line_by_line(sentence, grounds.passage)
    words = _length(grounds.quote)
    if grounds.is_sentence or words >= CLAUSE:
        return True
    said = set(pieces(sentence))
    if not (_is_known(grounds.quote, said) or _repeats_numbers(sentence, grounds.quote)):
        return False
    known = set(pieces("\n".join(_given([grounds], question))))
    rest = [word for word in _WORD.findall(sentence) if len(word) >= FULL_WORD]
    unknown = sum(not _is_known(word, known) for word in rest)
    return words > 1 or unknown <= max(1, len(rest) // 2)


def has_its_numbers(sentence: str, grounds: Sequence[Grounds], question: str) -> bool:
    """Whether each number of the sentence stands in the quotations, around them or above, or in the question."""
    return bool(FENCE.match(sentence)) or stand_in(_LIST_MARK.sub("", sentence), "\n".join(_given(grounds, question)))


def _stands_line_by_line(code: str, passage: UsedPassage) -> bool:
    written = collapsed(f"{passage.context}\n{passage.content}")
    return all(FENCE.match(line) or collapsed(line) in written for line in code.splitlines())


def _given(grounds: Sequence[Grounds], question: str) -> list[str]:
    given = [question]
    for each in grounds:
        given += (each.passage.title, *each.passage.heading_path, each.passage.context, each.around, each.quote)
    return given


def _is_known(words: str, known: set[str]) -> bool:
    """Whether half of the pieces of these words are known."""
    parts = pieces(words)
    return 2 * sum(part in known for part in parts) >= len(parts)


def _repeats_numbers(sentence: str, quote: str) -> bool:
    return any(sign.isdigit() for sign in quote) and stand_in(quote, sentence)


def _length(quote: str) -> int:
    """Words; two signs count as one where words have no spaces between them."""
    return sum(len(word) // 2 if UNSPACED.match(word) else 1 for word in _WORD.findall(quote))


def _table_header(text: str) -> str:
    """The first line of the table in whose row the text ends."""
    header = ""
    for line in reversed(text.splitlines()):
        if not _ROW.match(line):
            break
        header = line
    return header
