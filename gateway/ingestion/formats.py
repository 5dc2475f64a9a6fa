"""Which format a file has. Its content decides; its name and type only between formats that are all plain text."""

from enum import StrEnum
from pathlib import PurePosixPath

from gateway.ingestion.archive import PROTECTED, Archive
from gateway.ingestion.decoding import BINARY, BOMS, FORMATS, unmarked_utf16
from gateway.ingestion.errors import UnreadableError
from gateway.ingestion.limits import Limits


class Format(StrEnum):
    """A format that can be read."""

    PDF = "pdf"
    DOCX = "docx"
    PPTX = "pptx"
    XLSX = "xlsx"
    ODT = "odt"
    EPUB = "epub"
    HTML = "html"
    MARKDOWN = "markdown"
    TEXT = "text"
    CSV = "csv"
    JSON = "json"
    NOTEBOOK = "notebook"
    EMAIL = "email"


EXTENSIONS = {
    **{".html": Format.HTML, ".htm": Format.HTML, ".xhtml": Format.HTML},
    **{".md": Format.MARKDOWN, ".markdown": Format.MARKDOWN, ".csv": Format.CSV, ".tsv": Format.CSV},
    **{".json": Format.JSON, ".jsonl": Format.JSON, ".ndjson": Format.JSON, ".ipynb": Format.NOTEBOOK},
    **{".eml": Format.EMAIL, ".txt": Format.TEXT},
}
TYPES = {
    **{"text/html": Format.HTML, "application/xhtml+xml": Format.HTML, "text/markdown": Format.MARKDOWN},
    **{"text/csv": Format.CSV, "text/tab-separated-values": Format.CSV, "application/json": Format.JSON},
    **{"application/x-ipynb+json": Format.NOTEBOOK, "message/rfc822": Format.EMAIL},
}
# Names that promise what a plain text cannot be.
PROMISES = {".pdf": "a PDF", ".docx": "a Word document", ".pptx": "a presentation", ".xlsx": "a workbook"}
PROMISES |= {".odt": "an OpenDocument text", ".epub": "an EPUB book"}

ZIP = (b"PK\x03\x04", b"PK\x05\x06")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
OTHERS = (
    ((b"{\\rtf",), "It is RTF. Save it as DOCX or PDF."),
    ((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*", b"BM"), "It is an image: it needs OCR first."),
    ((b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ"), "It is an archive. Upload what is packed in it."),
    ((b"\x7fELF", b"MZ"), "It is a program."),
)
# Where a PDF may begin, and where an archive without its first bytes may.
PREAMBLE = 1024
MEMBERS = {
    "word/document.xml": Format.DOCX,
    "ppt/presentation.xml": Format.PPTX,
    "xl/workbook.xml": Format.XLSX,
}
MIMETYPES = {
    b"application/vnd.oasis.opendocument.text": Format.ODT,
    b"application/vnd.oasis.opendocument.text-template": Format.ODT,
    b"application/epub+zip": Format.EPUB,
}


def detect(data: bytes, name: str, content_type: str | None, limits: Limits) -> Format:
    """The format. UnreadableError for others, with what to do."""
    if not data.strip():
        raise UnreadableError("The file is empty. Upload one that has text.")
    suffix = PurePosixPath(name.lower()).suffix
    if data.startswith(ZIP):
        return _packed(data, limits)
    if data.startswith(OLE):
        raise UnreadableError(_old_office(data))
    if b"%PDF-" in data[:PREAMBLE]:
        return Format.PDF
    for marks, advice in OTHERS:
        if data.startswith(marks) and not (marks[-1] in (b"MZ", b"BM") and b"\0" not in data[:PREAMBLE]):
            raise UnreadableError(f"This format cannot be read. {advice}")
    is_marked = data.startswith(tuple(mark for mark, _ in BOMS))
    if b"\0" in data[:8192] and not is_marked and unmarked_utf16(data) is None:
        raise UnreadableError(BINARY.format(FORMATS))
    if suffix in PROMISES:
        raise UnreadableError(
            f"The name says {PROMISES[suffix]} ({suffix}), the content is not one. Upload the right file, or name it "
            "by what it is."
        )
    return _plain(data, suffix, content_type)


def _plain(data: bytes, suffix: str, content_type: str | None) -> Format:
    kind = (content_type or "").partition(";")[0].strip().lower()
    found = EXTENSIONS.get(suffix) or TYPES.get(kind)
    start = data[:PREAMBLE].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if found is None and start.startswith((b"<!doctype html", b"<html")):
        return Format.HTML
    return found or Format.TEXT


def _packed(data: bytes, limits: Limits) -> Format:
    archive = Archive(data, limits)
    for member, found in MEMBERS.items():
        if member in archive:
            return found
    if "mimetype" in archive and archive.names["mimetype"].file_size < PREAMBLE:
        kind = archive.read("mimetype").strip()
        if kind in MIMETYPES:
            return MIMETYPES[kind]
    raise UnreadableError(
        f"It is an archive, but none of the formats that can be read: {FORMATS}. Upload what is packed in it."
    )


def _old_office(data: bytes) -> str:
    if "EncryptedPackage".encode("utf-16-le") in data:
        return PROTECTED
    return "It is a file of an old version of Office, or a mail of Outlook. Save it as DOCX, XLSX, PPTX, EML or PDF."
