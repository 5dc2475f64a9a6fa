"""What breaks, and how it is mended. Each fault is real: a signal, a lock, a full house, a door that does as told."""

import asyncio
import signal
import uuid
from collections.abc import Callable

import psycopg

from tests.chaos.fault import Change, Fault, nothing
from tests.chaos.model_faults import model_faults
from tests.chaos.world import World
from tests.support.proxy import Proxy

NOTICED_S = 1.5
"""Long enough for what is met by the next request, and for a breaker to have tried again."""


def of_door(
    name: str,
    door: Callable[[World], Proxy],
    do: Callable[[Proxy], None],
    *,
    seconds: float = 3.0,
    short: bool = False,
) -> Fault:
    """A fault of the way to a server."""

    async def breaks(world: World) -> None:
        do(door(world))

    async def mends(world: World) -> None:
        door(world).heal()

    return Fault(
        name,
        breaks,
        mends,
        seconds=seconds,
        short=short,
        of_way=door is to_database,
        of_api=door is to_api,
        of_embedder=door is to_embedder,
    )


def to_database(world: World) -> Proxy:
    """Between gateway and PostgreSQL."""
    return world.to_database


def to_api(world: World) -> Proxy:
    """Between gateway and Supabase: the Data API, and Auth with its keys."""
    return world.to_api


def to_embedder(world: World) -> Proxy:
    """Between gateway or worker and the embedder."""
    return world.to_embedder


def slow(door: Proxy) -> None:
    """Every answer takes two seconds more."""
    door.delay_s = 2.0


def cuts(door: Proxy) -> None:
    """Every answer breaks off in the middle."""
    door.cuts = True


# PostgreSQL -------------------------------------------------------------------------------------------------------


async def kill_postgres(world: World) -> None:
    """All at once, as when the machine is gone."""
    pids = await asyncio.to_thread(world.servers.pids)
    world.servers.signal(signal.SIGKILL)
    assert pids


async def start_postgres(world: World) -> None:
    """And wait until it answers."""
    await asyncio.to_thread(world.servers.restart)


async def stop_postgres(world: World) -> None:
    """A fast shutdown."""
    await asyncio.to_thread(world.servers.cluster.server.stop)


async def fill_disk(world: World) -> None:
    """Nothing can be written any more."""
    await asyncio.to_thread(world.servers.fill_disk)


async def free_disk(world: World) -> None:
    """There is room again."""
    await asyncio.to_thread(world.servers.free_disk)


async def freeze_postgres(world: World) -> None:
    """It accepts, and never answers."""
    world.servers.signal(signal.SIGSTOP)


async def thaw_postgres(world: World) -> None:
    """It goes on where it was."""
    world.servers.signal(signal.SIGCONT)


async def lose_packets(world: World) -> None:
    """Nothing comes from PostgreSQL's host any more, and nothing gets there: no refusal, no reset, no answer."""
    assert world.far_host is not None
    await asyncio.to_thread(world.far_host.vanish)


async def find_packets(world: World) -> None:
    """The network is well again."""
    assert world.far_host is not None
    await asyncio.to_thread(world.far_host.appear)


class Lock:
    """A lock that every search waits for, until no connection of the pool is left."""

    def __init__(self) -> None:
        self._holder: psycopg.Connection[object] | None = None

    async def take(self, world: World) -> None:
        """Wait for it, and keep it."""
        self._holder = psycopg.connect(world.database.admin_url)
        await asyncio.to_thread(self._holder.execute, b"lock table public.chunks in access exclusive mode")

    async def release(self, _world: World) -> None:
        """Let everybody go on."""
        if self._holder is not None:
            self._holder.close()


class Crowd:
    """So many connections that the server has none left."""

    def __init__(self) -> None:
        self._connections: list[psycopg.Connection[object]] = []

    async def arrive(self, world: World) -> None:
        """Connect until it refuses, in the place of the gateway too."""
        world.to_database.refuse()
        await asyncio.to_thread(self._connect, world)
        world.to_database.heal()

    async def leave(self, _world: World) -> None:
        """Disconnect."""
        await asyncio.to_thread(self._disconnect)

    def _disconnect(self) -> None:
        while self._connections:
            self._connections.pop().close()

    def _connect(self, world: World) -> None:
        try:
            while len(self._connections) < 1000:
                self._connections.append(psycopg.connect(world.database.url))
        except psycopg.OperationalError:
            return


async def fail_over(world: World) -> None:
    """The server is gone, the standby becomes the server, and its address leads there."""
    world.servers.signal(signal.SIGKILL)
    await asyncio.to_thread(world.fail_over)
    world.to_database.drop()
    # Its own services follow it.
    await asyncio.to_thread(world.api.stop)
    world.api = await asyncio.to_thread(world.start_api)


