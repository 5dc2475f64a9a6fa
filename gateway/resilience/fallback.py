"""A fallback chain: asks one source after the other, the best first, and says what was down."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel, Field

from gateway.resilience.current_request import note_degradation
from gateway.resilience.errors import DependencyError
from gateway.resilience.request_metrics import DEGRADATIONS

Result = TypeVar("Result")


class Degradation(BaseModel):
    """One dependency that was down, and what was done instead."""

    dependency: str = Field(description="What was down.", examples=["embedder"])
    reason: str = Field(description="Why, in words.", examples=["It did not answer within 2 s."])
    used: str = Field(description="What was done instead.", examples=["keyword search"])


def degraded(dependency: str, reason: str, used: str) -> Degradation:
    """What to say of a dependency that was done without, counted in the metrics."""
    DEGRADATIONS.labels(dependency, used).inc()
    note_degradation(dependency, used)
    return Degradation(dependency=dependency, reason=reason, used=used)


@dataclass(frozen=True)
class Fallback(Generic[Result]):
    """One source of an answer."""

    dependency: str
    """What it depends on."""
    used: str | Callable[[Result], str]
    """What an answer that falls back to it says was used."""
    ask: Callable[[], Awaitable[Result | None]]
    """The answer; None when this source has none, which is no failure."""
    unless: type[Exception] | tuple[type[Exception], ...] = ()
    """It is not asked after one of these: it shares what was lacking."""


async def first_available(
    chain: Sequence[Fallback[Result]],
    *,
    is_survivable: Callable[[Exception], bool] = lambda error: isinstance(error, DependencyError),
    reason: Callable[[Exception], str] = str,
) -> tuple[Result, list[Degradation]]:
    """The answer of the first source that has one, and what was down before it.

    An error that is not survivable is raised: no other source would change it. When every source fails, the error of
    the first one is raised; LookupError when none failed and none had an answer.
    """
    failures: list[tuple[str, Exception]] = []
    for source in chain:
        if any(isinstance(error, source.unless) for _, error in failures):
            continue
        try:
            result = await source.ask()
        except Exception as error:
            if not is_survivable(error):
                raise
            failures.append((source.dependency, error))
            continue
        if result is not None:
            used = source.used if isinstance(source.used, str) else source.used(result)
            return result, [degraded(dependency, reason(error), used) for dependency, error in failures]
    if not failures:
        raise LookupError("no source had an answer, and none failed")
    raise failures[0][1]
