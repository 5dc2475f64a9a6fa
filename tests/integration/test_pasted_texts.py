"""Ordinary text is a query: what people paste finds its document, whatever looks like an operator in it."""

import asyncio
import tomllib
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest
from psycopg import errors

from gateway.embeddings.onnx import OnnxEmbedder
from tests.support import Database, as_caller
from tests.support.gateway_app import client_of, make_app
from tests.support.passages import as_literal
from tests.support.tenants import populate
from tests.support.tokens import Project
from tests.support.words import gather, organization, write

PASTED = Path(__file__).parents[1] / "pasted"
MODES = ("keyword", "hybrid", "semantic")
# By meaning alone the model decides.
FLOORS = {
    "seen": {"keyword": 20, "hybrid": 20, "semantic": 17},
    "unseen": {"keyword": 18, "hybrid": 18, "semantic": 16},
}
LANGUAGES = {"Faust": "de", "Le Petit Prince": "fr", "Rechnung": "de"}


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((PASTED / f"{name}.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module", autouse=True)
def library(database: Database) -> None:
    """The documents, and the decoys that have the words of the operators."""
    populate(database)
    with database.connect("supabase_admin") as admin:
        admin.execute("delete from public.documents")
    add(database, [each for group in read("documents").values() for each in group.items()])


def add(database: Database, texts: Sequence[tuple[str, str]]) -> None:
    """Public documents of these titles and contents, in one chunk each."""
    vectors = asyncio.run(OnnxEmbedder().embed_chunks([f"{title}\n{content}".strip() for title, content in texts]))
    with database.connect("supabase_admin") as admin:
        for (title, content), vector in zip(texts, vectors, strict=True):
            language = LANGUAGES.get(title, "en")
            source = write(admin, None, title, content, language=language, organization_id=organization(admin))
            admin.execute(
                "insert into public.chunk_embeddings (chunk_id, model_id, source_id, scope_id, embedding)"
                " select c.id, 1, c.source_id, c.scope_id, %s::extensions.halfvec from public.chunks c"
                " where c.source_id = %s",
                (as_literal([float(x) for x in vector]), source),
            )
    gather(database)


@pytest.fixture(scope="module")
async def client(database: Database) -> AsyncIterator[httpx2.AsyncClient]:
    app = make_app(Project(), database.url_for("tidegate_gateway"))
    async with client_of(app) as client:
        yield client


async def ask(client: httpx2.AsyncClient, query: str, **body: Any) -> tuple[list[str], dict[str, Any]]:
    """Titles of the results, and the answer."""
    answer = await client.post("/v1/search", json={"query": query, **body})
    assert answer.status_code == 200, answer.text
    return [result["title"] for result in answer.json()["results"]], answer.json()


@pytest.mark.anyio
@pytest.mark.parametrize("texts", FLOORS)
async def test_a_pasted_text_finds_its_document(client: httpx2.AsyncClient, texts: str) -> None:
    asked = read(texts)["texts"]
    assert len(asked) == 20
    hits: dict[str, int] = {}
    missed = []
    for mode in MODES:
        for each in asked:
            found, _ = await ask(client, each["text"], mode=mode, limit=3)
            hits[mode] = hits.get(mode, 0) + (found[:1] == [each["document"]])
            if found[:1] != [each["document"]]:
                missed.append((mode, each["text"], found))
    print(f"{texts}: found first, of {len(asked)}: {hits}", *missed, sep="\n")
    assert all(hits[mode] >= FLOORS[texts][mode] for mode in MODES), missed


@pytest.mark.anyio
@pytest.mark.parametrize("mode", ["keyword", "hybrid"])
async def test_operators_that_leave_nothing_give_way_and_the_answer_says_so(
    client: httpx2.AsyncClient, mode: str
) -> None:
    found, answer = await ask(client, '"deadlock spotted"', mode=mode)
    assert (found[0], answer["syntax"], answer["degraded"]) == ("Deadlocks", "plain", False)
    found, answer = await ask(client, '"deadlock detected"', mode=mode)
    assert (found, answer["syntax"], answer["complete"]) == (["Deadlocks"], "operators", True)
    found, answer = await ask(client, "deadlock -detected", mode=mode, filters={"metadata": {"no": "such"}})
    assert (found, answer["syntax"], answer["complete"]) == ([], "plain", True)


@pytest.mark.anyio
@pytest.mark.parametrize("mode", ["keyword", "hybrid"])
async def test_plain_switches_operators_off(client: httpx2.AsyncClient, mode: str) -> None:
    for syntax, has_it in (("operators", False), ("plain", True)):
        found, answer = await ask(client, "key -desk", mode=mode, syntax=syntax, limit=100)
        assert ("Keys and names" in found, answer["syntax"]) == (has_it, syntax)


@pytest.mark.anyio
async def test_by_meaning_there_are_no_operators(client: httpx2.AsyncClient) -> None:
    for query in ('"parcels" -express', "-jam", " ".join(f'"{n}"' for n in range(100))):
        found, answer = await ask(client, query, mode="semantic", limit=100)
        assert (len(found), answer["syntax"], answer["complete"]) == (36, "plain", True)


@pytest.mark.anyio
@pytest.mark.parametrize("mode", ["keyword", "hybrid"])
async def test_a_minus_that_a_document_has_excludes_nothing_there(client: httpx2.AsyncClient, mode: str) -> None:
    found, answer = await ask(client, "job -jar", mode=mode)
    assert (found[0], answer["syntax"]) == ("Starting the batch job", "operators")
    assert "Jars of jam" not in found
    # At the beginning of a line it is a bullet.
    found, _ = await ask(client, "galley -flour", mode="keyword")
    assert found == ["Guests in the galley"]


@pytest.mark.anyio
@pytest.mark.parametrize("mode", ["keyword", "hybrid"])
async def test_stop_words_alone_are_found(client: httpx2.AsyncClient, mode: str) -> None:
    for query in ('"to be or not to be"', "To be or not to be", "to be, or not to be -that"):
        found, _ = await ask(client, query, mode=mode)
        assert found[0] == "Hamlet, third act"
    found, answer = await ask(client, '"the of the"', mode="keyword")
    assert (found, answer["complete"]) == ([], True)


@pytest.fixture
def invoice(database: Database) -> Iterator[None]:
    """A German text with a word that is a stop word in English."""
    add(database, [("Rechnung", "To: Frau Müller. Wir bitten um Zahlung der offenen Summe.")])
    yield
    with database.connect("supabase_admin") as admin:
        admin.execute("delete from public.documents where title = 'Rechnung'")


@pytest.mark.anyio
@pytest.mark.usefixtures("invoice")
@pytest.mark.parametrize("mode", ["keyword", "hybrid"])
async def test_stop_words_of_one_language_are_found_beside_texts_of_another(
    client: httpx2.AsyncClient, mode: str
) -> None:
    for query in ("to be or not to be", '"to be or not to be"'):
        found, answer = await ask(client, query, mode=mode)
        assert (found[0], answer["complete"]) == ("Hamlet, third act", True)


@pytest.fixture
def titles(database: Database) -> Iterator[list[str]]:
    """Titles of documents without text."""
    names = ["The Logbook of the Heron", "Untitled", "Notes"]
    add(database, [(name, "") for name in names])
    yield names
    with database.connect("supabase_admin") as admin:
        admin.execute("delete from public.documents where content = ''")


@pytest.mark.anyio
async def test_a_title_without_text_is_found_by_its_words_and_not_by_stop_words(
    client: httpx2.AsyncClient, titles: list[str]
) -> None:
    for mode in MODES:
        found, _ = await ask(client, "logbook of the heron", mode=mode)
        assert found[0] == titles[0], mode
    found, _ = await ask(client, "of the", mode="keyword", limit=100)
    assert [title for title in found if title in titles] == titles[:1] == found[-1:]
    found, _ = await ask(client, "of the", limit=100)
    assert [title for title in found if title in titles] == titles[:1] != found[:1]
    found, answer = await ask(client, "of the", mode="semantic", limit=100)
    assert (len(found), titles[0] in found, answer["complete"]) == (36, False, False)


def test_where_not_every_chunk_was_looked_at_the_answer_is_not_complete(database: Database) -> None:
    limit = (
        "create or replace function private.written_limit() returns integer language sql immutable parallel safe"
        " set search_path = pg_catalog, pg_temp as 'select {}'"
    )
    with database.connect("supabase_admin") as admin:
        admin.execute(limit.format(3).encode())
        try:
            search = (
                "select (s).complete, cardinality((s).results) from public.search('the of the', mode => 'keyword') s"
            )
            assert admin.execute(search).fetchone() == (False, 0)
        finally:
            admin.execute(limit.format(2000).encode())


@pytest.mark.anyio
async def test_another_syntax_is_refused(client: httpx2.AsyncClient, connection: psycopg.Connection[Any]) -> None:
    refused = await client.post("/v1/search", json={"query": "boat", "syntax": "lucene"})
    assert refused.status_code == 422
    (error,) = refused.json()["errors"]
    assert error["pointer"] == "#/syntax"
    assert "'operators' or 'plain'" in error["detail"]
    for syntax in ("lucene", None):
        with as_caller(connection, None), pytest.raises(errors.InvalidParameterValue, match="none of operators, plain"):
            connection.execute("select public.search('boat', mode => 'keyword', syntax => %s)", (syntax,))


def test_the_same_by_rpc(connection: psycopg.Connection[Any]) -> None:
    search = "select s.syntax, s.results[1].title from public.search(%s, mode => 'keyword', syntax => %s) s"
    for query, asked, syntax, title in (
        ("deadlock", "operators", "operators", "Deadlocks"),
        ('"deadlock detected"', "plain", "plain", "Deadlocks"),
        ('"deadlock spotted"', "operators", "plain", "Deadlocks"),
        ('ERROR: "deadlock" detected', "operators", "plain", "Deadlocks"),
    ):
        with as_caller(connection, None):
            assert connection.execute(search, (query, asked)).fetchone() == (syntax, title)
