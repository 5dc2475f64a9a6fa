"""Reports of unexpected errors to Sentry, where SENTRY_DSN says where; scrubbing.py says what leaves.

An outage is no report: breakers, /status and the log tell of it. What is reported is what a developer must mend: an
exception that reached a place which catches everything, and findings that are logged as critical. Nothing is patched
and nothing happens on the way of a request that succeeds: a handler of the log listens from ERROR on.
"""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

import sentry_sdk
from cachetools import TTLCache
from opentelemetry import trace
from opentelemetry.trace import format_span_id, format_trace_id
from sentry_sdk.integrations.excepthook import ExcepthookIntegration
from sentry_sdk.transport import Transport
from sentry_sdk.utils import BadDsn, event_from_exception

from gateway import __version__
from gateway.config.settings import Settings
from gateway.observability.scrubbing import scrub

EVERY_S = 60.0
OF_A_KIND = 5
"""In EVERY_S, reports of the same exception at the same place."""
TOGETHER = 60
"""In EVERY_S, reports of all kinds."""
KINDS = 1024
LAST_WORDS_S = 1.0
"""How long a process that ends waits for what is still to be sent."""

Process = Literal["gateway", "worker"]


def report_errors(settings: Settings, process: Process, *, transport: type[Transport] | None = None) -> None:
    """Report from now on, where a DSN is set; ValueError for one that is none."""
    if settings.sentry_dsn is None:
        return
    flood = Flood()
    try:
        sentry_sdk.init(
            dsn=settings.sentry_dsn.get_secret_value(),
            transport=transport,
            release=settings.sentry_release or f"tidegate@{__version__}",
            environment=settings.sentry_environment or settings.environment,
            # Whatever it knows by itself of frameworks, arguments, variables and requests stays here.
            default_integrations=False,
            auto_enabling_integrations=False,
            integrations=[ExcepthookIntegration()],
            include_local_variables=False,
            include_source_context=False,
            max_breadcrumbs=0,
            auto_session_tracking=False,
            send_client_reports=False,
            server_name="",
            shutdown_timeout=LAST_WORDS_S,
            before_send=lambda event, hint: _before_send(event, hint, flood),
        )
    except BadDsn as error:
        raise ValueError("SENTRY_DSN is not an address that Sentry gave out, such as https://key@host/1.") from error
    sentry_sdk.set_tag("process", process)
    logging.getLogger().addHandler(Reporter())


def flush_reports() -> None:
    """Wait for what is still to be sent, LAST_WORDS_S at most; nothing without a DSN."""
    sentry_sdk.flush(LAST_WORDS_S)


class Reporter(logging.Handler):
    """Reports records that hold an exception, and critical ones."""

    def __init__(self) -> None:
        """Listen from ERROR on."""
        super().__init__(logging.ERROR)

    def emit(self, record: logging.LogRecord) -> None:
        """Report `record`, if it is more than an outage."""
        if record.name.startswith(("sentry_sdk", "urllib3", "opentelemetry")):
            return  # that a report or a span cannot be sent is none
        error = record.exc_info[1] if record.exc_info else None
        if error is None and record.levelno < logging.CRITICAL:
            return
        event: dict[str, Any] = {}
        if error is not None:
            options = sentry_sdk.get_client().options
            event, _ = event_from_exception(error, client_options=options, mechanism={"type": "logging"})  # type: ignore[assignment]
        event["level"] = "fatal" if record.levelno >= logging.CRITICAL else "error"
        event["logger"] = record.name
        event["tags"] = dict(getattr(record, "tags", {}))
        context = trace.get_current_span().get_span_context()
        if context.is_valid:  # so that report and trace are found from each other
            ids = {"trace_id": format_trace_id(context.trace_id), "span_id": format_span_id(context.span_id)}
            event["contexts"] = {"trace": ids}
        sentry_sdk.capture_event(event, hint={"log_record": record, "error": error})  # type: ignore[arg-type]


class Flood:
    """Lets a bounded number of reports pass, and counts the others."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing has been reported."""
        self._counts: TTLCache[object, list[int]] = TTLCache(KINDS, EVERY_S, timer=clock)
        self._together: TTLCache[str, list[int]] = TTLCache(1, EVERY_S, timer=clock)
        self.left_out = 0

    def passes(self, kind: object) -> bool:
        """Whether one more of this kind is sent."""
        of_this_kind, together = self._counts.setdefault(kind, [0]), self._together.setdefault("", [0])
        if of_this_kind[0] >= OF_A_KIND or together[0] >= TOGETHER:
            self.left_out += 1
            return False
        of_this_kind[0] += 1
        together[0] += 1
        return True


def _before_send(event: Mapping[str, Any], hint: Mapping[str, Any], flood: Flood) -> Any:
    record, error = hint.get("log_record"), hint.get("error") or (hint.get("exc_info") or (None, None))[1]
    message = record.msg if record is not None and isinstance(record.msg, str) else None
    clean = scrub(event, message, error)
    if not flood.passes(_kind(clean)):
        return None
    if flood.left_out:
        clean["tags"]["left_out"] = str(flood.left_out)
        flood.left_out = 0
    return clean


def _kind(event: Mapping[str, Any]) -> object:
    """What makes two reports the same: the exception and where it was raised, or the text."""
    values = (event.get("exception") or {}).get("values")
    if not values:
        return event.get("logger"), str(event.get("logentry"))
    last = values[-1]
    frames = last["stacktrace"]["frames"][-1:]
    return last.get("type"), *((frame.get("filename"), frame.get("lineno")) for frame in frames)
