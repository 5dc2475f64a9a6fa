"""Bytes that two servers could read in two ways: none of them reaches an application, nor the next caller.

Each attack is written to a socket as it is. An application that was asked anything but the one harmless request after
it has been smuggled to.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.support.fake_application import FakeApplication, fake_application, saying
from tests.support.served import World, served

pytestmark = pytest.mark.anyio
HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: h\r\n\r\n"
POST = b"POST /app/shop/ HTTP/1.1\r\nHost: h\r\n"
REFUSED = {
    "two lengths": POST + b"Content-Length: 0\r\nContent-Length: 33\r\n\r\n" + HIDDEN,
    "two equal lengths": POST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx",
    "a list of lengths": POST + b"Content-Length: 1, 1\r\n\r\nx",
    "a signed length": POST + b"Content-Length: +1\r\n\r\nx",
    "length and chunks": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "chunks and length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + HIDDEN,
    "two codings": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + HIDDEN,
    "an unknown coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "coded twice": POST + b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "compressed chunks": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "a hidden coding": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "a space before the colon": POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "a folded header": POST + b"X-Folded: a\r\n Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\nx",
    "a header before the first": b"POST /app/shop/ HTTP/1.1\r\n Host: h\r\nHost: h\r\n\r\n",
    "a bare line feed": b"GET /app/shop/ HTTP/1.1\nHost: h\n\n",
    "a bare carriage return": POST + b"X-A: a\rTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
    "a NUL in a header": POST + b"X-A: a\0b\r\nContent-Length: 0\r\n\r\n",
    "a chunk of a bad size": POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nx\r\n0\r\n\r\n",
    "a chunk of a signed size": POST + b"Transfer-Encoding: chunked\r\n\r\n+1\r\nx\r\n0\r\n\r\n",
    "a chunk that is longer": POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nxx\r\n0\r\n\r\n",
    "a chunk without an end": POST + b"Transfer-Encoding: chunked\r\n\r\n1\nx\n0\n\n",
    "a chunk of a huge size": POST + b"Transfer-Encoding: chunked\r\n\r\n1" + b"0" * 32 + b"\r\nx\r\n0\r\n\r\n",
    "chunks in HTTP/1.0": b"POST /app/shop/ HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "no host": b"GET /app/shop/ HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /app/shop/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "a host with a path": b"GET /app/shop/ HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "a whole address": b"GET http://elsewhere.example/app/shop/ HTTP/1.1\r\nHost: h\r\n\r\n",
    "a path upwards": b"GET /app/shop/../hidden HTTP/1.1\r\nHost: h\r\n\r\n",
    "an encoded path upwards": b"GET /app/shop/a/%2e%2e/%2E%2e/hidden HTTP/1.1\r\nHost: h\r\n\r\n",
    "an encoded slash upwards": b"GET /app/shop/..%2fhidden HTTP/1.1\r\nHost: h\r\n\r\n",
    "a backslash upwards": b"GET /app/shop/..%5chidden HTTP/1.1\r\nHost: h\r\n\r\n",
    "upwards with parameters": b"GET /app/shop/..;a=b/hidden HTTP/1.1\r\nHost: h\r\n\r\n",
    "an encoded line break": b"GET /app/shop/a%0d%0aX-Evil:1 HTTP/1.1\r\nHost: h\r\n\r\n",
    "an encoded NUL": b"GET /app/shop/a%00b HTTP/1.1\r\nHost: h\r\n\r\n",
    "a space in the target": b"GET /app/shop/a b HTTP/1.1\r\nHost: h\r\n\r\n",
    "another version": b"GET /app/shop/ HTTP/3.7\r\nHost: h\r\n\r\n",
}
NOT_PASSED_ON = {
    "TRACE": b"TRACE /app/shop/ HTTP/1.1\r\nHost: h\r\n\r\n",
    "CONNECT": b"CONNECT elsewhere.example:443 HTTP/1.1\r\nHost: elsewhere.example:443\r\n\r\n",
    "no such application": b"GET /app/elsewhere.example/ HTTP/1.1\r\nHost: h\r\n\r\n",
    "an address for a name": b"GET /app/http:%2f%2felsewhere.example/ HTTP/1.1\r\nHost: h\r\n\r\n",
    "a user in the host": b"GET /app/shop@elsewhere.example/ HTTP/1.1\r\nHost: h\r\n\r\n",
}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def pair() -> AsyncIterator[tuple[World, FakeApplication]]:
    async with fake_application() as application:
        limits = {"rate_limit": "", "rate_limit_address": ""}
        async with served(upstreams={"shop": {"url": application.url}}, **limits) as world:
            yield world, application


async def converse(world: World, request: bytes) -> bytes:
    """All that the gateway answers to `request`, and to a harmless one after it, until it ends the connection."""
    client = await world.connect()
    await client.send(request + b"GET /app/shop/harmless HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    return await client.read_all()


def paths(application: FakeApplication) -> list[str]:
    return [asked.line.split()[1] for asked in application.asked]


@pytest.mark.parametrize("attack", REFUSED)
async def test_what_can_be_read_in_two_ways_is_refused(pair: tuple[World, FakeApplication], attack: str) -> None:
    world, application = pair
    application.asked.clear()
    application.answering = saying(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nshown!")
    answer = await converse(world, REFUSED[attack])
    assert answer.startswith(b"HTTP/1.1 400 "), answer
    assert "/hidden" not in paths(application)
    # What of a body had gone through before it was found to be bad came to no end there.
    assert set(paths(application)) <= {"/", "/harmless"}
    if "chunk" not in attack:
        assert "/" not in paths(application)


@pytest.mark.parametrize("request_", NOT_PASSED_ON)
async def test_nobody_else_is_asked(pair: tuple[World, FakeApplication], request_: str) -> None:
    world, application = pair
    application.asked.clear()
    answer = await converse(world, NOT_PASSED_ON[request_])
    assert answer.split()[1] in (b"400", b"404", b"405"), answer
    assert set(paths(application)) <= {"/harmless"}


BAD_ANSWERS = {
    "length and chunks": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    "two codings": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "no HTTP": b"220 smtp.example ESMTP\r\n\r\n",
    "a line break in a header": b"HTTP/1.1 200 OK\r\nX-A: a\rX-B: b\r\nContent-Length: 0\r\n\r\n",
    "a header without a colon": b"HTTP/1.1 200 OK\r\nX-A\r\nContent-Length: 0\r\n\r\n",
    "protocols nobody asked for": b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    "no status": b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n",
    "nothing": b"",
}


@pytest.mark.parametrize("answer", BAD_ANSWERS)
async def test_an_answer_that_can_be_read_in_two_ways_is_none(pair: tuple[World, FakeApplication], answer: str) -> None:
    world, application = pair
    application.answering = saying(BAD_ANSWERS[answer])
    client = await world.connect()
    await client.send(POST + b"Connection: close\r\nContent-Length: 0\r\n\r\n")
    got = await client.read_all()
    assert got.startswith(b"HTTP/1.1 502 "), got
    assert b"The " in got and b"shop" in got and b"127.0.0.1" not in got
    # So that one attack does not leave the application alone for the next.
    application.answering = saying(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    client = await world.connect()
    assert (await client.ask(POST + b"Connection: close\r\nContent-Length: 0\r\n\r\n")).status == 200


POISON = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        (b"HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(POISON)),
        (b"GET", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        (b"GET", b"HTTP/1.1 304 Not Modified\r\n\r\n"),
        (b"GET", b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"),
        (b"GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ],
)
async def test_what_follows_an_answer_is_not_the_next_one(
    pair: tuple[World, FakeApplication], method: bytes, answer: bytes
) -> None:
    world, application = pair
    application.answering = saying(answer + POISON)
    client = await world.connect()
    await client.send(method + b" /app/shop/ HTTP/1.1\r\nHost: h\r\n\r\n")
    async with asyncio.timeout(180):
        first = await client.reader.readuntil(b"\r\n\r\n")
    application.answering = saying(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nclean")
    await client.send(b"GET /app/shop/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    rest = await client.read_all()
    assert b"poison" not in first + rest
    assert rest.endswith(b"clean")


async def test_answers_before_the_answer_are_left_out(pair: tuple[World, FakeApplication]) -> None:
    world, application = pair
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
    application.answering = saying(early + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    client = await world.connect()
    await client.send(b"GET /app/shop/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    got = await client.read_all()
    assert got.startswith(b"HTTP/1.1 200 ")
    assert got.endswith(b"\r\n\r\nok")


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nbegun",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\nzz\r\n",
    ],
)
async def test_half_an_answer_does_not_look_whole(pair: tuple[World, FakeApplication], answer: bytes) -> None:
    world, application = pair
    application.answering = saying(answer)
    client = await world.connect()
    await client.send(b"GET /app/shop/ HTTP/1.1\r\nHost: h\r\n\r\n")
    got = await client.read_all()
    head, _, body = got.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert not body.endswith(b"0\r\n\r\n")
    assert b"content-length: 99" in head or b"transfer-encoding: chunked" in head
