"""Steady requests on every route while something breaks, and the judgement of their answers."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2

from gateway.errors import DatabaseTimeoutError, DatabaseUnavailableError
from tests.chaos.faults import Fault
from tests.chaos.rights import Reading, Rights, age_in
from tests.chaos.routes import ROUTES, Route
from tests.chaos.world import REQUEST_S, World

EVERY_S = 0.1
WELL_FOR_S = 1.0
GIVE_UP_S = 20.0
# How Deno ends after an error that nobody caught.
UNCAUGHT = 1
# Left before the server ends what nobody used for 5 s, which a request may meet on its way.
LIMITS = httpx2.Limits(keepalive_expiry=2.5)
AWAY = frozenset(f"urn:tidegate:problem:{error.kind}" for error in (DatabaseUnavailableError, DatabaseTimeoutError))


@dataclass(frozen=True)
class Answer:
    """Of one request: when it was sent, how long it took, and what came."""

    at: float
    took_s: float
    status: int
    degraded: bool
    why: str = ""
    """What a problem is called."""
    keeps_documents: bool = False
    """Whether it holds documents that were found before."""

    @property
    def is_full(self) -> bool:
        """Whether nothing is missing."""
        return self.status == 200 and not self.degraded

    @property
    def kind(self) -> str:
        """In a word."""
        return "degraded" if self.degraded and self.status == 200 else str(self.status or "none that can be read")


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
        if self.worst_s > REQUEST_S + slack_s:
            found.append(f"{self.route.name}: an answer took {self.worst_s:.2f} s")
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
    route = observation.route
    at = time.monotonic()
    headers = dict(route.headers_of(world))
    status, degraded, why, keeps_documents = 0, False, "", False
    try:
        if route.body is None:
            root = world.stack.operations_url if route.is_of_operations else ""
            response = await client.get(f"{root}{route.path_of(world)}", headers=headers)
        else:
            response = await client.post(route.path, json=route.body(), headers=headers)
        if response.status_code != 200:
            why = response.json()["type"]
        elif route.degrades:
            answer = response.json()
            degraded = answer["degraded"]
            keeps_documents = answer.get("age_seconds") is not None and _holds_documents(answer)
        elif route.path == "/metrics":
            observation.readings.append(Reading(at, time.monotonic(), age_in(response.text)))
        status = response.status_code
    except (httpx2.HTTPError, ValueError, KeyError) as error:
        why = repr(error)  # status 0 stands for no answer that can be read
    if status == 401 and headers != route.headers_of(world):
        return  # it was revoked on the way
    observation.answers.append(Answer(at, time.monotonic() - at, status, degraded, why, keeps_documents))


def _holds_documents(answer: Mapping[str, Any]) -> bool:
    return any(each["kind"] == "document" for each in (*answer.get("results", []), *answer.get("passages", [])))


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
