"""How often each caller may ask and how much at a time, and what it is told."""

import asyncio
import json
import re
from uuid import uuid4

import pytest

from gateway.resilience.metrics import REGISTRY
from tests.support import Database
from tests.support.served import assert_limited, bearer, search, served

pytestmark = pytest.mark.anyio


async def test_beyond_its_rate_a_caller_is_refused_and_others_are_not() -> None:
    async with served() as world:
        client, other = await world.connect("127.0.0.2"), await world.connect("127.0.0.3")
        answers = [await client.ask(search()) for _ in range(7)]
        assert [answer.status for answer in answers] == [503] * 5 + [429] * 2  # there is no database
        assert_limited(answers[-1], "At most 5 requests in 86400 s", "one address", "RATE_LIMIT_ADDRESS")
        assert answers[0].headers["ratelimit-policy"] == '"address";q=5;w=86400'
        assert answers[0].headers["ratelimit"].startswith('"address";r=4;t=')
        assert (await other.ask(search())).status == 503


async def test_a_person_counts_as_that_and_everybody_else_by_address() -> None:
    async with served(rate_limit="3 per day", rate_limit_address="4 per day") as world:
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
        # The window is approximated: one more passes where it turns in the middle.
        assert statuses[-1] == 429
        assert statuses.index(429) in (5, 6)
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
    async with served(rate_limit_address="1 per day", cors_origins=["https://shop.test"]) as world:
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
            gauges = [
                REGISTRY.get_sample_value(f"tidegate_{name}") for name in ("requests_in_flight", "concurrency_limit")
            ]
            assert gauges == [3, 8]
            admin.execute("rollback")
            await asyncio.gather(*waiting, other)


async def test_a_long_body_counts_for_several_requests() -> None:
    async with served(rate_limit_address="20 per day") as world:
        body = b'{"query": "a", "x": [%s1]}' % (b"[]," * 12_000)
        statuses = [(await (await world.connect()).ask(search(body=body))).status for _ in range(3)]
        assert statuses == [422, 422, 429]  # 36 kB: nine each
