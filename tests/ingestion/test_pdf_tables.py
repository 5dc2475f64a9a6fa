"""Tables of PDF keep their rows and columns: those that the library tears apart, and those without lines."""

import re
from itertools import pairwise

import pytest

from tests.ingestion.pdfs import HEIGHT, Page, assembled
from tests.ingestion.reading import read
from tests.ingestion.unruled import Rows, Sheet, Style, unruled

TABLES = 50
# Of the cells of tables without lines between their columns, so many are in their row and column.
LEAST = 0.85


def grid(rows: list[list[str]], edges: list[float]) -> bytes:
    """A file with a table on its one page."""
    return assembled([drawn_grid(rows, edges)])


def drawn_grid(rows: list[list[str]], edges: list[float], foot: str = "") -> bytes:
    """A page with a table as programs draw it: lines at these places from the left, rows of 18 points."""
    top, drawn = HEIGHT - 78, []
    bottom = top - 18 * len(rows)
    drawn += [f"{edges[0]} {top - 18 * n} m {edges[-1]} {top - 18 * n} l S" for n in range(len(rows) + 1)]
    drawn += [f"{edge} {bottom} m {edge} {top} l S" for edge in edges]
    for n, row in enumerate(rows):
        for (left, _), cell in zip(pairwise(edges), row, strict=True):
            drawn.append(f"BT /F1 10 Tf {left + 6} {top - 18 * n - 12} Td ({cell}) Tj ET")
    if foot:
        drawn.append(f"BT /F1 9 Tf 280 40 Td ({foot}) Tj ET")
    return f"0.5 w {' '.join(drawn)}".encode()


PARTS = [["Part", "Supplier", "Price"], *([f"Bolt M{n}", f"Harwich Steel {n}", f"{n}.20 EUR"] for n in range(1, 6))]
CODES = [
    ["Code", "Meaning", "Remedy"],
    ["E00", "sensor open", "replace harness"],
    ["E01", "low oil", "fill up"],
    ["E02", "overheated motor", "wait for an hour"],
    ["E03", "drum jammed", "free the rope"],
]


@pytest.mark.parametrize(
    ("rows", "edges"), [(PARTS, [206.0, 251.9, 333.9, 389.3]), (CODES, [192.9, 228.8, 319.2, 402.3])]
)
def test_tables_of_pdf_keep_their_columns(rows: list[list[str]], edges: list[float]) -> None:
    text = read(grid(rows, edges), "a.pdf").text
    assert text.replace("|---|---|---|", "| --- | --- | --- |") == as_markdown(rows)


STOCK = [["Part", "Supplier", "Price"], *([f"Bolt M{n}", f"Steel {n}", f"{n}.20 EUR"] for n in range(1, 9))]
EDGES = [100.0, 200.0, 330.0, 420.0]


@pytest.mark.parametrize(
    ("second", "edges", "header"),
    [
        (STOCK[5:], EDGES, STOCK[0]),
        (STOCK, EDGES, STOCK[0]),
        # Other tables: of other columns, or with a header of their own.
        (STOCK[5:], [100.0, 160.0, 250.0, 420.0], STOCK[5]),
        ([["Code", "Meaning", "Limit"], ["E1", "oil 1", "3"]], EDGES, ["Code", "Meaning", "Limit"]),
    ],
)
def test_a_table_that_goes_on_keeps_its_header(second: Rows, edges: list[float], header: list[str]) -> None:
    found = read(assembled([drawn_grid(STOCK[:5], EDGES, "Page 1"), drawn_grid(second, edges, "Page 2")]), "a.pdf")
    first, _, *rows = found.text[found.page_starts[1] :].splitlines()
    assert first == f"| {' | '.join(header)} |"
    assert rows[: len(second)][-1 if header not in second else -2] == f"| {' | '.join(second[-1])} |"


def as_markdown(rows: Rows) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]])


def cells_found(text: str, rows: Rows) -> int:
    """How many cells stand in the row and column that they belong to."""
    lines = [[cell.strip() for cell in line.strip("| ").split("|")] for line in text.splitlines() if line[:1] == "|"]
    same = [line for line in lines if len(line) == len(rows[0])]
    return sum(max((sum(map(str.__eq__, row, line)) for line in same), default=0) for row in rows)


def test_tables_without_lines_between_columns_keep_their_cells() -> None:
    found = cells = 0
    for seed in range(TABLES):
        data, rows, paragraphs = unruled(seed)
        text = read(data, "a.pdf").text
        words = [word for part in (*paragraphs, *(cell for row in rows for cell in row)) for word in part.split()]
        assert sorted(re.sub(r"[#|~]|---", " ", text).split()) == sorted(words), seed
        found, cells = found + cells_found(text, rows), cells + sum(map(len, rows))
    print(f"{found} of {cells} cells")
    assert found >= LEAST * cells


