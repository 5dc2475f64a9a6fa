"""POST /v1/embeddings on a real database with the real model: for people, by OpenAI's form, the vectors of search."""

import base64
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from gateway.embeddings import EmbedderChoice, create_embedder
from tests.support import Database, as_caller
from tests.support.embedders import FaultyEmbedder
from tests.support.gateway_app import client_of, make_app
from tests.support.passages import index_documents
from tests.support.tenants import DOCUMENTS, Tenants, populate
from tests.support.tokens import Project

pytestmark = pytest.mark.anyio

MODEL = "all-MiniLM-L6-v2"
TEXTS = ["how to moor a boat", "Holiday rules", "漢字 🛥️"]


class Shared(FaultyEmbedder):
    """An embedder that others use as well."""

    async def aclose(self) -> None:
        """Leave the inner one to them."""


@dataclass
class World:
    """A started gateway, its clients' project, its faults and its data."""

    client: httpx2.AsyncClient
    project: Project
    embedder: FaultyEmbedder
    tenants: Tenants
    database: Database

    def headers(self, actor: str) -> dict[str, str]:
        """What says who `actor` is."""
        if actor == "anonymous":
            return {}
        return {"Authorization": f"Bearer {self.project.key.token(self.tenants.people[actor])}"}

    async def post(self, actor: str = "stranger", **body: Any) -> httpx2.Response:
        """The response to this person."""
        return await self.client.post("/v1/embeddings", json=body, headers=self.headers(actor))

    async def embed(self, actor: str = "stranger", **body: Any) -> dict[str, Any]:
        """The answer to this person."""
        response = await self.post(actor, **body)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer


@pytest.fixture(scope="module")
async def world(database: Database) -> AsyncIterator[World]:
    embedder = FaultyEmbedder(create_embedder(EmbedderChoice("onnx")))
    tenants = populate(database)
    texts = {title: f"What stands in the {title}." for title in DOCUMENTS}
    vectors = dict(zip(texts, (await embedder.embed_chunks(list(texts.values()))).tolist(), strict=True))
    with database.connect("tidegate_worker") as worker:
        index_documents(worker, vectors)
    project = Project()
    app = make_app(project, database.url_for("tidegate_gateway"), embedder=embedder)
    async with client_of(app) as client:
        yield World(client, project, embedder, tenants, database)


async def test_one_text_or_many_by_openais_form(world: World) -> None:
    answer = await world.embed(input=TEXTS, model=MODEL, dimensions=384, user="somebody")
    assert set(answer) == {"object", "data", "model", "usage"}
    assert (answer["object"], answer["model"]) == ("list", MODEL)
    assert [(row["object"], row["index"], len(row["embedding"])) for row in answer["data"]] == [
        ("embedding", index, 384) for index in range(len(TEXTS))
    ]
    assert all(sum(x * x for x in row["embedding"]) == pytest.approx(1, abs=1e-4) for row in answer["data"])
    assert answer["usage"]["prompt_tokens"] == answer["usage"]["total_tokens"] > 10
    for text, row in zip(TEXTS, answer["data"], strict=True):
        (alone,) = (await world.embed(input=text))["data"]
        assert alone["embedding"] == pytest.approx(row["embedding"], abs=1e-5)
    twice = await world.embed(input=[TEXTS[0], TEXTS[0]])
    assert twice["data"][0]["embedding"] == twice["data"][1]["embedding"]


async def test_base64_holds_the_same_numbers(world: World) -> None:
    numbers = (await world.embed(input=TEXTS[0]))["data"][0]["embedding"]
    text = (await world.embed(input=TEXTS[0], encoding_format="base64"))["data"][0]["embedding"]
    written = base64.b64decode(text)
    assert written == struct.pack("<384f", *numbers)
    # Numbers are no longer than 32-bit floats are.
    assert all(len(repr(number)) <= 16 for number in numbers)


@pytest.mark.parametrize(
    "query", ["what stands in the handbook", ' "stands in" -sail hand* ', "the of and", "what\n  stands -in it"]
)
@pytest.mark.parametrize("mode", ["semantic", "hybrid"])
async def test_the_search_function_answers_with_it_as_the_gateway_does(world: World, query: str, mode: str) -> None:
    # Meaning alone knows no operators: the text is embedded as it is, which is the default.
    syntax = {} if mode == "semantic" else {"syntax": "operators"}
    (row,) = (await world.embed("owner", input=query, **syntax))["data"]
    asked = {"query": query, "mode": mode, "limit": 100, "in": ["documents"], "passages_per_result": 2}
    wanted = (await world.client.post("/v1/search", json=asked, headers=world.headers("owner"))).json()
    assert (wanted["mode"], wanted["degraded"]) == (mode, False)
    with world.database.connect() as connection, as_caller(connection, world.tenants.people["owner"]):
        found = connection.execute(
            "select to_jsonb(s.results) from public.search(%s, %s::extensions.halfvec, %s, '{documents}', 100,"
            " embedding_model => %s, passages_per_result => 2) s",
            (query.strip(), str(row["embedding"]), mode, MODEL),
        ).fetchone()
    assert found is not None
    assert wanted["results"] == found[0]
    assert wanted["results"]


