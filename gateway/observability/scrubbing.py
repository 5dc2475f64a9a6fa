"""What of an event may leave the process: a list of what may, since nobody can list what may not.

An exception's text can hold anything: a row that violates a constraint, a query, a token. So can what was logged,
local variables and headers. None of them leaves. Types, places in the code and constant texts do.
"""

import re
from collections.abc import Mapping
from typing import Any

# What says nothing about a request or its caller.
PLAIN = ("event_id", "timestamp", "platform", "level", "release", "environment", "sdk", "fingerprint")
OF_FRAMES = ("filename", "function", "module", "lineno", "in_app")
OF_EXCEPTIONS = ("type", "module")
OF_MECHANISMS = ("type", "handled", "exception_id", "parent_id", "is_exception_group")
OF_CONTEXTS: Mapping[str, tuple[str, ...]] = {
    "runtime": ("name", "version"),
    "trace": ("trace_id", "span_id", "parent_span_id"),
}
TAGS: Mapping[str, "re.Pattern[str]"] = {
    "process": re.compile(r"gateway|worker"),
    "method": re.compile(r"[A-Z]{3,7}"),
    "route": re.compile(r"(/v1)?(/([a-z_.-]+|\{[a-z_]+\}))+"),
    # Clients choose it: one of the gateway's form or a UUID is no number of a telephone or a card.
    "request_id": re.compile(r"[0-9a-f]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
    "left_out": re.compile(r"[0-9]{1,9}"),
}
OWN_LOGGERS = re.compile(r"gateway(\.[a-z_]+)*")
SQLSTATE = re.compile(r"[0-9A-Z]{5}")


def scrub(event: Mapping[str, Any], message: str | None, error: BaseException | None) -> dict[str, Any]:
    """Of `event` what may leave; `message` is a constant text of the code, `error` tells its SQLSTATE."""
    clean = {name: event[name] for name in PLAIN if name in event}
    logger = str(event.get("logger") or "")
    if OWN_LOGGERS.fullmatch(logger):
        clean["logger"] = logger
        if message is not None:
            clean["logentry"] = {"message": message}
    tags = {name: str(value) for name, value in dict(event.get("tags") or {}).items()}
    clean["tags"] = {name: tags[name] for name, form in TAGS.items() if form.fullmatch(tags.get(name, ""))}
    contexts = event.get("contexts") or {}
    clean["contexts"] = {name: _only(contexts[name], keys) for name, keys in OF_CONTEXTS.items() if name in contexts}
    values = (event.get("exception") or {}).get("values") or []
    if values:
        clean["exception"] = {"values": [_exception(value) for value in values]}
        sqlstate = getattr(error, "sqlstate", None)
        if isinstance(sqlstate, str) and SQLSTATE.fullmatch(sqlstate):
            clean["tags"]["sqlstate"] = sqlstate
    return clean


def _exception(value: Mapping[str, Any]) -> dict[str, Any]:
    clean = _only(value, OF_EXCEPTIONS)
    clean["value"] = ""
    if isinstance(value.get("mechanism"), Mapping):
        clean["mechanism"] = _only(value["mechanism"], OF_MECHANISMS)
    frames = (value.get("stacktrace") or {}).get("frames") or []
    clean["stacktrace"] = {"frames": [_only(frame, OF_FRAMES) for frame in frames]}
    return clean


def _only(values: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: values[name] for name in names if name in values}
