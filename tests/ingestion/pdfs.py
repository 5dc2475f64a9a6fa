"""PDFs, written by hand: text of the standard fonts and lines, page by page."""

from collections.abc import Iterator, Sequence

from tests.ingestion.content import Content, Section

WIDTH, HEIGHT, MARGIN = 595, 842, 60
COLUMN = 95


class Page:
    """Draws from the top down."""

    def __init__(self) -> None:
        self.top = HEIGHT - MARGIN
        self._drawn: list[str] = []

    def text(self, line: str, size: int = 11, font: str = "F1", left: float = MARGIN, *, moves: bool = True) -> None:
        """A line of text."""
        shown = (
            line.encode("cp1252").replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)").decode("latin-1")
        )
        if moves:
            self.top -= size * 2
        self._drawn.append(f"BT /{font} {size} Tf {left} {self.top} Td ({shown}) Tj ET")

    def draw(self, instructions: str) -> None:
        """Anything else."""
        self._drawn.append(instructions)

    def paragraph(self, text: str) -> None:
        """Lines of some eighty characters."""
        line = ""
        for word in text.split():
            if len(line) + len(word) > 78:
                self._line(line)
                line = ""
            line = f"{line} {word}".strip()
        self._line(line)
        self.top -= 10

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """A table with lines around its cells."""
        self.top -= 12
        right = MARGIN + COLUMN * len(rows[0])
        for row in rows:
            self._drawn.append(f"{MARGIN} {self.top} m {right} {self.top} l S")
            self.top -= 18
            for column, cell in enumerate(row):
                self._drawn.append(f"BT /F1 9 Tf {MARGIN + COLUMN * column + 4} {self.top + 5} Td ({cell}) Tj ET")
        self._drawn.append(f"{MARGIN} {self.top} m {right} {self.top} l S")
        bottom, top = self.top, self.top + 18 * len(rows)
        for column in range(len(rows[0]) + 1):
            left = MARGIN + COLUMN * column
            self._drawn.append(f"{left} {bottom} m {left} {top} l S")
        self.top -= 14

    def stream(self) -> bytes:
        """The page's instructions."""
        return "\n".join(self._drawn).encode("latin-1")

    def _line(self, line: str) -> None:
        self.top -= 14
        self.text(line, moves=False)


def assembled(pages: Sequence[bytes]) -> bytes:
    """A PDF of these pages' instructions."""
    kids = " ".join(f"{6 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>".encode(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica-Bold/Encoding/WinAnsiEncoding>>",
        b"<</Type/Font/Subtype/Type1/BaseFont/Courier/Encoding/WinAnsiEncoding>>",
    ]
    for number, stream in enumerate(pages):
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {WIDTH} {HEIGHT}]/Contents {7 + 2 * number} 0 R"
            "/Resources<</Font<</F1 3 0 R/F2 4 0 R/F3 5 0 R>>>>>>".encode()
        )
        objects.append(f"<</Length {len(stream)}>>stream\n".encode() + stream + b"\nendstream")
    return b"".join(_file(objects))


def _file(objects: Sequence[bytes]) -> Iterator[bytes]:
    yield b"%PDF-1.4\n"
    place, places = 9, []
    for number, each in enumerate(objects, 1):
        whole = f"{number} 0 obj\n".encode() + each + b"\nendobj\n"
        places.append(place)
        place += len(whole)
        yield whole
    table = "".join(f"{each:010} 00000 n \n" for each in places)
    size = len(objects) + 1
    yield f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer<</Size {size}/Root 1 0 R>>\n".encode()
    yield f"startxref\n{place}\n%%EOF\n".encode()


def pdf(content: Content) -> bytes:
    """A title, and a page for each section."""
    pages = []
    for number, section in enumerate(content.sections):
        page = Page()
        if number == 0:
            page.text(content.title, 26, "F2")
        draw(page, section)
        pages.append(page.stream())
    return assembled(pages)


def draw(page: Page, section: Section) -> None:
    """A section on a page."""
    page.text(section.heading, 18, "F2")
    page.top -= 8
    for paragraph in section.paragraphs:
        page.paragraph(paragraph)
    for item in section.items:
        page.text(f"\u2022 {item}")
    if section.table:
        page.table(section.table)