async def test_a_text_is_embedded_as_it_is(world: World) -> None:
    text = 'stands in -sail "slack\n\nwater"'
    expected = (await world.embedder.embed_chunks([text]))[0].tolist()
    for more in ({}, {"input_type": "query"}, {"input_type": "document"}, {"syntax": "plain"}):
        (row,) = (await world.embed(input=text, **more))["data"]
        assert row["embedding"] == pytest.approx(expected, abs=1e-5), more
    (row,) = (await world.embed(input=text, syntax="operators"))["data"]
    (said,) = (await world.embed(input="stands in slack water"))["data"]
    assert row["embedding"] == said["embedding"] != pytest.approx(expected, abs=1e-2)


async def test_it_is_for_people(world: World) -> None:
    response = await world.post("anonymous", input="x")
    assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")
    assert "Sign in" in response.json()["detail"]
    forged = await world.client.post("/v1/embeddings", json={"input": "x"}, headers={"Authorization": "Bearer a.b.c"})
    assert forged.status_code == 401
    assert "invalid_token" in forged.headers["www-authenticate"]


async def test_a_closed_account_is_refused(world: World) -> None:
    assert (await world.post("guest", input="x")).status_code == 200
    with world.database.connect() as connection, as_caller(connection, world.tenants.people["guest"]):
        connection.execute("select public.close_account()")
    assert (await world.post("guest", input="x")).status_code == 401


@pytest.mark.parametrize(
    ("body", "pointer", "says"),
    [
        ({"input": "x", "model": "text-embedding-3-small"}, "#/model", MODEL),
        ({"input": "x", "dimensions": 3}, "#/dimensions", "384"),
        ({"input": "x", "encoding_format": "int8"}, "#/encoding_format", "float"),
        ({"input": "x", "input_type": "passage"}, "#/input_type", "query"),
        ({"input": "x", "more": 1}, "#/more", "no such field"),
        ({"input": ["x"] * 33}, "#/input", "32"),
        ({"input": ["x" * 4000] * 3}, "#/input", "8,000"),
        ({}, "#/input", "required"),
    ],
)
async def test_what_is_wrong_is_said(world: World, body: dict[str, Any], pointer: str, says: str) -> None:
    response = await world.post(**body)
    assert response.status_code == 422, response.text
    errors = response.json()["errors"]
    assert any(error["pointer"].startswith(pointer) and says in error["detail"] for error in errors), errors


@pytest.mark.parametrize("input_", ["", " ", [], [""], ["x", " "], "x" * 4001, [1, 2], [[1, 2]], 1, None, "a\x00b"])
async def test_what_is_no_text_is_refused(world: World, input_: Any) -> None:
    response = await world.post(input=input_)
    assert response.status_code == 422, response.text
    assert all(error["pointer"].startswith("#/input") for error in response.json()["errors"])


@pytest.mark.parametrize("fault", ["down", "bug", "short"])
async def test_an_embedder_that_is_down_is_a_503(world: World, fault: str) -> None:
    world.embedder.fault = fault
    try:
        for texts in (f"{fault} once", [f"{fault} twice", f"{fault} thrice"]):
            response = await world.post(input=texts)
            if fault != "short" or isinstance(texts, str):
                assert response.status_code == 503, response.text
                assert response.headers["retry-after"] == "2"
                assert response.json()["type"].endswith("embedder-unavailable")
                assert "10.0.0.7" not in response.text
    finally:
        world.embedder.fault = None
    assert (await world.post(input=f"{fault} again")).status_code == 200


async def test_a_text_that_the_embedder_refuses_is_a_422(world: World) -> None:
    world.embedder.fault = "refuses"
    try:
        response = await world.post(input="a text")
    finally:
        world.embedder.fault = None
    assert response.status_code == 422
    assert "#/input" in response.json()["detail"]


async def test_an_embedder_of_another_model_embeds_nothing(world: World) -> None:
    other = Shared(world.embedder.inner)
    other.name = "another-model"
    app = make_app(world.project, world.database.url_for("tidegate_gateway"), embedder=other)
    async with client_of(app) as client:
        response = await client.post("/v1/embeddings", json={"input": "x"}, headers=world.headers("owner"))
    assert response.status_code == 503
    assert "another-model" in response.json()["detail"]


@pytest.mark.parametrize(
    ("body", "cost"),
    [
        ({"input": "x"}, 1),
        ({"input": ["x"] * 4}, 1),
        ({"input": ["x"] * 5}, 2),
        ({"input": "xy " * 700}, 3),
        ({"input": ["x"] * 32}, 8),
    ],
)
async def test_many_or_long_texts_count_for_more(world: World, body: dict[str, Any], cost: int) -> None:
    url, embedder = world.database.url_for("tidegate_gateway"), Shared(world.embedder.inner)
    app = make_app(world.project, url, embedder=embedder, rate_limit="1000 per 1 day")
    headers = world.headers("owner")
    async with client_of(app) as client:
        # A token is counted for its person once it is known.
        for _ in range(2):
            before = await client.post("/v1/embeddings", json={"input": "x"}, headers=headers)
        counted = await client.post("/v1/embeddings", json=body, headers=headers)
        after = await client.post("/v1/embeddings", json={"input": "x"}, headers=headers)
    left = [int(response.headers["ratelimit"].partition("r=")[2].partition(";")[0]) for response in (before, after)]
    assert counted.status_code == 200
    assert left[0] - left[1] == cost + 1
