"""What outlives a right: stale answers, with PostgreSQL stopped right after the right ended, and without."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import psycopg
import pytest

from gateway.app.container import Services
from gateway.auth.caller import Caller
from gateway.database.heartbeat import EndedRights
from gateway.database.rights import LOST_S, RIGHTS_S, Rights
from gateway.search.schemas import SearchRequest, SearchResponse
from gateway.search.stale_answers import StaleAnswers
from tests.support import Database, ScratchCluster
from tests.support.clock import Clock
from tests.support.gateway_app import client_of, make_app
from tests.support.passages import index_documents
from tests.support.tokens import Project
from tests.support.waiting import until, until_true

pytestmark = pytest.mark.anyio
PROMISED_S = 5.0
LANTERNS = {"query": "lantern", "mode": "keyword"}
ENDINGS = {
    "a member is removed": ("delete from public.memberships where user_id = %(member)s", "member"),
    "a share is ended": ("delete from public.document_shares where user_id = %(reader)s", "reader"),
    "a document is deleted": ("delete from public.documents where id = %(public)s", "nobody"),
    "a document is unpublished": (
        "update public.documents set visibility = 'organization' where id = %(public)s",
        "nobody",
    ),
    "an organization may publish no longer": (
        "update public.organizations set may_publish = false where id = %(organization)s",
        "nobody",
    ),
    "a text is taken out": ("update public.documents set content = 'Nothing.' where id = %(public)s", "nobody"),
    "an account is banned": ("update auth.users set banned_until = 'infinity' where id = %(member)s", "member"),
    "an account is staff no longer": (
        "update auth.users set raw_app_meta_data = '{}' where id = %(member)s",
        "member",
    ),
    "an organization is deleted": ("delete from public.organizations where id = %(organization)s", "member"),
}


class World:
    """An organization, its document, one that is shared, one that is public, and a gateway."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.project = Project()
        self.ids = {name: str(uuid4()) for name in ("owner", "member", "reader", "organization", "own", "public")}
        self.ids["slug"] = f"pier-{self.ids['own']}"
        self.ended_at = 0.0
        self.client: httpx2.AsyncClient
        self.services: Services

    def fill(self) -> None:
        with self.database.connect("supabase_admin") as admin:
            for person in ("owner", "member", "reader"):
                admin.execute(
                    "insert into auth.users (id, email, raw_app_meta_data) values (%s, %s, %s)",
                    (self.ids[person], f"{self.ids[person]}@example.org", json.dumps({"staff": person == "member"})),
                )
            for statement in (
                "insert into public.organizations (id, name, slug, may_publish)"
                " values (%(organization)s, 'Pier', %(slug)s, true)",
                "insert into public.memberships (organization_id, user_id, role)"
                " values (%(organization)s, %(owner)s, 'owner'), (%(organization)s, %(member)s, 'viewer')",
                "insert into public.documents (id, owner_id, organization_id, visibility, title, content) values"
                " (%(own)s, %(owner)s, %(organization)s, 'organization', 'own', 'A lantern for the jetty.'),"
                " (%(public)s, %(owner)s, %(organization)s, 'public', 'public', 'A lantern for everybody.')",
                "insert into public.document_shares (document_id, user_id) values (%(own)s, %(reader)s)",
            ):
                admin.execute(statement, self.ids)
        with self.database.connect("tidegate_worker") as worker:
            index_documents(worker, {})

    def end(self, statement: str) -> None:
        with self.database.connect("supabase_admin") as admin:
            admin.execute(statement.encode(), self.ids)

    async def search(self, person: str) -> httpx2.Response:
        headers = {}
        if person != "nobody":
            headers["Authorization"] = f"Bearer {self.project.key.token(self.ids[person])}"
        return await self.client.post("/v1/search", json=LANTERNS, headers=headers)

    async def found(self, person: str) -> set[str]:
        response = await self.search(person)
        return {result["id"] for result in response.json()["results"]} if response.status_code == 200 else set()

    async def confirmed(self) -> None:
        """Until a heartbeat that begins from now on was answered."""
        asked = time.monotonic()
        rights = self.services.search._stale._rights
        await until_true(lambda: rights._confirmed_at >= asked, "a heartbeat being answered")


