"""How far a file has been read, in what its format consists of."""

from dataclasses import dataclass
from enum import StrEnum

from gateway.ingestion.formats import Format


class Unit(StrEnum):
    """What is counted."""

    PAGES = "pages"
    SLIDES = "slides"
    SHEETS = "sheets"
    CHAPTERS = "chapters"
    BLOCKS = "blocks"
    CELLS = "cells"
    MESSAGES = "messages"
    RECORDS = "records"
    CHARACTERS = "characters"


UNITS = {
    **{Format.PDF: Unit.PAGES, Format.PPTX: Unit.SLIDES, Format.XLSX: Unit.SHEETS, Format.EPUB: Unit.CHAPTERS},
    **{Format.DOCX: Unit.BLOCKS, Format.ODT: Unit.BLOCKS, Format.NOTEBOOK: Unit.CELLS, Format.EMAIL: Unit.MESSAGES},
    **{Format.JSON: Unit.RECORDS, Format.CSV: Unit.CHARACTERS, Format.HTML: Unit.CHARACTERS},
    **{Format.MARKDOWN: Unit.CHARACTERS, Format.TEXT: Unit.CHARACTERS},
}


@dataclass(frozen=True)
class Progress:
    """`done` of `total` are read."""

    done: int
    total: int
    unit: Unit
