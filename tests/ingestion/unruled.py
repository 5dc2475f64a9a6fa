"""PDFs with a table between two paragraphs, without lines between its columns: long cells, numbers at the right."""

import random
from collections.abc import Sequence

from tests.ingestion.content import LATIN
from tests.ingestion.pdfs import HEIGHT, MARGIN, WIDTH, assembled

ROOM = WIDTH - 2 * MARGIN
NARROW, WIDE = frozenset("iljtfI.,- "), frozenset("mwMW")
Rows = list[list[str]]


def width(text: str, size: float) -> float:
    """About as wide as it is in Helvetica, rather more."""
    wide = sum(0.26 if each in NARROW else 0.83 if each in WIDE else 0.67 if each.isupper() else 0.556 for each in text)
    return wide * size


def wrapped(text: str, room: float, size: float) -> list[str]:
    """Lines of the text that are no wider than there is room for, if words allow."""
    lines = [""]
    for word in text.split():
        if lines[-1] and width(f"{lines[-1]} {word}", size) > room:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


class Sheet:
    """A page that is written from the top down."""

    def __init__(self) -> None:
        self._top = HEIGHT - 80.0
        self._drawn: list[str] = ["0.5 w"]

    def paragraph(self, text: str) -> None:
        """A paragraph over the whole width."""
        for line in wrapped(text, ROOM, 11):
            self._text(line, MARGIN, 0, 11)
            self._top -= 15
        self._top -= 14

    def row(self, cells: Sequence[str], lefts: Sequence[float], widths: Sequence[float], style: "Style") -> None:
        """A row of a table; with a line below where the style has such."""
        columns = [wrapped(cell, room + 1, style.size) for cell, room in zip(cells, widths, strict=True)]
        for place, lines in enumerate(columns):
            for number, line in enumerate(lines):
                at_right = widths[place] - width(line, style.size) if place in style.numbers else 0
                self._text(line, lefts[place] + at_right, number * style.size * 1.2, style.size)
        self._top -= (max(map(len, columns)) - 1) * style.size * 1.2 + style.size
        if style.is_ruled:
            right = lefts[-1] + widths[-1]
            self._drawn.append(f"{MARGIN} {self._top:.1f} m {right:.1f} {self._top:.1f} l S")
        self._top -= style.space

    def pdf(self) -> bytes:
        """The file."""
        return assembled(["\n".join(self._drawn).encode("latin-1")])

    def _text(self, text: str, left: float, below: float, size: float) -> None:
        self._drawn.append(f"BT /F1 {size} Tf {left:.1f} {self._top - below:.1f} Td ({text}) Tj ET")


class Style:
    """How a table looks, by chance."""

    def __init__(self, chance: random.Random, numbers: set[int]) -> None:
        self.numbers = numbers
        self.is_ruled = chance.random() < 0.5
        self.size = chance.choice([9, 10, 11])
        self.gap = chance.choice([10, 14, 20])
        self.space = chance.choice([6, 9, 14])


def unruled(seed: int) -> tuple[bytes, Rows, list[str]]:
    """A file, its table and the two paragraphs: always the same."""
    chance = random.Random(seed)
    columns = chance.randint(2, 6)
    kinds = [
        "text",
        *(chance.choice(["text", "number", "code", *["long"] * (columns < 5)]) for _ in range(columns - 1)),
    ]
    header = [chance.choice(LATIN).title() for _ in kinds]
    rows = [header, *([_cell(chance, kind) for kind in kinds] for _ in range(chance.randint(3, 10)))]
    style = Style(chance, {place for place, kind in enumerate(kinds) if kind == "number"})
    widths = [max(width(row[place], style.size) for row in rows) for place in range(columns)]
    while sum(widths) + style.gap * columns > ROOM:
        widths[widths.index(max(widths))] -= 10
    lefts = [MARGIN + sum(widths[:place]) + style.gap * place for place in range(columns)]
    paragraphs = [f"{_words(chance, 26)}.", f"{_words(chance, 30)}."]
    sheet = Sheet()
    sheet.paragraph(paragraphs[0])
    for row in rows:
        sheet.row(row, lefts, widths, style)
    sheet.paragraph(paragraphs[1])
    return sheet.pdf(), rows, paragraphs


def _cell(chance: random.Random, kind: str) -> str:
    if kind == "number":
        return f"{chance.randint(1, 9999)}.{chance.randint(0, 99):02}"
    if kind == "code":
        return f"{chance.choice('ABCDE')}{chance.randint(100, 999)}"
    return _words(chance, chance.randint(4, 12) if kind == "long" else chance.randint(1, 3))


def _words(chance: random.Random, count: int) -> str:
    return " ".join(chance.choice(LATIN) for _ in range(count))
