"""Tables of PDF that the library loses, wholly or in part.

It finds the cells of a table with lines around them, and yet writes some of their words below the table, or makes
tables of its columns. Where words stand within cells that it leaves empty, the cells are filled by where words stand,
and what it made of those words besides goes. A table without lines between its columns it often takes for text, column
by column, or for a table of some of them: then the columns are told by where words stand (pdf_columns.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from liteparse.types import AnnotationRect, LayoutBlock, ParsedPage

from gateway.ingestion.extraction import paragraph_of, table_of
from gateway.ingestion.readers.pdf_blocks import columns_of, parts_of
from gateway.ingestion.readers.pdf_columns import LEAST_COLUMNS, Line, Table, Word, lines_of, tables_of
from gateway.ingestion.readers.pdf_edges import aligned
from gateway.ingestion.readers.pdf_pages import Part

# Of a block, so much lies within a table that it repeats.
WITHIN = 0.9
# In heights of a line: from one line of a paragraph to the next, and from a table to the line drawn above or below.
PARAGRAPH, EDGE = 1.8, 0.7
# What the library is right about.
KNOWN = ("code", "list_item", "figure")
TEXT = ("paragraph", "heading")


def mended(page: ParsedPage) -> list[Part]:
    """The page's Markdown in parts, with its tables whole."""
    placed = parts_of(page)
    if placed is None:
        written = (page.markdown or "").strip()
        return [Part(written)] if written else []
    parts, blocks = [part for part, _ in placed], [block for _, block in placed]
    words: list[Word] = []
    for item in page.text_items:
        # What stands sideways has no place in lines.
        words += (item.words or [item]) if round(item.rotation) % 360 == 0 else []
    kept = _with_last_rows(_with_cells(dict(enumerate(parts)), blocks, words), blocks, words)
    return _with_columns(kept, blocks, words)


def _with_cells(parts: dict[int, Part], blocks: Sequence[LayoutBlock], words: Sequence[Word]) -> dict[int, Part]:
    """The parts with the cells of their tables filled, without what repeats these."""
    # The largest first: what stands within it is part of it.
    for index in sorted(range(len(blocks)), key=lambda index: -_area(blocks[index].bbox)):
        if index in parts and (rows := _rows(blocks[index], words)) is not None:
            box = blocks[index].bbox
            gone = {n for n, other in enumerate(blocks) if n != index and _is_within(other.bbox, box)}
            parts = {n: part for n, part in parts.items() if n not in gone} | {
                index: Part(table_of(rows), columns_of(blocks[index]), "table")
            }
    return dict(sorted(parts.items()))


def _with_last_rows(parts: dict[int, Part], blocks: Sequence[LayoutBlock], words: Sequence[Word]) -> dict[int, Part]:
    """The parts with what stands below a table in its columns as rows of it, which the library loses without lines."""
    kept = dict(parts)
    for above, below in pairwise(parts):
        table, box = kept.get(above), blocks[below].bbox
        if table is None or len(table.columns) < LEAST_COLUMNS or blocks[below].kind not in TEXT or box is None:
            continue
        lines = lines_of([word for word in words if _holds(box, word)])
        rows = [_in_columns(line, table.columns) for line in lines]
        if rows and all(rows) and 0 <= lines[0].top - _bottom(blocks[above].bbox) < lines[0].height:
            added = table_of([["-"] * len(table.columns), *rows]).splitlines()[2:]
            kept[above] = Part("\n".join([table.text, *added]), table.columns, table.kind)
            del kept[below]
    return kept


def _in_columns(line: Line, columns: Sequence[tuple[float, float]]) -> list[str]:
    """The cells of a line; none where it has less than two, or text that is in no column alone."""
    cells = [""] * len(columns)
    for segment in line.segments:
        into = [n for n, (left, right) in enumerate(columns) if left < segment.right and segment.left < right]
        if len(into) != 1 or cells[into[0]]:
            return []
        cells[into[0]] = segment.text
    return cells if len(line.segments) >= LEAST_COLUMNS else []


def _bottom(box: AnnotationRect | None) -> float:
    return box.y + box.height if box is not None else 0.0


