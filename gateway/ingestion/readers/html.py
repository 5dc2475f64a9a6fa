"""HTML: headings, paragraphs, lists, tables and code; what no reader sees is left out.

The parser of the standard library calls a method for each tag, so that nesting costs no stack.
"""

import re
from collections.abc import Callable
from html.parser import HTMLParser

from gateway.ingestion import decoding
from gateway.ingestion.decoding import declared_in, decode
from gateway.ingestion.extraction import Extraction, Markdown, one_line
from gateway.ingestion.readers import File
from gateway.ingestion.readers.html_grid import Grid
from gateway.ingestion.readers.unseen import HAS_SUBJECT, Unseen

# Tags that end what is written before them; of all others the text goes on.
BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "body", "center", "dd", "details", "dialog", "div", "dl", "dt"}
    | {"fieldset", "figcaption", "figure", "footer", "form", "header", "hr", "html", "legend", "li", "main", "ol"}
    | {"option", "p", "section", "summary", "ul", "caption", "h1", "h2", "h3", "h4", "h5", "h6", "head", "title"}
    | {"button", "textarea"}
)
CELLS = ("td", "th")
ROW_GROUPS = ("thead", "tbody", "tfoot")
PIECES = 20
SHORTEST_PIECE = 250_000
MAX_ROWS = 100_000
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


class _Writer(HTMLParser):
    """Writes what it reads as it goes."""

    def __init__(self, markdown: Markdown, unseen: Unseen, *, has_h1: bool) -> None:
        super().__init__(convert_charrefs=True)
        self._markdown = markdown
        self._has_h1 = has_h1
        self._text: list[str] = []
        self._unseen = unseen
        self._heading = 0
        self._lists: list[int] = []  # the next number of each ordered list, 0 of the others
        self._is_item = False
        self._pre = 0
        self._language = ""
        self._tables = 0
        self._grid = Grid()
        self._is_cell = False
        self._span = (1, 1)
        self._title = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if self._unseen.start(tag, attributes):
            return
        if tag == "br":
            self._text.append("\n")
        elif tag == "img":
            self._text.append(f" {attributes.get('alt') or ''} ")
        elif tag == "table":
            self._begin_table()
        elif self._tables:
            self._in_table(tag, attributes)
        elif tag == "pre":
            self._flush()
            self._pre += 1
        elif tag == "code" and self._pre:
            found = LANGUAGE.search(attributes.get("class") or "")
            self._language = found[1] if found else ""
        elif tag in BLOCKS:
            self._begin_block(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._unseen.end(tag):
            return
        if tag == "table" and self._tables:
            self._end_table()
        elif self._tables:
            if tag in CELLS and self._tables == 1:
                self._end_cell()
        elif tag == "pre" and self._pre:
            self._markdown.code("".join(self._text), self._language)
            self._text.clear()
            self._pre -= 1
            self._language = ""
        elif tag in BLOCKS:
            self._end_block(tag)

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            # Where a word may be divided.
            self._text.append(data.replace("\xad", ""))

    def end(self) -> None:
        """Write what no tag has ended. A comment that never ends goes up to here, as browsers have it."""
        if self.rawdata.startswith("<!--"):
            self.rawdata = ""
        self.close()
        if self._tables:
            self._tables = 1
            self._end_table()
        self._flush()
        self._write_title()

    def _begin_block(self, tag: str) -> None:
        self._flush()
        if tag in ("ul", "ol") and len(self._lists) < 100:
            self._lists.append(1 if tag == "ol" else 0)
        elif tag == "li":
            self._is_item = True
        elif tag[0] == "h" and tag[1:].isdecimal():
            self._heading = int(tag[1:])
        elif tag == "title":
            self._heading = 0 if self._has_h1 else 1

    def _end_block(self, tag: str) -> None:
        if tag == "title" and self._has_h1:
            self._title = one_line("".join(self._text))
            self._text.clear()
        self._flush()
        if tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        self._heading = 0

    def _flush(self) -> None:
        text = "".join(self._text)
        self._text.clear()
        if self._pre:
            self._markdown.code(text, self._language)
        elif self._heading:
            if self._heading == 1:
                self._write_title(one_line(text))
            self._markdown.heading(self._heading, text)
        elif self._is_item and one_line(text):
            self._item(text)
        else:
            self._markdown.paragraph(text)

    def _write_title(self, heading: str = "") -> None:
        """The title of a page that has a main heading, before that, unless it is the same."""
        if self._title and self._title != heading:
            self._markdown.paragraph(self._title)
        self._title = ""

    def _item(self, text: str) -> None:
        marker = "-"
        if self._lists and self._lists[-1]:
            marker = f"{self._lists[-1]}."
            self._lists[-1] += 1
        self._markdown.item(text, max(len(self._lists) - 1, 0), marker)
        self._is_item = False

    def _begin_table(self) -> None:
        if self._tables == 0:
            self._flush()
            self._grid = Grid()
        else:
            self._text.append(" ")
        self._tables += 1

    def _in_table(self, tag: str, attributes: dict[str, str | None]) -> None:
        if self._tables == 1 and tag in ROW_GROUPS:
            self._end_cell()
            self._grid.end_group()
        if self._tables > 1 or tag not in (*CELLS, "tr"):
            self._text.append(" " if tag in (*CELLS, "tr") or tag in BLOCKS else "")
            return
        self._end_cell()
        if tag == "tr" or not self._grid.rows:
            if len(self._grid.rows) >= MAX_ROWS:
                self._write_rows()
            self._grid.row()
        if tag in CELLS:
            self._span = (_number(attributes.get("colspan")), _number(attributes.get("rowspan")))
            self._is_cell = True

    def _end_cell(self) -> None:
        text = one_line("".join(self._text))
        self._text.clear()
        if self._is_cell:
            self._grid.cell(text, *self._span)
            self._is_cell = False
        elif text:  # a caption, or text where none may be
            self._markdown.paragraph(text)

    def _end_table(self) -> None:
        self._tables -= 1
        if self._tables == 0:
            self._end_cell()
            self._write_rows()

    def _write_rows(self) -> None:
        self._markdown.table(self._grid.rows)
        self._grid = Grid()


def _number(span: str | None) -> int:
    """How many columns or rows a cell takes; 0 rows are all that follow."""
    return int(span) if span is not None and span.isdecimal() and len(span) < 6 else 1
