"""The chain around every call of one dependency: retry[budget]( bulkhead( breaker( time limit( call )))).

The bulkhead is outside the breaker: who is refused a place holds no trial, and a full house is no failure. Refusals of
either are never retried. The first attempt runs outside tenacity, whose machinery costs more than all the rest.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import tenacity

from gateway.resilience.breaker import Breaker, FailureClassifier
from gateway.resilience.deadline import remaining
from gateway.resilience.errors import AttemptTimeoutError, BulkheadFullError, CircuitOpenError, DependencyError
from gateway.resilience.heartbeat_monitor import Beat, HeartbeatMonitor
from gateway.resilience.metrics import Meter
from gateway.resilience.policy import Policy
from gateway.resilience.token_bucket import TokenBucket

Result = TypeVar("Result")
Work = Callable[[], Awaitable[Result]]
TimeLimit = Callable[[Work[Any], float], Awaitable[Any]]

RESERVE_S = 0.1
"""Of a request's time, what is left for saying that it failed."""


async def cancelled_late(work: Work[Any], seconds: float) -> Any:
    """The usual time limit: the work is cancelled, and TimeoutError."""
    async with asyncio.timeout(seconds):
        return await work()


def every_exception(_: BaseException) -> bool:
    """Classifies every exception as the dependency's failure."""
    return True


class ResiliencePipeline:
    """Calls one dependency as its policy says."""

    def __init__(
        self,
        policy: Policy,
        classify: FailureClassifier = every_exception,
        *,
        time_limit: TimeLimit = cancelled_late,
        on_open: Callable[[], None] = lambda: None,
        heartbeat: Beat | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`classify` says which exceptions are the dependency's failures: these alone are counted and tried again.

        `time_limit` runs the work within some seconds, TimeoutError after them or when it is given up, which `on_open`
        may do: whoever waits for what has just been found not to work is better off elsewhere.

        With a `heartbeat`, which returns if the dependency works, that alone decides whether it is asked: a call that
        takes too long says nothing, and one that fails only that the heartbeat should be asked.
        """
        self.policy = policy
        self._classify = classify
        self._time_limit = time_limit
        self._budget = TokenBucket(policy.retry_ratio, policy.retries_per_s, clock=clock)
        self._running = 0
        self._listening: asyncio.TimerHandle | None = None
        self.meter = Meter(policy, lambda: self.running, lambda: self.budget_left)
        self.breaker = Breaker(
            policy,
            self._judged,
            clock=clock,
            on_change=self.meter.changed,
            on_open=on_open,
            suspect=None if heartbeat is None else self._check,
        )
        self._monitor = None if heartbeat is None else HeartbeatMonitor(policy, heartbeat, self.breaker)

    @property
    def state(self) -> str:
        """The breaker's: closed, half-open or open."""
        return self.breaker.state

    @property
    def running(self) -> int:
        """Calls under way."""
        return self._running

    @property
    def budget_left(self) -> float:
        """Of the retry budget, 0 to 1."""
        return self._budget.share

    def stop(self) -> None:
        """Ask no heartbeat any more."""
        if self._monitor is not None:
            self._monitor.stop()

    def _check(self) -> None:
        if self._monitor is not None:
            self._monitor.check()

    async def call(self, work: Work[Result], *, may_repeat: bool = True) -> Result:
        """The result of `work`, or its exception; without `may_repeat` it is tried once.

        CircuitOpenError and BulkheadFullError without having tried, AttemptTimeoutError when it took too long.
        """
        self._budget.deposit()
        try:
            return await self._attempt(work)
        except Exception as error:
            if self.policy.attempts == 1 or not may_repeat:
                raise
            first = error
        return await self._again(work, first)

    async def _attempt(self, work: Work[Result]) -> Result:
        if self._running >= self.policy.concurrency:
            self.meter.refused("full")
            raise BulkheadFullError(self.policy.name)
        self._running += 1
        if self._listening is None and (self.policy.stall_s < float("inf") or self._monitor is not None):
            self._listen()
        try:
            with self._admitted(), self.meter.timed():
                return await self._in_time(work)
        finally:
            self._running -= 1

    def _listen(self) -> None:
        every_s = self.policy.stall_s / 8 if self._monitor is None else self._monitor.every_s
        loop = asyncio.get_running_loop()
        due = loop.time() + every_s

        def look() -> None:
            self._listening = None
            # Late, it was this process that did nothing: answers may lie ready to be read.
            if loop.time() - due < every_s:
                self.breaker.listen()
            if self._running:
                self._listen()

        self._listening = loop.call_at(due, look)

    def _admitted(self) -> Any:
        try:
            return self.breaker.admit()
        except CircuitOpenError:
            self.meter.refused("open")
            raise

    async def _in_time(self, work: Work[Result]) -> Result:
        seconds = max(0.0, min(self.policy.timeout_s, remaining() - RESERVE_S))
        started = time.monotonic()
        try:
            result: Result = await self._time_limit(work, seconds)
        except TimeoutError as error:
            raise AttemptTimeoutError(self.policy.name, min(seconds, time.monotonic() - started)) from error
        return result

    async def _again(self, work: Work[Result], first: Exception) -> Result:
        retrying = tenacity.AsyncRetrying(
            stop=tenacity.stop_after_attempt(self.policy.attempts) | _BeforeTheDeadline(),
            wait=tenacity.wait_random_exponential(multiplier=self.policy.backoff_s, max=self.policy.max_backoff_s),
            retry=tenacity.retry_if_exception(self._is_worth_another),
            reraise=True,
        )
        async for attempt in retrying:
            with attempt:
                if attempt.retry_state.attempt_number == 1:
                    raise first  # made already; tenacity decides what follows
                self.meter.retried()
                try:
                    return await self._attempt(work)
                except (CircuitOpenError, BulkheadFullError):
                    # What it failed of says more than that it is not asked again.
                    raise first from None
        raise AssertionError("tenacity ends with a result or an exception")

    def _judged(self, error: BaseException) -> bool | None:
        if isinstance(error, AttemptTimeoutError) and self._monitor is not None:
            return None  # what was asked may have been dear: the heartbeat knows
        if isinstance(error, AttemptTimeoutError):
            # Who had next to no time left, because others had used it up, says nothing about this one.
            return True if error.after_s >= self.policy.timeout_s / 2 else None
        if isinstance(error, DependencyError):
            return None  # it was not asked
        return self._classify(error)

    def _is_worth_another(self, error: BaseException) -> bool:
        if isinstance(error, DependencyError) or self.breaker.state != "closed":
            return False
        return self._classify(error) is True and self._budget.withdraw()


class _BeforeTheDeadline(tenacity.stop.stop_base):
    """Stops when the wait for the next attempt would use up the request's time."""

    def __call__(self, retry_state: tenacity.RetryCallState) -> bool:
        return retry_state.upcoming_sleep >= remaining() - RESERVE_S
