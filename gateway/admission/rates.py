"""Rates of callers, by the library `limits`: its sliding window counter, in a memory of a fixed size.

The library has no token bucket. Of its strategies the sliding window counter comes nearest: a burst may use the whole
quota at once, what was used comes back steadily, and a caller costs two numbers a limit, in memory as in Redis. Its own
memory store looks at every key after every request and forgets none before its time; this one does neither.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil

from cachetools import LRUCache
from limits import RateLimitItem, parse_many
from limits.storage import Storage
from limits.storage.base import SlidingWindowCounterSupport
from limits.strategies import SlidingWindowCounterRateLimiter

MAX_KEYS = 65_536
SlidingWindow = tuple[int, float, int, float]
"""Count and seconds left of the previous window, and of the current one, as the library has them."""


class BoundedMemory(Storage, SlidingWindowCounterSupport):
    """Counts of at most `max_keys` keys, the least recently used going first; by the monotonic clock."""

    STORAGE_SCHEME = None
    base_exceptions = ValueError

    def __init__(self, *, max_keys: int = MAX_KEYS, clock: Callable[[], float] = time.monotonic) -> None:
        """Empty."""
        super().__init__()
        self._clock = clock
        self._counts: LRUCache[str, tuple[int, int, int]] = LRUCache(max_keys)  # window, previous, current

    def __len__(self) -> int:
        """How many keys are held."""
        return len(self._counts)

    def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count `amount` more, if the limit allows it."""
        now = self._clock()
        window, previous, current = self._at(key, expiry, now)
        left = 1 - now / expiry % 1
        if int(previous * left) + current + amount > limit:
            return False
        self._counts[key] = window, previous, current + amount
        return True

    def is_used_up(self, key: str, limit: int, expiry: int) -> bool:
        """Whether the limit allows no more now; nothing is counted."""
        now = self._clock()
        _, previous, current = self._at(key, expiry, now)
        return int(previous * (1 - now / expiry % 1)) + current >= limit

    def get_sliding_window(self, key: str, expiry: int) -> SlidingWindow:
        """What was counted, and how long it counts."""
        now = self._clock()
        _, previous, current = self._at(key, expiry, now)
        left = (1 - now / expiry % 1) * expiry
        return previous, left if previous else 0.0, current, left + expiry

    def clear_sliding_window(self, key: str, expiry: int) -> None:
        """Forget the key."""
        self._counts.pop(key, None)

    def add(self, key: str, expiry: int, amount: int) -> None:
        """Count `amount` more, whatever the limit."""
        window, previous, current = self._at(key, expiry, self._clock())
        self._counts[key] = window, previous, current + amount

    def _at(self, key: str, expiry: int, now: float) -> tuple[int, int, int]:
        window = int(now / expiry)
        last, previous, current = self._counts.get(key, (window, 0, 0))
        if last == window:
            return window, previous, current
        return window, current if last == window - 1 else 0, 0

    # What other strategies ask for; the one in use does not.

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count `amount` more and say how much there is."""
        self.add(key, expiry, amount)
        return self._counts[key][2]

    def get(self, key: str) -> int:
        """What was counted last."""
        return self._counts.get(key, (0, 0, 0))[2]

    def get_expiry(self, key: str) -> float:
        """When a fixed window ends: there is none."""
        return self._clock()

    def check(self) -> bool:
        """Whether the store works."""
        return True

    def reset(self) -> int:
        """Forget everything; how many keys that were."""
        held = len(self._counts)
        self._counts.clear()
        return held

    def clear(self, key: str) -> None:
        """Forget the key."""
        self._counts.pop(key, None)


@dataclass(frozen=True)
class Quota:
    """What is left of one limit."""

    name: str
    limit: int
    window_s: int
    left: int
    retry_after_s: float
    """Seconds until as much as was asked for is free again; 0 when it is now."""


def parse_rate(text: str) -> tuple[RateLimitItem, ...]:
    """Limits as `limits` writes them: "40 per 5 second; 300/minute". None for an empty text; ValueError."""
    return tuple(parse_many(text)) if text.strip() else ()


def quota_of(name: str, item: RateLimitItem, window: SlidingWindow, cost: int = 1) -> Quota:
    """What a window of `item` has left for a request that costs so much."""
    previous, _, current, current_left = window
    expiry, limit = item.get_expiry(), item.amount
    cost = min(cost, limit)
    left_s = max(0.0, min(float(expiry), current_left - expiry))
    used = int(previous * left_s / expiry) + current
    return Quota(name, limit, expiry, max(0, limit - used), _wait_s(limit - cost, previous, current, left_s, expiry))


def _wait_s(room: int, previous: int, current: int, left_s: float, expiry: int) -> float:
    """Seconds until previous and current, weighed, are at most `room`."""
    if int(previous * left_s / expiry) + current <= room:
        return 0.0
    if current <= room:  # as the previous window is left behind
        return max(0.0, left_s - expiry * (room - current) / previous)
    return left_s + expiry * (1 - room / current)  # as this one is


class Rates:
    """The rates of one kind of caller."""

    def __init__(
        self,
        text: str,
        *,
        name: str,
        storage: BoundedMemory,
    ) -> None:
        """Limit as `text` says; `name` is of the callers, and of the policies that they are told. ValueError."""
        self.name = name
        self.items: Sequence[RateLimitItem] = parse_rate(text)
        self.names = [name if len(self.items) == 1 else f"{name}-{number}" for number in range(1, len(self.items) + 1)]
        self._storage = storage
        self._limiter = SlidingWindowCounterRateLimiter(storage)
        # draft-ietf-httpapi-ratelimit-headers-10
        self.policy = ", ".join(
            f'"{name}";q={item.amount};w={item.get_expiry()}' for name, item in zip(self.names, self.items, strict=True)
        )

    def take(self, key: str, cost: int = 1) -> bool:
        """Whether a request that costs so much may be made; it is counted then."""
        if len(self.items) == 1:
            item = self.items[0]
            return self._limiter.hit(item, key, cost=min(cost, item.amount))
        if not all(self._limiter.test(item, key, cost=min(cost, item.amount)) for item in self.items):
            return False
        self.charge(key, cost)
        return True

    def within(self, more: int, spent: int, share: float = 1.0) -> int:
        """Of `more`, what a request that has cost `spent` may cost beyond that within this share of every limit."""
        return min([more, *(int(item.amount * share) - spent for item in self.items)])

    def charge(self, key: str, cost: int) -> None:
        """Count so much, also beyond the limit: up to twice as much as it allows in a window."""
        for item in self.items:
            _, _, current, _ = self._storage.get_sliding_window(item.key_for(key), item.get_expiry())
            room = max(0, 2 * item.amount - current)
            self._storage.add(item.key_for(key), item.get_expiry(), min(cost, item.amount, room))

    def quotas(self, key: str, cost: int = 1) -> list[Quota]:
        """What is left of each limit."""
        return [
            quota_of(name, item, self._storage.get_sliding_window(item.key_for(key), item.get_expiry()), cost)
            for name, item in zip(self.names, self.items, strict=True)
        ]

    def scarcest(self, key: str, cost: int = 1) -> Quota | None:
        """The limit that a request waits for longest; None where there is none."""
        return max(self.quotas(key, cost), key=lambda quota: (quota.retry_after_s, -quota.left), default=None)


def rate_limit_field(quotas: Sequence[Quota]) -> str:
    """The RateLimit field: what is left of each policy, and after how many seconds more is."""
    return ", ".join(f'"{quota.name}";r={quota.left};t={_reset_s(quota)}' for quota in quotas)


def _reset_s(quota: Quota) -> int:
    return max(1, ceil(quota.retry_after_s)) if quota.retry_after_s else quota.window_s
