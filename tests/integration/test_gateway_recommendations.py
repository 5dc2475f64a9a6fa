"""GET /v1/recommendations: each source through the real doors, and 200 whatever is down."""

import asyncio
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

import pytest

from tests.support import Database
from tests.support.recommending import NOTHING, STALE, TENTS, People, gateway_of, named, opened
from tests.support.stack import Process, Stack
from tests.support.waiting import until_true, wait_until

pytestmark = pytest.mark.anyio

FAILING: LiteralString = "begin raise exception 'broken on purpose' using errcode = 'internal_error'; end"
HANGING: LiteralString = "begin perform pg_sleep(600); return '{}'; end"


@pytest.fixture(scope="module")
def people(stack: Stack, api: Process, database: Database) -> Iterator[People]:
    """A shop with people."""
    with opened(stack, database) as people:
        yield people


@contextmanager
def spoiled(people: People, body: LiteralString) -> Iterator[None]:
    """Personal and similar recommendations do this instead, committed, until the end of the block."""
    signature = "private.neighbours(private.seed[], uuid[], uuid, integer, text)"
    row = people.shop.admin.execute("select pg_get_functiondef(to_regprocedure(%s))", (signature,)).fetchone()
    assert row is not None
    people.shop.admin.execute(
        "create or replace function private.neighbours(seeds private.seed[], excluded uuid[], of_category uuid,"
        " row_limit integer, source text) returns private.recommendation[] language plpgsql stable security invoker"
        f" set search_path = pg_catalog, pg_temp as $$ {body} $$".encode()
    )
    try:
        yield
    finally:
        people.shop.admin.execute(str(row[0]).encode())


# Nothing is down --------------------------------------------------------------------------------------------------


async def test_every_source_has_its_answer(stack: Stack, database: Database, people: People) -> None:
    async with gateway_of(stack, database, people) as gateway:
        personal = await gateway.ask("alice", limit=4)
        assert personal["source"] == "personal"
        assert set(named(personal)) == set(TENTS[1:])
        tent = {"product_id": str(people.shop.products["tent 0"]), "name": "tent 0"}
        assert personal["recommendations"][0]["because"] == {"kind": "viewed", **tent}
        similar = await gateway.ask(like=str(people.shop.products["rope 0"]))
        assert (similar["source"], named(similar)[0]) == ("similar", "rope 1")
        assert similar["recommendations"][0]["because"]["kind"] == "bought_together"
        category = await gateway.ask(category="tents")
        assert (category["source"], set(named(category))) == ("popular_in_category", set(TENTS))
        for somebody in ("nobody", "carol"):
            popular = await gateway.ask(somebody, limit=2)
            assert (popular["source"], named(popular)) == ("popular", ["rope 1", "rope 0"])
        assert popular["recommendations"][0]["price"] == 9.99


@pytest.mark.parametrize("actor", ["nobody", "alice", "bob", "carol"])
@pytest.mark.parametrize("query", [{}, {"category": "ropes"}, {"category": "tents"}, {"like": "rope 0"}])
async def test_nobody_is_shown_what_cannot_be_had_or_was_just_bought(
    stack: Stack, database: Database, people: People, actor: str, query: dict[str, str]
) -> None:
    asked: dict[str, Any] = {
        name: str(people.shop.products[value]) if name == "like" else value for name, value in query.items()
    }
    async with gateway_of(stack, database, people) as gateway:
        whole = (await gateway.ask(actor, limit=50, **asked))["recommendations"]
        shown = [each["name"] for each in whole]
        assert not {"sold out", "withdrawn"} & set(shown)
        if "tents" not in query.values():
            assert ("rope 1" in shown) == (actor != "bob")
        gateway.to_database.refuse()
        assert (await gateway.ask(actor, used={"the Data API"}, limit=50, **asked))["recommendations"] == whole


async def test_an_empty_shop_says_so_and_shows_nothing_of_before(
    stack: Stack, database: Database, people: People
) -> None:
    admin = people.shop.admin
    asked: list[dict[str, Any]] = [{}, {"category": "ropes"}, {"like": str(people.shop.products["rope 0"])}]
    async with gateway_of(stack, database, people) as gateway:
        for query in asked:
            assert named(await gateway.ask("alice", **query))
        sold = admin.execute("update public.products set is_active = false where is_active returning id").fetchall()
        try:
            for query in asked:
                answer = await gateway.ask("alice", **query)
                assert (answer["recommendations"], answer["source"], answer["age_seconds"]) == ([], None, None)
        finally:
            ids = [row[0] for row in sold]
            admin.execute("update public.products set is_active = true where id = any (%s)", (ids,))


