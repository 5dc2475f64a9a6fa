"""One fault, watched by a real Prometheus that scrapes and evaluates as `make observe` has it."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.local.ports import HOST
from tests.chaos.fault import Fault
from tests.chaos.machine import BUSY, Strain
from tests.chaos.world import World
from tests.support.node_exporter import node_exporter
from tests.support.prometheus import Prometheus, prometheus

WITHIN_S = 30.0
HELD_S = 1.0
"""What lasts for less, as a restart does, is over by itself and not held."""
FORGOTTEN_S = 90.0
"""After which an outage explains no restart any more."""
LONGER_S = 6.0
"""After its alert fired, a fault is held for one more scrape and evaluation."""
QUIET_S = 180.0
"""Within which nothing fires any more, restarts and changed keys included: those are told for two minutes."""
TRIES = 3
EXPECTED = {
    "PostgreSQL killed": "DatabaseUnreachable",
    "PostgreSQL frozen (SIGSTOP)": "DatabaseHangs",
    "PostgreSQL restarted": "DatabaseRestarted",
    "pool exhausted by a lock": "DatabaseHangs",
    "network to PostgreSQL loses every packet": "DatabaseHangs",
    "PostgreSQL's answers held back": "DatabaseHangs",
    "PostgreSQL slow by 2 s": "DatabaseHangs",
    "PostgreSQL's connections cut in mid-answer": "DatabaseUnreachable",
    "PostgreSQL refuses connections": "DatabaseUnreachable",
    "PostgreSQL out of connections": "DatabaseOutOfConnections",
    "PostgreSQL's disk full": "DatabaseDiskFull",
    "Supabase dead (Data API, keys)": "SupabaseDown",
    "Supabase slow by 2 s": "SupabaseDown",
    "keys rotated": "SigningKeysChanged",
    "embedder dead": "EmbedderDown",
    "embedder slow by 2 s": "EmbedderDown",
    "embedder hangs": "EmbedderDown",
    "embedder answers 500": "EmbedderDown",
    "embedder answers 429": "EmbedderDown",
    "embedder answers nonsense": "EmbedderDown",
    "embedder's vectors too short": "EmbedderDown",
    "worker killed": "WorkerDown",
    "first model dead": "ModelDown",
    "first model silent": "ModelDown",
    "first model stops in mid-answer": "ModelDown",
    "both models dead": "ModelDown",
    "first model answers with a page": "ModelDown",
    "first model sends half a letter": "ModelDown",
    "first model writes a million tokens": "ModelDown",
    "fail-over to the standby": "DatabaseRestarted",
}


@dataclass(frozen=True)
class Watched:
    """What fired during one fault."""

    fault: str
    after_s: float | None
    """When its own alert fired; None when it did not."""
    others: tuple[str, ...]
    strain: float
    """How many times its processor time the gateway took meanwhile."""
    began: float
    ended: float
    """In seconds since 1970."""

    @property
    def alert(self) -> str:
        """Its own."""
        return EXPECTED[self.fault]

    @property
    def is_right(self) -> bool:
        """Whether its own alert fired, and no other."""
        return self.after_s is not None and not self.others


async def watch(world: World, observer: Prometheus, fault: Fault) -> Watched:
    """What fires during a fault; of another try where the machine was so busy that the gateway was late."""
    for _ in range(TRIES - 1):
        watched = await _watched(world, observer, fault)
        if watched.is_right or fault.last or watched.strain < BUSY:
            return watched
    return await _watched(world, observer, fault)


async def _watched(world: World, observer: Prometheus, fault: Fault) -> Watched:
    """Wait until nothing fires, let the fault happen, hold it while it is watched, and mend it."""
    own, fired = EXPECTED[fault.name], set[str]()
    before = await until_quiet(observer, QUIET_S)
    if own == "DatabaseRestarted":
        await asyncio.sleep(FORGOTTEN_S)
    strain, began = Strain([world.gateway.pid]), time.time()
    await fault.breaks(world)
    if is_over := fault.seconds < HELD_S:
        await asyncio.sleep(fault.seconds)
        await fault.mends(world)
    broken, after_s = time.monotonic(), None
    until = broken + WITHIN_S
    while time.monotonic() < until:
        firing = await asyncio.to_thread(observer.firing) - before
        fired |= firing
        if own in firing and after_s is None:
            after_s = time.monotonic() - broken
            until = time.monotonic() + LONGER_S
        await asyncio.sleep(0.5)
    if not is_over:
        await fault.mends(world)
    if fault.settles is not None:
        await fault.settles(world)
    return Watched(fault.name, after_s, tuple(sorted(fired - {own})), strain.now(), began, time.time())


async def until_quiet(observer: Prometheus, seconds: float) -> set[str]:
    """Wait until nothing fires; what still does afterwards."""
    until = time.monotonic() + seconds
    while True:
        firing = await asyncio.to_thread(observer.firing)
        if not firing or time.monotonic() > until:
            return firing
        await asyncio.sleep(1)


@contextmanager
def observed(world: World, folder: Path) -> Iterator[Prometheus]:
    """Prometheus, which scrapes the world's gateway and worker, and this host's disks where that can be had."""
    gateway = f"{HOST}:{world.stack.operations_port}"
    targets = {"tidegate-gateway": gateway, "tidegate-worker": f"{HOST}:{world.worker_metrics_port}"}
    with node_exporter() as disks:
        if disks is not None:
            targets["node"] = disks
        with prometheus(targets, folder) as observer:
            yield observer
