"""POST /v1/search on a real database with the real model: the same facts for owner, member, stranger and nobody."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import httpx2
import pytest

from gateway.embeddings import EmbedderChoice, create_embedder
from tests.integration.test_access import ACTORS, READABLE
from tests.support import Database, as_caller, make_user
from tests.support.catalogue import PRODUCTS, stock_shop
from tests.support.embedders import FaultyEmbedder
from tests.support.gateway_app import OPERATIONS, client_of, make_app
from tests.support.passages import index_documents
from tests.support.tenants import DOCUMENTS, Tenants, populate
from tests.support.tokens import PUBLISHABLE_KEY, Project
from tests.support.waiting import until

pytestmark = pytest.mark.anyio

# Found by meaning: the queries below share no word with them.
TEXTS = {
    "Storm procedure": "When a gale is forecast, double the mooring lines and take down the sails.",
    "Holiday rules": "Every employee has thirty days of paid vacation a year.",
}


@dataclass
class World:
    """A started gateway, its clients' project, its faults and its data."""

    client: httpx2.AsyncClient
    project: Project
    embedder: FaultyEmbedder
    tenants: Tenants
    products: dict[str, uuid.UUID]
    database: Database

    async def search(self, actor: str, **body: Any) -> dict[str, Any]:
        """The answer to this person."""
        response = await self.client.post("/v1/search", json=body, headers=self.headers(actor))
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        fields = {
            "results",
            "mode",
            "syntax",
            "complete",
            "degraded",
            "degradations",
            "age_seconds",
            "took_ms",
            "corrections",
            "more",
        }
        assert set(answer) == {*fields, "explanation"}
        assert answer["took_ms"] > 0
        return answer

    def headers(self, actor: str) -> dict[str, str]:
        if actor == "anonymous":
            return {}
        metadata = {"staff": True} if actor == "staff" else {}
        return {"Authorization": f"Bearer {self.project.key.token(self.tenants.people[actor], app_metadata=metadata)}"}


@pytest.fixture(scope="module")
async def world(database: Database) -> AsyncIterator[World]:
    embedder = FaultyEmbedder(create_embedder(EmbedderChoice("onnx")))
    tenants = populate(database)
    with database.connect() as connection, as_caller(connection, tenants.people["stranger"]):
        for title, content in TEXTS.items():
            connection.execute(
                "insert into public.documents (title, content, organization_id, visibility, metadata)"
                """ values (%s, %s, %s, 'public', '{"shelf": 3}')""",
                (title, content, tenants.meadow),
            )
    with database.connect("supabase_admin") as admin:
        tenants.people["reader"] = make_user(admin, "reader@example.org")
        admin.execute(
            "insert into public.documents (title, content, owner_id, unread_by_model)"
            " values ('船の手引き', '嵐のときの船は二重に係留する。', %s, 'all-MiniLM-L6-v2')",
            (tenants.people["reader"],),
        )
    texts = {title: f"What stands in the {title}." for title in DOCUMENTS} | TEXTS
    texts |= {name: description for _, name, description, *_ in PRODUCTS.values()}
    vectors = dict(zip(texts, (await embedder.embed_chunks(list(texts.values()))).tolist(), strict=True))
    with database.connect() as connection, database.connect("tidegate_worker") as worker:
        index_documents(worker, vectors)
        products = stock_shop(connection, worker, vectors)
    project = Project()
    app = make_app(project, database.url_for("tidegate_gateway"), embedder=embedder)
    async with client_of(app) as client:
        yield World(client, project, embedder, tenants, products, database)


@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize("mode", ["semantic", "keyword", "hybrid"])
async def test_each_finds_what_is_theirs_and_nothing_else(world: World, actor: str, mode: str) -> None:
    answer = await world.search(actor, query="stands", mode=mode, limit=100, **{"in": ["documents"]})
    # By words only the tenants' texts match; by meaning everything visible is ranked.
    expected = READABLE[actor] | (set(TEXTS) if mode != "keyword" else set())
    assert sorted(result["title"] for result in answer["results"]) == sorted(expected)
    assert answer["mode"] == mode
    assert answer["complete"] is True
    assert (answer["degraded"], answer["degradations"]) == (False, [])
    scores = [result["score"] for result in answer["results"]]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("mode", ["semantic", "hybrid"])
