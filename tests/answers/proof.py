"""The proof that no secret gets out: everybody asks a gateway while its parts break, and all that leaves it is read.

Answers, events and errors may hold what their reader may read. Prompts of the model may hold what whoever asks may
read. Logs, spans, reports and metrics may hold no text at all.
"""

import asyncio
import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2

from tests.answers.cast import ACTORS, MENTIONED, VISITOR, cast, fill, questions, readable, secrets_in
from tests.answers.double import MODEL, Double, obedient, question_of
from tests.answers.findings import (
    BUG,
    DATABASE_DOWN,
    EMBEDDER_DOWN,
    ENDED,
    LOG,
    METRICS,
    MODEL_DOWN,
    NOTHING,
    REPORTS,
    SPANS,
    STATES,
    STATUS,
    Findings,
)
from tests.answers.world import SUBJECTS, piece_vector, text_of
from tests.chaos.rights import age_in
from tests.isolation.world import Actor, identity
from tests.support import Database, Process, Stack, wait_until
from tests.support.broken_functions import broken
from tests.support.fake_collector import FakeCollector
from tests.support.fake_embedder import FakeEmbedder
from tests.support.fake_sentry import FakeSentry
from tests.support.proxy import Proxy
from tests.support.tokens import SigningKey, claims_for

AT_ONCE, OF_ONE = 12, 4
"""Questions at a time, and of one person: no more models write for one caller."""
Body = dict[str, Any]
WAYS: tuple[tuple[str, Callable[[str], Body]], ...] = (
    ("/v1/answers", lambda question: {"question": question, "limit": 10}),
    ("/v1/answers", lambda question: {"question": question, "limit": 10, "stream": True}),
    ("/v1/chat/completions", lambda question: {"messages": [{"role": "user", "content": question}], "limit": 10}),
    (
        "/v1/chat/completions",
        lambda question: {"messages": [{"role": "user", "content": question}], "limit": 10, "stream": True},
    ),
)
SIGNS = {
    "grounded": re.compile(rb'"grounded":\s?true'),
    "generated": re.compile(rb'"kind":\s?"generated"'),
    "degraded": re.compile(rb'"degraded":\s?true'),
    "stale": re.compile(rb'"age_seconds":\s?\d'),
}
# A question of its own in each state: what was embedded or answered before would hide what is broken.
ADDED = dict(zip((*STATES, ENDED), ("", " Please.", " Quickly.", " At once.", " Now.", ""), strict=True))


