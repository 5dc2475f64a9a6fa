"""Headings of a Markdown text, by position (CommonMark 0.31, sections 4.2, 4.3 and 4.5)."""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
ATX = re.compile(r" {0,3}(#{1,6})(?=[ \t]|$)")
UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
# What an underline cannot make a heading of: code, quotes, lists, tables, HTML, other underlines.
NO_PARAGRAPH = re.compile(r" {4}|\t| {0,3}(?:[>|<]|[-*+][ \t]|\d{1,9}[.)][ \t]|[-=*_ \t]+$)")
NOT_SPACE = re.compile(r"\S")

# A heading goes with every passage under it: a line of a megabyte must not.
MAX_CHARACTERS = 200


@dataclass(frozen=True)
class Heading:
    """A heading's words as they stand in the text, its level from 1, and where its lines begin and end."""

    text: str
    level: int
    start: int
    end: int


def find_headings(content: str) -> list[Heading]:
    """Headings in order: `#` lines and single underlined lines, none inside fenced code.

    A heading of more than 200 characters is cut there; one without words is left out. A paragraph of several lines
    above an underline is none, though CommonMark would call it one: in plain text it is a paragraph and a rule.
    """
    return [heading for heading in _scan(content) if heading.text]


def _scan(content: str) -> Iterator[Heading]:
    fence = ""
    paragraph: list[tuple[str, int]] = []  # lines since the last block began, with their offsets
    end = 0
    for line_with_break in content.splitlines(keepends=True):
        start, end = end, end + len(line_with_break)
        line = line_with_break.rstrip("\r\n")
        if fence:
            fence = "" if _closes(line, fence) else fence
        elif opening := FENCE.match(line):
            fence, paragraph = opening[1], []
        elif atx := ATX.match(line):
            yield Heading(_words(_without_closing(line[atx.end() :])), len(atx[1]), start, end)
            paragraph = []
        elif len(paragraph) == 1 and (underline := UNDERLINE.match(line)):
            (title, title_start), paragraph = paragraph[0], []
            yield Heading(_words(title), 1 if underline[1][0] == "=" else 2, title_start, end)
        elif not line.strip() or (not paragraph and NO_PARAGRAPH.match(line)):
            paragraph = []
        else:
            paragraph.append((line, start))


def _closes(line: str, fence: str) -> bool:
    indent = len(line) - len(line.lstrip(" "))
    mark = line.strip()
    return indent < 4 and len(mark) >= len(fence) and set(mark) == {fence[0]}


def _without_closing(text: str) -> str:
    words = text.strip()
    opened = words.rstrip("#")
    return opened if not opened or opened[-1].isspace() else words


def _words(text: str) -> str:
    return text.strip()[:MAX_CHARACTERS].rstrip()


def heading_paths(content: str, headings: Sequence[Heading], starts: Iterable[int]) -> Iterator[tuple[str, ...]]:
    """For passages that begin at `starts` (ascending), the headings above each, outermost first.

    Headings that a passage itself begins with are above its text, so they count.
    """
    path: list[Heading] = []
    upcoming = deque(headings)
    for start in starts:
        reach = start
        while upcoming and not NOT_SPACE.search(content, reach, upcoming[0].start):
            heading = upcoming.popleft()
            path = [*(above for above in path if above.level < heading.level), heading]
            reach = max(reach, heading.end)
        yield tuple(heading.text for heading in path)
