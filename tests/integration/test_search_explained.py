"""POST /v1/search with `explain`: why each document is where it is, as each person may know it."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2
import psycopg
import pytest

from gateway.app.container import Services
from gateway.auth.caller import Caller
from gateway.embeddings import EmbedderChoice, create_embedder
from gateway.search.explanation import EXPLAIN_COST
from gateway.search.schemas import SearchRequest
from gateway.why.__main__ import main as why
from tests.integration.test_access import READABLE
from tests.integration.test_search_sql import claims_of
from tests.support import Database, as_caller
from tests.support.gateway_app import client_of, make_app
from tests.support.passages import index_documents
from tests.support.tenants import DOCUMENTS, Tenants, populate
from tests.support.tokens import Project

pytestmark = pytest.mark.anyio

NOBODYS = uuid.UUID("0000dead-0000-4000-8000-000000000000")
ABOUT = {"query": "what stands in the leaflet", "in": ["documents"]}


@dataclass
class World:
    """A started gateway and its data."""

    client: httpx2.AsyncClient
    services: Services
    project: Project
    tenants: Tenants
    database: Database

    async def explained(self, actor: str, *ids: uuid.UUID, **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The answer to this person about these ids, and its explanation."""
        person = self.tenants.people[actor]
        headers = {} if person is None else {"Authorization": f"Bearer {self.project.key.token(person)}"}
        body = {**ABOUT, "explain": True, "explain_ids": [str(each) for each in ids], **changes}
        response = await self.client.post("/v1/search", json=body, headers=headers)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        assert [each["id"] for each in answer["explanation"]["ids"]] == body["explain_ids"]
        return answer, answer["explanation"]

    async def reason(self, document: uuid.UUID, **changes: Any) -> dict[str, Any]:
        """What the owner is told of one document."""
        _, explanation = await self.explained("owner", document, **changes)
        entry: dict[str, Any] = explanation["ids"][0]
        return entry

    def write(self, title: str) -> uuid.UUID:
        """A document of the owner that no worker has seen."""
        with self.database.connect() as connection, as_caller(connection, self.tenants.people["owner"]):
            row = connection.execute(
                "insert into public.documents (title, content, owner_id) values (%s, 'Not yet.', auth.uid())"
                " returning id",
                (title,),
            ).fetchone()
        assert row is not None
        return uuid.UUID(str(row[0]))

    def change(self, statement: str, *values: object) -> None:
        with self.database.connect("supabase_admin") as admin:
            admin.execute(statement.encode(), values)


@pytest.fixture(scope="module")
async def world(database: Database) -> AsyncIterator[World]:
    embedder = create_embedder(EmbedderChoice("onnx"))
    tenants = populate(database)
    texts = [f"What stands in the {title}." for title in DOCUMENTS]
    vectors = dict(zip(DOCUMENTS, (await embedder.embed_chunks(texts)).tolist(), strict=True))
    with database.connect("tidegate_worker") as worker:
        index_documents(worker, vectors)
    project = Project()
    app = make_app(project, database.url_for("tidegate_gateway"), embedder=embedder)
    async with client_of(app) as client:
        yield World(client, app.state.services, project, tenants, database)


@pytest.mark.parametrize("actor", ["owner", "viewer", "stranger", "anonymous"])
@pytest.mark.parametrize("mode", ["hybrid", "semantic", "keyword"])
async def test_what_nobody_has_and_what_the_caller_may_not_read_are_the_same(
    world: World, actor: str, mode: str
) -> None:
    documents = world.tenants.documents
    _, explanation = await world.explained(actor, *documents.values(), NOBODYS, mode=mode, limit=100)
    *entries, unknown = explanation["ids"]
    for title, entry in zip(documents, entries, strict=True):
        if title in READABLE[actor]:
            assert entry["reason"] == "listed", title
        else:
            assert json.dumps(entry).replace(entry["id"], str(NOBODYS)) == json.dumps(unknown)
    assert unknown.pop("reason") == "unknown"
    assert unknown.pop("id") == str(NOBODYS)
    assert {json.dumps(value) for value in unknown.values()} == {"null", "[]"}
    assert explanation["plan"]["chunks"] == len(READABLE[actor])


@pytest.mark.parametrize("mode", ["hybrid", "semantic", "keyword"])
async def test_the_parts_of_a_score_make_it(world: World, mode: str) -> None:
    answer, explanation = await world.explained("owner", mode=mode, limit=3)
    plain = await world.client.post("/v1/search", json={**ABOUT, "mode": mode, "limit": 3})
    assert plain.json()["explanation"] is None
    weight = explanation["plan"]["weight_of_meaning"]
    assert weight == {"hybrid": 0.5, "semantic": 1, "keyword": 0}[mode]
    assert [each["id"] for each in explanation["results"]] == [result["id"] for result in answer["results"]]
    for rank, (result, each) in enumerate(zip(answer["results"], explanation["results"], strict=True), 1):
        assert (each["rank"], each["higher"], each["reason"]) == (rank, rank - 1, "listed")
        assert each["score"] == pytest.approx(result["score"])
        assert each["chunk_id"] == result["passages"][0]["chunk_id"]
        parts = weight * (each["cosine"] or 0) + (1 - weight) * (each["bm25"] or 0)
        assert each["score"] == pytest.approx(parts)
        assert (each["meaning_rank"] is None) == (mode == "keyword")
        assert (each["words_rank"] is None) == (mode == "semantic")
    assert (explanation["plan"]["meaning"] is None) == (mode == "keyword")
    words = explanation["plan"]["words"]
    assert (words is None) == (mode == "semantic")
    if words is not None:
        found = {term["word"]: term["chunks"] for term in words["terms"]}
        assert found == {"stand": len(READABLE["owner"]), "leaflet": 2}


