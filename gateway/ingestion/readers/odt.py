"""OpenDocument texts: headings, paragraphs, lists and tables. Deleted text and comments are left out."""

from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element

from gateway.ingestion.archive import PROTECTED, Archive
from gateway.ingestion.errors import UnreadableError
from gateway.ingestion.extraction import Extraction, Markdown, one_line
from gateway.ingestion.readers import File
from gateway.ingestion.xml import attribute, child, local, parse_xml

MANIFEST = "META-INF/manifest.xml"
LEFT_OUT = frozenset(
    {"annotation", "annotation-end", "tracked-changes", "note-citation", "ruby-text", "sequence-decls"}
)
MAX_REPEATED = 64


def prepare(_file: File) -> None:
    """Nothing more than this module's imports."""


def read(file: File) -> Extraction:
    """The body. UnreadableError."""
    archive = Archive(file.data, file.limits)
    if MANIFEST in archive and b"encryption-data" in archive.read(MANIFEST):
        raise UnreadableError(PROTECTED)
    markdown = Markdown(file.limits)
    body = child(parse_xml(archive.read("content.xml")), "body", "text")
    blocks = list(body) if body is not None else []
    for number, block in enumerate(blocks, 1):
        _write(markdown, [block], 0)
        file.progress(number, len(blocks))
    return markdown.done()


def _write(markdown: Markdown, blocks: Iterable[Element], depth: int) -> None:
    for block in blocks:
        kind = local(block.tag)
        if kind == "h":
            level = attribute(block, "outline-level") or "1"
            markdown.heading(int(level) if level.isdecimal() and len(level) < 3 else 1, _text(block))
        elif kind == "p":
            markdown.paragraph(_text(block))
        elif kind == "list":
            _list(markdown, block, depth)
        elif kind == "table":
            markdown.table(_rows(block))
        elif kind not in LEFT_OUT:
            _write(markdown, block, depth)


def _list(markdown: Markdown, items: Element, depth: int) -> None:
    for item in items:
        for block in item:
            if local(block.tag) == "list":
                _list(markdown, block, depth + 1)
            elif local(block.tag) in ("p", "h"):
                markdown.item(_text(block), depth)


def _rows(table: Element) -> Iterator[list[str]]:
    for each in table:
        kind = local(each.tag)
        if kind == "table-row":
            yield [text for cell in each for text in _cell(cell)]
        elif kind in ("table-header-rows", "table-rows", "table-row-group"):
            yield from _rows(each)


def _cell(cell: Element) -> list[str]:
    repeated = attribute(cell, "number-columns-repeated") or "1"
    times = min(int(repeated), MAX_REPEATED) if repeated.isdecimal() and len(repeated) < 6 else 1
    return [one_line(" ".join(_text(each) for each in cell.iter() if local(each.tag) in ("p", "h")))] * times


def _text(element: Element) -> str:
    return "".join(_texts(element))


def _texts(element: Element) -> Iterator[str]:
    yield element.text or ""
    for each in element:
        kind = local(each.tag)
        if kind in ("s", "tab", "line-break", "p"):
            yield " "
        if kind not in LEFT_OUT:
            yield from _texts(each)
        yield each.tail or ""
