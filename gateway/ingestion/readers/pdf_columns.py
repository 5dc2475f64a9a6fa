"""Tables of PDF without lines between their columns, by where words stand.

A table is some lines of words, one below the other, with gaps at the same places. A column is what stands between two
gaps. Prose in columns has gaps as well, but no column of a few words a line.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from liteparse.types import TextItem, WordBox

Word = TextItem | WordBox

# The gap between two cells, in heights of a line and in letters: the space of a typewriter is as wide as a letter.
GAP, GAP_IN_LETTERS = 0.6, 1.4
# In heights of a line: the most from one line of a table to the next.
FURTHEST = 3.0
LEAST_LINES, LEAST_COLUMNS, MAX_COLUMNS = 3, 2, 50
# Of the cells of a table so many have text. Of prose, every column has more than few words a line, or two have many.
FILLED = 0.5
FEW_WORDS, MANY_WORDS = 3.5, 6.0
# Of the nearest two lines, so much is as near.
AS_NEAR = 1.1
MARKS = frozenset("\u2022\u2023\u25e6\u25aa\u2013\u2014-*")


@dataclass
class Segment:
    """Words of a line that belong together."""

    words: list[Word]

    @property
    def left(self) -> float:
        """Where it begins."""
        return self.words[0].x

    @property
    def right(self) -> float:
        """Where it ends."""
        return self.words[-1].x + self.words[-1].width

    @property
    def text(self) -> str:
        """Its words."""
        return " ".join(word.text for word in self.words)


@dataclass
class Line:
    """The segments of a line, from left to right."""

    segments: list[Segment]

    @property
    def top(self) -> float:
        """Where it begins on the page."""
        return min(word.y for segment in self.segments for word in segment.words)

    @property
    def height(self) -> float:
        """That of its highest word."""
        return max(word.height for segment in self.segments for word in segment.words)


@dataclass(frozen=True)
class _Column:
    left: float
    right: float

    def holds(self, segment: Segment) -> bool:
        return segment.left < self.right and self.left < segment.right

    def of(self, line: Line) -> list[Segment]:
        return [segment for segment in line.segments if self.holds(segment)]

    def with_(self, other: "_Column | Segment") -> "_Column":
        return _Column(min(self.left, other.left), max(self.right, other.right))


@dataclass
class Table:
    """Lines of a page that are a table, and its cells."""

    lines: list[Line]
    rows: list[list[str]]
    columns: list[tuple[float, float]]
    """Where each begins and ends."""

    @property
    def top(self) -> float:
        """Where it begins on the page."""
        return self.lines[0].top

    @property
    def bottom(self) -> float:
        """Where it ends."""
        return self.lines[-1].top + self.lines[-1].height

    def words(self) -> Iterator[Word]:
        """All of it."""
        return (word for line in self.lines for segment in line.segments for word in segment.words)


def lines_of(words: Sequence[Word]) -> list[Line]:
    """The lines of a page from the top down."""
    lines: list[list[Word]] = []
    for word in sorted(words, key=lambda word: word.y + word.height / 2):
        middle = word.y + word.height / 2
        if lines and middle < lines[-1][0].y + lines[-1][0].height * 0.85:
            lines[-1].append(word)
        else:
            lines.append([word])
    return [Line(_segments(sorted(line, key=lambda word: word.x))) for line in lines]


def _segments(words: Sequence[Word]) -> list[Segment]:
    found = [Segment([words[0]])]
    for before, word in pairwise(words):
        letter = (before.width + word.width) / max(len(before.text) + len(word.text), 1)
        if word.x - before.x - before.width > max(GAP * max(before.height, word.height), GAP_IN_LETTERS * letter):
            found.append(Segment([]))
        found[-1].words.append(word)
    return found


def tables_of(lines: Sequence[Line]) -> Iterator[Table]:
    """The tables among the lines of a page."""
    place = 0
    while place < len(lines):
        columns = _Columns()
        start = end = place
        while end < len(lines) and _is_near(lines, start, end) and columns.take(lines[end]):
            end += 1
        place = max(end, place + 1)
        while end > start and not columns.goes_on(lines[end - 1]):
            end -= 1
        if (table := columns.table(lines[start:end])) is not None:
            yield table


def _is_near(lines: Sequence[Line], start: int, place: int) -> bool:
    if place == start:
        return len(lines[place].segments) >= LEAST_COLUMNS
    above = lines[place - 1]
    return lines[place].top - above.top < FURTHEST * max(above.height, lines[place].height)


class _Columns:
    """The columns of a table while lines are taken into it, from left to right."""

    def __init__(self) -> None:
        self._columns: list[_Column] = []

    def take(self, line: Line) -> bool:
        """Take the line unless a part of it runs over a gap."""
        columns = list(self._columns)
        for segment in line.segments:
            into = [place for place, column in enumerate(columns) if column.holds(segment)]
            if len(into) > 1 or len(columns) > MAX_COLUMNS:
                return False
            if into:
                columns[into[0]] = columns[into[0]].with_(segment)
            else:
                columns.append(_Column(segment.left, segment.right))
        columns.sort(key=lambda column: column.left)
        if any(before.right > after.left for before, after in pairwise(columns)):
            return False
        self._columns = columns
        return True

    def goes_on(self, line: Line) -> bool:
        """Whether a line has text in some column but the first."""
        return any(column.of(line) for column in self._columns[1:])

    def table(self, lines: Sequence[Line]) -> Table | None:
        """The table of these lines, None where they are something else."""
        if sum(len(line.segments) >= LEAST_COLUMNS for line in lines) < LEAST_LINES:
            return None
        self._join_halves(lines)
        rows = [self._row(group) for group in self._groups(lines)]
        cells = [cell for row in rows for cell in row]
        if len(rows) < LEAST_COLUMNS or sum(map(bool, cells)) < FILLED * len(cells) or not self._are_of_a_table(lines):
            return None
        return Table(list(lines), rows, [(column.left, column.right) for column in self._columns])

    def _are_of_a_table(self, lines: Sequence[Line]) -> bool:
        """Whether there are several columns, and they are neither those of prose nor an item's mark and its text."""
        parts = [[segment for line in lines for segment in column.of(line)] for column in self._columns]
        words = sorted(fmean(len(segment.words) for segment in column) for column in parts)
        if len(words) < LEAST_COLUMNS or words[0] > FEW_WORDS or words[-2] > MANY_WORDS:
            return False
        return not all(set(part.text) <= MARKS or part.text.rstrip(".)").isdigit() for part in parts[0])

    def _join_halves(self, lines: Sequence[Line]) -> None:
        """A header at the left above numbers at the right is no column of its own."""
        joined: list[_Column] = []
        for column in self._columns:
            if joined and not any(joined[-1].of(line) and column.of(line) for line in lines):
                joined[-1] = joined[-1].with_(column)
            else:
                joined.append(column)
        self._columns = joined

    def _groups(self, lines: Sequence[Line]) -> Iterator[Sequence[Line]]:
        """The lines of each row. One without text in the first column goes on with the row above.

        So does one that is as near to that as lines get, where no line with text in all columns is.
        """
        steps = [below.top - above.top for above, below in pairwise(lines)]
        near = AS_NEAR * min(steps)
        parts_rows = max(steps) > AS_NEAR * near and not any(
            step <= near and all(column.of(line) for column in self._columns)
            for step, line in zip(steps, lines[1:], strict=True)
        )
        start = 0
        for place, step in enumerate(steps, 1):
            if self._columns[0].of(lines[place]) and not (parts_rows and step <= near):
                yield lines[start:place]
                start = place
        yield lines[start:]

    def _row(self, lines: Sequence[Line]) -> list[str]:
        return [" ".join(segment.text for line in lines for segment in column.of(line)) for column in self._columns]
