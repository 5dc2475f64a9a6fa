"""The blocks of a page as the library tells them, each with its Markdown; what it takes for tables and is none is text.

The library takes a frame around code or text for a table of one column, with what stands between two frames; prose for
a table, where words stand below each other by chance; and the comments of code for headings.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, islice, pairwise

from liteparse.types import AnnotationRect, LayoutBlock, LayoutCell, ParsedPage, TextItem

from gateway.ingestion.extraction import paragraph_of
from gateway.ingestion.readers.pdf_columns import Word, lines_of
from gateway.ingestion.readers.pdf_pages import ITEM, Part
from gateway.ingestion.readers.pdf_text import Placed, are_fixed, text_parts, within

FENCE = "```"
FENCED = ("code", "grid_fallback")
# What begins a line of code and no heading.
COMMENT = re.compile(r"[#$>%;]|//|--")
# In points: how far a line that is drawn may be from the edge of a box.
NEAR = 2.0
# In heights of a line: words of prose are no further apart, most neighbouring cells of a table are.
WORD_GAP, MOSTLY = 0.6, 0.7
ROWS_LOOKED_AT, LEAST_PAIRS = 12, 2


def parts_of(page: ParsedPage) -> list[Placed] | None:
    """The parts of a page, each with its block; None where the library does not tell them apart."""
    blocks = page.blocks or []
    texts = list(_texts((page.markdown or "").strip(), blocks))
    if len(texts) != len(blocks) or not all(texts):
        return None
    found: list[Placed] = []
    boxes: list[AnnotationRect] = []
    for text, block in zip(texts, blocks, strict=True):
        place = _place(page, block)
        if _is_text(page, block) and _has_words(parts := text_parts(page, _own(page, block)), text):
            found += [(replace(part, place=_place(page, own)), own) for part, own in parts]
            boxes += [block.bbox] if block.bbox else []
        elif block.kind == "heading" and not any(map(str.isalnum, text)):
            found.append((Part(paragraph_of(text.lstrip("#")), place=place), block))
        elif block.kind == "heading":
            found.append((Part(text, (), block.kind, _height(page, block), place), block))
        elif block.kind != "rule" or not any(_is_at_edge(block.bbox, box) for box in boxes):
            found.append((Part(text, columns_of(block), block.kind, place=place), block))
    return found


def _own(page: ParsedPage, block: LayoutBlock) -> list[TextItem]:
    """What stands in a block and in none that is smaller: its box may reach far beyond it."""
    boxes = [other.bbox for other in page.blocks or () if other.bbox and _area(other) < _area(block)]
    items = within(page, block.bbox)
    return [item for item in items if not any(box.y <= item.y + item.height / 2 < box.y + box.height for box in boxes)]


def _area(block: LayoutBlock) -> float:
    return block.bbox.width * block.bbox.height if block.bbox else 0.0


def _has_words(parts: Sequence[Placed], text: str) -> bool:
    """Whether the parts have all that the library has read; it may know words outside of the block's box."""
    letters = [sum(map(str.isalnum, each)) for each in (*(part.text for part, _ in parts), text)]
    return sum(letters[:-1]) >= letters[-1] > 0


def columns_of(block: LayoutBlock) -> list[tuple[float, float]]:
    """Where the columns of a table begin and end; none where the library does not know."""
    rows = [row for row in (block.header, *(block.rows or ())) if row] if block.kind == "table" else []
    width = max(map(len, rows), default=0)
    boxes = [[row[n].bbox for row in rows if n < len(row)] for n in range(width)]
    known = [[box for box in column if box is not None] for column in boxes]
    if not all(known):
        return []
    return [(min(box.x for box in column), max(box.x + box.width for box in column)) for column in known]


def _texts(markdown: str, blocks: Sequence[LayoutBlock]) -> Iterator[str]:
    """The Markdown of each block, and what is left."""
    place = 0
    for block, below in pairwise([*blocks, None]):
        assert block is not None
        if block.kind in FENCED and markdown.startswith(FENCE, place):
            closing = markdown.find(f"\n{FENCE}", place)
            end = closing + 1 + len(FENCE) if closing >= 0 else -1
        else:
            are_items = below is not None and block.kind == below.kind == ITEM
            end = markdown.find("\n" if are_items else "\n\n", place)
        end = len(markdown) if end < 0 else end
        yield markdown[place:end]
        place = end + len(markdown[end:]) - len(markdown[end:].lstrip("\n"))
    if place < len(markdown):
        yield markdown[place:]


def _is_text(page: ParsedPage, block: LayoutBlock) -> bool:
    """Whether it is something else than the library says."""
    if block.kind == "heading":
        return COMMENT.match(block.text or "") is not None and are_fixed(within(page, block.bbox))
    if block.kind == "code":
        return not are_fixed(within(page, block.bbox))
    if block.kind != "table":
        return False
    items = within(page, block.bbox)
    is_code = are_fixed(items) and not are_fixed(page.text_items)
    return is_code or _width(block) == 1 or _is_prose(items, block)


def _is_prose(items: Sequence[TextItem], block: LayoutBlock) -> bool:
    """Whether most neighbouring cells are no further apart than words. The library knows no width of such cells."""
    cells = (cell for row in [block.header or [], *(block.rows or [])] for cell in row if cell.text)
    if all(cell.bbox is not None and cell.bbox.width for cell in cells):
        return False
    words: list[Word] = []
    for item in items:
        words += item.words or [item]
    lines = [[word for segment in line.segments for word in segment.words] for line in lines_of(words)]
    seen = tight = 0
    for row in islice((row for row in [block.header or [], *(block.rows or [])] if len(row) > 1), ROWS_LOOKED_AT):
        gaps = _gaps(row, lines)
        seen += len(gaps)
        tight += sum(gap < WORD_GAP for gap in gaps)
    return seen >= LEAST_PAIRS and tight >= MOSTLY * seen


def _gaps(row: Sequence[LayoutCell], lines: Sequence[Sequence[Word]]) -> list[float]:
    """How far the cells of a row are apart, in heights of the line; none where it is not one line."""
    box = next((cell.bbox for cell in row if cell.bbox is not None), None)
    inside = [line for line in lines if box and box.y <= line[0].y + line[0].height / 2 < box.y + box.height]
    counts = [len(cell.text.split()) for cell in row if cell.text.strip()]
    if len(inside) != 1 or sum(counts) != len(inside[0]):
        return []
    pairs = [(inside[0][place - 1], inside[0][place]) for place in accumulate(counts[:-1])]
    return [(right.x - left.x - left.width) / max(right.height, 1.0) for left, right in pairs]


def _width(block: LayoutBlock) -> int:
    return max((len(row) for row in [block.header or [], *(block.rows or [])]), default=0)


def _height(page: ParsedPage, block: LayoutBlock) -> float:
    """That of most letters of a heading."""
    items = within(page, block.bbox)
    return max(items, key=lambda item: len(item.text)).height if items else 0.0


def _place(page: ParsedPage, block: LayoutBlock) -> float:
    return block.bbox.y / page.height if block.bbox and page.height else -1.0


def _is_at_edge(rule: AnnotationRect | None, box: AnnotationRect) -> bool:
    return rule is not None and box.y - NEAR <= rule.y <= box.y + box.height + NEAR
