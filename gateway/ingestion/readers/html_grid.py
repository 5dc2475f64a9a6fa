"""Where the cells of a table of HTML stand: a cell may take several columns and rows, the first has its text."""

from gateway.ingestion.extraction import MAX_COLUMNS

WIDEST_SPAN = 64
# Rows that may be a header.
MOST_SPREAD = 4
# What a cell takes that goes on to the end of its group of rows.
ALL_ROWS = 1_000_000


class Grid:
    """The rows of a table while its cells are read from left to right."""

    def __init__(self) -> None:
        """Begin without rows."""
        self.rows: list[list[str]] = []
        # The first of them with each text in all columns that it takes.
        self.spread: list[list[str]] = []
        # In how many rows below a cell from above still takes a column.
        self._taken: dict[int, int] = {}
        self._below: dict[int, int] = {}

    def row(self) -> None:
        """Begin a row."""
        left = {column: rows - 1 for column, rows in self._taken.items() if rows > 1}
        self._taken = left | self._below
        self._below = {}
        self.rows.append([])
        if len(self.rows) <= MOST_SPREAD:
            self.spread.append([])

    def end_group(self) -> None:
        """What takes rows takes none of the next group."""
        self._taken, self._below = {}, {}

    def cell(self, text: str, columns: int, rows: int) -> None:
        """Put a cell into the first columns that are free."""
        row = self.rows[-1]
        while len(row) in self._taken:
            self._put([""])
        width = min(max(columns, 1), WIDEST_SPAN)
        if rows != 1:
            below = range(len(row), min(len(row) + width, MAX_COLUMNS))
            self._below |= dict.fromkeys(below, rows - 1 if rows else ALL_ROWS)
        self._put([text] + [""] * (width - 1), text)

    def _put(self, texts: list[str], repeated: str = "") -> None:
        self.rows[-1] += texts
        if len(self.rows) <= MOST_SPREAD:
            self.spread[-1] += [repeated] * len(texts)
