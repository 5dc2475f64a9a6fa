"""HTML: headings, paragraphs, lists, tables and code; what no reader sees is left out.

The parser of the standard library calls a method for each tag, so that nesting costs no stack.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser

from gateway.ingestion import decoding
from gateway.ingestion.decoding import declared_in, decode
from gateway.ingestion.extraction import Extraction, Markdown, one_line
from gateway.ingestion.readers import File
from gateway.ingestion.readers.html_tables import Block, Cell, Table
from gateway.ingestion.readers.unseen import HAS_SUBJECT, Unseen

# Tags that end what is written before them; of all others the text goes on.
BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "body", "center", "dd", "details", "dialog", "div", "dl", "dt"}
    | {"fieldset", "figcaption", "figure", "footer", "form", "header", "hgroup", "hr", "html", "legend", "li", "main"}
    | {"menu", "ol", "option", "p", "search", "section", "summary", "ul", "caption", "head", "title", "button"}
    | {"h1", "h2", "h3", "h4", "h5", "h6", "textarea"}
)
LISTS = ("ul", "ol", "menu")
CELLS = ("td", "th")
ROW_GROUPS = ("thead", "tbody", "tfoot")
# Tags of a table, and tags within a line beside which words stand apart.
OF_TABLES = frozenset({*CELLS, *ROW_GROUPS, "tr"})
APART = frozenset({"label", "meter", "output", "progress"})
PIECES = 20
SHORTEST_PIECE = 250_000
MAX_ROWS = 100_000
# Tables within tables; deeper ones are text.
DEEPEST = 30
LANGUAGE = re.compile(r"(?:language|lang|highlight-source)-([\w+#-]{1,30})")


def prepare(file: File) -> None:
    """Load encodings where they are needed."""
    decoding.prepare(file.data)


def read(file: File) -> Extraction:
    """The page."""
    markdown = Markdown(file.limits)
    write_html(markdown, file.data, file.charset, file.progress)
    return markdown.done()


def write_html(
    markdown: Markdown,
    data: bytes,
    charset: str | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> None:
    """Write a page to `markdown`; `progress` is told characters done, and all of them."""
    text = decode(data, charset, declared_in(data))
    unseen = Unseen(has_subject=HAS_SUBJECT.search(text) is not None)
    writer = _Writer(markdown, unseen, has_h1="<h1" in text[:1_000_000].lower())
    # In few pieces: with each the parser looks again at a construct that has begun and not ended.
    piece = max(len(text) // PIECES, SHORTEST_PIECE)
    for start in range(0, len(text), piece):
        writer.feed(text[start : start + piece])
        progress(min(start + piece, len(text)), len(text))
    writer.end()


@dataclass
class _Place:
    """Where the writer is: on the page or in a table, with the text of the block that has begun there."""

    table: Table | None = None
    blocks: list[Block] = field(default_factory=list)
    """What has been read of a table's cell, or between its cells."""
    text: list[str] = field(default_factory=list)
    heading: int = 0
    lists: list[int] = field(default_factory=list)
    """The next number of each ordered list, 0 of the others."""
    is_item: bool = False
    pre: int = 0
    language: str = ""

    def next_cell(self) -> None:
        """Begin without what stood in the cell before."""
        self.blocks = []
        if self.lists or self.is_item or self.heading or self.pre:
            self.lists, self.is_item, self.heading, self.pre, self.language = [], False, 0, 0, ""


