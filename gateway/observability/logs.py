"""Logs: one line an event on the standard error, as text or as JSON (LOG_FORMAT). What must be escaped is escaped here.

A record may carry `fields` (`extra={"fields": {…}}`): what the event is about, by name. Whom it is about is never
written as it is: `person` becomes `caller`, a hash, and `client`, an address, becomes what LOG_CLIENT_ADDRESS allows.
"""

import hashlib
import json
import logging
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from ipaddress import ip_network
from typing import Any, Literal

from gateway.config.settings import Settings
from gateway.resilience.current_request import current_request
from gateway.resilience.spans import trace_id

Process = Literal["gateway", "worker"]
Shown = Literal["none", "network", "full"]

HASH_CHARACTERS = 16
PREFIXES = {4: 24, 6: 48}
"""Of an address, what is left of it as a network."""
FORGOTTEN_S = 60.0
"""Attempts to connect are made every second or so: after so long without one that failed, it had worked."""


def configure_logging(settings: Settings, process: Process) -> None:
    """Write what happens to the standard error from now on."""
    handler = logging.StreamHandler()
    kind = JsonFormatter if settings.log_format == "json" else TextFormatter
    handler.setFormatter(kind(process, settings.log_client_address))
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler])
    for noisy in ("httpx2", "httpcore2", "mcp"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # A line for every attempt to connect: the reason is said when it is another one than before.
    logging.getLogger("psycopg.pool").addFilter(OncePerChange())


class EventFormatter(logging.Formatter):
    """Knows what there is to say of an event."""

    def __init__(self, process: Process, shown: Shown = "network") -> None:
        """Of events of `process`; of a client's address `shown` is written."""
        super().__init__()
        self.converter = time.gmtime
        self.process = process
        self._shown = shown

    def time_of(self, record: logging.LogRecord) -> str:
        """RFC 3339, in UTC and with milliseconds."""
        return f"{_second(int(record.created))}.{int(record.msecs):03d}Z"

    def fields_of(self, record: logging.LogRecord) -> dict[str, Any]:
        """What it is about, and what it happened for."""
        given: Mapping[str, Any] = getattr(record, "fields", {})
        fields = {name: value for name, value in given.items() if value not in (None, "", [])}
        request = current_request()
        if request is not None:
            fields.setdefault("request_id", request.id)
        trace = trace_id()
        if trace is not None:
            fields.setdefault("trace_id", trace)
        person, client = fields.pop("person", None), fields.pop("client", None)
        if person is not None:
            fields["caller"] = hashed(person)
        if client is not None and self._shown != "none":
            fields["client"] = client if self._shown == "full" else network_of(client)
        return fields

    def failure_of(self, record: logging.LogRecord) -> str:
        """The traceback; empty without one."""
        return self.formatException(record.exc_info) if record.exc_info and record.exc_info[1] else ""


class JsonFormatter(EventFormatter):
    """An object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        event = {
            "time": self.time_of(record),
            "level": record.levelname.lower(),
            "process": self.process,
            "logger": record.name,
            "message": record.getMessage(),
            **self.fields_of(record),
        }
        if failure := self.failure_of(record):
            event["exception"] = failure
        return json.dumps(event, default=str)


class TextFormatter(EventFormatter):
    """A line for people; of a traceback, lines that begin with a space follow, as no other line does."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        told = "".join(f" {name}={_value(value)}" for name, value in self.fields_of(record).items())
        line = f"{self.time_of(record)} {record.levelname} {record.name}: {escaped(record.getMessage())}{told}"
        failure = "".join(f"\n    {escaped(each)}" for each in self.failure_of(record).splitlines())
        return line + failure


class OncePerChange(logging.Filter):
    """Lets a warning pass that says something else than the one before, or the same after a while without it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing was said."""
        super().__init__()
        self._clock = clock
        self._last, self._at = "", float("-inf")

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is said."""
        if not record.getMessage().startswith("error connecting"):
            return record.levelno >= logging.ERROR
        last, at = self._last, self._at
        self._last, self._at = record.getMessage(), self._clock()
        return last != self._last or self._at - at > FORGOTTEN_S


@lru_cache(maxsize=4096)
def hashed(person: str) -> str:
    """The same for the same person, who cannot be told from it: the beginning of the SHA-256 of their id."""
    return hashlib.sha256(person.encode()).hexdigest()[:HASH_CHARACTERS]


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """The network that an address is in; what is none stays."""
    try:
        version = ip_network(address, strict=False).version
        bare = address.partition("/")[0]
        return str(ip_network((bare, PREFIXES[version]), strict=False))
    except ValueError:
        return address


def escaped(text: str) -> str:
    """`text` without what would end the line, or change what stands before it on a terminal."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def _value(value: Any) -> str:
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    plain = text.isprintable() and not set(' "=') & set(text)
    return text if plain else json.dumps(text)


@lru_cache(maxsize=2)
def _second(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