async def test_a_replica_recommends_the_same_when_nothing_else_does(
    stack: Stack, database: Database, people: People
) -> None:
    async with gateway_of(stack, database, people, replica=True) as gateway:
        whole = (await gateway.ask("alice"))["recommendations"]
        gateway.to_database.refuse()
        gateway.to_api.is_closed = True
        assert (await gateway.ask("alice", used={"a replica"}))["recommendations"] == whole
        assert named(await gateway.ask("bob", used={"a replica"}))
        gateway.to_replica.refuse()
        known = await gateway.ask("alice", used={STALE})
        assert (known["recommendations"], known["age_seconds"] >= 0) == (whole, True)


async def test_caches_may_keep_what_visitors_are_shown_and_nothing_else(
    stack: Stack, database: Database, people: People
) -> None:
    async with gateway_of(stack, database, people) as gateway:
        url = "/v1/recommendations?category=ropes"
        shown = await gateway.client.get(url)
        assert shown.headers["cache-control"] == "public, max-age=30"
        assert "Authorization" in shown.headers["vary"]
        assert not [name for name in shown.headers if name.startswith("ratelimit")]
        tag = shown.headers["etag"]
        for given in (tag, f'"other", {tag.removeprefix("W/")}', "*"):
            again = await gateway.client.get(url, headers={"If-None-Match": given})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        for other in ("/v1/recommendations?category=tents", "/v1/recommendations?category=ropes&limit=1"):
            fresh = await gateway.client.get(other, headers={"If-None-Match": tag})
            assert (fresh.status_code, fresh.headers["etag"] == tag) == (200, False)
        for person in ("alice", "carol"):
            own = await gateway.client.get(
                url, headers={"Authorization": f"Bearer {people.tokens[person]}", "If-None-Match": tag}
            )
            assert (own.status_code, own.headers["cache-control"]) == (200, "no-store")
            assert "etag" not in own.headers
        gateway.to_database.refuse()
        degraded = await gateway.client.get(url, headers={"If-None-Match": tag})
        assert (degraded.status_code, degraded.headers["cache-control"]) == (200, "no-store")


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=51", "limit=ten", "like=rope", "category=", "category=No!", "category=%00", "mode=best"],
)
async def test_bad_input_is_a_422(stack: Stack, database: Database, people: People, query: str) -> None:
    async with gateway_of(stack, database, people) as gateway:
        response = await gateway.client.get(f"/v1/recommendations?{query}")
        assert response.status_code == 422
        assert response.json()["errors"][0]["pointer"] == query.partition("=")[0]


async def test_a_bad_token_is_a_401(stack: Stack, database: Database, people: People) -> None:
    async with gateway_of(stack, database, people) as gateway:
        response = await gateway.client.get("/v1/recommendations", headers={"Authorization": "Bearer no.such.token"})
        assert response.status_code == 401


# Something is down ------------------------------------------------------------------------------------------------


async def test_when_the_engine_fails_something_popular_is_shown(
    stack: Stack, database: Database, people: People
) -> None:
    async with gateway_of(stack, database, people) as gateway:
        with spoiled(people, FAILING):
            answer = await gateway.ask("alice", used={"what is popular in the category"})
            assert answer["source"] == "popular_in_category"
            assert set(named(answer)[:5]) == set(TENTS)
        assert (await gateway.ask("alice"))["source"] == "personal"


async def test_when_the_engine_hangs_what_is_most_popular_is_shown_in_time(
    stack: Stack, database: Database, people: People
) -> None:
    async with gateway_of(stack, database, people, database_timeout_s=1.5) as gateway:
        with spoiled(people, HANGING):
            answer = await gateway.ask("alice", used={"what is most popular"})
            assert (answer["source"], named(answer)[0]) == ("popular", "rope 1")


async def test_a_hanging_database_leaves_time_for_the_stale_answer(
    stack: Stack, database: Database, people: People
) -> None:
    async with gateway_of(stack, database, people, request_timeout_s=10, database_timeout_s=5) as gateway:
        await gateway.until_well()
        before = await gateway.ask("alice")
        gateway.to_database.freeze()
        answer = await gateway.ask("alice", used={"the Data API"})
        assert (answer["source"], named(answer)) == ("personal", named(before))
        gateway.to_api.is_closed = True
        assert named(await gateway.ask("alice", used={STALE})) == named(before)
        assert named(await gateway.ask("carol", used={STALE}))[0] == "rope 1", "what is most popular, kept unasked"
        gateway.to_database.heal()
        await gateway.until_well()


