"""What one caller can do to another: half requests, floods, tokens made up; and what each is told."""

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
import uvicorn

from gateway.app.__main__ import server_config
from gateway.app.container import Services
from gateway.http.server_protocol import BoundedProtocol
from tests.support import Database
from tests.support.gateway_app import NOWHERE, make_app, make_settings
from tests.support.tokens import Project

pytestmark = pytest.mark.anyio
SEARCH = b"POST /v1/search HTTP/1.1\r\nHost: gateway.test\r\nContent-Type: application/json\r\n"
BODY = b'{"query": "a berth", "mode": "keyword"}'
DEADLINE_S = 20


@dataclass(frozen=True)
class Answer:
    """Of one request."""

    status: int
    headers: dict[str, str]
    body: Any


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def read(self) -> Answer:
        async with asyncio.timeout(DEADLINE_S):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            lines = (line.partition(": ") for line in head.split("\r\n")[1:] if line)
            headers = {name.lower(): value for name, _, value in lines}
            body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return Answer(int(head.split()[1]), headers, json.loads(body) if body else None)

    async def ask(self, request: bytes) -> Answer:
        await self.send(request)
        return await self.read()

    async def is_closed(self) -> bool:
        async with asyncio.timeout(DEADLINE_S):
            try:
                while await self.reader.read(65_536):
                    pass
            except ConnectionError:
                return True
        return True


class World:
    """A served gateway."""

    def __init__(self, port: int, services: Services, project: Project) -> None:
        self.port, self.services, self.project = port, services, project
        self._clients: list[Client] = []

    async def connect(self, address: str = "127.0.0.1") -> Client:
        client = Client(*await asyncio.open_connection("127.0.0.1", self.port, local_addr=(address, 0)))
        self._clients.append(client)
        return client

    def close(self) -> None:
        for client in self._clients:
            client.writer.close()


def search(*headers: bytes, body: bytes = BODY) -> bytes:
    lines = b"".join(header + b"\r\n" for header in headers)
    return SEARCH + lines + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


@asynccontextmanager
async def served(database_url: str = NOWHERE, **changes: Any) -> AsyncIterator[World]:
    project = Project()
    changes = {"rate_limit": "5 per 60 second", "rate_limit_address": "5 per 60 second", **changes}
    app = make_app(project, database_url, **changes)
    protocol = type("Quick", (BoundedProtocol,), {"linger_s": 0.1, "request_s": changes.get("upload_timeout_s", 20.0)})
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(server_config(app, make_settings(database_url, **changes), protocol))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        world = World(listener.getsockname()[1], app.state.services, project)
        try:
            yield world
        finally:
            world.close()
            server.should_exit = True
            await serving


def bearer(world: World, person: str) -> bytes:
    return b"Authorization: Bearer " + world.project.key.token(person).encode()


def assert_limited(answer: Answer, *words: str) -> None:
    assert answer.status == 429, answer
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) >= 1
    assert re.fullmatch(r'"[a-z0-9-]+";q=\d+;(w=\d+|qu="concurrent-requests").*', answer.headers["ratelimit-policy"])
    assert re.match(r'"[a-z0-9-]+";r=0;t=\d+', answer.headers["ratelimit"])
    assert answer.body["request_id"] == answer.headers["x-request-id"]
    for word in words:
        assert word in answer.body["detail"]


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
    async with served(database.url_for("tidegate_gateway"), request_timeout_s=2) as world:
        client = await world.connect()
        whole = search()
        for part in (whole[:-20], whole[-20:-10]):
            await client.send(part)
            await asyncio.sleep(1.1)
        assert (await client.ask(whole[-10:])).status == 200


