"""`make chaos`: every fault, every route, and a table of what came of it.

A whole run writes the table of docs/resilience.md. A fault is tried again where the machine was so busy with other work
that the gateway was late, unless a promise was broken that holds on any machine.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

import httpx2
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.chaos.fault import Fault
from tests.chaos.faults import all_faults
from tests.chaos.load import Outcome, suffer
from tests.chaos.machine import BUSY, Pace
from tests.chaos.pages import write_chaos
from tests.chaos.world import World

SLACK_S = 0.1
MEMORY_SLACK = 40_000_000
DESCRIPTOR_SLACK = 8
IDLE_S = 30.0  # after which connections that nobody uses are gone
TRIES = 3
WARMING_UP = 4  # faults after which every pool has had as many connections as it may


async def endure(which: list[Fault], world: World, outcomes: list[Outcome]) -> list[str]:
    """Let the faults come one after the other, and add their outcomes; what the gateway did not give back."""
    pace = Pace()
    memory, descriptors = world.cost().memory, world.descriptors()
    with Progress() as progress:
        for number, fault in enumerate(progress.track(which, description="breaking things")):
            if number == WARMING_UP:
                memory, descriptors = world.cost().memory, world.descriptors()
            progress.print(fault.name)
            outcomes.append(await _tried(world, fault, pace))
    left: list[str] = []
    if len(which) <= WARMING_UP:
        return left
    if world.cost().memory > memory + MEMORY_SLACK:
        left.append(f"memory went from {memory / 1e6:.0f} to {world.cost().memory / 1e6:.0f} MB")
    if not await _are_closed(world, descriptors + DESCRIPTOR_SLACK):
        left.append(f"open files went from {descriptors} to {world.descriptors()}")
    return left


async def _tried(world: World, fault: Fault, pace: Pace) -> Outcome:
    """The outcome of a fault; of another try where the machine had no time for the first and no promise was broken."""
    for _ in range(TRIES - 1):
        outcome = await suffer(world, fault, pace, slack_s=SLACK_S)
        if fault.last or outcome.broken_promises or not outcome.delays or outcome.strain < BUSY:
            return outcome
    return await suffer(world, fault, pace, slack_s=SLACK_S)


async def _are_closed(world: World, most: int) -> bool:
    """Whether so many files are open at most, once idle connections have been closed, which the next call does."""
    until = time.monotonic() + IDLE_S
    async with httpx2.AsyncClient(base_url=world.stack.gateway_url, timeout=10, trust_env=False) as client:
        while world.descriptors() > most and time.monotonic() < until:
            await client.post("/v1/search", json={"query": f"mooring {time.monotonic()}"})
            await client.get("/v1/status")
            await asyncio.sleep(0.5)
    return world.descriptors() <= most


def table_of(outcomes: list[Outcome]) -> Table:
    """A line for each fault and route whose answers were not all full."""
    table = Table(
        "fault", "route", "full", "degraded", "503", "other", "used instead", "worst", "recovered", "strain", "pace"
    )
    for outcome in outcomes:
        is_first = True
        for observation in outcome.observations:
            kinds = observation.kinds()
            if kinds.keys() == {"200"} and observation is not outcome.observations[0]:
                continue
            other = sum(kinds.values()) - kinds["200"] - kinds["degraded"] - kinds["503"]
            table.add_row(
                outcome.fault.name if is_first else "",
                observation.route.name,
                *(f"{count}" if count else "" for count in (kinds["200"], kinds["degraded"], kinds["503"], other)),
                ", ".join(f"{what} {times}" for what, times in observation.used().most_common()),
                f"{observation.worst_s:.2f} s",
                *(_of_fault(outcome) if is_first else ()),
            )
            is_first = False
        table.add_section()
    return table


def _of_fault(outcome: Outcome) -> tuple[str, ...]:
    recovered = "never" if outcome.recovered_s is None else f"{outcome.recovered_s:.1f} s"
    return recovered, f"{outcome.strain:.1f}", f"1/{outcome.pace:g}"


async def main() -> int:
    """Run it; the exit status."""
    console = Console(width=160)
    with tempfile.TemporaryDirectory() as logs, tempfile.TemporaryDirectory() as state:
        wanted = sys.argv[1:]
        which = [fault for fault in all_faults() if not wanted or any(word in fault.name for word in wanted)]
        world = World(Path(logs), Path(state))
        async with world.running(
            with_standby=any(fault.last for fault in which),
            with_disk=any(fault.needs_disk for fault in which),
            with_network=any(fault.needs_network for fault in which),
        ):
            for fault in [fault for fault in which if not fault.can_break(world)]:
                console.print(f"{fault.name}: left out, as it takes root to make what it needs", style="yellow")
                which.remove(fault)
            outcomes: list[Outcome] = []
            try:
                left = await endure(which, world, outcomes)
            finally:  # an interrupted run shows what it has seen
                console.print(table_of(outcomes))
            if len(outcomes) == len(all_faults()):
                write_chaos(outcomes)
            problems = [f"{outcome.fault.name}: {problem}" for outcome in outcomes for problem in outcome.problems]
            console.print(f"{len(world.written)} documents were acknowledged meanwhile.")
            if problems or left:
                console.print("\n".join(["", *problems, *left, "", world.gateway.tail(60)]), style="red")
    return 1 if problems or left else 0


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
