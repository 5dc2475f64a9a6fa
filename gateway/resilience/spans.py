"""Spans of what a request does, for OpenTelemetry: one for each guarded call, one for each query.

Without a tracer provider (observability/tracing.py sets one) they and the numbers of metrics.py cost some 9
microseconds a search. No span holds a text:
names, numbers and the type of an error are all that is put into it.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from opentelemetry import context, trace
from opentelemetry.trace import SpanKind, Status, StatusCode, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

Attribute = str | int | float | Sequence[str]
CLIENT = SpanKind.CLIENT

tracer = trace.get_tracer("tidegate")
W3C = TraceContextTextMapPropagator()
MOMENTS = "tidegate.moments"
"""An attribute of the span of a search's statement: nanoseconds since 1970 at which its parts ended, 0 for those that
were not done. The exporter makes spans of it (observability/exporting.py), so that a request does not wait for them."""


@contextmanager
def span(name: str, kind: SpanKind = SpanKind.INTERNAL, **attributes: Attribute) -> Iterator[None]:
    """A span around the block, whose attributes have dots for double underscores."""
    made = tracer.start_span(name, kind=kind)
    if not made.is_recording():
        yield
        return
    made.set_attributes(_dotted(attributes))
    with trace.use_span(made, end_on_exit=True, record_exception=False, set_status_on_exception=False):
        try:
            yield
        except BaseException as error:
            made.set_attribute("error.type", type(error).__name__)
            made.set_status(Status(StatusCode.ERROR))
            raise


def annotate(**attributes: Attribute) -> None:
    """Attributes of the span at hand, which have dots for double underscores."""
    trace.get_current_span().set_attributes(_dotted(attributes))


def _dotted(attributes: Mapping[str, Attribute]) -> dict[str, Attribute]:
    return {key.replace("__", "."): value for key, value in attributes.items()}


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
    noted = [0 if moment is None else began_ns + _nanoseconds(moment - began) for moment in moments]
    trace.get_current_span().set_attribute(MOMENTS, noted)


def _nanoseconds(passed: timedelta) -> int:
    return 1000 * (passed // timedelta(microseconds=1))


@contextmanager
def following(traceparent: str) -> Iterator[None]:
    """The block belongs to the trace that the header names, unless it belongs to one already."""
    if not traceparent or trace.get_current_span().get_span_context().is_valid:
        yield
        return
    token = context.attach(W3C.extract({"traceparent": traceparent}))
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