async def test_beyond_its_rate_a_caller_is_refused_and_others_are_not() -> None:
    async with served() as world:
        client, other = await world.connect("127.0.0.2"), await world.connect("127.0.0.3")
        answers = [await client.ask(search()) for _ in range(7)]
        assert [answer.status for answer in answers] == [503] * 5 + [429] * 2  # there is no database
        assert_limited(answers[-1], "At most 5 requests in 60 s", "one address", "RATE_LIMIT_ADDRESS")
        assert answers[0].headers["ratelimit-policy"] == '"address";q=5;w=60'
        assert answers[0].headers["ratelimit"].startswith('"address";r=4;t=')
        assert (await other.ask(search())).status == 503


async def test_a_person_counts_as_that_and_everybody_else_by_address() -> None:
    async with served(rate_limit="3 per 60 second", rate_limit_address="4 per 60 second") as world:
        one, other = bearer(world, str(uuid4())), bearer(world, str(uuid4()))
        client = await world.connect("127.0.0.2")
        # A token that nobody has looked at yet counts for its address's tokens.
        assert [(await client.ask(search(one))).status for _ in range(5)] == [503] * 4 + [429]
        elsewhere = await world.connect("127.0.0.9")
        assert_limited(await elsewhere.ask(search(one)), "one person", "RATE_LIMIT")
        client = await world.connect("127.0.0.2")
        assert [(await client.ask(search(other))).status for _ in range(5)] == [503] * 4 + [429]
        client = await world.connect("127.0.0.2")
        statuses = [(await client.ask(search())).status for _ in range(5)]
        assert statuses == [503] * 4 + [429]  # visitors count apart


async def test_who_floods_an_address_keeps_no_person_out_who_comes_from_there() -> None:
    async with served() as world:
        client, forged = await world.connect("127.0.0.2"), Project().key
        for number in range(20):
            if number % 3 == 0:
                client = await world.connect("127.0.0.2")
            await client.ask(search())
            token = forged.token(str(uuid4())).encode()
            await client.ask(search(b"Authorization: Bearer " + token))
        person = await world.connect("127.0.0.2")
        assert (await person.ask(search())).status == 429
        person = await world.connect("127.0.0.2")
        assert (await person.ask(search(bearer(world, str(uuid4()))))).status == 503  # there is no database


async def test_tokens_made_up_are_soon_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.admission.admission.VERIFICATION_RATE", "2 per 60 second")
    async with served(rate_limit_address="30 per 60 second") as world:
        verified = 0
        verifier: Any = world.services.verifier
        real = verifier._verify

        async def counted(token: str) -> Any:
            nonlocal verified
            verified += 1
            return await real(token)

        verifier._verify = counted
        forged = Project().key
        statuses = []
        for number in range(40):
            if number % 3 == 0:
                client = await world.connect("127.0.0.2")
            token = forged.token(str(uuid4())).encode()
            statuses.append((await client.ask(search(b"Authorization: Bearer " + token))).status)
        assert set(statuses) <= {401, 503, 429}
        assert statuses[-30:] == [429] * 30
        assert verified <= 8
        person = await world.connect("127.0.0.3")
        assert (await person.ask(search(bearer(world, str(uuid4()))))).status == 503


@pytest.mark.parametrize("method", [b"GET", b"PUT", b"OPTIONS", b"HEAD"])
async def test_every_address_counts_whether_or_not_there_is_something(method: bytes) -> None:
    async with served() as world:
        client = await world.connect()
        statuses = []
        for number in range(7):
            await client.send(method + b" /no/%25such%22/" + b"%d HTTP/1.1\r\nHost: a\r\n\r\n" % number)
            head = (await client.reader.readuntil(b"\r\n\r\n")).decode()
            statuses.append(int(head.split()[1]))
            length = re.search(r"content-length: (\d+)", head)
            if length and method != b"HEAD":
                body = await client.reader.readexactly(int(length[1]))
        assert statuses[-2:] == [429, 429]
        if method != b"HEAD":
            assert json.loads(body)["instance"] == "/no/%25such%22/6"


