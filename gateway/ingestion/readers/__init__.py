"""One module a format: bytes in, Markdown out, or plain text for what is plain."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

from gateway.ingestion.extraction import Extraction
from gateway.ingestion.formats import Format
from gateway.ingestion.limits import Limits

MODULES = {
    **{Format.PDF: "pdf", Format.DOCX: "docx", Format.PPTX: "pptx", Format.XLSX: "xlsx", Format.ODT: "odt"},
    **{Format.EPUB: "epub", Format.HTML: "html", Format.NOTEBOOK: "notebook", Format.EMAIL: "email"},
    **{Format.MARKDOWN: "plain", Format.TEXT: "plain", Format.CSV: "tables", Format.JSON: "tables"},
}


@dataclass(frozen=True)
class File:
    """What is to be read."""

    data: bytes
    name: str
    format: Format
    limits: Limits
    progress: Callable[[int, int], None] = lambda _done, _total: None
    """Told how much is done and how much there is, in the unit of the format (progress.py)."""
    charset: str | None = None
    """The encoding that its type declares."""


class Reader(Protocol):
    """What each module has."""

    def prepare(self, file: File) -> None:
        """Load what cannot be loaded once the process is confined."""

    def read(self, file: File) -> Extraction:
        """The text. UnreadableError."""


def reader_of(file_format: Format) -> Reader:
    """The module that reads a format; the others are not loaded."""
    module: Reader = import_module(f"{__name__}.{MODULES[file_format]}")
    return module
