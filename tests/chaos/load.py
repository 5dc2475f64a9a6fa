"""Steady requests on every route while something breaks, and the judgement of their answers."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import httpx2

from gateway.errors import DatabaseTimeoutError, DatabaseUnavailableError
from tests.chaos.asking import Answer, ask
from tests.chaos.fault import Fault
from tests.chaos.rights import Reading, Rights
from tests.chaos.routes import ROUTES, Route
from tests.chaos.world import World

EVERY_S = 0.1
WELL_FOR_S = 1.0
GIVE_UP_S = 20.0
# How Deno ends after an error that nobody caught.
UNCAUGHT = 1
# Left before the server ends what nobody used for 5 s, which a request may meet on its way.
LIMITS = httpx2.Limits(keepalive_expiry=2.5)
AWAY = frozenset(f"urn:tidegate:problem:{error.kind}" for error in (DatabaseUnavailableError, DatabaseTimeoutError))


@dataclass
class Observation:
    """One route during one fault."""

    route: Route
    answers: list[Answer] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    """Of the route with the metrics."""

    def kinds(self) -> Counter[str]:
        """How many answers of each kind."""
        return Counter(answer.kind for answer in self.answers)

    def used(self) -> Counter[str]:
        """What answers say was used instead of what was down."""
        return Counter(what for answer in self.answers for what in answer.used)

    @property
    def worst_s(self) -> float:
        """The longest wait."""
        return max(answer.took_s for answer in self.answers)

    def bad_until(self, mended: float) -> float:
        """When the last answer came that was not full, of requests since `mended`; that moment itself without one."""
        bad = [answer.at + answer.took_s for answer in self.answers if answer.at >= mended and not answer.is_full]
        return max(bad, default=mended)

    def well_since(self, mended: float) -> float | None:
        """The moment from which every answer was full, at least WELL_FOR_S ago; None when there is none yet."""
        since = self.bad_until(mended)
        seen = [answer for answer in self.answers if answer.at > since and answer.is_full]
        if not seen or seen[-1].at - seen[0].at < WELL_FOR_S:
            return None
        return since

    def problems(self, fault: Fault, rights: Rights, slack_s: float, *, has_room: bool) -> list[str]:
        """What must never happen, and did; without room, who cannot be answered from what is known may be refused."""
        found = []
        unverifiable = fault.unverifiable and self.route.signed_in and not self.route.never_fails
        lacks_database = self.route.is_of_database and (fault.of_server or fault.of_way)
        lacks_embedder = self.route.is_of_embedder and fault.of_embedder
        lacks_api = self.route.is_of_api and (fault.of_server or fault.of_api)
        lacks_something = lacks_database or lacks_embedder or lacks_api or unverifiable
        may_fail = (self.route.may_fail and (fault.of_server or not has_room)) or lacks_something
        allowed = {200, 503} if may_fail else {200}
        if fault.unverifiable and self.route.is_of_api:
            allowed |= {401}  # by the Data API, which knows no old key
        wrong = Counter(
            f"{a.kind} {a.why}".strip()
            for a in self.answers
            if a.status not in allowed and not (fault.of_server and self._had_to_refuse(a, rights))
        )
        if wrong:
            found.append(f"{self.route.name}: {', '.join(f'{n} answers of {kind}' for kind, n in wrong.items())}")
        if self.worst_s > self.route.limit_s + slack_s:
            found.append(f"{self.route.name}: an answer took {self.worst_s:.2f} s")
        false = Counter(what for answer in self.answers for what in answer.wrong)
        found += [f"{self.route.name}: {count} answers: {what}" for what, count in false.items()]
        late = [a for a in self.answers if a.keeps_documents and not rights.may_give(a.at, a.at + a.took_s)]
        if late:
            found.append(f"{self.route.name}: {len(late)} answers hold documents whose readers were not known any more")
        return found

    def _had_to_refuse(self, answer: Answer, rights: Rights) -> bool:
        is_refused = answer.status == 503 and answer.why in AWAY and self.route.of_documents
        return is_refused and rights.may_refuse(answer.at, answer.at + answer.took_s)


@dataclass(frozen=True)
class Outcome:
    """One fault, every route."""

    fault: Fault
    observations: list[Observation]
    recovered_s: float | None
    problems: list[str]


async def suffer(
    world: World, fault: Fault, *, slack_s: float, patience: float = 1.0, has_room: bool = True
) -> Outcome:
    """Let `fault` happen under load; `slack_s` is added to the deadline, `patience` multiplies the time to recover.

    `has_room` says that the machine has nothing else to do, so that no request has to be refused for lack of room.
    """
    observations = [Observation(route) for route in ROUTES]
    async with under_load(world, observations):
        await _until_well(observations, time.monotonic())
        for observation in observations:
            observation.answers.clear()
        broken = time.monotonic()
        await fault.breaks(world)
        await asyncio.sleep(fault.seconds)
        await fault.mends(world)
        mended = time.monotonic()
        if fault.settles is not None:
            await fault.settles(world)
        settled_s = time.monotonic() - mended
        recovered = await _until_well(observations, mended)
        if fault.settles is not None and recovered is not None:
            recovered = max(recovered, settled_s)
    rights = Rights(reading for observation in observations for reading in observation.readings)
    problems = [
        problem
        for observation in observations
        for problem in observation.problems(fault, rights, slack_s, has_room=has_room)
    ]
    if not rights.were_followed(broken, slack_s):
        problems.append("rights were not confirmed every second before it broke")
    if recovered is None or recovered > patience * fault.recovery_s:
        last = max(observations, key=lambda observation: observation.bad_until(mended))
        back = "not" if recovered is None else f"{recovered:.2f} s later"
        problems.append(f"full quality was back {back}, last on: {last.route.name}")
    lost = await asyncio.to_thread(world.lost)
    if lost:
        problems.append(f"{len(lost)} acknowledged documents are lost")
    return Outcome(fault, observations, recovered, problems)


async def _until_well(observations: Sequence[Observation], mended: float) -> float | None:
    while time.monotonic() < mended + GIVE_UP_S:
        moments = [observation.well_since(mended) for observation in observations]
        if None not in moments:
            return max(moment for moment in moments if moment is not None) - mended
        await asyncio.sleep(0.05)
    return None


@asynccontextmanager
async def under_load(world: World, observations: Sequence[Observation]) -> AsyncIterator[None]:
    """Requests on each route, written documents, and a supervisor, as long as the block takes."""
    async with AsyncExitStack() as ending:
        tasks = [asyncio.create_task(_write(world)), asyncio.create_task(_supervise(world))]
        for number, observation in enumerate(observations, 1):
            # Visitors of an address each: one that asks everything at once would be refused before others.
            transport = httpx2.AsyncHTTPTransport(local_address=f"127.0.2.{number}", limits=LIMITS)
            client = httpx2.AsyncClient(
                base_url=world.stack.gateway_url, timeout=10, trust_env=False, transport=transport
            )
            await ending.enter_async_context(client)
            tasks.append(asyncio.create_task(_ask(world, client, observation)))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            assert not [task for task in tasks if not task.cancelled()], "a client of the load ended by itself"


async def _ask(world: World, client: httpx2.AsyncClient, observation: Observation) -> None:
    """Requests at a steady rate, whether or not the ones before are answered."""
    under_way: set[asyncio.Task[None]] = set()
    try:
        while True:
            task = asyncio.create_task(_one(world, client, observation))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            await asyncio.sleep(observation.route.every_s)
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


async def _write(world: World) -> None:
    while True:
        await asyncio.to_thread(world.write_some)
        await asyncio.sleep(3 * EVERY_S)
