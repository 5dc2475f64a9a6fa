"""What is in a good file is in its text: words, table cells with their rows, headings and pages."""

import re

import pytest

from gateway.ingestion.errors import UnreadableError
from gateway.ingestion.extraction import Extraction
from gateway.ingestion.limits import Limits
from gateway.ingestion.process import read_file
from tests.ingestion.good_files import GoodFile, good_files

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
