"""200 buyers race for 50 units, by SQL and through the Data API, and PostgreSQL is killed in the middle."""

import asyncio
import random
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import ScratchCluster, Stack
from tests.support.race import Attempt, DataApiDoor, Race, SqlDoor, assert_right, closing, kill_in
from tests.support.shop import Shop

pytestmark = pytest.mark.anyio
BUYERS, UNITS = 200, 50
DOORS = ("sql", "data api")
CONNECTIONS = 90


class Track:
    """Where races are held: a server of its own that keeps what it acknowledged, and 200 people."""

    def __init__(self, cluster: ScratchCluster) -> None:
        self.cluster = cluster
        self.stack: Stack
        self.buyers: list[uuid.UUID] = []
        self.hands = ThreadPoolExecutor(1)

    @contextmanager
    def shop(self) -> Iterator[Shop]:
        """On connections of its own, since those from before a kill are dead."""
        with self.stack.database.connect("supabase_admin") as admin, self.stack.database.connect() as people:
            yield Shop(self.stack.database, admin, people)

    async def supervise(self, racing: "asyncio.Task[None]") -> None:
        """Start the API again when it ends, as `make run` does: its driver may not survive a server that is killed."""
        while not racing.done():
            await asyncio.wait({racing}, timeout=0.1)
            if self.stack.processes[-1].popen.poll() is not None:
                self.stack.processes.pop()
                await asyncio.get_running_loop().run_in_executor(self.hands, self.stack.start_api)

    def door(self, name: str) -> SqlDoor | DataApiDoor:
        return SqlDoor(self.stack.database.url, CONNECTIONS) if name == "sql" else DataApiDoor(self.stack)


@pytest.fixture(scope="module")
def track(logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Track]:
    folder = logs / "races"
    folder.mkdir()
    track = Track(ScratchCluster(folder, durable=True))
    try:
        track.cluster.start()
        track.cluster.build_template()
        track.stack = stack = Stack(track.cluster.clone(), tmp_path_factory.mktemp("races"), folder)
        with track.shop() as shop:
            track.buyers = [shop.buyer() for _ in range(BUYERS)]
        try:
            stack.start_api()
            yield track
        finally:
            stack.stop()
    finally:
        track.cluster.stop()
        track.hands.shutdown()


@pytest.mark.parametrize("killed", [False, True], ids=["in peace", "PostgreSQL killed"])
@pytest.mark.parametrize("door", DOORS)
async def test_everybody_wants_one_of_the_same(track: Track, door: str, killed: bool) -> None:
    race = Race(middle_after=UNITS // 3)
    with track.shop() as shop:
        lamp = shop.product(UNITS)
    # Every fourth buyer is impatient, and sends the request twice.
    attempts = [Attempt(buyer, {lamp: 1}, f"one {lamp}") for buyer in track.buyers]
    attempts += attempts[::4]
    random.Random(f"{door}{killed}").shuffle(attempts)
    async with closing(track.door(door)) as opened:
        running = asyncio.create_task(race.run(opened, attempts))
        if killed:
            await kill_in(race, track.cluster, track.hands)
            await track.supervise(running)
        await running
    with track.shop() as shop:
        orders, left = assert_right(shop, race, {lamp: UNITS}), shop.stock(lamp)
    print(f"{door}: {len(race.answers)} requests, {race.failures} failures, {orders} sold, {left} left")
    assert (orders, left) == (UNITS, 0)
    assert (race.failures > 0) == killed


@pytest.mark.parametrize("door", DOORS)
async def test_baskets_in_every_order_wait_in_no_circle(track: Track, door: str) -> None:
    race, dice = Race(), random.Random(door)
    with track.shop() as shop:
        products = [shop.product(UNITS, name=f"Lamp {n}") for n in range(6)]
    attempts = []
    for buyer in track.buyers:
        basket = {product: dice.randint(1, 3) for product in dice.sample(products, dice.randint(2, 4))}
        attempts.append(Attempt(buyer, basket, f"basket {products[0]}"))
    async with closing(track.door(door)) as opened:
        await race.run(opened, attempts)
    with track.shop() as shop:
        orders = assert_right(shop, race, dict.fromkeys(products, UNITS))
    assert orders > UNITS // 2
    assert race.failures == 0
    refused = [answer.body for _, answer in race.answers if answer.status == 409]
    assert refused
    assert all('"available"' in str(body["details"]) for body in refused)