# Supabase, embedder, worker ---------------------------------------------------------------------------------------


async def rotate_keys(world: World) -> None:
    """Auth signs with another key from now on: old tokens are worth nothing, new ones come at once."""
    world.revoke_tokens()
    (world.stack.state / "signing_keys.json").unlink()
    await asyncio.to_thread(world.api.stop)
    world.api = await asyncio.to_thread(world.start_api)
    await asyncio.to_thread(world.sign_in)


def embedder_says(status: int, **headers: str) -> Change:
    """It answers with an error."""

    async def change(world: World) -> None:
        world.embedder.failure = (status, {name.replace("_", "-"): value for name, value in headers.items()})

    return change


async def embedder_babbles(world: World) -> None:
    """It answers JSON that is no answer."""
    world.embedder.change_answer = lambda _answer: {"nonsense": [None]}


async def embedder_changes_length(world: World) -> None:
    """Its vectors are of another length."""
    world.embedder.dimensions //= 2


async def embedder_waits(world: World) -> None:
    """It accepts, and never answers."""
    world.embedder.gate.clear()


async def embedder_works(world: World) -> None:
    """As before."""
    world.embedder.failure = None
    world.embedder.change_answer = lambda answer: answer
    world.embedder.dimensions = 384
    world.embedder.gate.set()


async def kill_worker(world: World) -> None:
    """In the middle of its work."""
    world.worker.kill()
    await asyncio.to_thread(world.write, f"unembedded {uuid.uuid4()}")


async def start_worker(world: World) -> None:
    """Whoever supervises it starts another one, which takes up what was left."""
    world.worker = await asyncio.to_thread(world.start_worker)


async def everything_is_searchable(world: World) -> None:
    """What was written by now, the dead worker's leavings included."""
    await asyncio.to_thread(world.wait_searchable, sorted(world.written))


def all_faults() -> list[Fault]:
    """Every fault, in the order in which they come; what changes the world for good is last."""
    return sorted([*faults(), *model_faults()], key=lambda fault: fault.last)


def faults() -> list[Fault]:
    """Those of everything but the models."""
    lock, crowd = Lock(), Crowd()
    return [
        Fault("PostgreSQL killed", kill_postgres, start_postgres, recovery_s=5, short=True, of_server=True),
        Fault("PostgreSQL frozen (SIGSTOP)", freeze_postgres, thaw_postgres, short=True, of_server=True),
        Fault("PostgreSQL restarted", stop_postgres, start_postgres, seconds=0.5, recovery_s=5, of_server=True),
        Fault("pool exhausted by a lock", lock.take, lock.release, of_server=True),
        Fault("network to PostgreSQL loses every packet", lose_packets, find_packets, needs_network=True, of_way=True),
        of_door("PostgreSQL's answers held back", to_database, Proxy.freeze, short=True),
        of_door("PostgreSQL slow by 2 s", to_database, slow),
        of_door("PostgreSQL's connections cut in mid-answer", to_database, cuts),
        of_door("PostgreSQL refuses connections", to_database, Proxy.refuse),
        Fault("PostgreSQL out of connections", crowd.arrive, crowd.leave, of_server=True),
        Fault("PostgreSQL's disk full", fill_disk, free_disk, recovery_s=5, needs_disk=True, of_server=True),
        of_door("Supabase dead (Data API, keys)", to_api, Proxy.refuse, seconds=NOTICED_S, short=True),
        of_door("Supabase slow by 2 s", to_api, slow),
        Fault("keys rotated", rotate_keys, nothing, seconds=0.5, unverifiable=True),
        of_door("embedder dead", to_embedder, Proxy.refuse, seconds=NOTICED_S, short=True),
        of_door("embedder slow by 2 s", to_embedder, slow),
        Fault("embedder hangs", embedder_waits, embedder_works, of_embedder=True),
        Fault("embedder answers 500", embedder_says(500), embedder_works, of_embedder=True),
        Fault("embedder answers 429", embedder_says(429, Retry_After="1"), embedder_works, of_embedder=True),
        Fault("embedder answers nonsense", embedder_babbles, embedder_works, of_embedder=True),
        Fault("embedder's vectors too short", embedder_changes_length, embedder_works, of_embedder=True),
        Fault("worker killed", kill_worker, start_worker, seconds=1, recovery_s=5, settles=everything_is_searchable),
        Fault("fail-over to the standby", fail_over, nothing, seconds=0.5, recovery_s=5, last=True, of_server=True),
    ]