class Proof:
    """One gateway, and everything that it talks to."""

    def __init__(self, database: Database, logs: Path, state: Path) -> None:
        """On this empty database; nothing runs yet."""
        self.world = cast()
        self.found = Findings()
        self.database = database
        self._stack = Stack(database, state, logs)
        self._embedder, self._model = FakeEmbedder(), Double()
        self._embedder.vector, self._model.write = piece_vector, obedient
        self._collector, self._sentry = FakeCollector(), FakeSentry()
        self._to_database, self._to_api = Proxy(database.port), Proxy(self._stack.supabase_port)
        self._gateway: Process
        self._log_read = 0
        self._client: httpx2.AsyncClient
        self._key: SigningKey

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Proof"]:
        """Everything runs within the block."""
        async with AsyncExitStack() as ending:
            for part in (self._embedder, self._model, self._collector, self._sentry):
                ending.enter_context(part.running())
            for door in (self._to_database, self._to_api):
                await ending.enter_async_context(door.running())
            ending.callback(self._stack.stop)
            await asyncio.to_thread(fill, self.database, self.world)
            await asyncio.to_thread(self._stack.start_api, API_EXTERNAL_URL=self._supabase_url)
            self._key = SigningKey.of_file(self._stack.state / "signing_keys.json")
            # A connection each: one that is kept may be closed by the gateway just when the next question is sent.
            limits = httpx2.Limits(max_keepalive_connections=0)
            self._client = await ending.enter_async_context(
                httpx2.AsyncClient(base_url=self._stack.gateway_url, timeout=300, trust_env=False, limits=limits)
            )
            await self.start_gateway()
            yield self

    @property
    def _supabase_url(self) -> str:
        return f"http://127.0.0.1:{self._to_api.port}"

    async def start_gateway(self, module: str = "gateway.app") -> None:
        """Start this gateway, in the place of the one before."""
        self._stack.gateway_module = module
        url = f"postgresql://tidegate_gateway@127.0.0.1:{self._to_database.port}/{self.database.name}"
        quickly = {"failures_to_open": 5, "reset_s": 0.1}
        policies: dict[str, dict[str, float]] = dict.fromkeys(("llm", "embedder", "database"), quickly)
        policies |= {"data_api": {**quickly, "timeout_s": 60}, "auth_keys": {"timeout_s": 60}}
        self._gateway = await asyncio.to_thread(
            self._stack.start_gateway,
            **self._embedder.environment,
            **self._collector.environment,
            SUPABASE_URL=self._supabase_url,
            GATEWAY_DATABASE_URL=url,
            LLM_URL=self._model.url,
            LLM_MODEL=MODEL,
            SENTRY_DSN=self._sentry.dsn,
            LOG_LEVEL="debug",
            RESILIENCE=json.dumps(policies),
        )
        self._log_read = 0

    async def stop_gateway(self) -> None:
        """End it, and read the last that it says."""
        await asyncio.to_thread(self._gateway.stop)
        self.look(running=False)

    # What breaks --------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def state(self, name: str) -> AsyncIterator[None]:
        """Everything works, but for this one thing within the block."""
        await asyncio.to_thread(wait_until, self._is_well, "everything working")
        self._model.seen.clear()
        with ExitStack() as mending:
            if name == MODEL_DOWN:
                self._model.status = 500
                mending.callback(self._model.__dict__.update, status=200)
            elif name == EMBEDDER_DOWN:
                self._embedder.failure = (500, {})
                mending.callback(self._embedder.__dict__.update, failure=None)
            elif name == BUG:
                told = " ".join(map(text_of, self.world.documents))
                mending.enter_context(broken(self.database, "private.search_as", "ZZ001", told))
            for door in {DATABASE_DOWN: (self._to_database,), ENDED: (self._to_database, self._to_api)}.get(name, ()):
                door.refuse()
                mending.callback(door.heal)
            yield

    def _is_well(self) -> bool:
        body = {"question": f"In which locker is {SUBJECTS[0]} kept?"}
        response = httpx2.post(f"{self._stack.gateway_url}/v1/answers", json=body, timeout=60, trust_env=False)
        return response.status_code == 200 and not response.json()["degraded"]

    async def end_rights(self, memberships: Iterable[tuple[str, str]], friend: str, count: int) -> None:
        """Everybody is answered; memberships and what is shared with a friend end; and then nothing can be asked."""
        async with self.state(NOTHING):
            await self.ask(NOTHING, count)
        await asyncio.to_thread(self._end, list(memberships), friend)
        changed = time.monotonic()
        await asyncio.to_thread(wait_until, lambda: self._has_learned(changed), "the gateway learning it")
        async with self.state(ENDED):
            await self.ask(ENDED, count)

    def _end(self, memberships: Iterable[tuple[str, str]], friend: str) -> None:
        with self.database.connect("supabase_admin") as admin:
            for organization, person in memberships:
                ids = (identity(organization), identity(person))
                admin.execute("delete from public.memberships where organization_id = %s and user_id = %s", ids)
                self.world.end_membership(organization, person)
            admin.execute("delete from public.document_shares where user_id = %s", (identity(friend),))
        self.world.shares = {(name, person) for name, person in self.world.shares if person != friend}

    def _has_learned(self, changed: float) -> bool:
        asked = time.monotonic()
        metrics = httpx2.get(f"{self._stack.operations_url}/metrics", timeout=60, trust_env=False).text
        return asked - age_in(metrics) > changed

    # What is asked ------------------------------------------------------------------------------------------------

    async def ask(self, name: str, count: int, told: Callable[[], None] = lambda: None) -> None:
        """So many questions of each person; `told` is called after each answer."""
        places = asyncio.Semaphore(AT_ONCE)
        # No two people ask the same at a time: a prompt with a question is of the one who asks it.
        turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

        async def ask_as(actor: Actor) -> None:
            mine, own_places = readable(self.world, actor), asyncio.Semaphore(OF_ONE)

            async def one(number: int, question: str) -> None:
                async with own_places, turns[question], places:
                    await self._ask(name, actor, mine, number, question)
                    self._read_prompts(name, actor, mine, question)
                told()

            asked = [f"{question}{ADDED[name]}" for question in questions(self.world, actor, count)]
            await asyncio.gather(*(one(number, question) for number, question in enumerate(asked)))

        await asyncio.gather(*map(ask_as, ACTORS))
        assert not self._model.seen, "each prompt has been read"
        self.look(log=name != BUG)

    async def _ask(self, name: str, actor: Actor, mine: set[str], number: int, question: str) -> None:
        path, body = WAYS[number % len(WAYS)]
        headers = {} if actor.me is None else {"Authorization": f"Bearer {self._token(actor)}"}
        response = await self._client.post(path, json=body(question), headers=headers)
        content = response.content + repr(response.headers).encode()
        told = secrets_in(self.world, content)
        for title in told - mine:
            self.found.leaks.append(f"{name}: {actor.name} is told of {title} by {path}, asking {question!r}")
        allowed = {200, 503} if self.world.is_open(actor.me) else {401, 403, 503}
        if response.status_code not in allowed | ({500} if name == BUG else set()):
            self.found.leaks.append(f"{name}: {actor.name} is answered {response.status_code}, asking {question!r}")
        signs = [sign for sign, form in SIGNS.items() if form.search(content)]
        if told & mine - readable(self.world, VISITOR):
            signs.append("not public")
        self.found.counts[name] += Counter([str(response.status_code), "answers", *signs])

    def _token(self, actor: Actor) -> str:
        staff = {"staff": actor.staff or actor.demoted}
        claims = claims_for(identity(actor.name), iss=f"{self._supabase_url}/auth/v1", app_metadata=staff)
        # What people say of themselves must not matter.
        return self._key.sign({**claims, "user_metadata": {"staff": True, "role": "service_role"}})

    # What is read -------------------------------------------------------------------------------------------------

    def _read_prompts(self, name: str, actor: Actor, mine: set[str], question: str) -> None:
        prompts = [body for body in self._model.seen if question_of(body["messages"][-1]["content"]) == question]
        for body in prompts:
            self._model.seen.remove(body)
        for title in secrets_in(self.world, json.dumps(prompts).encode()) - mine:
            self.found.leaks.append(f"{name}: the model is told of {title} for {actor.name}")

    def look(self, *, log: bool = True, running: bool = True) -> None:
        """Read what left by other ways since the last look.

        Without `log` that is read over: a bug's own words are in the log, and nowhere else.
        """
        for where, content in self._others(running):
            self.found.read[where] += len(content)
            found = MENTIONED.search(content)
            if found and (log or where != LOG):
                around = content[max(0, found.start() - 80) : found.end() + 20]
                self.found.leaks.append(f"{where}: {around!r}")

    def _others(self, running: bool) -> Iterator[tuple[str, bytes]]:
        content = self._gateway.log.read_bytes()
        yield LOG, content[self._log_read :]
        self._log_read = len(content)
        for where, kept in ((SPANS, self._collector.requests), (REPORTS, self._sentry.envelopes)):
            taken = list(kept)
            del kept[: len(taken)]
            yield where, b"".join(taken)
        if running:
            for where, page in ((METRICS, "/metrics"), (STATUS, "/status")):
                yield where, httpx2.get(f"{self._stack.operations_url}{page}", timeout=60, trust_env=False).content
