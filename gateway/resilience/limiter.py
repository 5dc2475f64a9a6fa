"""How many requests may be under way at a time, found out while they are (additive increase, multiplicative decrease).

A server that takes everything queues to death: each answer comes after its caller has gone. So requests above the
limit are refused at once. The limit rises by one for every limit's worth of answers in good time, above where it began
only while that is needed, and falls by a tenth, at most once in a while, when they come late or fail for lack of room.

No caller has more than a share of the places. When few are left, callers that ask often are refused before those that
ask seldom: how often one may ask falls with the places that are free.
"""

import time
from collections.abc import Callable

from gateway.resilience.callers import NOBODY, Loads, Spread
from gateway.resilience.token_bucket import TokenBucket

DECREASE = 0.9
STALE_PER_S = 20
CROWDED = 0.3
OFTEN_PER_S = 20.0
"""Requests a second of one caller that are let in while this share of the places is free; fewer the fewer are."""
SELDOM_PER_S = 1.0
"""Who asks no more often is let in while there is a place."""


class ConcurrencyLimiter:
    """An adaptive limit."""

    def __init__(
        self,
        *,
        initial: int,
        smallest: int = 4,
        largest: int = 512,
        late_s: float,
        pause_s: float = 0.25,
        share: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start at `initial`; an answer after `late_s` seconds is late; `pause_s` passes between two decreases.

        One caller has at most `share` of the places, 0 to 1.
        """
        self._limit = self._initial = float(initial)
        self._smallest, self._largest = smallest, largest
        self._late_s = late_s
        self._pause_s = pause_s
        self._clock = clock
        self._decreased_at = float("-inf")
        self._stale = TokenBucket(0, STALE_PER_S, clock=clock)
        self._share = share
        self._loads = Loads(clock=clock)
        self.in_flight = 0

    @property
    def limit(self) -> int:
        """How many may be under way now."""
        return int(self._limit)

    @property
    def share(self) -> int:
        """How many one caller may have under way now."""
        return max(1, int(self._limit * self._share))

    def ask(self, caller: str) -> None:
        """Note that `caller` asks, whether or not it is let in."""
        self._loads.ask(caller)

    def spread(self) -> Spread:
        """How requests are spread over callers."""
        return self._loads.spread()

    def has_room(self, caller: str = NOBODY) -> bool:
        """Whether one more of `caller` may come in."""
        if self.in_flight >= self.limit:
            return False
        if caller == NOBODY:
            return True
        return not self.has_its_share(caller) and not self._asks_too_often(caller)

    def has_its_share(self, caller: str) -> bool:
        """Whether `caller` has as many under way as it may."""
        return caller != NOBODY and self._loads.of(caller).in_flight >= self.share < self.limit

    def enter(self, caller: str = NOBODY) -> bool:
        """Whether one more of `caller` may come in; it is counted until `leave`."""
        if not self.has_room(caller):
            return False
        self.in_flight += 1
        if caller != NOBODY:
            self._loads.of(caller).in_flight += 1
        return True

    def _asks_too_often(self, caller: str) -> bool:
        free = 1 - self.in_flight / self._limit
        if free >= CROWDED:
            return False
        return self._loads.rate(caller) > max(SELDOM_PER_S, OFTEN_PER_S * free / CROWDED)

    def allow_stale(self) -> bool:
        """Whether one above the limit may be answered from what is known: so many a second that it costs little."""
        return self._stale.withdraw()

    def would_refuse(self, caller: str = NOBODY) -> bool:
        """Whether `caller` is refused now: there is no place for it, nor a stale answer."""
        return not self.has_room(caller) and (self._stale.is_spent() or self.has_its_share(caller))

    def leave(self, took_s: float, caller: str = NOBODY, *, overloaded: bool = False) -> None:
        """One of `caller` is answered, after so many seconds; `overloaded` when there was no room further on."""
        # Back to where it began it may rise in any case: what lowered it may have been a dependency that hung.
        needed = 2 * self.in_flight > self._limit or self._limit < self._initial
        self.in_flight -= 1
        if caller != NOBODY:
            self._loads.of(caller).in_flight -= 1
        if took_s > self._late_s or overloaded:
            if self._clock() - self._decreased_at >= self._pause_s:
                self._decreased_at = self._clock()
                self._limit = max(float(self._smallest), self._limit * DECREASE)
        elif needed:
            self._limit = min(float(self._largest), self._limit + 1 / self._limit)
