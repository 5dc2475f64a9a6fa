"""Two hundred files that nobody should send: bombs, loops, nesting, entities, polyglots, half files, odd names."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from tests.ingestion import hostile_pdfs
from tests.ingestion.content import make
from tests.ingestion.good_files import good_files
from tests.ingestion.office import RELATIONS, SHEETS, WORD, docx, packed
from tests.ingestion.texts import html

DEEP = 50_000
NAMES = (
    "../../etc/passwd",
    "..",
    "a\nb.txt",
    "a\tb.txt",
    '"quoted".txt',
    "'; drop table documents; --.txt",
    "$(reboot).txt",
    "%00.txt",
    "%2e%2e%2f.txt",
    "\u202etxt.exe",
    "\U0001f4a3.txt",
    "." * 200,
    "n" * 5_000,
    "CON.txt",
    "-rf",
    "",
)


@dataclass(frozen=True)
class HostileFile:
    """A file; `says` is what its error must have, where it must have one: else it may be read, within the limits."""

    title: str
    name: str
    data: bytes
    says: str = ""


def hostile_files(port: int) -> Iterator[HostileFile]:
    """All of them; nothing may connect to this port of 127.0.0.1."""
    yield from truncated()
    yield from misnamed()
    yield from oddly_named()
    yield from archives()
    yield from entities(port)
    yield from nested()
    yield from hostile_pdfs.pdfs(port)
    yield from workbooks()
    yield from strange_texts()
    yield from other_formats()


def truncated() -> Iterator[HostileFile]:
    """A file cut at every percent, the formats by turns."""
    files = list(good_files())[:13]
    for percent in range(100):
        file = files[percent % len(files)]
        yield HostileFile(f"{file.name} to {percent}%", file.name, file.data[: len(file.data) * percent // 100])


def misnamed() -> Iterator[HostileFile]:
    """Every format under the name of the next."""
    files = list(good_files())[:13]
    for file, other in zip(files, files[1:] + files[:1], strict=True):
        yield HostileFile(f"{file.name} as {other.name}", other.name, file.data)


def oddly_named() -> Iterator[HostileFile]:
    """Good text under odd names."""
    for number, name in enumerate(NAMES):
        yield HostileFile(f"odd name {number}", name, b"A bowline holds.")


def archives() -> Iterator[HostileFile]:
    """Archives that are more than they seem."""
    zeros = bytes(30_000_000)
    yield HostileFile("a bomb", "a.docx", packed({"word/document.xml": zeros}), "times as large")
    yield HostileFile("ten bombs", "a.odt", packed({f"{n}.xml": zeros for n in range(7)}), "file_unpacked_bytes")
    many = packed({f"word/{n}.xml": b"" for n in range(10_001)})
    yield HostileFile("many entries", "a.docx", many, "file_unpacked_entries")
    nested = packed({"word/document.xml": docx(make(1))})
    for _ in range(5):
        nested = packed({"a.zip": nested, "word/document.xml": nested})
    yield HostileFile("archives in archives", "a.docx", nested, "not well-formed")
    yield HostileFile("overlapping parts", "a.docx", overlapping(), "its parts overlap")
    lying = bytearray(packed({"word/document.xml": b"x" * 100_000}))
    directory = lying.index(b"PK\x01\x02")
    lying[directory + 24 : directory + 28] = (10).to_bytes(4, "little")
    yield HostileFile("a size that lies", "a.docx", bytes(lying), "damaged")
    locked = bytearray(docx(make(1)))
    for mark, place in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        start = locked.find(mark)
        while start >= 0:
            locked[start + place] |= 1
            start = locked.find(mark, start + 4)
    yield HostileFile("a password", "a.docx", bytes(locked), "password")
    yield HostileFile("no parts", "a.zip", packed({}), "archive")
    yield HostileFile("a plain archive", "a.zip", packed({"a.txt": b"text"}), "Upload what is packed in it")
    yield HostileFile("no document", "a.docx", packed({"word/document.xml": b"<a/>"}), "no text")
    yield HostileFile("paths that climb", "a.epub", climbing(), "damaged")


def overlapping() -> bytes:
    """Two entries of the directory that are the same bytes."""
    data = packed({"word/document.xml": b"<a/>", "word/document.xm2": b"<a/>"})
    start = data.index(b"PK\x01\x02")
    second = data.index(b"PK\x01\x02", start + 4)
    changed = bytearray(data)
    changed[second + 42 : second + 46] = data[start + 42 : start + 46]
    return bytes(changed)


def climbing() -> bytes:
    """A book whose package is elsewhere."""
    container = '<container><rootfiles><rootfile full-path="../../../../etc/passwd"/></rootfiles></container>'
    return packed({"mimetype": "application/epub+zip", "META-INF/container.xml": container}, stored="mimetype")


def entities(port: int) -> Iterator[HostileFile]:
    """XML that names other things."""
    laughs = '<!DOCTYPE a [<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
    )
    document = f'<w:document xmlns:w="{WORD}"><w:body><w:p><w:r><w:t>&{{}};</w:t></w:r></w:p></w:body></w:document>'
    declared = {
        "laughs": f"{laughs}]>" + document.format("j"),
        "a file": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + document.format("x"),
        "a server": f'<!DOCTYPE a [<!ENTITY x SYSTEM "http://127.0.0.1:{port}/">]>' + document.format("x"),
        "a parameter": f'<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:{port}/"> %x;]>' + document.format("lt"),
    }
    for title, xml in declared.items():
        yield HostileFile(f"{title} in a document", "a.docx", packed({"word/document.xml": xml}), "entities")
        opened = {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": xml}
        yield HostileFile(f"{title} in a text", "a.odt", packed(opened, stored="mimetype"), "entities")
    definition = f'<!DOCTYPE a SYSTEM "http://127.0.0.1:{port}/a.dtd">'
    yield HostileFile(
        "another's definition", "a.docx", packed({"word/document.xml": definition + document.format("lt")})
    )
    remote = f'<img src="http://127.0.0.1:{port}/a.png"><iframe src="http://127.0.0.1:{port}/"></iframe>'
    yield HostileFile("a page that loads", "a.html", f"<base href='http://127.0.0.1:{port}/'>{remote}words".encode())


def nested() -> Iterator[HostileFile]:
    """Things in things."""
    paragraphs = "<w:p>" * DEEP
    deep = f'<w:document xmlns:w="{WORD}"><w:body>{paragraphs}'
    yield HostileFile("deep paragraphs", "a.docx", packed({"word/document.xml": deep}), "levels deep")
    tables = "<w:tbl><w:tr><w:tc>" * 40 + "<w:p><w:r><w:t>word</w:t></w:r></w:p>" + "</w:tc></w:tr></w:tbl>" * 40
    body = f'<w:document xmlns:w="{WORD}"><w:body>{tables}</w:body></w:document>'
    yield HostileFile("tables in tables", "a.docx", packed({"word/document.xml": body}))
    for tag in ("div", "table", "ul", "b", "blockquote", "pre", "svg", "font"):
        yield HostileFile(f"deep {tag}", "a.html", f"<{tag}>".encode() * DEEP + b"word")
    yield HostileFile("deep cells", "a.html", b"<table><tr><td>" * DEEP + b"word")
    yield HostileFile("deep JSON", "a.json", b"[" * DEEP + b"]" * DEEP, "levels deep")
    yield HostileFile("deep objects", "a.json", b'{"a":' * 500 + b"1" + b"}" * 500, "levels deep")
    yield HostileFile("a deep notebook", "a.ipynb", b'{"cells":' + b"[" * DEEP, "no Jupyter notebook")
    yield HostileFile("deep quotes", "a.md", b">" * DEEP + b" word")
    yield HostileFile("deep lists", "a.md", b"".join(b" " * n + b"- word\n" for n in range(500)))
    parts = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(2_000))
    yield HostileFile("mails in mails", "a.eml", b"Subject: a\r\n" + parts + b"\r\nword")


def workbooks() -> Iterator[HostileFile]:
    """Sheets that are larger than what is in them."""
    cell = '<row r="{0}"><c r="{1}{0}" t="inlineStr"><is><t>word</t></is></c></row>'
    cells = {
        "the last cell": cell.format(1, "A") + cell.format(1_048_576, "XFD"),
        "a far column": cell.format(1, "XFD"),
        "a column too far": cell.format(1, "ZZZZZZ"),
        "a negative row": cell.format(-1, "A"),
        "no string of this number": '<row r="1"><c r="A1" t="s"><v>99999</v></c></row>',
        "a number that is none": '<row r="1"><c r="A1"><v>1e99999</v></c></row>',
        "a formula": '<row r="1"><c r="A1"><f>HYPERLINK("http://127.0.0.1/")</f><v>1</v></c></row>',
    }
    for title, rows in cells.items():
        book = (
            f'<workbook xmlns="{SHEETS}" xmlns:r="{RELATIONS}"><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets>'
        )
        relation = f'<Relationship Id="r1" Type="{RELATIONS}/worksheet" Target="worksheets/a.xml"/>'
        parts: dict[str, str | bytes] = {
            "xl/workbook.xml": f"{book}</workbook>",
            "xl/_rels/workbook.xml.rels": f"<Relationships>{relation}</Relationships>",
            "xl/worksheets/a.xml": f'<worksheet xmlns="{SHEETS}"><sheetData>{rows}</sheetData></worksheet>',
        }
        yield HostileFile(title, "a.xlsx", packed(parts))


def strange_texts() -> Iterator[HostileFile]:
    """Texts that are hard to take for text."""
    empty = "The file is empty"
    yield from (
        HostileFile(f"nothing, {n}", "a.txt", data, empty) for n, data in enumerate((b"", b" \n\t ", b"\r\n" * 9))
    )
    yield HostileFile("a mark alone", "a.txt", b"\xef\xbb\xbf", "no text")
    yield HostileFile("null characters", "a.txt", b"a\0b" * 100, "binary")
    yield HostileFile("random bytes", "a.txt", bytes((n * 7919) % 251 + 1 for n in range(5_000)))
    yield HostileFile("half a character", "a.txt", b"caf\xc3")
    yield HostileFile("one line of a megabyte", "a.txt", b"word " * 200_000)
    yield HostileFile("one word of a megabyte", "a.txt", b"w" * 1_000_000)
    yield HostileFile("only marks", "a.md", b"#" * 100_000 + b"`" * 100_000 + b"|" * 100_000)
    yield HostileFile("controls", "a.txt", b"\x1b[2J\x07 words " * 50)
    yield HostileFile("a surrogate", "a.json", b'{"a": "\\ud800 word"}')
    yield HostileFile("a number of digits", "a.json", b"[" + b"9" * 100_000 + b"]")
    yield HostileFile("a quote that never ends", "a.csv", b'a,b\n"' + b"x\n" * 100_000)
    yield HostileFile("many columns", "a.csv", b"a," * 100_000 + b"\n" + b"b," * 100_000)
    yield HostileFile("no tag ends", "a.html", b"<" * 100_000 + b"word")
    yield HostileFile("no comment ends", "a.html", b"<!--" * 50_000 + b"word")
    yield HostileFile("references that are none", "a.html", b"&#xD800;&#0;&#99999999999;&" * 1_000 + b"word")
    yield HostileFile("a span that is wide", "a.html", b"<table><tr><td colspan=999999999>word</table>")
    yield HostileFile("an encoding that is none", "a.html", b"<meta charset=nonsense>caf\xe9 word")
    yield HostileFile("an encoding that runs", "a.html", b"<meta charset=punycode>caf\xe9 word \xff")


def other_formats() -> Iterator[HostileFile]:
    """What is something else, or two things."""
    good = {file.name.rpartition(".")[2]: file.data for file in list(good_files())[:13]}
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    yield HostileFile("an old document", "a.doc", ole, "old version of Office")
    yield HostileFile("a locked document", "a.docx", ole + "EncryptedPackage".encode("utf-16-le"), "password")
    for title, start, says in (
        ("RTF", b"{\\rtf1 word}", "RTF"),
        ("a picture", b"\x89PNG\r\n\x1a\n\0\0", "OCR"),
        ("a photograph", b"\xff\xd8\xff\xe0\0\0", "OCR"),
        ("gzip", b"\x1f\x8b\x08" + zlib.compress(b"word"), "archive"),
        ("a program", b"\x7fELF\0\0", "program"),
        ("another program", b"MZ\0\0", "program"),
    ):
        yield HostileFile(title, "a.txt", start, says)
    yield HostileFile("a page before a PDF", "a.html", b"<html>word</html>" + good["pdf"])
    yield HostileFile("a PDF before an archive", "a.pdf", good["pdf"] + good["docx"])
    yield HostileFile("an archive before a PDF", "a.docx", good["docx"] + good["pdf"])
    yield HostileFile("a picture before an archive", "a.docx", b"GIF89a" + good["docx"], "OCR")
    yield HostileFile("a page in a mail", "a.eml", html(make(1)).encode())
    yield HostileFile("a mail of headers", "a.eml", b"X: y\r\n" * 50_000 + b"\r\nword")
    yield HostileFile("a header of a megabyte", "a.eml", b"Subject: " + b"x" * 1_000_000 + b"\r\n\r\nword")
    mail = b"Subject: a\r\nContent-Type: text/plain; charset=%s\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!"
    yield from (
        HostileFile(f"a mail in {name.decode()}", "a.eml", mail % name) for name in (b"nonsense", b"utf-7", b"idna")
    )
    for title, cells in (
        ("text", b'"x"'),
        ("numbers", b"[1, 2]"),
        ("nothing", b"null"),
        ("odd cells", b'[{"source": {"a": 1}}]'),
    ):
        yield HostileFile(f"a notebook of {title}", "a.ipynb", b'{"cells": ' + cells + b"}")
    chapter = '<package><manifest><item id="a" href="a.xhtml"/></manifest><spine>' + '<itemref idref="a"/>' * 200_000
    book = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container><rootfiles><rootfile full-path="a.opf"/></rootfiles></container>',
        "a.opf": chapter + "</spine></package>",
        "a.xhtml": "<p>" + "word " * 200,
    }
    yield HostileFile("a chapter again and again", "a.epub", packed(book, stored="mimetype"))
