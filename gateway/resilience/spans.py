"""Spans of what a request does, for OpenTelemetry: one for each guarded call, one for each query.

Without a tracer provider (observability/tracing.py sets one) they and the numbers of metrics.py cost some 9
microseconds a search. No span holds a text:
names, numbers and the type of an error are all that is put into it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace import SpanKind, Status, StatusCode, format_trace_id

tracer = trace.get_tracer("tidegate")


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


def trace_id() -> str | None:
    """The id of the trace that the work at hand is recorded in, in hexadecimal; None where it is not."""
    context = trace.get_current_span().get_span_context()
    return format_trace_id(context.trace_id) if context.trace_flags.sampled else None