class _Writer(HTMLParser):
    """Writes what it reads as it goes; a table once it has ended."""

    def __init__(self, markdown: Markdown, unseen: Unseen, *, has_h1: bool) -> None:
        super().__init__(convert_charrefs=True)
        self._markdown = markdown
        self._has_h1 = has_h1
        self._unseen = unseen
        self._title = ""
        self._at = _Place()
        # Around the place, from the page inwards.
        self._around: list[_Place] = []
        # Tables that are too deep.
        self._deeper = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if self._unseen.start(tag, attributes):
            return
        if tag == "br":
            self._at.text.append("\n")
        elif tag == "img":
            self._at.text.append(f" {attributes.get('alt') or ''} ")
        elif tag == "table":
            self._begin_table()
        elif tag in OF_TABLES:
            self._begin_in_table(tag, attributes)
        elif tag == "pre":
            self._flush()
            self._at.pre += 1
        elif tag == "code" and self._at.pre:
            found = LANGUAGE.search(attributes.get("class") or "")
            self._at.language = found[1] if found else ""
        elif tag in BLOCKS:
            self._begin_block(tag)
        elif tag in APART:
            self._at.text.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if self._unseen.end(tag):
            return
        if tag == "table":
            self._end_table()
        elif tag in OF_TABLES:
            self._end_in_table()
        elif tag == "pre" and self._at.pre:
            self._flush()
            self._at.pre -= 1
            self._at.language = ""
        elif tag in BLOCKS:
            self._end_block(tag)
        elif tag in APART:
            self._at.text.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            # Where a word may be divided.
            self._at.text.append(data.replace("\xad", ""))

    def end(self) -> None:
        """Write what no tag has ended. A comment that never ends goes up to here, as browsers have it."""
        if self.rawdata.startswith("<!--"):
            self.rawdata = ""
        self.close()
        self._deeper = 0
        while self._at.table is not None:
            self._end_table()
        self._flush()
        self._write_title()

    def _begin_block(self, tag: str) -> None:
        self._flush()
        if tag in LISTS and len(self._at.lists) < 100:
            self._at.lists.append(1 if tag == "ol" else 0)
        elif tag == "li":
            self._at.is_item = True
        elif tag[0] == "h" and tag[1:].isdecimal():
            self._at.heading = int(tag[1:])
        elif tag == "title":
            self._at.heading = 0 if self._has_h1 else 1

    def _end_block(self, tag: str) -> None:
        if tag == "title" and self._has_h1:
            self._title = one_line("".join(self._at.text))
            self._at.text.clear()
        self._flush()
        if tag in LISTS and self._at.lists:
            self._at.lists.pop()
        self._at.heading = 0

    def _flush(self) -> None:
        """End the block that has begun."""
        at = self._at
        if not at.text:
            return
        text = "".join(at.text)
        at.text.clear()
        if not text or text.isspace():
            return
        if at.pre:
            self._write(Block("code", text, mark=at.language))
        elif at.heading:
            if at.heading == 1:
                self._write_title(one_line(text))
            self._write(Block("heading", text, at.heading))
        elif at.is_item:
            self._item(text)
        else:
            self._write(Block("paragraph", text))

    def _write(self, block: Block) -> None:
        if self._at.table is not None:
            self._at.blocks.append(block)
        else:
            block.write(self._markdown)

    def _write_all(self, place: _Place, blocks: Iterable[Block]) -> None:
        if place.table is not None:
            place.blocks.extend(blocks)
        else:
            for block in blocks:
                block.write(self._markdown)

    def _write_title(self, heading: str = "") -> None:
        """The title of a page that has a main heading, before that, unless it is the same."""
        if self._title and self._title != heading:
            self._write(Block("paragraph", self._title))
        self._title = ""

    def _item(self, text: str) -> None:
        marker = "-"
        if self._at.lists and self._at.lists[-1]:
            marker = f"{self._at.lists[-1]}."
            self._at.lists[-1] += 1
        self._write(Block("item", text, max(len(self._at.lists) - 1, 0), marker))
        self._at.is_item = False

    def _begin_table(self) -> None:
        self._flush()
        if len(self._around) >= DEEPEST:
            self._deeper += 1
        else:
            self._around.append(self._at)
            self._at = _Place(table=Table())

    def _begin_in_table(self, tag: str, attributes: dict[str, str | None]) -> None:
        table = self._at.table
        self._end_in_table()
        if self._deeper or table is None:
            return
        if tag in ROW_GROUPS:
            table.end_group()
            return
        if tag == "tr" or not len(table):
            if len(table) >= MAX_ROWS:
                self._write_all(self._around[-1], table.blocks())
                table = self._at.table = Table()
            table.row()
        if tag in CELLS:
            table.cell = Cell(_number(attributes.get("colspan")), _number(attributes.get("rowspan")), tag == "th")

    def _end_in_table(self) -> None:
        """End a cell; what stands between cells, such as a caption, comes before the table."""
        self._flush()
        table = self._at.table
        if self._deeper or table is None:
            return
        if table.cell:
            table.end_cell(table.cell, self._at.blocks)
            table.cell = None
        elif self._at.blocks:
            self._write_all(self._around[-1], self._at.blocks)
        self._at.next_cell()

    def _end_table(self) -> None:
        if self._deeper:
            self._flush()
            self._deeper -= 1
        elif (table := self._at.table) is not None:
            self._end_in_table()
            self._at = self._around.pop()
            self._write_all(self._at, table.blocks())


def _number(span: str | None) -> int:
    """How many columns or rows a cell takes; 0 rows are all that follow."""
    return int(span) if span is not None and span.isdecimal() and len(span) < 6 else 1