async def test_why_a_document_is_not_in_the_list(world: World) -> None:
    diary, handbook = world.tenants.documents["owner's diary"], world.tenants.documents["harbour handbook"]
    below = await world.reason(diary, limit=1)
    assert (below["reason"], below["rank"] - 1) == ("below", below["higher"])
    filtered = await world.reason(
        diary, filters={"metadata": {"shelf": 3}, "organization_ids": [str(world.tenants.harbour)]}
    )
    assert (filtered["reason"], filtered["filters"]) == ("filtered", ["metadata", "organization_ids"])
    other_kind = await world.reason(diary, **{"in": ["products"]})
    assert (other_kind["reason"], other_kind["filters"]) == ("filtered", ["in"])
    unmet = await world.reason(diary, query='"in the harbour" stands')
    assert (unmet["reason"], unmet["operators"]) == ("operators", ['"in the harbour"'])
    excluded = await world.reason(handbook, query="stands -handbook")
    assert (excluded["reason"], excluded["operators"]) == ("operators", ["-handbook"])
    wordless = await world.reason(diary, query="leaflet", mode="keyword")
    assert (wordless["reason"], wordless["score"]) == ("no_match", None)


async def test_what_is_not_embedded_is_pending_or_failed(world: World) -> None:
    pending = world.write("not yet seen")
    assert (await world.reason(pending))["reason"] == "pending"
    world.change("update public.documents set status = 'failed', error = 'It broke.' where id = %s", pending)
    assert (await world.reason(pending))["reason"] == "failed"
    for actor in ("viewer", "stranger", "anonymous"):
        _, explanation = await world.explained(actor, pending, NOBODYS)
        entry, unknown = explanation["ids"]
        assert json.dumps(entry).replace(str(pending), str(NOBODYS)) == json.dumps(unknown)


async def test_what_an_index_has_lost_was_missed(world: World) -> None:
    diary = world.tenants.documents["owner's diary"]
    about = {"query": "What stands in the owner's diary.", "mode": "semantic", "limit": 2}
    assert (await world.reason(diary, **about))["rank"] == 1
    # From now on indexes are walked, and none of them has the vector.
    world.change("update private.settings set comparison_limit = 0")
    world.change("update public.chunk_embeddings set is_indexed = source_id <> %s", diary)
    world.change("update public.chunk_embeddings set scope_index_id = 9 where source_id = %s", diary)
    lost = await world.reason(diary, **about)
    assert (lost["reason"], lost["rank"], lost["higher"]) == ("missed", None, 0)
    assert lost["cosine"] == pytest.approx(1, abs=0.01)
    _, explanation = await world.explained("owner", **about)
    assert explanation["plan"]["meaning"]["method"] == "indexes"
    assert (await world.reason(diary, **about, effort="exact"))["rank"] == 1
    world.change("update public.chunk_embeddings set is_indexed = false, scope_index_id = 0")
    world.change("update private.settings set comparison_limit = null")


async def test_an_explanation_is_paid_for_and_never_stale(world: World) -> None:
    request = SearchRequest.model_validate(ABOUT)
    explained = SearchRequest.model_validate({**ABOUT, "explain_ids": [str(NOBODYS)]})
    assert explained.cost == request.cost + EXPLAIN_COST
    owner = world.tenants.person("owner")
    caller = Caller(owner, claims_of(owner))
    await world.services.search.search(request, caller)
    stale = world.services.search.search_stale(explained, caller)
    assert stale.results
    assert stale.explanation is None


async def test_an_operator_asks_for_a_person(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    diary, draft = (str(world.tenants.documents[title]) for title in ("owner's diary", "harbour draft"))

    async def ask(*arguments: str) -> tuple[int, str, str]:
        by_words = ("--request", '{"mode": "keyword", "in": ["documents"], "limit": 1}')
        status = await asyncio.to_thread(why, [*by_words, *arguments])
        said = capsys.readouterr()
        return status, said.out, said.err

    monkeypatch.delenv("GATEWAY_DATABASE_URL", raising=False)
    status, _, error = await ask("diary")
    assert (status, "GATEWAY_DATABASE_URL" in error) == (1, True)
    monkeypatch.setenv("GATEWAY_DATABASE_URL", world.database.url_for("tidegate_gateway"))
    owner, guest = str(world.tenants.people["owner"]), str(world.tenants.people["guest"])
    status, text, _ = await ask("diary", diary, draft, str(NOBODYS), "--person", owner)
    assert status == 0
    assert f"{diary}: it is result 1." in text
    assert f"{draft}: it shares no word with the query." in text
    assert f"{NOBODYS}: there is none with this id that the person may read." in text
    _, text, _ = await ask("diary", diary, draft, "--person", guest, "--json")
    assert [each["reason"] for each in json.loads(text)["explanation"]["ids"]] == ["unknown", "no_match"]
    status, _, error = await ask("diary", "--person", str(NOBODYS))
    assert (status, "this account is closed" in error) == (1, True)
    with pytest.raises(SystemExit) as ended:
        why(["diary", "not an id"])
    assert (ended.value.code, "argument ids: invalid UUID value: 'not an id'" in capsys.readouterr().err) == (2, True)


async def test_more_ids_than_are_explained_are_refused(world: World) -> None:
    body = {**ABOUT, "explain_ids": [str(uuid.UUID(int=number)) for number in range(21)]}
    response = await world.client.post("/v1/search", json=body)
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, "#/explain_ids")
    with world.database.connect() as connection, pytest.raises(psycopg.errors.InvalidParameterValue):
        connection.execute(
            "select private.explain_search('x', null, 'keyword', '{documents}', 10, null, null, 'bounded', 1, '{}',"
            " 'plain', array(select gen_random_uuid() from generate_series(1, 21)), false)"
        )
