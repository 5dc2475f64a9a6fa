"""Who has how much time."""

import asyncio
import contextvars

import pytest
from starlette.types import Message, Receive, Scope, Send

from gateway.http.middleware import DeadlineMiddleware
from gateway.resilience import allow, remaining
from gateway.resilience.single_flight import SingleFlight

pytestmark = pytest.mark.anyio


async def test_time_is_shared_by_everything_that_a_request_starts() -> None:
    assert remaining() == float("inf")
    with allow(10), allow(20):
        assert 9 < remaining() <= 10
        with allow(1):
            assert await asyncio.create_task(asyncio.to_thread(remaining)) <= 1
        assert remaining() > 9
    with allow(-1):
        assert remaining() == 0


async def test_what_starts_with_the_application_outlives_the_time_of_a_request() -> None:
    """A refresh that goes on for days had failed from the third second on."""
    left = {}

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        left[scope["type"]] = await asyncio.create_task(_left())

    async def receive() -> Message:
        raise AssertionError

    async def send(_message: Message) -> None:
        raise AssertionError

    for kind in ("lifespan", "http"):
        await DeadlineMiddleware(app, 3, {})({"type": kind}, receive, send)
    assert left["lifespan"] == float("inf")
    assert 2 < left["http"] <= 3


async def test_work_that_is_shared_has_not_the_time_of_who_asked_first() -> None:
    shared = SingleFlight(_left)
    with allow(1):
        first = asyncio.create_task(shared())
    second = asyncio.create_task(shared(), context=contextvars.Context())
    assert [await first, await second] == [float("inf")] * 2


async def _left() -> float:
    return remaining()
