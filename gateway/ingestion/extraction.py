"""What is read of a file: Markdown, written block by block, and where its pages begin; or a plain text as it is."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.ingestion.errors import TooLargeError
from gateway.ingestion.limits import Limits, megabytes

SPACE = re.compile(r"\s+")
# What text cannot hold: PostgreSQL has no null character, UTF-8 no surrogates.
IMPOSSIBLE = re.compile("[\0\ud800-\udfff]")
# What begins a tag, and no address in angle brackets: HTML may hide what follows.
TAG = r"<(?=[a-z/!?])(?![a-z]{2,}+:|[^\s<>@]++@)"
# What would turn a paragraph into something else: a heading, code, a quote, HTML, front matter.
MARKS = re.compile(rf"(?=#{{1,6}}(?:\s|$)|`{{3}}|~{{3}}|>|{TAG}|(?:---|\+\+\+)$)", re.IGNORECASE)
# The same in a text of several lines, where a line below may make a heading of one. Quotes, as in mails, stay.
LINE_MARKS = re.compile(
    rf"^(?= {{0,3}}(?:#{{1,6}}(?:[ \t]|$)|`{{3}}|~{{3}}|{TAG}|(?:=++|-++|\+\+\+)[ \t]*+$))( *)",
    re.IGNORECASE | re.MULTILINE,
)
FENCE = re.compile(r"`{3,}")
MAX_COLUMNS = 256
DEEPEST_HEADING = 6
MOST_RANGES = 30


@dataclass(frozen=True)
class Extraction:
    """A text, and where each of its pages begins in it; no pages for a format without them."""

    text: str
    page_starts: Sequence[int] = ()
    is_markdown: bool = True
    """False for plain text, in which nothing is a heading, whatever it looks like."""
    remark: str = ""
    """What of the file was not read, in words for its owner."""


def one_line(text: str) -> str:
    """`text` with each run of white space as one space."""
    return SPACE.sub(" ", text).strip()


def paragraph_of(text: str) -> str:
    """A paragraph as Markdown, on one line."""
    words = one_line(text)
    return MARKS.sub(r"\\", words, count=1) if MARKS.match(words) else words


def table_of(rows: Iterable[Sequence[str]]) -> str:
    """A table as Markdown, its first row as header, without rows and columns that have no text; nothing without any."""
    cells = [[one_line(cell).replace("|", "\\|") for cell in row[:MAX_COLUMNS]] for row in rows]
    filled = [row for row in cells if any(row)]
    used = sorted({column for row in filled for column, cell in enumerate(row) if cell})
    if not filled:
        return ""
    lines = ["| " + " | ".join(row[c] if c < len(row) else "" for c in used) + " |" for row in filled]
    lines.insert(1, "|" + " --- |" * len(used))
    return "\n".join(lines)


def code_of(text: str, language: str = "") -> str:
    """Code as Markdown, as it is."""
    longest = max((len(fence) for fence in FENCE.findall(text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{one_line(language)}\n{text.strip(chr(10))}\n{fence}"


def joined_header(rows: Sequence[Sequence[str]]) -> list[str]:
    """The header of several rows as one: each column with all that stands above it."""
    width = max(map(len, rows))
    columns = ([row[column].strip() for row in rows if column < len(row)] for column in range(width))
    return [" ".join(dict.fromkeys(filter(None, column))) for column in columns]


def ranges(numbers: Sequence[int]) -> str:
    """Ascending numbers in words, such as `1-4, 6`; of very many the first."""
    ends: list[list[int]] = []
    for number in numbers:
        if ends and number == ends[-1][1] + 1:
            ends[-1][1] = number
        else:
            ends.append([number, number])
    words = [str(first) if first == last else f"{first}-{last}" for first, last in ends[:MOST_RANGES]]
    return ", ".join(words) + (" and others" if len(ends) > MOST_RANGES else "")


class Markdown:
    """A text that grows by blocks. Every method may raise TooLargeError."""

    def __init__(self, limits: Limits) -> None:
        """Begin empty; hold to `limits`."""
        self._limits = limits
        self._blocks: list[str] = []
        self._length = 0
        self._bytes = 0
        self._page_starts: list[int] = []
        self._pages_without_text = 0
        self._was_item = False
        self._remarks: dict[str, None] = {}

    def page(self) -> None:
        """Begin a page."""
        if len(self._page_starts) + self._pages_without_text >= self._limits.pages:
            raise TooLargeError("The file has", f"{self._limits.pages:,} pages", "file_pages")
        self._pages_without_text += 1

    def heading(self, level: int, text: str) -> None:
        """A heading of a level from 1."""
        if words := one_line(text):
            self.block(f"{'#' * min(max(level, 1), DEEPEST_HEADING)} {words}")

    def paragraph(self, text: str) -> None:
        """A paragraph, on one line."""
        if paragraph := paragraph_of(text):
            self.block(paragraph)

    def plain(self, text: str) -> None:
        """A plain text of several lines, none of which is a heading or hidden."""
        if text.strip():
            self.block(LINE_MARKS.sub(r"\1\\", text.strip("\n")))

    def item(self, text: str, depth: int = 0, marker: str = "-") -> None:
        """An item of a list, which belongs to the one before it when that is an item too."""
        if words := one_line(text):
            self._add(f"{'  ' * min(depth, 8)}{marker} {words}", "\n" if self._was_item else "\n\n")
            self._was_item = True

    def code(self, text: str, language: str = "") -> None:
        """Code, as it is."""
        if text.strip():
            self.block(code_of(text, language))

    def table(self, rows: Iterable[Sequence[str]]) -> None:
        """A table whose first row is its header. Rows and columns without text are left out."""
        if table := table_of(rows):
            self.block(table)

    def block(self, text: str) -> None:
        """Markdown that stands apart from what is before and after it."""
        self._add(text, "\n\n")
        self._was_item = False

    def remark(self, sentence: str) -> None:
        """Say, once, what of the file is not read."""
        self._remarks[sentence] = None

    def done(self, *, is_markdown: bool = True) -> Extraction:
        """All of it."""
        starts = [*self._page_starts, *[self._length] * self._pages_without_text]
        return Extraction("".join(self._blocks), starts, is_markdown, " ".join(self._remarks))

    def _add(self, text: str, separator: str) -> None:
        text = IMPOSSIBLE.sub("\ufffd", text)
        if self._blocks:
            text = separator + text
        start = self._length + (len(separator) if self._blocks else 0)
        self._page_starts += [start] * self._pages_without_text
        self._pages_without_text = 0
        self._blocks.append(text)
        self._length += len(text)
        self._bytes += len(text.encode())
        if self._bytes > self._limits.text_bytes:
            raise TooLargeError(
                "The text of the file has",
                megabytes(self._limits.text_bytes),
                "file_text_bytes_of_document",
                "The files of one document have at most so much: split the file over several documents.",
            )
