"""Bodies and WebSockets on their way through the gateway: piece by piece, in bounded memory."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from gateway.http.streaming import HIGH_WATER
from tests.support.fake_application import OK, Asked, FakeApplication, fake_application, saying
from tests.support.served import Client, World, served
from tests.support.waiting import PATIENCE_S, until, until_true

pytestmark = pytest.mark.anyio
CHUNKED = b"POST /app/shop/ HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
SOCKET = (
    b"GET /app/%b/live HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
SWITCHED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n"
)
LARGE = 32_000_000
HELD = 24_000_000
"""More than the buffers of the system's four sockets and of the gateway together."""


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def pair() -> AsyncIterator[tuple[World, FakeApplication]]:
    async with fake_application() as application:
        options: dict[str, dict[str, Any]] = {"shop": {}, "late": {"timeout_s": 1.5}, "idle": {"idle_s": 0.3}}
        upstreams = {name: {"url": application.url, **given} for name, given in options.items()}
        limits: dict[str, Any] = {"rate_limit": "", "rate_limit_address": "", "connections_per_address": 1000}
        async with served(upstreams=upstreams, **limits) as world:
            yield world, application


@pytest.fixture
def world(pair: tuple[World, FakeApplication]) -> World:
    return pair[0]


@pytest.fixture
def application(pair: tuple[World, FakeApplication]) -> FakeApplication:
    pair[1].asked.clear()
    pair[1].answering = saying(OK)
    return pair[1]


class Steps:
    """What a test and the application that it stands for wait for of each other."""

    def __init__(self) -> None:
        self.seen: asyncio.Queue[bytes] = asyncio.Queue()
        self.goes_on = asyncio.Event()

    async def next(self) -> bytes:
        async with asyncio.timeout(PATIENCE_S):
            return await self.seen.get()


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


async def read_until(client: Client, end: bytes) -> bytes:
    async with asyncio.timeout(PATIENCE_S):
        return await client.reader.readuntil(end)


async def test_a_body_goes_through_while_it_is_sent(world: World, application: FakeApplication) -> None:
    steps = Steps()

    async def answer(asked: Asked) -> None:
        while data := await asked.chunk():
            steps.seen.put_nowait(data)
        await asked.write(OK)

    application.answering = answer
    client = await world.connect()
    await client.send(CHUNKED + chunk(b"first"))
    assert await steps.next() == b"first"
    await client.send(chunk(b"second"))
    assert await steps.next() == b"second"
    await client.send(chunk(b""))
    assert (await read_until(client, b"ok")).startswith(b"HTTP/1.1 200 ")
    # The connection goes on.
    await client.send(b"GET /app/shop/ HTTP/1.1\r\nHost: h\r\n\r\n")
    application.answering = saying(OK)
    assert (await read_until(client, b"ok")).startswith(b"HTTP/1.1 200 ")


async def test_events_arrive_one_at_a_time(world: World, application: FakeApplication) -> None:
    steps = Steps()

    async def answer(asked: Asked) -> None:
        await asked.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
        await steps.goes_on.wait()
        await asked.write(b"data: 2\n\n")

    application.answering = answer
    client = await world.connect()
    await client.send(b"GET /app/shop/ HTTP/1.1\r\nHost: h\r\n\r\n")
    await read_until(client, b"data: 1\n\n")
    steps.goes_on.set()
    assert b"data: 2\n\n" in await read_until(client, b"\r\n0\r\n\r\n")


async def stalled(left: Callable[[], int]) -> int:
    """What is left to be sent once nothing of it is taken any more, looked at again and again."""
    seen: list[int] = []

    def has_stalled() -> bool:
        seen.append(left())
        return seen[-1] == 0 or (len(seen) > 25 and len(set(seen[-25:])) == 1)

    await until_true(has_stalled, "the sender having to wait")
    return seen[-1]


