"""Live recall: it falls when an index loses vectors, costs no more than it may, and keeps nothing of anybody."""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from pgvector import HalfVector

from gateway.auth.caller import ANONYMOUS
from gateway.database.pool import Database as GatewayDatabase
from gateway.resilience.metrics import exposition
from gateway.resilience.request_metrics import RECALL_CHECKS
from gateway.search.recall import WINDOW, LiveRecall, TimeBudget, wilson
from gateway.search.schemas import SearchRequest
from tests.support import Database
from tests.support.gateway_app import OPERATIONS, client_of, has_connection, make_app, make_settings
from tests.support.passages import as_literal, unit_vector
from tests.support.tenants import populate
from tests.support.tokens import Project

pytestmark = pytest.mark.anyio

DOCUMENTS = 240
FILL = """
    with document as (
      insert into public.documents (organization_id, owner_id, visibility, title)
      values (%(organization)s, %(owner)s, 'public', %(title)s) returning id, scope_id
    ), chunk as (
      insert into public.chunks (document_id, scope_id, position, title, content, start_offset, end_offset, token_count,
                                 language, input_hash)
      select id, scope_id, 0, %(title)s, 'a berth', 0, 0, 4, 'en', '' from document returning id, source_id, scope_id)
    insert into public.chunk_embeddings (chunk_id, model_id, source_id, scope_id, embedding, is_indexed)
    select id, 1, source_id, scope_id, %(vector)s::extensions.halfvec, true from chunk"""


@dataclass
class World:
    """A database whose indexes are walked for every search, and the gateway's way to it."""

    database: Database
    way: GatewayDatabase

    def recall(self, share: float = 1.0, **changes: Any) -> LiveRecall:
        """One that measures everything, whatever it costs."""
        return LiveRecall(self.way, share, **{"budget": TimeBudget(1_000), **changes})

    async def measure(self, recall: LiveRecall, searches: int = 40) -> dict[str, float]:
        for number in range(searches):
            recall.consider(search_of(number), ANONYMOUS, took_s=0.01)
            await recall.settle()
        found = recall.summary()
        assert found is not None
        return found


def search_of(number: int) -> dict[str, Any]:
    """The arguments of a search for what is near to some chunk."""
    request = SearchRequest.model_validate({"query": f"berth {number}", "mode": "semantic"})
    near = [x + y / 4 for x, y in zip(unit_vector(number % DOCUMENTS), unit_vector(9_000 + number), strict=True)]
    named = {"mode": "semantic", "embedding_model": None, "query_embedding": HalfVector(near)}
    return {**request.parameters(), **named}


def checks(outcome: str) -> float:
    return float(RECALL_CHECKS.labels(outcome)._value.get())


@pytest.fixture(scope="module")
async def world(database: Database) -> AsyncIterator[World]:
    tenants = populate(database)
    with database.connect("supabase_admin") as admin, admin.transaction():
        for number in range(DOCUMENTS):
            values = {"organization": tenants.meadow, "owner": tenants.people["stranger"], "title": f"berth {number}"}
            admin.execute(FILL.encode(), {**values, "vector": as_literal(unit_vector(number))})
        admin.execute("update private.settings set comparison_limit = 0")
    way = GatewayDatabase(database.url_for("tidegate_gateway"), make_settings().policies.database)
    await way.open()
    await has_connection(way)
    yield World(database, way)
    await way.close()


