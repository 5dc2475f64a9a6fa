"""Many buyers at once through one door, who do not give up when it fails, and the books that must be right after it."""

import asyncio
import json
import os
import random
import signal
import uuid
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import Executor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx2
import jwt
import psycopg

from tests.support.databases import ScratchCluster
from tests.support.runs import descendants
from tests.support.shop import Json, Shop, as_items
from tests.support.stack import Stack
from tests.support.tokens import claims_for
from tests.support.waiting import PATIENCE_S, wait_until

AGAIN_S = 0.05


class UnavailableError(Exception):
    """The door did not answer, or answered that it cannot: whether the order was placed is not known."""


@dataclass(frozen=True)
class Attempt:
    """One request: it is sent again, the same, until it is answered."""

    buyer: uuid.UUID
    items: Mapping[uuid.UUID, int]
    key: str


@dataclass(frozen=True)
class Answer:
    """HTTP status, and the order or the error."""

    status: int
    body: Json


class Door(Protocol):
    """A way to place an order."""

    async def place(self, attempt: Attempt) -> Answer:
        """The answer; UnavailableError."""


class SqlDoor:
    """Connections to PostgreSQL, each of which becomes the buyer for one transaction."""

    def __init__(self, url: str, connections: int) -> None:
        """Nothing connects yet."""
        self._url = url
        self._free: asyncio.Queue[psycopg.AsyncConnection[Any] | None] = asyncio.Queue()
        for _ in range(connections):
            self._free.put_nowait(None)

    async def place(self, attempt: Attempt) -> Answer:
        """The answer; UnavailableError."""
        connection = await self._free.get()
        try:
            if connection is None or connection.closed:
                connection = await psycopg.AsyncConnection.connect(self._url)
            return await self._place(connection, attempt)
        except psycopg.OperationalError as error:
            if connection is not None:
                await connection.close()
            raise UnavailableError from error
        finally:
            self._free.put_nowait(connection)

    async def _place(self, connection: psycopg.AsyncConnection[Any], attempt: Attempt) -> Answer:
        claims = json.dumps({"sub": str(attempt.buyer), "role": "authenticated"})
        try:
            async with connection.transaction():
                await connection.execute(
                    "select set_config('request.jwt.claims', %s, true), set_config('role', 'authenticated', true)",
                    (claims,),
                )
                cursor = await connection.execute(
                    "select public.place_order(%s, %s)", (as_items(attempt.items), attempt.key)
                )
                row = await cursor.fetchone()
        except psycopg.Error as error:
            if not (error.sqlstate or "").startswith("PT"):
                raise
            return Answer(int(str(error.sqlstate)[2:]), {"message": str(error), "details": error.diag.message_detail})
        assert row is not None
        return Answer(200, row[0])

    async def aclose(self) -> None:
        """Close every connection."""
        while not self._free.empty():
            connection = self._free.get_nowait()
            if connection is not None:
                await connection.close()


class DataApiDoor:
    """The Data API, with a token for each buyer."""

    def __init__(self, stack: Stack) -> None:
        """Nothing connects yet."""
        self._stack = stack
        self._client = httpx2.AsyncClient(
            base_url=f"{stack.supabase_url}/rest/v1/rpc/",
            headers={"apikey": stack.keys.publishable_key},
            timeout=PATIENCE_S,
            trust_env=False,
            limits=httpx2.Limits(max_connections=200),
        )

    def token(self, buyer: uuid.UUID) -> str:
        """What says who the buyer is."""
        claims = claims_for(buyer, iss=f"{self._stack.supabase_url}/auth/v1")
        return jwt.encode(claims, self._stack.keys.jwt_secret, "HS256")

    async def place(self, attempt: Attempt) -> Answer:
        """The answer; UnavailableError."""
        body = {"items": json.loads(as_items(attempt.items)), "idempotency_key": attempt.key}
        headers = {"Authorization": f"Bearer {self.token(attempt.buyer)}"}
        try:
            response = await self._client.post("place_order", json=body, headers=headers)
        except httpx2.TransportError as error:
            raise UnavailableError from error
        if response.status_code >= 500:  # in peace nobody may be told so: `failures` counts them
            raise UnavailableError
        return Answer(response.status_code, response.json())

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()


