"""A page on another origin calls every route of the gateway and reads the body of every refusal."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Page

from gateway.http.openapi import DESCRIPTIONS
from gateway.local.paths import REPOSITORY
from tests.e2e.browser.support import Traffic, evaluate, site
from tests.support.ports import free_port
from tests.support.slow_line import slow_line
from tests.support.stack import Process, Stack

HTML = b"<!doctype html><title>A shop elsewhere</title>"
JSON = "{ 'content-type': 'application/json' }"

# What a page asks of the gateway, as the arguments of `fetch` after the address; `token` is somebody's.
ROUTES = {
    "POST /v1/search": f"{{ method: 'POST', headers: {JSON}, body: '{{\"query\": \"kettle\"}}' }}",
    "POST /v1/answers": f"{{ method: 'POST', headers: {JSON}, body: '{{\"question\": \"kettle\"}}' }}",
    "POST /v1/chat/completions": (
        f"{{ method: 'POST', headers: {JSON},"
        ' body: \'{"messages": [{"role": "user", "content": "kettle"}], "stream": true}\' }'
    ),
    "POST /v1/embeddings": (
        "{ method: 'POST', body: '{\"input\": \"kettle\"}',"
        " headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` } }"
    ),
    "POST /v1/documents": (
        "{ method: 'POST', headers: { authorization: `Bearer ${token}` }, body: (() => { const form = new FormData();"
        " form.append('title', 'Knots');"
        " form.append('files', new Blob(['# Knots'], { type: 'text/markdown' }), 'knots.md'); return form; })() }"
    ),
    "GET /v1/documents/{document_id}": "{ headers: { authorization: `Bearer ${token}` } }",
    "GET /v1/models": "{}",
    "GET /v1/models/tidegate": "{}",
    "GET /.well-known/oauth-protected-resource": "{}",
    "GET /.well-known/oauth-protected-resource/mcp": "{}",
    "GET /v1/recommendations": "{ headers: { authorization: `Bearer ${token}` } }",
    "GET /v1/status": "{ headers: { authorization: `Bearer ${token}`, 'x-request-id': 'mine' } }",
    "GET /health/live": "{}",
    "GET /health/ready": "{}",
    "GET /openapi.json": "{}",
    "GET /docs": "{}",
}

# What is refused, as status, path and the arguments of `fetch`.
REFUSALS = {
    "a body that is no JSON": (400, "/v1/search", f"{{ method: 'POST', headers: {JSON}, body: '{{' }}"),
    "a forged token": (401, "/v1/recommendations", "{ headers: { authorization: 'Bearer a.b.c' } }"),
    "what people alone may ask": (
        403,
        "/v1/search",
        f'{{ method: \'POST\', headers: {JSON}, body: \'{{"query": "kettle", "effort": "exact"}}\' }}',
    ),
    "what needs a token": (
        401,
        "/v1/embeddings",
        f"{{ method: 'POST', headers: {JSON}, body: '{{\"input\": \"x\"}}' }}",
    ),
    "no such address": (404, "/v1/nothing", "{ headers: { 'x-request-id': 'mine' } }"),
    "GET where POST is meant": (405, "/v1/search", "{}"),
    "DELETE, which asks first": (405, "/v1/search", "{ method: 'DELETE' }"),
    "PUT, which asks first": (405, "/v1/recommendations", "{ method: 'PUT', body: 'x' }"),
    "a long body": (413, "/v1/search", f"{{ method: 'POST', headers: {JSON}, body: 'x'.repeat(300_000) }}"),
    "a very long body": (413, "/v1/search", f"{{ method: 'POST', headers: {JSON}, body: 'x'.repeat(20_000_000) }}"),
    "another type of body": (
        415,
        "/v1/search",
        "{ method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' }",
    ),
    "a wrong field": (422, "/v1/search", f"{{ method: 'POST', headers: {JSON}, body: '{{\"query\": 1}}' }}"),
    "a long header": (431, "/v1/recommendations", "{ headers: { 'x-long': 'x'.repeat(70_000) } }"),
    "a long address": (431, "/v1/recommendations?like=LONG", "{}"),
}
RETURN = "return=representation"
READ = """
    const url = address.replace("LONG", "x".repeat(70_000)).replace("{document_id}", mine);
    const response = await fetch(url, eval(`(${init})`));
    const text = await response.text();
    const names = ["content-type", "x-request-id", "retry-after", "www-authenticate", "allow", "ratelimit"];
    const headers = Object.fromEntries(names.map((name) => [name, response.headers.get(name)]));
    return { status: response.status, text, headers };
"""


@pytest.fixture(scope="module")
def elsewhere(page: Page, stack: Stack, gateway: Process, traffic: Traffic) -> Iterator[Page]:
    """The page, on another origin than the gateway, with somebody's token."""
    assert traffic.requests == []
    with site({"/index.html": HTML}) as origin:
        page.goto(f"{origin}/")
        token = stack.sign_up("somebody@tidegate.example")["access_token"]
        made = httpx2.post(
            f"{stack.supabase_url}/rest/v1/documents?select=id",
            json={"title": "Ropes"},
            headers={"apikey": stack.keys.publishable_key, "authorization": f"Bearer {token}", "prefer": RETURN},
            timeout=60,
            trust_env=False,
        ).json()
        evaluate(page, "globalThis.token = token; globalThis.mine = mine", token=token, mine=made[0]["id"])
        yield page


def ask(page: Page, address: str, init: str) -> dict[str, Any]:
    """What the page sees of the answer; an exception of Playwright where the browser shows it nothing."""
    answer: dict[str, Any] = evaluate(page, READ, address=address, init=init)
    return answer


