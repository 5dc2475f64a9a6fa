"""Workbooks, by calamine: a heading and a table for each sheet that is not hidden."""

import io
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from gateway.ingestion.archive import DAMAGED, Archive
from gateway.ingestion.errors import UnreadableError
from gateway.ingestion.extraction import Extraction, Markdown
from gateway.ingestion.readers import File

Cell = float | str | bool | time | date | datetime | timedelta | None
MIDNIGHT = time()


def prepare(_file: File) -> None:
    """Nothing more than this module's imports."""


def read(file: File) -> Extraction:
    """The sheets in order. UnreadableError."""
    Archive(file.data, file.limits)
    markdown = Markdown(file.limits)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(file.data))
        hidden = [each.name for each in workbook.sheets_metadata if each.visible != SheetVisibleEnum.Visible]
        names = [name for name in workbook.sheet_names if name not in hidden]
        for number, name in enumerate(names, 1):
            markdown.heading(1, name)
            markdown.table(_rows(workbook, name))
            file.progress(number, len(names))
        if hidden:
            markdown.paragraph("Hidden sheets, which are not read: " + ", ".join(hidden))
    except CalamineError as error:
        raise UnreadableError(DAMAGED.format(error)) from error
    return markdown.done()


def _rows(workbook: CalamineWorkbook, name: str) -> Iterator[list[str]]:
    for row in workbook.get_sheet_by_name(name).to_python():
        yield [_shown(cell) for cell in row]


def _shown(cell: Cell) -> str:
    """A cell about as the program shows it."""
    if cell is None or cell == "":
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else f"{cell:.15g}"
    if isinstance(cell, datetime):
        return str(cell.date()) if cell.time() == MIDNIGHT else cell.isoformat(" ", "seconds")
    return str(cell)
