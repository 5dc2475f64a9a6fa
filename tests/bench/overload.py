"""What a gateway does with more than it can serve: `python -m tests.bench.overload [--out FOLDER]`.

A gateway process on a database of 2,048 real passages, searched by a hundred members of one organization. In turn: as
much as it can answer, asked by clients that wait for their answers; then requests at one half to four times that rate,
sent whether or not the ones before are answered. Goodput is what was answered with 200 within the request's deadline.
The clients have a processor core of their own, gateway and PostgreSQL the others: the more is asked, the more work
asking is.
"""

import argparse
import asyncio
import json
import os
import re
import statistics
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import jwt
import numpy as np
import uvloop
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from gateway.config.admission import AdmissionSettings
from tests.bench.asking import questions
from tests.bench.debian_docs import Passage, load
from tests.bench.plots import lines
from tests.bench.processes import Cost, cost_of, family, server_pid
from tests.bench.tenancy import ALL, Tenancy, all_in_one, fill
from tests.support import Database, ScratchCluster, make_user
from tests.support.stack import Stack
from tests.support.tokens import claims_for

PASSAGES = 2_048
CLIENTS = 16
SECONDS = 2.5
TURNS = 6
FACTORS = (0.5, 0.9, 1.0, 1.5, 2.0, 4.0)
DEADLINE_S = 3.0
LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
PEOPLE = 100
AS_DEPLOYED = {
    name.upper(): str(AdmissionSettings.model_fields[name].default)
    for name in ("rate_limit", "rate_limit_address", "caller_share")
}
SECRET = "a secret of the benchmark's own, long enough"


