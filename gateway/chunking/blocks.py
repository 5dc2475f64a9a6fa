"""Blocks of a Markdown text: where it may be cut, how good each place is, and its headings.

The scanner reads each line once and keeps a few variables, so it takes linear time for every input. It knows the
blocks of CommonMark 0.31 and GitHub's tables at the outermost level, as far as cutting needs them. What stands inside
quotes and lists is not taken apart: deep nesting costs nothing.
"""

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum, auto

import numpy as np

from gateway.chunking.clock import CuttingClock

# Possessive where it can be, so that nothing is tried twice.
FENCE = re.compile(r" {0,3}(`{3,}+(?=[^`]*$)|~{3,}+)")
ATX = re.compile(r" {0,3}(#{1,6})(?=[ \t]|$)")
UNDERLINE = re.compile(r" {0,3}(=++|-++)[ \t]*+$")
RULE = re.compile(r" {0,3}(?:(?:\*[ \t]*+){3,}+|(?:-[ \t]*+){3,}+|(?:_[ \t]*+){3,}+)$")
ITEM = re.compile(r"[ \t]*+(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)")
TABLE_RULE = re.compile(r" {0,3}\|?(?:[ \t]*+:?-++:?[ \t]*+\|)++(?:[ \t]*+:?-++:?)?[ \t]*+$")
# What an underline cannot make a heading of: code, quotes, lists, tables, HTML, other underlines.
NO_PARAGRAPH = re.compile(r" {4}|\t| {0,3}(?:[>|<]|[-*+][ \t]|\d{1,9}[.)][ \t]|[-=*_ \t]++$)")
# A line whose first character is none of these is plain text.
MARKS = frozenset("`~#=-*_+>|0123456789")
LINES_BETWEEN_CHECKS = 4096

# A heading goes with every chunk under it: a line of a megabyte must not.
MAX_HEADING_CHARACTERS = 200


class Strength(IntEnum):
    """How good a place is to cut before, the best last. A heading of level n is HEADING + 6 - n."""

    LINE = 1
    ITEM = 2
    BLOCK = 3
    RULE = 4
    HEADING = 5


BEST = Strength.HEADING + 5


class _Kind(IntEnum):
    TEXT = auto()
    LIST = auto()
    QUOTE = auto()
    TABLE = auto()
    CODE = auto()
    HEADING = auto()


@dataclass(frozen=True)
class Heading:
    """A heading's words as they stand in the text, its level from 1, and where its lines begin and end."""

    text: str
    level: int
    start: int
    end: int


@dataclass
class Outline:
    """The headings in order, and places before which the text may be cut, ascending, with the strength of each."""

    headings: list[Heading] = field(default_factory=list)
    starts: "array[int]" = field(default_factory=lambda: array("i"))
    strengths: bytearray = field(default_factory=bytearray)

    def add(self, start: int, strength: int) -> None:
        """Add a place after the last one, or make the last one stronger."""
        if self.starts and self.starts[-1] == start:
            self.strengths[-1] = strength
        else:
            self.starts.append(start)
            self.strengths.append(strength)

    def places(self) -> "list[array[int]]":
        """Ascending places of each strength or more, from the strongest to the weakest, equal lists once."""
        starts, strengths = np.array(self.starts, np.intc), np.array(self.strengths, np.uint8)
        found: list[array[int]] = []
        for strength in range(BEST, 0, -1):
            kept = starts[strengths >= strength]
            if len(kept) > (len(found[-1]) if found else 0):
                found.append(array("i", kept.tobytes()))
        return found


def find_headings(content: str) -> list[Heading]:
    """Headings in order: `#` lines and single underlined lines, none inside fenced code.

    A heading of more than 200 characters is cut there; one without words is left out. A paragraph of several lines
    above an underline is none, though CommonMark would call it one: in plain text it is a paragraph and a rule.
    """
    return markdown_outline(content).headings


def markdown_outline(content: str, clock: CuttingClock | None = None) -> Outline:
    """Read a Markdown text. UncuttableError, AbandonedError by the clock."""
    scanner = _Scanner()
    for line, start, end in _lines(content, clock):
        scanner.read(line, start, end)
    return scanner.found


def plain_outline(content: str, clock: CuttingClock | None = None) -> Outline:
    """Read a plain text: paragraphs and lines. Errors as above."""
    found = Outline()
    strength = Strength.BLOCK
    for line, start, _ in _lines(content, clock):
        if not line or line.isspace():
            strength = Strength.BLOCK
        else:
            found.add(start, strength)
            strength = Strength.LINE
    return found


