"""Tables of PDF whose cells the library has lost.

It finds the cells of a table with lines around them, and yet writes some of their words below the table, or makes
tables of its columns. Where words stand within cells that it leaves empty, the cells are filled by where words stand,
and what it made of those words besides goes.
"""

from collections.abc import Iterator, Sequence

from liteparse.types import AnnotationRect, LayoutBlock, ParsedPage, TextItem, WordBox

from gateway.ingestion.extraction import table_of

# Of a block, so much lies within a table that it repeats.
WITHIN = 0.9


Word = TextItem | WordBox


def mended(page: ParsedPage) -> str:
    """The page's Markdown, with its tables whole."""
    written = (page.markdown or "").strip()
    parts, blocks = written.split("\n\n"), list(page.blocks or ())
    if len(parts) != len(blocks) or not any(block.kind == "table" for block in blocks):
        return written
    words: list[Word] = []
    for item in page.text_items:
        words += item.words or [item]
    gone: set[int] = set()
    # The largest first: what stands within it is part of it.
    for index in sorted(range(len(blocks)), key=lambda index: -_area(blocks[index].bbox)):
        if index not in gone and (rows := _rows(blocks[index], words)) is not None:
            parts[index] = table_of(rows)
            box = blocks[index].bbox
            gone |= {n for n, other in enumerate(blocks) if n != index and _is_within(other.bbox, box)}
    return "\n\n".join(part for n, part in enumerate(parts) if n not in gone)


def _rows(block: LayoutBlock, words: Sequence[Word]) -> list[list[str]] | None:
    """The cells' texts by where words stand; None where the library has lost none, or knows no places."""
    if block.kind != "table" or not block.rows or any(cell.bbox is None for row in block.rows for cell in row):
        return None
    inside = [word for word in words if _holds(block.bbox, word)]
    rows = [[_text(cell.bbox, inside) for cell in row] for row in block.rows]
    found = sum(len(cell.split()) for row in rows for cell in row)
    known = sum(len(cell.text.split()) for row in block.rows for cell in row)
    return rows if found > known and found == sum(len(word.text.split()) for word in inside) else None


def _text(box: AnnotationRect | None, words: Sequence[Word]) -> str:
    return " ".join(word.text for line in _lines([word for word in words if _holds(box, word)]) for word in line)


def _lines(words: Sequence[Word]) -> Iterator[list[Word]]:
    line: list[Word] = []
    for word in sorted(words, key=lambda word: word.y):
        if line and word.y - line[0].y > line[0].height / 2:
            yield sorted(line, key=lambda each: each.x)
            line = []
        line.append(word)
    yield sorted(line, key=lambda each: each.x)


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
