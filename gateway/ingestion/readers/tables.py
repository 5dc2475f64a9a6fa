"""CSV as on a sheet; JSON as tables where it is lists of records, and as lines `key: value` elsewhere."""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from gateway.ingestion.archive import DAMAGED
from gateway.ingestion.decoding import decode
from gateway.ingestion.errors import UnreadableError
from gateway.ingestion.extraction import Extraction, Markdown, one_line
from gateway.ingestion.formats import Format
from gateway.ingestion.readers import File
from gateway.ingestion.readers.plain import prepare as prepare  # noqa: PLC0414
from gateway.ingestion.readers.sheet_tables import Row, write_tables

DELIMITERS = ",;\t|"
NO_DELIMITER = "\x1f"
SAMPLE = 65_536
# How Excel tells itself.
DECLARED = re.compile(r"sep=([^\w\s\"'])\n", re.IGNORECASE)
# By which the delimiter is found out.
ROWS_LOOKED_AT = 50
OUTSIDE_NUMBERS = re.compile(r"(?<!\d),|,(?!\d)")
LARGEST_CELL = 1_000_000
DEEPEST = 100
# A text of JSON, or what only people write, in files of this length: comments, and a comma behind the last member.
LONGEST_WRITTEN = 1_000_000
STRING = r'"(?:[^"\\\n]|\\.)*+"?'
COMMENTS = re.compile(rf"{STRING}|//[^\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/)?")
LAST_COMMAS = re.compile(rf"{STRING}|,(?=\s*+[}}\]])")


def read(file: File) -> Extraction:
    """The tables. UnreadableError."""
    markdown = Markdown(file.limits)
    text = decode(file.data, file.charset)
    if file.format is Format.CSV:
        write_tables(markdown, map(Row, _csv_rows(text, file.progress)))
        return markdown.done()
    try:
        value, others = _json(text)
    except UnreadableError:
        if not _has_comments(text):
            raise
        markdown.block(text.strip())
        file.progress(1, 1)
        return markdown.done(is_markdown=False)
    _document(markdown, value, file)
    for number, line in others:
        markdown.plain(f"Line {number}, which is no JSON: {line}")
    return markdown.done()


def _csv_rows(text: str, progress: Callable[[int, int], None]) -> Iterator[list[str]]:
    csv.field_size_limit(LARGEST_CELL)
    found = DECLARED.match(text)
    declared, begin = (found[1], found.end()) if found else (None, 0)
    try:
        yield from csv.reader(_lines(text[begin:], progress), delimiter=declared or _delimiter(text))
    except csv.Error as error:
        raise UnreadableError(DAMAGED.format(f"it is no CSV ({error})")) from error


def _lines(text: str, progress: Callable[[int, int], None]) -> Iterator[str]:
    done = 0
    for line in io.StringIO(text, newline=""):
        yield line
        done += len(line)
        progress(done, len(text))


def _delimiter(text: str) -> str:
    """The delimiter by which most rows have the same number of cells, and then the most cells.

    None where a first line has none and others have it as in sentences: there is one column.
    """
    sample = text[:SAMPLE]
    lines = sample.splitlines(keepends=True)
    # The last line may be cut.
    lines = lines[: ROWS_LOOKED_AT if len(text) <= SAMPLE or len(lines) < 2 else min(ROWS_LOOKED_AT, len(lines) - 1)]

    def fit(mark: str) -> tuple[float, int, int]:
        try:
            rows = [row for row in csv.reader(lines, delimiter=mark) if any(row)]
        except csv.Error:
            rows = []
        widths = Counter(len(row) for row in rows)
        width = max(widths, key=lambda each: (widths[each], each), default=0)
        if width < 2 or (mark not in lines[0] and sample.count(mark) == sample.count(f"{mark} ")):
            return 0.0, 0, 0
        # It is another one that cuts a cell in quotes in two, or stands only within numbers, as a decimal comma does.
        is_whole = not any(cell.count('"') % 2 for row in rows for cell in row)
        is_decimal = mark == "," and not OUTSIDE_NUMBERS.search(sample)
        return widths[width] / len(rows), is_whole - is_decimal, width

    best = max(DELIMITERS, key=lambda mark: (*fit(mark), -DELIMITERS.index(mark)))
    return best if fit(best)[0] else NO_DELIMITER


