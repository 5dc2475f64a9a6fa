"""PDF, by liteparse: headings and tables by the layout, page by page. Pictures of text are not read.

The library reads what stands upright. A page on which text stands sideways is parsed again, turned so that this text is
upright, once for each direction.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from liteparse.parser import LiteParse
from liteparse.types import ParsedPage, ParseError, ParseResult

from gateway.ingestion.archive import DAMAGED, PROTECTED
from gateway.ingestion.errors import TooLargeError, UnreadableError
from gateway.ingestion.extraction import Extraction, Markdown, ranges
from gateway.ingestion.readers import File
from gateway.ingestion.readers.pdf_beside import is_suspect, strips, without_rules
from gateway.ingestion.readers.pdf_document import levelled, without_running
from gateway.ingestion.readers.pdf_pages import Part, joined, with_header
from gateway.ingestion.readers.pdf_tables import mended

# Pages that are read at once: a bound on memory, and how often the progress is told.
PAGES_AT_ONCE = 50
# In degrees: what text may lean and still stand upright or sideways.
LEANS = 5
# What is cut off at the top, the right, the bottom and the left, as shares of the page.
Crop = tuple[float, float, float, float]
# The smallest file that makes the library load all that it needs.
EMPTY = (
    b"%PDF-1.1\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\n"
)
NO_TEXT = (
    "The PDF has no text: its pages are pictures, such as a scan. It needs OCR: run it through a program that "
    "recognizes text, such as OCRmyPDF, and upload the result."
)
SOME_WITHOUT = "Page{} {} {} no text: a picture of text, such as a scan, needs OCR."


def prepare(_file: File) -> None:
    """Load the library and PDFium."""
    _parser([1], 90, draws=True, crop=(0.1, 0.1, 0.1, 0.1)).parse(EMPTY)


def read(file: File) -> Extraction:
    """The text with its pages. UnreadableError."""
    total, done = 1, 0
    pages: dict[int, list[Part]] = {}
    without_text: list[int] = []
    # Refuses what is too long before all of it has been read.
    length = Markdown(file.limits)
    while done < total:
        result = _parsed(file.data, range(done + 1, done + 1 + PAGES_AT_ONCE))
        total = result.total_pages
        if total > file.limits.pages:
            raise TooLargeError("The PDF has", f"{file.limits.pages:,} pages", "file_pages")
        for number, parts in _parts(file.data, result.pages).items():
            text = _without_rules(joined(parts))
            without_text += [] if text else [number]
            length.block(text)
            pages[number] = parts
        done += PAGES_AT_ONCE
        file.progress(min(done, total), total)
    if len(without_text) == total:
        raise UnreadableError(NO_TEXT)
    markdown = Markdown(file.limits)
    _write(markdown, levelled(without_running(pages)).values())
    if without_text:
        several = len(without_text) > 1
        markdown.remark(SOME_WITHOUT.format("s" * several, ranges(without_text), "have" if several else "has"))
    return markdown.done()


def _write(markdown: Markdown, pages: Iterable[Sequence[Part]]) -> None:
    before: Sequence[Part] = []
    for parts in pages:
        markdown.page()
        before = with_header(before, parts)
        if text := _without_rules(joined(before)):
            markdown.block(text)


def _parts(data: bytes, pages: Sequence[ParsedPage]) -> dict[int, list[Part]]:
    """The parts of each page by its number: first what stands in the direction of most of it."""
    directions = {page.page_num: _directions(page) for page in pages}
    seen: dict[tuple[int, int], list[Part]] = {}
    for degrees in (0, 90, 180, 270):
        numbers = [number for number, found in directions.items() if degrees in found]
        turned = _parsed(data, numbers, degrees).pages if degrees and numbers else pages
        seen |= {(page.page_num, degrees): mended(page) for page in turned if page.page_num in numbers}
    suspects = [number for number, degrees in seen if degrees == 0 and is_suspect(seen[number, 0])]
    for page in _parsed(data, suspects, draws=True).pages if suspects else ():
        seen[page.page_num, 0] = _beside(data, page) or seen[page.page_num, 0]
    return {
        page.page_num: [part for degrees in directions[page.page_num] for part in seen[page.page_num, degrees]]
        or [Part(page.text if page.text_items else "")]
        for page in pages
    }


def _beside(data: bytes, page: ParsedPage) -> list[Part]:
    """The parts of a page on which text stands beside a table; none where it does not."""
    parts: list[Part] = []
    for box in strips(page):
        cropped = (
            box.top / page.height,
            1 - box.right / page.width,
            1 - box.bottom / page.height,
            box.left / page.width,
        )
        parts += without_rules(mended(_parsed(data, [page.page_num], crop=cropped).pages[0]))
    # A strip has no edges of a page.
    return [replace(part, place=-1.0) for part in parts]


def _directions(page: ParsedPage) -> list[int]:
    """In how many degrees text stands, that of most letters first; without what stands upside down to that."""
    letters: Counter[int] = Counter()
    for item in page.text_items:
        quarters = round(item.rotation / 90)
        if abs(item.rotation - 90 * quarters) <= LEANS:
            letters[quarters % 4 * 90] += len(item.text)
    found = [degrees for degrees, _ in letters.most_common()]
    return [degrees for degrees in found if degrees != (found[0] + 180) % 360]


def _parsed(
    data: bytes, pages: Sequence[int], degrees: int = 0, *, draws: bool = False, crop: Crop | None = None
) -> ParseResult:
    try:
        return _parser(pages, degrees, draws=draws, crop=crop).parse(data)
    except ParseError as error:
        reason = str(error)
        if "password" in reason:
            raise UnreadableError(PROTECTED) from error
        raise UnreadableError(DAMAGED.format(reason)) from error


def _parser(pages: Sequence[int], degrees: int = 0, *, draws: bool = False, crop: Crop | None = None) -> LiteParse:
    return LiteParse(
        ocr_enabled=False,
        output_format="markdown",
        image_mode="off",
        extract_links=False,
        # With the places of cells, by which lost ones are filled.
        extract_blocks=True,
        # What looks like a running header may be the heading of a chapter that has a page of its own.
        keep_headers_footers=True,
        target_pages=",".join(map(str, pages)),
        page_orientation_corrections=[(page, degrees) for page in pages] if degrees else None,
        extract_vector_graphics=draws,
        crop_box=crop,
        max_pages=1_000_000,
        quiet=True,
    )


def _without_rules(text: str) -> str:
    return text.strip().removesuffix("-----").strip()
