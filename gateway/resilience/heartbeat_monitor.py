"""A heartbeat: something cheap that a dependency is asked when calls of it go unanswered or fail.

What calls do depends on what callers ask: a dear statement takes its time, a poisoned one fails. Whether the dependency
works at all, the heartbeat says. It is asked while there is doubt, opens the breaker when it goes unanswered as well,
and closes it again; no caller's request is ever a trial.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from gateway.resilience.breaker import Breaker
from gateway.resilience.policy import Policy

logger = logging.getLogger(__name__)

LOOKS = 8  # in stall_s
LEAST_STALL_S = 0.25  # a new connection, on a busy machine
Beat = Callable[[], Awaitable[Any]]


class HeartbeatMonitor:
    """Asks one dependency, as long as there is doubt or its breaker is open."""

    def __init__(self, policy: Policy, beat: Beat, breaker: Breaker) -> None:
        """`beat` returns when the dependency works and raises when it does not; it may be cancelled at any time."""
        self._policy = policy
        self._beat = beat
        self._breaker = breaker
        stall_s = policy.stall_s if policy.stall_s < float("inf") else policy.timeout_s / 2
        # Half of it has passed before there is doubt.
        self._stall_s = max(stall_s * 2 / 3, LEAST_STALL_S)
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_stopped = False

    @property
    def every_s(self) -> float:
        """Seconds between two looks."""
        return self._stall_s / LOOKS

    def check(self) -> None:
        """Calls fail or are not answered: find out whether anything is, unless that is being done."""
        if self._task is None and self._timer is None and not self._is_stopped:
            self._task = asyncio.get_running_loop().create_task(self._check())
            self._task.add_done_callback(self._checked)

    def stop(self) -> None:
        """Ask no more."""
        self._is_stopped = True
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    async def _check(self) -> None:
        answers = self._breaker.answers
        reason = await self._asked()
        if reason is None:
            self._breaker.close()
        elif self._breaker.answers > answers:
            return  # it has much to do, and does it
        elif self._breaker.state == "closed":
            self._breaker.open(reason)

    async def _asked(self) -> str | None:
        """Why it does not work; None when it does."""
        beating = asyncio.ensure_future(self._beat())
        beating.add_done_callback(_retrieve)  # whether or not anybody waits for it by then
        waited = 0.0
        loop = asyncio.get_running_loop()
        try:
            while not beating.done() and waited < self._stall_s:
                started = loop.time()
                await asyncio.wait({beating}, timeout=self.every_s)
                # Where this process itself did nothing, answers may lie ready to be read: that is no silence.
                waited += min(loop.time() - started, self.every_s)
        finally:
            if not beating.done():
                beating.cancel()
        if not beating.done():
            return f"Its heartbeat was not answered for {self._stall_s:g} s."
        error = None if beating.cancelled() else beating.exception()
        if beating.cancelled():
            return "Its heartbeat was given up."
        return None if error is None else f"{type(error).__name__} {error}".strip().replace("\n", " ")

    def _checked(self, task: "asyncio.Task[None]") -> None:
        self._task = None
        if not task.cancelled() and task.exception() is not None:
            logger.error("%s: the heartbeat failed", self._policy.name, exc_info=task.exception())
        if not self._is_stopped:
            is_open = self._breaker.state != "closed"
            pause_s = self._policy.reset_s if is_open else self._stall_s / 2
            self._timer = asyncio.get_running_loop().call_later(pause_s, self._go_on)

    def _go_on(self) -> None:
        self._timer = None
        if self._breaker.state != "closed":
            self.check()


def _retrieve(task: "asyncio.Future[Any]") -> None:
    if not task.cancelled():
        task.exception()
