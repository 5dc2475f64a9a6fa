"""GET /v1/recommendations: each rung of the ladder through the real doors, and 200 whatever is down."""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import httpx
import jwt
import pytest

from gateway.app import create_app
from gateway.recommendations.file import FORMAT
from gateway.services import Services
from tests.integration.test_gateway_fallbacks import Door
from tests.support import Database, make_user
from tests.support.gateway_app import NOWHERE, client_of, make_settings
from tests.support.proxy import Proxy
from tests.support.stack import Process, Stack
from tests.support.storefront import Storefront, around
from tests.support.tokens import claims_for
from tests.support.waiting import wait_until

pytestmark = pytest.mark.anyio

SEA, HILL = 1, 2
ROPES = [f"rope {number}" for number in range(5)]
TENTS = [f"tent {number}" for number in range(5)]
KNOWN, NOTHING = "the last known answer", "an empty list"
FAILING: LiteralString = "begin raise exception 'broken on purpose' using errcode = 'internal_error'; end"
HANGING: LiteralString = "begin perform pg_sleep(5); return '{}'; end"


@dataclass
class People:
    """Of the shop: tokens and ids by name."""

    shop: Storefront
    tokens: dict[str, str]
    ids: dict[str, uuid.UUID]


@pytest.fixture(scope="module")
def people(stack: Stack, api: Process, database: Database) -> Iterator[People]:
    """Everybody buys rope 0; alice looked at a tent, bob bought rope 1, carol has done nothing."""
    with database.connect("supabase_admin") as admin, database.connect() as door:
        shop = Storefront(admin, door)
        shop.stock(ROPES, "ropes")
        shop.stock(TENTS, "tents")
        shop.stock(["sold out"], "ropes", units=0)
        shop.stock(["withdrawn"], "tents", active=False)
        shop.embed({name: around(SEA, number) for number, name in enumerate([*ROPES, "sold out"])})
        shop.embed({name: around(HILL, number) for number, name in enumerate([*TENTS, "withdrawn"])})
        for number in range(4):
            shop.order(make_user(admin, f"b{number}@example.org"), "rope 0", "rope 1")
        sessions = {name: stack.sign_up(f"{name}@example.org") for name in ("alice", "bob", "carol")}
        ids = {name: uuid.UUID(session["user"]["id"]) for name, session in sessions.items()}
        shop.note(ids["alice"], "view", "tent 0")
        shop.order(ids["bob"], "rope 1")
        shop.fold()
        yield People(shop, {name: session["access_token"] for name, session in sessions.items()}, ids)


@dataclass
class Gateway:
    """A gateway whose doors can be closed."""

    client: httpx.AsyncClient
    to_database: Proxy
    to_api: Door
    people: People
    services: Services

    async def get(self, person: str = "nobody", **query: Any) -> httpx.Response:
        """The answer to a person."""
        token = self.people.tokens.get(person)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return await self.client.get("/v1/recommendations", params=query, headers=headers)

    async def ask(self, person: str = "nobody", *, used: set[str] | None = None, **query: Any) -> dict[str, Any]:
        """The answer, when so much was used in place of something else."""
        response = await self.get(person, **query)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        assert {degradation["used"] for degradation in answer["degradations"]} == (used or set()), answer
        assert answer["degraded"] == bool(used)
        assert all(degradation["reason"] for degradation in answer["degradations"])
        return answer

    async def until_well(self) -> None:
        """Ask until nothing is missing."""
        deadline = time.monotonic() + 8
        while (await self.get("alice")).json()["degraded"]:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)


def named(answer: dict[str, Any]) -> list[str]:
    return [each["name"] for each in answer["recommendations"]]


@asynccontextmanager
async def gateway_of(
    stack: Stack, database: Database, people: People, *, starts_closed: bool = False, **changes: Any
) -> AsyncIterator[Gateway]:
    async with Proxy(database.port).running() as to_database:
        settings = make_settings(
            f"postgresql://tidegate_gateway@127.0.0.1:{to_database.port}/{database.name}",
            supabase_url=stack.supabase_url,
            supabase_publishable_key=stack.keys.publishable_key,
            **changes,
        )
        to_api = Door()
        if starts_closed:
            to_database.refuse()
            to_api.is_closed = True
        app = create_app(settings, transport=to_api)
        async with client_of(app) as client:
            yield Gateway(client, to_database, to_api, people, app.state.services)


