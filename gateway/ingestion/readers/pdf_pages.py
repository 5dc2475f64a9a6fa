"""Tables of PDF that go on from page to page: those after the first get its header, which says what their cells are.

A table goes on where the last on a page and the first on the next have columns at the same places, with nothing between
them but what stands at the edges of pages.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

# How far the edges of two columns may be apart, in points.
REACH = 6.0
# What stands at the edge of a page, such as its number: so few parts, of so few letters.
MOST_PARTS, MOST_LETTERS = 2, 100
ITEM = "list_item"
CELL = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class Part:
    """A block of a page as Markdown; of a table also where its columns begin and end, where that is known."""

    text: str
    columns: Sequence[tuple[float, float]] = ()
    kind: str = "paragraph"
    """That of the library's block."""
    height: float = 0.0
    """Of the letters of a heading, where it is known."""
    place: float = -1.0
    """Where it begins, as a share of the page's height, where that is known."""


def joined(parts: Sequence[Part]) -> str:
    """The parts of a page as one Markdown."""
    texts: list[str] = []
    for above, part in pairwise([None, *parts]):
        assert part is not None
        is_item = above is not None and above.kind == part.kind == ITEM
        texts += ["\n" if is_item else "\n\n" * bool(texts), part.text]
    return "".join(texts)


def with_header(before: Sequence[Part], page: Sequence[Part]) -> list[Part]:
    """The parts of a page; with the header of a table that goes on from the page before."""
    last, first = _at_edge(list(reversed(before))), _at_edge(page)
    if last is None or first is None:
        return list(page)
    above, below = before[len(before) - 1 - last], page[first]
    if not _goes_on(above, below):
        return list(page)
    header, rule, *_ = above.text.splitlines()
    row, _, *rows = below.text.splitlines()
    whole = Part("\n".join([header, rule, row, *rows]), below.columns, below.kind)
    return [*page[:first], whole, *page[first + 1 :]]


def _at_edge(parts: Sequence[Part]) -> int | None:
    """Where the first table is, if nothing but the edge of a page is before it."""
    seen = 0
    for place, part in enumerate(parts):
        if part.columns:
            return place
        is_rule = set(part.text) <= {"-"}
        seen += not is_rule
        if seen > MOST_PARTS or len(part.text) > MOST_LETTERS or part.text.startswith("#"):
            return None
    return None


def _goes_on(above: Part, below: Part) -> bool:
    (header, *rows), (row, *_) = list(cells_of(above)), list(cells_of(below))
    if len(above.columns) != len(below.columns) or len(row) != len(header) or row == header:
        return False
    if not all(map(_is_same, above.columns, below.columns)):
        return False
    # Where all cells but the header's have figures, a row without any there is another header.
    return all(
        _has_figure(row[n]) for n in range(len(row)) if not _has_figure(header[n]) and rows and _all_have(rows, n)
    )


def _all_have(rows: Sequence[Sequence[str]], column: int) -> bool:
    return all(column < len(row) and _has_figure(row[column]) for row in rows)


def cells_of(table: Part) -> Iterator[list[str]]:
    """The rows of a table, its header first."""
    for number, line in enumerate(table.text.splitlines()):
        if number != 1:
            yield [cell.strip() for cell in CELL.split(line)[1:-1]]


def _is_same(one: tuple[float, float], other: tuple[float, float]) -> bool:
    edges = zip((*one, sum(one) / 2), (*other, sum(other) / 2), strict=True)
    return any(abs(a - b) <= REACH for a, b in edges)


def _has_figure(cell: str) -> bool:
    return any(each.isdigit() for each in cell)