def _lines(content: str, clock: CuttingClock | None) -> Iterator[tuple[str, int, int]]:
    """Each line without its end, where it begins, and where the next one does."""
    end = 0
    for number, line in enumerate(content.splitlines(keepends=True)):
        if clock and number % LINES_BETWEEN_CHECKS == 0:
            clock.check()
        start, end = end, end + len(line)
        yield line.rstrip("\r\n"), start, end


class _Scanner:
    """Reads line after line."""

    def __init__(self) -> None:
        self.found = Outline()
        self._kind = _Kind.TEXT
        self._is_after_blank = True
        self._is_in_list = False
        self._fence = ""
        # The paragraph that the last line belongs to: how many lines so far, its first line, and where that begins.
        self._paragraph_lines = 0
        self._paragraph = ("", 0)

    def read(self, line: str, start: int, end: int) -> None:
        """Read the line from `start` to before `end`."""
        bare = line.strip()
        if not bare:
            self._is_after_blank = True
            self._paragraph_lines = 0
            return
        if self._fence:
            self._cut(_Kind.CODE, start, Strength.ITEM if self._is_after_blank else Strength.LINE)
            if _closes(line, self._fence):
                self._fence = ""
        elif bare[0] not in MARKS:
            self._text(line, start)
        else:
            self._marked(line, bare, start, end)
        self._is_after_blank = False

    def _marked(self, line: str, bare: str, start: int, end: int) -> None:
        if opening := FENCE.match(line):
            self._cut(_Kind.CODE, start, Strength.BLOCK)
            self._fence = opening[1]
        elif atx := ATX.match(line):
            self._heading(_without_closing(line[atx.end() :]), len(atx[1]), start, end)
        elif self._paragraph_lines == 1 and (underline := UNDERLINE.match(line)):
            title, title_start = self._paragraph
            self._heading(title, 1 if underline[1][0] == "=" else 2, title_start, end)
        elif RULE.match(line):
            self._is_in_list = False
            self._cut(_Kind.TEXT, start, Strength.RULE)
        elif (self._is_in_list or not line.startswith(("    ", "\t"))) and ITEM.match(line):
            begins_block = self._is_after_blank and not self._is_in_list
            self._is_in_list = True
            self._cut(_Kind.LIST, start, Strength.BLOCK if begins_block else Strength.ITEM)
        elif bare[0] in ">|":
            self._row(_Kind.QUOTE if bare[0] == ">" else _Kind.TABLE, line, start)
        else:
            self._text(line, start)

    def _heading(self, words: str, level: int, start: int, end: int) -> None:
        words = words.strip()[:MAX_HEADING_CHARACTERS].rstrip()
        self.found.add(start, Strength.HEADING + 6 - level)
        if words:
            self.found.headings.append(Heading(words, level, start, end))
        self._kind, self._is_in_list, self._paragraph_lines = _Kind.HEADING, False, 0

    def _row(self, kind: _Kind, line: str, start: int) -> None:
        if kind != self._kind or self._is_after_blank:
            self._cut(kind, start, self._paragraph_strength(line))
        elif not (kind == _Kind.TABLE and TABLE_RULE.match(line)):  # a table's first row stays with its rule
            self._cut(kind, start, Strength.LINE)

    def _text(self, line: str, start: int) -> None:
        lines = self._paragraph_lines + 1
        if lines == 1:
            self._paragraph = (line, start)
            if NO_PARAGRAPH.match(line):
                lines = 0
        begins = self._is_after_blank or self._kind == _Kind.CODE
        self._cut(_Kind.TEXT, start, self._paragraph_strength(line) if begins else Strength.LINE)
        self._paragraph_lines = lines

    def _paragraph_strength(self, line: str) -> Strength:
        """Of a paragraph that begins here: a weaker one where it belongs to the item of a list."""
        self._is_in_list = self._is_in_list and line[0] in " \t"
        return Strength.ITEM if self._is_in_list else Strength.BLOCK

    def _cut(self, kind: _Kind, start: int, strength: Strength) -> None:
        """Note a place, but not between a heading and what follows it."""
        if self._kind != _Kind.HEADING or strength >= Strength.RULE:
            self.found.add(start, strength)
        self._kind, self._paragraph_lines = kind, 0


def _closes(line: str, fence: str) -> bool:
    indent = len(line) - len(line.lstrip(" "))
    mark = line.strip()
    return indent < 4 and len(mark) >= len(fence) and set(mark) == {fence[0]}


def _without_closing(text: str) -> str:
    words = text.strip()
    opened = words.rstrip("#")
    return opened if not opened or opened[-1].isspace() else words
