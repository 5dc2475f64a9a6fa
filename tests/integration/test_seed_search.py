"""The demonstration keeps its promise: questions in other words find the texts, for whoever may read them."""

import asyncio
import tomllib
from collections.abc import Mapping
from functools import cache
from math import log2
from pathlib import Path
from statistics import mean
from typing import Any

import httpx2
import psycopg
import pytest

from gateway.local.seed import seed
from tests.support.databases import Database
from tests.support.seeding import PASSWORD, seed_environment
from tests.support.stack import Process, Stack
from tests.support.waiting import wait_until

# None shares more than one word of substance with what it must find.
GOLDEN = Path(__file__).parents[1] / "golden.toml"
QUESTIONS = GOLDEN.with_name("questions.toml")
# Mean nDCG@10 that the golden set has to reach; what it reached when this was written is in the README.
# Chunks of one section have fewer words than chunks that ran over headings: words alone lost .02, both together gained.
FLOORS = {"keyword": 0.78, "semantic": 0.87, "hybrid": 0.93}
PUBLIC_QUESTIONS = {
    "something to keep coffee hot on a hike": "Emberline Vacuum Flask 1 L",
    "poisonous exhaust from cooking in a sealed shelter": "Stoves, Fuel and Fresh Air",
    "preparing a boat motor for freezing weather": "Winterising an Inboard Diesel",
    "barnacles growing under a ship": "Antifouling: Choosing It, Putting It On, Taking It Off",
    "summon a helicopter from a place with no phone reception": "Beacon One Personal Locator",
    "drowning person needs something thrown to them": "Rescue Throw Line 20 m",
}
SHOP_QUESTIONS = {
    "teenager wants to buy a dagger": "Selling Knives, Axes and Fuel",
    "employee perks and vacation entitlement": "Employee Handbook",
    "yearly inventory audit": "Runbook: Annual Stocktake",
}
YARD_QUESTIONS = {
    "how long is surveillance footage stored": "Cameras, Keys and Personal Information",
    "petroleum leaking into the harbour": "Runbook: Oil or Fuel on the Water",
    "hurricane is coming, secure the yachts": "Runbook: Preparing for a Storm",
}
OWNERS_QUESTION, OWNERS_DOCUMENT = "salary increase proposal", "Pay Review 2026: Proposal to the Directors"


@pytest.fixture(scope="module")
def project(stack: Stack, database: Database, api: Process, worker: Process, gateway: Process) -> dict[str, str]:
    """A seeded stack whose worker has nothing left to do."""
    environment = seed_environment(stack)
    asyncio.run(seed(environment, lambda _line: None))
    with database.connect() as connection:
        wait_until(lambda: _is_embedded(connection), "the seed being embedded", every_s=0.2)
    return {**environment, "GATEWAY_URL": stack.gateway_url}


def _is_embedded(connection: psycopg.Connection[Any]) -> bool:
    row = connection.execute(
        "select not exists (select from private.embedding_jobs)"
        " and not exists (select from public.documents where status <> 'ready')"
        " and (select count(distinct source_id) from public.chunk_embeddings)"
        "   = (select count(*) from public.documents) + (select count(*) from public.products)"
    ).fetchone()
    assert row is not None
    return bool(row[0])


def _titles(project: Mapping[str, str], query: str, account: str | None = None, **body: Any) -> list[str]:
    headers = {"Authorization": f"Bearer {_token(project, account)}"} if account else {}
    url = f"{project['GATEWAY_URL']}/v1/search"
    answer = httpx2.post(url, json={"query": query, **body}, headers=headers, timeout=60, trust_env=False)
    assert answer.status_code == 200, answer.text
    return [result["title"] for result in answer.json()["results"]]


def _token(project: Mapping[str, str], account: str) -> str:
    answer = httpx2.post(
        f"{project['SUPABASE_URL']}/auth/v1/token?grant_type=password",
        json={"email": project[f"DEMO_{account.upper()}_EMAIL"], "password": PASSWORD},
        headers={"apikey": project["SUPABASE_PUBLISHABLE_KEY"]},
        timeout=60,
        trust_env=False,
    )
    answer.raise_for_status()
    return str(answer.json()["access_token"])


@pytest.mark.parametrize(("question", "title"), PUBLIC_QUESTIONS.items(), ids=PUBLIC_QUESTIONS.values())
def test_everybody_finds_public_texts_by_meaning(project: Mapping[str, str], question: str, title: str) -> None:
    assert _titles(project, question, mode="semantic")[0] == title
    assert title in _titles(project, question, mode="hybrid")[:5]