@pytest.mark.parametrize(
    ("query", "title"),
    [("heavy wind is coming, what about the boat", "Storm procedure"), ("time off work", "Holiday rules")],
)
async def test_meaning_finds_what_words_do_not(world: World, mode: str, query: str, title: str) -> None:
    answer = await world.search("anonymous", query=query, mode=mode, limit=1, **{"in": ["documents"]})
    (result,) = answer["results"]
    assert result["title"] == title


async def test_the_shape_of_a_document(world: World) -> None:
    answer = await world.search("anonymous", query="gale forecast sails", limit=1)
    (result,) = answer["results"]
    assert set(result) == {
        "kind",
        "id",
        "document_id",
        "title",
        "snippet",
        "highlights",
        "heading_path",
        "score",
        "metadata",
        "owner",
        "passages",
        "content",
        "unread_by_model",
    }
    assert result["kind"] == "document"
    assert result["owner"] == {
        "kind": "organization",
        "id": str(world.tenants.meadow),
        "name": "Meadow",
        "handle": "meadow",
    }
    assert result["document_id"] == result["id"]
    assert "gale is forecast" in result["snippet"]
    assert result["heading_path"] == []
    assert result["metadata"] == {"shelf": 3}


async def test_the_shape_of_a_product(world: World) -> None:
    answer = await world.search("anonymous", query="anchor lamp", limit=1, **{"in": ["products"]})
    (result,) = answer["results"]
    assert (result["kind"], result["id"]) == ("product", str(world.products["LAMP-01"]))
    assert (result["document_id"], result["owner"]) == (None, None)
    assert result["metadata"] == {
        "sku": "LAMP-01",
        "category": "lamps",
        "price": 35.5,
        "currency": "EUR",
        "in_stock": True,
    }


@pytest.mark.parametrize(
    ("filters", "skus"),
    [
        ({}, {"ROPE-12", "ROPE-20", "LAMP-01"}),
        ({"category": "ropes"}, {"ROPE-12", "ROPE-20"}),
        ({"category": "unknown"}, set()),
        ({"price_min": 19.99}, {"ROPE-12", "ROPE-20", "LAMP-01"}),
        ({"price_min": 20}, {"ROPE-20", "LAMP-01"}),
        ({"price_max": 19.99}, {"ROPE-12"}),
        ({"price_max": 19.98}, set()),
        ({"price_min": 35.5, "price_max": 35.5}, {"LAMP-01"}),
        ({"in_stock": True}, {"ROPE-12", "LAMP-01"}),
        ({"in_stock": False}, {"ROPE-20"}),
        ({"in_stock": True, "category": "ropes", "price_max": 100}, {"ROPE-12"}),
        ({"category": None, "in_stock": None}, {"ROPE-12", "ROPE-20", "LAMP-01"}),
    ],
)
@pytest.mark.parametrize("mode", ["semantic", "hybrid"])
async def test_every_result_passes_every_filter(
    world: World, filters: dict[str, Any], skus: set[str], mode: str
) -> None:
    answer = await world.search("viewer", query="rope or lamp", mode=mode, filters=filters, limit=100)
    found = {result["metadata"]["sku"] for result in answer["results"] if result["kind"] == "product"}
    assert found == skus
    if any(value is not None for value in filters.values()):
        assert all(result["kind"] == "product" for result in answer["results"])


async def test_staff_find_what_is_not_on_sale(world: World) -> None:
    for actor, found in (("staff", True), ("owner", False), ("anonymous", False)):
        answer = await world.search(actor, query="oil lamp", limit=100)
        assert any(result["title"] == "Oil lamp, discontinued" for result in answer["results"]) is found


async def test_an_organizations_documents_alone(world: World) -> None:
    filters = {"organization_ids": [str(world.tenants.harbour)]}
    for actor in ACTORS:
        answer = await world.search(actor, query="what stands", filters=filters, limit=100)
        filed = {title for title, (_, place, _) in DOCUMENTS.items() if place == "harbour"}
        assert {result["title"] for result in answer["results"]} == READABLE[actor] & filed


@pytest.mark.parametrize("mode", ["keyword", "semantic", "hybrid"])
async def test_whether_there_is_more_is_said_at_every_length(world: World, mode: str) -> None:
    body = {"query": "what stands in the leaflet", "mode": mode, "in": ["documents"]}
    everything = await world.search("owner", **body, limit=100)
    count = len(everything["results"])
    assert (count > 3, everything["more"], everything["complete"]) == (True, False, True)
    for limit in (1, count - 1, count, count + 1):
        answer = await world.search("owner", **body, limit=limit)
        assert (len(answer["results"]), answer["more"]) == (min(limit, count), limit < count)
    nothing = await world.search("owner", **body, filters={"metadata": {"no": "such"}})
    assert (nothing["results"], nothing["more"]) == ([], False)


