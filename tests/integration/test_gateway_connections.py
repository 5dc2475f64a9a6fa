"""Connections and bodies: half requests, slow ones, too many of them."""

import asyncio
import socket
from contextlib import suppress
from typing import Any

import pytest

from tests.support import Database
from tests.support.served import BODY, DEADLINE_S, SEARCH, assert_limited, search, served
from tests.support.waiting import until_true

pytestmark = pytest.mark.anyio


async def test_half_a_request_takes_no_place_and_no_time(database: Database) -> None:
    async with served(database.url_for("tidegate_gateway"), rate_limit_address="", caller_share=0.25) as world:
        halves = [await world.connect("127.0.0.2") for _ in range(60)]
        for half in halves:
            await half.send(search()[:-1])
        client = await world.connect()
        for _ in range(5):
            assert (await client.ask(search())).status == 200
        assert world.services.limiter.in_flight == 0
        first, *_ = halves
        assert (await first.ask(BODY[-1:])).status == 200  # its time begins now


async def test_a_slow_upload_is_a_408_that_names_the_upload() -> None:
    async with served(upload_timeout_s=0.3) as world:
        client = await world.connect()
        await client.send(search()[:-3])
        answer = await client.read()
        assert (answer.status, answer.body["type"]) == (408, "urn:tidegate:problem:upload-timeout")
        assert "The upload was too slow: 36 bytes" in answer.body["detail"]
        assert "UPLOAD_TIMEOUT_S" in answer.body["detail"]
        assert await client.is_closed()


async def test_a_body_that_arrives_over_more_than_the_requests_time_is_answered(database: Database) -> None:
    async with served(database.url_for("tidegate_gateway"), request_timeout_s=3) as world:
        client = await world.connect()
        whole = search()
        for part in (whole[:-20], whole[-20:-10]):
            await client.send(part)
            await asyncio.sleep(1.6)
        assert (await client.ask(whole[-10:])).status == 200


async def test_a_client_that_asks_first_whether_to_send_is_told() -> None:
    async with served(rate_limit_address="1 per day") as world:
        client = await world.connect()
        head = search(b"Expect: 100-continue").removesuffix(BODY)
        await client.send(head)
        async with asyncio.timeout(DEADLINE_S):
            assert (await client.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
        assert (await client.ask(BODY)).status == 503
        assert_limited(await client.ask(head))  # without its body having to be sent
        assert await client.is_closed()


async def test_too_many_connections_of_one_address_make_room_for_its_new_ones() -> None:
    async with served(connections_per_address=10, rate_limit_address="") as world:
        useful = await world.connect("127.0.0.2")
        assert (await useful.ask(search())).status == 503
        silent = [await world.connect("127.0.0.2") for _ in range(9)]
        await asyncio.sleep(1.1)  # as many new ones a second
        newest = await world.connect("127.0.0.2")
        assert (await newest.ask(search())).status == 503
        assert await silent[0].is_closed()
        for client in (useful, await world.connect("127.0.0.3")):
            assert (await client.ask(search())).status == 503


async def test_a_connection_too_many_is_told_so_in_words_that_a_page_can_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gateway.admission.connections.WINDOW_S", 86_400)
    async with served(connections_per_address=3, rate_limit_address="", cors_origins=["*"]) as world:
        clients = [await world.connect() for _ in range(4)]
        answer = await clients[-1].read()
        assert answer.status == 429
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["retry-after"] == "1"
        assert "CONNECTIONS_PER_ADDRESS" in answer.body["detail"]
        assert await clients[-1].is_closed()


async def test_a_body_in_crumbs_is_refused() -> None:
    async with served(rate_limit_address="") as world:
        head = SEARCH + b"Transfer-Encoding: chunked\r\n\r\n"
        crumbs, slices = await world.connect(), await world.connect()
        answer = await crumbs.ask(head + b"1\r\n \r\n" * 2_000)
        assert (answer.status, "less than 64 bytes" in answer.body["detail"]) == (400, True)
        padding = b"40\r\n" + b" " * 64 + b"\r\n"
        whole = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
        assert (await slices.ask(head + padding * 500 + whole)).status == 503  # there is no database


async def test_unfinished_uploads_hold_no_more_than_their_share() -> None:
    changes: dict[str, Any] = {"max_body_bytes": 262_144, "max_upload_bytes": 262_144, "caller_share": 0.1}
    async with served(upload_memory_mb=1, rate_limit_address="", **changes) as world:
        size = 200_000
        first, second = await world.connect("127.0.0.2"), await world.connect("127.0.0.2")
        for client in (first, second):
            await client.send(SEARCH + b"Content-Length: %d\r\n\r\n" % size + b" " * (size - 1))
        # The one whose piece is one too many, in whichever order the gateway reads them.
        reading = {asyncio.create_task(client.read()): client for client in (first, second)}
        (done,), (waiting,) = await asyncio.wait(reading, return_when=asyncio.FIRST_COMPLETED)
        refused = done.result()
        assert (refused.status, refused.body["type"]) == (429, "urn:tidegate:problem:too-many-at-once")
        assert "UPLOAD_MEMORY_MB" in refused.body["detail"]
        await reading[waiting].send(b" ")
        assert (await waiting).status == 400  # it is here, and is no JSON


async def test_who_does_not_read_keeps_no_place_and_is_left(database: Database) -> None:
    changes = {"upload_timeout_s": 0.5, "rate_limit_address": ""}
    async with served(database.url_for("tidegate_gateway"), **changes) as world:
        client = await world.connect()
        client.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.reader._transport.pause_reading()  # type: ignore[attr-defined]
        request = b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n"
        sending = asyncio.create_task(client.send(request * 20_000))
        # Who read on before the gateway gave it up would be answered, twenty thousand times.
        await until_true(lambda: world.connections == 1, "the connection being there")
        await until_true(lambda: world.connections == 0, "the connection being given up")
        client.reader._transport.resume_reading()  # type: ignore[attr-defined]
        with suppress(ConnectionError):
            await sending
        assert await client.is_closed()
