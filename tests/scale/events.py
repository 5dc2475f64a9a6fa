"""What happens to a fleet: releases, crashes and a fail-over, one after the other."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from signal import Signals

from tests.scale.fleet import GATEWAYS, WORKERS, Fleet
from tests.support.waiting import until_true


@dataclass(frozen=True)
class Event:
    """What happens, and how many requests may fail by it: those that a process was answering when it was killed."""

    name: str
    happen: Callable[[Fleet], Awaitable[None]]
    may_fail: int = 0


def events(in_flight: int) -> list[Event]:
    """In the order in which they come, with so many requests under way at a time."""
    return [
        Event("nothing", _nothing),
        Event("each gateway replaced", _release),
        Event("a gateway killed", _kill_gateway, may_fail=in_flight),
        Event("each worker replaced", _release_workers),
        Event("a worker killed", _kill_worker),
        Event("the primary killed, the standby promoted", _fail_over, may_fail=in_flight),
    ]


async def _nothing(fleet: Fleet) -> None:
    await asyncio.sleep(5)


async def _release(fleet: Fleet) -> None:
    """As a rolling upgrade does: SIGTERM, the next one in its place, and on to the next."""
    for number in range(1, GATEWAYS + 1):
        await asyncio.to_thread(fleet.gateways[number - 1].stop)
        await asyncio.to_thread(fleet.replace_gateway, number)


async def _kill_gateway(fleet: Fleet) -> None:
    await asyncio.to_thread(fleet.gateways[1].kill)
    await asyncio.to_thread(fleet.haproxy.wait_for, 2, "DOWN")
    await asyncio.to_thread(fleet.replace_gateway, 2)


async def _release_workers(fleet: Fleet) -> None:
    for number in range(WORKERS):
        await _write(fleet)
        await asyncio.to_thread(fleet.workers[number].stop)
        fleet.workers[number] = await asyncio.to_thread(fleet.start_worker)
    await _embedded(fleet)


async def _kill_worker(fleet: Fleet) -> None:
    await _write(fleet)
    await asyncio.to_thread(fleet.workers[0].kill)
    await _write(fleet)
    await _embedded(fleet)
    fleet.workers[0] = await asyncio.to_thread(fleet.start_worker)


async def _fail_over(fleet: Fleet) -> None:
    fleet.servers.signal(Signals.SIGKILL)
    await asyncio.to_thread(fleet.fail_over)
    await asyncio.to_thread(fleet.write, "written after the fail-over")
    await _embedded(fleet)


async def _write(fleet: Fleet) -> None:
    for _ in range(5):
        await asyncio.to_thread(fleet.write_some)


async def _embedded(fleet: Fleet) -> None:
    """Wait until what was written is searchable; nothing that was acknowledged is lost."""
    await asyncio.to_thread(fleet.wait_searchable, sorted(fleet.written))
    await until_true(lambda: not fleet.lost(), "nothing being lost")
