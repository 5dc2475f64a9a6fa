"""How many retries there may be: a share of the calls, so that trouble is not met with a multiple of the load."""

import time
from collections.abc import Callable

SAVED_S = 10.0  # seconds of the steady allowance that can be saved up


class TokenBucket:
    """A bucket of tokens: each call puts a part of one in, each retry takes a whole one out."""

    def __init__(self, ratio: float, per_s: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`ratio` tokens for each call and `per_s` for each second, the latter for SAVED_S seconds at most."""
        self._ratio = ratio
        self._per_s = per_s
        self._clock = clock
        self._most = SAVED_S * max(per_s, 1.0)
        self._tokens = self._most
        self._at = clock()

    def deposit(self) -> None:
        """A call was made."""
        self._tokens = min(self._most, self._tokens + self._ratio)

    def withdraw(self) -> bool:
        """Whether one retry may be made; it is paid for."""
        if self.is_spent():
            return False
        self._tokens -= 1
        return True

    def is_spent(self) -> bool:
        """Whether there is none to be made now."""
        return self._saved() < 1

    @property
    def share(self) -> float:
        """How full the bucket is, 0 to 1."""
        return self._saved() / self._most

    def _saved(self) -> float:
        now = self._clock()
        self._tokens = min(self._most, self._tokens + self._per_s * (now - self._at))
        self._at = now
        return self._tokens