async def test_limits_and_defaults(world: World) -> None:
    assert len((await world.search("owner", query="stands"))["results"]) == 10
    assert len((await world.search("owner", query="stands", limit=1))["results"]) == 1
    assert (await world.search("owner", query="stands", limit=2.0))["mode"] == "hybrid"


@pytest.mark.parametrize(
    "query",
    [
        "'; drop table public.documents; --",
        "%s %(x)s %",
        "a:* & !b | (",
        "🛥️ 漢字 עברית",
        "x" * 4000,
        "the of and",
        "\\",
        "\ufffd",
    ],
)
async def test_odd_queries_are_queries(world: World, query: str) -> None:
    for mode in ("keyword", "semantic", "hybrid"):
        await world.search("owner", query=query, mode=mode)


async def test_supabase_clients_without_a_session_are_nobody(world: World) -> None:
    body = {"query": "stands", "mode": "keyword", "limit": 100, "in": ["documents"]}
    headers = {"Authorization": f"Bearer {PUBLISHABLE_KEY}", "apikey": PUBLISHABLE_KEY}
    response = await world.client.post("/v1/search", json=body, headers=headers)
    assert {result["title"] for result in response.json()["results"]} == READABLE["anonymous"]


async def test_a_token_that_does_not_hold_is_not_nobody(world: World) -> None:
    expired = world.project.key.token(world.tenants.people["owner"], exp=1)
    for token in (expired, "sb_publishable_of_another", "x.y.z"):
        response = await world.client.post(
            "/v1/search", json={"query": "stands"}, headers={"Authorization": f"Bearer {token}"}
        )
        assert response.status_code == 401


async def test_claims_do_not_stay_on_a_connection(world: World) -> None:
    """Owner and nobody in turns on the same few connections."""
    body: dict[str, Any] = {"query": "stands", "mode": "keyword", "limit": 100, "in": ["documents"]}
    for _ in range(10):
        for actor in ("owner", "anonymous", "stranger"):
            titles = {result["title"] for result in (await world.search(actor, **body))["results"]}
            assert titles == READABLE[actor]


@pytest.mark.parametrize("fault", ["down", "refuses", "bug", "short"])
@pytest.mark.parametrize("mode", ["semantic", "hybrid"])
async def test_without_an_embedder_words_are_searched_and_it_is_said(world: World, fault: str, mode: str) -> None:
    world.embedder.fault = fault
    try:
        answer = await world.search("anonymous", query=f"gale {fault} {mode}", mode=mode)
    finally:
        world.embedder.fault = None
    assert_by_words(answer)
    again = await world.search("anonymous", query=f"gale {fault} {mode}", mode=mode)
    assert (again["mode"], again["degraded"]) == (mode, False)


@pytest.mark.parametrize("mode", ["semantic", "hybrid"])
async def test_an_embedder_that_hangs_is_waited_for_no_longer_than_it_may_take(world: World, mode: str) -> None:
    embedder = Shared(world.embedder.inner)
    app = make_app(world.project, world.database.url_for("tidegate_gateway"), embedder=embedder, embedder_timeout_s=0.2)
    async with client_of(app) as client:
        hurried = replace(world, client=client)
        embedder.fault = "hangs"
        assert_by_words(await hurried.search("anonymous", query="gale", mode=mode))
        embedder.fault = None

        async def is_well() -> bool:
            answer = await hurried.search("anonymous", query="gale", mode=mode)
            return (answer["mode"], answer["degraded"]) == (mode, False)

        await until(is_well, "an answer by meaning")


class Shared(FaultyEmbedder):
    """An embedder whose inner one is still in use when a gateway is done with it."""

    async def aclose(self) -> None:
        """Leave it open."""


def assert_by_words(answer: dict[str, Any]) -> None:
    assert answer["mode"] == "keyword"
    assert answer["degraded"] is True
    (degradation,) = answer["degradations"]
    assert (degradation["dependency"], degradation["used"]) == ("embedder", "keyword search")
    assert degradation["reason"].endswith(".")
    assert "10.0.0.7" not in degradation["reason"]
    assert [result["title"] for result in answer["results"]] == ["Storm procedure"]


