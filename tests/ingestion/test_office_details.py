"""Details of office files: lists by style, and tables of PDF that the library tears apart."""

from itertools import pairwise

import pytest

from tests.ingestion.office import packed
from tests.ingestion.pdfs import HEIGHT, assembled
from tests.ingestion.reading import read

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STYLES = {
    "ListBullet": '<w:name w:val="List Bullet"/>',
    "ListNumber2": '<w:name w:val="List Number 2"/>',
    "Steps": '<w:name w:val="Steps"/><w:basedOn w:val="ListBullet"/>',
    "Own": '<w:name w:val="Own"/><w:pPr><w:numPr><w:ilvl w:val="1"/><w:numId w:val="3"/></w:numPr></w:pPr>',
    "Normal": '<w:name w:val="Normal"/>',
}


def test_styles_make_lists_in_word() -> None:
    def paragraph(style: str, text: str, inner: str = "") -> str:
        return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{inner}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>'

    out = '<w:numPr><w:numId w:val="0"/></w:numPr>'
    body = "".join(paragraph(style, f"in {style}") for style in STYLES) + paragraph("ListBullet", "out of it", out)
    styles = "".join(f'<w:style w:styleId="{name}">{inner}</w:style>' for name, inner in STYLES.items())
    data = packed(
        {
            "word/document.xml": f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>',
            "word/styles.xml": f'<w:styles xmlns:w="{WORD}">{styles}</w:styles>',
        }
    )
    assert read(data, "a.docx").text == (
        "- in ListBullet\n  - in ListNumber2\n- in Steps\n  - in Own\n\nin Normal\n\nout of it"
    )


def grid(rows: list[list[str]], edges: list[float]) -> bytes:
    """A page with a table as programs draw it: lines at these places from the left, rows of 18 points."""
    top, drawn = HEIGHT - 78, []
    bottom = top - 18 * len(rows)
    drawn += [f"{edges[0]} {top - 18 * n} m {edges[-1]} {top - 18 * n} l S" for n in range(len(rows) + 1)]
    drawn += [f"{edge} {bottom} m {edge} {top} l S" for edge in edges]
    for n, row in enumerate(rows):
        for (left, _), cell in zip(pairwise(edges), row, strict=True):
            drawn.append(f"BT /F1 10 Tf {left + 6} {top - 18 * n - 12} Td ({cell}) Tj ET")
    return assembled([f"0.5 w {' '.join(drawn)}".encode()])


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
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "| --- | --- | --- |")
    assert read(grid(rows, edges), "a.pdf").text.replace("|---|---|---|", "| --- | --- | --- |") == "\n".join(lines)
