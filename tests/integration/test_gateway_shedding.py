"""Requests above the limit are refused by the connection itself, in the same words as by the application."""

import asyncio
import json
import re
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn

from gateway.app.__main__ import server_config
from gateway.app.container import Services
from gateway.resilience.limiter import ConcurrencyLimiter
from gateway.resilience.request_metrics import SHED
from tests.support.gateway_app import make_app, make_settings
from tests.support.tokens import Project
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.anyio
BODY = b'{"query": "a berth"}'
SEARCH = b"POST /v1/search HTTP/1.1\r\nHost: gateway.test\r\nContent-Type: application/json\r\n"
WITH_BODY = b"Content-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
LIVE = b"GET /health/live HTTP/1.1\r\nHost: gateway.test\r\n\r\n"


@dataclass(frozen=True)
class Answer:
    """Of one request."""

    status: int
    headers: dict[str, str]
    body: dict[str, Any]


class Connection:
    """One connection, kept open."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: uvicorn.Server) -> None:
        self._reader, self._writer, self.server = reader, writer, server

    async def send(self, part: bytes) -> None:
        self._writer.write(part)
        await self._writer.drain()

    async def read_head(self) -> str:
        async with asyncio.timeout(PATIENCE_S):
            return (await self._reader.readuntil(b"\r\n\r\n")).decode()

    async def read_body(self, head: str) -> bytes:
        async with asyncio.timeout(PATIENCE_S):
            return await self._reader.readexactly(int(_headers(head)["content-length"]))

    async def ask(self, request: bytes) -> Answer:
        await self.send(request)
        head = await self.read_head()
        return Answer(int(head.split()[1]), _headers(head), json.loads(await self.read_body(head)))


def _headers(head: str) -> dict[str, str]:
    lines = (line.partition(": ") for line in head.split("\r\n")[1:] if line)
    return {name.lower(): value for name, _, value in lines}


@asynccontextmanager
async def full_gateway() -> AsyncIterator[tuple[Connection, ConcurrencyLimiter]]:
    """A connection to a gateway that has neither a place nor anything to spare, and its limiter."""
    app = make_app(Project())
    services: Services = app.state.services
    now = time.monotonic()
    services.limiter._stale._clock = lambda: now  # what there is to spare comes back with time
    while services.limiter.enter() or services.limiter.allow_stale():
        pass
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(server_config(app, make_settings()))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        try:
            yield Connection(reader, writer, server), services.limiter
        finally:
            writer.close()
            server.should_exit = True
            await serving


def without_ids(answer: Answer) -> tuple[int, dict[str, str], dict[str, Any]]:
    """What two refusals must have in common."""
    ids = ("x-request-id", "date", "content-length")
    return (
        answer.status,
        {name: value for name, value in answer.headers.items() if name not in ids},
        {name: value for name, value in answer.body.items() if name != "request_id"},
    )


async def test_the_connection_refuses_in_the_applications_words() -> None:
    async with full_gateway() as (connection, _):
        before = SHED._value.get()
        of_the_application = await connection.ask(SEARCH + b"X-Request-Id: mine\r\n" + WITH_BODY)
        answer = await connection.ask(SEARCH + WITH_BODY)
        assert SHED._value.get() == before + 2
    assert without_ids(answer) == without_ids(of_the_application)
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert re.fullmatch("[0-9a-f]{32}", answer.body["request_id"])
    assert answer.headers["x-request-id"] == answer.body["request_id"]


async def test_the_connection_goes_on_after_a_refusal() -> None:
    async with full_gateway() as (connection, limiter):
        assert (await connection.ask(SEARCH + WITH_BODY)).status == 503
        assert (await connection.ask(LIVE)).status == 200
        first, second = [(await connection.ask(SEARCH + WITH_BODY)).body for _ in range(2)]
        assert first["request_id"] != second["request_id"]
        for _ in range(limiter.limit // 2):  # the last places are for callers that ask seldom
            limiter.leave(0.01)
        admitted = await connection.ask(SEARCH + WITH_BODY)
        assert admitted.body["type"] != "urn:tidegate:problem:overloaded"  # there is no database, but a place


async def test_a_body_in_pieces_is_read_to_its_end_before_the_refusal() -> None:
    async with full_gateway() as (connection, _):
        await connection.send(SEARCH + WITH_BODY[:-5])
        assert (await connection.ask(WITH_BODY[-5:])).status == 503
        assert (await connection.ask(LIVE)).status == 200


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        pytest.param(b"GET /v1/status HTTP/1.1\r\nHost: a\r\n\r\n", 200, id="status"),
        pytest.param(LIVE, 200, id="health"),
        pytest.param(b"GET /v1/%73tatus HTTP/1.1\r\nHost: a\r\n\r\n", 200, id="status, written otherwise"),
    ],
)
async def test_what_is_never_refused(request_: bytes, status: int) -> None:
    async with full_gateway() as (connection, _):
        assert (await connection.ask(request_)).status == status


async def test_a_browser_may_read_the_refusal() -> None:
    async with full_gateway() as (connection, _):
        answer = await connection.ask(SEARCH + b"Origin: https://shop.test\r\n" + WITH_BODY)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (503, "*")


async def test_a_request_keeps_the_id_that_its_client_gave() -> None:
    async with full_gateway() as (connection, _):
        answer = await connection.ask(SEARCH + b"X-Request-Id: mine-1\r\n" + WITH_BODY)
    assert (answer.status, answer.body["request_id"]) == (503, "mine-1")


async def test_a_refusal_of_head_has_no_body() -> None:
    async with full_gateway() as (connection, _):
        await connection.send(b"HEAD /v1/search HTTP/1.1\r\nHost: gateway.test\r\n\r\n" + LIVE)
        refused = await connection.read_head()
        assert refused.startswith("HTTP/1.1 503 ")
        assert (await connection.read_head()).startswith("HTTP/1.1 200 ")


async def test_a_client_that_asks_without_reading_is_not_read_either() -> None:
    """Pipelined by the ten thousand they filled the memory: more were read with each that was answered."""
    async with full_gateway() as (connection, _):
        await connection.ask(LIVE)
        protocol: Any = next(iter(connection.server.server_state.connections))
        many = 20_000
        sending = asyncio.create_task(connection.send(LIVE * many))
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not protocol.flow.read_paused:
                    await asyncio.wait({sending}, timeout=0.01)
            longest = 0
            for answered in range(many):
                head = await connection.read_head()
                assert head.startswith("HTTP/1.1 200 "), answered
                await connection.read_body(head)
                longest = max(longest, len(protocol.pipeline))
            assert longest < many / 2
            await sending
        finally:
            sending.cancel()
