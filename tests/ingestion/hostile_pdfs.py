"""PDFs that refer to themselves, to others, or to more than there is."""

import zlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from tests.ingestion.content import make
from tests.ingestion.pdfs import assembled, pdf

if TYPE_CHECKING:
    from tests.ingestion.hostile_files import HostileFile

PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources<</XObject<</X 5 0 R>>>>>>"


def objects(parts: Mapping[int, bytes], trailer: bytes = b"") -> bytes:
    """A PDF without a table, which readers rebuild."""
    body = b"".join(b"%d 0 obj%s endobj\n" % (number, part) for number, part in parts.items())
    return b"%PDF-1.5\n" + body + b"trailer<</Root 1 0 R" + trailer + b">>\n"


def stream(data: bytes, dictionary: bytes = b"") -> bytes:
    """A stream object."""
    return b"<</Length %d%s>>stream\n%s\nendstream" % (len(data), dictionary, data)


def pdfs(port: int) -> Iterator["HostileFile"]:
    """All of them."""
    from tests.ingestion.hostile_files import HostileFile

    catalog, one = b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
    bomb = zlib.compress(zlib.compress(b"(x) Tj " * 10_000_000))
    filters = b"/Filter[/FlateDecode/FlateDecode]"
    form = stream(b"/X Do", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 5 0 R>>>>")
    files = {
        "no text": objects({1: catalog, 2: one, 3: PAGE, 4: stream(b"")}),
        "a tree that is its own child": objects({1: catalog, 2: b"<</Type/Pages/Kids[2 0 R]/Count 1>>"}),
        "a child that is its parent": objects({1: catalog, 2: one, 3: b"<</Type/Pages/Kids[2 0 R]/Count 1>>"}),
        "a billion pages": objects({1: catalog, 2: b"<</Type/Pages/Kids[3 0 R]/Count 1000000000>>", 3: PAGE}),
        "the same page often": objects(
            {1: catalog, 2: b"<</Type/Pages/Kids[%s]/Count 5000>>" % (b"3 0 R " * 5_000), 3: PAGE, 4: stream(b"")}
        ),
        "a page that is huge": objects({1: catalog, 2: one, 3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9e30 9e30]>>"}),
        "a page of no size": objects({1: catalog, 2: one, 3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 0 0]>>"}),
        "a form in itself": objects({1: catalog, 2: one, 3: PAGE, 4: stream(b"/X Do"), 5: form}),
        "a bomb": objects({1: catalog, 2: one, 3: PAGE, 4: stream(bomb, filters)}),
        "many filters": objects({1: catalog, 2: one, 3: PAGE, 4: stream(b"x", b"/Filter[%s]" % (b"/AHx" * 5_000))}),
        "deep arrays": objects({1: catalog, 2: one, 3: PAGE, 4: b"[" * 50_000}),
        "deep dictionaries": objects({1: b"<</A" * 50_000, 2: one}),
        "deep operators": objects({1: catalog, 2: one, 3: PAGE, 4: stream(b"q " * 500_000)}),
        "unbalanced operators": objects({1: catalog, 2: one, 3: PAGE, 4: stream(b"BT Q ET ) > ] Tj" * 10_000)}),
        "no root": b"%PDF-1.4\ntrailer<<>>\n",
        "a root that is missing": objects({2: one, 3: PAGE}),
        "nothing but a head": b"%PDF-1.4\n",
        "a table that precedes itself": b"%PDF-1.4\nxref\n0 0\ntrailer<</Prev 9/Root 1 0 R>>\nstartxref\n9\n%%EOF",
        "an object stream of itself": objects(
            {1: catalog, 2: stream(b"2 0 ", b"/Type/ObjStm/N 1/First 4/Extends 2 0 R")}
        ),
        "a length that lies": objects({1: catalog, 2: one, 3: PAGE, 4: b"<</Length 999999999>>stream\nx\nendstream"}),
        "script": objects(
            {1: b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(while(true){})>>>>", 2: one, 3: PAGE}
        ),
        "a launch": objects({1: b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/Launch/F(/bin/sh)>>>>", 2: one, 3: PAGE}),
        "an address": objects(
            {
                1: b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/URI/URI(http://127.0.0.1:%d/)>>>>" % port,
                2: one,
                3: PAGE,
                4: stream(b"", b"/F<</FS/URL/F(http://127.0.0.1:%d/)>>/FFilter/FlateDecode" % port),
            }
        ),
        "random bytes": b"%PDF-1.4\n" + bytes((n * 7919) % 251 for n in range(20_000)),
    }
    for title, data in files.items():
        yield HostileFile(f"PDF: {title}", "a.pdf", data)
    scan = b"q 90 0 0 90 0 0 cm BI /W 1 /H 1 /BPC 8 /CS /G ID x EI Q"
    yield HostileFile("PDF: a scan", "a.pdf", assembled([scan, scan]), "needs OCR")
    encrypted = b"/Encrypt<</Filter/Standard/V 2/R 3/Length 128/P -4/O(%s)/U(%s)>>/ID[(a)(a)]" % (b"x" * 32, b"y" * 32)
    locked = objects({1: catalog, 2: one, 3: PAGE, 4: stream(b"")}, encrypted)
    yield HostileFile("PDF: a password", "a.pdf", locked, "password")
    yield HostileFile("PDF: broken in the middle", "a.pdf", pdf(make(1)).replace(b"endobj", b"endxxx"))
