"""Jupyter notebooks: text as it is, code as code, and what came of it: printed, shown, or an error."""

import json
import re
from collections.abc import Iterator
from typing import Any

from gateway.ingestion.archive import DAMAGED
from gateway.ingestion.decoding import decode
from gateway.ingestion.errors import UnreadableError
from gateway.ingestion.extraction import Extraction, Markdown
from gateway.ingestion.readers import File
from gateway.ingestion.readers.html import write_html
from gateway.ingestion.readers.plain import prepare as prepare  # noqa: PLC0414

# Of what one cell printed.
MAX_PRINTED = 10_000
# Colours of a terminal, and what a progress bar wrote over.
CONTROLS = re.compile(
    r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))|^[^\n]*\r(?=[^\n])|[\r\x08]", re.MULTILINE
)
# Kinds of results; the second part of those before version 4.
PICTURES = ("image/", "png", "jpeg", "svg")
# How Python writes an object that says no more about itself.
OBJECT = re.compile(r"<[^<>\n]*>")


def read(file: File) -> Extraction:
    """The cells in order. UnreadableError."""
    markdown = Markdown(file.limits)
    try:
        notebook = json.loads(decode(file.data))
        language = str(_get(_get(_get(notebook, "metadata"), "kernelspec"), "language") or "python")
        cells = list(_cells(notebook))
        for number, cell in enumerate(cells, 1):
            _write(markdown, cell, language)
            file.progress(number, len(cells))
    except (ValueError, RecursionError, TypeError) as error:
        raise UnreadableError(DAMAGED.format("it is no Jupyter notebook")) from error
    return markdown.done()


def _cells(notebook: Any) -> Iterator[Any]:
    sheets = _get(notebook, "worksheets")  # before version 4
    for holder in sheets if isinstance(sheets, list) else [notebook]:
        cells = _get(holder, "cells")
        if not isinstance(cells, list):
            raise TypeError("no cells")
        yield from cells


def _write(markdown: Markdown, cell: Any, language: str) -> None:
    text = _joined(_get(cell, "source") or _get(cell, "input"))
    if _get(cell, "cell_type") != "code":
        if _get(cell, "cell_type") == "raw":
            markdown.plain(text)
        elif text.strip():
            markdown.block(text.strip())
        return
    markdown.code(text, language)
    outputs = _get(cell, "outputs")
    if isinstance(outputs, list) and any(_is_picture(output) for output in outputs):
        markdown.remark("Pictures among the results are not read.")
    printed: list[str] = []
    for output in outputs if isinstance(outputs, list) else []:
        if not _show(markdown, output, printed):
            printed.append(_printed(output))
    _flush(markdown, printed)


def _show(markdown: Markdown, output: Any, printed: list[str]) -> bool:
    """Write what is shown as Markdown or a page, after what was printed before it; False for other outputs."""
    data = _get(output, "data") or output  # before version 4
    formatted, page = _joined(_get(data, "text/markdown")), _joined(_get(data, "text/html") or _get(data, "html"))
    plain = _printed(output).strip()
    if not formatted and (not page or (plain and not OBJECT.fullmatch(plain))):
        return False
    _flush(markdown, printed)
    if formatted:
        markdown.block(formatted[:MAX_PRINTED].strip())
    else:
        write_html(markdown, page.encode("utf-8", "replace"))
    return True


def _is_picture(output: Any) -> bool:
    data = _get(output, "data") or output  # before version 4
    return isinstance(data, dict) and any(str(kind).startswith(PICTURES) for kind in data)


def _printed(output: Any) -> str:
    if _get(output, "output_type") in ("error", "pyerr"):
        return CONTROLS.sub("", f"{_joined(_get(output, 'ename'))}: {_joined(_get(output, 'evalue'))}")
    data = _get(output, "data")
    plain = _joined(_get(output, "text") or _get(data, "text/plain"))
    record = _get(data, "application/json")
    if record is not None and (not plain or OBJECT.fullmatch(plain.strip())):
        return json.dumps(record, indent=1, ensure_ascii=False)
    return CONTROLS.sub("", plain)


def _flush(markdown: Markdown, printed: list[str]) -> None:
    markdown.code("\n".join(part for part in printed if part)[:MAX_PRINTED])
    printed.clear()


def _joined(source: Any) -> str:
    return "".join(str(part) for part in source) if isinstance(source, list) else str(source or "")


def _get(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None
