"""What stands on a sheet, of a workbook or of CSV: texts and tables, one below the other.

Rows without text part them. A text is a row with nothing but its first cell, above a table or apart from one. A part is
a table of its own where it begins with a header, told by figures below it or by other columns than the table above has;
else it goes on with that.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, takewhile

from gateway.ingestion.extraction import MAX_COLUMNS, Markdown, joined_header

# What is looked at before it is written: rows of a part, and rows below a header.
ROWS_OF_PART, ROWS_BELOW = 50, 10
MOST_HEADER_ROWS = 4
NUMBER = re.compile(r"(?=[^a-z]*\d)[-+(]?[\d.,:/\- T%€$£+]+[)Z]?")
LONGEST_NUMBER = 40
YEAR = re.compile(r"(?:1[89]|20)\d\d")


class Row:
    """The texts of a row by column; `spread` has those of merged cells in all columns that they take."""

    __slots__ = ("_filled", "cells", "spread")

    def __init__(self, cells: Sequence[str], spread: Sequence[str] = ()) -> None:
        """Of very wide rows the first columns."""
        self.cells = cells if len(cells) <= MAX_COLUMNS else cells[:MAX_COLUMNS]
        self.spread = spread
        self._filled: list[int] | None = None

    @property
    def filled(self) -> list[int]:
        """The columns that have text."""
        if self._filled is None:
            self._filled = [column for column, cell in enumerate(self.cells) if cell and not cell.isspace()]
        return self._filled

    def has_text(self) -> bool:
        """Whether any column has."""
        return any(map(str.strip, self.cells))

    def cell(self, column: int) -> str:
        """The text in a column."""
        return self.cells[column].strip() if column < len(self.cells) else ""

    def is_like_header(self) -> bool:
        """Whether it has no figures but years."""
        return not any(_is_figure(self.cell(column)) and not self.is_year(column) for column in self.filled)

    def is_year(self, column: int) -> bool:
        """Whether a cell is a year, which may be the name of a column."""
        return YEAR.fullmatch(self.cell(column)) is not None


def write_tables(markdown: Markdown, rows: Iterable[Row]) -> None:
    """Write the texts and tables of a sheet."""
    ahead = _Ahead(rows)
    table: _Table | None = None
    while part := ahead.part():
        if texts := _texts(ahead, part, table):
            for row in texts:
                markdown.paragraph(row.cell(row.filled[0]))
                ahead.take()
            continue
        if table is None or table.is_followed_by(part):
            table = _Table(ahead)
        markdown.table(chain([table.header], table.rest(ahead)))


class _Ahead:
    """Rows that can be looked at before they are taken. Rows without text only part the others."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rest = iter(rows)
        # None stands for rows without text.
        self._ahead: deque[Row | None] = deque()

    def part(self) -> list[Row]:
        """The next rows up to one without text."""
        while not self.is_within_part() and self._ahead:
            self._ahead.popleft()
        while len(self._ahead) < ROWS_OF_PART and None not in self._ahead and self._read():
            pass
        return [row for row in takewhile(bool, self._ahead) if row is not None]

    def is_within_part(self) -> bool:
        """Whether the next row is not parted from the one before."""
        return (bool(self._ahead) or self._read()) and self._ahead[0] is not None

    def rows(self, count: int) -> list[Row]:
        """The next rows of this part and others."""
        missing = count - sum(row is not None for row in self._ahead)
        while missing > 0 and self._read():
            missing -= self._ahead[-1] is not None
        return [row for row in self._ahead if row is not None][:count]

    def take(self) -> Row:
        """The next row of this part."""
        row = self._ahead.popleft()
        assert row is not None
        return row

    def rest_of_part(self) -> Iterator[Sequence[str]]:
        """Take the rows up to one without text."""
        while self.is_within_part():
            yield self.take().cells
            if not self._ahead:
                for row in self._rest:
                    if not row.has_text():
                        self._ahead.append(None)
                        break
                    yield row.cells

    def _read(self) -> bool:
        for row in self._rest:
            if row.has_text():
                self._ahead.append(row)
            elif self._ahead and self._ahead[-1] is None:
                continue
            else:
                self._ahead.append(None)
            return True
        return False


