"""Sentences of a passage, and where each stands in it.

The rules are those of Unicode's sentence boundaries (UAX #29) where they matter for quoting, with abbreviations
(sentence_ends.py), and the blocks that they stand in (blocks.py): an item of a list, a row of a table, code.
"""

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass

from gateway.answers.blocks import CLOSERS, FENCE, HEADING, OPENERS, SPACED, UNSPACED, blocks
from gateway.answers.sentence_ends import ends_sentence, words_of

MAX_SENTENCE = 600
"""Characters: what is longer is a list or a table without structure, and is cut between words; code between lines."""

# What is not said of such a line.
MARKER = re.compile(r"(?:\s|#{1,6}\s+|[-*+•‣]\s+|\d{1,3}[.)]\s+|>\s*)+")
_END = re.compile(rf"(?<![{SPACED}])(?:[{SPACED}]+[{CLOSERS}]*(?:\[\d{{1,3}}\])*(?=\s|$)|[{UNSPACED}]+[{CLOSERS}]*)")
_LAST_WORD = re.compile(r"[\w.]+$")
_NEXT_WORD = re.compile(r"\w*")
# Letters that are no initials: 10 m. 5 m/s.
_UNIT = re.compile(r"(?:\d\s?(?:[ckm]?m|[km]?g|m?[lst]|h|min|ft|kn)|/[a-z]{1,3})$")
_WORD = re.compile(r"\w")


@dataclass(frozen=True)
class Span:
    """A sentence: its first character in the passage, one past its last, and its text."""

    start: int
    end: int
    text: str
    is_code: bool = False


def sentences(text: str, context: str = "", words: Set[str] | None = None) -> list[Span]:
    """The sentences of `text` in order; none that has no letter or digit, and no headings, which state nothing.

    `context` is that of a passage, which can begin within code; `words` are those of the passages around it.
    """
    known = words_of([text]) if words is None else words
    found: list[Span] = []
    for begin, end, is_code in blocks(text, context):
        if is_code:
            found += _code(text, begin, end)
            continue
        for first, last in cuts(text, *_below_heading(text, begin, end), known):
            marker = MARKER.match(text, first, last)
            found += _pieces(text, *_trimmed(text, marker.end() if marker else first, last))
    return found


def _below_heading(text: str, start: int, end: int) -> tuple[int, int]:
    if not HEADING.match(text, start, end):
        return start, end
    line_end = text.find("\n", start, end)
    return (end if line_end < 0 else line_end), end


def cuts(text: str, start: int, end: int, words: Set[str], *, in_doubt: bool = False) -> Iterator[tuple[int, int]]:
    """Where the sentences of a paragraph begin and end; `words` are known to stand without a point behind them.

    Whether a sentence ends where nothing tells is as `in_doubt` says.
    """
    begin = start
    for match in _END.finditer(text, start, end):
        if _ends_sentence(text, begin, match, end, words, in_doubt=in_doubt):
            yield begin, match.end()
            begin = match.end()
    yield begin, end


def _ends_sentence(text: str, begin: int, mark: re.Match[str], end: int, words: Set[str], *, in_doubt: bool) -> bool:
    rest = text[mark.end() : min(end, mark.end() + 40)].lstrip()
    if not rest:
        return True
    rest = rest.lstrip(OPENERS)
    if rest[:1].islower() and (mark[0][0] in ".\u2026" or len(mark[0]) > 1) and not (in_doubt and mark[0] == "."):
        return False  # an abbreviation, or speech that goes on: "Why?" he asked
    if mark[0][0] != "." or len(mark[0]) > 1:
        return True
    last = _LAST_WORD.search(text, max(begin, mark.start() - 20), mark.start())
    if last is None or _UNIT.search(text, max(begin, mark.start() - 8), mark.start()):
        return True
    if last[0].isdigit() and not text[begin : last.start()].strip():
        return False  # the number of an item
    follows = _NEXT_WORD.match(rest)
    return ends_sentence(last[0], follows[0] if follows else "", words, in_doubt=in_doubt)


def _code(text: str, start: int, end: int) -> Iterator[Span]:
    """A block of code with its fences; without them where it is so long that it is cut."""
    start, end = _trimmed(text, start, end, "\r\n")
    opening = FENCE.match(text, start, end)
    if opening:
        start = opening.start(1)
    if end - start > MAX_SENTENCE:
        start = text.find("\n", start) if opening else start
        last_line = text.rfind("\n", start, end)
        end = last_line if last_line > start and FENCE.match(text, last_line, end) else end
    yield from _pieces(text, start, end, is_code=True)


def _trimmed(text: str, start: int, end: int, signs: str | None = None) -> tuple[int, int]:
    """The same part without white space around it."""
    end = start + len(text[start:end].rstrip(signs))
    return end - len(text[start:end].lstrip(signs)), end


def _pieces(text: str, start: int, end: int, *, is_code: bool = False) -> Iterator[Span]:
    """The part, or what fits into a quotation each: of code whole lines, if they are not longer than that."""
    while start < end:
        cut = end
        if end - start > MAX_SENTENCE:
            marks = "\n" if is_code else "\n; "
            cut = 1 + max(text.rfind(mark, start + MAX_SENTENCE // 2, start + MAX_SENTENCE) for mark in marks)
            cut = cut or start + MAX_SENTENCE
        first, last = _trimmed(text, start, cut, "\r\n" if is_code else None)
        if _WORD.search(text, first, last):
            yield Span(first, last, text[first:last], is_code)
        start = cut
