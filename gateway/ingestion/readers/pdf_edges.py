"""Where columns begin and end, by the lines that show it: there also those lines are cut whose cells nearly touch.

Cells of a table without lines are as far apart as its longest leave room. What begins where cells of lines near by
begin, after a gap, is a cell, and so is a number that ends where they end. The library even writes as one word what
stands in two cells that touch.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from liteparse.types import WordBox

from gateway.ingestion.readers.pdf_columns import Line, Segment, Word

# In points: how far edges at one place may be apart, and the least that is cut off a word.
REACH, LEAST_WIDTH = 1.0, 3.0
# A column is known by so many lines that are no further away than this.
LEAST_LINES, FURTHEST = 2, 3
# A row without a gap has at most so many words more than one with gaps: prose has more.
MORE_WORDS = 2
# In letters: how far from where a word seems to be cut its parts may differ.
LETTERS_OFF = 2.0


class _Edges:
    """Edges of segments that stand at one place, with the lines in which they do."""

    def __init__(self, edges: Sequence[tuple[float, int]]) -> None:
        self._places: list[tuple[float, list[int]]] = []
        for edge, line in sorted(edges):
            if self._places and edge - self._places[-1][0] <= REACH:
                self._places[-1][1].append(line)
            else:
                self._places.append((edge, [line]))
        self._places = [(edge, sorted(lines)) for edge, lines in self._places if len(lines) >= LEAST_LINES]

    def near(self, line: int) -> list[float]:
        """Those that lines near by have."""
        return [edge for edge, lines in self._places if _near(lines, line) >= LEAST_LINES]


def aligned(lines: Sequence[Line]) -> list[Line]:
    """The lines, cut where columns begin and end."""
    gaps = [(segment, number) for number, line in enumerate(lines) for segment in line.segments[1:]]
    if len(gaps) < LEAST_LINES:
        return list(lines)
    begins = _Edges([(segment.left, number) for segment, number in gaps])
    ends = _Edges([(each.right, number) for each, number in gaps if len(each.words) == 1 and _has_figure(each.text)])
    counts = [sum(len(segment.words) for segment in line.segments) for line in lines]
    found = list(lines)
    for number, line in enumerate(lines):
        if len(line.segments) > 1 or _is_short(lines, counts, number):
            found[number] = _cut(line, begins.near(number), ends.near(number))
    return found


def _is_short(lines: Sequence[Line], counts: Sequence[int], number: int) -> bool:
    """Whether a line has hardly more words than those near by that have gaps."""
    near = range(max(number - FURTHEST, 0), min(number + FURTHEST + 1, len(lines)))
    most = max((counts[each] for each in near if len(lines[each].segments) > 1), default=-MORE_WORDS)
    return counts[number] <= most + MORE_WORDS


def _near(lines: Sequence[int], line: int) -> int:
    """How many of ascending lines are near one, without that."""
    inside = bisect_right(lines, line + FURTHEST) - bisect_left(lines, line - FURTHEST)
    return inside - (bisect_right(lines, line) - bisect_left(lines, line))


def _cut(line: Line, begins: Sequence[float], ends: Sequence[float]) -> Line:
    """The line in cells; as it is where a word of it runs over the beginning of a column."""
    if not begins:
        return line
    segments = [[part for word in segment.words for part in _parted(word, begins)] for segment in line.segments]
    if any(
        word.x + REACH < begin < word.x + word.width - REACH for words in segments for word in words for begin in begins
    ):
        return line
    cells: list[Segment] = []
    for words in segments:
        for place, word in enumerate(words):
            is_number = _has_figure(word.text) and _is_at(word.x + word.width, ends)
            if place == 0 or is_number or _is_at(word.x, begins):
                cells.append(Segment([]))
            cells[-1].words.append(word)
    return Line(cells)


def _parted(word: Word, begins: Sequence[float]) -> Iterator[Word]:
    """A word, in parts where columns begin within it and its letters change from small to large or to figures."""
    for begin in begins:
        if word.x + LEAST_WIDTH < begin < word.x + word.width - LEAST_WIDTH:
            guess = (begin - word.x) / word.width * len(word.text)
            changes = [n for n in range(1, len(word.text)) if _kind(word.text[n - 1]) != _kind(word.text[n])]
            place = min(changes, key=lambda n: abs(n - guess), default=0)
            if place and abs(place - guess) <= LETTERS_OFF and _begins_word(word.text, place):
                yield WordBox(word.text[:place], word.x, word.y, begin - REACH / 2 - word.x, word.height)
                word = WordBox(word.text[place:], begin, word.y, word.x + word.width - begin, word.height)
    yield word


def _begins_word(text: str, place: int) -> bool:
    """Whether a cell may begin at a letter: with a capital, or with figures after letters."""
    return text[place].isupper() or (text[place].isdigit() and text[place - 1].isalpha())


def _has_figure(text: str) -> bool:
    return any(map(str.isdigit, text))


def _kind(letter: str) -> str:
    return "figure" if letter.isdigit() else "large" if letter.isupper() else "small" if letter.isalpha() else "other"


def _is_at(edge: float, edges: Sequence[float]) -> bool:
    return any(abs(edge - other) <= REACH for other in edges)
