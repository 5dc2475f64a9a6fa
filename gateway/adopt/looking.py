"""Looks at an application: copies it, finds its entry, and reads what its files say."""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from gateway.adopt.application import Found
from gateway.adopt.confinement import copied
from gateway.adopt.errors import AdoptError, AmbiguousError
from gateway.adopt.finding import Looking, find_python
from gateway.adopt.node import find_node

ENVIRONMENTS = (".venv", "venv", "env")
NODE_FILES = (".js", ".mjs", ".cjs")


def look(
    application: Path, *, entry: str | None, python: str | None, environment: Mapping[str, str], network: bool
) -> Found:
    """The entry of the application in a folder; AdoptError, AmbiguousError."""
    if not application.is_dir():
        raise AdoptError(f"{application} is no folder.")
    looking = Looking(python or interpreter(application), environment, network)
    if shutil.which(looking.python) is None:
        raise AdoptError(f"--python names {looking.python}, which cannot be run.")
    with copied(application) as copy:
        found = _found(application, copy, looking, entry)
    if found is None:
        raise AdoptError(
            f"No web application was found in {application}: no file there makes a Django, Flask or FastAPI "
            "application, and no package.json names express."
        )
    return found


def _found(application: Path, copy: Path, looking: Looking, entry: str | None) -> Found | None:
    if entry is not None:
        is_file = entry.endswith(NODE_FILES) or (copy / entry).is_file()
        return find_node(copy, looking, entry) if is_file else find_python(application, copy, looking, entry)
    node = find_node(copy, looking, None) if _names_express(copy) else None
    try:
        python = find_python(application, copy, looking, None)
    except AdoptError:
        if node is None:
            raise
        python = None
    if node is not None and python is not None:
        raise AmbiguousError("Is it the Python or the Express application?", [python.entry.spec, node.entry.spec])
    return python or node


def _names_express(copy: Path) -> bool:
    return any("node_modules" not in path.parts for path in copy.rglob("package.json"))


def interpreter(application: Path) -> str:
    """The interpreter of the application's own environment, else this one."""
    for parent in (application, application.parent):
        for name in ENVIRONMENTS:
            if (python := parent / name / "bin" / "python").exists():
                return str(python)
    return sys.executable
