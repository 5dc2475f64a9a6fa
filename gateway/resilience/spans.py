"""Spans of what a request does, for OpenTelemetry: one for each guarded call, one for each query.

Without a tracer provider (observability/tracing.py sets one) they and the numbers of metrics.py cost some 9
microseconds a search. No span holds a text:
names, numbers and the type of an error are all that is put into it.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from opentelemetry import context, trace
from opentelemetry.trace import SpanKind, Status, StatusCode, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

tracer = trace.get_tracer("tidegate")
W3C = TraceContextTextMapPropagator()


@contextmanager
def span(name: str, kind: SpanKind = SpanKind.INTERNAL, **attributes: str | int | float) -> Iterator[None]:
    """A span around the block, whose attributes have dots for double underscores."""
    made = tracer.start_span(name, kind=kind)
    if not made.is_recording():
        yield
        return
    made.set_attributes({key.replace("__", "."): value for key, value in attributes.items()})
    with trace.use_span(made, end_on_exit=True, record_exception=False, set_status_on_exception=False):
        try:
            yield
        except BaseException as error:
            made.set_attribute("error.type", type(error).__name__)
            made.set_status(Status(StatusCode.ERROR))
            raise


def trace_id(*, is_recorded: bool = False) -> str | None:
    """The id of the trace of the work at hand, in hexadecimal; None without one, or without one `is_recorded`."""
    here = trace.get_current_span().get_span_context()
    if not here.is_valid or (is_recorded and not here.trace_flags.sampled):
        return None
    return format_trace_id(here.trace_id)


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