async def test_what_is_known_of_one_is_told_nobody_else(stack: Stack, database: Database, people: People) -> None:
    async with gateway_of(stack, database, people) as gateway:
        alices = named(await gateway.ask("alice", limit=50))
        gateway.to_database.refuse()
        gateway.to_api.is_closed = True
        assert named(await gateway.ask("alice", used={STALE}, limit=50)) == alices
        assert named(await gateway.ask("alice", used={STALE}, limit=2)) == alices[:2]
        for other in ("bob", "nobody"):
            answer = await gateway.ask(other, used={STALE}, limit=50)
            assert answer["source"] == "popular"
            assert answer["age_seconds"] >= 0
        # A category that nobody has asked for: what is most popular of all.
        assert (await gateway.ask(category="tents", used={STALE}))["source"] == "popular"


async def test_with_nothing_known_the_list_is_empty(stack: Stack, database: Database, people: People) -> None:
    async with gateway_of(stack, database, people, starts_closed=True) as gateway:
        answer = await gateway.ask(used={NOTHING})
        assert (answer["recommendations"], answer["source"]) == ([], None)
        # Nor can it be known who asks.
        nobody = "recommendations for nobody in particular"
        assert (await gateway.ask("alice", used={NOTHING, nobody}))["recommendations"] == []


async def test_who_cannot_be_verified_is_shown_what_everybody_is(
    stack: Stack, database: Database, people: People
) -> None:
    async with gateway_of(stack, database, people) as gateway:
        gateway.to_api.is_closed = True
        answer = await gateway.ask("alice", used={"recommendations for nobody in particular"})
        assert (answer["source"], named(answer)[0]) == ("popular", "rope 1")
        assert answer["degradations"][0]["dependency"] == "auth_keys"


async def test_an_unsafe_database_is_not_asked_through_any_door(
    stack: Stack, database: Database, people: People
) -> None:
    async with gateway_of(stack, database, people) as gateway:
        before = named(await gateway.ask("alice"))
        people.shop.admin.execute("alter event trigger enforce_row_level_security disable")
        people.shop.admin.execute("alter table public.categories no force row level security")
        try:
            gateway.services.database._checked_until = float("-inf")
            assert named(await gateway.ask("alice", used={STALE})) == before
        finally:
            people.shop.admin.execute("alter table public.categories force row level security")
            people.shop.admin.execute("alter event trigger enforce_row_level_security enable always")


async def test_above_the_limit_there_is_what_is_known(stack: Stack, database: Database, people: People) -> None:
    async with gateway_of(stack, database, people, concurrency=4) as gateway:
        before = named(await gateway.ask("alice"))
        gateway.to_database.freeze()
        gateway.to_api.is_closed = True
        waiting = [asyncio.create_task(gateway.get("bob")) for _ in range(4)]
        await until_true(lambda: gateway.services.limiter.in_flight == 4, "every place being taken")
        started = time.monotonic()
        for _ in range(100):
            assert named(await gateway.ask("alice", used={STALE})) == before
        assert time.monotonic() - started < 100, "waiting for the database, each would take more than a second"
        gateway.to_database.heal()
        assert {response.status_code for response in await asyncio.gather(*waiting)} == {200}


async def test_made_up_categories_and_products_do_not_crowd_out_what_is_known(
    stack: Stack, database: Database, people: People
) -> None:
    async with gateway_of(stack, database, people) as gateway:
        known = gateway.services.recommendations.stale._answers
        await gateway.ask()  # which the gateway asks for itself as well, at a moment of its own
        await gateway.ask(category="tents")
        kept = len(known)
        assert (await gateway.ask(category="made-up"))["source"] == "popular"
        assert (await gateway.ask(like=str(uuid.uuid4())))["source"] == "popular"
        assert len(known) == kept


# The worker ---------------------------------------------------------------------------------------------------------


def test_the_worker_counts_without_being_asked_even_when_nothing_can_be_embedded(stack: Stack, people: People) -> None:
    nowhere = {"EMBEDDER": "openai", "EMBEDDER_URL": "http://127.0.0.1:1/v1"}
    stack.start_worker(**nowhere, EMBEDDER_MODEL="m", EMBEDDER_DIMENSIONS="3")
    before = people.shop.popularity("tent 4")
    people.shop.order(people.ids["carol"], "tent 4")
    wait_until(lambda: people.shop.popularity("tent 4") > before + 2, "the purchase being counted")
