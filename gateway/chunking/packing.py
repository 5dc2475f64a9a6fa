"""Fills chunks: each takes as much of the text as has room, and ends at the best place there is.

A place is better the more belongs together on each side of it: whole sections, else whole blocks, items, lines,
sentences, words, and at last any two characters. The best kind of which one fits decides, and as many as fit are taken.
Every step looks at the text of one chunk at most and moves on, so filling takes linear time.
"""

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from unicodedata import category

from gateway.chunking.measure import Measure

NOT_SPACE = re.compile(r"\S")
# A place to cut is where a match ends. None looks back further than one character: each search takes linear time.
# The escapes are wide and curly forms: stops and closing marks of East Asian texts, commas and colons, closing quotes.
SENTENCE = re.compile(
    r"(?<=[.!?\u2026])[\"'\u201d\u2019\u00bb)\]]*+\s++|(?<=[\u3002\uff01\uff1f\uff61\uff0e])[\u201d\u2019\u300d\u300f\uff09]*+"
)
WORD = re.compile(r"\s++|(?<=[\u3001\uff0c\uff1b\uff1a])")
# Marks, joiners and what they join are one character to a reader.
LONGEST_CLUSTER = 32
ZERO_WIDTH_JOINER = "\u200d"


class Packer:
    """Cuts one text."""

    def __init__(
        self, content: str, places: "Sequence[array[int]]", measure: Measure, max_tokens: int, max_characters: int
    ) -> None:
        """Cut `content` before the `places`, from the best kind to the worst, where possible."""
        self._content = content
        self._places = places
        self._measure = measure
        self._max_tokens = max_tokens
        self._max_characters = max_characters
        self._end = len(content.rstrip())

    def pack(self) -> Iterator[tuple[int, int]]:
        """Where each chunk begins and ends: none is empty or begins or ends with space, and only space is between."""
        start = self._skip_space(0)
        while start < self._end:
            end = self._chunk_end(start)
            yield start, end
            start = self._skip_space(end)

    def _skip_space(self, start: int) -> int:
        found = NOT_SPACE.search(self._content, start)
        return found.start() if found else self._end

    def _chunk_end(self, start: int) -> int:
        reach = min(start + self._max_characters, self._measure.reach(start, self._max_tokens), self._end)
        end = self._before(start, reach)
        # A word that is cut can make more tokens than it did as a part of the whole.
        while end > start + 1 and self._measure.count(start, end) > self._max_tokens:
            end = self._before(start, start + (end - start) // 2)
        return end

    def _before(self, start: int, reach: int) -> int:
        """Where a chunk ends that reaches to `reach` at most, without the space at its end."""
        end = reach if reach == self._end else self._best_place(start, max(reach, start + 1))
        return start + len(self._content[start:end].rstrip())

    def _best_place(self, start: int, reach: int) -> int:
        for places in self._places:
            index = bisect_right(places, reach)
            if index and places[index - 1] > start:
                return places[index - 1]
        for pattern in SENTENCE, WORD:
            ends = [match.end() for match in pattern.finditer(self._content, start + 1, reach)]
            if ends:
                return ends[-1]
        for place in range(reach, start + (reach - start) // 2, -1):
            if self._measure.separates(place):
                return place
        return self._between_clusters(start, reach)

    def _between_clusters(self, start: int, reach: int) -> int:
        for place in range(reach, max(start, reach - LONGEST_CLUSTER), -1):
            before, after = self._content[place - 1], self._content[place]
            if ZERO_WIDTH_JOINER not in (before, after) and not category(after).startswith("M"):
                return place
        return reach
