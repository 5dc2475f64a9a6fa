"""What refusals cost, kept small: who is refused until when is known at the second one, and who goes on asking all the
same is read more slowly, so that the refusals of one caller are so many a second, however many it asks for.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

from cachetools import LRUCache

from gateway.errors import GatewayError, TooManyRequestsError

REFUSALS_PER_S = 50.0
"""Refusals a second of one caller, but for the first of each connection; each takes about as long as reading it."""
MIN_PAUSE_S = 0.1
"""A pause that is shorter is not made: a page that sends a handful of requests at a time is told at once."""
MAX_PAUSE_S = 5.0
LOG_EVERY_S = 10.0
IGNORED_FOR_ONE = 10
"""So many requests before the time that their caller was told count as one that is answered: who goes on asking far
beyond its rate gets nothing until it stops, and who asks a little too often gets little less."""
MAX_CALLERS = 8_192


@dataclass(slots=True)
class Refused:
    """One caller that was refused lately."""

    until: float = float("-inf")
    """Before that its rate lets no request in."""
    error: TooManyRequestsError | None = None
    wait_s: int = 0
    """What the error tells it."""
    next_at: float = float("-inf")
    """When its next refusal is due."""
    ignored: int = 0
    """How many requests it sent before the time that it was told."""
    logged_at: float = float("-inf")
    unlogged: int = 0


class Refusals:
    """Callers that were refused, the least recently refused being forgotten first."""

    def __init__(self, *, max_callers: int = MAX_CALLERS, clock: Callable[[], float] = time.monotonic) -> None:
        """Nobody was refused."""
        self._clock = clock
        self._callers: LRUCache[str, Refused] = LRUCache(max_callers)

    def __len__(self) -> int:
        """How many callers are known."""
        return len(self._callers)

    def known(self, key: str) -> TooManyRequestsError | None:
        """The error that `key` was told a moment ago, where it is certain that it would be told the same."""
        refused = self._callers.get(key)
        if refused is None or refused.error is None:
            return None
        left_s = refused.until - self._clock()
        if left_s <= 0 or ceil(left_s) != refused.wait_s:
            return None
        # A new one: what is raised keeps the frames that it went through.
        return TooManyRequestsError(refused.error.detail, headers=refused.error.headers)

    def count_ignored(self, key: str) -> bool:
        """`key` asked before the time that it was told; whether this makes as many as count for one."""
        refused = self._callers.setdefault(key, Refused())
        refused.ignored += 1
        return refused.ignored % IGNORED_FOR_ONE == 0

    def keep(self, key: str, error: TooManyRequestsError, after_s: float) -> None:
        """Note that `key` is told `error`: no request of it is let in before `after_s` seconds are over."""
        refused = self._callers.setdefault(key, Refused())
        refused.until, refused.wait_s, refused.error = self._clock() + after_s, max(1, ceil(after_s)), error

    def pause_s(self, key: str, error: GatewayError) -> float:
        """`key` is refused: for how long nothing more is read on this connection; never for longer than it is told."""
        refused, now = self._callers.setdefault(key, Refused()), self._clock()
        refused.next_at = min(max(refused.next_at, now) + 1 / REFUSALS_PER_S, now + MAX_PAUSE_S)
        pause_s = min(refused.next_at - now, float(error.headers.get("Retry-After", MAX_PAUSE_S)))
        return pause_s if pause_s >= MIN_PAUSE_S else 0.0

    def unlogged(self, key: str) -> int | None:
        """How many went without a line in the log before this one; None when this one is to have none either.

        A flood of requests is none of the log.
        """
        refused, now = self._callers.setdefault(key, Refused()), self._clock()
        if now - refused.logged_at < LOG_EVERY_S:
            refused.unlogged += 1
            return None
        before, refused.unlogged, refused.logged_at = refused.unlogged, 0, now
        return before
