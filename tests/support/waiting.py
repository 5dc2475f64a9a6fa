"""Waiting for a condition: the only place where a test sleeps."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

# By default a test does not show by its patience how soon something comes true: where others keep the machine busy,
# everything takes many times as long. This only ends a test whose condition never comes true.
PATIENCE_S = 180.0
STALL_S = 30.0  # what is more between two looks is the machine standing still, for which nobody is to blame


class Patience:
    """Runs out after so many seconds in which this process could look."""

    def __init__(self, seconds: float) -> None:
        self._left_s = seconds
        self._looked_at = time.monotonic()

    @property
    def is_over(self) -> bool:
        """Whether it has run out; asked each time before more is waited."""
        now = time.monotonic()
        self._left_s -= min(now - self._looked_at, STALL_S)
        self._looked_at = now
        return self._left_s < 0


def wait_until(
    condition: Callable[[], T | None], what: str = "the condition", every_s: float = 0.02, within_s: float = PATIENCE_S
) -> T:
    """The first truthy result of `condition`, asked every `every_s` seconds.

    Raises AssertionError naming `what` and the last result once `within_s` seconds have passed: give it only where
    something else would make the condition true much later, and say what.
    """
    patience = Patience(within_s)
    while not (result := condition()):
        if patience.is_over:
            raise AssertionError(_too_late(what, within_s, result))
        time.sleep(every_s)
    return result


async def until(condition: Callable[[], Awaitable[T | None]], what: str = "the condition", every_s: float = 0.02) -> T:
    """As wait_until with a condition that is awaited, while the other tasks of the loop go on."""
    patience = Patience(PATIENCE_S)
    while not (result := await condition()):
        if patience.is_over:
            raise AssertionError(_too_late(what, PATIENCE_S, result))
        await asyncio.sleep(every_s)
    return result


async def until_true(condition: Callable[[], T | None], what: str = "the condition", every_s: float = 0.005) -> T:
    """As `until`, with a condition that is not awaited."""

    async def ask() -> T | None:
        return condition()

    return await until(ask, what, every_s)


def _too_late(what: str, within_s: float, result: object) -> str:
    return f"{what} did not come true within {within_s:g} s; last result: {result!r}"
