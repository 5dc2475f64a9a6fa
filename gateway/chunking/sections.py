"""A text in sections: no chunk is in two of them.

A section is a heading and the text under it, up to the next heading of any level. So the headings above a chunk are
those above all of it. A heading without text of its own goes with the text that follows, at the end with that before.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from gateway.chunking.measure import Measure
from gateway.chunking.outline import Heading, Outline

NOT_SPACE = re.compile(r"\S")


@dataclass(frozen=True)
class Section:
    """The text from `start` to before `end`. Up to `body` it has only headings."""

    start: int
    end: int
    body: int


@dataclass(frozen=True)
class _Gap:
    """No section runs over it. It is empty where a page ends."""

    start: int
    end: int


def sections(content: str, begin: int, outline: Outline, breaks: Iterable[int] = ()) -> list[Section]:
    """The sections of a text from `begin` on, in order, that have more than white space.

    What is hidden is in none, and none runs over one of `breaks`.
    """
    gaps = [*(_Gap(start, end) for start, end in outline.hidden), *(_Gap(place, place) for place in breaks)]
    found = _Sections(content, begin)
    events: list[Heading | _Gap] = [*outline.headings, *gaps]
    for each in sorted(events, key=lambda event: (event.start, event.end)):
        if each.start < begin:
            continue
        if isinstance(each, Heading):
            found.heading(each)
        else:
            found.gap(each)
    found.gap(_Gap(len(content), len(content)))
    return found.finished()


class _Sections:
    def __init__(self, content: str, begin: int) -> None:
        self._content = content
        self._found: list[Section] = []
        self._start = self._body = begin
        self._level = 0
        # Headings without text before a gap: their words are lost unless text follows, of which they are the path.
        self._waiting: Section | None = None

    def heading(self, heading: Heading) -> None:
        """A heading ends the section before it, unless that has only headings so far."""
        if self._has_text(self._body, heading.start):
            self._end(heading.start)
            self._start = heading.start
        elif heading.level <= self._level:
            self._keep_waiting()
        self._body, self._level = max(self._body, heading.end), heading.level

    def gap(self, gap: _Gap) -> None:
        """A gap ends the section before it."""
        if self._has_text(self._body, gap.start):
            self._end(gap.start)
        elif self._has_text(self._start, gap.start):
            self._keep_waiting()
            self._waiting = Section(self._start, gap.start, gap.start)
        self._start = self._body = max(self._body, gap.end)

    def finished(self) -> list[Section]:
        """All sections."""
        self._keep_waiting()
        return self._found

    def _end(self, end: int) -> None:
        self._waiting = None
        self._found.append(Section(self._start, end, self._body))

    def _keep_waiting(self) -> None:
        if self._waiting and self._found and self._found[-1].end == self._waiting.start:
            self._found[-1] = replace(self._found[-1], end=self._waiting.end)
        elif self._waiting:
            self._found.append(self._waiting)
        self._waiting = None

    def _has_text(self, start: int, end: int) -> bool:
        return NOT_SPACE.search(self._content, start, end) is not None


def together(found: Sequence[Section], measure: Measure, max_tokens: int, max_characters: int) -> list[Section]:
    """Neighbours together, as many as fit: for texts that have more sections than chunks are allowed."""
    merged: list[Section] = []
    for each in found:
        last = merged[-1] if merged else None
        if (
            last
            and last.end == each.start
            and each.end - last.start <= max_characters
            and measure.count(last.start, each.end) <= max_tokens
        ):
            merged[-1] = replace(last, end=each.end)
        else:
            merged.append(each)
    return merged


def heading_paths(
    content: str, headings: Sequence[Heading], spans: Iterable[tuple[int, int]]
) -> Iterator[tuple[str, ...]]:
    """For chunks (ascending), the headings above each, outermost first.

    Headings that a chunk begins with are above its text, so they count. A chunk of several sections is only under the
    headings that are above all of them.
    """
    path: list[Heading] = []
    place = 0
    for start, end in spans:
        reach = start
        while place < len(headings) and not NOT_SPACE.search(content, reach, headings[place].start):
            heading = headings[place]
            path = [*(above for above in path if above.level < heading.level), heading]
            reach, place = max(reach, heading.end), place + 1
        inner = _top_level(content, headings, place, end)
        yield tuple(heading.text for heading in path if heading.text and heading.level < inner)


def _top_level(content: str, headings: Sequence[Heading], place: int, end: int) -> int:
    """The highest level of a heading inside a chunk that has text below it there."""
    top, lowest = 7, 7
    while place < len(headings) and headings[place].start < end:
        heading = headings[place]
        lowest = min(lowest, heading.level)
        if NOT_SPACE.search(content, heading.end, min(end, _start_of(headings, place + 1, end))):
            top = min(top, lowest)
        place += 1
    return top


def _start_of(headings: Sequence[Heading], place: int, otherwise: int) -> int:
    return headings[place].start if place < len(headings) else otherwise
