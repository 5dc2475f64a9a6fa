"""Spans for OpenTelemetry: one for each request, for each guarded call and for each query.

Nothing is made unless observability/tracing.py sets `tracer`. No span holds a text: names, numbers and the type of an
error are all that is put into it.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime, timedelta
from functools import cache
from types import TracebackType
from typing import Protocol

from opentelemetry import context, propagate, trace
from opentelemetry.trace import SpanKind, Status, StatusCode, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

Attribute = str | int | float | tuple[str, ...]
CLIENT, SERVER = SpanKind.CLIENT, SpanKind.SERVER


class Tracer(Protocol):
    """Makes spans within the one at hand."""

    def start_span(self, name: str, *, kind: SpanKind, attributes: Mapping[str, Attribute]) -> trace.Span | None:
        """One that begins now; None where the one at hand stands for it as well, since it is not recorded."""


tracer: Tracer | None = None
"""None where nothing is traced."""
W3C = TraceContextTextMapPropagator()
TRACE_HEADERS = frozenset(propagate.get_global_textmap().fields)
"""Headers that name a trace: traceparent, tracestate and baggage, unless OTEL_PROPAGATORS says otherwise."""
NOTHING = nullcontext()
MICROSECOND = timedelta(microseconds=1)
MOMENTS = "tidegate.moments"
"""An attribute of the span of a search's statement: nanoseconds since 1970 at which its parts ended, 0 for those that
were not done. The exporter makes spans of it (observability/exporting.py), so that a request does not wait for them."""


def span(name: str, kind: SpanKind = SpanKind.INTERNAL, **attributes: Attribute) -> AbstractContextManager[None]:
    """A span around the block, whose attributes have dots for double underscores."""
    if tracer is None:
        return NOTHING
    made = tracer.start_span(name, kind=kind, attributes=_dotted(attributes))
    return NOTHING if made is None else _Around(made)


class _Around:
    """What OpenTelemetry's own context managers do, in half of their time."""

    __slots__ = ("_made", "_token")

    def __init__(self, made: trace.Span) -> None:
        self._made = made

    def __enter__(self) -> None:
        self._token = context.attach(trace.set_span_in_context(self._made))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        context.detach(self._token)
        if error is not None:
            _fail(self._made, type(error).__name__)
        self._made.end()


def _fail(made: trace.Span, kind: str) -> None:
    made.set_attribute("error.type", kind)
    made.set_status(Status(StatusCode.ERROR))


def tell_request(method: str, route: str, status: int, problem: str | None) -> None:
    """What became of the request whose span is at hand; `problem` is the kind of its error, if it has one."""
    made = trace.get_current_span()
    if made.is_recording():
        made.update_name(f"{method} {route}")
        made.set_attributes({"http.route": route, "http.response.status_code": status})
        if status >= 500:
            _fail(made, problem or str(status))


def annotate(**attributes: Attribute) -> None:
    """Attributes of the span at hand, which have dots for double underscores."""
    trace.get_current_span().set_attributes(_dotted(attributes))


def _dotted(attributes: Mapping[str, Attribute]) -> dict[str, Attribute]:
    return {_key(name): value for name, value in attributes.items()}


@cache
def _key(name: str) -> str:
    return name.replace("__", ".")


def trace_id(*, is_recorded: bool = False) -> str | None:
    """The id of the trace of the work at hand, in hexadecimal; None without one, or without one `is_recorded`."""
    here = trace.get_current_span().get_span_context()
    if not here.is_valid or (is_recorded and not here.trace_flags.sampled):
        return None
    return format_trace_id(here.trace_id)


def trace_parameters() -> dict[str, object]:
    """What a query is told of the work at hand: the id of its trace, and whether that is recorded."""
    here = trace.get_current_span()
    context = here.get_span_context()
    return {"trace": format_trace_id(context.trace_id) if context.is_valid else None, "traced": here.is_recording()}


def note_moments(moments: Sequence[datetime | None], took_ns: int) -> None:
    """The statement that has just been answered, after so long, began with the first of `moments`.

    They are of the server's clock. The clocks of two machines are not compared: the work is put into the middle
    between question and answer.
    """
    began, ended = moments[0], moments[-1]
    if began is None or ended is None:
        return
    worked_ns = _nanoseconds(ended - began)
    began_ns = time.time_ns() - worked_ns - max(0, took_ns - worked_ns) // 2
    noted = tuple(0 if moment is None else began_ns + _nanoseconds(moment - began) for moment in moments)
    trace.get_current_span().set_attribute(MOMENTS, noted)


def _nanoseconds(passed: timedelta) -> int:
    return 1000 * (passed // MICROSECOND)


@contextmanager
def following(headers: Mapping[str, str]) -> Iterator[None]:
    """The block belongs to the trace that a request's headers name, those of TRACE_HEADERS."""
    if not headers:
        yield
        return
    token = context.attach(propagate.extract(headers))
    try:
        yield
    finally:
        context.detach(token)


def link(traceparents: Iterable[str | None]) -> None:
    """Link the span at hand to those that stand for what it works on, each once."""
    made = trace.get_current_span()
    if made.is_recording():
        for traceparent in dict.fromkeys(filter(None, traceparents)):
            linked = trace.get_current_span(W3C.extract({"traceparent": traceparent})).get_span_context()
            if linked.is_valid:
                made.add_link(linked)
