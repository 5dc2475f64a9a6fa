"""One caller that asks for far too much, and what the others see of it."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from gateway.admission.connections import TOLD_PER_S
from tests.support import Database
from tests.support.served import Client, assert_limited, bearer, search, served
from tests.support.tokens import Project

pytestmark = pytest.mark.anyio


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
    monkeypatch.setattr("gateway.admission.admission.VERIFICATION_RATE", "2 per day")
    async with served(rate_limit_address="30 per day") as world:
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


async def test_who_asks_for_health_all_the_time_is_read_more_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.http.server_protocol.PAUSE_S", 0.2)
    monkeypatch.setattr("gateway.admission.admission.WATCH_RATE", "3 per day")
    async with served() as world:
        client = await world.connect()
        loop = asyncio.get_running_loop()
        started = loop.time()
        for _ in range(6):
            assert (await client.ask(b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n")).status == 200
        assert loop.time() - started > 0.3


async def test_who_goes_on_after_being_refused_has_to_come_again() -> None:
    async with served(rate_limit_address="1 per day") as world:
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


async def test_a_flood_by_one_caller_costs_the_others_nothing_but_a_moment(database: Database) -> None:
    """`make bench-fairness` in small, with conditions in place of seconds."""
    changes = {"rate_limit": "30 per day", "rate_limit_address": "60 per day", "caller_share": 0.25}
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
            assert answers.count(200) <= 60
            assert world.services.database.pipeline.state == "closed"
            assert world.services.limiter.in_flight <= world.services.limiter.share
        finally:
            for task in flooding:
                task.cancel()
            await asyncio.gather(*flooding, return_exceptions=True)


async def test_who_is_refused_all_the_time_is_read_more_slowly_and_others_of_its_address_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gateway.admission.refusals.REFUSALS_PER_S", 0.02)
    monkeypatch.setattr("gateway.admission.refusals.MAX_PAUSE_S", 1_000)
    async with served(rate_limit="1 per day", rate_limit_address="2 per day") as world:
        loop = asyncio.get_running_loop()
        one, other = bearer(world, str(uuid4())), bearer(world, str(uuid4()))
        first = await world.connect("127.0.0.2")
        assert [(await first.ask(search(token))).status for token in (one, other)] == [503, 503]
        greedy = [await world.connect("127.0.0.2") for _ in range(3)]
        assert (await greedy[0].ask(search(one))).status == 503  # by now it is known whose the token is
        started = loop.time()
        for client in greedy:
            assert_limited(await client.ask(search(one)))  # told at once, on whichever connection
        again = asyncio.create_task(greedy[2].ask(search(one)))  # three refusals before: 150 s
        assert (await (await world.connect("127.0.0.2")).ask(search(other))).status == 503
        assert loop.time() - started < 50, "the other person was held up for the time of a refusal"
        await asyncio.wait({again}, timeout=0.2)
        assert not again.done()
        again.cancel()


async def test_what_was_sent_ahead_of_a_pause_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.admission.refusals.REFUSALS_PER_S", 5)
    async with served(rate_limit_address="1 per day") as world:
        client = await world.connect()
        assert (await client.ask(search())).status == 503
        await client.send(search() * 200)
        answers = [await client.read() for _ in range(2)]
        assert [answer.status for answer in answers] == [429] * 2
        assert answers[-1].headers["connection"] == "close"
        assert await client.is_closed()


async def test_of_far_too_many_connections_most_end_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.admission.connections.WINDOW_S", 86_400)
    async with served(connections_per_address=3, rate_limit_address="") as world:
        clients = [await world.connect("127.0.0.2") for _ in range(60)]
        told = [await client.read_all() for client in clients[3:]]
        assert sum(answer.startswith(b"HTTP/1.1 429 ") for answer in told) == TOLD_PER_S
        assert told.count(b"") == len(told) - TOLD_PER_S
        assert (await (await world.connect("127.0.0.3")).ask(search())).status == 503
