"""Text beside a table with lines around its cells: the library and pdf_columns.py take both for one wide table.

Such a page is cut where the table begins, and read strip by strip: what stands above, what at the left, what at the
right, and what below. The lines tell where the table is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from liteparse.types import ParsedPage, TextItem

from gateway.ingestion.readers.pdf_pages import Part, cells_of

# A column in which so many cells have so many words may be text.
WORDS_OF_TEXT, LEAST_TEXTS = 4, 3
# In points: how near lines meet, and how thick a drawn box may be that is a line.
NEAR, THICK = 2.0, 2.0
# A drawing of more lines is no table.
MOST_LINES = 800
LEAST_EDGES = 3


@dataclass(frozen=True)
class Box:
    """A part of a page, in points from its top left."""

    left: float
    top: float
    right: float
    bottom: float

    def holds(self, item: TextItem) -> bool:
        """Whether the middle of a text is in it."""
        x, y = item.x + item.width / 2, item.y + item.height / 2
        return self.left <= x < self.right and self.top <= y < self.bottom

    def touches(self, other: "Box") -> bool:
        """Whether two lines meet."""
        across = self.left - NEAR <= other.right and other.left - NEAR <= self.right
        return across and self.top - NEAR <= other.bottom and other.top - NEAR <= self.bottom

    def with_(self, other: "Box") -> "Box":
        """Both, and what is between them."""
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )


def is_suspect(parts: Sequence[Part]) -> bool:
    """Whether a table has a column of text at its edge, as one has that is no table alone."""
    return any(part.columns and _has_text_at_edge(part) for part in parts)


def strips(page: ParsedPage) -> list[Box]:
    """The strips in which to read a page, in order; none where no table stands beside text."""
    items = [item for item in page.text_items if round(item.rotation) % 360 == 0]
    for table in _grids(_lines(page)):
        beside = [item for item in items if table.top < item.y + item.height / 2 < table.bottom]
        cuts = [table.left - 1] * any(item.x + item.width < table.left for item in beside)
        cuts += [table.right + 1] * any(item.x > table.right for item in beside)
        crossing = [item for item in items if any(item.x < cut < item.x + item.width for cut in cuts)]
        if cuts and not any(item in crossing for item in beside):
            return _cut(page, table, cuts, crossing)
    return []


def _has_text_at_edge(table: Part) -> bool:
    rows = list(cells_of(table))
    texts = [sum(len(row[edge].split()) >= WORDS_OF_TEXT for row in rows) for edge in (0, -1)]
    return len(table.columns) > 1 and max(texts) >= LEAST_TEXTS


def _cut(page: ParsedPage, table: Box, cuts: Sequence[float], crossing: Sequence[TextItem]) -> list[Box]:
    top = max((item.y + item.height + NEAR for item in crossing if item.y < table.top), default=0.0)
    bottom = min((item.y - NEAR for item in crossing if item.y > table.bottom), default=page.height)
    sides = [Box(left, top, right, bottom) for left, right in pairwise([0.0, *cuts, page.width])]
    above, below = Box(0, 0, page.width, top), Box(0, bottom, page.width, page.height)
    return [box for box in (above, *sides, below) if any(box.holds(item) for item in page.text_items)]


def without_rules(parts: Sequence[Part]) -> list[Part]:
    """The parts of a strip without the lines of the table beside it, at which the library ends paragraphs."""
    found: list[Part] = []
    is_after_rule = False
    for part in parts:
        if set(part.text) <= {"-"}:
            is_after_rule = True
            continue
        if is_after_rule and found and found[-1].text[:1].isalnum() and part.text[:1].isalnum():
            found[-1] = Part(f"{found[-1].text} {part.text}")
        else:
            found.append(part)
        is_after_rule = False
    return found


def _lines(page: ParsedPage) -> list[Box]:
    """What is drawn from left to right or from top to bottom; of a drawn box its edges."""
    drawn = page.vector_graphics
    if drawn is None or len(drawn.lines) + len(drawn.shapes) > MOST_LINES:
        return []
    found = [
        Box(min(line.x1, line.x2), min(line.y1, line.y2), max(line.x1, line.x2), max(line.y1, line.y2))
        for line in drawn.lines
    ]
    for shape in drawn.shapes:
        x, y, width, height = shape.bbox
        box = Box(x, y, x + width, y + height)
        found += [box] if min(width, height) <= THICK else list(_edges(box)) if shape.stroke else []
    return [box for box in found if min(box.right - box.left, box.bottom - box.top) <= THICK]


def _edges(box: Box) -> Iterator[Box]:
    yield Box(box.left, box.top, box.right, box.top)
    yield Box(box.left, box.bottom, box.right, box.bottom)
    yield Box(box.left, box.top, box.left, box.bottom)
    yield Box(box.right, box.top, box.right, box.bottom)


def _grids(lines: Sequence[Box]) -> Iterator[Box]:
    """Where lines that meet have at least two columns and two rows between them."""
    groups: list[list[Box]] = []
    for line in lines:
        meeting = [group for group in groups if any(line.touches(each) for each in group)]
        groups = [group for group in groups if group not in meeting]
        groups.append([line, *(each for group in meeting for each in group)])
    for group in groups:
        across = {round(each.top) for each in group if each.right - each.left > each.bottom - each.top}
        down = {round(each.left) for each in group if each.right - each.left < each.bottom - each.top}
        if len(across) >= LEAST_EDGES and len(down) >= LEAST_EDGES:
            whole = group[0]
            for each in group:
                whole = whole.with_(each)
            yield whole
