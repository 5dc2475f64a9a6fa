"""What calamine does not tell of a sheet: number formats, hidden and merged cells, errors, formulas without result."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from xml.etree.ElementTree import Element

from gateway.ingestion.archive import Archive
from gateway.ingestion.readers.number_formats import BUILT_IN
from gateway.ingestion.relations import relations
from gateway.ingestion.xml import attribute, child, parse_xml, scan_xml

RANGE = re.compile(r"([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})\d{1,7}")
WORKBOOK = "xl/workbook.xml"
MAX_COLUMNS = 16_384
MOST_MERGED = 20_000


@dataclass
class Sheet:
    """Rows and columns count from 0."""

    formats: dict[int, Mapping[int, str]] = field(default_factory=dict)
    """Formats of numbers by row and column, but for those that show a number as it is."""
    texts: dict[int, dict[int, str]] = field(default_factory=lambda: defaultdict(dict))
    """Errors such as `#DIV/0!`, and formulas such as `=A1+B1` that no program has calculated, by row and column."""
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    merged: dict[int, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    """The last columns of cells that take several, by their first row and column."""
    has_formulas: bool = False
    """Whether some of its formulas have no result."""


class Sheets:
    """The sheets of a workbook."""

    def __init__(self, archive: Archive) -> None:
        """Read the styles. UnreadableError."""
        self._archive = archive
        targets = relations(archive, WORKBOOK)
        styles = next((target for kind, target in targets.values() if kind.endswith("/styles")), "")
        self._codes = _codes(parse_xml(archive.read(styles))) if styles in archive else {}
        sheets = child(parse_xml(archive.read(WORKBOOK)), "sheets")
        self._parts = {
            sheet.get("name", ""): targets.get(attribute(sheet, "id") or "", ("", ""))[1]
            for sheet in (sheets if sheets is not None else ())
        }

    def part(self, name: str) -> str:
        """Where a sheet is in the archive, or would be."""
        return self._parts.get(name, "")

    def sheet(self, name: str) -> Sheet:
        """What a sheet has besides values. UnreadableError."""
        scan = _Scan(self._codes)
        if self.part(name) in self._archive:
            scan_xml(self._archive.read(self.part(name)), scan.start, scan.text)
            scan.finish()
        return scan.sheet


class _Scan:
    """Told each element and text of a sheet."""

    def __init__(self, codes: Mapping[str, str]) -> None:
        self.sheet = Sheet()
        self._codes = codes
        # Rows are much alike, and there may be a million.
        self._known: dict[tuple[tuple[int, str], ...], Mapping[int, str]] = {}
        self._cells: dict[int, str] = {}
        self._row = self._column = -1
        self._is_error = False
        self._element = ""
        self._formula = self._value = ""
        self._has_formula = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._element = tag.rpartition("}")[2]
        if self._element == "c":
            self._end_cell()
            self._column = _column(attributes["r"]) if "r" in attributes else self._column + 1
            self._is_error = attributes.get("t") == "e"
            if code := self._codes.get(attributes.get("s", "0")):
                self._cells[self._column] = code
        elif self._element == "f":
            self._has_formula = True
        elif self._element == "row":
            self._end_row()
            self._row, self._column, self._cells = int(attributes.get("r", self._row + 2)) - 1, -1, {}
            if attributes.get("hidden") in ("1", "true"):
                self.sheet.hidden_rows.add(self._row)
        elif self._element == "col" and attributes.get("hidden") in ("1", "true"):
            first, last = int(attributes.get("min", "1")), int(attributes.get("max", "1"))
            self.sheet.hidden_columns.update(range(max(first - 1, 0), min(last, MAX_COLUMNS)))
        elif self._element == "mergeCell" and (found := RANGE.fullmatch(attributes.get("ref", ""))):
            self._merge(int(found[2]) - 1, _column(found[1]), _column(found[3]))

    def text(self, text: str) -> None:
        if self._element == "f":
            self._formula += text
        elif self._element == "v":
            self._value += text

    def finish(self) -> None:
        self._end_row()

    def _merge(self, row: int, first: int, last: int) -> None:
        if first < last < MAX_COLUMNS and len(self.sheet.merged) < MOST_MERGED:
            self.sheet.merged[row][first] = last

    def _end_cell(self) -> None:
        if self._is_error and self._value:
            self.sheet.texts[self._row][self._column] = self._value.strip()
        elif self._has_formula and not self._value:
            self.sheet.has_formulas = True
            if formula := self._formula.strip():
                self.sheet.texts[self._row][self._column] = f"={formula}"
        self._is_error = self._has_formula = False
        self._formula = self._value = ""

    def _end_row(self) -> None:
        self._end_cell()
        if self._cells:
            self.sheet.formats[self._row] = self._known.setdefault(tuple(self._cells.items()), self._cells)


def letters_of(column: int) -> str:
    """What a program calls a column: A, …, Z, AA."""
    letters = ""
    while column >= 0:
        column, letter = divmod(column, 26)
        letters = chr(ord("A") + letter) + letters
        column -= 1
    return letters


def _codes(styles: Element) -> dict[str, str]:
    """Formats by the number that cells have for them."""
    own, uses = child(styles, "numFmts"), child(styles, "cellXfs")
    codes = {each.get("numFmtId", ""): each.get("formatCode", "") for each in (own if own is not None else ())}
    codes = BUILT_IN | codes
    found = {str(n): codes.get(each.get("numFmtId", ""), "") for n, each in enumerate(uses if uses is not None else ())}
    return {number: code for number, code in found.items() if code and code.lower() != "general"}


def _column(reference: str) -> int:
    return _number_of(reference.rstrip("0123456789"))


@lru_cache(maxsize=20_000)
def _number_of(letters: str) -> int:
    number = 0
    for letter in letters[:4].upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
