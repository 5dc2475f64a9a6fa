"""Whose statement runs next, where more callers want a connection than there are.

Who has used the database least comes first, and nobody has more than a share of the connections. A caller that uses far
more than others while they have work too is heavy: heavy callers have one connection together, and rest after each
statement that took longer than those of others, so that these wait for a dear statement seldom, whatever it is.
Time is shared among the statements that run at the same moment: those of a busy server take longer through no fault of
their callers. What a server that hung was asked counts for nobody.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from gateway.resilience.callers import ACTIVE_S, MEMORY_S, NOBODY, Load, Spread, current_caller
from gateway.resilience.request_metrics import caller_waited

HEAVY_SHARE = 0.01
"""Of the database's time: who uses less of it lately is never heavy."""
BUSY_SHARE = 0.05
"""Nobody is heavy where the others together use less than this of the database's time."""
HEAVY_FACTOR = 3.0
"""A heavy caller uses so many times as much as the mean of the others."""
REST_FACTOR = 100.0
"""While others are at work, a heavy caller rests for this many times what its statement took beyond a usual one."""
TYPICAL_WEIGHT = 0.05
"""Of the latest statement in the mean of those that are not heavy."""
MAX_REST_S = 5.0
AT_WORK_S = 0.25
"""Others are at work if one of them had a statement this lately; otherwise nobody rests."""


class PlacesTakenError(Exception):
    """No connection came free in time."""


class _Waiter:
    def __init__(self, caller: str, number: int) -> None:
        self.caller = caller
        self.number = number
        self.turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()


