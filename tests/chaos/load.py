"""Steady requests on every route while something breaks."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx2

from tests.chaos.asking import ask
from tests.chaos.fault import Fault
from tests.chaos.judging import Observation, Terms
from tests.chaos.machine import Pace, Strain
from tests.chaos.rights import Rights
from tests.chaos.routes import ROUTES
from tests.chaos.world import World

EVERY_S = 0.1
CALM_WITHIN_S = 10.0
"""For so long a rate of requests is tried before anything breaks."""
GIVE_UP_S = 60.0
CLIENT_S = 60.0
"""A client waits for longer than any answer may take, so that a late one is told from none."""
# How Deno ends after an error that nobody caught.
UNCAUGHT = 1
# A connection for each request: the server ends what nobody used for 5 s, which a late request may meet on its way.
LIMITS = httpx2.Limits(max_keepalive_connections=0)


@dataclass(frozen=True)
class Outcome:
    """One fault, every route."""

    fault: Fault
    observations: list[Observation]
    recovered_s: float | None
    strain: float
    pace: float
    broken_promises: list[str]
    """What must not happen on any machine."""
    delays: list[str]
    """What must not happen where the machine has time for the gateway."""

    @property
    def problems(self) -> list[str]:
        """All of it."""
        return [*self.broken_promises, *self.delays]


async def suffer(world: World, fault: Fault, pace: Pace, *, slack_s: float, least_strain: float = 1.0) -> Outcome:
    """Let `fault` happen under load; `slack_s` is added to the deadline.

    Deadlines and the time to recover are stretched by the strain of the machine, or by `least_strain` if that is more.
    """
    observations = [Observation(route) for route in ROUTES]
    async with under_load(world, observations, pace):
        was_well = await _calm(observations, pace)
        for observation in observations:
            observation.answers.clear()
        strain = Strain([world.gateway.pid, os.getpid()])
        broken = time.monotonic()
        await fault.breaks(world)
        await asyncio.sleep(fault.seconds)
        await fault.mends(world)
        mended = time.monotonic()
        if fault.settles is not None:
            await fault.settles(world)
        settled_s = time.monotonic() - mended
        recovered = await _recovered(observations, mended, pace)
        if fault.settles is not None and recovered is not None:
            recovered = max(recovered, settled_s)
        strained = strain.now()
    rights = Rights(reading for observation in observations for reading in observation.readings)
    terms = Terms(fault, rights, slack_s, max(strained, least_strain))
    promises = [problem for observation in observations for problem in observation.broken_promises(terms)]
    delays = [problem for observation in observations for problem in observation.delays(terms)]
    if not was_well:
        delays.append("not all was well before it broke")
    if not rights.were_followed(broken, slack_s * terms.strain):
        delays.append("rights were not confirmed every second before it broke")
    if recovered is None or recovered > terms.strain * fault.recovery_s:
        last = max(observations, key=lambda observation: observation.bad_until(mended))
        back = "not" if recovered is None else f"{recovered:.2f} s later"
        delays.append(f"full quality was back {back}, last on: {last.route.name}")
    lost = await asyncio.to_thread(world.lost)
    if lost:
        promises.append(f"{len(lost)} acknowledged documents are lost")
    return Outcome(fault, observations, recovered, strained, pace.factor, promises, delays)


async def _calm(observations: Sequence[Observation], pace: Pace) -> bool:
    """Ask less and less until every answer is full; whether that came."""
    pace.quicken()
    while await _until_well(observations, time.monotonic(), CALM_WITHIN_S) is None:
        if not pace.slow_down():
            return False
    return True


async def _recovered(observations: Sequence[Observation], mended: float, pace: Pace) -> float | None:
    """Seconds until every answer was full again; what takes long is asked less, lest it never ends."""
    while time.monotonic() < mended + GIVE_UP_S:
        recovered = await _until_well(observations, mended, time.monotonic() + CALM_WITHIN_S - mended)
        if recovered is not None:
            return recovered
        pace.slow_down()
    return None


async def _until_well(observations: Sequence[Observation], mended: float, within_s: float) -> float | None:
    while time.monotonic() < mended + within_s:
        moments = [observation.well_since(mended) for observation in observations]
        if None not in moments:
            return max(moment for moment in moments if moment is not None) - mended
        await asyncio.sleep(0.05)
    return None


@asynccontextmanager
async def under_load(world: World, observations: Sequence[Observation], pace: Pace) -> AsyncIterator[None]:
    """Requests on each route, written documents, and a supervisor, as long as the block takes."""
    async with AsyncExitStack() as ending:
        tasks = [asyncio.create_task(_write(world, pace)), asyncio.create_task(_supervise(world))]
        for number, observation in enumerate(observations, 1):
            # Visitors of an address each: one that asks everything at once would be refused before others.
            transport = httpx2.AsyncHTTPTransport(local_address=f"127.0.2.{number}", limits=LIMITS)
            client = httpx2.AsyncClient(
                base_url=world.stack.gateway_url, timeout=CLIENT_S, trust_env=False, transport=transport
            )
            await ending.enter_async_context(client)
            tasks.append(asyncio.create_task(_ask(world, client, observation, pace)))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            assert not [task for task in tasks if not task.cancelled()], "a client of the load ended by itself"


async def _ask(world: World, client: httpx2.AsyncClient, observation: Observation, pace: Pace) -> None:
    """Requests at a steady rate, whether or not the ones before are answered."""
    under_way: set[asyncio.Task[None]] = set()
    try:
        while True:
            task = asyncio.create_task(_one(world, client, observation))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            await asyncio.sleep(observation.route.every_s * pace.factor)
    finally:
        for task in under_way:
            task.cancel()


async def _one(world: World, client: httpx2.AsyncClient, observation: Observation) -> None:
    answer = await ask(world, client, observation.route, observation.readings)
    if answer is not None:
        observation.answers.append(answer)


async def _supervise(world: World) -> None:
    """Start the stand-in for Supabase again when a lost connection has ended it (porsager/postgres, issue 1154)."""
    while True:
        if world.api.popen.poll() == UNCAUGHT:
            try:
                world.api = await asyncio.to_thread(world.start_api)
            except AssertionError:
                continue  # PostgreSQL is still away
        await asyncio.sleep(EVERY_S)


async def _write(world: World, pace: Pace) -> None:
    while True:
        await asyncio.to_thread(world.write_some)
        await asyncio.sleep(3 * EVERY_S * pace.factor)