@asynccontextmanager
async def world_on(database: Database) -> AsyncIterator[World]:
    world = World(database)
    await asyncio.to_thread(world.fill)
    app = make_app(world.project, database.url_for("tidegate_gateway"))
    async with client_of(app) as client:
        world.client, world.services = client, app.state.services
        yield world


async def forgets(database: Database, ending: str) -> None:
    """Assert that an answer is kept, and no longer once what gave the right to it has ended."""
    statement, person = ENDINGS[ending]
    async with world_on(database) as world:
        # What ended while the world was made is forgotten first, however late that is read on a busy machine.
        await world.confirmed()
        lost = world.ids["public"] if person == "nobody" else world.ids["own"]

        async def is_found() -> bool:
            return lost in await world.found(person)

        await until(is_found, f"{ending}: it being found before")
        kept = world.services.search
        request = SearchRequest.model_validate(LANTERNS)
        caller = await world.services.verifier.caller(
            None if person == "nobody" else f"Bearer {world.project.key.token(world.ids[person])}"
        )
        await world.confirmed()
        assert kept._stale.get(request, caller) is not None, ending
        await asyncio.to_thread(world.end, statement)
        await world.confirmed()
        assert kept._stale.get(request, caller) is None, ending


@pytest.mark.usefixtures("lasting_rights")
async def test_what_is_kept_is_forgotten_within_a_second(cluster: ScratchCluster) -> None:
    databases = {ending: cluster.clone() for ending in ENDINGS}
    async with asyncio.TaskGroup() as together:  # most of each is waiting for heartbeats
        for ending, database in databases.items():
            together.create_task(forgets(database, ending))
    for database in databases.values():
        cluster.drop(database)


@pytest.fixture
def cluster_of_its_own(logs: Path) -> Any:
    scratch = ScratchCluster(logs)
    try:
        scratch.start()
        scratch.build_template()
        yield scratch
    finally:
        scratch.stop()


async def test_no_stale_answer_outlives_a_right_when_postgresql_is_stopped(
    cluster_of_its_own: ScratchCluster,
) -> None:
    """Rights end, each in a database of its own, and the server is stopped at once: no gateway may have heard of it."""
    cluster = cluster_of_its_own
    async with AsyncExitStack() as ending:
        worlds = [await ending.enter_async_context(world_on(cluster.clone())) for _ in ENDINGS]
        lost = [world.ids["public" if who == "nobody" else "own"] for world, (_, who) in _ends(worlds)]
        for place, (world, (_, who)) in enumerate(_ends(worlds)):
            assert lost[place] in await world.found(who)
            await world.confirmed()
        for world, (statement, _) in _ends(worlds):
            await asyncio.to_thread(world.end, statement)
            world.ended_at = time.monotonic()
        await asyncio.to_thread(cluster.server.stop)
        while time.monotonic() < worlds[-1].ended_at + PROMISED_S + 2:
            for place, (world, (_, who)) in enumerate(_ends(worlds)):
                asked_at = time.monotonic()
                if lost[place] in await world.found(who):
                    assert asked_at - world.ended_at < PROMISED_S, list(ENDINGS)[place]
            await asyncio.sleep(0.05)
        for world, (_, who) in _ends(worlds):
            assert (await world.search(who)).status_code == 503


def _ends(worlds: Sequence[World]) -> list[tuple[World, tuple[str, str]]]:
    return list(zip(worlds, ENDINGS.values(), strict=True))


def answer_of(*results: tuple[str, UUID]) -> SearchResponse:
    return SearchResponse.model_validate(
        {
            "results": [
                {
                    "kind": kind,
                    "id": str(id_),
                    "document_id": str(id_) if kind == "document" else None,
                    "title": "t",
                    "snippet": "s",
                    "highlights": [],
                    "heading_path": [],
                    "score": 1,
                    "metadata": {},
                    "owner": None,
                    "passages": [],
                    "content": None,
                }
                for kind, id_ in results
            ],
            "mode": "keyword",
            "syntax": "operators",
            "complete": True,
            "degraded": False,
            "degradations": [],
            "took_ms": 1,
        }
    )


def caller(person: UUID, **claims: Any) -> Caller:
    return Caller(person, json.dumps({"sub": str(person), "role": "authenticated", **claims}))


REQUEST = SearchRequest.model_validate(LANTERNS)


