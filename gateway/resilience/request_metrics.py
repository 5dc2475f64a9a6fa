"""What becomes of requests, and what waits for the worker, in numbers: the gateway's part of the metrics."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

from prometheus_client import Counter, Gauge, Histogram

from gateway.resilience.callers import Spread, kind_of
from gateway.resilience.metrics import BUCKETS, REGISTRY
from gateway.resilience.spans import trace_id

REQUEST_SECONDS = Histogram(
    "tidegate_request_seconds",
    "How long requests took until their answers were sent, by route and class of status.",
    ["route", "status"],
    buckets=BUCKETS,
    registry=REGISTRY,
)
CLIENT_RETRIES = Counter(
    "tidegate_client_retries", "Requests that an SDK had sent before (X-Retry-Count).", ["route"], registry=REGISTRY
)
REFUSED = Counter(
    "tidegate_refused", "Requests that were refused before they reached the application.", ["status"], registry=REGISTRY
)
SHED = Counter("tidegate_shed", "Requests refused because there were too many.", registry=REGISTRY)
LIMITED = Counter(
    "tidegate_limited",
    "Requests refused because one caller asks too much, by kind of caller.",
    ["caller", "reason"],
    registry=REGISTRY,
)
CALLERS = Gauge(
    "tidegate_callers", "Callers that have used something in the last five seconds.", ["of"], registry=REGISTRY
)
LARGEST_SHARE = Gauge(
    "tidegate_largest_caller_share",
    "The largest part, 0 to 1, that one caller has of what all used lately.",
    ["of"],
    registry=REGISTRY,
)
CALLER_WAITS = Histogram(
    "tidegate_caller_wait_seconds",
    "How long callers waited because they or others had asked for much, by kind of caller.",
    ["of", "caller"],
    buckets=BUCKETS,
    registry=REGISTRY,
)
for _kind in ("person", "address"):
    LIMITED.labels(_kind, "rate")  # so that the first refusal is an increase
CONNECTIONS_REFUSED = Counter(
    "tidegate_connections_refused", "Connections closed because there were too many.", registry=REGISTRY
)
CLIENT_DISCONNECTS = Counter(
    "tidegate_client_disconnects", "Requests whose client left before the answer.", registry=REGISTRY
)
DEGRADATIONS = Counter(
    "tidegate_degradations", "Answers that had to do without something.", ["dependency", "used"], registry=REGISTRY
)
CITATIONS_DROPPED = Counter(
    "tidegate_citations_dropped",
    "Citations of models that were left out: not in their reader's passages, or no ground for their sentence.",
    registry=REGISTRY,
)
FIRST_TOKEN_SECONDS = Histogram(
    "tidegate_llm_first_token_seconds",
    "How long language models took to write the first piece of a text.",
    ["dependency"],
    buckets=BUCKETS,
    registry=REGISTRY,
)
LLM_TOKENS = Counter(
    "tidegate_llm_tokens", "Tokens that language models read and wrote.", ["dependency", "kind"], registry=REGISTRY
)
CACHE_LOOKUPS = Counter(
    "tidegate_cache_lookups", "Questions to a cache, by whether it had the answer.", ["cache", "outcome"],
    registry=REGISTRY,
)  # fmt: skip
LIMIT = Gauge("tidegate_concurrency_limit", "Requests that are let in at a time.", registry=REGISTRY)
IN_FLIGHT = Gauge("tidegate_requests_in_flight", "Requests that were let in and are not answered.", registry=REGISTRY)
RIGHTS_AGE = Gauge(
    "tidegate_rights_age_seconds",
    "Seconds since the last answered question which rights ended; stale answers lose their documents above 4.5.",
    registry=REGISTRY,
)
QUEUE_JOBS = Gauge(
    "tidegate_queue_jobs", "What is in the queues of the worker, by state.", ["queue", "state"], registry=REGISTRY
)
QUEUE_OLDEST = Gauge(
    "tidegate_queue_oldest_seconds", "How long the oldest has waited that is not done.", ["queue"], registry=REGISTRY
)
DOCUMENTS_PENDING = Gauge(
    "tidegate_documents_pending", "Documents of which a text waits to be embedded.", registry=REGISTRY
)
HEARTBEAT_FAILURES = Counter(
    "tidegate_heartbeat_failures",
    "Heartbeats of a database that were not answered, by reason.",
    ["dependency", "reason"],
    registry=REGISTRY,
)
DATABASE_STARTED = Gauge(
    "tidegate_database_started_seconds",
    "When PostgreSQL was started, in seconds since 1970.",
    ["dependency"],
    registry=REGISTRY,
)
KEY_CHANGES = Counter(
    "tidegate_signing_key_changes", "Times that the project published other signing keys.", registry=REGISTRY
)
RECALL = Gauge(
    "tidegate_recall",
    "Of what an exact search finds, what the usual one found: the mean of the last thousand, and its interval of 95 %.",
    ["bound"],
    registry=REGISTRY,
)
RECALL_SEARCHES = Gauge("tidegate_recall_searches", "Searches that this mean is of.", registry=REGISTRY)
RECALL_CHECKS = Counter(
    "tidegate_recall_checks", "Searches that were drawn to be made again, by outcome.", ["outcome"], registry=REGISTRY
)
RECALL_SECONDS = Counter("tidegate_recall_seconds", "Time that making searches again took.", registry=REGISTRY)


def answered(route: str, status: int, seconds: float) -> None:
    """A request for `route` was answered; `status` is 0 where the client left before. To be said within its span."""
    made_in = trace_id(is_recorded=True)
    exemplar = None if made_in is None else {"trace_id": made_in}
    _request_seconds(route, f"{status // 100}xx" if status else "none").observe(seconds, exemplar)


@cache
def _request_seconds(route: str, status: str) -> Histogram:
    return REQUEST_SECONDS.labels(route, status)


def show_spread(of: str, spread: Callable[[], Spread]) -> None:
    """Show how the use of something is spread over callers, by asking whenever somebody reads the numbers."""
    CALLERS.labels(of).set_function(lambda: spread().callers)
    LARGEST_SHARE.labels(of).set_function(lambda: spread().largest_share)


@contextmanager
def caller_waited(of: str, caller: str) -> Iterator[None]:
    """The block is what `caller` waits for something."""
    started = time.perf_counter()
    try:
        yield
    finally:
        CALLER_WAITS.labels(of, kind_of(caller)).observe(time.perf_counter() - started)


class CacheMeter:
    """Counts the questions to one cache."""

    def __init__(self, cache: str) -> None:
        """Begin with none."""
        self._hits = CACHE_LOOKUPS.labels(cache, "hit")
        self._misses = CACHE_LOOKUPS.labels(cache, "miss")

    def asked(self, *, is_hit: bool) -> None:
        """It was asked, and had the answer or not."""
        (self._hits if is_hit else self._misses).inc()
