"""Text of PDF is read in whichever direction it stands, and pages without any are said."""

import pytest

from tests.ingestion.pdfs import Page, assembled
from tests.ingestion.reading import read

EBB = "The ebb runs for six hours and the flood for six hours and a quarter in the northern basin."


def page() -> bytes:
    drawn = Page()
    drawn.text("Tides of the harbour", 18, "F2")
    drawn.paragraph(EBB)
    return drawn.stream()


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_page_is_read_as_it_was_before(degrees: int) -> None:
    turned = assembled([page()]).replace(b"/MediaBox", b"/Rotate %d/MediaBox" % degrees)
    assert read(turned, "a.pdf").text == f"# Tides of the harbour\n\n{EBB}"


@pytest.mark.parametrize("matrix", ["0 1 -1 0 300 200", "0 -1 1 0 300 600"])
def test_what_stands_sideways_is_read_after_the_rest(matrix: str) -> None:
    sideways = f"BT /F1 11 Tf {matrix} Tm (Heights in metres) Tj ET".encode()
    text = read(assembled([page() + b"\n" + sideways]), "a.pdf").text
    assert text == f"# Tides of the harbour\n\n{EBB}\n\nHeights in metres"


def test_pages_without_text_are_said() -> None:
    def remark(*pages: bytes) -> str:
        return read(assembled(pages), "a.pdf").remark

    says = "no text: a picture of text, such as a scan, needs OCR."
    assert remark(page()) == ""
    assert remark(page(), b"") == f"Page 2 has {says}"
    assert remark(*[b""] * 4, page(), *[b""] * 5) == f"Pages 1-4, 6-10 have {says}"
