"""`make chaos-alerts`: every fault under load, watched by a real Prometheus, and a table of which alerts fired.

Prometheus scrapes and evaluates as `make observe` has it. A fault is held until its alert fires, thirty seconds at
most, and a little longer, in which no other alert may fire. Then it is mended, and everything has to be quiet again.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from gateway.local.ports import HOST, free_port
from tests.chaos.fault import Fault
from tests.chaos.faults import faults
from tests.chaos.load import Observation, under_load
from tests.chaos.routes import ROUTES
from tests.chaos.world import World
from tests.support.node_exporter import node_exporter
from tests.support.prometheus import Prometheus, has_prometheus, prometheus

WITHIN_S = 30.0
HELD_S = 1.0
"""What lasts for less, as a restart does, is over by itself and not held."""
FORGOTTEN_S = 90.0
"""After which an outage explains no restart any more."""
LONGER_S = 6.0
"""After its alert fired, a fault is held for one more scrape and evaluation."""
QUIET_S = 180.0
"""Within which nothing fires any more, restarts and changed keys included: those are told for two minutes."""
SELDOM = 5
"""Of the requests of `make chaos`, one in so many is made: alerts need some calls to judge by, not many."""
REASONS = "sum by (reason) (increase(tidegate_heartbeat_failures_total[2m])) > 0"
EXPECTED = {
    "PostgreSQL killed": "DatabaseUnreachable",
    "PostgreSQL stopped (SIGSTOP)": "DatabaseHangs",
    "PostgreSQL restarted": "DatabaseRestarted",
    "pool exhausted": "DatabaseHangs",
    "black hole before PostgreSQL": "DatabaseHangs",
    "PostgreSQL's answers held back": "DatabaseHangs",
    "PostgreSQL slow by 2 s": "DatabaseHangs",
    "answers of PostgreSQL cut": "DatabaseUnreachable",
    "PostgreSQL refuses": "DatabaseUnreachable",
    "out of connections": "DatabaseOutOfConnections",
    "PostgreSQL's disk full": "DatabaseDiskFull",
    "Supabase dead (Data API, keys)": "SupabaseDown",
    "Supabase slow by 2 s": "SupabaseDown",
    "keys rotated": "SigningKeysChanged",
    "embedder dead": "EmbedderDown",
    "embedder slow by 2 s": "EmbedderDown",
    "embedder hangs": "EmbedderDown",
    "embedder answers 500": "EmbedderDown",
    "embedder answers 429": "EmbedderDown",
    "embedder babbles": "EmbedderDown",
    "embedder's vectors too short": "EmbedderDown",
    "worker killed": "WorkerDown",
    "fail-over to the standby": "DatabaseRestarted",
}


@dataclass(frozen=True)
class Watched:
    """What fired during one fault."""

    fault: Fault
    after_s: float | None
    """When its own alert fired; None when it did not."""
    others: frozenset[str]

    @property
    def is_right(self) -> bool:
        """Whether its own alert fired, and no other."""
        return self.after_s is not None and not self.others


async def watch(world: World, observer: Prometheus, fault: Fault) -> Watched:
    """Let the fault happen, hold it while it is watched, and mend it."""
    own, fired = EXPECTED[fault.name], set[str]()
    if own == "DatabaseRestarted":
        await asyncio.sleep(FORGOTTEN_S)
    before = await asyncio.to_thread(observer.firing)
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
            until = min(until, time.monotonic() + LONGER_S)
        await asyncio.sleep(0.5)
    if not is_over:
        await fault.mends(world)
    if fault.settles is not None:
        await fault.settles(world)
    return Watched(fault, after_s, frozenset(fired - {own}))


async def until_quiet(observer: Prometheus, seconds: float) -> set[str]:
    """Wait until nothing fires; what still does afterwards."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        firing = await asyncio.to_thread(observer.firing)
        if not firing:
            return set()
        await asyncio.sleep(1)
    return await asyncio.to_thread(observer.firing)


def table_of(outcomes: list[Watched]) -> Table:
    """A line for each fault."""
    table = Table("fault", "alert", "after", "others")
    for outcome in outcomes:
        after = "never" if outcome.after_s is None else f"{outcome.after_s:.0f} s"
        table.add_row(outcome.fault.name, EXPECTED[outcome.fault.name], after, ", ".join(sorted(outcome.others)))
    return table


def light_load() -> list[Observation]:
    """Requests on every route, a few a second."""
    return [Observation(replace(route, every_s=SELDOM * route.every_s)) for route in ROUTES]


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


async def main() -> int:
    """Run it; the exit status."""
    console = Console(width=120)
    if not has_prometheus():
        console.print("Prometheus is not installed: sudo apt-get install prometheus", style="red")
        return 2
    wanted = sys.argv[1:]
    which = [fault for fault in faults() if not wanted or any(word in fault.name for word in wanted)]
    outcomes: list[Watched] = []
    with tempfile.TemporaryDirectory() as logs, tempfile.TemporaryDirectory() as state:
        world = World(Path(logs), Path(state), worker_metrics_port=free_port())
        async with world.running(
            with_standby=any(fault.last for fault in which),
            with_disk=any(fault.needs_disk for fault in which),
            with_network=any(fault.needs_network for fault in which),
        ):
            with observed(world, Path(state)) as observer:
                async with under_load(world, light_load()):
                    await until_quiet(observer, QUIET_S)
                    await asyncio.sleep(20)  # before a rate is known, nothing can change
                    for fault in which:
                        if not fault.can_break(world):
                            console.print(f"{fault.name}: left out, as it takes root to make what it needs")
                            continue
                        outcome = await watch(world, observer, fault)
                        outcomes.append(outcome)
                        console.print(outcome.fault.name, outcome.after_s, sorted(outcome.others))
                        left = await until_quiet(observer, QUIET_S)
                        if left:
                            console.print(f"still firing: {', '.join(sorted(left))}", style="red")
                        for reason, failures in observer.query(REASONS).items():
                            console.print(f"{reason}: {failures:.0f} heartbeats failed", style="dim")
    console.print(table_of(outcomes))
    return 0 if all(outcome.is_right for outcome in outcomes) else 1


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
