"""What good files say: sections with words and tables that are known, so that what is missing can be counted."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field


def _words(text: str) -> list[str]:
    return text.split()


LATIN = _words(
    "anchor bollard capstan davit ebb fairlead gunwale halyard inlet jetty keel lanyard mizzen neap oarlock"
    " painter quay rudder shackle thwart upwind vang windlass yardarm berth chandler dredger estuary flotsam"
    " groyne hawser ironbound jolly kedge lighter mooring navvy outhaul pontoon reef sextant tiller undertow"
    " vessel wharf"
)
ACCENTED = _words("café naïve Zürich fjörd señal garçon Übung crème jalapeño façade smörgås élan")
GREEK = _words("λιμάνι καράβι θάλασσα άγκυρα φάρος κύμα άνεμος ναύτης")
CYRILLIC = _words("гавань корабль море якорь маяк волна ветер матрос")


@dataclass
class Section:
    """A heading, paragraphs, items of a list, and a table with its header."""

    heading: str
    paragraphs: list[str]
    items: list[str] = field(default_factory=list)
    table: list[list[str]] = field(default_factory=list)


@dataclass
class Content:
    """A title and sections."""

    title: str
    sections: list[Section]

    def words(self) -> list[str]:
        """Every word that is to be found."""
        parts = [self.title]
        for section in self.sections:
            parts += [section.heading, *section.paragraphs, *section.items, *(c for row in section.table for c in row)]
        return [word for part in parts for word in part.split()]

    def rows(self) -> list[list[str]]:
        """Every row of every table."""
        return [row for section in self.sections for row in section.table]

    def headings(self) -> list[str]:
        """Every heading of a section."""
        return [section.heading for section in self.sections]


def make(seed: int, words: Sequence[str] = LATIN, *, sections: int = 3, lists: bool = True) -> Content:
    """Content of a seed: always the same."""
    chance = random.Random(seed)

    def text(least: int, most: int) -> str:
        return " ".join(chance.choice(words) for _ in range(chance.randint(least, most)))

    def table() -> list[list[str]]:
        columns, rows = chance.randint(2, 5), chance.randint(2, 6)
        header = [f"{chance.choice(words)}{n}" for n in range(columns)]
        return [header, *([f"{chance.choice(words)}-{seed}-{r}{c}" for c in range(columns)] for r in range(rows))]

    return Content(
        f"{text(2, 3)} title{seed}",
        [
            Section(
                f"{text(2, 3)} section{n}",
                [text(8, 40) + "." for _ in range(chance.randint(1, 3))],
                [text(2, 5) for _ in range(chance.randint(2, 4))] if lists and n % 2 else [],
                table() if n % 2 == 0 else [],
            )
            for n in range(sections)
        ],
    )
