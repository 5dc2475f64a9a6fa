"""Every kind of bad input is a 4xx problem that says what and why, never a 500, never the input again."""

import gzip
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from tests.support.gateway_app import client_of, make_app
from tests.support.tokens import Project

pytestmark = pytest.mark.anyio
JSON = {"Content-Type": "application/json"}
LIMIT = 10_000
ID = "6b1f6f4e-2f0e-4a51-9d7c-3d7f6a1f0b11"


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return make_app(Project(), max_body_bytes=LIMIT)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(app, started=False) as client:
        yield client


def problem_of(response: httpx2.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["status"] == status
    assert problem["type"].startswith("urn:tidegate:problem:")
    assert problem["title"]
    assert problem["detail"]
    assert problem["request_id"] == response.headers["X-Request-Id"]
    return problem


async def search(client: httpx2.AsyncClient, body: Any) -> httpx2.Response:
    return await client.post("/v1/search", content=body if isinstance(body, bytes) else json.dumps(body), headers=JSON)


@pytest.mark.parametrize(
    ("body", "pointer", "words"),
    [
        ({}, "#/query", "required"),
        ({"query": ""}, "#/query", "at least 1 character"),
        ({"query": " \t\n "}, "#/query", "at least 1 character"),
        ({"query": "x" * 4001}, "#/query", "at most 4000 characters"),
        ({"query": "a\x00b"}, "#/query", "NUL"),
        ({"query": "\ud800"}, "#/query", "valid string"),
        ({"query": 7}, "#/query", "valid string"),
        ({"query": None}, "#/query", "valid string"),
        ({"query": ["x"]}, "#/query", "valid string"),
        ({"query": "x", "mode": "fuzzy"}, "#/mode", "'semantic', 'keyword' or 'hybrid'"),
        ({"query": "x", "mode": None}, "#/mode", "'semantic', 'keyword' or 'hybrid'"),
        ({"query": "x", "in": []}, "#/in", "at least 1 item."),
        ({"query": "x", "in": ["documents", "documents"]}, "#/in", "once"),
        ({"query": "x", "in": ["orders"]}, "#/in/0", "'documents' or 'products'"),
        ({"query": "x", "in": "documents"}, "#/in", "valid list"),
        ({"query": "x", "in_": ["documents"]}, "#/in_", "no such field"),
        ({"query": "x", "kinds": ["documents"]}, "#/kinds", "no such field"),
        ({"query": "x", "limit": 0}, "#/limit", "greater than or equal to 1"),
        ({"query": "x", "limit": 101}, "#/limit", "less than or equal to 100"),
        ({"query": "x", "limit": 1.5}, "#/limit", "valid integer"),
        ({"query": "x", "limit": "10"}, "#/limit", "valid integer"),
        ({"query": "x", "limit": True}, "#/limit", "valid integer"),
        ({"query": "x", "limit": 10**30}, "#/limit", "less than or equal to 100"),
        ({"query": "x", "filters": None}, "#/filters", "JSON object"),
        ({"query": "x", "filters": []}, "#/filters", "JSON object"),
        ({"query": "x", "filters": {"colour": "red"}}, "#/filters/colour", "no such field"),
        ({"query": "x", "filters": {"a/b~c": 1}}, "#/filters/a~1b~0c", "no such field"),
        ({"query": "x", "filters": {"organization_ids": 7}}, "#/filters/organization_ids", "valid list"),
        ({"query": "x", "filters": {"organization_ids": []}}, "#/filters/organization_ids", "at least 1 item"),
        (
            {"query": "x", "filters": {"organization_ids": [ID] * 101}},
            "#/filters/organization_ids",
            "at most 100 items",
        ),
        ({"query": "x", "filters": {"organization_ids": [7]}}, "#/filters/organization_ids/0", "a UUID as text."),
        ({"query": "x", "filters": {"organization_ids": ["harbour"]}}, "#/filters/organization_ids/0", "valid UUID"),
        ({"query": "x", "effort": "heroic"}, "#/effort", "'bounded' or 'exact'"),
        ({"query": "x", "filters": {"category": "Deck Gear"}}, "#/filters/category", "pattern"),
        ({"query": "x", "filters": {"category": "a" * 64}}, "#/filters/category", "at most 63"),
        ({"query": "x", "filters": {"price_min": -0.01}}, "#/filters/price_min", "greater than or equal to 0"),
        ({"query": "x", "filters": {"price_max": 1e300}}, "#/filters/price_max", "less than or equal to"),
        ({"query": "x", "filters": {"price_min": "5"}}, "#/filters/price_min", "valid number"),
        ({"query": "x", "filters": {"price_min": True}}, "#/filters/price_min", "valid number"),
        ({"query": "x", "filters": {"price_min": 9, "price_max": 1}}, "#/filters", "swap them"),
        ({"query": "x", "filters": {"in_stock": "yes"}}, "#/filters/in_stock", "valid boolean"),
        ({"query": "x", "in": ["documents"], "filters": {"in_stock": True}}, "#", "add 'products' to 'in'"),
        (
            {"query": "x", "in": ["products"], "filters": {"organization_ids": [ID]}},
            "#",
            "add 'documents' to 'in'",
        ),
        ([], "#", "JSON object"),
        (b"null", "#", "JSON object"),
        (b"", "#", "JSON object"),
        (b'{"query": "x", "filters": {"price_min": NaN}}', "#/filters/price_min", "finite number"),
        (b'{"query": "x", "filters": {"price_min": 1e999}}', "#/filters/price_min", "finite number"),
    ],
)
async def test_wrong_fields(client: httpx2.AsyncClient, body: Any, pointer: str, words: str) -> None:
    problem = problem_of(await search(client, body), 422)
    (error,) = problem["errors"]
    assert error["pointer"] == pointer
    assert words in error["detail"]
    assert error["code"]
    assert problem["detail"] == f"{pointer}: {error['detail']}"


@pytest.mark.parametrize(
    "body",
    [
        b'{"query": ',
        b"{'query': 'x'}",
        b'{"query": "\xff\xfe"}',
        b'{"query": "x", "filters": ' + b"[" * 4000 + b"]" * 4000 + b"}",
        b'{"a":' * 1500 + b"1" + b"}" * 1500,
        b'{"query": "x", "limit": ' + b"9" * 5000 + b"}",
    ],
)
async def test_what_cannot_be_read(client: httpx2.AsyncClient, body: bytes) -> None:
    problem_of(await search(client, body), 400)


async def test_another_media_type(client: httpx2.AsyncClient) -> None:
    problem_of(await client.post("/v1/search", content=b'{"query": "x"}'), 415)
    problem_of(await client.post("/v1/search", data={"query": "x"}), 415)
    compressed = {**JSON, "Content-Encoding": "gzip"}
    body = gzip.compress(b'{"query": "x"}')
    problem = problem_of(await client.post("/v1/search", content=body, headers=compressed), 415)
    assert "Content-Encoding" in problem["detail"]


async def test_too_large(client: httpx2.AsyncClient) -> None:
    async def pieces(count: int) -> AsyncIterator[bytes]:
        for _ in range(count):
            yield b"x" * 1000

    problem = problem_of(await search(client, b"x" * (LIMIT + 1)), 413)
    assert "10,000 bytes" in problem["detail"]
    problem_of(await client.post("/v1/search", content=pieces(11), headers=JSON), 413)
    problem_of(await client.post("/nowhere", content=pieces(11), headers=JSON), 413)
    problem_of(await client.post("/v1/search", content=pieces(10), headers=JSON), 400)
    problem_of(await client.post("/v1/search", content=b"{}", headers={**JSON, "Content-Length": "-1"}), 400)


async def test_no_input_is_repeated_at_length(client: httpx2.AsyncClient) -> None:
    for body in ({"query": "x", "k" * 9000: 1}, {"query": "x", "mode": "m" * 9000}, {f"k{i}": i for i in range(600)}):
        response = await search(client, body)
        problem = problem_of(response, 422)
        assert len(response.content) < 3_500
        assert len(problem["errors"]) <= 20
    response = await client.get("/" + "p" * 9000)
    problem_of(response, 404)
    assert len(response.content) < 1_000


async def test_a_surrogate_in_a_fields_name(client: httpx2.AsyncClient) -> None:
    problem = problem_of(await search(client, b'{"query": "x", "\\ud800": 1}'), 422)
    assert "surrogate" in problem["detail"]


async def test_addresses_and_methods(client: httpx2.AsyncClient) -> None:
    assert problem_of(await client.get("/v1/nothing"), 404)["instance"] == "/v1/nothing"
    assert problem_of(await client.get("/v1/a%0Ab%00"), 404)["instance"] == "/v1/a%0Ab%00"
    problem_of(await client.post("/v1/search/"), 404)
    response = await client.get("/v1/search")
    assert "POST" in problem_of(response, 405)["detail"]
    assert response.headers["Allow"] == "POST"


async def test_tokens_are_judged_before_the_fields(client: httpx2.AsyncClient) -> None:
    for header in ("Bearer x", "Basic x", "Bearer"):
        response = await client.post("/v1/search", json={}, headers={"Authorization": header})
        problem_of(response, 401)
        assert response.headers["WWW-Authenticate"].startswith("Bearer error=")
    twice = [("Authorization", "Bearer a"), ("Authorization", "Bearer b")]
    problem_of(await client.post("/v1/search", json={"query": "x"}, headers=twice), 401)


async def test_request_ids(client: httpx2.AsyncClient) -> None:
    given = await client.get("/health/live", headers={"X-Request-Id": "abc-1.2_3"})
    assert given.headers["X-Request-Id"] == "abc-1.2_3"
    for bad in ("x" * 65, "a b", "a;b", ""):
        made = await client.get("/health/live", headers={"X-Request-Id": bad})
        assert made.headers["X-Request-Id"] != bad
        assert len(made.headers["X-Request-Id"]) == 32


async def test_a_bug_is_a_500_that_tells_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = make_app(Project())

    @app.get("/bug")
    async def bug() -> None:
        raise RuntimeError("the password is hunter2")

    async with client_of(app, started=False) as client:
        response = await client.get("/bug", headers={"Origin": "https://shop.example"})
    problem = problem_of(response, 500)
    assert "hunter2" not in response.text
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert problem["request_id"] in record.getMessage()
    assert record.exc_info is not None


async def test_browsers_may_ask(client: httpx2.AsyncClient) -> None:
    headers = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    asked = {**headers, "Access-Control-Request-Headers": "authorization, apikey, content-type, x-client-info"}
    response = await client.options("/v1/search", headers=asked)
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "apikey" in response.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in response.headers