def test_what_stands_around_a_table_stays_there() -> None:
    rows = [["Port", "Depth", "Remark"], ["Skagen", "11.5", "fuel"], ["Faro", "7.0", ""], ["Cork", "8.25", "pilot"]]
    style = Style.__new__(Style)
    style.numbers, style.is_ruled, style.size, style.gap, style.space = {1}, False, 10, 20, 8
    sheet = Sheet()
    sheet.paragraph("The depths of three ports, as the pilots gave them in June.")
    for row in rows:
        sheet.row(row, [60, 160, 260], [60, 40, 60], style)
    sheet.paragraph("All of them are in metres.")
    assert read(sheet.pdf(), "a.pdf").text == (
        "The depths of three ports, as the pilots gave them in June.\n\n"
        f"{as_markdown(rows)}\n\nAll of them are in metres."
    )


@pytest.mark.parametrize("moved", [0, 3, 9])
def test_a_table_beside_text_is_read_alone(moved: float) -> None:
    _, _, (prose, *_) = unruled(1)
    words = prose.split() * 4
    lines = [" ".join(words[start : start + 5]) for start in range(0, 70, 5)]
    drawn = "".join(
        f" BT /F1 10 Tf 60 {HEIGHT - 90 - moved - 18 * n} Td ({line}) Tj ET" for n, line in enumerate(lines)
    )
    title = f" BT /F2 18 Tf 60 {HEIGHT - 60} Td (Parts that are in store, and what is known of each) Tj ET"
    edges = [330.0, 400.0, 480.0, 540.0]
    text = read(assembled([drawn_grid(STOCK[:5], edges) + (drawn + title).encode()]), "a.pdf").text
    heading, prose_read, table = text.split("\n\n")
    assert (heading, prose_read) == ("# Parts that are in store, and what is known of each", " ".join(lines))
    assert table.replace("|---|---|---|", "| --- | --- | --- |") == as_markdown(STOCK[:5])


def test_prose_in_columns_and_lists_are_no_tables() -> None:
    _, _, prose = unruled(1)
    page = Page()
    for text in prose * 4:
        words = text.split()
        for start in range(0, len(words) - 6, 7):
            line = " ".join(words[start : start + 7])
            page.text(line, 9, left=50)
            page.text(line, 9, left=310, moves=False)
    assert "|" not in read(assembled([page.stream()]), "a.pdf").text
    page = Page()
    for number, text in enumerate(("Pull the lines tight.", "Stow the fenders.", "Close the sea cocks."), 1):
        page.text(f"{number}.", left=60)
        page.text(text, left=90, moves=False)
    assert "|" not in read(assembled([page.stream()]), "a.pdf").text


CAPITALS = [
    *(["City", "Country", "People"], ["Oslo", "Norway", "709,037"], ["Rome", "Italy", "2,748,109"]),
    *(["Bern", "Switzerland", "134,794"], ["Madrid", "Spain", "3,332,035"], ["Paris", "France", "2,102,650"]),
    ["Lisbon", "Portugal", "545,796"],
]


def below_each_other(page: Page, rows: Rows, lefts: list[float], step: int = 15) -> None:
    """Rows of cells, the first of them bold."""
    for number, row in enumerate(rows):
        page.top -= step
        for left, cell in zip(lefts, row, strict=True):
            page.text(cell, 11, "F1" if number else "F2", left, moves=False)


@pytest.mark.parametrize("lefts", [[60, 95.5, 154.2], [60, 97, 157], [60, 99, 164]])
def test_cells_that_nearly_touch_stay_apart(lefts: list[float]) -> None:
    """Those of the longest words, which the library writes as one word."""
    page = Page()
    page.text("Towns", 20, "F2")
    below_each_other(page, CAPITALS, lefts)
    page.top -= 20
    page.paragraph("Counting was done by hand, which took a whole year.")
    _, table, last = read(assembled([page.stream()]), "a.pdf").text.split("\n\n")
    assert (table, last) == (as_markdown(CAPITALS), "Counting was done by hand, which took a whole year.")


def test_the_last_row_of_a_striped_table_stays_in_it() -> None:
    page = Page()
    page.paragraph("The capitals of some countries, and the people in them.")
    top, lefts = page.top, [60.0, 180.0, 360.0]
    for number in range(len(CAPITALS)):
        edges = pairwise([*lefts, 520.0]) if number == 0 else [(60.0, 520.0)] * (number % 2)
        for left, right in edges:
            page.draw(f"0.9 g {left} {top - 26 * number - 26} {right - left} 26 re f 0 g")
    page.top = top + 10
    below_each_other(page, CAPITALS, [left + 6 for left in lefts], 26)
    _, table = read(assembled([page.stream()]), "a.pdf").text.split("\n\n")
    assert table.replace("|---|---|---|", "| --- | --- | --- |") == as_markdown(CAPITALS)
