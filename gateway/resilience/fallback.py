"""A ladder: the best way first, and every rung below it a little worse, until one answers."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from gateway.resilience.errors import DependencyError
from gateway.resilience.metrics import DEGRADATIONS

Result = TypeVar("Result")


@dataclass(frozen=True)
class Rung(Generic[Result]):
    """One way to an answer."""

    dependency: str
    """What it depends on."""
    used: str
    """What is used, in the words of an answer that had to use it."""
    ask: Callable[[], Awaitable[Result | None]]
    """The answer; None when this rung has none, which is no failure."""
    unless: type[Exception] | tuple[type[Exception], ...] | None = None
    """It is passed by when a rung above failed of this: what it shares with that one is what was lacking."""


@dataclass(frozen=True)
class Fall:
    """A rung that did not hold, and why; `used` is what held in the end."""

    dependency: str
    reason: str
    used: str


@dataclass(frozen=True)
class Descent(Generic[Result]):
    """The answer, and what failed above it."""

    result: Result
    falls: list[Fall]


def _is_of_a_dependency(error: Exception) -> bool:
    return isinstance(error, DependencyError)


async def descend(
    rungs: Sequence[Rung[Result]],
    falls: Callable[[Exception], bool] = _is_of_a_dependency,
    reason: Callable[[Exception], str] = str,
) -> Descent[Result]:
    """The answer of the first rung that has one.

    `falls` says of what a rung raises whether to go on to the next; all else is the answer, as asking worse would not
    change it. When all fail, the first one's exception.
    """
    failures: list[tuple[Rung[Result], Exception]] = []
    for rung in rungs:
        if rung.unless is not None and any(isinstance(error, rung.unless) for _, error in failures):
            continue
        try:
            result = await rung.ask()
        except Exception as error:
            if not falls(error):
                raise
            failures.append((rung, error))
            continue
        if result is not None:
            fallen = [Fall(failed.dependency, reason(error), rung.used) for failed, error in failures]
            for fall in fallen:
                DEGRADATIONS.labels(fall.dependency, fall.used).inc()
            return Descent(result, fallen)
    if not failures:
        raise LookupError("no rung had an answer, and none failed")
    raise failures[0][1]
