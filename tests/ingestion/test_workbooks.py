"""Workbooks are read about as a program shows them: numbers by their format, and no hidden sheets."""

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import quoteattr

import pytest

from tests.ingestion.office import RELATIONS, SHEETS, packed
from tests.ingestion.reading import read

PACKAGE = "http://schemas.openxmlformats.org/package/2006"
MAIN = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
# 1 December 2025
DAY = 45992


def workbook(
    sheets: Mapping[str, str],
    codes: Sequence[str | int] = (),
    parts: Mapping[str, str] = {},
    merged: str = "",
    **states: str,
) -> bytes:
    """Sheets of these rows, and formats, custom or built in, for `s` of their cells."""
    targets = {f"r{n}": ("worksheet", f"worksheets/sheet{n}.xml") for n in range(len(sheets))}
    targets["styles"] = ("styles", "styles.xml")
    related = "".join(
        f'<Relationship Id="{key}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
        for key, (kind, target) in targets.items()
    )
    listed = "".join(
        f'<sheet name="{name}" sheetId="{n + 1}" state="{states.get(name, "visible")}" r:id="r{n}"/>'
        for n, name in enumerate(sheets)
    )
    own = "".join(f'<numFmt numFmtId="{n + 164}" formatCode={quoteattr(str(code))}/>' for n, code in enumerate(codes))
    uses = "".join(f'<xf numFmtId="{code if isinstance(code, int) else n + 164}"/>' for n, code in enumerate(codes))
    root = f'<Relationship Id="r1" Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/>'
    packed_parts: dict[str, str | bytes] = {
        **parts,
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Override PartName="/xl/workbook.xml"'
        f' ContentType="{MAIN}"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{root}</Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{SHEETS}" xmlns:r="{RELATIONS}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{related}</Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{SHEETS}"><numFmts>{own}</numFmts><cellXfs>{uses}</cellXfs></styleSheet>',
    }
    for number, rows in enumerate(sheets.values()):
        columns, end, data = rows.rpartition("</cols>")
        packed_parts[f"xl/worksheets/sheet{number}.xml"] = (
            f'<worksheet xmlns="{SHEETS}">{columns}{end}<sheetData>{data}</sheetData>{merged}</worksheet>'
        )
    return packed(packed_parts)


def cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_hidden_sheets_are_named_and_not_read(state: str) -> None:
    sheets = {"Plan": f"<row>{cell('A1', 'seen')}</row>", "Old": f"<row>{cell('A1', 'secret')}</row>"}
    found = read(workbook(sheets, Old=state), "a.xlsx")
    assert found.text == "# Plan\n\n| seen |\n| --- |"
    assert found.remark == "Hidden sheets are not read: Old."


def test_hidden_rows_and_columns_are_said_and_not_read() -> None:
    columns = '<cols><col min="2" max="3" hidden="1"/></cols>'
    header = f'<row r="1">{cell("A1", "part")}{cell("B1", "secret")}{cell("D1", "price")}</row>'
    rows = f'<row r="2" hidden="1">{cell("A2", "secret")}</row><row r="3">{cell("A3", "rope")}{cell("D3", "5")}</row>'
    found = read(workbook({"Plan": f"{columns}{header}{rows}"}), "a.xlsx")
    assert found.text == "# Plan\n\n| part | price |\n| --- | --- |\n| rope | 5 |"
    says = ["Hidden rows of sheet Plan are not read: 2.", "Hidden columns of sheet Plan are not read: B."]
    assert found.remark == " ".join(says)


def test_errors_and_formulas_without_a_result_are_read() -> None:
    header = f'<row r="1">{cell("A1", "part")}{cell("B1", "price")}</row>'
    wrong = f'<row r="2">{cell("A2", "rope")}<c r="B2" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>'
    only = '<row r="3"><c r="A3"><f>A2</f></c><c r="B3"><f>SUM(B1:B2)</f><v></v></c></row>'
    found = read(workbook({"Plan": header + wrong + only}), "a.xlsx")
    assert found.text.splitlines()[4:] == ["| rope | #DIV/0! |", "| =A2 | =SUM(B1:B2) |"]
    assert found.remark.startswith("Formulas of sheet Plan have no results.")


