"""Which number format each cell of a workbook has: calamine gives numbers without it."""

from collections.abc import Mapping
from functools import lru_cache
from xml.etree.ElementTree import Element

from gateway.ingestion.archive import Archive
from gateway.ingestion.readers.number_formats import BUILT_IN
from gateway.ingestion.relations import relations
from gateway.ingestion.xml import attribute, child, parse_xml, scan_xml

WORKBOOK = "xl/workbook.xml"
# Formats by column, both from 0, of each row.
Formats = Mapping[int, Mapping[int, str]]


class CellFormats:
    """The formats of numbers in a workbook, but for those that show a number as it is."""

    def __init__(self, archive: Archive) -> None:
        """Read the styles. UnreadableError."""
        self._archive = archive
        targets = relations(archive, WORKBOOK)
        styles = next((target for kind, target in targets.values() if kind.endswith("/styles")), "")
        self._codes = _codes(parse_xml(archive.read(styles))) if styles in archive else {}
        sheets = child(parse_xml(archive.read(WORKBOOK)), "sheets") if self._codes else None
        self._parts = {
            sheet.get("name", ""): targets.get(attribute(sheet, "id") or "", ("", ""))[1]
            for sheet in (sheets if sheets is not None else ())
        }

    def of_sheet(self, name: str) -> Formats:
        """Those of a sheet's cells. UnreadableError."""
        part = self._parts.get(name, "")
        if part not in self._archive:
            return {}
        rows: dict[int, Mapping[int, str]] = {}
        # Rows are much alike, and there may be a million.
        known: dict[tuple[tuple[int, str], ...], Mapping[int, str]] = {}
        cells: dict[int, str] = {}
        row = column = -1

        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal row, column, cells
            if tag.endswith("}c"):
                column = _column(attributes["r"]) if "r" in attributes else column + 1
                if code := self._codes.get(attributes.get("s", "0")):
                    cells[column] = code
            elif tag.endswith("}row"):
                finish()
                row, column, cells = int(attributes.get("r", row + 2)) - 1, -1, {}

        def finish() -> None:
            if cells:
                rows[row] = known.setdefault(tuple(cells.items()), cells)

        scan_xml(self._archive.read(part), start)
        finish()
        return rows


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
