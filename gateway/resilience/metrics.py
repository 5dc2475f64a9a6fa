"""What gateway and worker do, in numbers: /metrics gives them in the text formats of Prometheus and OpenMetrics.

These are the numbers that both have. request_metrics.py has those of the gateway alone, worker/metrics.py those of a
worker. docs/observability.md lists them all.
"""

import asyncio
import platform
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Literal

from opentelemetry.trace import SpanKind
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    start_http_server,
)
from prometheus_client.exposition import choose_encoder

from gateway import __version__
from gateway.resilience.current_request import note_time
from gateway.resilience.policy import Policy
from gateway.resilience.spans import span

REGISTRY = CollectorRegistry()
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
STATES = ("closed", "half-open", "open")

ProcessCollector(registry=REGISTRY)
Info("tidegate_build", "The version, and the Python that runs it.", registry=REGISTRY).info(
    {"version": __version__, "python": platform.python_version()}
)
CALLS = Counter(
    "tidegate_calls", "Attempts to use a dependency, by outcome.", ["dependency", "outcome"], registry=REGISTRY
)
CALL_SECONDS = Histogram(
    "tidegate_call_seconds", "How long attempts took.", ["dependency"], buckets=BUCKETS, registry=REGISTRY
)
RETRIES = Counter("tidegate_retries", "Attempts after the first.", ["dependency"], registry=REGISTRY)
BREAKER = Gauge(
    "tidegate_breaker_state", "1 for the state that the breaker is in.", ["dependency", "state"], registry=REGISTRY
)
POLICY = Gauge(
    "tidegate_policy", "How a dependency is used: its numbers, by name.", ["dependency", "number"], registry=REGISTRY
)
RUNNING = Gauge(
    "tidegate_calls_running", "Calls under way; `concurrency` is the most.", ["dependency"], registry=REGISTRY
)
RETRY_BUDGET = Gauge(
    "tidegate_retry_budget", "What is left of the retry budget, 0 to 1.", ["dependency"], registry=REGISTRY
)


def exposition(accept: str = "") -> tuple[bytes, str]:
    """Everything, and its media type: OpenMetrics, which has exemplars, if the header Accept asks for it."""
    encode, media_type = choose_encoder(accept)
    return encode(REGISTRY), media_type


def serve(host: str, port: int) -> Callable[[], None]:
    """Answer everything on a thread with the exposition, until what this returns is called; OSError."""
    server, thread = start_http_server(port, host, REGISTRY)

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return stop


class Meter:
    """Counts the calls of one dependency."""

    def __init__(self, policy: Policy, running: Callable[[], float], budget_left: Callable[[], float]) -> None:
        """Begin with a closed breaker; `running` and `budget_left` are asked whenever somebody reads the numbers."""
        dependency = policy.name
        self._dependency = dependency
        for number, value in policy.numbers().items():
            POLICY.labels(dependency, number).set(value)
        RUNNING.labels(dependency).set_function(running)
        RETRY_BUDGET.labels(dependency).set_function(budget_left)
        self._succeeded = CALLS.labels(dependency, "ok")
        self._seconds = CALL_SECONDS.labels(dependency)
        self._retries = RETRIES.labels(dependency)
        self.changed("closed")

    def timed(self) -> "_Timing":
        """A context manager around an attempt, which is a span of the trace as well."""
        return _Timing(self, span(self._dependency, SpanKind.CLIENT))

    def refused(self, why: Literal["open", "full"]) -> None:
        """It was not tried."""
        CALLS.labels(self._dependency, why).inc()

    def retried(self) -> None:
        """It is tried again."""
        self._retries.inc()

    def changed(self, state: str) -> None:
        """The breaker is in this state now."""
        for other in STATES:
            BREAKER.labels(self._dependency, other).set(other == state)

    def attempted(self, error: BaseException | None, seconds: float) -> None:
        """An attempt is over."""
        self._seconds.observe(seconds)
        note_time(self._dependency, seconds)
        if error is None:
            self._succeeded.inc()
        else:
            outcome = "cancelled" if isinstance(error, asyncio.CancelledError) else type(error).__name__
            CALLS.labels(self._dependency, outcome).inc()


class _Timing:
    def __init__(self, meter: Meter, span: AbstractContextManager[None]) -> None:
        self._meter = meter
        self._span = span
        self._started = time.perf_counter()

    def __enter__(self) -> None:
        self._span.__enter__()
        self._started = time.perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._meter.attempted(error, time.perf_counter() - self._started)
        self._span.__exit__(kind, error, traceback)
