"""The request at hand, as it is told of by whatever works on it: for its line in the log and the headers of its answer.

A context variable holds it, as the deadline is held: tasks that the request starts tell of the same one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(slots=True)
class CurrentRequest:
    """One request."""

    id: str
    person: str | None = None
    """The id of whom a verified token is of."""
    degradations: list[str] = field(default_factory=list)
    """What was down, and what was used instead."""
    spent_s: dict[str, float] = field(default_factory=dict)
    """Seconds, by what was waited for."""


_request: ContextVar[CurrentRequest | None] = ContextVar("request", default=None)


@contextmanager
def serving(request: CurrentRequest) -> Iterator[None]:
    """Everything in the block is done for `request`."""
    token = _request.set(request)
    try:
        yield
    finally:
        _request.reset(token)


def current_request() -> CurrentRequest | None:
    """What the work at hand is done for; None where it is for no request."""
    return _request.get()


def note_time(part: str, seconds: float) -> None:
    """The request at hand has waited so long for `part`."""
    request = _request.get()
    if request is not None:
        request.spent_s[part] = request.spent_s.get(part, 0.0) + seconds


def note_degradation(dependency: str, used: str) -> None:
    """The request at hand did without `dependency`."""
    request = _request.get()
    if request is not None:
        request.degradations.append(f"{dependency}: {used}")


def note_person(person: str | None) -> None:
    """The token of the request at hand is this person's."""
    request = _request.get()
    if request is not None:
        request.person = person
