"""What a PDF sets in frames, in fonts of code, or with words below words by chance is text and no table."""

from collections.abc import Sequence

from liteparse.types import AnnotationRect, LayoutBlock, LayoutCell, ParsedPage, TextItem, WordBox

from gateway.ingestion.readers.pdf_tables import mended
from tests.ingestion.pdfs import Page, assembled
from tests.ingestion.reading import read
from tests.ingestion.test_pdf_tables import as_markdown

CODE = ["apt update", "apt install heron", "  heron --version"]
STATE = ["systemctl start heron", "systemctl status heron"]
BETWEEN = "Then start the server on the second machine."


def framed(page: Page, lines: Sequence[str], font: str = "F3", size: int = 8) -> None:
    """Lines with a frame around them, as programs draw it."""
    page.top -= 10
    top = page.top
    for line in lines:
        page.text(line, size, font, 100)
    page.top -= 8
    page.draw(f"0.5 w 78 {page.top} 440 {top - page.top} re S")


def fenced(lines: Sequence[str]) -> str:
    return "\n".join(["```", *lines, "```"])


def test_frames_are_no_tables() -> None:
    """What stands in them is code or text; what stands between them is text."""
    page = Page()
    page.text("Install", 18, "F2")
    framed(page, CODE)
    page.text(BETWEEN, 10, left=78)
    framed(page, STATE)
    page.text("It is ready when the lamp is green.", 10, left=78)
    framed(page, ["Never open the valve", "while the pump runs."], "F1", 10)
    text = read(assembled([page.stream()]), "a.pdf").text
    assert text.split("\n\n") == [
        "# Install",
        fenced(CODE),
        BETWEEN,
        fenced(STATE),
        "It is ready when the lamp is green.",
        "Never open the valve while the pump runs.",
    ]


HEADING = "2.6.3 Incompatibility with old configuration"
PROSE = [
    "If a desktop program experienced instability after a significant upgrade, you should suspect interference with",
    "old local configuration files created by it. If it is stable under a newly created account, this is confirmed.",
    "To recover stability, you should move the files and restart. You may need to read old configuration later.",
]


def test_prose_below_a_numbered_heading_is_no_table() -> None:
    """The library takes the number for a first column, and cuts each line below it after a few words."""
    lines = [HEADING, *PROSE]
    items = [item_of(line, 100.0 + 12 * n, "Sans-Bold" if line == HEADING else "Sans") for n, line in enumerate(lines)]
    cells = [[line[:5], line[5:]] if line == HEADING else line.split(" ", 1) for line in lines]
    boxes = [AnnotationRect(50, item.y, 0, item.height) for item in items]
    header, *rows = [[LayoutCell(cell.strip(), box) for cell in row] for row, box in zip(cells, boxes, strict=True)]
    block = LayoutBlock("table", header=header, rows=rows, bbox=AnnotationRect(50, 100, 500, 60))
    markdown = "| a | b |\n|---|---|\n" + "\n".join(f"| {one} | {other} |" for one, other in cells[1:])
    page = ParsedPage(1, 595, 842, "", markdown, text_items=items, blocks=[block])
    assert [part.text for part in mended(page)] == [f"# {HEADING}", " ".join(PROSE)]


def item_of(line: str, top: float, font: str) -> TextItem:
    """A line of words with the usual spaces between them, each letter 5 points wide."""
    words, left = [], 50.0
    for word in line.split():
        words.append(WordBox(word, left, top, 5.0 * len(word), 9.0))
        left += 5.0 * len(word) + 3
    return TextItem(line, 50.0, top, left - 53, 9.0, font_name=font, words=words)


def test_tables_are_mended_beside_lists_and_code() -> None:
    rows = [["Port", "Depth", "Remark"], ["Skagen", "11.5", "fuel"], ["Faro", "7.0", ""], ["Cork", "8.25", "pilot"]]
    page = Page()
    page.paragraph("The depths of three ports, as the pilots gave them in June.")
    for row in rows:
        for column, cell in enumerate(row):
            page.text(cell, 10, left=60 + 100 * column, moves=not column)
    page.top -= 20
    for number in range(3):
        page.text(f"\u2022 rope {number}")
    for line in ("def a():", "", "return 1"):
        page.text(line, 8, "F3", 100)
    _, table, items, code = read(assembled([page.stream()]), "a.pdf").text.split("\n\n", 3)
    assert table == as_markdown(rows)
    assert items == "- rope 0\n- rope 1\n- rope 2"
    assert code.startswith("```") and code.endswith("return 1\n```")


def test_code_with_gaps_is_no_table() -> None:
    jobs = ["# run   at     05:00  daily", "5   0   *  *  *  /bin/daily", "15  14  1  *  *  /bin/monthly"]
    page = Page()
    page.paragraph("These jobs run on the server. " * 12)
    page.text(jobs[0], 9, "F3", 100)
    for line in jobs[1:]:
        page.top += 6
        page.text(line, 9, "F3", 100)
    code = read(assembled([page.stream()]), "a.pdf").text.partition("\n\n")[2]
    assert code == fenced(jobs)
