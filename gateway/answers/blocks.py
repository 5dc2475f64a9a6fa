"""Blocks of a passage: paragraphs, lines of Markdown that stand for themselves, and code, which keeps its lines.

Code stands between fences, or is indented by four columns more than the text or the item of a list that it is in
(CommonMark). Plain texts indent their paragraphs as well: what reads as a sentence is no code.
"""

import re
from collections.abc import Iterator, Sequence

CLOSERS = r"\"')\]}*_\u2019\u201d\u00bb\u203a\uff09\u300d\u300f\u3011\u300b\u3009"
"""Marks that close: quotation marks, brackets, and Markdown's emphasis."""
OPENERS = "\"'([{*_\u2018\u201c\u201e\u00ab\u2039\uff08\u300c\u300e\u3010\u00bf\u00a1"
SPACED, UNSPACED = r".!?\u2026\u203d\u061f\u06d4\u0964\u0965", r"\u3002\uff01\uff1f\uff61"
"""Marks that end a sentence: those with white space behind them, and those of Han and kana."""
FENCE = re.compile(r"\s*(?:[-*+>]\s+)*(`{3,}|~{3,})")
HEADING = re.compile(r"\s*#{1,6}\s")
CODE_INDENT = 4
# A line that begins something of its own: a heading, an item, a row, a quotation.
_OWN_LINE = re.compile(r"\s*(?:#{1,6}\s|[-*+•‣]\s|\d{1,3}[.)]\s|\||>)")
_ITEM = re.compile(r"\s*(?:[-*+•‣]|\d{1,3}[.)])\s+")
_QUOTE_MARKS = re.compile(r"\s*(?:>\s?)+")
_ENDS_SENTENCE = re.compile(rf"[{SPACED}{UNSPACED}][{CLOSERS}]*\Z")
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")


def blocks(text: str, context: str = "") -> Iterator[tuple[int, int, bool]]:
    """Each block of a passage: where it begins and ends, and whether it is code.

    `context` is that of the passage, which can begin within code or an item of a list.
    """
    lines = text.splitlines(keepends=True)
    reading = _Reading(lines, context)
    begin = at = 0
    for line in lines:
        is_code, was_fenced = reading.is_code, reading.is_fenced
        if reading.begins_block(line):
            yield from _block(text, begin, at, is_code=is_code, is_fenced=was_fenced)
            begin = at
        at += len(line)
        if was_fenced and not reading.is_fenced:
            yield begin, at, True
            begin = at
    yield from _block(text, begin, at, is_code=reading.is_code, is_fenced=reading.is_fenced)


class _Reading:
    """What the lines read so far leave open: a fence, items of lists, indented code."""

    def __init__(self, lines: Sequence[str], context: str) -> None:
        opening = FENCE.match(context.rpartition("\n")[2])
        self._fence = opening[1] if opening else ""
        # Columns at which the text of each open item begins. Lines of a context are not indented.
        self._items: list[int] = []
        for item in filter(None, map(_ITEM.match, context.splitlines())):
            self._items.append(self._column + len(item[0]))
        # Nor is the first line of a passage: the second one tells whether it was.
        first, second = (*lines[:2], "", "")[:2]
        self._least = self._column + CODE_INDENT
        self._is_indented = not (self._fence or _stands_for_itself(first)) and _column_of(second) >= self._least
        self._is_first = not self._fence
        # Indented code cannot interrupt a paragraph.
        self._may_indent = True

    @property
    def is_fenced(self) -> bool:
        """Whether the last line stands in a fence."""
        return bool(self._fence)

    @property
    def is_code(self) -> bool:
        """Whether the last line is code."""
        return bool(self._fence) or self._is_indented

    @property
    def _column(self) -> int:
        return self._items[-1] if self._items else 0

    def begins_block(self, line: str) -> bool:
        """Read the next line; whether a block begins with it."""
        if self._fence:
            bare = (line if line.strip().startswith(self._fence[0]) else _QUOTE_MARKS.sub("", line)).strip()
            if bare.startswith(self._fence) and not bare.strip(self._fence[0]):
                self._fence = ""
            return False
        if not line.strip():
            self._may_indent = True
            return not self._is_indented
        column = self._column_now(line)
        return not (self._is_indented and column >= self._least) and self._begins(line, column)

    def _column_now(self, line: str) -> int:
        """How far the line is indented; the first one as what it continues, or as the item before it."""
        if not self._is_first:
            return _column_of(line)
        self._is_first = False
        if self._items and _ITEM.match(line):
            self._items.pop()
        return max(_column_of(line), self._least if self._is_indented else self._column)

    def _begins(self, line: str, column: int) -> bool:
        was_indented, self._is_indented = self._is_indented, False
        opening, is_own = FENCE.match(line), _stands_for_itself(line)
        while self._items and column < self._column and (self._may_indent or is_own):
            self._items.pop()
        if self._may_indent and column >= self._column + CODE_INDENT:
            self._is_indented, self._least = True, self._column + CODE_INDENT
            return True
        item = _ITEM.match(line)
        if opening:
            self._fence = opening[1]
        elif item:
            self._items.append(column + len(item[0].lstrip()))
        self._may_indent = opening is not None or HEADING.match(line) is not None
        return is_own or was_indented


def _block(text: str, begin: int, end: int, *, is_code: bool, is_fenced: bool) -> Iterator[tuple[int, int, bool]]:
    """The block, or its paragraphs where what is indented is none of code."""
    if not is_code or is_fenced or not _is_sentence(text[begin:end].strip()):
        yield begin, end, is_code
        return
    for gap in _BLANK_LINE.finditer(text, begin, end):
        yield begin, gap.start(), False
        begin = gap.end()
    yield begin, end, False


def _stands_for_itself(line: str) -> bool:
    return _OWN_LINE.match(line) is not None or FENCE.match(line) is not None


def _column_of(line: str) -> int:
    """How far the line is indented; a blank one is not."""
    expanded = line.expandtabs(CODE_INDENT)
    return len(expanded) - len(expanded.lstrip()) if line.strip() else 0


def _is_sentence(text: str) -> bool:
    begins = text.lstrip(OPENERS)[:1]
    return begins.isalpha() and not begins.islower() and _ENDS_SENTENCE.search(text) is not None
