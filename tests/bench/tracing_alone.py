"""What a search asks of tracing, without the search: its calls, and the bytes of its spans."""

import time
import timeit
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from unittest import mock

from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider

from gateway.observability.exporting import encode
from gateway.observability.recording import Recorder
from gateway.resilience import spans

RUNS, TIMES = 40, 170
"""170 searches are about what the exporter sends at a time."""
NOW = datetime.now(UTC)
MOMENTS = [NOW + timedelta(microseconds=100 * part) for part in range(6)]


class Kept(SpanProcessor):
    """Keeps what has ended."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        """One more."""
        self.spans.append(span)


def one_search() -> None:
    """As ObservationMiddleware, Database and Meter ask, one after the other."""
    with (
        spans.following({}),
        spans.span("POST", spans.SERVER, http__request__method="POST", url__scheme="http", url__path="/v1/search"),
    ):
        with spans.span("search_as", db__system__name="postgresql", db__operation__name="search_as"):
            spans.trace_parameters()
            with spans.span("database", spans.CLIENT):
                if spans.tracer is not None:
                    spans.note_moments(MOMENTS, 1_000_000)
        spans.trace_id(is_recorded=True)
        spans.tell_request("POST", "/v1/search", 200, None)


def least_us(call: Callable[[], object], times: int) -> float:
    """Microseconds of processor time that a call takes, in the quickest of the runs."""
    return min(timeit.repeat(call, number=times, repeat=RUNS, timer=time.thread_time)) / times * 1e6


def alone() -> Mapping[str, float]:
    """Microseconds of one search: where nothing is traced, of its spans, and of their bytes with those of its parts."""
    off = least_us(one_search, TIMES)
    kept = Kept()

    def traced() -> None:
        one_search()
        kept.spans.clear()

    with mock.patch.object(spans, "tracer", Recorder(TracerProvider(shutdown_on_exit=False), kept)):
        made = least_us(traced, TIMES)
        for _ in range(TIMES):
            one_search()
    return {"off": off, "spans": made, "bytes": least_us(lambda: encode(kept.spans), 1) / TIMES}
