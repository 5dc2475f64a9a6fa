"""Word documents: headers, headings by their styles' outline, lists, tables, charts, footers, footnotes.

Deleted and hidden text is left out.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from gateway.ingestion.archive import Archive
from gateway.ingestion.extraction import Extraction, Markdown, one_line
from gateway.ingestion.limits import Limits
from gateway.ingestion.readers import File
from gateway.ingestion.readers.office_charts import write_charts
from gateway.ingestion.relations import relations
from gateway.ingestion.xml import attribute, child, local, parse_xml

# Containers of runs and paragraphs; what stands in others (deletions, fallbacks, fields' codes) is no text.
THROUGH = frozenset(
    {"r", "ins", "moveTo", "hyperlink", "smartTag", "sdt", "sdtContent", "fldSimple", "AlternateContent", "Choice"}
    | {"customXml", "oMath", "oMathPara", "pict", "drawing", "inline", "anchor", "graphic", "graphicData", "wsp", "wgp"}
    | {"txbx", "txbxContent", "textbox", "shape", "rect", "group", "dir", "bdo", "f", "num", "den", "e", "sub", "sup"}
    | {"sSup", "sSub", "d", "nary", "ruby", "rubyBase", "rt"}
)
SPACES = {"tab": " ", "br": " ", "cr": " ", "noBreakHyphen": "-", "softHyphen": "", "ptab": " "}
DOCUMENT = "word/document.xml"
NOTES = ("word/footnotes.xml", "word/endnotes.xml")
# Of the levels below it, none makes a heading.
BODY_TEXT = 9
LONGEST_CHAIN = 20
LISTS = re.compile(r"list (?:bullet|number)(?: ([2-9]))?")
WIDEST_SPAN = 64


@dataclass(frozen=True)
class Styles:
    """By a style's id: the outline level, from 0, of those that make headings; how deep those of lists are; 1 for those
    of hidden text."""

    outline: dict[str, int]
    lists: dict[str, int] = field(default_factory=dict)
    hidden: dict[str, int] = field(default_factory=dict)


def prepare(_file: File) -> None:
    """Nothing more than this module's imports."""


def read(file: File) -> Extraction:
    """The body, then its notes. UnreadableError."""
    archive = Archive(file.data, file.limits)
    markdown = Markdown(file.limits)
    styles = _styles(archive)
    body = child(parse_xml(archive.read(DOCUMENT)), "body")
    _clear_hidden(markdown, body, styles)
    _margins(markdown, archive, "/header", styles)
    blocks = list(body) if body is not None else []
    notes = [note for name in NOTES if name in archive for note in parse_xml(archive.read(name))]
    for note in notes:
        _clear_hidden(markdown, note, styles)
    # Separators have a type.
    notes = [note for note in notes if attribute(note, "type") is None]
    total = len(blocks) + len(notes)
    for number, block in enumerate(blocks, 1):
        _write(markdown, [block], styles)
        file.progress(number, total)
    write_charts(markdown, archive, DOCUMENT)
    _margins(markdown, archive, "/footer", styles)
    for number, note in enumerate(notes, len(blocks) + 1):
        _write(markdown, note, Styles({}))
        file.progress(number, total)
    return markdown.done()


def _clear_hidden(markdown: Markdown, part: Element | None, styles: Styles) -> None:
    """Take hidden text out of a part, and say so."""
    for paragraph in part.iter() if part is not None else ():
        if local(paragraph.tag) != "p":
            continue
        in_style = styles.hidden.get(_style(child(paragraph, "pPr")), 0)
        for run in [each for each in paragraph.iter() if local(each.tag) == "r"]:
            if _is_hidden(run, styles, in_style):
                run.clear()
                markdown.remark("Hidden text is not read.")


def _is_hidden(run: Element, styles: Styles, in_style: int) -> bool:
    """Whether a run in a paragraph of such a style is hidden; its own format and style say so first."""
    format_ = child(run, "rPr")
    own = _switch(child(format_, "vanish"))
    return bool(styles.hidden.get(_style(format_, "rStyle"), in_style) if own is None else own)


def _margins(markdown: Markdown, archive: Archive, kind: str, styles: Styles) -> None:
    """Headers or footers, once each: those of first, even and other pages often say the same."""
    written: set[str] = set()
    for is_kind, target in relations(archive, DOCUMENT).values():
        if is_kind.endswith(kind) and target in archive:
            part, margin = Markdown(Limits()), parse_xml(archive.read(target))
            _clear_hidden(markdown, margin, styles)
            _write(part, margin, Styles({}))
            if (text := part.done().text) and text not in written:
                written.add(text)
                markdown.block(text)


def _write(markdown: Markdown, blocks: Iterable[Element], styles: Styles) -> None:
    for block in blocks:
        kind = local(block.tag)
        if kind == "p":
            _paragraph(markdown, block, styles)
        elif kind == "tbl":
            markdown.table(_rows(block))
        elif kind in ("sdt", "sdtContent", "customXml", "ins", "moveTo"):
            _write(markdown, block, styles)


