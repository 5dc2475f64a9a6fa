"""What a client can do to a connection: a real socket, and the server as `python -m gateway.app` configures it."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn

from gateway.app.__main__ import server_config
from gateway.http.server_protocol import MAX_HEAD_BYTES, BoundedProtocol
from tests.support.gateway_app import make_app, make_settings
from tests.support.tokens import Project
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.anyio
LIVE = b"GET /health/live HTTP/1.1\r\nHost: gateway.test\r\n"
SEARCH = b"POST /v1/search HTTP/1.1\r\nHost: gateway.test\r\nContent-Type: application/json\r\n"


class Quick(BoundedProtocol):
    """Ends a refused connection sooner, for tests that read to its end."""

    linger_s = 0.1


class Reading(Quick):
    """Has time to read what a client goes on sending, which otherwise would lose the answer."""

    linger_s = 1.0


class Impatient(Quick):
    """Waits for a request no longer than a test may."""

    request_s = 0.3


@asynccontextmanager
async def served(protocol: type[BoundedProtocol] = Quick) -> AsyncIterator[int]:
    """The port of a gateway without a database."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(server_config(make_app(Project()), make_settings(), protocol))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await serving


async def converse(port: int, request: bytes) -> bytes:
    """Everything that the gateway answers to `request` until it ends the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    try:
        await asyncio.wait_for(writer.drain(), PATIENCE_S)
        return await asyncio.wait_for(reader.read(), PATIENCE_S)
    finally:
        writer.close()


def problem_of(answer: bytes, status: int) -> dict[str, Any]:
    """The one problem in a raw answer."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), answer
    assert b"content-type: application/problem+json" in head.lower()
    assert b"connection: close" in head.lower()
    problem: dict[str, Any] = json.loads(body)
    assert problem["status"] == status
    assert f"x-request-id: {problem['request_id']}".encode() in head.lower()
    return problem


async def test_headers_as_long_as_they_may_be() -> None:
    async with served() as port:
        longest = LIVE + b"X-Long: " + b"a" * (MAX_HEAD_BYTES - 100) + b"\r\nConnection: close\r\n\r\n"
        assert (await converse(port, longest)).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(LIVE + b"X-Long: " + b"a" * MAX_HEAD_BYTES + b"\r\n\r\n", id="one header"),
        pytest.param(LIVE + b"X-Many: 1\r\n" * 20_000 + b"\r\n", id="many headers"),
        pytest.param(LIVE + b"X-Endless: " + b"a" * 1_000_000, id="a header that does not end"),
        pytest.param(
            SEARCH + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Trailer: " + b"a" * 1_000_000,
            id="a trailer that does not end",
        ),
    ],
)
async def test_longer_headers_are_not_kept(request_: bytes) -> None:
    async with served(Reading) as port:
        answer = await converse(port, request_)
        assert "65,536" in problem_of(answer, 431)["detail"]
        assert b"\r\naccess-control-allow-origin: *\r\n" in answer.lower(), "a page must be able to read it"


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00",
        b"FOO BAR\r\n\r\n",
        b"CONNECT elsewhere.test:443 HTTP/1.1\r\nHost: elsewhere.test\r\n\r\n",
        SEARCH + b"Content-Length: -1\r\n\r\n",
        SEARCH + b"Content-Length: 2\r\nContent-Length: 20\r\n\r\n{}",
        SEARCH + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    ],
)
async def test_what_is_not_http(request_: bytes) -> None:
    async with served() as port:
        problem_of(await converse(port, request_), 400)


@pytest.mark.parametrize("request_", [LIVE[:10], LIVE, SEARCH + b"Content-Length: 20\r\n\r\n{", b"\r\n"])
async def test_a_request_that_does_not_arrive(request_: bytes) -> None:
    async with served(Impatient) as port:
        assert "0.3 s" in problem_of(await converse(port, request_), 408)["detail"]


async def test_a_connection_without_a_request_is_not_kept() -> None:
    async with served(Impatient) as port:
        assert await converse(port, b"") == b""


async def test_requests_of_one_connection_have_their_limits_each() -> None:
    long = LIVE + b"X-Long: " + b"a" * (MAX_HEAD_BYTES // 2) + b"\r\n"
    async with served() as port:
        answers = await converse(port, (long + b"\r\n") * 9 + long + b"Connection: close\r\n\r\n")
    assert answers.count(b"HTTP/1.1 200 ") == 10


async def test_there_are_no_websockets() -> None:
    upgrade = b"GET /v1/nothing HTTP/1.1\r\nHost: gateway.test\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n"
    async with served() as port:
        answer = await converse(port, upgrade + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: YQ==\r\n\r\n")
    assert problem_of(answer, 404)["instance"] == "/v1/nothing"
