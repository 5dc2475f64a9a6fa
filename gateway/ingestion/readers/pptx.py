"""Presentations: each slide is a page with its title, its texts and tables in order, its charts, and its notes."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from gateway.ingestion.archive import Archive
from gateway.ingestion.extraction import Extraction, Markdown, one_line, ranges
from gateway.ingestion.readers import File
from gateway.ingestion.readers.office_charts import write_charts
from gateway.ingestion.relations import relations
from gateway.ingestion.xml import attribute, child, local, parse_xml

TITLES = ("title", "ctrTitle")
# Numbers and dates of slides.
CHROME = ("sldNum", "dt", "ftr", "hdr", "sldImg")
NOTES = "/notesSlide"


def prepare(_file: File) -> None:
    """Nothing more than this module's imports."""


def read(file: File) -> Extraction:
    """The slides in their order. UnreadableError."""
    archive = Archive(file.data, file.limits)
    markdown = Markdown(file.limits)
    slides = list(_slides(archive))
    hidden: list[int] = []
    for number, name in enumerate(slides, 1):
        markdown.page()
        slide = parse_xml(archive.read(name))
        if slide.get("show") in ("0", "false"):
            hidden.append(number)
        else:
            _write(markdown, archive, name, slide)
        file.progress(number, len(slides))
    if hidden:
        markdown.remark(f"Hidden slides are not read: {ranges(hidden)}.")
    return markdown.done()


def _write(markdown: Markdown, archive: Archive, name: str, slide: Element) -> None:
    _slide(markdown, slide)
    write_charts(markdown, archive, name)
    for kind, target in relations(archive, name).values():
        if kind.endswith(NOTES) and target in archive:
            _slide(markdown, parse_xml(archive.read(target)))


def _slides(archive: Archive) -> Iterator[str]:
    presentation = "ppt/presentation.xml"
    targets = relations(archive, presentation)
    slides = child(parse_xml(archive.read(presentation)), "sldIdLst")
    for slide in slides if slides is not None else ():
        ids = [value for key, value in slide.items() if key.startswith("{") and local(key) == "id"]
        _, target = targets.get(ids[0] if ids else "", ("", ""))
        if target in archive:
            yield target


def _slide(markdown: Markdown, slide: Element) -> None:
    tree = child(slide, "cSld", "spTree")
    shapes = list(_shapes(tree)) if tree is not None else []
    # The title first, wherever it stands.
    for shape in sorted(shapes, key=lambda shape: _placeholder(shape) not in TITLES):
        _shape(markdown, shape)


def _shapes(tree: Element) -> Iterator[Element]:
    for each in tree:
        if local(each.tag) in ("grpSp", "AlternateContent", "Choice"):
            yield from _shapes(each)
        elif local(each.tag) in ("sp", "graphicFrame"):
            yield each


def _placeholder(shape: Element) -> str | None:
    found = child(shape, "nvSpPr", "nvPr", "ph")
    return found.get("type", "body") if found is not None else None


def _shape(markdown: Markdown, shape: Element) -> None:
    kind = _placeholder(shape)
    body = child(shape, "txBody")
    if kind in CHROME:
        return
    if kind in TITLES and body is not None:
        markdown.heading(1, _text(body))
    elif body is not None:
        for paragraph in body:
            if local(paragraph.tag) == "p":
                _paragraph(markdown, paragraph, is_list=kind == "body")
    else:
        for table in (each for each in shape.iter() if local(each.tag) == "tbl"):
            markdown.table(
                [one_line(_text(cell)) for cell in row if local(cell.tag) == "tc"]
                for row in table
                if local(row.tag) == "tr"
            )


def _paragraph(markdown: Markdown, paragraph: Element, *, is_list: bool) -> None:
    properties = child(paragraph, "pPr")
    level = (attribute(properties, "lvl") if properties is not None else None) or "0"
    depth = int(level) if level.isdecimal() and len(level) < 3 else 0
    if is_list or depth:
        markdown.item(_text(paragraph), depth)
    else:
        markdown.paragraph(_text(paragraph))


def _text(element: Element) -> str:
    parts = []
    for each in element.iter():
        kind = local(each.tag)
        if kind == "t":
            parts.append(each.text or "")
        elif kind in ("br", "p"):
            parts.append(" ")
    return "".join(parts)
