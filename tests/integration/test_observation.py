"""What real processes say of themselves: lines of the log, and the times of an answer."""

import json
import re
import secrets
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

import httpx2
import pytest

from gateway.local.ports import HOST
from tests.support import Database
from tests.support.ports import free_port
from tests.support.stack import Process, Stack
from tests.support.waiting import wait_until

NOWHERE = f"http://{HOST}:1/v1"
ORIGIN = "https://shop.example"


@pytest.fixture(scope="module", autouse=True)
def running(stack: Stack) -> Iterator[None]:
    """All of it, with an embedder that is not there."""
    stack.start_api()
    embedder = {"EMBEDDER_URL": NOWHERE, "EMBEDDER_MODEL": "all-MiniLM-L6-v2", "EMBEDDER_DIMENSIONS": "384"}
    settings = {"LOG_FORMAT": "json", "CORS_ORIGINS": ORIGIN, "EMBEDDER": "openai", **embedder}
    stack.start_gateway(**settings)
    stack.start_worker(**settings)
    yield


def events(process: Process) -> list[dict[str, Any]]:
    """Every whole line of its log."""
    lines = process.log.read_text(encoding="utf-8").rpartition("\n")[0]
    return [json.loads(line) for line in lines.splitlines()]


def accesses(process: Process, request_id: str) -> list[dict[str, Any]]:
    """Its lines of the access log about one request."""
    return [e for e in events(process) if e["logger"] == "gateway.access" and e.get("request_id") == request_id]


def search(stack: Stack, headers: Mapping[str, str]) -> httpx2.Response:
    body = {"query": "a silver boat"}
    return httpx2.post(f"{stack.gateway_url}/v1/search", json=body, headers=headers, timeout=60, trust_env=False)


def test_a_request_is_one_line_that_says_all_of_it(stack: Stack) -> None:
    session, trace_id = stack.sign_up("jane@example.org"), secrets.token_hex(16)
    headers = {
        "authorization": f"Bearer {session['access_token']}",
        "x-request-id": "request-1",
        "traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01",
    }
    assert search(stack, headers).json()["degraded"]
    _, gateway, _ = stack.processes
    [line] = wait_until(lambda: accesses(gateway, "request-1"), "the line of the request")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert line.pop("duration_ms") > 0
    assert line == {
        "level": "info",
        "process": "gateway",
        "logger": "gateway.access",
        "message": "POST /v1/search",
        "route": "/v1/search",
        "status": 200,
        "degradations": ["embedder: keyword search"],
        "request_id": "request-1",
        "trace_id": trace_id,
        "caller": sha256(session["user"]["id"].encode()).hexdigest()[:16],
        "client": "127.0.0.0/24",
    }
    # What went wrong on the way belongs to the same request.
    assert "request-1" in {e.get("request_id") for e in events(gateway) if e["logger"].endswith("query_embedding")}


def test_the_worker_writes_the_same_lines(stack: Stack) -> None:
    *_, worker = stack.processes
    wait_until(lambda: "at work" in worker.output(), "the worker being at work")
    assert {event["process"] for event in events(worker)} == {"worker"}
    assert all({"time", "level", "logger", "message"} <= event.keys() for event in events(worker))


def test_pages_may_read_what_an_answer_has_waited_for(stack: Stack) -> None:
    answer = search(stack, {"origin": ORIGIN})
    parts = dict(part.split(";dur=") for part in answer.headers["server-timing"].split(", "))
    assert {"database", "total"} <= parts.keys()
    assert float(parts["total"]) >= float(parts["database"]) > 0
    assert answer.headers["timing-allow-origin"] == answer.headers["access-control-allow-origin"] == ORIGIN
    assert "Server-Timing" in answer.headers["access-control-expose-headers"]
    assert "timing-allow-origin" not in search(stack, {"origin": "https://other.example"}).headers
    page = httpx2.get(f"{stack.gateway_url}/v1/recommendations", timeout=60, trust_env=False)
    assert "database;dur=" in page.headers["server-timing"]
    asked = httpx2.post(f"{stack.gateway_url}/v1/answers", json={"question": "a boat?"}, timeout=60, trust_env=False)
    assert "database;dur=" in asked.headers["server-timing"]


def test_why_no_connection_is_had_is_logged_once(stack: Stack, database: Database) -> None:
    stack.processes[1].stop()
    url = f"postgresql://tidegate_gateway@{HOST}:{free_port()}/{database.name}"
    gateway = stack.launch_gateway(GATEWAY_DATABASE_URL=url, LOG_FORMAT="json")
    gateway.wait_listening()
    wait_until(lambda: "left alone" in gateway.output(), "the breaker being open")
    assert all(search(stack, {}).json()["degraded"] for _ in range(5))
    reasons = [event["message"] for event in events(gateway) if event["logger"] == "psycopg.pool"]
    assert len(reasons) == 1
    assert "Connection refused" in reasons[0]
