"""Spans of what a request does, for OpenTelemetry: one for each guarded call, one for each query.

Without a tracer provider (observability/tracing.py sets one) they and the numbers of metrics.py cost some 9
microseconds a search. No span holds a text:
names, numbers and the type of an error are all that is put into it.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

from opentelemetry import trace
from opentelemetry.trace import SpanKind, Status, StatusCode

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

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


def traced(
    name: str,
) -> Callable[[Callable[Parameters, Awaitable[Result]]], Callable[Parameters, Awaitable[Result]]]:
    """Gives every call of an asynchronous function a span of this name."""

    def decorate(function: Callable[Parameters, Awaitable[Result]]) -> Callable[Parameters, Awaitable[Result]]:
        @wraps(function)
        async def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
            with span(name):
                return await function(*args, **kwargs)

        return call

    return decorate
