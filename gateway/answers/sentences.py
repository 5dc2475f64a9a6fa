"""Sentences of a passage, and where each stands in it.

The rules are those of Unicode's sentence boundaries (UAX #29) where they matter for quoting, with abbreviations, and
lines of Markdown that stand for themselves: headings, items of lists, rows of tables. A boundary that is missed makes a
longer quotation; one that is made up cuts a sentence in two. So in doubt there is none.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_SENTENCE = 600
"""Characters: what is longer is a list or a table without structure, and is cut between words."""

# A line that begins something of its own: a heading, an item, a row, a quotation, a fence.
_OWN_LINE = re.compile(r"\s*(?:#{1,6}\s|[-*+•‣]\s|\d{1,3}[.)]\s|\||>|```|~~~)")
_HEADING = re.compile(r"\s*#{1,6}\s")
# What is not said of such a line.
_MARKER = re.compile(r"(?:\s|#{1,6}\s+|[-*+•‣]\s+|\d{1,3}[.)]\s+|>\s*)+")
# Marks that close: quotation marks, brackets, and Markdown's emphasis; and those that open.
_CLOSERS = r"\"')\]}*_\u2019\u201d\u00bb\u203a\uff09\u300d\u300f\u3011\u300b\u3009"
_OPENERS = "\"'([{*_\u2018\u201c\u00ab\u2039\uff08\u300c\u300e\u3010"
# Marks that end a sentence: those with white space behind them, and those of Han and kana.
_SPACED, _UNSPACED = r".!?\u2026\u203d\u061f\u06d4\u0964\u0965", r"\u3002\uff01\uff1f\uff61"
_END = re.compile(
    rf"(?<![{_SPACED}])(?:[{_SPACED}]+[{_CLOSERS}]*(?:\[\d{{1,3}}\])*(?=\s|$)|[{_UNSPACED}]+[{_CLOSERS}]*)"
)
# A point behind these ends no sentence, nor one behind a single letter or letters with points between them.
_ABBREVIATION = re.compile(
    "approx|asst|bzw|ca|capt|cf|co|col|corp|dept|dr|eds?|eg|encl|esp|est|etc|evtl|figs?|gen|ggf|gov|hr|hrsg|ie|inc|jr|"
    "lt|ltd|mio|mme|mrs?|ms|mt|nr|op|pp|prof|resp|rev|sec|sgt|sr|ste?|tel|usw|vgl|vol|vs"
)
_BEFORE_NUMBERS = frozenset({"no", "nos", "art", "ch", "p", "vol", "abs"})
_LAST_WORD = re.compile(r"[\w.]+$")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]$")
_WORD = re.compile(r"\w")


@dataclass(frozen=True)
class Span:
    """A sentence: its first character in the passage, one past its last, and its text."""

    start: int
    end: int
    text: str


def sentences(text: str) -> list[Span]:
    """The sentences of `text` in order; none that has no letter or digit, and no headings, which state nothing."""
    found: list[Span] = []
    for block in _blocks(text):
        for first, last in _cut(text, *_below_heading(text, *block)):
            marker = _MARKER.match(text, first, last)
            start, end = marker.end() if marker else first, last
            while end > start and text[end - 1].isspace():
                end -= 1
            if _WORD.search(text, start, end):
                found += _pieces(text, start, end)
    return found


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Paragraphs and lines that stand for themselves."""
    begin = at = 0
    for line in text.splitlines(keepends=True):
        if not line.strip() or _OWN_LINE.match(line):
            yield begin, at
            begin = at
        at += len(line)
    yield begin, at


def _below_heading(text: str, start: int, end: int) -> tuple[int, int]:
    if not _HEADING.match(text, start, end):
        return start, end
    line_end = text.find("\n", start, end)
    return (end if line_end < 0 else line_end), end


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    begin = start
    for match in _END.finditer(text, start, end):
        if _ends_sentence(text, begin, match, end):
            yield begin, match.end()
            begin = match.end()
    yield begin, end


def _ends_sentence(text: str, begin: int, mark: re.Match[str], end: int) -> bool:
    rest = text[mark.end() : min(end, mark.end() + 40)].lstrip()
    if not rest:
        return True
    follows = rest.lstrip(_OPENERS)[:1]
    if follows.islower() and (mark[0][0] in ".\u2026" or len(mark[0]) > 1):
        return False  # an abbreviation, or speech that goes on: "Why?" he asked
    if mark[0][0] != "." or len(mark[0]) > 1:
        return True
    word = _LAST_WORD.search(text, max(begin, mark.start() - 20), mark.start())
    last = word[0].lower() if word else ""
    if last.isdigit() and not text[begin : mark.start()].strip()[: -len(last)]:
        return False  # the number of an item
    if last in _BEFORE_NUMBERS and follows.isdigit():
        return False
    return not (_ABBREVIATION.fullmatch(last) or _INITIALS.fullmatch(last))


def _pieces(text: str, start: int, end: int) -> Iterator[Span]:
    while end - start > MAX_SENTENCE:
        cut = max((text.rfind(mark, start + MAX_SENTENCE // 2, start + MAX_SENTENCE) for mark in "\n; "), default=-1)
        cut = start + MAX_SENTENCE if cut < 0 else cut + 1
        last = start + len(text[start:cut].rstrip())
        yield Span(start, last, text[start:last])
        start = cut + len(text[cut:end]) - len(text[cut:end].lstrip())
    if start < end:
        yield Span(start, end, text[start:end])
