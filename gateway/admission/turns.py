"""Requests of one caller, one after the other while others are at work.

A caller that sends many requests at a time would otherwise have as many parts of the processor as it has requests under
way, however few it may make in a while. Alone it may have them all.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from cachetools import TTLCache

from gateway.resilience.request_metrics import caller_waited

AT_WORK_S = 0.25
"""Others are at work if one of them had a request this lately."""


@dataclass
class _Queue:
    """Requests of one caller that wait, and how many of it have ended since there was a queue."""

    turns: "deque[asyncio.Future[None]]" = field(default_factory=deque)
    ended: int = 0


class Turns:
    """One request of a caller at a time beside those of others."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Nobody has asked for anything."""
        self._running: dict[str, int] = {}
        self._waiting: dict[str, _Queue] = {}
        self._at_work: TTLCache[str, None] = TTLCache(float("inf"), AT_WORK_S, timer=clock)  # callers answered lately

    @asynccontextmanager
    async def turn(self, caller: str, stall_s: float, within_s: float) -> AsyncIterator[None]:
        """A turn of `caller` for the block, first come, first served.

        TimeoutError when none of its requests ends for `stall_s` seconds, or the turn does not come within `within_s`.
        """
        if caller in self._waiting or not self._may_run(caller):
            await self._wait(caller, stall_s, within_s)
        else:
            self._start(caller)
        try:
            yield
        finally:
            self._end(caller)

    async def _wait(self, caller: str, stall_s: float, within_s: float) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue = self._waiting.setdefault(caller, _Queue())
        queue.turns.append(turn)
        try:
            with caller_waited("turn", caller):
                async with asyncio.timeout(within_s):
                    await _while_others_end(queue, turn, stall_s)
        except (asyncio.CancelledError, TimeoutError):
            if turn.done() and not turn.cancelled():
                self._end(caller)
            else:
                self._leave_queue(caller, turn)
            raise

    def _leave_queue(self, caller: str, turn: "asyncio.Future[None]") -> None:
        queue = self._waiting.get(caller)
        if queue is None:
            return
        if turn in queue.turns:  # else it was passed over already
            queue.turns.remove(turn)
        if not queue.turns:
            del self._waiting[caller]

    def _start(self, caller: str) -> None:
        self._running[caller] = self._running.get(caller, 0) + 1

    def _end(self, caller: str) -> None:
        self._running[caller] -= 1
        if not self._running[caller]:
            del self._running[caller]
        self._at_work[caller] = None
        queue = self._waiting.get(caller)
        if queue is not None:
            queue.ended += 1
        while queue is not None and queue.turns and self._may_run(caller):
            turn = queue.turns.popleft()
            if not queue.turns:
                del self._waiting[caller]
            if not turn.done():
                self._start(caller)
                turn.set_result(None)

    def _may_run(self, caller: str) -> bool:
        return caller not in self._running or not self._others_work(caller)

    def _others_work(self, caller: str) -> bool:
        return any(len(callers) > (caller in callers) for callers in (self._running, self._at_work))


async def _while_others_end(queue: _Queue, turn: "asyncio.Future[None]", stall_s: float) -> None:
    """Wait for the turn, as long as requests before it end. TimeoutError."""
    ended = queue.ended
    while not (await asyncio.wait({turn}, timeout=stall_s))[0]:
        if queue.ended == ended:
            raise TimeoutError
        ended = queue.ended
