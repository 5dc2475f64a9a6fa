"""Texts and tables of a sheet are told apart, the same in CSV and in workbooks."""

import csv
import io
from collections.abc import Sequence

import pytest

from tests.ingestion.reading import read
from tests.ingestion.test_workbooks import cell, workbook

TOWNS = [["City", "Pop"], ["Oslo", "1"], ["Rome", "2"]]
ANIMALS = [["Animal", "Legs"], ["Cow", "4"], ["Hen", "2"]]
STOCK = [["SKU", "Article", "Stock"], *([f"WX-{n}", f"Rope {n}", str(n)] for n in range(60))]
Rows = Sequence[Sequence[str]]


def of_csv(rows: Rows) -> str:
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    return read(file.getvalue(), "a.csv").text


def of_xlsx(rows: Rows, merged: str = "") -> str:
    lines = "".join(
        f'<row r="{n}">{"".join(cell(f"{chr(65 + m)}{n}", text) for m, text in enumerate(row) if text)}</row>'
        for n, row in enumerate(rows, 1)
        if any(row)
    )
    return read(workbook({"Plan": lines}, merged=merged), "a.xlsx").text.removeprefix("# Plan\n\n")


def table(rows: Rows) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]])


@pytest.mark.parametrize(
    ("rows", "blocks"),
    [
        # Texts above, between and below tables.
        ([["Stock, June"], ["By Ann"], [], *STOCK], ["Stock, June", "By Ann", table(STOCK)]),
        ([["Towns"], *TOWNS, [], ["Source: a"], ["Seen: b"]], ["Towns", table(TOWNS), "Source: a", "Seen: b"]),
        ([*TOWNS, [], ["Animals"], *ANIMALS], [table(TOWNS), "Animals", table(ANIMALS)]),
        # Tables of their own.
        ([*TOWNS, [], [], *ANIMALS], [table(TOWNS), table(ANIMALS)]),
        ([*TOWNS, [], *TOWNS], [table(TOWNS), table(TOWNS)]),
        (
            [*TOWNS, [], ["Port", "Country", "Boats"], ["Faro", "PT", "x"]],
            [table(TOWNS), table([["Port", "Country", "Boats"], ["Faro", "PT", "x"]])],
        ),
        ([*STOCK, [], ["Made by", "Ann"]], [table(STOCK), table([["Made by", "Ann"]])]),
        # One table, with a gap, a group's name, a sum, or one column alone.
        ([*TOWNS, [], ["Bern", "3"], [], ["Sum", "6"]], [table([*TOWNS, ["Bern", "3"], ["Sum", "6"]])]),
        (
            [*TOWNS, [], ["South"], ["Faro", "4"]],
            [table(TOWNS), "South", table([TOWNS[0], ["Faro", "4"]])],
        ),
        ([*TOWNS, [], ["Faro", "few"]], [table([*TOWNS, ["Faro", "few"]])]),
        ([["mail"], ["a"], [], ["b"]], [table([["mail"], ["a"], ["b"]])]),
        # Headers of several rows, as pandas writes them.
        (
            [["", "North", "", "South"], ["", "Q1", "Q2", "Q1"], [], ["a", "1", "2", "3"]],
            [table([["", "North Q1", "North Q2", "South Q1"], ["a", "1", "2", "3"]])],
        ),
        (
            [["", "2025", ""], ["", "low", "high"], ["port", "", ""], ["Faro", "1", "2"]],
            [table([["port", "2025 low", "2025 high"], ["Faro", "1", "2"]])],
        ),
        (
            [["Coast", "Boats", ""], ["", "2025", "2026"], ["North", "110", "220"]],
            [table([["Coast", "Boats 2025", "Boats 2026"], ["North", "110", "220"]])],
        ),
        # No more than a header with a gap.
        (
            [["Name", "", "City"], ["Ann", "Berg", "Oslo"], ["Bo", "Lee", "Rome"]],
            [table([["Name", "", "City"], ["Ann", "Berg", "Oslo"], ["Bo", "Lee", "Rome"]])],
        ),
        # No header at all.
        ([["1", "2"], ["3", "4"]], [table([["column 1", "column 2"], ["1", "2"], ["3", "4"]])]),
    ],
)
def test_texts_and_tables_of_a_sheet(rows: Rows, blocks: Sequence[str]) -> None:
    for text in (of_csv(rows), of_xlsx(rows)):
        assert text.split("\n\n") == blocks


def test_merged_cells_say_what_they_stand_above() -> None:
    rows = [["Tides"], ["", "North", "", ""], ["", "low", "high", "Sum"], ["Faro", "ebb", "flood", "all"]]
    merged = '<mergeCells><mergeCell ref="A1:D1"/><mergeCell ref="B2:C2"/></mergeCells>'
    header = ["", "North low", "North high", "Sum"]
    assert of_xlsx(rows, merged) == f"Tides\n\n{table([header, rows[3]])}"


def test_a_long_sheet_of_many_parts_is_one_table() -> None:
    """However many there are; each is looked at once."""
    rows = [["port", "boats"], *[row for n in range(20_000) for row in ([f"p{n}", str(n)], [])]]
    lines = of_csv(rows).splitlines()
    assert (len(lines), lines[-1]) == (20_002, "| p19999 | 19999 |")