class _Table:
    """A table of a sheet: its header, in one row, and where it stands."""

    def __init__(self, ahead: _Ahead) -> None:
        """Take the header."""
        part, rows = ahead.part(), ahead.rows(MOST_HEADER_ROWS + ROWS_BELOW)
        columns = [column for row in part for column in row.filled]
        self.left, self._right = min(columns), max(columns)
        self.width = max(len(row.filled) for row in part)
        self._least = min(len(row.filled) for row in part)
        first = part[0]
        if len(rows) > 1 and all(_is_figure(first.cell(column)) for column in first.filled) and not _are_years(first):
            self.header = [f"column {number}" for number in range(1, len(first.cells) + 1)]
            return
        count = 1
        while count < min(len(part), MOST_HEADER_ROWS) and _is_above(part[:count], part[count], rows[count + 1 :]):
            count += 1
        *upper, last = [ahead.take() for _ in range(count)]
        self.header = joined_header([*map(_spread, upper), last.cells])

    def rest(self, ahead: _Ahead) -> Iterator[Sequence[str]]:
        """Take the rows up to a text or another table."""
        yield from ahead.rest_of_part()
        while self._goes_on(ahead):
            yield from ahead.rest_of_part()

    def is_followed_by(self, part: Sequence[Row]) -> bool:
        """Whether a part is another table, by its header."""
        first, *rows = part
        if len(first.filled) < 2 or not first.is_like_header():
            return False
        columns = [column for row in part for column in row.filled]
        return (
            min(columns) != self.left
            or max(columns) > self._right
            or max(len(row.filled) for row in part) < self._least
            or [first.cell(column) for column in first.filled] == list(filter(None, self.header))
            or _names_figures(first, rows)
        )

    def _goes_on(self, ahead: _Ahead) -> bool:
        part = ahead.part()
        return bool(part) and not _texts(ahead, part, self) and not self.is_followed_by(part)


def _texts(ahead: _Ahead, part: Sequence[Row], table: _Table | None) -> list[Row]:
    """The rows with which a part begins that are texts."""
    if len(part[0].filled) > 1:
        return []
    width = table.width if table else max(len(row.filled) for row in ahead.rows(ROWS_OF_PART))
    if width == 1:
        return []
    alone = list(takewhile(lambda row: len(row.filled) == 1, part))
    below = ahead.rows(len(part) + 1)[len(alone) :]
    left = min((row.filled[0] for row in below), default=table.left if table else 0)
    return list(takewhile(lambda row: row.filled[0] <= left, alone))


def _is_above(upper: Sequence[Row], row: Row, below: Sequence[Row]) -> bool:
    """Whether a row is one more of a header: below cells that take several columns, or below none."""
    last = upper[-1]
    if not last.is_like_header() or not row.is_like_header():
        return False
    if len(upper) > 1 and not any(each.cell(column) for each in upper for column in row.filled):
        return True
    spread = _spread(last)
    if not any(column < len(spread) and spread[column] and not last.cell(column) for column in row.filled):
        return False
    return bool(last.spread) or _names_figures(row, below)


def _names_figures(header: Row, rows: Sequence[Row]) -> bool:
    """Whether it has a name above a column of figures."""
    for column in header.filled:
        cells = [row for row in rows[:ROWS_BELOW] if row.cell(column)]
        years = header.is_year(column) and all(row.is_year(column) for row in cells)
        if cells and not years and all(_is_figure(row.cell(column)) for row in cells):
            return header.is_year(column) or not _is_figure(header.cell(column))
    return False


def _spread(row: Row) -> list[str]:
    """The texts of a row, each in all columns that it takes: as it is merged, or up to the next."""

    def texts() -> Iterator[str]:
        before = ""
        for cell in row.cells:
            before = cell if cell.strip() else before
            yield before

    return list(row.spread or texts())


def _is_figure(cell: str) -> bool:
    is_number = len(cell) <= LONGEST_NUMBER and NUMBER.fullmatch(cell) is not None
    return is_number or cell.startswith("=")


def _are_years(row: Row) -> bool:
    return all(row.is_year(column) for column in row.filled)
