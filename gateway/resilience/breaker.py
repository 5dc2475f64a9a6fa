"""pybreaker's circuit breaker, told of asynchronous calls when they are over.

pybreaker runs what it guards itself, under a lock and synchronously: awaited inside, a half-open breaker lets everybody
through, and a cancelled call counts. So calls are admitted here, one trial when half-open, and their outcomes reported
through its public interface, if it still is in the state that admitted them. Its clock is the wall's; here the
monotonic one decides, or setting the date would keep a breaker open for a year.

Where the dependency has a heartbeat (heartbeat_monitor.py), failures of calls are only a suspicion, which it confirms
or not.
"""

import logging
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Literal, NoReturn, cast

import pybreaker

from gateway.resilience.errors import CircuitOpenError
from gateway.resilience.policy import Policy

logger = logging.getLogger(__name__)

NEVER = 1_000_000_000

State = Literal["closed", "half-open", "open"]
FailureClassifier = Callable[[BaseException], bool | None]
"""Whether an exception is a failure of the dependency: None when it says nothing about it either way."""


class Breaker:
    """The breaker of one dependency."""

    def __init__(
        self,
        policy: Policy,
        classify: FailureClassifier,
        *,
        clock: Callable[[], float] = time.monotonic,
        on_change: Callable[[State], None] = lambda _: None,
        on_open: Callable[[], None] = lambda: None,
        suspect: Callable[[], None] | None = None,
    ) -> None:
        """Closed at first; `classify` judges what calls raise. `on_open` is told when they open it.

        With `suspect`, calls never open or close it: that is told what they would have opened it for, and decides.
        """
        self._policy = policy
        self._classify = classify
        self._clock = clock
        self._on_change = on_change
        self._on_open = on_open
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=policy.failures_to_open if suspect is None else NEVER,
            reset_timeout=policy.reset_s,
            state_storage=pybreaker.CircuitMemoryStorage(pybreaker.STATE_CLOSED),
            name=policy.name,
            listeners=[_Changes(self)],
            throw_new_error_on_trip=False,
        )
        self._outcomes: deque[bool] = deque(maxlen=policy.window)
        self._suspect = suspect
        self._in_a_row = 0
        self._opened_at = float("-inf")
        self._trial: Trial | None = None
        self._stall_s = policy.stall_s
        self._enough = min(policy.failures_to_open, policy.concurrency)
        # The first calls since the last answer, and when they began; what failed without one is among them.
        self._unanswered: dict[Trial, float] = {}
        self.last_failure: str | None = None
        self.answers = 0
        """How many calls were answered."""

    @property
    def state(self) -> State:
        """Where it stands; an open one whose time is over is still open until somebody calls."""
        return cast(State, self._breaker.current_state)

    def admit(self) -> "Trial":
        """Leave for one call, to be used as a context manager around it; CircuitOpenError."""
        if self.state == "open":
            if self._suspect is not None:
                self._suspect()
                raise CircuitOpenError(self._policy.name, self._policy.reset_s)
            left = self._opened_at + self._policy.reset_s - self._clock()
            if left > 0:
                raise CircuitOpenError(self._policy.name, left)
            self._breaker.half_open()
        trial = Trial(self, self._breaker.state)
        if self.state == "half-open":
            if self._trial is not None:
                raise CircuitOpenError(self._policy.name, self._policy.timeout_s)
            self._trial = trial
        return trial

    def begin(self, trial: "Trial") -> None:
        """An admitted call begins."""
        if len(self._unanswered) < self._enough:
            self._unanswered[trial] = self._clock()

    def settle(self, trial: "Trial", error: BaseException | None, took_s: float) -> None:
        """Count the outcome of an admitted call."""
        if self._trial is trial:
            self._trial = None
        if error is not None and (self._suspect is not None or not isinstance(error, Exception)):
            self._unanswered.pop(trial, None)  # nobody waits for it any more
        failed = None if error is not None and not isinstance(error, Exception) else False
        if isinstance(error, Exception):
            failed = self._classify(error)
        if failed is None or self._breaker.state is not trial.state:
            return  # it says nothing, or it is old news
        if not failed:
            self._unanswered.clear()
            self.answers += 1
        slow = took_s > self._policy.slow_s
        if failed and error is not None:
            self.last_failure = f"{type(error).__name__} {error}".strip().replace("\n", " ")
        elif slow:
            self.last_failure = f"It took {took_s:.1f} s."
        self._count(failed, slow)

    def _count(self, failed: bool, slow: bool) -> None:
        self._outcomes.append(failed or slow)
        if self._suspect is not None:
            self._in_a_row = self._in_a_row + 1 if failed else 0
            if self._in_a_row >= self._policy.failures_to_open or self._is_bad():
                self._suspect()
            return
        # A trial that is too late has not shown that it works again.
        if failed or (slow and self.state == "half-open"):
            with suppress(_ReportedError):  # pybreaker hands back what it was told
                self._breaker.call(_fail)
        else:
            self._breaker.call(_succeed)
        if self.state == "closed" and self._is_bad():
            self._breaker.open()

    def _is_bad(self) -> bool:
        enough = len(self._outcomes) == self._outcomes.maxlen
        return enough and sum(self._outcomes) >= self._policy.failure_rate_to_open * len(self._outcomes)

    def open(self, reason: str) -> None:
        """It does not work, for this reason."""
        self.last_failure = reason
        self._breaker.open()

    def close(self) -> None:
        """It works: what calls failed of, or wait for, is their own affair."""
        self._outcomes.clear()
        self._in_a_row = 0
        self._unanswered = dict.fromkeys(self._unanswered, self._clock())
        if self.state != "closed":
            self._breaker.close()

    def listen(self) -> None:
        """Open if nothing is answered any more: to be called now and then while calls are under way."""
        if self._suspect is not None:
            doubtful_s = min(self._stall_s, self._policy.timeout_s) / 2
            if self.state == "closed" and self._unanswered and self._waited_s(0) >= doubtful_s:
                self._suspect()
            return
        if self.state == "closed" and len(self._unanswered) == self._enough and self._waited_s(-1) >= self._stall_s:
            self.last_failure = f"None of its calls was answered for {self._stall_s:g} s."
            self._breaker.open()

    @property
    def is_stalled(self) -> bool:
        """Whether a call has had no answer for `stall_s` seconds, nor any that came after it."""
        return bool(self._unanswered) and self._waited_s(0) >= self._stall_s

    def _waited_s(self, place: int) -> float:
        return self._clock() - list(self._unanswered.values())[place]

    def changed(self, old: State | None, new: State) -> None:
        """Once for each change of state: log it with its reason, and begin to count anew."""
        if new == "open":
            self._opened_at = self._clock()
        self._outcomes.clear()
        self._in_a_row = 0
        self._unanswered.clear()
        self._trial = None
        if new == "closed":
            logger.warning("%s: works again", self._policy.name)
        elif new == "open" and old == "closed":
            logger.error("%s: left alone, asked again every %g s: %s", *self._told())
            self._on_open()
        self._on_change(new)

    def _told(self) -> tuple[str, float, str | None]:
        return self._policy.name, self._policy.reset_s, self.last_failure


class Trial:
    """Leave for one call."""

    def __init__(self, breaker: Breaker, state: object) -> None:
        """Given by `breaker` when it was in `state`."""
        self.state = state
        self._breaker = breaker
        self._started = time.perf_counter()

    def __enter__(self) -> "Trial":
        """The call begins."""
        self._started = time.perf_counter()
        self._breaker.begin(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """The call is over. Cancellation says nothing about the dependency."""
        self._breaker.settle(self, error, time.perf_counter() - self._started)


class _ReportedError(Exception):
    """Stands for a failure that happened before."""


class _Changes(pybreaker.CircuitBreakerListener):
    def __init__(self, breaker: Breaker) -> None:
        self._breaker = breaker

    def state_change(
        self,
        cb: pybreaker.CircuitBreaker,
        old_state: pybreaker.CircuitBreakerState | None,
        new_state: pybreaker.CircuitBreakerState,
    ) -> None:
        old = None if old_state is None else cast(State, old_state.name)
        self._breaker.changed(old, cast(State, new_state.name))


def _fail() -> NoReturn:
    raise _ReportedError


def _succeed() -> None:
    return