def problem_of(page: Page, answer: dict[str, Any], status: int) -> dict[str, Any]:
    """The problem that the page has read."""
    assert answer["status"] == status, answer
    assert answer["headers"]["content-type"] == "application/problem+json"
    problem: dict[str, Any] = evaluate(page, "return JSON.parse(text)", text=answer["text"])
    assert problem["status"] == status
    assert problem["detail"]
    assert problem["request_id"] == answer["headers"]["x-request-id"]
    return problem


def test_every_route_of_the_document_is_tried(stack: Stack, gateway: Process) -> None:
    document = httpx2.get(f"{stack.gateway_url}/openapi.json", timeout=60, trust_env=False).json()
    routes = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    assert routes <= set(ROUTES)


@pytest.mark.parametrize("route", ROUTES)
def test_a_page_asks_every_route(elsewhere: Page, stack: Stack, route: str) -> None:
    path = route.partition(" ")[2]
    answer = ask(elsewhere, f"{stack.gateway_url}{path}", ROUTES[route])
    assert answer["status"] == (202 if route == "POST /v1/documents" else 200), answer
    assert answer["text"]
    assert answer["headers"]["x-request-id"]


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_page_reads_every_refusal(elsewhere: Page, stack: Stack, refusal: str) -> None:
    status, path, init = REFUSALS[refusal]
    answer = ask(elsewhere, f"{stack.gateway_url}{path}", init)
    problem_of(elsewhere, answer, status)
    assert answer["headers"]["www-authenticate" if status == 401 else "content-type"]
    assert (answer["headers"]["allow"] is not None) == (status == 405)


@contextmanager
def another_gateway(stack: Stack, **settings: str) -> Iterator[Stack]:
    """A gateway with other settings on the same database, answering; ready or not."""
    other = Stack(stack.database, stack.state, stack.logs)
    other.supabase_port = stack.supabase_port
    try:
        other.launch_gateway(**settings).wait_listening()
        yield other
    finally:
        other.stop()


def test_the_documentation_lists_the_refusals() -> None:
    text = (REPOSITORY / "docs" / "browser.md").read_text(encoding="utf-8")
    (listed,) = re.findall(r"Every refusal of the gateway is[^:]+: ([^.]+)\.", text)
    assert {int(status) for status in re.findall(r"\d+", listed)} == set(DESCRIPTIONS)


def test_a_page_reads_that_its_upload_is_too_slow(elsewhere: Page, stack: Stack) -> None:
    init = f"{{ method: 'POST', headers: {JSON}, body: 'x'.repeat(60_000) }}"
    with another_gateway(stack, UPLOAD_TIMEOUT_S="1") as hasty, slow_line(hasty.gateway_port, first=2_000) as port:
        answer = ask(elsewhere, f"http://127.0.0.1:{port}/v1/search", init)
    assert "UPLOAD_TIMEOUT_S" in problem_of(elsewhere, answer, 408)["detail"]


def test_a_page_reads_that_nothing_can_answer(elsewhere: Page, stack: Stack) -> None:
    """A gateway of which neither the database nor the Data API can be reached."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    database = f"postgresql://tidegate_gateway@127.0.0.1:{free_port()}/postgres"
    with another_gateway(stack, GATEWAY_DATABASE_URL=database, SUPABASE_URL=nowhere) as away:
        answer = ask(elsewhere, f"{away.gateway_url}/v1/search", ROUTES["POST /v1/search"])
        problem_of(elsewhere, answer, 503)
        assert int(answer["headers"]["retry-after"]) > 0
        assert ask(elsewhere, f"{away.gateway_url}/health/ready", "{}")["status"] == 503


def ask_at_once(page: Page, address: str, init: str, times: int) -> list[dict[str, Any]]:
    """What the page sees of as many answers, on all the connections that its browser opens."""
    script = f"const read = async (address, init) => {{ {READ} }};"
    every = "return await Promise.all(Array.from({ length: times }, () => read(address, init)))"
    answers: list[dict[str, Any]] = evaluate(page, script + every, address=address, init=init, times=times)
    return answers


def test_a_page_reads_that_there_is_no_room(elsewhere: Page, stack: Stack) -> None:
    """More at once than a gateway of one place takes: whoever is refused can read why, and when to come again."""
    with another_gateway(stack, CONCURRENCY="1") as narrow:
        narrow.processes[-1].wait_ready()
        answers = ask_at_once(elsewhere, f"{narrow.gateway_url}/v1/search", ROUTES["POST /v1/search"], 60)
    assert {answer["status"] for answer in answers} <= {200, 429, 503}
    for answer in answers:
        if answer["status"] != 200:
            problem_of(elsewhere, answer, answer["status"])
            assert int(answer["headers"]["retry-after"]) > 0


def test_a_page_reads_that_it_asks_too_often(elsewhere: Page, stack: Stack) -> None:
    """Asking whether it may ask is not what is counted."""
    with another_gateway(stack, RATE_LIMIT_ADDRESS="4 per day") as strict:
        strict.processes[-1].wait_ready()
        answers = ask_at_once(elsewhere, f"{strict.gateway_url}/v1/search", ROUTES["POST /v1/search"], 20)
    refused = [answer for answer in answers if answer["status"] != 200]
    assert len(refused) >= 16
    for answer in refused:
        problem_of(elsewhere, answer, 429)
        assert int(answer["headers"]["retry-after"]) > 0
        assert answer["headers"]["ratelimit"]


def test_nothing_was_forbidden_to_the_page(elsewhere: Page, stack: Stack, traffic: Traffic) -> None:
    ask(elsewhere, f"{stack.gateway_url}/health/live", "{}")
    assert traffic.complaints == []
