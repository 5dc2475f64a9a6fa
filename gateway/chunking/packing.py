"""Fills chunks: each takes as much of a section as has room, and ends at the best place there is.

A place is better the more belongs together on each side of it: whole blocks, else items, lines, sentences, words, and
at last any two characters. The best kind of which one fits decides, and as many as fit are taken. Only where that would
leave two thirds of a chunk empty, as a short paragraph before a long list would, the list or table is cut as well.
Every step looks at the text of one chunk at most and moves on, so filling takes linear time.
"""

import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from unicodedata import category

from gateway.chunking.measure import Measure
from gateway.chunking.sections import NOT_SPACE, Section

# A place to cut is where a match ends. None looks back further than one character: each search takes linear time.
# The escapes are wide and curly forms: stops and closing marks of East Asian texts, commas and colons, closing quotes.
SENTENCE = re.compile(
    r"(?<=[.!?\u2026])[\"'\u201d\u2019\u00bb)\]]*+\s++|(?<=[\u3002\uff01\uff1f\uff61\uff0e])[\u201d\u2019\u300d\u300f\uff09]*+"
)
WORD = re.compile(r"\s++|(?<=[\u3001\uff0c\uff1b\uff1a])")
# Of the kinds of places, those from whole blocks to items and rows.
ITEMS = 3
# Marks, joiners and what they join are one character to a reader.
LONGEST_CLUSTER = 32
ZERO_WIDTH_JOINER = "\u200d"


class Packer:
    """Cuts one text."""

    def __init__(
        self,
        content: str,
        places: "Sequence[array[int]]",
        measure: Measure,
        room: Callable[[int], int],
        max_characters: int,
    ) -> None:
        """Cut `content` before the `places`, from the best kind to the worst, where possible.

        A chunk that begins at a place has at most `room` of it tokens.
        """
        self._content = content
        self._places = places
        self._measure = measure
        self._room = room
        self._max_characters = max_characters

    def pack(self, section: Section) -> Iterator[tuple[int, int]]:
        """Where each chunk begins and ends: none is empty or begins or ends with space, and only space is between.

        None has only headings, unless these fill it.
        """
        start = self._skip_space(section.start, section.end)
        last = start + len(self._content[start : section.end].rstrip())
        while start < last:
            end = self._chunk_end(start, last, section.body)
            yield start, end
            start = self._skip_space(end, last)

    def _skip_space(self, start: int, end: int) -> int:
        found = NOT_SPACE.search(self._content, start, end)
        return found.start() if found else end

    def _chunk_end(self, start: int, last: int, body: int) -> int:
        room = self._room(start)
        reach = min(start + self._max_characters, self._measure.reach(start, room), last)
        end = self._before(start, reach, last, body)
        # A word that is cut can make more tokens than it did as a part of the whole.
        while end > start + 1 and self._measure.count(start, end) > room:
            end = self._before(start, start + (end - start) // 2, last, body)
        return end

    def _before(self, start: int, reach: int, last: int, body: int) -> int:
        """Where a chunk ends that reaches to `reach` at most, without the space at its end."""
        least = body if start < body < reach else start
        end = reach if reach == last else self._best_place(start, least, max(reach, start + 1))
        return start + len(self._content[start:end].rstrip())

    def _best_place(self, start: int, least: int, reach: int) -> int:
        """The best place after `least`."""
        third = max(least, start + (reach - start) // 3)
        for places, after in [
            *((kind, third) for kind in self._places[:ITEMS]),
            *((kind, least) for kind in self._places),
        ]:
            index = bisect_right(places, reach)
            if index and places[index - 1] > after:
                return places[index - 1]
        for pattern in SENTENCE, WORD:
            ends = [match.end() for match in pattern.finditer(self._content, least + 1, reach)]
            if ends:
                return ends[-1]
        for place in range(reach, least + (reach - least) // 2, -1):
            if self._measure.separates(place):
                return place
        return self._between_clusters(start, reach)

    def _between_clusters(self, start: int, reach: int) -> int:
        for place in range(reach, max(start, reach - LONGEST_CLUSTER), -1):
            before, after = self._content[place - 1], self._content[place]
            if ZERO_WIDTH_JOINER not in (before, after) and not category(after).startswith("M"):
                return place
        return reach
