"""What only all pages of a PDF tell: levels of headings, and what runs along the edges of pages.

The library judges each page by itself, so that headings of one size have several levels, and small ones higher levels
than large ones.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from gateway.ingestion.readers.pdf_pages import Part

# Sizes of headings of one level differ less, by their letters.
SAME_SIZE = 1.08
MARK = re.compile(r"#+ ")
# As shares of a page: where headers end and footers begin; and how precise their place is.
HEADER, FOOTER, PLACES = 0.12, 0.88, 100
MOST_LETTERS = 200
# Running is what stands on so many pages, as a share of all; a heading on more than two.
MOSTLY, LEAST_PAGES, LEAST_HEADINGS = 0.4, 2, 3
NUMBER = re.compile(r"\d+")
Pages = Mapping[int, Sequence[Part]]


def levelled(pages: Pages) -> dict[int, list[Part]]:
    """The pages with headings whose levels follow their sizes, the largest first."""
    levels = _levels(Counter(part.height for parts in pages.values() for part in parts if part.height))
    return {
        number: [
            replace(part, text=MARK.sub("#" * min(levels[part.height], 6) + " ", part.text, count=1))
            if part.kind == "heading" and part.height
            else part
            for part in parts
        ]
        for number, parts in pages.items()
    }


def _levels(sizes: Counter[float]) -> dict[float, int]:
    """The level of each size. Rare sizes belong to a frequent one that is hardly another."""
    frequent: list[float] = []
    nearest: dict[float, float] = {}
    for size, _ in sizes.most_common():
        same = [each for each in frequent if max(each, size) < SAME_SIZE * min(each, size)]
        nearest[size] = min(same, key=lambda each: abs(each - size), default=size)
        frequent += [] if same else [size]
    frequent.sort(reverse=True)
    return {size: frequent.index(each) + 1 for size, each in nearest.items()}


def without_running(pages: Pages) -> dict[int, list[Part]]:
    """The pages without headers and footers that a page before has, and without page numbers alone."""
    found: dict[tuple[str, str, int], list[tuple[int, Part]]] = defaultdict(list)
    for number, parts in pages.items():
        for part in parts:
            if (0 <= part.place < HEADER or part.place > FOOTER) and len(part.text) <= MOST_LETTERS:
                key = part.kind, NUMBER.sub("0", part.text), round(part.place * PLACES)
                found[key].append((number, part))
    gone: dict[int, list[Part]] = defaultdict(list)
    for (kind, text, _), places in found.items():
        if _is_running(kind, places, len(pages)):
            for number, part in places[any(map(str.isalpha, text)) :]:
                gone[number].append(part)
    return {number: _without(parts, gone.get(number, ())) for number, parts in pages.items()}


def _is_running(kind: str, places: Sequence[tuple[int, Part]], pages: int) -> bool:
    """Whether a part is on most pages, the same but for the page's number."""
    if kind == "table" or len(places) < max(LEAST_PAGES, MOSTLY * pages):
        return False
    if kind == "heading":
        return len(places) >= LEAST_HEADINGS and len({part.text for _, part in places}) == 1
    numbers = [[int(each) for each in NUMBER.findall(part.text)] for _, part in places]
    return all(_runs(one, [page for page, _ in places]) for one in zip(*numbers, strict=True))


def _runs(numbers: Sequence[int], pages: Sequence[int]) -> bool:
    """Whether a number is the same on all pages, or counts them."""
    return len(set(numbers)) == 1 or len({number - page for number, page in zip(numbers, pages, strict=True)}) == 1


def _without(parts: Iterable[Part], gone: Sequence[Part]) -> list[Part]:
    return [part for part in parts if not any(part is each for each in gone)]
