"""Tables of HTML: of data, or only of layout, whose cells are written one after the other with all that they hold."""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, assert_never

from gateway.ingestion.extraction import Markdown, joined_header, one_line
from gateway.ingestion.readers.html_grid import MOST_SPREAD, Grid


class Block(NamedTuple):
    """A part of a page."""

    kind: Literal["paragraph", "heading", "item", "code", "table"]
    text: str = ""
    level: int = 0
    mark: str = ""
    """What an item begins with, or the language of code."""
    rows: Sequence[Sequence[str]] = ()

    def write(self, markdown: Markdown) -> None:
        """Write it as Markdown."""
        match self.kind:
            case "paragraph":
                markdown.paragraph(self.text)
            case "heading":
                markdown.heading(self.level, self.text)
            case "item":
                markdown.item(self.text, self.level, self.mark)
            case "code":
                markdown.code(self.text, self.mark)
            case "table":
                markdown.table(self.rows)
            case _:
                assert_never(self.kind)


class Cell(NamedTuple):
    """How many columns and rows a cell takes, and whether it is one of a header."""

    columns: int
    rows: int
    is_header: bool


class Table:
    """A table while its cells are read from left to right."""

    def __init__(self) -> None:
        """Begin without rows."""
        self._grid = Grid()
        # Of the cells in order the text, or what it holds where that is more than a paragraph.
        self._cells: list[str | Sequence[Block]] = []
        self._header_rows: list[bool] = []
        """Which of the rows have nothing but cells of a header."""
        self._has_header = self._has_parts = False
        self._letters = self._letters_of_several = 0
        self.cell: Cell | None = None
        """The cell that is read."""

    def __len__(self) -> int:
        """How many rows it has."""
        return len(self._grid.rows)

    def row(self) -> None:
        """Begin a row."""
        self._grid.row()
        self._header_rows.append(True)

    def end_group(self) -> None:
        """What takes rows takes none of the next group."""
        self._grid.end_group()

    def end_cell(self, cell: Cell, blocks: Sequence[Block]) -> None:
        """Put a cell into the first columns that are free."""
        text = one_line(" ".join([block.text for block in blocks]))
        self._grid.cell(text, cell.columns, cell.rows)
        self._letters += len(text)
        self._has_header |= cell.is_header
        self._header_rows[-1] &= cell.is_header or not text
        if not blocks or (len(blocks) == 1 and blocks[0].kind == "paragraph"):
            self._cells.append(text)
            return
        self._cells.append(blocks)
        self._letters_of_several += len(text)
        kinds = {block.kind for block in blocks}
        self._has_parts |= "table" in kinds or ("heading" in kinds and not cell.is_header)

    def blocks(self) -> Iterator[Block]:
        """The table; of a layout what its cells hold, one after the other."""
        if not self._is_layout():
            yield from self._data()
            return
        for cell in self._cells:
            if isinstance(cell, str):
                yield Block("paragraph", cell)
            else:
                yield from cell

    def _is_layout(self) -> bool:
        """Whether cells hold headings or tables, or most of the text stands in cells that hold several blocks.

        The latter not where cells are named as headers of several columns; without such, one column is layout.
        """
        if self._has_parts:
            return True
        has_columns = any(len(row) > 1 for row in self._grid.rows)
        if self._has_header:
            return not has_columns and self._letters_of_several * 2 > self._letters
        return not has_columns or self._letters_of_several * 2 > self._letters

    def _data(self) -> Iterator[Block]:
        rows = self._grid.rows
        count = min(self._header_rows.index(False), MOST_SPREAD) if False in self._header_rows else 1
        header = [row for row in self._grid.spread[:count] if any(row)]
        if len(header) > 1:
            width = max(map(len, rows))
            title = set(header[0])
            if len(title) == 1 and len(header[0]) == width:
                yield Block("paragraph", title.pop())
                header = header[1:]
            rows = [joined_header(header), *rows[count:]]
        yield Block("table", rows=rows)
