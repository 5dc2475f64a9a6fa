"""Whatever is sent to search: an answer, or a problem that says what to change; never a 500, never late."""

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from tests.support import Database
from tests.support.catalogue import PRODUCTS, stock_shop
from tests.support.gateway_app import client_of, make_app
from tests.support.passages import index_documents, unit_vector
from tests.support.tenants import populate
from tests.support.tokens import Project

pytestmark = pytest.mark.anyio

DEADLINE_S = 30.0  # half of the time that a request has; a fraction of a second is usual


def nested(depth: int) -> str:
    return '{"a":' * depth + "1" + "}" * depth


# Bodies as text: much of this is no JSON that a library would write.
REFUSED = {
    "an empty query": ('{"query": ""}', 422),
    "white space": ('{"query": " \\n\\t "}', 422),
    "no query": ("{}", 422),
    "a query of null": ('{"query": null}', 422),
    "50,000 characters": (f'{{"query": "{"boat " * 10_000}"}}', 422),
    "100,000 characters": (f'{{"query": "{"boat " * 20_000}"}}', 413),
    "NUL": ('{"query": "bo\\u0000at"}', 422),
    "half a surrogate pair": ('{"query": "boat \\ud83d"}', 422),
    "another half": ('{"query": "\\udc00"}', 422),
    "no limit": ('{"query": "boat", "limit": 0}', 422),
    "an absurd limit": ('{"query": "boat", "limit": 1e300}', 422),
    "a limit of many digits": (f'{{"query": "boat", "limit": {"9" * 5000}}}', 400),
    "an unknown mode": ('{"query": "boat", "mode": "psychic"}', 422),
    "no kind": ('{"query": "boat", "in": []}', 422),
    "a price below nothing": ('{"query": "boat", "filters": {"price_min": -1}}', 422),
    "a price beyond all": ('{"query": "boat", "filters": {"price_max": 1e308}}', 422),
    "a price of infinity": ('{"query": "boat", "filters": {"price_max": 1e999}}', 422),
    "prices the wrong way round": ('{"query": "boat", "filters": {"price_min": 2, "price_max": 1}}', 422),
    "a filter nobody knows": ('{"query": "boat", "filters": {"colour": "red"}}', 422),
    "an organization that is no key": ('{"query": "boat", "filters": {"organization_ids": ["1 or 1=1"]}}', 422),
    "no organization": ('{"query": "boat", "filters": {"organization_ids": []}}', 422),
    "an unknown effort": ('{"query": "boat", "effort": "heroic"}', 422),
    "the exact effort of nobody": ('{"query": "boat", "effort": "exact"}', 403),
    "more phrases than may be": (json.dumps({"query": " ".join(f'"{n}"' for n in range(700))}), 422),
    "more exclusions than may be": (json.dumps({"query": "boat " + " ".join(f"-{n}" for n in range(10, 700))}), 422),
    "more prefixes than may be": (json.dumps({"query": " ".join(f"b{n}*" for n in range(700))}), 422),
    "phrases of too many words": (json.dumps({"query": f'"{"a " * 62}a" "b b" "b"'}), 422),
    "metadata that is a list": ('{"query": "boat", "filters": {"metadata": [1]}}', 422),
    "metadata with NUL": ('{"query": "boat", "filters": {"metadata": {"a": "\\u0000"}}}', 422),
    "metadata with NUL in a name": ('{"query": "boat", "filters": {"metadata": {"\\u0000": 1}}}', 422),
    "metadata with half a surrogate": ('{"query": "boat", "filters": {"metadata": {"a": "\\ud800"}}}', 422),
    "metadata with not a number": ('{"query": "boat", "filters": {"metadata": {"a": NaN}}}', 422),
    "metadata with infinity": ('{"query": "boat", "filters": {"metadata": {"a": -Infinity}}}', 422),
    "metadata with a huge number": ('{"query": "boat", "filters": {"metadata": {"a": 1e400}}}', 422),
    "metadata with many digits": (f'{{"query": "boat", "filters": {{"metadata": {{"a": {"7" * 5000}}}}}}}', 400),
    "metadata too long": (f'{{"query": "boat", "filters": {{"metadata": {{"a": "{"x" * 5000}"}}}}}}', 422),
    "metadata nested deeply": (f'{{"query": "boat", "filters": {{"metadata": {nested(100)}}}}}', 422),
    "metadata nested too deeply": (f'{{"query": "boat", "filters": {{"metadata": {nested(600)}}}}}', 422),
    "metadata nested more deeply": (f'{{"query": "boat", "filters": {{"metadata": {nested(5_000)}}}}}', 400),
    "a list": ("[]", 422),
    "nothing": ("", 422),
    "no JSON": ("query=boat", 400),
}