async def test_it_falls_when_an_index_has_lost_vectors(world: World) -> None:
    whole = await world.measure(world.recall())
    assert whole["searches"] == 40
    assert whole["recall"] >= 0.99
    with world.database.connect("supabase_admin") as admin:
        # Every third vector is in no index, and is not known to wait for one.
        admin.execute(
            "update public.chunk_embeddings set is_indexed = false, scope_index_id = 9"
            " where chunk_id in (select chunk_id from (select chunk_id, row_number() over (order by chunk_id) n"
            " from public.chunk_embeddings) c where n % 3 = 0)"
        )
    try:
        gapped = await world.measure(world.recall())
    finally:
        with world.database.connect("supabase_admin") as admin:
            admin.execute("update public.chunk_embeddings set is_indexed = true, scope_index_id = 0")
    assert 0.5 < gapped["recall"] < 0.8
    assert gapped["low"] < gapped["recall"] < gapped["high"] < whole["low"] + 0.1
    assert f'tidegate_recall{{bound="recall"}} {gapped["recall"]}' in exposition()[0].decode()


async def test_it_costs_no_more_than_its_share(world: World) -> None:
    now = [0.0]

    def clock() -> float:
        now[0] += 0.25  # so long each measurement takes
        return now[0]

    recall = world.recall(budget=TimeBudget(0.01), clock=clock)
    before = checks("measured")
    for number in range(1_000):
        recall.consider(search_of(number), ANONYMOUS, took_s=0.2)
        await recall.settle()
    spent = 0.25 * (checks("measured") - before)
    assert 0.005 * 200 < spent <= 0.01 * 200 + 0.25


async def test_what_is_in_doubt_is_not_asked(world: World) -> None:
    before = {outcome: checks(outcome) for outcome in ("places", "breaker", "busy", "budget", "failed")}
    world.recall(has_room=lambda: False).consider(search_of(1), ANONYMOUS, took_s=1)
    world.recall(budget=TimeBudget(0)).consider(search_of(1), ANONYMOUS, took_s=1)
    busy = world.recall()
    busy.consider(search_of(1), ANONYMOUS, took_s=1)
    busy.consider(search_of(2), ANONYMOUS, took_s=1)
    await busy.settle()
    unanswerable = world.recall()
    unanswerable.consider({**search_of(1), "embedding_model": "another"}, ANONYMOUS, took_s=1)
    await unanswerable.settle()
    assert unanswerable.summary() is None
    nowhere = GatewayDatabase("postgresql://127.0.0.1:1/x", make_settings().policies.database)
    nowhere.pipeline.breaker.open("It is away.")
    away = LiveRecall(nowhere, 1, budget=TimeBudget(1))
    away.consider(search_of(1), ANONYMOUS, took_s=1)
    await away.settle()
    assert away.summary() is None
    for outcome, count in before.items():
        assert checks(outcome) > count, outcome
    await nowhere.close()


async def test_the_operator_sees_it_and_nobody_elses_words(world: World) -> None:
    app = make_app(Project(), world.database.url_for("tidegate_gateway"), live_recall_share=1)
    async with client_of(app) as client:
        recall = app.state.services.recall
        recall._budget = TimeBudget(1_000)
        assert (await client.get(f"{OPERATIONS}/status")).json()["recall"] is None
        answer = await client.post("/v1/search", json={"query": "zanzibar berth", "mode": "semantic"})
        assert answer.json()["degraded"] is False
        await recall.settle()
        status = (await client.get(f"{OPERATIONS}/status")).json()["recall"]
        assert status == {"searches": 1, "recall": 1, "low": pytest.approx(0.21, abs=0.01), "high": 1}
        assert b"zanzibar" not in (await client.get(f"{OPERATIONS}/metrics")).content
        assert "zanzibar" not in repr(vars(recall)["_measured"])


def test_the_interval_is_wilsons() -> None:
    assert wilson(1.0, 1_000) == pytest.approx([0.9962, 1.0], abs=1e-4)
    assert wilson(0.5, 10) == pytest.approx([0.2366, 0.7634], abs=1e-4)
    generator = random.Random(7)
    covered = 0
    for _ in range(400):
        low, high = wilson(sum(generator.random() < 0.9 for _ in range(200)) / 200, 200)
        covered += low <= 0.9 <= high
    assert covered / 400 >= 0.93
    assert WINDOW == 1_000
