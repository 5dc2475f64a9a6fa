"""Good files of formats that are archives of XML, as small as the programs would still open."""

import io
import zipfile
from collections.abc import Mapping
from xml.sax.saxutils import escape

from tests.ingestion.content import Content

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
SLIDES = "http://schemas.openxmlformats.org/presentationml/2006/main"
SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "urn:oasis:names:tc:opendocument:xmlns"


def packed(parts: Mapping[str, str | bytes], *, stored: str | None = None) -> bytes:
    """A zip file of these parts; `stored` is not compressed and comes first."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            kind = zipfile.ZIP_STORED if name == stored else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name), part, kind)
    return file.getvalue()


def _types(**overrides: str) -> str:
    parts = "".join(f'<Override PartName="/{n}" ContentType="{t}"/>' for n, t in overrides.items())
    return (
        f'<?xml version="1.0"?><Types xmlns="{PACKAGE}/content-types"><Default Extension="xml"'
        f' ContentType="application/xml"/><Default Extension="rels"'
        f' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>{parts}</Types>'
    )


def _relations(**targets: tuple[str, str]) -> str:
    rows = "".join(
        f'<Relationship Id="{key}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
        for key, (kind, target) in targets.items()
    )
    return f'<?xml version="1.0"?><Relationships xmlns="{PACKAGE}/relationships">{rows}</Relationships>'


def docx(content: Content) -> bytes:
    """A Word document: headings by style, list items by numbering, a deleted word that is not to be found."""

    def paragraph(text: str, properties: str = "") -> str:
        half = len(text) // 2
        runs = "".join(
            f'<w:r><w:t xml:space="preserve">{escape(part)}</w:t></w:r>' for part in (text[:half], text[half:])
        )
        return (
            f"<w:p><w:pPr>{properties}</w:pPr>{runs}<w:del><w:r><w:delText>deletedword</w:delText></w:r></w:del></w:p>"
        )

    def table(rows: list[list[str]]) -> str:
        cells = ("".join(f"<w:tc><w:tcPr/>{paragraph(cell)}</w:tc>" for cell in row) for row in rows)
        return "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in cells) + "</w:tbl>"

    numbered = '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>'
    body = paragraph(content.title, '<w:pStyle w:val="Title"/>')
    for section in content.sections:
        body += paragraph(section.heading, '<w:pStyle w:val="Custom"/>')
        body += "".join(paragraph(text) for text in section.paragraphs)
        body += "".join(paragraph(item, numbered) for item in section.items)
        body += table(section.table) if section.table else ""
    styles = (
        f'<w:styles xmlns:w="{WORD}"><w:style w:styleId="Title"><w:name w:val="Title"/></w:style>'
        '<w:style w:styleId="H2"><w:name w:val="heading 2"/><w:pPr><w:outlineLvl w:val="1"/></w:pPr></w:style>'
        '<w:style w:styleId="Custom"><w:name w:val="My own"/><w:basedOn w:val="H2"/></w:style></w:styles>'
    )
    return packed(
        {
            "[Content_Types].xml": _types(),
            "_rels/.rels": _relations(r1=("officeDocument", "word/document.xml")),
            "word/document.xml": f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>',
            "word/styles.xml": styles,
        }
    )


def pptx(content: Content) -> bytes:
    """A presentation: a slide for each section, written in another order than shown."""

    def shape(text: list[str], kind: str) -> str:
        paragraphs = "".join(f"<a:p><a:r><a:t>{escape(line)}</a:t></a:r></a:p>" for line in text)
        return (
            f'<p:sp><p:nvSpPr><p:cNvPr id="1" name="x"/><p:cNvSpPr/><p:nvPr><p:ph type="{kind}"/></p:nvPr></p:nvSpPr>'
            f"<p:txBody><a:bodyPr/>{paragraphs}</p:txBody></p:sp>"
        )

    def table(rows: list[list[str]]) -> str:
        lines = (
            "".join(f"<a:tc><a:txBody><a:p><a:r><a:t>{escape(c)}</a:t></a:r></a:p></a:txBody></a:tc>" for c in row)
            for row in rows
        )
        inner = "".join(f"<a:tr>{line}</a:tr>" for line in lines)
        data = f"<a:graphicData><a:tbl>{inner}</a:tbl></a:graphicData>"
        return f"<p:graphicFrame><a:graphic>{data}</a:graphic></p:graphicFrame>"

    def slide(shapes: str) -> str:
        return f'<p:sld xmlns:p="{SLIDES}" xmlns:a="{DRAWING}"><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:sld>'

    slides = [slide(shape([content.title], "ctrTitle"))]
    for section in content.sections:
        body = shape([*section.paragraphs, *section.items], "body")
        slides.append(slide(body + shape([section.heading], "title") + (table(section.table) if section.table else "")))
    ids = "".join(f'<p:sldId id="{256 + n}" r:id="r{n}"/>' for n in range(len(slides)))
    parts: dict[str, str | bytes] = {"[Content_Types].xml": _types()}
    parts["ppt/presentation.xml"] = (
        f'<p:presentation xmlns:p="{SLIDES}" xmlns:r="{RELATIONS}"><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>'
    )
    # The number of a slide's part says nothing about where it is shown.
    numbers = list(reversed(range(len(slides))))
    parts["ppt/_rels/presentation.xml.rels"] = _relations(
        **{f"r{n}": ("slide", f"slides/slide{number}.xml") for n, number in enumerate(numbers)}
    )
    for number, text in zip(numbers, slides, strict=True):
        parts[f"ppt/slides/slide{number}.xml"] = text
    return packed(parts)


def xlsx(content: Content) -> bytes:
    """A workbook: a sheet for each section, its paragraphs above its table."""
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": _types(
            **{"xl/workbook.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"}
        ),
        "_rels/.rels": _relations(r1=("officeDocument", "xl/workbook.xml")),
    }
    sheets = [content.title, *(section.heading for section in content.sections)]
    names = "".join(f'<sheet name="{escape(name)}" sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(sheets, 1))
    parts["xl/workbook.xml"] = f'<workbook xmlns="{SHEETS}" xmlns:r="{RELATIONS}"><sheets>{names}</sheets></workbook>'
    parts["xl/_rels/workbook.xml.rels"] = _relations(
        **{f"r{n}": ("worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(sheets) + 1)}
    )
    tables = [
        [],
        *([*section.table, *([p] for p in (*section.paragraphs, *section.items))] for section in content.sections),
    ]
    for n, rows in enumerate(tables, 1):
        lines = "".join(
            f'<row r="{r}">'
            + "".join(
                f'<c r="{chr(65 + c)}{r}" t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
                for c, cell in enumerate(row)
            )
            + "</row>"
            for r, row in enumerate(rows, 1)
        )
        parts[f"xl/worksheets/sheet{n}.xml"] = f'<worksheet xmlns="{SHEETS}"><sheetData>{lines}</sheetData></worksheet>'
    return packed(parts)


def odt(content: Content) -> bytes:
    """An OpenDocument text, with a comment that is not to be found."""

    def paragraph(text: str) -> str:
        first, _, rest = text.partition(" ")
        note = "<office:annotation><text:p>deletedword</text:p></office:annotation>"
        return f"<text:p>{escape(first)}<text:s/><text:span>{escape(rest)}</text:span>{note}</text:p>"

    def table(rows: list[list[str]]) -> str:
        def line(row: list[str]) -> str:
            cells = "".join(f"<table:table-cell><text:p>{escape(cell)}</text:p></table:table-cell>" for cell in row)
            return f"<table:table-row>{cells}</table:table-row>"

        header = f"<table:table-header-rows>{line(rows[0])}</table:table-header-rows>"
        return f"<table:table><table:table-column/>{header}{''.join(line(row) for row in rows[1:])}</table:table>"

    body = f'<text:h text:outline-level="1">{escape(content.title)}</text:h>'
    for section in content.sections:
        body += f'<text:section><text:h text:outline-level="2">{escape(section.heading)}</text:h></text:section>'
        body += "".join(paragraph(text) for text in section.paragraphs)
        items = "".join(f"<text:list-item>{paragraph(item)}</text:list-item>" for item in section.items)
        body += f"<text:list>{items}</text:list>" if items else ""
        body += table(section.table) if section.table else ""
    spaces = " ".join(f'xmlns:{name}="{OFFICE}:{name}:1.0"' for name in ("office", "text", "table"))
    return packed(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": f"<office:document-content {spaces}><office:body><office:text>{body}</office:text>"
            "</office:body></office:document-content>",
            "META-INF/manifest.xml": "<manifest/>",
        },
        stored="mimetype",
    )


def epub(content: Content, chapter: str) -> bytes:
    """A book of one chapter, which is a page of XHTML, listed in another order than read."""
    return packed(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>',
            "OEBPS/book.opf": '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">'
            f"<metadata><dc:title>{escape(content.title)}</dc:title></metadata><manifest>"
            '<item id="b" href="text/last%20one.xhtml"/><item id="a" href="text/first.xhtml"/></manifest>'
            '<spine><itemref idref="a"/><itemref idref="b"/></spine></package>',
            "OEBPS/text/first.xhtml": f"<!DOCTYPE html>{chapter}",
            "OEBPS/text/last one.xhtml": "<html><body><p>colophon</p></body></html>",
        },
        stored="mimetype",
    )
