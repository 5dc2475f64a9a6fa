"""Whether the numbers of a statement stand in what it is based on, in whatever form each is written.

Numbers are compared by their values: 1,000 and 1.000 and 1 000 and 1000 are one, so are 3.50 and 3,5, and 1.2 million
and 1,200,000. Dates are compared by day, month and year: 2026-10-04, 4.10.2026 and October 4, 2026 are one. What can be
read in two ways (1.234, 10/4/2026) stands there if it does in one of them. A number stands there with its unit: 14 m/s
is no 14 km/h (units.py). English words are numbers as well (number_words.py).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from gateway.answers import number_words
from gateway.answers.units import unit_of

_SPACES = " \u00a0\u2009\u202f"
_NUMBER = re.compile(
    rf"\d{{1,3}}(?P<between>[{_SPACES}'\u2019])\d{{3}}(?:(?P=between)\d{{3}})*(?:[.,]\d+)?(?!\d)|\d+(?:[.,]\d+)*"
)
_SCALES = (
    (3, re.compile(r"[\s-]?(?:k\b|(?i:thousand|tausend|tsd\b|mil\b|mille\b))")),
    (6, re.compile(r"[\s-]?(?:M\b|(?i:mio\b|mln\b|mil(?:l?i[oóe]|h)))")),
    (9, re.compile(r"(?i)[\s-]?(?:bn\b|mrd\b|mld\b|mil+iard|billion)")),
    (12, re.compile(r"(?i)[\s-]?(?:trillion|billion)")),  # a German Billion is a trillion
)
_FULL_HOUR = re.compile(r"(?<=\d):00\b")
_AFTERNOON = re.compile(r"(?i)(?::\d\d)?\s?p\.?m\b")
# Beginnings of the names of months in English, German, French, Spanish, Portuguese, Italian, Dutch and the Nordic
# languages. A date with another name for its month is compared by its numbers.
_MONTHS = (
    "jan|ene|gen", "feb|fev|fév", "mar|mär|maa", "apr|avr|abr", "may|mai|mag|mei|maj", "jun|juin|giu",
    "jul|juil|lug", "aug|aoû|ago", "sep|set", "oct|okt|out|ott", "nov", "dec|dez|dic|déc",
)  # fmt: skip
_NAMED = [re.compile(rf"(?i){names}") for names in _MONTHS]
_NAME = rf"\b(?P<name>(?i:{'|'.join(_MONTHS)})[^\W\d_]{{0,8}})\b\.?"
_DAY = r"(?<![\d.,])(?P<day>\d{1,2})"
_AFTER_DAY = r"(?:st|nd|rd|th|er|[.\u00ba])?"
_YEAR = r"(?P<year>\d{4})(?!\d|[.,]\d)"
_OF = r"(?:of\s+|de\s+|del\s+)?"
_DATES = (
    re.compile(r"(?<!\d)(?P<year>\d{4})[-/.年](?P<month>\d{1,2})(?:[-/.月](?P<day>\d{1,2}))?(?![-/.]?\d)"),
    re.compile(rf"{_DAY}(?P<between>[-/.])\s?(?P<month>\d{{1,2}})(?P=between)\s?(?P<year>\d{{4}}|\d{{2}})(?![.,]?\d)"),
    re.compile(rf"{_DAY}{_AFTER_DAY}\s+{_OF}{_NAME}(?:,?\s+{_OF}{_YEAR})?"),
    re.compile(rf"{_NAME}\s+(?P<day>\d{{1,2}}){_AFTER_DAY}(?!\d|[.,:]\d)(?:,?\s+{_YEAR})?"),
    re.compile(rf"{_NAME}\s+{_OF}{_YEAR}"),
)
CENTURY, TURN = 2000, 70
"""Of years of two digits: 69 is 2069, 70 is 1970."""
Value = Decimal | str


@dataclass(frozen=True)
class Date:
    """A day, or a month of a year, or a day of every year."""

    year: int | None
    month: int
    day: int | None

    def covers(self, stated: "Date") -> bool:
        """Whether everything that is `stated` is part of this date."""
        return self.month == stated.month and stated.day in (None, self.day) and stated.year in (None, self.year)

    def contradicts(self, stated: "Date") -> bool:
        """Whether this is the same day, or year where no day is stated, of another month."""
        if self.month == stated.month:
            return False
        if stated.day is None:
            return self.year == stated.year
        return self.day == stated.day and (self.year == stated.year or None in (self.year, stated.year))


def stand_in(statement: str, given: str) -> bool:
    """Whether each number and each date of the statement stands in what is given."""
    dates = {date for _, readings in _dates(given) for date in readings}
    for match, readings in _dates(statement):
        if any(date.covers(stated) for date in dates for stated in readings):
            statement = statement[: match.start()] + "\n" * len(match[0]) + statement[match.end() :]
        elif any(date.contradicts(stated) for date in dates for stated in readings):
            return False
    units = _units_by_value(given)
    numbers = _NUMBER.finditer(_FULL_HOUR.sub("", statement))
    words = {Decimal(value) for value in number_words.stated(statement)}
    return words <= units.keys() and all(_is_among(units, match) for match in numbers)


def _units_by_value(given: str) -> dict[Value, set[str | None]]:
    """Each number that is given, and the units that it has there."""
    units: dict[Value, set[str | None]] = {Decimal(value): {None} for value in number_words.readings(given)}
    for match in _NUMBER.finditer(given):
        unit = unit_of(match)
        for value in (*_values(match), *_parts(match[0])):
            units.setdefault(value, set()).add(unit)
    return units


def _is_among(units: dict[Value, set[str | None]], number: re.Match[str]) -> bool:
    unit = unit_of(number)
    known = [units[value] for value in _values(number) if value in units]
    if any(unit is None or None in each or unit in each for each in known):
        return True
    columns = _parts(number[0]) if " " in number[0] else set()
    return bool(columns) and columns <= units.keys()


def _dates(text: str) -> Iterator[tuple[re.Match[str], set[Date]]]:
    """Each date, and what it can be read as."""
    for pattern in _DATES:
        for match in pattern.finditer(text):
            readings = set(_readings(match.groupdict()))
            if readings:
                yield match, readings


def _readings(parts: dict[str, str | None]) -> Iterator[Date]:
    year = None if parts.get("year") is None else _year(parts["year"] or "")
    day = None if parts.get("day") is None else int(parts["day"] or "")
    if parts.get("name"):
        month = next(number for number, names in enumerate(_NAMED, 1) if names.match(parts["name"] or ""))
        pairs = {(month, day)}
    else:
        month = int(parts["month"] or "")
        # 10/4/2026 is in April or in October.
        pairs = {(month, day)} | ({(day, month)} if "between" in parts and day is not None else set())
    for month, day in pairs:
        if 1 <= month <= 12 and (day is None or 1 <= day <= 31):
            yield Date(year, month, day)


def _year(digits: str) -> int:
    year = int(digits)
    return year if len(digits) > 2 else year + CENTURY - (100 if year >= TURN else 0)


def _values(match: re.Match[str]) -> set[Value]:
    """What a number can be read as: with what scales it, and by both clocks."""
    plain = _plain(match[0])
    found: set[Value] = set(plain)
    numbers = [value for value in plain if isinstance(value, Decimal)]
    for power, scale in _SCALES:
        if scale.match(match.string, match.end()):
            found |= {value.scaleb(power) for value in numbers}
    if _AFTERNOON.match(match.string, match.end()):
        found |= {value + 12 for value in numbers if value < 12}
    return found


def _plain(written: str) -> set[Value]:
    parts = re.split(r"\D", written)
    marks = [sign for sign in written if not sign.isdigit()]
    is_grouped = len(parts[0]) <= 3 and parts[0].strip("0") != "" and all(len(part) == 3 for part in parts[1:])
    found: set[Value] = set()
    if len(set(marks)) <= 1:
        if not marks or is_grouped:
            found.add(Decimal("".join(parts)))
        if len(marks) == 1 and marks[0] in ".,":
            found.add(Decimal(".".join(parts)))
    elif len(set(marks[:-1])) == 1 and marks[-1] in ".," and all(len(part) == 3 for part in parts[1:-1]):
        found.add(Decimal("".join(parts[:-1]) + "." + parts[-1]))
    return found or {".".join(str(Decimal(part)) for part in parts)}


def _parts(written: str) -> set[Value]:
    """The numbers next to each other that it may be as well: of columns, of a date, of a version."""
    parts = re.split(r"\D", written)
    has_value = any(isinstance(value, Decimal) for value in _plain(written))
    if has_value and (" " not in written or any(part.startswith("0") for part in parts)):
        return set()
    return {Decimal(part) for part in parts}
