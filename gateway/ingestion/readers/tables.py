"""CSV as one table; JSON as tables where it is lists of records, and as lines `key: value` elsewhere."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from gateway.ingestion.archive import DAMAGED
from gateway.ingestion.decoding import decode
from gateway.ingestion.errors import UnreadableError
from gateway.ingestion.extraction import Extraction, Markdown, one_line
from gateway.ingestion.formats import Format
from gateway.ingestion.readers import File
from gateway.ingestion.readers.plain import prepare as prepare  # noqa: PLC0414

DELIMITERS = ",;\t|"
SAMPLE = 65_536
# How Excel tells itself.
DECLARED = re.compile(r"sep=([^\w\s\"'])\n", re.IGNORECASE)
LARGEST_CELL = 1_000_000
DEEPEST = 100


def read(file: File) -> Extraction:
    """The tables. UnreadableError."""
    markdown = Markdown(file.limits)
    text = decode(file.data, file.charset)
    if file.format is Format.CSV:
        markdown.table(_csv_rows(text, file.progress))
    else:
        _document(markdown, _json(text), file)
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
    """The delimiter that is as often in the first line as in the following ones, the most frequent of them."""
    lines = [line for line in text[:SAMPLE].splitlines()[:20] if line.strip()]
    counts = {mark: [line.count(mark) for line in lines] for mark in DELIMITERS}
    return max(DELIMITERS, key=lambda mark: (min(counts[mark], default=0), sum(counts[mark]), -DELIMITERS.index(mark)))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError as error:
        raise UnreadableError(f"The file is nested more than {DEEPEST} levels deep, as no document is.") from error
    except ValueError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2:
            raise UnreadableError(DAMAGED.format(f"it is no JSON ({error})")) from error
    try:
        return [json.loads(line) for line in lines]
    except (ValueError, RecursionError) as error:
        raise UnreadableError(DAMAGED.format(f"it is neither JSON nor a JSON value a line ({error})")) from error


def _document(markdown: Markdown, value: Any, file: File) -> None:
    """Each member of an object is a record; a list of records is one table."""
    if not isinstance(value, Mapping):
        _value(markdown, value, (), file)
        count = len(value) if isinstance(value, list) else 1
        file.progress(count, count)
        return
    for number, (key, each) in enumerate(value.items(), 1):
        _member(markdown, key, each, (), file)
        file.progress(number, len(value))


def _value(markdown: Markdown, value: Any, path: Sequence[str], file: File) -> None:
    if len(path) > DEEPEST:
        raise UnreadableError(f"The file is nested more than {DEEPEST} levels deep, as no document is.")
    if isinstance(value, Mapping):
        for key, each in value.items():
            _member(markdown, key, each, path, file)
    elif isinstance(value, list) and value and all(_is_record(each) for each in value):
        keys = list(dict.fromkeys(key for each in value for key in each))
        markdown.table([keys, *([_scalar(each.get(key)) for key in keys] for each in value)])
    elif isinstance(value, list):
        for number, each in enumerate(value, 1):
            if isinstance(each, list | Mapping):
                _member(markdown, str(number), each, path, file)
            else:
                markdown.item(_scalar(each))
    else:
        markdown.paragraph(_scalar(value))


def _member(markdown: Markdown, key: str, value: Any, path: Sequence[str], file: File) -> None:
    if isinstance(value, list | Mapping):
        markdown.heading(len(path) + 1, key)
        _value(markdown, value, [*path, key], file)
    elif "\n" in (text := _scalar(value)):
        markdown.heading(len(path) + 1, key)
        markdown.plain(text)
    elif one_line(text):
        markdown.item(f"{key}: {text}")


def _is_record(value: Any) -> bool:
    return isinstance(value, Mapping) and not any(isinstance(each, list | Mapping) for each in value.values())


def _scalar(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)