async def test_an_upload_waits_for_the_application(world: World, application: FakeApplication) -> None:
    steps = Steps()

    async def answer(asked: Asked) -> None:
        steps.seen.put_nowait(b"asked")
        await steps.goes_on.wait()
        await asked.reader.readexactly(LARGE)
        await asked.write(OK)

    application.answering = answer
    client = await world.connect()
    client.writer.write(b"PUT /app/shop/ HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % LARGE + bytes(LARGE))
    assert await steps.next() == b"asked"
    assert await stalled(client.writer.transport.get_write_buffer_size) > LARGE - HELD
    connections: set[Any] = set(world._server.server_state.connections)
    held = [len(each.cycle.body) for each in connections if each.cycle is not None]
    assert max(held) <= HIGH_WATER + 1_000_000  # and one read of the socket
    steps.goes_on.set()
    assert (await read_until(client, b"ok")).startswith(b"HTTP/1.1 200 ")
    assert application.last.value("content-length") == str(LARGE)


async def test_a_download_waits_for_the_client(world: World, application: FakeApplication) -> None:
    steps, content = Steps(), os.urandom(1_000_000) * 32
    transports = []

    async def answer(asked: Asked) -> None:
        transports.append(asked.writer.transport)
        asked.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content) + content)
        steps.seen.put_nowait(b"written")
        await asked.writer.drain()

    application.answering = answer
    reader, writer = await asyncio.open_connection("127.0.0.1", world.port, limit=1024)
    writer.write(b"GET /app/shop/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    assert await steps.next() == b"written"
    assert await stalled(transports[0].get_write_buffer_size) > len(content) - HELD
    async with asyncio.timeout(PATIENCE_S):
        got = await reader.read(-1)
    writer.close()
    assert got.endswith(b"\r\n\r\n" + content)


async def test_an_answer_before_the_end_of_a_body_is_passed_on(world: World, application: FakeApplication) -> None:
    async def refuse(asked: Asked) -> None:
        await asked.chunk()
        await asked.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nno!")
        await asked.left()

    application.answering = refuse
    client = await world.connect()
    await client.send(CHUNKED + chunk(b"first"))
    answer = asyncio.create_task(read_until(client, b"no!"))

    async def is_answered() -> bool:
        if not answer.done():
            await client.send(chunk(b"more"))
        return answer.done()

    await until(is_answered, "an answer to half a body")
    assert (await answer).startswith(b"HTTP/1.1 413 ")


async def test_a_client_that_leaves_ends_the_work(world: World, application: FakeApplication) -> None:
    steps = Steps()

    async def answer(asked: Asked) -> None:
        steps.seen.put_nowait(b"asked")
        await asked.left()
        steps.seen.put_nowait(b"left")

    application.answering = answer
    whole = b"GET /app/shop/ HTTP/1.1\r\nHost: h\r\n\r\n"
    pipeline = world.services.applications["shop"].client.pipeline
    for request in (whole, *[CHUNKED + chunk(b"first")] * 6):
        client = await world.connect()
        await client.send(request)
        assert await steps.next() == b"asked"
        client.writer.close()
        assert await steps.next() == b"left"
    # What clients do is no failure of the application's.
    assert pipeline.state == "closed"
    assert world.services.applications["shop"].limiter.in_flight == 0


async def test_the_time_of_an_application_is_not_that_of_its_client(world: World, application: FakeApplication) -> None:
    steps, loop = Steps(), asyncio.get_running_loop()

    async def answer(asked: Asked) -> None:
        while data := await asked.chunk():
            steps.seen.put_nowait(data)
        await asked.write(OK)

    application.answering = answer
    client = await world.connect()
    await client.send(CHUNKED.replace(b"/shop/", b"/late/") + chunk(b"first"))
    assert await steps.next() == b"first"
    until_s = loop.time() + 2.0
    await until_true(lambda: loop.time() > until_s, "more than the application's time having passed")
    await client.send(chunk(b""))
    assert (await read_until(client, b"ok")).startswith(b"HTTP/1.1 200 ")


async def test_who_is_asked_to_wait_is_told_to_go_on(world: World, application: FakeApplication) -> None:
    async def answer(asked: Asked) -> None:
        await asked.reader.readexactly(100_000)
        await asked.write(OK)

    application.answering = answer
    client = await world.connect()
    await client.send(b"POST /app/shop/ HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 100000\r\n\r\n")
    assert await read_until(client, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    await client.send(bytes(100_000))
    assert (await read_until(client, b"ok")).startswith(b"HTTP/1.1 200 ")
    assert application.last.values("expect") == []


async def test_an_upload_that_hardly_moves_is_given_up() -> None:
    async with fake_application() as application:
        steps = Steps()

        async def answer(asked: Asked) -> None:
            steps.seen.put_nowait(await asked.chunk())
            await asked.left()
            steps.seen.put_nowait(b"left")

        application.answering = answer
        async with served(upstreams={"shop": {"url": application.url}}, upload_timeout_s=1.0) as world:
            client = await world.connect()
            await client.send(CHUNKED + chunk(b"first"))
            assert await steps.next() == b"first"
            assert (await client.read()).body["type"] == "urn:tidegate:problem:upload-timeout"
            assert await steps.next() == b"left"


async def test_a_question_for_headers_alone_is_one(world: World, application: FakeApplication) -> None:
    application.answering = saying(b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n")
    client = await world.connect()
    await client.send(b"HEAD /app/shop/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    got = await client.read_all()
    assert application.last.line == "HEAD / HTTP/1.1"
    assert b"content-length: 1234\r\n" in got
    assert got.endswith(b"\r\n\r\n")


async def test_a_websocket_carries_bytes_both_ways(world: World, application: FakeApplication) -> None:
    async def echo(asked: Asked) -> None:
        await asked.write(SWITCHED + b"hello")  # in one piece with the answer
        while data := await asked.reader.read(65_536):
            await asked.write(data)

    application.answering = echo
    client = await world.connect()
    await client.send(SOCKET % b"shop" + b"early")  # as is this
    head = await read_until(client, b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")
    assert b"sec-websocket-accept: x" in head
    assert b"transfer-encoding" not in head
    assert application.last.value("upgrade") == "websocket"
    assert application.last.value("connection") == "Upgrade"
    assert await read_until(client, b"helloearly") == b"helloearly"
    content = os.urandom(5_000_000)
    client.writer.write(content)
    async with asyncio.timeout(PATIENCE_S):
        assert await client.reader.readexactly(len(content)) == content
    assert world.services.applications["shop"].sockets.in_flight == 1
    assert world.services.applications["shop"].limiter.in_flight == 0
    client.writer.close()
    await until_true(application.last.reader.at_eof, "the application seeing it end")


async def test_a_websocket_ends_with_the_application(world: World, application: FakeApplication) -> None:
    application.answering = saying(SWITCHED + b"bye")
    client = await world.connect()
    await client.send(SOCKET % b"shop")
    assert (await client.read_all()).endswith(b"\r\n\r\nbye")


async def test_a_websocket_on_which_nothing_comes_ends(world: World, application: FakeApplication) -> None:
    async def be_silent(asked: Asked) -> None:
        await asked.write(SWITCHED)
        await asked.left()

    application.answering = be_silent
    client = await world.connect()
    await client.send(SOCKET % b"idle")
    assert (await client.read_all()).startswith(b"HTTP/1.1 101 ")


async def test_a_websocket_that_is_refused_is_an_answer(world: World, application: FakeApplication) -> None:
    application.answering = saying(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno!")
    client = await world.connect()
    await client.send(SOCKET % b"shop" + b"GET /app/shop/hidden HTTP/1.1\r\nHost: h\r\n\r\n")
    got = await client.read_all()
    assert got.startswith(b"HTTP/1.1 403 ")
    assert got.endswith(b"no!")
    assert len(application.asked) == 1


async def test_no_other_protocol_is_switched_to(world: World, application: FakeApplication) -> None:
    client = await world.connect()
    await client.send(
        (SOCKET % b"shop").replace(b"WebSocket", b"h2c") + b"GET /app/shop/hidden HTTP/1.1\r\nHost: h\r\n\r\n"
    )
    assert (await client.read_all()).startswith(b"HTTP/1.1 200 ")
    assert [asked.values("upgrade") for asked in application.asked] == [[]]
