"""Workbooks, by calamine: a heading for each sheet, then what a program shows of it, as texts and tables."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from gateway.ingestion.archive import DAMAGED, Archive
from gateway.ingestion.errors import UnreadableError
from gateway.ingestion.extraction import Extraction, Markdown, ranges
from gateway.ingestion.readers import File
from gateway.ingestion.readers.number_formats import shown
from gateway.ingestion.readers.sheet_tables import Row, write_tables
from gateway.ingestion.readers.xlsx_notes import write_notes
from gateway.ingestion.readers.xlsx_sheets import Sheet, Sheets, letters_of

Cell = float | str | bool | time | date | datetime | timedelta | None
MIDNIGHT = time()


@dataclass
class LeftOut:
    """Rows, from 1, and columns, from 0, that are hidden and have something."""

    rows: set[int] = field(default_factory=set)
    columns: set[int] = field(default_factory=set)


def prepare(_file: File) -> None:
    """Nothing more than this module's imports."""


def read(file: File) -> Extraction:
    """The sheets in order. UnreadableError."""
    archive = Archive(file.data, file.limits)
    sheets = Sheets(archive)
    markdown = Markdown(file.limits)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(file.data))
        hidden = [each.name for each in workbook.sheets_metadata if each.visible != SheetVisibleEnum.Visible]
        names = [name for name in workbook.sheet_names if name not in hidden]
        for number, name in enumerate(names, 1):
            sheet = sheets.sheet(name)
            markdown.heading(1, name)
            left_out = LeftOut()
            write_tables(markdown, _rows(workbook, name, sheet, left_out))
            write_notes(markdown, archive, sheets.part(name))
            _remark(markdown, name, sheet, left_out)
            file.progress(number, len(names))
        if hidden:
            markdown.remark(f"Hidden sheets are not read: {', '.join(hidden)}.")
    except CalamineError as error:
        raise UnreadableError(DAMAGED.format(error)) from error
    return markdown.done()


def _remark(markdown: Markdown, name: str, sheet: Sheet, left_out: LeftOut) -> None:
    if left_out.rows:
        markdown.remark(f"Hidden rows of sheet {name} are not read: {ranges(sorted(left_out.rows))}.")
    if left_out.columns:
        letters = ", ".join(letters_of(column) for column in sorted(left_out.columns))
        markdown.remark(f"Hidden columns of sheet {name} are not read: {letters}.")
    if sheet.has_formulas:
        markdown.remark(
            f"Formulas of sheet {name} have no results. Open the workbook in a program that calculates, and save it."
        )


def _rows(workbook: CalamineWorkbook, name: str, sheet: Sheet, left_out: LeftOut) -> Iterator[Row]:
    values = workbook.get_sheet_by_name(name)
    top, first = values.start or (0, 0)
    left = min([first, *(column for texts in sheet.texts.values() for column in texts)])
    rows = dict(enumerate(values.to_python(), top))
    for number in sorted(rows.keys() | sheet.texts.keys()):
        cells = dict(enumerate(rows.get(number, ()), first))
        row = _row(cells, sheet.formats.get(number, {}), sheet.texts.get(number, {}), left)
        if number not in sheet.hidden_rows:
            left_out.columns.update(column for column in sheet.hidden_columns if row.get(column))
            shown_columns = [column for column in row if column not in sheet.hidden_columns]
            spread = row | _spread(row, sheet.merged[number]) if number in sheet.merged else {}
            yield Row([row[column] for column in shown_columns], [spread[column] for column in shown_columns if spread])
        elif any(row.values()):
            left_out.rows.add(number + 1)


def _row(cells: Mapping[int, Cell], codes: Mapping[int, str], texts: Mapping[int, str], left: int) -> dict[int, str]:
    """What a row shows, by column."""
    columns = range(left, max([*cells, *texts], default=-1) + 1)
    return {column: texts.get(column) or _shown(cells.get(column), codes.get(column)) for column in columns}


def _spread(row: Mapping[int, str], merged: Mapping[int, int]) -> dict[int, str]:
    """The texts of merged cells in all columns of the row that they take."""
    return {
        column: row[first]
        for first, last in merged.items()
        for column in range(first, last + 1)
        if column in row and first in row
    }


def _shown(cell: Cell, code: str | None) -> str:
    if cell is None or cell == "":
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        text = shown(cell, code) if code else None
        return _as_it_is(cell) if text is None else text
    if isinstance(cell, datetime):
        return str(cell.date()) if cell.time() == MIDNIGHT else cell.isoformat(" ", "seconds")
    if isinstance(cell, timedelta):
        return _hours(cell)
    return str(cell)


def _as_it_is(number: float) -> str:
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else f"{number:.15g}"


def _hours(length: timedelta) -> str:
    minutes, seconds = divmod(round(abs(length).total_seconds()), 60)
    return f"{'-' if length < timedelta() else ''}{minutes // 60}:{minutes % 60:02}:{seconds:02}"
