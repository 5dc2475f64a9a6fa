"""Whether what a block of the documentation printed is what the page shows; `…` stands for anything."""

import json
import re
from typing import Any

ANYTHING = "…"


def agrees(shown: str, language: str, printed: str) -> None:
    """Raise AssertionError, saying where, unless the output is as shown."""
    if language == "json":
        _same(json.loads(shown), _last_value(printed), "$")
        return
    pattern = "\n".join(_line_pattern(line) for line in _rows(shown))
    assert re.fullmatch(pattern, "\n".join(_rows(printed))), printed


def _last_value(printed: str) -> Any:
    """The last of the JSON values that were printed one after the other."""
    decoder, text, value = json.JSONDecoder(), printed.strip(), None
    while text:
        value, end = decoder.raw_decode(text)
        text = text[end:].strip()
    return value


def _rows(text: str) -> list[str]:
    """The lines that say something, widths of columns and rules of tables left out."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return [line for line in lines if line and not re.fullmatch(r"[-+]+|\(\d+ rows?\)", line)]


def _line_pattern(line: str) -> str:
    if line == ANYTHING:
        return r"[\s\S]*"
    return ".*".join(re.escape(part) for part in line.split(ANYTHING))


def _same(shown: Any, printed: Any, where: str) -> None:
    """Objects have the same names, lists begin with what is shown, numbers with a fraction only need to be numbers."""
    if isinstance(shown, dict):
        assert isinstance(printed, dict), f"{where}: {printed!r}"
        wanted = {name: value for name, value in shown.items() if name != ANYTHING}
        assert wanted.keys() <= printed.keys(), f"{where} has {sorted(printed)}"
        assert len(wanted) < len(shown) or len(wanted) == len(printed), f"{where} has {sorted(printed)}"
        for name, value in wanted.items():
            _same(value, printed[name], f"{where}.{name}")
    elif isinstance(shown, list):
        head = [value for value in shown if value != ANYTHING]
        assert isinstance(printed, list), f"{where}: {printed!r}"
        assert len(head) <= len(printed), f"{where}: {printed!r}"
        assert len(head) < len(shown) or len(head) == len(printed), f"{where}: {printed!r}"
        for place, value in enumerate(head):
            _same(value, printed[place], f"{where}[{place}]")
    elif isinstance(shown, str):
        assert isinstance(printed, str), f"{where}: {printed!r}"
        assert re.fullmatch(_line_pattern(shown), printed, flags=re.DOTALL), f"{where}: {printed!r}"
    elif isinstance(shown, float):
        assert isinstance(printed, int | float), f"{where}: {printed!r}"
    else:
        assert shown == printed, f"{where}: {printed!r}"