@pytest.mark.parametrize(
    ("account", "stranger", "question", "title"),
    [("member", "outsider", *pair) for pair in SHOP_QUESTIONS.items()]
    + [("outsider", "member", *pair) for pair in YARD_QUESTIONS.items()]
    + [("owner", "member", OWNERS_QUESTION, OWNERS_DOCUMENT)],
)
def test_members_find_their_organizations_texts_and_strangers_do_not(
    project: Mapping[str, str], account: str, stranger: str, question: str, title: str
) -> None:
    assert _titles(project, question, account, mode="semantic")[0] == title
    for other in (stranger, None):
        assert title not in _titles(project, question, other, mode="semantic", limit=100)


def test_products_that_are_not_sold_are_found_by_staff_alone(project: Mapping[str, str]) -> None:
    body = {"mode": "semantic", "in": ["products"], "limit": 100}
    title = "Pebble Stove, First Edition"
    assert title in _titles(project, "brass spirit burner", "staff", **body)
    for account in ("owner", None):
        assert title not in _titles(project, "brass spirit burner", account, **body)


@cache
def _golden() -> list[tuple[str | None, str, dict[str, int]]]:
    """Account, query and grades by title."""
    return _asked(GOLDEN, "queries")


def _questions() -> list[tuple[str | None, str, list[str]]]:
    """Account, question, and the title that answers it, followed by headings of the sections that do."""
    return _asked(QUESTIONS, "questions")


def _asked(path: Path, name: str) -> list[tuple[str | None, str, Any]]:
    read = tomllib.loads(path.read_text(encoding="utf-8"))
    asked = {None: read[name], **read[f"{name}_of"]}
    return [(account, query, answer) for account, queries in asked.items() for query, answer in queries.items()]


def _ndcg(titles: list[str], grades: Mapping[str, int]) -> float:
    gains = [(2.0 ** grades.get(title, 0) - 1) / log2(place + 2) for place, title in enumerate(titles[:10])]
    best = sorted(grades.values(), reverse=True)[:10]
    return sum(gains) / sum((2.0**grade - 1) / log2(place + 2) for place, grade in enumerate(best))


def test_the_golden_set_speaks_of_the_seed(project: Mapping[str, str], database: Database) -> None:
    with database.connect() as connection:
        rows = connection.execute(
            "select title from public.documents union select name from public.products"
        ).fetchall()
    missing = {title for _, _, grades in _golden() for title in grades} - {row[0] for row in rows}
    assert missing == set()
    assert len(_golden()) >= 60


@pytest.mark.parametrize("mode", FLOORS)
def test_the_golden_set_is_answered(project: Mapping[str, str], mode: str) -> None:
    tokens = {account: _token(project, account) if account else None for account, _, _ in _golden()}
    found = {}
    with httpx2.Client(base_url=project["GATEWAY_URL"], timeout=60, trust_env=False) as client:
        for account, query, grades in _golden():
            headers = {"Authorization": f"Bearer {tokens[account]}"} if account else {}
            answer = client.post("/v1/search", json={"query": query, "mode": mode}, headers=headers).raise_for_status()
            titles = [result["title"] for result in answer.json()["results"]]
            found[query] = (_ndcg(titles, grades), titles[:3])
    worst = sorted((score, query, titles) for query, (score, titles) in found.items())[:15]
    score = mean(score for score, _ in found.values())
    print(f"{mode}: nDCG@10 {score:.3f}", *worst, sep="\n")
    assert score >= FLOORS[mode], worst


def test_the_demo_answers_its_own_questions(project: Mapping[str, str]) -> None:
    tokens = {account: _token(project, account) if account else None for account, _, _ in _questions()}
    first, third, cited, missed = 0, 0, [], []
    with httpx2.Client(base_url=project["GATEWAY_URL"], timeout=60, trust_env=False) as client:
        for account, question, (title, *headings) in _questions():
            headers = {"Authorization": f"Bearer {tokens[account]}"} if account else {}
            answer = client.post("/v1/search", json={"query": question}, headers=headers).raise_for_status()
            results = answer.json()["results"]
            titles = [result["title"] for result in results[:3]]
            first += titles[0] == title
            third += title in titles
            if titles[0] != title:
                missed.append((question, titles))
            elif headings:
                path = results[0]["heading_path"]
                cited.append((question, path, not {*headings}.isdisjoint(path)))
    sections = mean(is_right for *_, is_right in cited)
    print(f"of {len(_questions())} questions, found first {first}, among the first three {third}", *missed, sep="\n")
    print(f"right section cited {sections:.2f}", *(each for each in cited if not each[-1]), sep="\n")
    assert len(_questions()) == 40
    assert "how do I return boots that do not fit" not in dict(missed)
    assert first >= 31
    assert third >= 38
