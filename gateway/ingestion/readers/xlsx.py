"""Workbooks, by calamine: a heading and a table for each sheet that is not hidden, about as a program shows it."""

import io
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from gateway.ingestion.archive import DAMAGED, Archive
from gateway.ingestion.errors import UnreadableError
from gateway.ingestion.extraction import Extraction, Markdown
from gateway.ingestion.readers import File
from gateway.ingestion.readers.number_formats import shown
from gateway.ingestion.readers.xlsx_formats import CellFormats, Formats

Cell = float | str | bool | time | date | datetime | timedelta | None
MIDNIGHT = time()


def prepare(_file: File) -> None:
    """Nothing more than this module's imports."""


def read(file: File) -> Extraction:
    """The sheets in order. UnreadableError."""
    formats = CellFormats(Archive(file.data, file.limits))
    markdown = Markdown(file.limits)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(file.data))
        hidden = [each.name for each in workbook.sheets_metadata if each.visible != SheetVisibleEnum.Visible]
        names = [name for name in workbook.sheet_names if name not in hidden]
        for number, name in enumerate(names, 1):
            markdown.heading(1, name)
            markdown.table(_rows(workbook, name, formats.of_sheet(name)))
            file.progress(number, len(names))
        if hidden:
            markdown.paragraph("Hidden sheets, which are not read: " + ", ".join(hidden))
    except CalamineError as error:
        raise UnreadableError(DAMAGED.format(error)) from error
    return markdown.done()


def _rows(workbook: CalamineWorkbook, name: str, formats: Formats) -> Iterator[list[str]]:
    sheet = workbook.get_sheet_by_name(name)
    top, left = sheet.start or (0, 0)
    for number, row in enumerate(sheet.to_python(), top):
        codes = formats.get(number, {})
        yield [_shown(cell, codes.get(column)) for column, cell in enumerate(row, left)]


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