@pytest.mark.parametrize("mode", ["semantic", "hybrid"])
async def test_a_query_that_the_model_does_not_read_is_searched_by_words(world: World, mode: str) -> None:
    answer = await world.search("reader", query="嵐のときの船", mode=mode)
    assert (answer["mode"], answer["degraded"], answer["complete"]) == ("keyword", True, True)
    assert answer["degradations"] == [
        {
            "dependency": "embedder",
            "reason": "all-MiniLM-L6-v2 does not read the script of the query.",
            "used": "keyword search",
        }
    ]
    assert [result["title"] for result in answer["results"]] == ["船の手引き"]
    (result,) = answer["results"]
    assert [result["snippet"][start:end] for start, end in result["highlights"]] == ["嵐のときの船"]


@pytest.mark.parametrize("mode", ["semantic", "hybrid", "keyword"])
async def test_results_that_the_model_does_not_read_are_named(world: World, mode: str) -> None:
    answer = await world.search("reader", query="sail 係留", mode=mode, limit=100, **{"in": ["documents"]})
    marks = {result["title"]: result["unread_by_model"] for result in answer["results"] if result["unread_by_model"]}
    assert marks == {"船の手引き": "all-MiniLM-L6-v2"}
    reasons = [degradation["reason"] for degradation in answer["degradations"]]
    unread = "all-MiniLM-L6-v2 does not read the script of 1 of the results: their meaning is not compared."
    assert reasons == ([] if mode == "keyword" else [unread])


async def test_an_embedder_of_another_model_is_not_used(world: World) -> None:
    other = Shared(world.embedder.inner)
    other.name = "another-model"
    app = make_app(world.project, world.database.url_for("tidegate_gateway"), embedder=other)
    async with client_of(app) as client:
        answer = (await client.post("/v1/search", json={"query": "gale"})).json()
        status = (await client.get(f"{OPERATIONS}/status")).json()
    assert (answer["mode"], answer["degraded"]) == ("keyword", True)
    assert "another-model" in answer["degradations"][0]["reason"]
    assert status["dependencies"]["embedder"]["state"] == "down"


async def well_status(client: httpx2.AsyncClient) -> dict[str, Any] | None:
    """What the operator is told, once every probe was answered in time."""
    status: dict[str, Any] = (await client.get(f"{OPERATIONS}/status")).json()
    return status if status["status"] == "ok" and status["queue"] and status["model"] else None


async def test_the_status_of_a_well_gateway(world: World) -> None:
    status = await until(partial(well_status, world.client), "everything being well")
    assert {name: dependency["state"] for name, dependency in status["dependencies"].items()} == {
        "database": "up",
        "replica": "off",
        "data_api": "up",
        "auth_keys": "up",
        "embedder": "up",
        "reranker": "off",
        "llm": "off",
        "llm_fallback": "off",
        "payment": "off",
        "storage": "up",
        "rate_limits": "off",
    }
    assert status["status"] == "ok"
    assert status["queue"] == {"pending": 0, "failed": 0, "oldest_pending_seconds": 0}
    assert status["files"] == {"waiting": 0, "reading": 0, "failed": 0, "oldest_waiting_seconds": 0}
    assert status["payments"] == {"waiting": 0, "failed": 0, "oldest_waiting_seconds": 0}
    assert status["model"] == {"name": "all-MiniLM-L6-v2", "dimensions": 384}
    public = await until(partial(answered_status, world, "owner"), "the list")
    assert public == {"status": "ok", "impairments": [], "failed_documents": []}
    assert (await world.client.get("/v1/status")).json()["failed_documents"] is None
    refused = await world.client.get("/v1/status", headers={"Authorization": "Bearer x.y.z"})
    assert refused.status_code == 401


async def answered_status(world: World, actor: str) -> dict[str, Any] | None:
    """What a person is told, once the database was asked in time."""
    status: dict[str, Any] = (await world.client.get("/v1/status", headers=world.headers(actor))).json()
    return status if status["failed_documents"] is not None else None


async def test_failed_documents_are_shown_to_those_who_may_mend_them(world: World) -> None:
    document = world.tenants.documents["harbour handbook"]
    with world.database.connect() as connection:
        connection.execute(
            "update public.documents set status = 'failed', error = 'The text has no words.' where id = %s", (document,)
        )
    for actor, sees in (("owner", True), ("editor", True), ("viewer", False), ("stranger", False)):
        status = await until(partial(answered_status, world, actor), "the list")
        found = [(failed["id"], failed["error"]) for failed in status["failed_documents"]]
        assert found == ([(str(document), "The text has no words.")] if sees else [])