ANSWERED = {
    "stop words": "the of and",
    "emoji": "😀🛥️👩‍👩‍👧‍👦",
    "right to left": "שלום \u200fعليكم",
    "control characters": "\x01\x02\x03 boat \x7f",
    "combining marks": "b" + "\u0301" * 3000,
    "SQL": "'; drop table public.documents; -- \\'; select 1",
    "tsquery": "a:* & !b | (c <-> d) <2> e",
    "operators alone": '"" - -- * "" -"" or OR or',
    "quotes that do not close": '"boat "rope " "',
    "negation alone": "-boat",
    "phrases without end": '"a" ' * 990,
    "prefixes without end": "bo* " * 999,
    "exclusions without end": "-boat " * 660,
    "or without end": '"a b" or ' * 440,
    "one long word": "x" * 4000,
    "one long word with a star": "x" * 3999 + "*",
    "different words": " ".join(f"w{n}" for n in range(700)),
    "numbers": "1234567890 " * 360,
    "misspelt words": "bota " * 799,
    "different misspelt words": " ".join(f"rope{a}{b}x" for a in "abcdefghijklmno" for b in "abcdefghijklmnopqrst"),
    "SKUs": " ".join(f"RP-{n:05}" for n in range(400)),
    "like patterns": "%_%_% \\% __",
    "regular expressions": "(.*)+$ [[:alpha:]]{1000} (a|a)*",
    "hyphens": "a-b-c-d-" * 490,
    "addresses": "http://a.b/c?d=e&f " * 200,
}

FILTERS: dict[str, Any] = {
    "metadata nested as deeply as may be": json.loads(nested(16)),
    "metadata with a dear number": {"a": 1e300},
    "metadata of every kind": {"a": [1, {"b": None}], "": True, "😀": "\\u0000", "%s": "'"},
    "metadata of nothing": {},
}


@pytest.fixture(scope="module")
async def client(database: Database) -> AsyncIterator[httpx2.AsyncClient]:
    populate(database)
    with database.connect() as connection, database.connect("tidegate_worker") as worker:
        index_documents(worker, {})
        names = [name for _, name, *_ in PRODUCTS.values()]
        stock_shop(connection, worker, {name: unit_vector(place) for place, name in enumerate(names)})
    async with client_of(make_app(Project(), database.url_for("tidegate_gateway"))) as client:
        yield client


async def answer(client: httpx2.AsyncClient, body: str) -> httpx2.Response:
    started = time.monotonic()
    response = await client.post(
        "/v1/search", content=body.encode("utf-8", "surrogatepass"), headers={"Content-Type": "application/json"}
    )
    assert time.monotonic() - started < DEADLINE_S
    return response


@pytest.mark.parametrize("case", REFUSED)
async def test_what_cannot_be_answered_is_refused(client: httpx2.AsyncClient, case: str) -> None:
    body, status = REFUSED[case]
    response = await answer(client, body)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"]
    assert status != 422 or response.json()["errors"], "what to change is said"


@pytest.mark.parametrize("mode", ["keyword", "hybrid"])
@pytest.mark.parametrize("case", ANSWERED)
async def test_odd_queries_are_answered(client: httpx2.AsyncClient, case: str, mode: str) -> None:
    response = await answer(client, json.dumps({"query": ANSWERED[case], "mode": mode}))
    assert response.status_code == 200, response.text
    found = response.json()
    # The default model does not know every script: such a query is searched by words.
    is_unread = case == "right to left" and mode != "keyword"
    assert found["mode"] == ("keyword" if is_unread else mode)
    assert [missing["dependency"] for missing in found["degradations"]] == ["embedder"] * is_unread
    for result in found["results"]:
        assert all(0 <= start < end <= len(result["snippet"]) for start, end in result["highlights"])


@pytest.mark.parametrize("case", FILTERS)
async def test_odd_filters_are_filters(client: httpx2.AsyncClient, case: str) -> None:
    response = await answer(client, json.dumps({"query": "stands", "filters": {"metadata": FILTERS[case]}}))
    assert response.status_code == 200, response.text
    assert bool(response.json()["results"]) == (FILTERS[case] == {})
