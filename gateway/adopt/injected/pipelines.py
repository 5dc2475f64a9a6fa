"""What calls of each host pass that the application calls: breaker, bulkhead and retry budget.

In the mode `observe` calls are made in any case, and what would have been refused is counted. In the mode `enforce`
a refusal is an exception, which outgoing.py turns into the library's own connection error.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from opentelemetry import metrics, trace

from gateway.adopt.injected.options import Mode, Options
from gateway.resilience.breaker import Breaker, Trial
from gateway.resilience.deadline import remaining
from gateway.resilience.errors import BulkheadFullError, CircuitOpenError, DependencyError
from gateway.resilience.policy import Policy
from gateway.resilience.token_bucket import TokenBucket

MOST_HOSTS = 512
UNAVAILABLE = frozenset({502, 503, 504})
_calls = metrics.get_meter("tidegate").create_counter("tidegate.calls", description="Calls by dependency and outcome")


class UnavailableError(Exception):
    """Stands for an answer that says that the host cannot answer."""


class Call:
    """One call under way."""

    def __init__(self) -> None:
        """Nothing is known of its end."""
        self.error: Exception | None = None

    def answered(self, status: int) -> None:
        """It was answered with this status."""
        if status in UNAVAILABLE:
            self.error = UnavailableError(f"It answered {status}.")


class HostPipeline:
    """Of one host; used by many threads and tasks."""

    def __init__(self, policy: Policy, mode: Mode, clock: Callable[[], float] = time.monotonic) -> None:
        """Closed at first."""
        self.policy = policy
        self.mode = mode
        self._clock = clock
        self._lock = threading.Lock()
        self._breaker = Breaker(policy, lambda _: True, clock=clock)
        self._budget = TokenBucket(policy.retry_ratio, policy.retries_per_s, clock=clock)
        self._running = 0

    @property
    def state(self) -> str:
        """The breaker's: closed, half-open or open."""
        return self._breaker.state

    @property
    def enforces(self) -> bool:
        """Whether calls are refused, bounded and repeated."""
        return self.mode == "enforce"

    @contextmanager
    def call(self, failures: tuple[type[Exception], ...]) -> Iterator[Call]:
        """One call in the block: `failures` raised in it are the host's. CircuitOpenError, BulkheadFullError."""
        if self.mode == "off":
            yield Call()
            return
        trial = self._admit()
        call, began = Call(), self._clock()
        try:
            yield call
        except failures as error:
            self._leave(trial, error, began)
            raise
        except BaseException as error:
            self._leave(trial, None if isinstance(error, Exception) else error, began)
            raise
        else:
            self._leave(trial, call.error, began)

    def time_limit(self, wanted: float | None) -> float | None:
        """Seconds that a call may take, where the application wants `wanted` or does not say."""
        if not self.enforces:
            return wanted
        own = self.policy.timeout_s if wanted is None else wanted
        return max(0.001, min(own, remaining()))

    def pause_before(self, attempt: int) -> float | None:
        """Seconds to wait before one more attempt, the second is 1; None when there is to be none."""
        with self._lock:
            if not self.enforces or attempt >= self.policy.attempts or self._breaker.state != "closed":
                return None
            longest = min(self.policy.max_backoff_s, self.policy.backoff_s * 2 ** (attempt - 1))
            if remaining() <= longest or not self._budget.withdraw():
                return None
        return random.uniform(0, longest)  # noqa: S311  spreads load, keeps no secret

    def _admit(self) -> Trial | None:
        with self._lock:
            self._budget.deposit()
            trial: Trial | None = None
            try:
                if self._running >= self.policy.concurrency:
                    raise BulkheadFullError(self.policy.name)
                trial = self._breaker.admit()
                self._breaker.begin(trial)
            except DependencyError as error:
                self._count("open" if isinstance(error, CircuitOpenError) else "full")
                if self.enforces:
                    raise
            self._running += 1
            return trial

    def _leave(self, trial: Trial | None, error: BaseException | None, began: float) -> None:
        with self._lock:
            self._running -= 1
            if trial is not None:
                self._breaker.settle(trial, error, self._clock() - began)
        self._count("ok" if error is None else type(error).__name__)

    def _count(self, outcome: str) -> None:
        _calls.add(1, {"dependency": self.policy.name, "outcome": outcome})
        if outcome in ("open", "full"):
            name = "tidegate.refused" if self.enforces else "tidegate.would_refuse"
            trace.get_current_span().add_event(name, {"dependency": self.policy.name, "reason": outcome})


class HostPipelines:
    """By host; those that were called last, where there are too many."""

    def __init__(self, options: Options) -> None:
        """None yet."""
        self._options = options
        self._lock = threading.Lock()
        self._pipelines: dict[str, HostPipeline] = {}

    def of(self, host: str) -> HostPipeline:
        """That of `host`, which is a name and a port."""
        with self._lock:
            pipeline = self._pipelines.pop(host, None) or HostPipeline(self._options.policy(host), self._mode(host))
            self._pipelines[host] = pipeline
            if len(self._pipelines) > MOST_HOSTS:
                self._pipelines.pop(next(iter(self._pipelines)))
            return pipeline

    def _mode(self, host: str) -> Mode:
        return "off" if host in self._options.left_alone else self._options.mode
