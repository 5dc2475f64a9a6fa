"""Clients that ask on while processes come and go, and what they got."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2

from tests.scale.fleet import Fleet

CLIENTS = 12
REQUESTS: tuple[tuple[str, dict[str, Any] | None], ...] = (
    ("/v1/search", {"query": "mooring a boat", "mode": "keyword"}),
    ("/v1/search", {"query": "how boats are moored", "mode": "hybrid"}),
    ("/v1/recommendations", None),
)


@dataclass
class Observed:
    """Of one event."""

    answered: int = 0
    degraded: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    """What failed a second time, when its client asked again at once."""
    longest_s: float = 0.0


class Load:
    """Asks through HAProxy; `observed` is what came since it was taken last."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._observed = Observed()

    def take(self) -> Observed:
        """What came since the last time."""
        taken, self._observed = self._observed, Observed()
        return taken

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Load"]:
        """Let the clients ask for as long as the block lasts."""
        limits = httpx2.Limits(max_connections=CLIENTS, max_keepalive_connections=CLIENTS)
        async with httpx2.AsyncClient(
            base_url=self._fleet.haproxy.url, trust_env=False, timeout=20, limits=limits
        ) as client:
            asking = [asyncio.create_task(self._ask_on(client, number)) for number in range(CLIENTS)]
            try:
                yield self
            finally:
                for task in asking:
                    task.cancel()
                ended = await asyncio.gather(*asking, return_exceptions=True)
        for error in ended:
            if not isinstance(error, asyncio.CancelledError) and isinstance(error, BaseException):
                raise error

    async def _ask_on(self, client: httpx2.AsyncClient, number: int) -> None:
        headers = self._fleet.headers_of(number % len(self._fleet.tokens))
        for path, body in itertools.islice(itertools.cycle(REQUESTS), number % len(REQUESTS), None):
            began = time.monotonic()
            problem, degraded = await _ask(client, path, body, headers)
            if problem is not None:
                self._observed.failed[problem] += 1
                problem, degraded = await _ask(client, path, body, headers)
                if problem is not None:
                    self._observed.lost[problem] += 1
                    continue
            self._observed.answered += 1
            self._observed.degraded += degraded
            self._observed.longest_s = max(self._observed.longest_s, time.monotonic() - began)


async def _ask(
    client: httpx2.AsyncClient, path: str, body: dict[str, Any] | None, headers: dict[str, str]
) -> tuple[str | None, bool]:
    """What is wrong with the answer, if anything, and whether it says that something was left out."""
    try:
        response = await client.request("POST" if body else "GET", path, json=body, headers=headers)
    except httpx2.TransportError as error:
        return type(error).__name__, False
    if response.status_code != 200:
        return f"{response.status_code} {response.headers.get('ratelimit-policy')} {path} {response.text[:120]}", False
    return None, bool(response.json()["degraded"])
