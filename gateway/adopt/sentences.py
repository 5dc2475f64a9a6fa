"""What stands in the way of an application, in a sentence that says what is missing."""

import re
import signal
from collections.abc import Mapping
from typing import Any

from gateway.adopt.confinement import MEMORY_BYTES, WALL_S

SERVER_ERRORS = frozenset({"SystemExit", "PermissionError", "OSError"})
REFUSED = "Operation not permitted"
TOO_MUCH = (-signal.SIGKILL, -signal.SIGXCPU)
VARIABLE = re.compile(r"\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b")
SETTING_ERRORS = frozenset({"ImproperlyConfigured", "UndefinedValueError", "ValidationError", "SettingsError"})


def of_python_error(file: str, error: Mapping[str, Any], python: str) -> str:
    """Why `file` could not be imported by the interpreter `python`."""
    kind, message = str(error["type"]), str(error.get("message", ""))
    place = error.get("place") or file
    if kind == "end":
        return _of_end(file, error.get("status"), message)
    if variable := _missing_variable(error, message):
        return _of_variable(place, variable)
    if kind == "ModuleNotFoundError" and error.get("module"):
        return (
            f"{place} imports {error['module']}, which {python} does not have: install the application's requirements, "
            "or name the interpreter that has them with --python."
        )
    if kind in ("SyntaxError", "IndentationError", "TabError"):
        return f"{place} cannot be read by {python}: {message}."
    return _of_what_it_does(place, error) or f"{place} cannot be imported: {kind}: {message}"


def _missing_variable(error: Mapping[str, Any], message: str) -> str | None:
    names = VARIABLE.findall(message) if set(error.get("types", ())) & SETTING_ERRORS else []
    return error.get("missed") or (names[0] if names else None)


def _of_what_it_does(place: str, error: Mapping[str, Any]) -> str | None:
    """Side effects of an import."""
    if error.get("serves") and (error.get("socket") or SERVER_ERRORS & set(error.get("types", ()))):
        return (
            f"{place} starts a server while it is imported: a production server imports it too, so the call belongs "
            'under `if __name__ == "__main__":`.'
        )
    if error["type"] == "SystemExit":
        return f"{place} ends the process while it is imported: name the module to serve with --entry."
    if error.get("socket") or "PermissionError" in error.get("types", ()) or REFUSED in str(error.get("message")):
        return (
            f"{error.get('socket') or place} opens a connection while it is imported, which it cannot here: repeat "
            "with --network where what it needs is running, or name another module with --entry."
        )
    return None


def _of_variable(place: str, name: str) -> str:
    return (
        f"{place} needs the environment variable {name}, which is not set: put it into a file, and name that with "
        "--env-file."
    )


def _of_end(file: str, status: int | None, complaint: str) -> str:
    if status is None:
        return f"{file} is still being loaded after {WALL_S:.0f} s: it works or waits while it is imported."
    if status in TOO_MUCH or "MemoryError" in complaint:
        return f"{file} takes more than {MEMORY_BYTES >> 30} GiB of memory, or a minute of a processor, to be loaded."
    last = complaint.splitlines()[-1] if complaint else f"status {status}"
    return f"{file} ends the process that loads it: {last}"


def of_node_error(file: str, error: Mapping[str, Any]) -> str:
    """Why Node could not run `file`."""
    kind, message, place = str(error["type"]), str(error.get("message", "")), error.get("place") or file
    if kind == "end":
        return _of_end(file, error.get("status"), message)
    if missing := error.get("missing"):
        if str(missing).startswith((".", "/")):
            return f"{place} needs {missing}, which is not there: build the application first, if it is built."
        return f"{place} needs the package {missing}, which is not installed: run npm ci in the application first."
    if kind in ("EPERM", "ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EACCES"):
        return (
            f"{place} opens a connection while it is loaded, which it cannot here: repeat with --network where what it "
            "needs is running."
        )
    if names := [name for name in VARIABLE.findall(message) if name in error.get("variables", ())]:
        return _of_variable(place, names[0])
    return f"{place} cannot be run: {kind}: {message}"