def _paragraph(markdown: Markdown, paragraph: Element, styles: Styles) -> None:
    text = _text(paragraph)
    properties = child(paragraph, "pPr")
    level = _level(properties, styles)
    depth = _depth(properties, styles)
    if level < BODY_TEXT:
        markdown.heading(level + 1, text)
    elif depth is not None:
        markdown.item(text, depth)
    else:
        markdown.paragraph(text)


def _level(properties: Element | None, styles: Styles) -> int:
    own = child(properties, "outlineLvl")
    if own is not None:
        return _number(own, BODY_TEXT)
    return styles.outline.get(_style(properties), BODY_TEXT)


def _depth(properties: Element | None, styles: Styles) -> int | None:
    """How deep in lists a paragraph is, by itself or by its style; None outside of lists."""
    own = child(properties, "numPr")
    if own is None:
        return styles.lists.get(_style(properties))
    # Number 0 takes a paragraph out of its style's list.
    return _number(child(own, "ilvl")) if _number(child(own, "numId"), 1) else None


def _style(properties: Element | None, kind: str = "pStyle") -> str:
    style = child(properties, kind)
    return (attribute(style, "val") if style is not None else None) or ""


def _text(element: Element) -> str:
    return "".join(_texts(element))


def _texts(element: Element) -> Iterator[str]:
    for each in element:
        kind = local(each.tag)
        if kind == "t":
            yield each.text or ""
        elif kind in SPACES:
            yield SPACES[kind]
        elif kind == "p":  # of a text box
            yield f" {_text(each)} "
        elif kind in THROUGH:
            yield from _texts(each)


def _rows(table: Element) -> Iterator[list[str]]:
    for row in table.iter():
        # Rows of tables in cells are text of those.
        if local(row.tag) == "tr" and row in _own_rows(table):
            yield [text for cell in row if local(cell.tag) in ("tc", "sdt") for text in _cell(cell)]


def _own_rows(table: Element) -> set[Element]:
    rows = {row for row in table if local(row.tag) == "tr"}
    for wrapper in table:
        if local(wrapper.tag) in ("sdt", "ins"):
            content = child(wrapper, "sdtContent")
            rows |= {row for row in (content if content is not None else wrapper) if local(row.tag) == "tr"}
    return rows


def _cell(cell: Element) -> list[str]:
    if local(cell.tag) == "sdt":
        inner = child(cell, "sdtContent", "tc")
        return _cell(inner) if inner is not None else []
    properties = child(cell, "tcPr")
    texts = [_text(each) for each in cell.iter() if local(each.tag) == "p"]
    span = child(properties, "gridSpan")
    return [one_line(" ".join(texts))] + [""] * min(_number(span, 1) - 1, WIDEST_SPAN)


def _styles(archive: Archive) -> Styles:
    """Those of the document, and where it has none, those that every document has."""
    if "word/styles.xml" not in archive:
        return Styles({f"Heading{n}": n - 1 for n in range(1, BODY_TEXT + 1)} | {"Title": 0})
    levels: dict[str, int] = {}
    depths: dict[str, int] = {}
    hidden: dict[str, int] = {}
    parents: dict[str, str] = {}
    for style in parse_xml(archive.read("word/styles.xml")):
        style_id = attribute(style, "styleId") or ""
        based_on, own = child(style, "basedOn"), child(style, "pPr", "outlineLvl")
        parents[style_id] = (attribute(based_on, "val") if based_on is not None else None) or ""
        name_element = child(style, "name")
        name = ((attribute(name_element, "val") if name_element is not None else None) or "").lower()
        if own is not None:
            levels[style_id] = _number(own, BODY_TEXT)
        elif name.startswith("heading ") and name[8:].isdecimal():
            levels[style_id] = int(name[8:]) - 1
        elif name == "title":
            levels[style_id] = 0
        listed = LISTS.fullmatch(name)
        if listed or child(style, "pPr", "numPr") is not None:
            in_style = _number(child(style, "pPr", "numPr", "ilvl"))
            depths[style_id] = int(listed[1]) - 1 if listed and listed[1] else in_style
        is_hidden = _switch(child(style, "rPr", "vanish"))
        if is_hidden is not None:
            hidden[style_id] = is_hidden
    return Styles(_inherited(levels, parents), _inherited(depths, parents), _inherited(hidden, parents))


def _inherited(values: dict[str, int], parents: dict[str, str]) -> dict[str, int]:
    """The values of all styles that have one, of their own or of one that they are based on."""
    found: dict[str, int] = {}
    for style in parents:
        ancestor = style
        for _ in range(LONGEST_CHAIN):
            if ancestor in values or ancestor not in parents:
                break
            ancestor = parents[ancestor]
        if ancestor in values:
            found[style] = values[ancestor]
    return found


def _switch(element: Element | None) -> bool | None:
    """Whether a format is on; None where nothing is said of it."""
    return None if element is None else attribute(element, "val") not in ("0", "false", "off")


def _number(element: Element | None, otherwise: int = 0) -> int:
    value = attribute(element, "val") if element is not None else None
    return int(value) if value is not None and value.isdecimal() and len(value) < 5 else otherwise
