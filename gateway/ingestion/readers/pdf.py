"""PDF, by liteparse: headings and tables by the layout, page by page. Pictures of text are not read."""

from liteparse.parser import LiteParse
from liteparse.types import ParseError, ParseResult

from gateway.ingestion.archive import DAMAGED, PROTECTED
from gateway.ingestion.errors import TooLargeError, UnreadableError
from gateway.ingestion.extraction import Extraction, Markdown
from gateway.ingestion.readers import File
from gateway.ingestion.readers.pdf_tables import mended

# Pages that are read at once: a bound on memory, and how often the progress is told.
PAGES_AT_ONCE = 50
# The smallest file that makes the library load all that it needs.
EMPTY = (
    b"%PDF-1.1\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\n"
)
NO_TEXT = (
    "The PDF has no text: its pages are pictures, such as a scan. It needs OCR: run it through a program that "
    "recognizes text, such as OCRmyPDF, and upload the result."
)


def prepare(_file: File) -> None:
    """Load the library and PDFium."""
    _parser("1").parse(EMPTY)


def read(file: File) -> Extraction:
    """The text with its pages. UnreadableError."""
    markdown = Markdown(file.limits)
    total, done = 1, 0
    has_text = False
    while done < total:
        result = _parsed(file.data, done)
        total = result.total_pages
        if total > file.limits.pages:
            raise TooLargeError("The PDF has", f"{file.limits.pages:,} pages", "file_pages")
        for page in result.pages:
            markdown.page()
            if page.text_items and (text := _without_rules(mended(page) or page.text)):
                has_text = True
                markdown.block(text)
        done += PAGES_AT_ONCE
        file.progress(min(done, total), total)
    if not has_text:
        raise UnreadableError(NO_TEXT)
    return markdown.done()


def _parsed(data: bytes, done: int) -> ParseResult:
    try:
        return _parser(f"{done + 1}-{done + PAGES_AT_ONCE}").parse(data)
    except ParseError as error:
        reason = str(error)
        if "password" in reason:
            raise UnreadableError(PROTECTED) from error
        raise UnreadableError(DAMAGED.format(reason)) from error


def _parser(pages: str) -> LiteParse:
    return LiteParse(
        ocr_enabled=False,
        output_format="markdown",
        image_mode="off",
        extract_links=False,
        # With the places of cells, by which lost ones are filled.
        extract_blocks=True,
        # What looks like a running header may be the heading of a chapter that has a page of its own.
        keep_headers_footers=True,
        target_pages=pages,
        max_pages=1_000_000,
        quiet=True,
    )


def _without_rules(text: str) -> str:
    return text.strip().removesuffix("-----").strip()
