"""The largest answers that can be asked for, of what the largest rows hold: bounded, and saying what was left out."""

import json
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import psycopg
import pytest

from tests.support import Database, as_caller
from tests.support.gateway_app import client_of, make_app
from tests.support.tenants import Tenants, populate
from tests.support.tokens import Project
from tests.support.waiting import until
from tests.support.words import gather, write

pytestmark = pytest.mark.anyio

ALLOWED = 1_000_000
ENVELOPE = 2_000  # what an answer holds beside its results
LONGEST = 16_384
# The character that JSON makes most of: six bytes of one.
CONTROL = "\x01"
METADATA = json.dumps({"notes": "n" * (LONGEST - 100)})
SEARCH = (
    "select r.id, s.complete, octet_length(to_json(r)::text)"
    " from public.search(%s, mode => 'keyword', max_results => 100) s cross join unnest(s.results) r"
)


@pytest.fixture(scope="module")
def tenants(database: Database) -> Tenants:
    """A hundred documents, each as large as a result can be, and two that are small."""
    tenants = populate(database)
    with database.connect("supabase_admin") as admin:
        for number in range(100):
            title = f"{number:03} {'t' * 100}{CONTROL * 390}"
            content = "lodestar " * (number % 7 + 1) + f"{CONTROL * 30} " * 50
            id_ = write(admin, None, title, content[:2000], organization_id=tenants.harbour)
            admin.execute("update public.documents set metadata = %s where id = %s", (METADATA, id_))
        for number in range(2):
            write(admin, None, f"small {number}", "a tiny windlass", organization_id=tenants.harbour)
        gather(database)
    return tenants


@pytest.fixture
def allowed(database: Database) -> Iterator[Any]:
    """Sets the bound for one test."""
    change = "update private.limits set allowed = %s where name = 'search_answer_bytes'"
    with database.connect("supabase_admin") as admin:
        yield lambda count: admin.execute(change, (count,))
        admin.execute(change, (ALLOWED,))


@pytest.fixture(scope="module")
async def client(database: Database, tenants: Tenants) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(make_app(Project(), database.url_for("tidegate_gateway"))) as client:
        yield client


def found(connection: psycopg.Connection[Any], query: str) -> list[tuple[uuid.UUID, bool, int]]:
    with as_caller(connection, None):
        return connection.execute(SEARCH, (query,)).fetchall()


def test_the_largest_answer_of_the_database(
    connection: psycopg.Connection[Any], tenants: Tenants, allowed: Any
) -> None:
    rows = found(connection, "lodestar")
    assert 10 < len(rows) < 100
    assert ALLOWED - 80_000 < sum(size for _, _, size in rows) < ALLOWED + 100 * len(rows)
    assert not any(complete for _, complete, _ in rows)
    # The best are kept, in their order.
    allowed(100_000_000)
    everything = found(connection, "lodestar")
    assert [id_ for id_, *_ in everything][: len(rows)] == [id_ for id_, *_ in rows]
    assert len(everything) == 100
    assert all(complete for _, complete, _ in everything)


def test_one_result_always_fits(connection: psycopg.Connection[Any], tenants: Tenants, allowed: Any) -> None:
    allowed(1)
    assert [complete for _, complete, _ in found(connection, "lodestar")] == [False]
    assert found(connection, "nothing like it") == []


def test_what_fits_is_complete(connection: psycopg.Connection[Any], tenants: Tenants) -> None:
    assert [complete for _, complete, _ in found(connection, "windlass")] == [True, True]


async def test_the_largest_answer_of_the_gateway(client: httpx2.AsyncClient) -> None:
    for mode in ("keyword", "hybrid"):
        response = await client.post("/v1/search", json={"query": "lodestar", "mode": mode, "limit": 100})
        assert response.status_code == 200
        assert ALLOWED - 150_000 < len(response.content) < ALLOWED + ENVELOPE
        answer = response.json()
        assert answer["complete"] is False
        assert all(result["metadata"] == json.loads(METADATA) for result in answer["results"])


async def test_what_the_status_says_of_documents(database: Database, tenants: Tenants) -> None:
    owner = tenants.person("owner")
    with database.connect("supabase_admin") as admin:
        admin.execute(
            "insert into public.documents (owner_id, title, status, error)"
            " select %s, left('t' || repeat(%s, 500), 500), 'failed', repeat(%s, 100000) from generate_series(1, 200)",
            (owner, CONTROL, CONTROL),
        )
    project = Project()
    async with client_of(make_app(project, database.url_for("tidegate_gateway"))) as client:
        headers = {"Authorization": f"Bearer {project.key.token(owner)}"}

        async def answered() -> httpx2.Response | None:
            status = await client.get("/v1/status", headers=headers)
            return status if status.json()["failed_documents"] is not None else None  # not known within a second

        response = await until(answered, "the list")
    assert response.json()["failed_documents"]
    assert len(response.content) < ALLOWED