def _with_columns(parts: Mapping[int, Part], blocks: Sequence[LayoutBlock], words: Sequence[Word]) -> list[Part]:
    """The parts with tables in place of those in which the library has not seen their columns."""
    touched: set[int] = set()
    tables = []
    lines = aligned(lines_of(words))
    words = [word for line in lines for segment in line.segments for word in segment.words]
    for table in tables_of(lines):
        those = {n for n in parts if any(_holds(blocks[n].bbox, word) for word in table.words())}
        if those and not any(_is_known(blocks[n], table, lines) for n in those):
            tables.append(table)
            touched |= those
    if not tables:
        return list(parts.values())
    drawn = {n for n in parts if blocks[n].kind == "rule" and any(_is_edge(blocks[n].bbox, table) for table in tables)}
    pieces = list(_pieces(tables, [blocks[n] for n in sorted(touched)], words))
    found: list[Part] = []
    for n, part in parts.items():
        if n in touched | drawn:
            continue
        box = blocks[n].bbox
        while n > min(touched) and box is not None and pieces and pieces[0][0] < box.y:
            found.append(pieces.pop(0)[1])
        found.append(part)
    return found + [piece for _, piece in pieces]


def _pieces(
    tables: Sequence[Table], blocks: Sequence[LayoutBlock], words: Sequence[Word]
) -> Iterator[tuple[float, Part]]:
    """The tables, and as paragraphs what else stands in the blocks that have parts of them; with the top of each."""
    taken = {id(word) for table in tables for word in table.words()}
    others = [word for word in words if id(word) not in taken and any(_holds(block.bbox, word) for block in blocks)]
    ends = sorted([table.top for table in tables])
    found = [(table.top, Part(table_of(table.rows), table.columns, "table")) for table in tables]
    paragraph: list[Line] = []
    for above, line in pairwise([None, *lines_of(others), None]):
        if above is not None and (line is None or _is_apart(above, line, ends)):
            text = " ".join(segment.text for each in paragraph for segment in each.segments)
            found.append((paragraph[0].top, Part(paragraph_of(text))))
            paragraph = []
        if line is not None:
            paragraph.append(line)
    return iter(sorted(found, key=lambda each: each[0]))


def _is_apart(above: Line, line: Line, tops: Sequence[float]) -> bool:
    is_far = line.top - above.top > PARAGRAPH * max(above.height, line.height)
    return is_far or any(above.top < top < line.top for top in tops)


def _is_known(block: LayoutBlock, table: Table, lines: Sequence[Line]) -> bool:
    """Whether the library has read the table, without text around it, or knows it for something else."""
    if block.kind in KNOWN:
        return True
    columns = max((len(row) for row in [block.header or [], *(block.rows or [])]), default=0)
    others = (line for line in lines if len(line.segments) == 1 and not table.top <= line.top < table.bottom)
    return columns >= len(table.rows[0]) and not any(
        _holds(block.bbox, word) for line in others for word in line.segments[0].words
    )


def _is_edge(box: AnnotationRect | None, table: Table) -> bool:
    reach = EDGE * table.lines[0].height
    return box is not None and table.top - reach <= box.y <= table.bottom + reach


def _rows(block: LayoutBlock, words: Sequence[Word]) -> list[list[str]] | None:
    """The cells' texts by where words stand; None where the library has lost none, or knows no places."""
    if block.kind != "table" or not block.rows or any(cell.bbox is None for row in block.rows for cell in row):
        return None
    inside = [word for word in words if _holds(block.bbox, word)]
    rows = [[[word for word in inside if _holds(cell.bbox, word)] for cell in row] for row in block.rows]
    found = sum(len(word.text.split()) for row in rows for cell in row for word in cell)
    known = sum(len(cell.text.split()) for row in block.rows for cell in row)
    if found <= known or found != sum(len(word.text.split()) for word in inside):
        return None
    return [[_text(cell) for cell in row] for row in rows]


def _text(words: Sequence[Word]) -> str:
    return " ".join(segment.text for line in lines_of(words) for segment in line.segments)


def _holds(box: AnnotationRect | None, word: Word) -> bool:
    if box is None:
        return False
    x, y = word.x + word.width / 2, word.y + word.height / 2
    return box.x <= x < box.x + box.width and box.y <= y < box.y + box.height


def _area(box: AnnotationRect | None) -> float:
    return box.width * box.height if box is not None else 0.0


def _is_within(inner: AnnotationRect | None, outer: AnnotationRect | None) -> bool:
    if inner is None or outer is None:
        return False
    width = min(inner.x + inner.width, outer.x + outer.width) - max(inner.x, outer.x)
    height = min(inner.y + inner.height, outer.y + outer.height) - max(inner.y, outer.y)
    return width > 0 and height > 0 and width * height >= WITHIN * _area(inner)