def _json(text: str) -> tuple[Any, list[tuple[int, str]]]:
    """The value, and where there is one a line, the lines that are none with their numbers. UnreadableError."""
    try:
        return _loaded(text), []
    except RecursionError as error:
        raise UnreadableError(f"The file is nested more than {DEEPEST} levels deep, as no document is.") from error
    except ValueError as error:
        lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
        if len(lines) < 2:
            raise UnreadableError(DAMAGED.format(f"it is no JSON ({error})")) from error
    values: list[Any] = []
    others: list[tuple[int, str]] = []
    for number, line in lines:
        try:
            values.append(_loaded(line))
        except (ValueError, RecursionError) as error:
            others.append((number, line))
            if len(others) * 2 >= len(lines):
                says = f"it is neither JSON nor a JSON value a line (line {others[0][0]} is none: {error})"
                raise UnreadableError(DAMAGED.format(says)) from error
    return values, others


def _loaded(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_members_of)


def _members_of(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """An object, all of whose members are kept: the second of one name is `name (2)`."""
    counts: Counter[str] = Counter()
    members: dict[str, Any] = {}
    for key, value in pairs:
        counts[key] += 1
        members[key if counts[key] == 1 else f"{key} ({counts[key]})"] = value
    return members


def _has_comments(text: str) -> bool:
    """Whether it is JSON but for comments and commas behind the last member, as people write settings."""
    if len(text) > LONGEST_WRITTEN:
        return False
    bare = COMMENTS.sub(lambda found: found[0] if found[0].startswith('"') else " ", text)
    bare = LAST_COMMAS.sub(lambda found: found[0] if found[0].startswith('"') else "", bare)
    try:
        json.loads(bare)
    except (ValueError, RecursionError):
        return False
    return True


def _document(markdown: Markdown, value: Any, file: File) -> None:
    """Each member of an object is a record; a list of records is one table."""
    if not isinstance(value, Mapping):
        _value(markdown, value, (), file)
        count = len(value) if isinstance(value, list) else 1
        file.progress(count, count)
        return
    for number, (key, each) in enumerate(_plain_first(value.items()), 1):
        _member(markdown, key, each, (), file)
        file.progress(number, len(value))


def _plain_first(members: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """What has no heading of its own before what has one, under whose heading it would stand."""
    return sorted(members, key=lambda member: _has_heading(member[1]))


def _has_heading(value: Any) -> bool:
    return isinstance(value, list | Mapping) or (isinstance(value, str) and "\n" in value)


def _value(markdown: Markdown, value: Any, path: Sequence[str], file: File) -> None:
    if len(path) > DEEPEST:
        raise UnreadableError(f"The file is nested more than {DEEPEST} levels deep, as no document is.")
    if isinstance(value, list) and value and all(_is_record(each) for each in value):
        keys = list(dict.fromkeys(key for each in value for key in each))
        markdown.table([keys, *([_scalar(each.get(key)) for key in keys] for each in value)])
    elif isinstance(value, list) and not any(isinstance(each, list | Mapping) for each in value):
        for each in value:
            markdown.item(_scalar(each))
    elif isinstance(value, list | Mapping):
        numbered = ((str(number), each) for number, each in enumerate(value, 1))
        for key, each in _plain_first(value.items() if isinstance(value, Mapping) else numbered):
            _member(markdown, key, each, path, file)
    else:
        markdown.paragraph(_scalar(value))


def _member(markdown: Markdown, key: str, value: Any, path: Sequence[str], file: File) -> None:
    if isinstance(value, list | Mapping):
        markdown.heading(len(path) + 1, key)
        _value(markdown, value, [*path, key], file)
    elif _has_heading(value):
        markdown.heading(len(path) + 1, key)
        markdown.plain(value)
    elif one_line(text := _scalar(value)):
        markdown.item(f"{key}: {text}")


def _is_record(value: Any) -> bool:
    return isinstance(value, Mapping) and not any(isinstance(each, list | Mapping) for each in value.values())


def _scalar(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)