def test_comments_and_text_boxes_are_read() -> None:
    related = "".join(
        f'<Relationship Id="r{kind}" Type="{RELATIONS}/{kind}" Target="../{kind}.xml"/>'
        for kind in ("comments", "drawing")
    )
    drawing = "<a:txBody><a:p><a:r><a:t>Prices</a:t></a:r></a:p><a:p><a:r><a:t>of June</a:t></a:r></a:p></a:txBody>"
    parts = {
        "xl/worksheets/_rels/sheet0.xml.rels": f'<Relationships xmlns="{PACKAGE}">{related}</Relationships>',
        "xl/comments.xml": '<comments><comment ref="B2"><r><t>ask </t></r><r><t>Ann</t></r></comment></comments>',
        "xl/drawing.xml": f'<xdr xmlns:a="a">{drawing}</xdr>',
    }
    text = read(workbook({"Plan": f"<row>{cell('A1', 'seen')}</row>"}, parts=parts), "a.xlsx").text
    assert text.split("\n\n")[2:] == ["Comment on B2: ask Ann", "Prices of June"]


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        (0, "0.25", "0.25"),
        (9, "0.25", "25%"),
        (10, "0.285", "28.50%"),
        ("0%", "0.285", "29%"),
        ("0.0#\\ %", "0.07", "7.0 %"),
        ("[Red]-0%;0%", "-0.5", "50%"),
        ('0.0"%"', "12.25", "12.3%"),
        ('#,##0.00\\ "€"', "-1234.5", "-1234.50 €"),
        ("[$CHF-807] 0.00", "5.5", "CHF 5.50"),
        ('_-* #,##0.00_-;-* #,##0.00_-;_-* "-"??_-;_-@_-', "-7.126", "-7.13"),
        ('_-* #,##0.00_-;-* #,##0.00_-;_-* "-"??_-;_-@_-', "0", "-"),
        ("00000", "1234", "01234"),
        ('0.0,,"M"', "12500000", "12.5M"),
        ("0.00", "-0.001", "0.00"),
        # What is left as it is.
        ("General;-General", "7.5", "7.5"),
        ("[>=1000]0,k;0", "1500", "1500"),
        ("0.00E+00", "1234567", "1234567"),
        ("# ?/?", "0.5", "0.5"),
        ("000-00", "12345", "12345"),
        ("0" * 300, "5", "5"),
        ("0%", "1e300", "1e+300"),
        ("0%", "nan", "nan"),
        # Dates and times are written in one form, whatever their order in the sheet.
        (14, str(DAY), "2025-12-01"),
        ("d. mmmm yyyy", str(DAY), "2025-12-01"),
        (22, str(DAY + 0.5), "2025-12-01 12:00:00"),
        (20, "0.5", "12:00:00"),
        ("[h]:mm", "1.5", "36:00:00"),
    ],
)
def test_a_number_is_read_as_its_format_shows_it(code: str | int, value: str, shown: str) -> None:
    rows = f'<row r="1">{cell("A1", "Share")}</row><row r="2"><c r="A2" s="0"><v>{value}</v></c></row>'
    assert read(workbook({"Plan": rows}, [code]), "a.xlsx").text == f"# Plan\n\n| Share |\n| --- |\n| {shown} |"


def test_formats_belong_to_their_cells() -> None:
    """Wherever the table begins, and whether cells say where they are or not."""
    header = f'<row r="3">{cell("B3", "part")}{cell("C3", "share")}{cell("AA3", "grams")}</row>'
    named = f'<row r="5">{cell("B5", "rope")}<c r="C5" s="1"><v>0.5</v></c><c r="AA5" s="2"><v>70</v></c></row>'
    unnamed = '<row><c/><c s="2"><v>3</v></c><c s="1"><v>1</v></c><c s="0"><v>1</v></c></row>'
    other = '<row r="1"><c r="A1" s="2"><v>9</v></c></row>'
    text = read(workbook({"One": header + named + unnamed, "Two": other}, [0, 9, '0" g"']), "a.xlsx").text
    lines = [
        "| part | share |  | grams |",
        "| --- | --- | --- | --- |",
        "| rope | 50% |  | 70 g |",
        "| 3 g | 100% | 1 |  |",
    ]
    assert text == "\n".join(["# One", "", *lines, "", "# Two", "", "| 9 g |", "| --- |"])