@contextmanager
def spoiled(people: People, body: LiteralString) -> Iterator[None]:
    """Personal and similar recommendations do this instead, committed, until the end of the block."""
    signature = "private.neighbours(private.seed[], uuid[], uuid, integer, text)"
    row = people.shop.admin.execute("select pg_get_functiondef(to_regprocedure(%s))", (signature,)).fetchone()
    assert row is not None
    people.shop.admin.execute(
        "create or replace function private.neighbours(seeds private.seed[], excluded uuid[], of_category uuid,"
        " row_limit integer, source text) returns private.pick[] language plpgsql stable security invoker"
        f" set search_path = '' as $$ {body} $$".encode()
    )
    try:
        yield
    finally:
        people.shop.admin.execute(str(row[0]).encode())


# Nothing is down --------------------------------------------------------------------------------------------------


async def test_every_rung_has_its_answer(stack: Stack, database: Database, people: People) -> None:
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
        assert popular["recommendations"][0]["price"] == "9.99"


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
    async with gateway_of(stack, database, people) as gateway:
        with spoiled(people, HANGING):
            started = time.monotonic()
            answer = await gateway.ask("alice", used={"what is most popular"})
            assert time.monotonic() - started < 2
            assert (answer["source"], named(answer)[0]) == ("popular", "rope 1")


async def test_a_hanging_database_leaves_time_for_the_last_rung(
    stack: Stack, database: Database, people: People
) -> None:
    async with gateway_of(stack, database, people) as gateway:
        before = await gateway.ask("alice")
        gateway.to_database.freeze()
        started = time.monotonic()
        answer = await gateway.ask("alice", used={"the Data API"})
        assert (answer["source"], named(answer)) == ("personal", named(before))
        gateway.to_api.is_closed = True
        assert named(await gateway.ask("alice", used={KNOWN})) == named(before)
        assert named(await gateway.ask("carol", used={KNOWN}))[0] == "rope 1", "what is most popular, kept unasked"
        assert time.monotonic() - started < 3 * 3.1
        gateway.to_database.heal()
        await gateway.until_well()


async def test_what_is_known_of_one_is_told_nobody_else(stack: Stack, database: Database, people: People) -> None:
    async with gateway_of(stack, database, people) as gateway:
        alices = named(await gateway.ask("alice", limit=50))
        gateway.to_database.refuse()
        gateway.to_api.is_closed = True
        assert named(await gateway.ask("alice", used={KNOWN}, limit=50)) == alices
        assert named(await gateway.ask("alice", used={KNOWN}, limit=2)) == alices[:2]
        for other in ("bob", "nobody"):
            answer = await gateway.ask(other, used={KNOWN}, limit=50)
            assert answer["source"] == "popular"
            assert 0 <= answer["age_seconds"] < 60
        # A category that nobody has asked for: what is most popular of all.
        assert (await gateway.ask(category="tents", used={KNOWN}))["source"] == "popular"


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
            assert named(await gateway.ask("alice", used={KNOWN})) == before
        finally:
            people.shop.admin.execute("alter table public.categories force row level security")
            people.shop.admin.execute("alter event trigger enforce_row_level_security enable always")


async def test_above_the_limit_there_is_what_is_known(stack: Stack, database: Database, people: People) -> None:
    async with gateway_of(stack, database, people, concurrency=4) as gateway:
        before = named(await gateway.ask("alice"))
        gateway.to_database.freeze()
        gateway.to_api.is_closed = True
        waiting = [asyncio.create_task(gateway.get("bob")) for _ in range(4)]
        async with asyncio.timeout(10):
            while gateway.services.limiter.in_flight < 4:
                await asyncio.wait(waiting, timeout=0.01)
        started = time.monotonic()
        for _ in range(100):
            assert named(await gateway.ask("alice", used={KNOWN})) == before
        assert time.monotonic() - started < 30, "waiting for the database, each would take more than a second"
        gateway.to_database.heal()
        assert {response.status_code for response in await asyncio.gather(*waiting)} == {200}


async def test_made_up_categories_and_products_do_not_crowd_out_what_is_known(
    stack: Stack, database: Database, people: People
) -> None:
    async with gateway_of(stack, database, people) as gateway:
        known = gateway.services.recommendations.known._answers
        await gateway.ask(category="tents")
        kept = len(known)
        assert (await gateway.ask(category="made-up"))["source"] == "popular"
        assert (await gateway.ask(like=str(uuid.uuid4())))["source"] == "popular"
        assert len(known) == kept


# Restarts -----------------------------------------------------------------------------------------------------------