@dataclass
class Race:
    """Everybody's answers; `middle` comes after so many of them."""

    middle_after: int = 0
    answers: list[tuple[Attempt, Answer]] = field(default_factory=list)
    failures: int = 0
    middle: asyncio.Event = field(default_factory=asyncio.Event)

    async def insist(self, door: Door, attempt: Attempt) -> None:
        """Send it until it is answered."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    self.answers.append((attempt, await door.place(attempt)))
                except UnavailableError:
                    self.failures += 1
                    await asyncio.sleep(AGAIN_S * random.uniform(0.5, 1.5))
                else:
                    if len(self.answers) >= self.middle_after:
                        self.middle.set()
                    return

    async def run(self, door: Door, attempts: list[Attempt]) -> None:
        """All at once."""
        async with asyncio.TaskGroup() as buyers:
            for attempt in attempts:
                buyers.create_task(self.insist(door, attempt))

    @property
    def bought(self) -> dict[tuple[uuid.UUID, str], list[Json]]:
        """By buyer and key: the orders that were acknowledged."""
        found: dict[tuple[uuid.UUID, str], list[Json]] = {}
        for attempt, answer in self.answers:
            if answer.status == 200:
                found.setdefault((attempt.buyer, attempt.key), []).append(answer.body)
        return found


def assert_right(shop: Shop, race: Race, products: Mapping[uuid.UUID, int]) -> int:
    """The books after a race over `products` (units that there were); how many orders were placed."""
    assert {answer.status for _, answer in race.answers} <= {200, 409}
    for product, units in products.items():
        assert shop.held(product) + shop.stock(product) == units
        assert shop.stock(product) >= 0
    rows = shop.admin.execute(
        "select o.buyer_id, r.idempotency_key, o.id::text, r.response from public.orders o"
        " left join private.order_requests r on r.order_id = o.id where o.id in ("
        " select i.order_id from public.order_items i where i.product_id = any (%s))",
        (list(products),),
    ).fetchall()
    stored = {(buyer, key): response for buyer, key, _, response in rows}
    assert len(stored) == len(rows), "each key has one order"
    for who, orders in race.bought.items():
        assert orders == [stored[who]] * len(orders), "what was acknowledged is there, and every answer is the same"
    assert race.bought.keys() == stored.keys(), "whoever has an order was told"
    charges = "select count(*) from private.payment_jobs where order_id::text = any (%s)"
    assert shop.value(charges, [row[2] for row in rows]) == len(rows)
    return len(rows)


async def kill_in(race: Race, cluster: ScratchCluster, hands: Executor) -> None:
    """Kill all of PostgreSQL in the middle of the race, and start it again; it ends with the thread of `hands`."""
    async with asyncio.timeout(PATIENCE_S):
        await race.middle.wait()
    await asyncio.get_running_loop().run_in_executor(hands, _kill_and_start, cluster)


def _kill_and_start(cluster: ScratchCluster) -> None:
    pid = int((cluster.server.files.data / "postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, signal.SIGSTOP)  # so that it starts nobody meanwhile
    for each in (pid, *descendants(pid)):
        with suppress(ProcessLookupError):  # ended by itself in this moment
            os.kill(each, signal.SIGKILL)
    wait_until(lambda: _is_gone(pid), "the server being gone")
    with (cluster.logs / "postgres.log").open("ab") as log:
        cluster.server.start(log)


def _is_gone(pid: int) -> bool:
    try:
        Path(f"/proc/{pid}/cwd").readlink()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return False


@asynccontextmanager
async def closing(door: SqlDoor | DataApiDoor) -> AsyncIterator[SqlDoor | DataApiDoor]:
    """Close it after the block."""
    try:
        yield door
    finally:
        await door.aclose()