def test_what_ended_while_an_answer_was_on_its_way_is_not_kept() -> None:
    clock = Clock()
    rights = Rights(clock=clock)
    known = StaleAnswers(rights=rights)
    person, document = uuid4(), uuid4()
    for news in (
        EndedRights(clock.now, False, frozenset({person}), frozenset()),
        EndedRights(clock.now, False, frozenset(), frozenset({document})),
        EndedRights(clock.now, True, frozenset(), frozenset()),
    ):
        rights.learn(EndedRights(clock.now, False, frozenset(), frozenset()))
        asked_at = known.now()
        clock.advance(0.5)
        rights.learn(news)
        known.put(REQUEST, caller(person), answer_of(("document", document)), asked_at)
        assert known.get(REQUEST, caller(person)) is None
        clock.advance(0.5)
        known.put(REQUEST, caller(person), answer_of(("document", document)), known.now())
        assert known.get(REQUEST, caller(person)) is not None
        rights.learn(news)
        assert known.get(REQUEST, caller(person)) is None


def test_without_news_there_are_products_and_no_documents() -> None:
    clock = Clock()
    rights = Rights(clock=clock)
    known = StaleAnswers(rights=rights)
    person, staff, product = caller(uuid4()), caller(uuid4(), app_metadata={"staff": True}), ("product", uuid4())
    rights.learn(EndedRights(clock.now, False, frozenset(), frozenset()))  # what was kept before is not known about
    clock.advance(1)
    rights.learn(EndedRights(clock.now, False, frozenset(), frozenset()))
    for who in (person, staff):
        known.put(REQUEST, who, answer_of(("document", uuid4()), product), known.now())
    clock.advance(RIGHTS_S)
    both = known.get(REQUEST, person)
    assert both is not None
    assert (len(both.results), both.complete) == (2, True)
    clock.advance(0.1)
    rest = known.get(REQUEST, person)
    assert rest is not None
    assert ([result.kind for result in rest.results], rest.complete) == (["product"], False)
    assert known.get(REQUEST, staff) is None  # it may not be on sale
    rights.learn(EndedRights(clock.now, False, frozenset(), frozenset({product[1]})))
    assert known.get(REQUEST, person) is None


def test_after_minutes_without_news_nothing_is_kept() -> None:
    clock = Clock()
    rights = Rights(clock=clock)
    known = StaleAnswers(rights=rights)
    rights.learn(EndedRights(clock.now, False, frozenset(), frozenset()))
    clock.advance(1)
    known.put(REQUEST, caller(UUID(int=1)), answer_of(("product", uuid4())), known.now())
    assert known.get(REQUEST, caller(UUID(int=1))) is not None
    clock.advance(LOST_S + 1)
    rights.learn(EndedRights(clock.now, False, frozenset(), frozenset()))
    assert known.get(REQUEST, caller(UUID(int=1))) is None


async def test_a_transaction_that_is_committed_late_is_heard_of(database: Database) -> None:
    with database.connect("supabase_admin") as admin, psycopg.connect(database.admin_url) as late:
        admin.execute("insert into public.categories (slug, name) values ('lamps', 'Lamps')")
        ids = [uuid4() for _ in range(2)]
        for number, id_ in enumerate(ids):
            admin.execute(
                "insert into public.products (id, category_id, sku, name, price)"
                " select %s, id, %s, 'Lamp', 1 from public.categories where slug = 'lamps'",
                (id_, f"LAMP-{number}"),
            )

        def beat(since: str | None) -> tuple[str, set[UUID]]:
            row = admin.execute("select next, sources from private.heartbeat(%s)", (since,)).fetchone()
            assert row is not None
            return row[0], set(row[1])

        since, _ = beat(None)
        late.execute("update public.products set is_active = false where id = %s", (ids[0],))
        admin.execute("delete from public.products where id = %s", (ids[1],))
        since, heard = beat(since)
        assert heard == {ids[1]}
        late.commit()
        since, heard = beat(since)
        assert ids[0] in heard
        for _ in range(2):
            since, heard = beat(since)
        assert heard == set()


@pytest.mark.parametrize("login", ["tidegate_gateway", "tidegate_worker", "authenticator"])
async def test_nobody_writes_notes(database: Database, login: str) -> None:
    with database.connect(login) as connection:
        for statement in (
            "select * from private.rights_lost",
            "insert into private.rights_lost (people, sources) values ('{}', '{}')",
            "select private.record_rights_lost('{}', '{}')",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())
            connection.rollback()