async def test_health_is_never_refused_and_status_costs_as_anything_does(database: Database) -> None:
    async with served(database.url_for("tidegate_gateway")) as world:
        client = await world.connect()
        for number in range(20):
            for path in (b"/health/live", b"/health/ready"):
                answer = await client.ask(b"GET " + path + b" HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine\r\n\r\n")
                # The second and later ones are answered by the connection, in the same words.
                assert (answer.status, answer.body["status"]) == (200, path.decode().removeprefix("/health/")), number
                assert answer.headers["cache-control"] == "no-store"
                assert answer.headers["content-type"] == "application/json"
                assert answer.headers["x-request-id"] == "mine"
                assert "ratelimit" not in answer.headers
        statuses = [(await client.ask(b"GET /v1/status HTTP/1.1\r\nHost: a\r\n\r\n")).status for _ in range(6)]
        assert statuses == [200] * 5 + [429]


async def test_who_asks_for_health_all_the_time_is_read_more_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.http.server_protocol.PAUSE_S", 0.2)
    monkeypatch.setattr("gateway.admission.admission.WATCH_RATE", "3 per 60 second")
    async with served() as world:
        client = await world.connect()
        loop = asyncio.get_running_loop()
        started = loop.time()
        for _ in range(6):
            assert (await client.ask(b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n")).status == 200
        assert loop.time() - started > 0.3


async def test_details_and_numbers_are_not_for_everybody() -> None:
    async with served() as world:
        client = await world.connect()
        for path in (b"/metrics", b"/status"):
            assert (await client.ask(b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n\r\n")).status == 404
        answer = await client.ask(b"GET /v1/status HTTP/1.1\r\nHost: a\r\n\r\n")
        assert set(answer.body) == {"status", "impairments", "failed_documents"}
        assert answer.body["status"] == "degraded"
        assert {"what": "search and recommendations"}.items() <= answer.body["impairments"][0].items()


async def test_a_browser_reads_the_refusal() -> None:
    async with served(rate_limit_address="1 per 60 second", cors_origins=["https://shop.test"]) as world:
        client = await world.connect()
        await client.ask(search())
        answer = await client.ask(search(b"Origin: https://shop.test"))
        assert_limited(answer)
        assert answer.headers["access-control-allow-origin"] == "https://shop.test"
        assert "RateLimit" in answer.headers["access-control-expose-headers"]


async def test_one_caller_has_a_share_of_what_is_answered_at_a_time(database: Database) -> None:
    changes = {"rate_limit_address": "", "caller_share": 0.25, "concurrency": 8}
    async with served(database.url_for("tidegate_gateway"), **changes) as world:
        with database.connect("supabase_admin") as admin:
            assert (await (await world.connect()).ask(search())).status == 200
            admin.execute("begin")
            admin.execute("lock table public.chunks in access exclusive mode")
            greedy = [await world.connect("127.0.0.2") for _ in range(3)]
            waiting = [asyncio.create_task(client.ask(search())) for client in greedy[:2]]
            while world.services.limiter.in_flight < 2:
                assert not any(task.done() for task in waiting)
                await asyncio.sleep(0.01)
            answer = await greedy[2].ask(search())
            assert_limited(answer, "At most 2 requests of one caller", "CALLER_SHARE")
            assert answer.body["type"] == "urn:tidegate:problem:too-many-at-once"
            other = asyncio.create_task((await world.connect("127.0.0.3")).ask(search()))
            while world.services.limiter.in_flight < 3:
                assert not other.done()
                await asyncio.sleep(0.01)
            admin.execute("rollback")
            await asyncio.gather(*waiting, other)


async def test_who_goes_on_after_being_refused_has_to_come_again() -> None:
    async with served(rate_limit_address="1 per 60 second") as world:
        client = await world.connect()
        answers = [await client.ask(search()) for _ in range(4)]
        assert [answer.status for answer in answers] == [503, 429, 429, 429]
        assert answers[-1].headers["connection"] == "close"
        assert await client.is_closed()
        flood = await world.connect()
        await flood.send(search() * 200)
        assert [(await flood.read()).status for _ in range(3)] == [429] * 3
        assert await flood.is_closed()  # the other ones are not even looked at


async def test_requests_in_a_row_on_one_connection_count_each() -> None:
    async with served() as world:
        client = await world.connect()
        await client.send(search() * 7)
        answers = [await client.read() for _ in range(7)]
        assert [answer.status for answer in answers] == [503] * 5 + [429] * 2
        assert len({answer.headers["x-request-id"] for answer in answers}) == 7


async def test_a_client_that_asks_first_whether_to_send_is_told() -> None:
    async with served(rate_limit_address="1 per 60 second") as world:
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


async def test_a_connection_too_many_is_told_so_in_words_that_a_page_can_read() -> None:
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


async def test_a_long_body_counts_for_several_requests() -> None:
    async with served(rate_limit_address="20 per 60 second") as world:
        body = b'{"query": "a", "x": [%s1]}' % (b"[]," * 12_000)
        statuses = [(await (await world.connect()).ask(search(body=body))).status for _ in range(3)]
        assert statuses == [422, 422, 429]  # 36 kB: nine each


async def test_unfinished_uploads_hold_no_more_than_their_share() -> None:
    async with served(upload_memory_mb=1, max_body_bytes=262_144, caller_share=0.25, rate_limit_address="") as world:
        size = 200_000
        first, second = await world.connect("127.0.0.2"), await world.connect("127.0.0.2")
        for client in (first, second):
            await client.send(SEARCH + b"Content-Length: %d\r\n\r\n" % size + b" " * (size - 1))
        refused = await second.read()
        assert (refused.status, refused.body["type"]) == (429, "urn:tidegate:problem:too-many-at-once")
        assert "UPLOAD_MEMORY_MB" in refused.body["detail"]
        assert (await first.ask(b" ")).status == 400  # it is here, and is no JSON


async def test_who_does_not_read_keeps_no_place_and_is_left(database: Database) -> None:
    changes = {"upload_timeout_s": 0.5, "rate_limit_address": ""}
    async with served(database.url_for("tidegate_gateway"), **changes) as world:
        client = await world.connect()
        client.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.reader._transport.pause_reading()  # type: ignore[attr-defined]
        request = b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n"
        sending = asyncio.create_task(client.send(request * 20_000))
        with suppress(ConnectionError):
            async with asyncio.timeout(DEADLINE_S):
                await sending
        client.reader._transport.resume_reading()  # type: ignore[attr-defined]
        assert await client.is_closed()


async def test_a_flood_by_one_caller_costs_the_others_nothing_but_a_moment(database: Database) -> None:
    """`make bench-fairness` in small, with conditions in place of seconds."""
    changes = {"rate_limit": "30 per 5 second", "rate_limit_address": "60 per 5 second", "caller_share": 0.25}
    async with served(database.url_for("tidegate_gateway"), **changes) as world:
        attackers = [await world.connect("127.0.0.66") for _ in range(60)]
        for attacker in attackers[40:]:
            await attacker.send(search()[:-1])
        answers: list[int] = []

        async def flood(client: Client) -> None:
            while True:
                answers.append((await client.ask(search())).status)

        flooding = [asyncio.create_task(flood(attacker)) for attacker in attackers[:40]]
        try:
            others = [await world.connect(f"127.0.1.{number}") for number in range(1, 11)]
            for _ in range(3):
                for other in others:
                    answer = await other.ask(search())
                    assert (answer.status, answer.body["degraded"]) == (200, False)
            assert 429 in answers
            assert answers.count(200) <= 120
            assert world.services.database.guard.state == "closed"
            assert world.services.limiter.in_flight <= world.services.limiter.share
        finally:
            for task in flooding:
                task.cancel()
            await asyncio.gather(*flooding, return_exceptions=True)
