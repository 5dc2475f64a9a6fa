"""Other ways to an answer, through the real Data API: the same rows for the same people, and it is said."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2
import pytest

from gateway.app.application import create_app
from gateway.app.container import Services
from gateway.auth.caller import Caller
from gateway.database.pool import Database as GatewayDatabase
from gateway.embeddings import EmbedderChoice, create_embedder
from gateway.resilience import Policy
from gateway.search.query_embedding import QueryEmbedder, QueryVector
from tests.support import Database
from tests.support.embedders import FaultyEmbedder
from tests.support.gateway_app import NOWHERE, OPERATIONS, Door, client_of, make_settings
from tests.support.passages import index_documents
from tests.support.proxy import Proxy
from tests.support.stack import Process, Stack
from tests.support.waiting import until, until_true

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("lasting_rights")]

ROWS = (("alice", "private"), ("bob", "private"), ("alice", "public"))
SEES = {"alice": {"alice private", "alice public"}, "bob": {"bob private", "alice public"}, "nobody": {"alice public"}}
NO_ID = "00000000-0000-4000-8000-000000000000"
LANTERNS = {"query": "lantern", "mode": "keyword"}


@dataclass
class Gateway:
    """A gateway whose ways to PostgreSQL, a replica and Supabase can be closed."""

    client: httpx2.AsyncClient
    to_database: Proxy
    to_replica: Proxy
    to_api: Door
    tokens: dict[str, str]
    services: Services

    async def search(self, person: str = "nobody", **body: Any) -> httpx2.Response:
        """The answer to a person."""
        token = self.tokens.get(person)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return await self.client.post("/v1/search", json={**LANTERNS, **body}, headers=headers)

    async def until_well(self) -> None:
        """Search until nothing is missing."""

        async def is_well() -> bool:
            answer = await self.search()
            return answer.status_code == 200 and not answer.json()["degraded"]

        await until(is_well, "nothing being missing", every_s=0.05)

    async def is_full(self) -> None:
        """Until nobody else is let in."""
        limiter = self.services.limiter
        await until_true(lambda: limiter.in_flight == limiter.limit, "every place being taken")

    def forget_safety(self) -> None:
        """As after a minute."""
        self.services.database._checked_until = float("-inf")

    async def found(self, person: str, used: list[str], **body: Any) -> set[str]:
        """The titles that a person is shown, when so much was used in place of something else."""
        response = await self.search(person, **body)
        assert response.status_code == 200, response.text
        answer = response.json()
        assert [degradation["used"] for degradation in answer["degradations"]] == used
        assert answer["degraded"] == bool(used)
        assert all(degradation["reason"] for degradation in answer["degradations"])
        return {result["title"] for result in answer["results"]}


@pytest.fixture(scope="module")
def people(stack: Stack, api: Process, database: Database) -> dict[str, str]:
    """Tokens of two people who have written something."""
    tokens = {
        name: stack.sign_up(f"{name}@example.org", "a long enough password")["access_token"]
        for name in ("alice", "bob")
    }
    with database.connect() as admin:
        row = admin.execute(
            "insert into public.organizations (name, slug, created_by, may_publish)"
            " select 'Lamps', 'lamps', id, true from auth.users where email = 'alice@example.org' returning id"
        ).fetchone()
    assert row is not None
    for name, visibility in ROWS:
        httpx2.post(
            f"{stack.supabase_url}/rest/v1/documents",
            json={
                "organization_id": str(row[0]) if visibility == "public" else None,
                "title": f"{name} {visibility}",
                "content": "A lantern for the jetty.",
                "visibility": visibility,
                "metadata": {"kind": visibility},
            },
            headers={"apikey": stack.keys.publishable_key, "Authorization": f"Bearer {tokens[name]}"},
            timeout=60,
            trust_env=False,
        ).raise_for_status()
    with database.connect("tidegate_worker") as worker:
        index_documents(worker, {})
    return tokens


@asynccontextmanager
async def gateway_of(
    stack: Stack, database: Database, tokens: dict[str, str], *, replica: bool = False, **changes: Any
) -> AsyncIterator[Gateway]:
    async with Proxy(database.port).running() as to_database, Proxy(database.port).running() as to_replica:

        def url(door: Proxy) -> str:
            return f"postgresql://tidegate_gateway@127.0.0.1:{door.port}/{database.name}"

        settings = make_settings(
            url(to_database),
            supabase_url=stack.supabase_url,
            supabase_publishable_key=stack.keys.publishable_key,
            replica_database_url=url(to_replica) if replica else None,
            **changes,
        )
        to_api = Door()
        app = create_app(settings, transport=to_api)
        async with client_of(app) as client:
            yield Gateway(client, to_database, to_replica, to_api, tokens, app.state.services)


@pytest.mark.parametrize("person", SEES)
async def test_the_data_api_shows_everybody_the_same(
    stack: Stack, database: Database, people: dict[str, str], person: str
) -> None:
    filters: list[dict[str, Any]] = [
        {},
        {"metadata": {"kind": "public"}},
        {"price_min": 1.5},
        {"organization_ids": [NO_ID]},
    ]
    async with gateway_of(stack, database, people) as gateway:
        before = [await gateway.found(person, [], filters=each) for each in filters]
        assert before[:3] == [SEES[person], {"alice public"}, set()]
        by_meaning = await gateway.search(person, mode="hybrid")
        gateway.to_database.refuse()
        after = [await gateway.found(person, ["the Data API"], filters=each) for each in filters]
        assert after == before
        answer = (await gateway.search(person, mode="hybrid")).json()
        assert (answer["mode"], answer["age_seconds"]) == ("hybrid", None)
        assert answer["results"] == by_meaning.json()["results"]
        gateway.to_database.heal()
        await gateway.until_well()


async def test_a_stale_answer_is_its_callers_own(stack: Stack, database: Database, people: dict[str, str]) -> None:
    async with gateway_of(stack, database, people) as gateway:
        assert await gateway.found("alice", []) == SEES["alice"]
        assert await gateway.found("bob", []) == SEES["bob"]
        gateway.to_database.refuse()
        gateway.to_api.is_closed = True
        used = ["a stale answer", "a stale answer"]
        assert await gateway.found("alice", used) == SEES["alice"]
        assert await gateway.found("bob", used) == SEES["bob"]
        age = (await gateway.search("alice")).json()["age_seconds"]
        assert age >= 0
        # Nobody has asked this yet, and these have not asked that.
        for person, body in (("nobody", {}), ("alice", {"limit": 3})):
            refused = await gateway.search(person, **body)
            assert refused.status_code == 503
            # Who waits when the breaker opens is told that there was no answer.
            kind = refused.json()["type"].removeprefix("urn:tidegate:problem:")
            assert kind in ("database-unavailable", "database-timeout")
            assert int(refused.headers["Retry-After"]) > 0


@pytest.mark.parametrize("mode", ["keyword", "semantic", "hybrid"])
async def test_a_gateway_that_has_just_started_loses_no_time_to_a_database_that_hangs(
    stack: Stack, database: Database, people: dict[str, str], mode: str
) -> None:
    async with gateway_of(stack, database, people, database_timeout_s=1.5) as gateway:
        gateway.to_database.freeze()
        for _ in range(3):
            assert await gateway.found("alice", ["the Data API"], mode=mode) == SEES["alice"]


@pytest.mark.parametrize("is_recheck_due", [False, True])
async def test_nobody_waits_to_the_end_for_a_database_that_hangs(
    stack: Stack, database: Database, people: dict[str, str], is_recheck_due: bool
) -> None:
    changes = {"database": {"stall_s": 1}, "data_api": {"timeout_s": 30, "concurrency": 32}}
    async with gateway_of(stack, database, people, database_timeout_s=50, resilience=changes) as gateway:
        assert await gateway.found("alice", []) == SEES["alice"]
        if is_recheck_due:
            gateway.services.database._checked_until = time.monotonic()
        gateway.to_database.freeze()
        started = time.monotonic()
        searches: list[asyncio.Task[set[str]]] = []
        while not searches or not all(search.done() for search in searches):
            if len(searches) < 16:  # there is room for all of them
                searches.append(asyncio.create_task(gateway.found("alice", ["the Data API"])))
            await asyncio.sleep(0.2)
        assert all(await asyncio.gather(*searches))
        assert time.monotonic() - started < 40  # of the 50 that one query may take
        gateway.to_database.heal()
        await gateway.until_well()


async def test_words_are_found_where_no_model_is_active(
    stack: Stack, database: Database, people: dict[str, str]
) -> None:
    async with gateway_of(stack, database, people) as gateway:
        with database.connect("supabase_admin") as admin:
            admin.execute("update private.embedding_models set is_active = false where is_active")
            try:
                assert await gateway.found("alice", []) == SEES["alice"]
                for mode in ("semantic", "hybrid"):
                    assert await gateway.found("alice", ["keyword search"], mode=mode) == SEES["alice"]
            finally:
                admin.execute("update private.embedding_models set is_active = true where id = 1")


async def test_another_model_of_ours_is_tried_when_the_database_cannot_be_asked() -> None:
    embedders = [FaultyEmbedder(create_embedder(EmbedderChoice("onnx"))) for _ in range(2)]
    embedders[0].name, embedders[1].name = "one", "other"
    database = GatewayDatabase(NOWHERE, Policy("database", 0.2))
    queries = QueryEmbedder(embedders, database, Policy("embedder", 60.0))
    for expected, refused in (("one", "one"), ("other", "other"), ("one", "one")):
        vector = await queries.embed("storm")
        assert isinstance(vector, QueryVector)
        assert vector.model == expected
        queries.forget(refused)
    await database.close()


async def test_another_second_factor_is_another_caller() -> None:
    def claims(**changes: Any) -> str:
        password = {"method": "password", "timestamp": 1}
        claims = {"sub": NO_ID, "exp": 9, "session_id": "a", "aal": "aal1", "amr": [password], **changes}
        return Caller(UUID(NO_ID), json.dumps(claims)).stable_claims

    same = claims(exp=10, session_id="b", amr=[{"timestamp": 2, "method": "password"}])
    other = claims(aal="aal2", amr=[{"method": "password", "timestamp": 1}, {"method": "totp", "timestamp": 3}])
    assert claims() == same
    assert len({claims(), other, claims(aal="aal2"), claims(amr=["password"]), claims(amr="password")}) == 5


async def test_what_fell_short_is_not_remembered(stack: Stack, database: Database, people: dict[str, str]) -> None:
    async with gateway_of(stack, database, people, embedder_timeout_s=1e-6) as gateway:
        assert await gateway.found("alice", ["keyword search"], mode="hybrid", query="jetty") == SEES["alice"]
        gateway.to_database.refuse()
        gateway.to_api.is_closed = True
        assert (await gateway.search("alice", mode="hybrid", query="jetty")).status_code == 503


async def test_a_replica_answers_when_nothing_else_does(
    stack: Stack, database: Database, people: dict[str, str]
) -> None:
    async with gateway_of(stack, database, people, replica=True) as gateway:
        assert await gateway.found("bob", []) == SEES["bob"]
        gateway.to_database.refuse()
        assert await gateway.found("bob", ["the Data API"]) == SEES["bob"]
        gateway.to_api.is_closed = True
        assert await gateway.found("bob", ["a replica", "a replica"]) == SEES["bob"]
        gateway.to_replica.refuse()
        assert await gateway.found("bob", ["a stale answer"] * 3) == SEES["bob"]
        status = (await gateway.client.get(f"{OPERATIONS}/status")).json()
        assert status["dependencies"]["replica"]["state"] == "down"


async def test_an_unsafe_database_is_unsafe_behind_every_door(
    stack: Stack, database: Database, people: dict[str, str]
) -> None:
    async with gateway_of(stack, database, people) as gateway:
        assert await gateway.found("alice", []) == SEES["alice"]
        with database.connect("supabase_admin") as admin:
            admin.execute("alter event trigger enforce_row_level_security disable")
            admin.execute("alter table public.categories no force row level security")
        try:
            gateway.forget_safety()
            refused = await gateway.search("alice")
            assert (refused.status_code, refused.json()["type"]) == (503, "urn:tidegate:problem:database-unsafe")
            assert (await gateway.client.get("/health/ready")).status_code == 503
            suggested = await gateway.client.get("/v1/recommendations")
            assert (suggested.status_code, suggested.json()["degraded"]) == (200, True)
            assert suggested.json()["recommendations"] == []  # nothing was kept
        finally:
            with database.connect("supabase_admin") as admin:
                admin.execute("alter table public.categories force row level security")
                admin.execute("alter event trigger enforce_row_level_security enable always")


async def test_breakers_are_shown_and_counted(stack: Stack, database: Database, people: dict[str, str]) -> None:
    changes = {"database": {"failures_to_open": 2, "reset_s": 600}}
    async with gateway_of(stack, database, people, resilience=changes) as gateway:
        gateway.to_database.refuse()
        for _ in range(4):
            assert await gateway.found("alice", ["the Data API"]) == SEES["alice"]
        status = (await gateway.client.get(f"{OPERATIONS}/status")).json()
        database_ = status["dependencies"]["database"]
        assert (database_["state"], database_["breaker"]["state"]) == ("down", "open")
        assert database_["breaker"]["policy"]["failures_to_open"] == 2
        assert database_["breaker"]["policy"]["fallback"] == "the Data API, or a stale answer"
        assert status["dependencies"]["data_api"]["breaker"]["state"] == "closed"
        metrics = (await gateway.client.get(f"{OPERATIONS}/metrics")).text
        assert 'tidegate_breaker_state{dependency="database",state="open"} 1.0' in metrics
        assert 'tidegate_policy{dependency="database",number="failures_to_open"} 2.0' in metrics
        assert 'tidegate_policy{dependency="data_api",number="timeout_s"} 30.0' in metrics
        assert 'tidegate_calls_running{dependency="database"} 0.0' in metrics
        assert 'tidegate_retry_budget{dependency="database"} 1.0' in metrics
        assert 'tidegate_degradations_total{dependency="database",used="the Data API"}' in metrics
        assert 'tidegate_calls_total{dependency="data_api",outcome="ok"}' in metrics


async def test_more_than_can_be_answered_is_refused_at_once(
    stack: Stack, database: Database, people: dict[str, str]
) -> None:
    async with gateway_of(stack, database, people, concurrency=4, stale_answers_mb=0) as gateway:
        assert await gateway.found("alice", []) == SEES["alice"]
        gateway.to_database.freeze()
        gateway.to_api.is_closed = True
        waiting = [asyncio.create_task(gateway.search("alice")) for _ in range(4)]
        await gateway.is_full()
        refused = await gateway.search("alice")
        assert (refused.status_code, refused.json()["type"]) == (503, "urn:tidegate:problem:overloaded")
        assert refused.headers["Retry-After"] == "1"
        for path in ("/health/live", f"{OPERATIONS}/metrics", f"{OPERATIONS}/status", "/v1/status"):
            assert (await gateway.client.get(path)).status_code == 200
        gateway.to_database.heal()
        await asyncio.gather(*waiting)
        assert (await gateway.client.get(f"{OPERATIONS}/status")).json()["load"]["in_flight"] == 0
        await gateway.until_well()


async def test_above_the_limit_there_is_a_stale_answer(
    stack: Stack, database: Database, people: dict[str, str]
) -> None:
    async with gateway_of(stack, database, people, concurrency=4) as gateway:
        assert await gateway.found("alice", []) == SEES["alice"]
        gateway.to_database.freeze()
        gateway.to_api.is_closed = True
        waiting = [asyncio.create_task(gateway.search("bob")) for _ in range(4)]
        await gateway.is_full()
        assert await gateway.found("alice", ["a stale answer"]) == SEES["alice"]
        refused = await gateway.search("alice", limit=7)
        assert (refused.status_code, refused.json()["type"]) == (503, "urn:tidegate:problem:overloaded")
        gateway.to_database.heal()
        await asyncio.gather(*waiting)
