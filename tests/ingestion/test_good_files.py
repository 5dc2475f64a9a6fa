"""What is in a good file is in its text: words, table cells with their rows, headings and pages."""

import re

import pytest

from gateway.ingestion.errors import UnreadableError
from gateway.ingestion.extraction import Extraction, one_line
from gateway.ingestion.limits import Limits
from gateway.ingestion.process import read_file
from gateway.ingestion.readers.html import SHORTEST_PIECE
from tests.ingestion.content import make
from tests.ingestion.good_files import GoodFile, good_files
from tests.ingestion.reading import read
from tests.ingestion.texts import html

pytestmark = pytest.mark.anyio
FILES = list(good_files())
FORMATS = sorted({file.name.rpartition(".")[2] for file in FILES})
LEAST_WORDS, LEAST_CELLS = 0.98, 0.95
# A slow machine is no reason to refuse a file here.
PATIENT = Limits(seconds=300)


def missing_words(file: GoodFile, text: str) -> list[str]:
    """Words that the text lacks."""
    found = set(re.findall(r"[^\s|#*`_\\]+", text))
    return [word for word in file.words if word not in found and word not in text]


def missing_rows(file: GoodFile, text: str) -> list[list[str]]:
    """Rows that are in no table of the text with the same cells in the same order."""
    lines = {tuple(cell.strip() for cell in line.strip("| ").split("|")) for line in text.splitlines() if "|" in line}
    return [row for row in file.rows if not any(line[: len(row)] == tuple(row) for line in lines)]


def test_there_are_enough() -> None:
    assert len(FILES) >= 100 and len(FORMATS) == 13


@pytest.mark.parametrize("kind", FORMATS)
async def test_words_and_tables_survive(kind: str) -> None:
    files = [file for file in FILES if file.name.endswith(f".{kind}")]
    words = cells = no_words = no_cells = 0
    for file in files:
        read = await read_file(file.data, file.name, None, PATIENT)
        lost, broken = missing_words(file, read.text), missing_rows(file, read.text)
        words, cells = words + len(file.words), cells + sum(len(row) for row in file.rows)
        no_words, no_cells = no_words + len(lost), no_cells + sum(len(row) for row in broken)
        assert "deletedword" not in read.text, file.name
        check_headings(file, read)
        check_pages(file, read)
    print(f"{kind}: {words - no_words} of {words} words, {cells - no_cells} of {cells} cells")
    assert words - no_words >= LEAST_WORDS * words
    assert cells - no_cells >= LEAST_CELLS * cells


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("name;town\nJosé;Århus\nMüller;Köln\n", "latin-1"),
        ("prénom;âge\nZoë;élève\n", "cp1252"),
        ("słowo;łódź\nświt;żaba\n", "cp1250"),
        ("имя;город\nИван;Москва\nПётр;Казань\n", "cp1251"),  # noqa: RUF001
        ("name;town\nJosé;Århus\n", "utf-16-le"),
        ("name;town\nJosé;Århus\n", "utf-16-be"),
        ("name;town\nJosé;Århus\n", "utf-16"),
    ],
)
def test_a_short_table_is_read_in_its_encoding(text: str, encoding: str) -> None:
    first, *_, last = read(text.encode(encoding), "a.csv").text.splitlines()
    lines = text.splitlines()
    assert [first, last] == [f"| {line.replace(';', ' | ')} |" for line in (lines[0], lines[-1])]


def test_a_table_that_names_its_delimiter_is_read_by_it() -> None:
    assert (
        read("sep=;\nport;depth, m\nSkagen;7,5\n", "a.csv").text
        == "| port | depth, m |\n| --- | --- |\n| Skagen | 7,5 |"
    )


async def test_mails_in_a_mail_are_read_and_other_attachments_named() -> None:
    inner = "Subject: Ebb\r\n\r\nThe ebb runs long."
    parts = ["Content-Type: text/plain\r\n\r\nSee below.", f"Content-Type: message/rfc822\r\n\r\n{inner}"]
    parts.append("Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=chart.pdf\r\n\r\nx")
    body = "".join(f"--x\r\n{part}\r\n" for part in parts)
    mail = f"Subject: Tides\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n{body}--x--\r\n"
    found = await read_file(mail.encode(), "a.eml", None, PATIENT)
    assert found.text.split("\n\n") == [
        "# Tides",
        "See below.",
        "Attachments, which are not read: chart.pdf",
        "## Ebb",
        "The ebb runs long.",
    ]
    assert (found.total, str(found.unit)) == (2, "messages")