def test_a_gateway_that_starts_with_everything_down_still_knows(stack: Stack, people: People, tmp_path: Path) -> None:
    """A real process, killed and not stopped, and another one that never reaches anything."""
    file = tmp_path / "recommendations.json"
    first = stack.start_gateway(RECOMMENDATIONS_FILE=str(file))
    url = f"{stack.gateway_url}/v1/recommendations"
    wait_until(file.exists, 15, "the file being written, though nobody asked")
    similar = httpx.get(url, params={"like": str(people.shop.products["rope 0"])}, trust_env=False).json()
    wait_until(lambda: b"similar" in file.read_bytes(), 15, "the answer being in the file")
    first.kill()
    assert file.stat().st_mode & 0o777 == 0o600
    stack.launch_gateway(
        RECOMMENDATIONS_FILE=str(file), GATEWAY_DATABASE_URL=NOWHERE, SUPABASE_URL="http://127.0.0.1:1"
    )

    def asked(**query: str) -> dict[str, Any] | None:
        try:
            response = httpx.get(url, params=query, timeout=5, trust_env=False)
        except httpx.ConnectError:
            return None
        assert response.status_code == 200
        answer: dict[str, Any] = response.json()
        return answer

    popular = wait_until(asked, 20, "the gateway answering")
    assert popular is not None
    assert {degradation["used"] for degradation in popular["degradations"]} == {KNOWN}
    assert (popular["source"], named(popular)[0]) == ("popular", "rope 1")
    again = asked(like=str(people.shop.products["rope 0"]))
    assert again is not None
    assert again["recommendations"] == similar["recommendations"]
    assert again["age_seconds"] > 0


async def test_who_is_known_without_the_keys_is_shown_their_own_after_a_restart(
    stack: Stack, database: Database, people: People, tmp_path: Path
) -> None:
    secret = "a secret that is long enough for HS256 and then some"
    changes: dict[str, Any] = {
        "auth_algorithm": "HS256",
        "supabase_jwt_secret": secret,
        "recommendations_file": str(tmp_path / "known.json"),
    }
    claims = claims_for(people.ids["alice"], iss=f"{stack.supabase_url}/auth/v1")
    mine = People(people.shop, {"alice": jwt.encode(claims, secret, algorithm="HS256")}, people.ids)
    async with gateway_of(stack, database, mine, **changes) as gateway:
        before = named(await gateway.ask("alice"))
        # What it was told last is written when it stops.
    async with gateway_of(stack, database, mine, starts_closed=True, **changes) as gateway:
        answer = await gateway.ask("alice", used={KNOWN})
        assert (answer["source"], named(answer)) == ("personal", before)
        assert (await gateway.ask(used={KNOWN}))["source"] == "popular"


@pytest.fixture
def on(stack: Stack, database: Database, people: People) -> tuple[Stack, Database, People]:
    """What a gateway is started on."""
    return stack, database, people


def _damages(whole: bytes) -> dict[str, bytes]:
    return {
        "cut": whole[: len(whole) // 2],
        "changed": whole.replace(b"rope", b"robe"),
        "empty": b"",
        "not text": bytes(range(256)),
        "another format": whole.replace(FORMAT.encode(), b"something else"),
        "a list": b"[]\n" + whole.partition(b"\n")[2],
        "deep": b"[" * 100_000 + b"\n" + whole.partition(b"\n")[2],
    }


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "not text", "another format", "a list", "deep"])
async def test_a_damaged_file_is_as_if_there_were_none(
    on: tuple[Stack, Database, People], tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    file = tmp_path / "known.json"
    async with gateway_of(*on, recommendations_file=str(file)) as gateway:
        await gateway.ask()
    file.write_bytes(_damages(file.read_bytes())[damage])
    async with gateway_of(*on, starts_closed=True, recommendations_file=str(file)) as gateway:
        assert "is not used" in caplog.text
        await gateway.ask(used={NOTHING})
    async with gateway_of(*on, recommendations_file=str(file)) as gateway:
        await gateway.ask()
    assert json.loads(file.read_bytes().splitlines()[0])["format"] == FORMAT


async def test_a_file_that_cannot_be_written_harms_nobody(
    stack: Stack, database: Database, people: People, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with gateway_of(stack, database, people, recommendations_file=str(tmp_path / "no" / "file")) as gateway:
        await gateway.ask()
    assert "cannot be written" in caplog.text


# The worker ---------------------------------------------------------------------------------------------------------


def test_the_worker_counts_without_being_asked_even_when_nothing_can_be_embedded(stack: Stack, people: People) -> None:
    nowhere = {"EMBEDDER": "openai", "EMBEDDER_URL": "http://127.0.0.1:1/v1"}
    stack.start_worker(**nowhere, EMBEDDER_MODEL="m", EMBEDDER_DIMENSIONS="3")
    before = people.shop.looks("tent 4")
    people.shop.note(people.ids["carol"], "cart", "tent 4")
    wait_until(lambda: people.shop.looks("tent 4") > before + 2, 20, "the cart being counted")