class FairPlaces:
    """So many places, given to whoever has used them least."""

    def __init__(
        self,
        size: int,
        share: float,
        *,
        wait_s: float,
        name: str = "database",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`size` places of `name`, `share` of them for one caller at most; nobody waits longer than `wait_s`."""
        self._name = name
        self._size = size
        self._share = max(1, int(size * share))
        self._wait_s = wait_s
        self._clock = clock
        self._running: dict[str, int] = {}
        self._count = 0
        self._heavy = 0
        self._rest_until = self._others_at = float("-inf")
        self._heavy_until: dict[str, float] = {}  # who was found heavy is, until its rest is over
        self._rest: asyncio.TimerHandle | None = None
        self._waiting: list[_Waiter] = []
        self._number = 0
        # Of the database's time, by caller, and together.
        self._used: OrderedDict[str, Load] = OrderedDict()
        self._total = Load()
        self._typical_s = 0.0  # the mean statement of callers that are not heavy
        self._hung = 0  # how many times it hung
        self._shared_s = 0.0  # time, divided by the statements that run in it
        self._shared_at = clock()

    def __len__(self) -> int:
        """How many places are taken."""
        return self._count

    def spread(self) -> Spread:
        """How the time of the database is spread over callers."""
        return Spread.of(self._used.values(), self._clock())

    def forget(self) -> None:
        """The server hung: forget who used how much, and do not count what runs now."""
        self._hung += 1
        self._used.clear()
        self._total = Load()
        self._rest_until = float("-inf")
        self._heavy_until.clear()

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """A place for the block; PlacesTakenError."""
        caller = current_caller()
        was_heavy = await self._take(caller)
        started, hung = self._shared(), self._hung
        try:
            yield
        finally:
            used_s = self._shared() - started if hung == self._hung else None
            self._give_back(caller, used_s, was_heavy=was_heavy)

    async def _take(self, caller: str) -> bool:
        if not self._waiting and self._may_run(caller):
            return self._start(caller)
        self._number += 1
        waiter = _Waiter(caller, self._number)
        self._waiting.append(waiter)
        self._pump()
        try:
            with caller_waited(self._name, caller):
                async with asyncio.timeout(self._wait_s):
                    await waiter.turn
        except BaseException as error:
            if waiter in self._waiting:
                self._waiting.remove(waiter)
            elif waiter.turn.done() and not waiter.turn.cancelled():
                self._give_back(caller, None, was_heavy=waiter.turn.result())
            if isinstance(error, TimeoutError):
                raise PlacesTakenError from error
            raise
        return waiter.turn.result()

    def _start(self, caller: str) -> bool:
        self._shared()
        self._count += 1
        self._running[caller] = self._running.get(caller, 0) + 1
        heavy = self._is_heavy(caller)
        self._heavy += heavy
        if not heavy and caller != NOBODY:
            self._others_at = self._clock()
        return heavy

    def _give_back(self, caller: str, used_s: float | None, *, was_heavy: bool) -> None:
        """A place is free; None says that nothing was done with it, or nothing that counts."""
        self._shared()
        self._count -= 1
        self._running[caller] -= 1
        if not self._running[caller]:
            del self._running[caller]
        self._heavy -= was_heavy
        if not was_heavy and caller != NOBODY:
            self._others_at = self._clock()
        if used_s is not None:
            self._count_use(caller, used_s, was_heavy=was_heavy)
        self._pump()

    def _count_use(self, caller: str, used_s: float, *, was_heavy: bool) -> None:
        self._note(caller, used_s)
        if was_heavy or self._is_heavy(caller):
            self._let_rest(caller, max(0.0, used_s - self._typical_s))
        elif caller != NOBODY:
            self._typical_s += TYPICAL_WEIGHT * (used_s - self._typical_s) if self._typical_s else used_s

    def _let_rest(self, caller: str, long_s: float) -> None:
        now = self._clock()
        until = now + min(MAX_REST_S, REST_FACTOR * long_s)
        self._rest_until = max(self._rest_until, until)
        self._heavy_until = {each: end for each, end in self._heavy_until.items() if end > now}
        self._heavy_until[caller] = until

    def _pump(self) -> None:
        """Give places to those who wait, whoever used least first."""
        if not self._waiting:
            return
        now = self._clock()
        for waiter in sorted(self._waiting, key=lambda waiter: (self._recent(waiter.caller, now), waiter.number)):
            if self._count >= self._size:
                break
            if not waiter.turn.done() and self._may_run(waiter.caller):
                self._waiting.remove(waiter)
                waiter.turn.set_result(self._start(waiter.caller))
        rest = min(self._rest_until, self._others_at + AT_WORK_S) - now
        if self._waiting and rest > 0 and self._rest is None:
            self._rest = asyncio.get_running_loop().call_later(rest + 0.001, self._rested)

    def _rested(self) -> None:
        self._rest = None
        self._pump()

    def _may_run(self, caller: str) -> bool:
        if self._count >= self._size:
            return False
        if caller == NOBODY:
            return True
        if self._running.get(caller, 0) >= self._share:
            return False
        return not self._is_heavy(caller) or (self._heavy == 0 and not self._must_rest())

    def _must_rest(self) -> bool:
        now = self._clock()
        return now < self._rest_until and now - self._others_at < AT_WORK_S

    def _is_heavy(self, caller: str) -> bool:
        if caller == NOBODY:
            return False
        now = self._clock()
        if now < self._heavy_until.get(caller, float("-inf")):
            return True
        own = self._recent(caller, now)
        others = len(self._used) - (caller in self._used)
        used = max(0.0, self._total.recent(now) - own)
        if not others or own < HEAVY_SHARE * MEMORY_S or used < BUSY_SHARE * MEMORY_S:
            return False
        return own > HEAVY_FACTOR * used / others

    def _recent(self, caller: str, now: float) -> float:
        load = self._used.get(caller)
        return 0.0 if load is None else load.recent(now)

    def _note(self, caller: str, used_s: float) -> None:
        if caller == NOBODY:
            return
        now = self._clock()
        load = self._used.pop(caller, None) or Load()
        load.add(used_s, now)
        self._used[caller] = load  # the last to have used it is at the end
        self._total.add(used_s, now)
        while self._used and now - next(iter(self._used.values())).at > ACTIVE_S:
            self._used.popitem(last=False)

    def _shared(self) -> float:
        """Seconds so far, each divided among the statements that ran in it."""
        now = self._clock()
        self._shared_s += (now - self._shared_at) / max(1, self._count)
        self._shared_at = now
        return self._shared_s