class Connection(asyncio.Protocol):
    """One keep-alive connection: a request out, the status of its answer back, and nothing else looked at."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[int] | None = None
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def ask(self, request: bytes) -> "asyncio.Future[int]":
        """The status of the answer."""
        assert self.transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0 or self._answer is None:
            return
        length = LENGTH.search(self._received, 0, end + 2)
        assert length is not None, self._received
        if len(self._received) >= end + 4 + int(length[1]):
            status, self._received = int(self._received[9:12]), b""
            self._answer.set_result(status)

    def connection_lost(self, _: Exception | None) -> None:
        self.transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionResetError())


class Client:
    """Connections to one address, written and read with as little work as possible."""

    def __init__(self, port: int, tokens: Sequence[str], servers: Callable[[], tuple[Cost, Cost]]) -> None:
        self.port = port
        self.tokens = tokens
        self.servers = servers
        """What the gateway and PostgreSQL have cost so far."""
        self._idle: list[Connection] = []

    def request(self, text: str, person: int, **more: object) -> bytes:
        """A search by one of the people, as it is sent."""
        body = json.dumps({"query": text, **more})
        head = (
            "POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {self.tokens[person % len(self.tokens)]}\r\n"
        )
        return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()

    async def search(self, request: bytes) -> int:
        """The status of the answer."""
        while self._idle:
            connection = self._idle.pop()
            if connection.transport is not None:  # else idle for so long that the server has closed it
                try:
                    return await self._ask(connection, request)
                except ConnectionResetError:
                    continue  # which it did while the request was on its way
        _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", self.port)
        return await self._ask(connection, request)

    async def _ask(self, connection: Connection, request: bytes) -> int:
        status = await connection.ask(request)
        self._idle.append(connection)
        return status

    def close(self) -> None:
        """Close what is idle."""
        for connection in self._idle:
            if connection.transport is not None:
                connection.transport.close()


@asynccontextmanager
async def gateway(passages: Sequence[Passage], vectors: NDArray[np.float16]) -> AsyncIterator[Client]:
    """A client of a running gateway on these passages."""
    *servers, own = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as logs, tempfile.TemporaryDirectory() as state:
        cluster = ScratchCluster(Path(logs))
        try:
            os.sched_setaffinity(0, servers)  # what is started from here on stays on these
            cluster.start()
            database = cluster.build_template()
            tenancy = fill(database, passages, vectors, all_in_one)
            stack = Stack(database, Path(state), Path(logs))
            stack.patience = {}
            process = stack.start_gateway(
                **AS_DEPLOYED,
                AUTH_ALGORITHMS="HS256",
                SUPABASE_JWT_SECRET=SECRET,
                REQUEST_TIMEOUT_S=str(DEADLINE_S),
                STALE_ANSWERS_MB="0",
                LOG_LEVEL="error",
            )
            issuer = f"{stack.supabase_url}/auth/v1"
            people = colleagues(database, tenancy, PEOPLE)
            os.sched_setaffinity(0, {own})
            client = Client(
                stack.gateway_port,
                [jwt.encode(claims_for(one, iss=issuer), SECRET, "HS256") for one in people],
                lambda: (cost_of([process.pid]), cost_of(family(server_pid(cluster)))),
            )
            try:
                yield client
            finally:
                client.close()
                stack.stop()
        finally:
            cluster.stop()


def colleagues(database: Database, tenancy: Tenancy, count: int) -> list[uuid.UUID]:
    """So many people who see what the one who sees everything does."""
    with database.connect("supabase_admin") as admin:
        people = [make_user(admin, f"colleague-{number}") for number in range(count)]
        admin.execute(
            "insert into public.memberships (organization_id, user_id, role)"
            " select m.organization_id, p.id, 'viewer' from public.memberships m, unnest(%s::uuid[]) p (id)"
            " where m.user_id = %s",
            (people, tenancy.callers[ALL]),
        )
    return people


async def peak(client: Client, requests: list[bytes]) -> float:
    """Answers a second when every client waits for its own; the first try only opens connections."""
    await _closed_loop(client, requests)
    statuses = await _closed_loop(client, requests)
    assert statuses[200] > 0.9 * statuses.total(), statuses
    return statuses[200] / SECONDS


async def _closed_loop(client: Client, requests: list[bytes]) -> Counter[int]:
    statuses: Counter[int] = Counter()
    end = time.perf_counter() + SECONDS

    async def asking(offset: int) -> None:
        while time.perf_counter() < end:
            statuses[await client.search(requests[(offset + statuses.total()) % len(requests)])] += 1

    await asyncio.gather(*(asking(11 * number) for number in range(CLIENTS)))
    return statuses


async def at_rate(client: Client, requests: list[bytes], rate: float) -> tuple[float, Counter[int], list[float]]:
    """Goodput, answers by status, and how long those with 200 took, in seconds."""
    statuses: Counter[int] = Counter()
    took: list[float] = []
    started = time.perf_counter()

    async def one(number: int) -> None:
        sent = time.perf_counter()
        status = await client.search(requests[number % len(requests)])
        statuses[status] += 1
        if status == 200:
            took.append(time.perf_counter() - sent)

    tasks = []
    for number in range(int(rate * SECONDS)):
        await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(one(number)))
    await asyncio.gather(*tasks)
    return sum(seconds <= DEADLINE_S for seconds in took) / SECONDS, statuses, took


@dataclass(frozen=True)
class Turn:
    """The peak and then a rate that is a multiple of it: answers a second of both, and of the latter all else."""

    best: float
    good: float
    statuses: Counter[int]
    took: list[float]


async def in_turn(client: Client, requests: list[bytes], factor: float) -> Turn:
    """Both one after the other: the machine is not as fast from one minute to the next."""
    best = await peak(client, requests)
    return Turn(best, *await at_rate(client, requests, factor * best))


async def measure(
    passages: Sequence[Passage], vectors: NDArray[np.float16]
) -> tuple[Table, list[float], list[float], list[float]]:
    """The table, and by rate: requests offered, goodput, 99th percentile of the time in seconds."""
    table = Table(title=f"searches by {PEOPLE} members over {PASSAGES:,} passages")
    for heading in ("offered", "the peak", "a second", "answered", "of the peak", "refused", "p50", "p99"):
        table.add_column(heading, justify="right")
    offered: list[float] = []
    goodput, late = [], []
    async with gateway(passages, vectors) as client:
        texts = [query.text for query in await questions(passages, 200)]
        requests = [client.request(text, number) for number, text in enumerate(texts)]
        for request in requests:
            await client.search(request)  # its vector is known from here on: the model is not measured
        for factor in FACTORS:
            row = [await in_turn(client, requests, factor) for _ in track(range(TURNS), f"{factor:g} x the peak")]
            best, good = sum(turn.best for turn in row) / TURNS, sum(turn.good for turn in row) / TURNS
            took = [seconds for turn in row for seconds in turn.took]
            statuses = sum((turn.statuses for turn in row), Counter[int]())
            p50, p99 = statistics.median(took), statistics.quantiles(took, n=100)[-1]
            offered.append(factor * best)
            goodput.append(good)
            late.append(p99)
            table.add_row(
                f"{factor:g} x the peak", f"{best:.0f}", f"{factor * best:.0f}", f"{good:.0f}", f"{good / best:.2f}",
                f"{statuses[503] / statuses.total():.0%}", f"{1000 * p50:.0f} ms", f"{1000 * p99:.0f} ms",
            )  # fmt: skip
            assert set(statuses) <= {200, 503}, statuses
    return table, offered, goodput, late


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "tidegate-bench")
    parser.add_argument("--out", type=Path, default=Path("bench"))
    arguments = parser.parse_args()
    if len(os.sched_getaffinity(0)) < 2:
        parser.error("One core is not enough: the clients need one of their own.")
    table, offered, goodput, late = uvloop.run(measure(*load(arguments.cache, PASSAGES)))
    Console(width=110).print(table)
    arguments.out.mkdir(parents=True, exist_ok=True)
    panels = {"answered a second": {"goodput": goodput}, "p99, s": {"admitted": late}}
    lines(arguments.out / "overload.png", "more than it can serve", offered, panels, along="requests a second")


if __name__ == "__main__":
    main()