PICTURE = "Content-Type: image/png\r\nContent-Disposition: inline; filename=map.png\r\n\r\nx"
BUOYS = "Content-Type: text/plain; name=buoys.txt\r\nContent-Disposition: inline; filename=buoys.txt\r\n\r\nRed."


def part(kind: str, text: str) -> str:
    return f"Content-Type: {kind}\r\n\r\n{text}"


def several(kind: str, *parts: str) -> str:
    """A part that consists of parts."""
    inside = "".join(f"--{kind}\r\n{each}\r\n" for each in parts)
    return f"Content-Type: multipart/{kind}; boundary={kind}\r\n\r\n{inside}--{kind}--\r\n"


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        (
            several("mixed", part("text/plain", "One."), PICTURE, part("text/plain", "Two.")),
            ["One.", "Two.", "Attachments, which are not read: map.png"],
        ),
        (
            several("mixed", part("text/html", "<p>One."), part("application/pdf", "x"), part("text/html", "<p>Two.")),
            ["One.", "Two.", "Attachments, which are not read: a part without a name (application/pdf)"],
        ),
        (
            several("mixed", several("alternative", part("text/plain", "One."), part("text/html", "<p>One.")), BUOYS),
            ["One.", "buoys.txt:", "Red."],
        ),
        (several("alternative", part("text/plain", " "), part("text/html", "<p>One.")), ["One."]),
        (
            several("alternative", part("text/plain", "Come."), part("text/calendar", "DTSTART:20261128")),
            ["Come.", "DTSTART:20261128"],
        ),
        (
            several(
                "report",
                part("text/plain", "It failed."),
                part("message/delivery-status", "Reporting-MTA: dns; a\r\n\r\nStatus: 5.1.1\r\n"),
            ),
            ["It failed.", "Reporting-MTA: dns; a", "Status: 5.1.1"],
        ),
    ],
)
def test_every_text_of_a_mail_is_read_in_order(body: str, texts: list[str]) -> None:
    assert read(f"Subject: Tides\r\n{body}", "a.eml").text.split("\n\n")[1:] == texts


def test_a_page_in_pieces_is_read_as_one() -> None:
    page = html(make(3, sections=60)).encode()
    pages = page * (-(-SHORTEST_PIECE * 3 // len(page)))
    whole = one_line(read(pages, "a.html").text)
    assert whole.count(one_line(read(page, "a.html").text)) == len(pages) // len(page)


def test_a_comment_that_never_ends_hides_the_rest_soon() -> None:
    assert read("<p>Seen.<p>" + "<!--" * 200_000 + "hidden", "a.html").text == "Seen."


def check_headings(file: GoodFile, read: Extraction) -> None:
    """Every heading of a section is one in the Markdown."""
    lines = {line.lstrip("# ") for line in read.text.splitlines() if line.startswith("#")}
    assert [heading for heading in file.headings if heading not in lines] == [], file.name


def check_pages(file: GoodFile, read: Extraction) -> None:
    """Each page begins at what stands on it first."""
    assert len(read.page_starts) == file.pages, file.name
    for start, heading in zip(
        read.page_starts[-len(file.headings) :] if file.pages else (), file.headings, strict=False
    ):
        assert heading in read.text[start : start + 400], file.name
    assert all(start == 0 or read.text[start - 1] == "\n" for start in read.page_starts)


@pytest.mark.parametrize("kind", FORMATS)
async def test_the_content_decides_where_it_can(kind: str) -> None:
    """With another name and another type, a file is read the same, or refused for what its name says."""
    file = next(file for file in FILES if file.name.endswith(f".{kind}"))
    known = await read_file(file.data, file.name, None, PATIENT)
    if kind in ("pdf", "docx", "pptx", "xlsx", "odt", "epub"):
        assert await read_file(file.data, "readme.txt", "text/plain", PATIENT) == known
    else:
        with pytest.raises(UnreadableError, match="the content is not one"):
            await read_file(file.data, "paper.pdf", "application/pdf", PATIENT)
