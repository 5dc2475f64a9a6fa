"""The reranker's word, and what search does without it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from tests.support import Database
from tests.support.fake_reranker import MODEL, FakeReranker
from tests.support.gateway_app import OPERATIONS, client_of, make_app
from tests.support.passages import index_documents
from tests.support.tenants import populate
from tests.support.tokens import Project
from tests.support.waiting import until

pytestmark = pytest.mark.anyio

TITLES = [f"knot {'z' * number}".strip() for number in range(8)]


@pytest.fixture(scope="module")
def knots(database: Database) -> None:
    """Eight public documents that a search for knots finds alike."""
    person = populate(database).people["stranger"]
    with database.connect("supabase_admin") as admin, database.connect("tidegate_worker") as worker:
        for title in TITLES:
            admin.execute(
                "insert into public.documents (owner_id, visibility, title) values (%s, 'public', %s)", (person, title)
            )
        index_documents(worker, {})


@asynccontextmanager
async def gateway(database: Database, url: str, **changes: Any) -> AsyncIterator[httpx2.AsyncClient]:
    """A gateway that asks the reranker at `url`."""
    app = make_app(
        Project(),
        database.url_for("tidegate_gateway"),
        reranker_url=url,
        reranker_model=MODEL,
        reranker_api_key="secret key",
        reranker_candidates=20,
        **changes,
    )
    async with client_of(app) as client:
        yield client


async def search(client: httpx2.AsyncClient, **body: Any) -> dict[str, Any]:
    """The answer to a search for knots."""
    response = await client.post("/v1/search", json={"query": "knot", "mode": "keyword", "limit": 3, **body})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


@pytest.mark.usefixtures("knots")
async def test_the_reranker_orders_what_search_found(database: Database) -> None:
    with FakeReranker().running() as fake:
        async with gateway(database, fake.url) as client:
            answer = await search(client, query="knot -sail")
    assert [result["title"] for result in answer["results"]] == TITLES[:-4:-1]
    assert [result["score"] for result in answer["results"]] == [0.7, 0.6, 0.5]
    assert (answer["degraded"], answer["complete"]) == (False, True)
    (asked,) = [body for body in fake.seen if body["query"] != "status"]
    assert (asked["query"], asked["top_n"], len(asked["documents"])) == ("knot", 8, 8)
    assert fake.keys == {"Bearer secret key"}


@pytest.mark.usefixtures("knots")
async def test_nothing_found_is_not_ranked(database: Database) -> None:
    with FakeReranker().running() as fake:
        async with gateway(database, fake.url) as client:
            assert (await search(client, query="unheardof"))["results"] == []
    assert fake.seen == []


def _garbage(_answer: dict[str, Any]) -> Any:
    return ["garbage"]


def _too_few(answer: dict[str, Any]) -> Any:
    return {"results": answer["results"][1:]}


def _no_number(answer: dict[str, Any]) -> Any:
    return {"results": [{**row, "relevance_score": float("nan")} for row in answer["results"]]}


FAULTS: dict[str, Callable[[FakeReranker], None]] = {
    "refuses": lambda fake: setattr(fake, "status", 401),
    "is broken": lambda fake: setattr(fake, "status", 500),
    "is busy": lambda fake: setattr(fake, "status", 429),
    "hangs": lambda fake: fake.gate.clear(),
    "sends garbage": lambda fake: setattr(fake, "change_answer", _garbage),
    "ranks too few": lambda fake: setattr(fake, "change_answer", _too_few),
    "sends no number": lambda fake: setattr(fake, "change_answer", _no_number),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.usefixtures("knots")
async def test_without_it_search_answers_in_its_own_order(database: Database, fault: str) -> None:
    with FakeReranker().running() as fake:
        async with gateway(database, fake.url, **({"reranker_timeout_s": 0.3} if fault == "hangs" else {})) as client:
            FAULTS[fault](fake)
            answer = await search(client)
            assert len(answer["results"]) == 3
            assert answer["degraded"] is True
            (degradation,) = answer["degradations"]
            assert degradation["dependency"] == "reranker"
            assert degradation["used"] == "the order of the hybrid score"
            scores = [result["score"] for result in answer["results"]]
            assert scores == sorted(scores, reverse=True)
            status = (await client.get(f"{OPERATIONS}/status")).json()
            assert status["dependencies"]["reranker"]["state"] in ("down", "unknown")
            fake.gate.set()
            fake.status, fake.change_answer = 200, lambda answer: answer

            async def is_well() -> bool:
                return not (await search(client))["degraded"]

            await until(is_well, "its heartbeat finding that it works again", every_s=0.05)


@pytest.mark.usefixtures("knots")
async def test_nobody_there_is_a_degradation(database: Database) -> None:
    async with gateway(database, "http://127.0.0.1:1/v2") as client:
        answer = await search(client)
        assert [degradation["dependency"] for degradation in answer["degradations"]] == ["reranker"]
        assert len(answer["results"]) == 3
