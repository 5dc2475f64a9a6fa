"""Front matter: properties at the head of a Markdown text, YAML between lines of `---` or TOML between lines of `+++`.

They become metadata, not prose. What is not a mapping, or is over a bound below, is no front matter: it stays text.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, time
from math import isfinite
from typing import Any

import yaml

MAX_CHARACTERS = 16_384
MAX_DEPTH = 8
MAX_VALUES = 256
MAX_INTEGER = 10**300
FENCED = re.compile(r"\ufeff?(---|\+\+\+)[ \t]*\r?\n(.*?\r?\n)??\1[ \t]*(?:\r?\n|$)", re.DOTALL)
NOT_STORABLE = re.compile("[\0\ud800-\udfff]")


class _UnfitError(Exception):
    """It is no front matter."""


def front_matter(content: str) -> tuple[dict[str, Any], int]:
    """The properties, as JSON has them, and where the text after them begins; ({}, 0) without front matter."""
    if not content.startswith(("---", "+++", "\ufeff---", "\ufeff+++")):
        return {}, 0
    found = FENCED.match(content, 0, MAX_CHARACTERS)
    if not found:
        return {}, 0
    try:
        read = _yaml(found[2] or "") if found[1] == "---" else tomllib.loads((found[2] or "").replace("\r\n", "\n"))
        _check(read)
        return (_json(read), found.end()) if read else ({}, 0)
    except (yaml.YAMLError, tomllib.TOMLDecodeError, RecursionError, ValueError, _UnfitError):
        return {}, 0


def merged(each: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The properties of several texts of one document together, within the bounds of one.

    Of two properties of one name the first counts. Texts whose properties do not fit any more are left out.
    """
    together: dict[str, Any] = {}
    for properties in each:
        more = {**properties, **together}
        if not together or _fits(more):
            together = more
    return together


def _fits(properties: Mapping[str, Any]) -> bool:
    try:
        _check(properties)
    except _UnfitError:
        return False
    return len(json.dumps(properties, ensure_ascii=False)) <= MAX_CHARACTERS


def _yaml(text: str) -> Mapping[Any, Any]:
    """A mapping of plain values; _UnfitError and others for anything else."""
    depth = nodes = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise _UnfitError("an alias can stand for any number of values")
        nodes += isinstance(event, yaml.NodeEvent)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH or nodes > 2 * MAX_VALUES:
            raise _UnfitError("too much for front matter")
    read = yaml.safe_load(text)
    if not isinstance(read, Mapping):
        raise _UnfitError("no mapping")
    return read


def _check(value: object, depth: int = 1) -> int:
    """How many values there are in it; _UnfitError for too many or too deep ones."""
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple | set) else ()
    count = 1 + sum(_check(each, depth + 1) for each in inner)
    if depth > MAX_DEPTH + 1 or count > MAX_VALUES:
        raise _UnfitError("too much for front matter")
    return count


def _json(value: object) -> Any:
    if isinstance(value, Mapping):
        return {_storable(str(key)): _json(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set):
        return [_json(each) for each in value]
    if isinstance(value, date | time):
        return value.isoformat()
    is_json = value is None or isinstance(value, bool) or (isinstance(value, float) and isfinite(value))
    is_json = is_json or (isinstance(value, int) and abs(value) < MAX_INTEGER)
    return value if is_json else _storable(str(value))


def _storable(text: str) -> str:
    return NOT_STORABLE.sub("", text)
