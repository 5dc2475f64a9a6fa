"""Waiting for a condition, with a deadline: the only place where a test sleeps."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], T], deadline_s: float, what: str = "the condition", every_s: float = 0.02) -> T:
    """The first truthy result of `condition`, asked every `every_s` seconds.

    Raises AssertionError naming `what` and the last result once `deadline_s` seconds have passed.
    """
    end = time.monotonic() + deadline_s
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come true within {deadline_s:g} s; last result: {result!r}")
        time.sleep(every_s)
