"""A bound on the processor time of one text, kept by the work itself.

A thread cannot be interrupted in the middle of a regular expression or of the tokenizer. So every step between two
checks is small, and each check may end the work.
"""

import time
from collections.abc import Callable


class UncuttableError(Exception):
    """The text cannot be cut; the message says why and which limit it met, in words for the text's owner."""


class AbandonedError(Exception):
    """Nobody waits for the result any more."""


class CuttingClock:
    """Processor time that the current thread has spent since the clock was made."""

    def __init__(
        self,
        limit_s: float,
        is_abandoned: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.thread_time,
    ) -> None:
        """Allow `limit_s` seconds. The clock belongs to the thread that makes it."""
        self._limit_s = limit_s
        self._is_abandoned = is_abandoned
        self._clock = clock
        self._ends_at = clock() + limit_s

    def check(self) -> None:
        """UncuttableError when the time is up, AbandonedError when the work is not wanted any more."""
        if self._is_abandoned():
            raise AbandonedError
        if self._clock() > self._ends_at:
            raise UncuttableError(
                f"Cutting the text into chunks took more than {self._limit_s:g} s of processor time. Split it into "
                "several documents, or shorten its longest words. Operators change the limit in private.limits: "
                "chunking_seconds_per_text."
            )
