"""What stands in a part of a page of PDF, by the fonts and places of its lines: code, headings and paragraphs."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from statistics import median

from liteparse.types import AnnotationRect, LayoutBlock, ParsedPage, TextItem

from gateway.ingestion.extraction import code_of, paragraph_of
from gateway.ingestion.readers.pdf_columns import Line, lines_of
from gateway.ingestion.readers.pdf_pages import Part

# Fonts whose letters are equally wide, by name; or where in texts of so many letters these are about equally wide.
FIXED = re.compile(r"mono|courier|consol|menlo|typewriter|fixed|inconsolata|cmtt|code", re.IGNORECASE)
LEAST_LETTERS, LEAST_TEXTS, ALIKE, UNEVEN = 5, 3, 0.02, 0.1
BOLD = re.compile(r"bold|black|heavy|demi", re.IGNORECASE)
# In heights of what most of the page is set in: letters of a bold heading, and of another.
LARGE, LARGER = 1.12, 1.3
NUMBERED = re.compile(r"\d+(?:\.\d+)*\.?\s+\S")
MOST_LETTERS = 150
# In heights of a line: from one line of a paragraph to the next.
PARAGRAPH = 1.8

Placed = tuple[Part, LayoutBlock]


def text_parts(page: ParsedPage, items: Sequence[TextItem]) -> list[Placed]:
    """What some texts of a page say, each part with a block of its own."""
    lines = [(line, items_of(line)) for line in lines_of(items)]
    body = _body(page)
    found: list[Placed] = []
    for kind, group in groupby(lines, lambda each: _kind(each[1], body)):
        those = [line for line, _ in group]
        if kind == "code":
            found.append(_placed(those, Part(code_of(code(those)), kind=kind)))
        elif kind == "heading":
            height = max(line.height for line in those)
            found.append(_placed(those, Part(f"# {_words(those)}", kind=kind, height=height)))
        else:
            found += [_placed(each, Part(paragraph_of(_words(each)))) for each in _paragraphs(those)]
    return found


def _placed(lines: Sequence[Line], part: Part) -> Placed:
    items = [item for line in lines for item in items_of(line)]
    left, top = min(item.x for item in items), min(item.y for item in items)
    width = max(item.x + item.width for item in items) - left
    height = max(item.y + item.height for item in items) - top
    return part, LayoutBlock(part.kind, bbox=AnnotationRect(left, top, width, height))


def within(page: ParsedPage, box: AnnotationRect | None) -> list[TextItem]:
    """What of a page has its middle in a box and stands upright."""
    if box is None:
        return []
    return [
        item
        for item in page.text_items
        if box.y <= item.y + item.height / 2 < box.y + box.height
        and box.x <= item.x + item.width / 2 < box.x + box.width
        and round(item.rotation) % 360 == 0
    ]


def are_fixed(items: Sequence[TextItem]) -> bool:
    """Whether most of it is set in fonts whose letters are equally wide."""
    if _letters([item for item in items if FIXED.search(item.font_name or "") and _is_even(item)]) * 2 > _letters(
        items
    ):
        return True
    long = [item for item in items if len(item.text) >= LEAST_LETTERS]
    widths = [item.width / len(item.text) / item.height for item in long if item.height]
    return len({item.text for item in long}) >= LEAST_TEXTS and max(widths) - min(widths) < ALIKE * max(widths)


def _is_even(item: TextItem) -> bool:
    """Whether its words are as wide as they have letters: its font is that of the first."""
    widths = [word.width / len(word.text) for word in item.words if len(word.text) > 2]
    return not widths or max(widths) - min(widths) < UNEVEN * max(widths)


def code(lines: Sequence[Line]) -> str:
    """Lines of code, indented as they stand."""
    items = [item for line in lines for item in items_of(line)]
    left = min(item.x for item in items)
    letter = median(item.width / max(len(item.text), 1) for item in items) or 1.0
    written: list[str] = []
    for line in lines:
        text = ""
        for item in items_of(line):
            gap = round((item.x - left) / letter) - len(text)
            text += " " * max(gap, bool(text)) + item.text
        written.append(text)
    return "\n".join(written)


def items_of(line: Line) -> list[TextItem]:
    """The texts of a line."""
    return [word for segment in line.segments for word in segment.words if isinstance(word, TextItem)]


def _kind(items: Sequence[TextItem], body: float) -> str:
    if are_fixed(items):
        return "code"
    is_bold = all(BOLD.search(item.font_name or "") for item in items)
    text = " ".join(item.text for item in items)
    size = min(item.height for item in items) / body
    is_heading = size >= LARGER or (is_bold and (size >= LARGE or NUMBERED.match(text)))
    return "heading" if is_heading and len(text) <= MOST_LETTERS else "paragraph"


def _body(page: ParsedPage) -> float:
    """The height of what most of the page is set in."""
    letters: Counter[float] = Counter()
    for item in page.text_items:
        letters[round(item.height, 1)] += len(item.text)
    return max(letters, key=lambda height: letters[height])


def _paragraphs(lines: Sequence[Line]) -> Iterator[list[Line]]:
    group = [lines[0]]
    for line in lines[1:]:
        if line.top - group[-1].top > PARAGRAPH * max(group[-1].height, line.height):
            yield group
            group = []
        group.append(line)
    yield group


def _words(lines: Sequence[Line]) -> str:
    return " ".join(segment.text for line in lines for segment in line.segments)


def _letters(items: Sequence[TextItem]) -> int:
    return sum(len(item.text) for item in items)
