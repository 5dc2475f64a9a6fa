"""How slow the machine is just now: promises of processor time are stated for a machine of known speed."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import psycopg

from tests.bench.processes import running_ns

# Processor time of `_work` on the machine of the promises (2 cores, x86-64, nothing beside it), in seconds.
STANDARD_S = 0.1
_WORD = re.compile(r"\w+")


class _Piece(NamedTuple):
    text: str
    places: list[int]


def _work() -> int:
    """What programs do most: take memory, make strings, small objects, lists and dictionaries, and search a text."""
    fresh = b"." * 20_000_000
    text = " ".join(f"word{number % 5003} and {number}" for number in range(30_000))
    found: dict[str, _Piece] = {}
    for match in _WORD.finditer(text):
        found.setdefault(match.group(), _Piece(match.group(), [])).places.append(match.start())
    return len("\n".join(sorted(found))) + len(fresh)


def slowness() -> float:
    """How many times longer than on the machine of the promises everything takes, at least 1."""
    began = time.thread_time()
    _work()
    return max(1.0, (time.thread_time() - began) / STANDARD_S)


def is_within(spent_s: float, promised_s: float) -> bool:
    """Whether so much processor time is less than what is promised, on the machine of the promises."""
    return spent_s < promised_s or spent_s / slowness() < promised_s


@contextmanager
def taking_at_most(seconds: float, connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Assert that PostgreSQL takes less of the processor for this connection, on the machine of the promises."""
    pid = connection.info.backend_pid
    began = running_ns(pid)
    yield
    spent = (running_ns(pid) - began) / 1e9
    assert is_within(spent, seconds), f"{spent:.2f} s"
