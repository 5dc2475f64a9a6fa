"""What the pages of a PDF tell together: levels of headings, and headers and footers that repeat."""

from collections.abc import Sequence

import pytest

from tests.ingestion.pdfs import HEIGHT, Page, assembled
from tests.ingestion.reading import read

BODY = "The clerk writes each ship into the book with its name and its port before the noon bell rings twice. "


@pytest.mark.parametrize(
    ("pages", "marks"),
    [
        ([[("Guide", 24), ("2.6.3 Incompatibility with old user configuration", 18)]], ["#", "##"]),
        ([[("Manual", 32), ("Install", 24), ("Remove", 24)], [("Traces", 24)]], ["#", "##", "##", "##"]),
        ([[("Guide", 24), ("2 Ports", 18), ("2.1 North", 14)], [("3 Boats", 18)]], ["#", "##", "###", "##"]),
        ([[("Backups", 20), ("Restore", 13)]], ["#", "##"]),
    ],
)
def test_levels_of_headings_follow_their_sizes(pages: Sequence[Sequence[tuple[str, int]]], marks: list[str]) -> None:
    """On all pages, however long a heading is, and whatever stands on a page beside it."""
    drawn = []
    for headings in pages:
        page = Page()
        for text, size in headings:
            page.text(text, size, "F2")
            page.paragraph(BODY)
        drawn.append(page.stream())
    lines = [line for line in read(assembled(drawn), "a.pdf").text.splitlines() if line.startswith("#")]
    texts = [text for each in pages for text, _ in each]
    assert lines == [f"{mark} {text}" for mark, text in zip(marks, texts, strict=True)]


def edged(number: int, header: str, footer: str, heading: str) -> bytes:
    """A page with something at its edges."""
    page = Page()
    page.top = HEIGHT - 20
    page.text(header, 9)
    page.top = HEIGHT - 60
    page.text(heading, 18, "F2")
    page.paragraph(BODY * (2 + number % 3))
    page.top = 40
    page.text(footer, 9)
    return page.stream()


def test_headers_and_footers_are_read_once() -> None:
    pages = [edged(n, "Harbour handbook, 3rd edition", f"{n + 4} / 9", f"Chapter {n}") for n in range(1, 6)]
    found = read(assembled(pages), "a.pdf")
    assert found.text.count("Harbour handbook, 3rd edition") == 1
    assert " / 9" not in found.text
    assert found.text.startswith("Harbour handbook, 3rd edition\n\n# Chapter 1\n\nThe clerk")
    assert [line for line in found.text.splitlines() if line.startswith("#")] == [f"# Chapter {n}" for n in range(1, 6)]
    assert len(found.page_starts) == 5
    assert found.remark == ""


def test_what_changes_at_the_edges_of_pages_is_kept() -> None:
    numbers = [17, 23, 58, 91]
    pages = [edged(n, f"Invoice {n}", f"Sum {n + 0.5}", f"Order {n}") for n in numbers]
    text = read(assembled(pages), "a.pdf").text
    assert all(f"Invoice {n}\n" in text and f"Sum {n + 0.5}" in text and f"# Order {n}" in text for n in numbers)
