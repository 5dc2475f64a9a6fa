"""The time by which a request must be answered, known to everything that it starts.

Kept as a moment of the monotonic clock in a context variable, which tasks inherit: what is started later has less left,
and setting the wall clock changes nothing.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_until: ContextVar[float] = ContextVar("deadline", default=float("inf"))


@contextmanager
def allow(seconds: float) -> Iterator[None]:
    """Everything in the block has `seconds`, or less where less was left already."""
    token = _until.set(min(_until.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _until.reset(token)


def remaining() -> float:
    """Seconds that are left; infinite where nobody set a deadline, never below 0."""
    return max(0.0, _until.get() - time.monotonic())
