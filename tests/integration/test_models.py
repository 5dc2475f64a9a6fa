"""Another embedding model without downtime: filled beside the active one, compared, switched to and back, dropped."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import psycopg
import pytest

from gateway.app.application import create_app
from gateway.local.paths import REPOSITORY
from tests.support import Database, wait_until
from tests.support.fake_embedder import DIMENSIONS, MODEL, FakeEmbedder, vector_of
from tests.support.gateway_app import client_of, make_settings
from tests.support.passages import index_documents
from tests.support.tenants import Tenants, populate
from tests.support.tokens import Project
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.anyio

NEXT, NEXT_DIMENSIONS = "another-model", 24
TEXTS = {f"note {number}": f"Word{number} and some more." for number in range(300)}


@pytest.fixture(scope="module")
def old() -> Iterator[FakeEmbedder]:
    with FakeEmbedder().running() as fake:
        yield fake


@pytest.fixture(scope="module")
def new() -> Iterator[FakeEmbedder]:
    with FakeEmbedder(NEXT, NEXT_DIMENSIONS).running() as fake:
        yield fake


@pytest.fixture(scope="module")
def collection(database: Database) -> Tenants:
    """Three hundred public documents with vectors of the first model."""
    tenants = populate(database)
    with database.connect("supabase_admin") as admin, database.connect("tidegate_worker") as worker:
        admin.execute("delete from public.documents")
        with admin.cursor() as cursor:
            cursor.executemany(
                "insert into public.documents (owner_id, visibility, title, content) values (%s, 'public', %s, %s)",
                [(tenants.people["stranger"], title, content) for title, content in TEXTS.items()],
            )
        vectors = {title: _unit(f"{title}\n{content}", DIMENSIONS) for title, content in TEXTS.items()}
        index_documents(worker, vectors)
    return tenants


def _unit(text: str, dimensions: int) -> list[float]:
    vector = np.array(vector_of(text, dimensions))
    return [float(x) for x in vector / np.linalg.norm(vector)]


@pytest.fixture(scope="module")
async def gateway(
    database: Database, collection: Tenants, old: FakeEmbedder, new: FakeEmbedder
) -> AsyncIterator[httpx2.AsyncClient]:
    """A gateway that knows both models and is not restarted."""
    project = Project()
    settings = make_settings(
        database.url_for("tidegate_gateway"),
        embedder="openai",
        embedder_url=old.url,
        embedder_model=MODEL,
        embedder_dimensions=DIMENSIONS,
        next_embedder="openai",
        next_embedder_url=new.url,
        next_embedder_model=NEXT,
        next_embedder_dimensions=NEXT_DIMENSIONS,
    )
    async with client_of(create_app(settings, transport=project.transport)) as client:
        yield client


class Models:
    """The command line, as an operator runs it."""

    def __init__(self, database: Database, old: FakeEmbedder, new: FakeEmbedder) -> None:
        self.new = new
        self.environment = {
            **os.environ,
            **old.environment,
            **{f"NEXT_{name}": value for name, value in new.environment.items()},
            "DATABASE_URL": database.url,
        }

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "gateway.embedding_models", *arguments]
        return subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *arguments: str, status: int = 0) -> str:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == status, out + err
        return out + err


@pytest.fixture(scope="module")
def models(database: Database, old: FakeEmbedder, new: FakeEmbedder) -> Models:
    return Models(database, old, new)


async def nearest(gateway: httpx2.AsyncClient, query: str) -> list[str]:
    """Titles by meaning, for anybody; the answer must not be degraded."""
    body = {"query": query, "mode": "semantic", "in": ["documents"], "limit": 10}
    response = await gateway.post("/v1/search", json=body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    assert answer["degradations"] == []
    assert len(answer["results"]) == 10
    return [result["title"] for result in answer["results"]]


def expected(query: str, dimensions: int) -> list[str]:
    """What one model alone finds."""
    wanted = np.array(_unit(query, dimensions))
    scores = {title: float(wanted @ _unit(f"{title}\n{text}", dimensions)) for title, text in TEXTS.items()}
    return sorted(scores, key=lambda title: -scores[title])[:10]


def vectors_of(admin: psycopg.Connection[Any], model: str) -> int:
    row = admin.execute(
        "select count(*) from public.chunk_embeddings e join private.embedding_models m on m.id = e.model_id"
        " where m.name = %s",
        (model,),
    ).fetchone()
    assert row is not None
    return int(row[0])


async def test_a_model_is_changed_while_searches_go_on(
    database: Database, collection: Tenants, gateway: httpx2.AsyncClient, models: Models, tmp_path: Path
) -> None:
    new = models.new
    with database.connect("supabase_admin") as admin, database.connect("tidegate_worker") as worker:
        assert await nearest(gateway, "a question") == expected("a question", DIMENSIONS)

        # Register: twice is once.
        assert NEXT in models("register", NEXT)
        models("register", NEXT)
        assert vectors_of(admin, NEXT) == 0
        assert "no vector of another-model yet" in models("switch", NEXT, status=1)

        # Fill; killed on the way, it goes on where it was.
        new.close_after = 256
        filling = models.start("backfill", NEXT)
        wait_until(lambda: vectors_of(admin, NEXT) == 256, "the first batch being stored")
        wait_until(lambda: not new.gate.is_set(), "the next batch being at the gate")
        filling.kill()
        filling.communicate()
        new.gate.set()
        assert await nearest(gateway, "a question") == expected("a question", DIMENSIONS)
        before = len(new.seen)
        assert "active" in models("backfill", NEXT)
        assert vectors_of(admin, NEXT) == vectors_of(admin, MODEL) == len(TEXTS)
        assert len(new.seen) - before == len(TEXTS) - 256

        # Compare, on judged questions.
        questions = tmp_path / "questions.jsonl"
        asked = [f"question {number}" for number in range(5)]
        rows = [{"query": query, "relevant": {expected(query, NEXT_DIMENSIONS)[0]: 3}} for query in asked]
        questions.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        printed = models("compare", MODEL, NEXT, str(questions))
        assert f"nDCG@10 of {NEXT}: 1.000" in printed
        assert f"nDCG@10 of {MODEL}: 0." in printed

        # A text that comes between filling and switching is not lost: the worker is told to embed it.
        admin.execute(
            "insert into public.documents (owner_id, visibility, title, content) values (%s, 'public', 'late', 'x')",
            (collection.people["stranger"],),
        )
        index_documents(worker, {"late": _unit("late", DIMENSIONS)})
        assert "1 chunks have no vector" in models("switch", NEXT, status=1)
        models("switch", NEXT, "--incomplete")
        # The gateway has not been told, and knows at the first question.
        assert await nearest(gateway, "a question") == expected("a question", NEXT_DIMENSIONS)
        jobs = admin.execute(
            "select d.title from private.embedding_jobs j join public.documents d on d.id = j.document_id"
        ).fetchall()
        assert jobs == [("late",)]
        admin.execute("delete from public.documents where title = 'late'")

        # And back, and away.
        assert "switch to another model first" in models("drop", NEXT, status=1)
        models("switch", MODEL)
        assert await nearest(gateway, "a question") == expected("a question", DIMENSIONS)
        models("drop", NEXT)
        assert "No embedding model is called another-model" in models("switch", NEXT, status=1)
        assert vectors_of(admin, MODEL) == len(TEXTS)
        left = admin.execute("select count(*) from pg_class where relname ~ '^chunk_embeddings_model_[0-9]+_idx$'")
        assert left.fetchone() == (1,)


def test_a_vector_of_another_model_is_refused(connection: psycopg.Connection[Any], collection: Tenants) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="the query's vector is of elsewhere"):
        connection.execute(
            "select * from public.search('x', %s::extensions.halfvec, embedding_model => 'elsewhere')",
            (str(_unit("x", DIMENSIONS)),),
        )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["register", "unheard-of"], "set NEXT_EMBEDDER"),
        (["backfill", "unheard-of"], "set NEXT_EMBEDDER"),
        (["compare", MODEL, MODEL, "/no/such/file"], "No such file"),
    ],
)
def test_what_cannot_be_done_is_said(models: Models, collection: Tenants, arguments: list[str], words: str) -> None:
    assert words in models(*arguments, status=1)
