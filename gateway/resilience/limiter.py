"""How many requests may be under way at a time, found out while they are (additive increase, multiplicative decrease).

A server that takes everything queues to death: each answer comes after its caller has gone. So requests above the
limit are refused at once. The limit rises by one for every limit's worth of answers in good time, above where it began
only while that is needed, and falls by a tenth, at most once in a while, when they come late or fail for lack of room.
"""

import time
from collections.abc import Callable

from gateway.resilience.budget import RetryBudget

DECREASE = 0.9
SPARE_PER_S = 20


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
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start at `initial`; an answer after `late_s` seconds is late; `pause_s` passes between two decreases."""
        self._limit = self._initial = float(initial)
        self._smallest, self._largest = smallest, largest
        self._late_s = late_s
        self._pause_s = pause_s
        self._clock = clock
        self._decreased_at = float("-inf")
        self._spare = RetryBudget(0, SPARE_PER_S, clock=clock)
        self.in_flight = 0

    @property
    def limit(self) -> int:
        """How many may be under way now."""
        return int(self._limit)

    def enter(self) -> bool:
        """Whether one more may come in; it is counted until `leave`."""
        if self.in_flight >= self.limit:
            return False
        self.in_flight += 1
        return True

    def spare(self) -> bool:
        """Whether one above the limit may be answered from what is known: so many a second that it costs little."""
        return self._spare.withdraw()

    def would_refuse(self) -> bool:
        """Whether whoever comes now is refused: there is no place, and nothing to spare."""
        return self.in_flight >= self.limit and self._spare.is_spent()

    def leave(self, took_s: float, *, overloaded: bool = False) -> None:
        """One is answered, after so many seconds; `overloaded` when there was no room for it further on."""
        # Back to where it began it may rise in any case: what lowered it may have been a dependency that hung.
        needed = 2 * self.in_flight > self._limit or self._limit < self._initial
        self.in_flight -= 1
        if took_s > self._late_s or overloaded:
            if self._clock() - self._decreased_at >= self._pause_s:
                self._decreased_at = self._clock()
                self._limit = max(float(self._smallest), self._limit * DECREASE)
        elif needed:
            self._limit = min(float(self._largest), self._limit + 1 / self._limit)
