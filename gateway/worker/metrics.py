"""What a worker does, in numbers: its own part of the metrics."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from prometheus_client import Counter, Gauge, Histogram

from gateway.resilience.metrics import REGISTRY
from gateway.resilience.spans import span

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

WORK_SECONDS = Histogram(
    "tidegate_work_seconds", "How long pieces of work took, by kind.", ["work"], buckets=BUCKETS, registry=REGISTRY
)
TEXTS = Counter(
    "tidegate_texts", "Texts that were embedded, failed or are tried again.", ["outcome"], registry=REGISTRY
)
CHUNKS_EMBEDDED = Counter(
    "tidegate_chunks_embedded", "Chunks that the embedder has made vectors of.", registry=REGISTRY
)
FILES = Counter(
    "tidegate_files", "Files that were read, failed or are tried again, by format.", ["format", "outcome"],
    registry=REGISTRY,
)  # fmt: skip
PAYMENTS = Counter(
    "tidegate_payments",
    "Charges and refunds that were accepted or declined, are undecided at the provider, failed or are tried again.",
    ["kind", "outcome"],
    registry=REGISTRY,
)
MAINTENANCE = Counter(
    "tidegate_maintenance_done", "How much each step of maintenance has done.", ["step"], registry=REGISTRY
)
CONNECTED = Gauge(
    "tidegate_worker_connected", "1 while a loop has its connections to the database.", ["loop"], registry=REGISTRY
)

# Shown before the first of a kind, so that it counts as an increase.
for outcome in ("embedded", "failed", "retried"):
    TEXTS.labels(outcome)
for kind in ("charge", "refund"):
    for outcome in ("accepted", "declined", "undecided", "failed", "retried"):
        PAYMENTS.labels(kind, outcome)


def piece_of_work(
    name: str,
) -> Callable[[Callable[Parameters, Awaitable[Result]]], Callable[Parameters, Awaitable[Result]]]:
    """Times every call of an asynchronous function, and makes it a span of a trace."""
    seconds = WORK_SECONDS.labels(name)

    def decorate(function: Callable[Parameters, Awaitable[Result]]) -> Callable[Parameters, Awaitable[Result]]:
        @wraps(function)
        async def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
            with span(name), seconds.time():
                return await function(*args, **kwargs)

        return call

    return decorate
