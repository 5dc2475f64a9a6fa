"""The rest of the chain: retries, bulkhead, time limit, each alone, with a clock of the tests' own."""

import asyncio
import time
from typing import Any

import pytest

from gateway.resilience import (
    AttemptTimeoutError,
    BulkheadFullError,
    allow,
)
from tests.support.clock import Clock
from tests.support.pipelines import BrokenError, MisuseError, broken, make_pipeline, outcomes, well

pytestmark = pytest.mark.anyio


# Retries ----------------------------------------------------------------------------------------------------------


async def test_a_failure_is_tried_again_and_misuse_is_not() -> None:
    calls = []

    async def at_third() -> str:
        calls.append(time.monotonic())
        if len(calls) < 3:
            raise BrokenError
        return "well"

    pipeline = make_pipeline(attempts=3)
    assert await pipeline.call(at_third) == "well"
    assert len(calls) == 3
    calls.clear()

    async def counted() -> str:
        calls.append(0.0)
        raise MisuseError

    await outcomes(pipeline, counted, 1)
    assert len(calls) == 1


async def test_retries_are_a_share_of_the_calls() -> None:
    calls = 0

    async def counted() -> str:
        nonlocal calls
        calls += 1
        if calls % 2:
            raise BrokenError
        return "well"

    clock = Clock()
    pipeline = make_pipeline(
        clock, attempts=3, retry_ratio=0.1, retries_per_s=0, failures_to_open=10_000, window=100_000
    )
    saved_up = 10
    found = await outcomes(pipeline, counted, 1_000)
    retries = calls - 1_000
    assert 100 <= retries <= 100 + saved_up
    assert set(found) == {"well", "BrokenError"}


async def test_an_open_breaker_ends_the_retries_with_what_failed() -> None:
    pipeline = make_pipeline(attempts=5, failures_to_open=2)
    assert await outcomes(pipeline, broken, 2) == ["BrokenError", "CircuitOpenError"]


async def test_there_is_no_retry_that_would_come_too_late() -> None:
    calls = 0

    async def counted() -> str:
        nonlocal calls
        calls += 1
        raise BrokenError

    # The wait is any time up to the longest: one within 0.2 s comes once in half a million.
    pipeline = make_pipeline(attempts=5, backoff_s=100_000, max_backoff_s=100_000)
    with allow(0.2):
        await outcomes(pipeline, counted, 1)
    assert calls == 1


# Bulkhead and time ------------------------------------------------------------------------------------------------


async def test_more_than_it_may_take_is_refused_at_once() -> None:
    pipeline = make_pipeline(concurrency=3, failures_to_open=1)
    gate = asyncio.Event()

    async def waiting() -> str:
        await gate.wait()
        return "well"

    tasks = [asyncio.create_task(pipeline.call(waiting)) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(BulkheadFullError):
        await pipeline.call(well)
    gate.set()
    assert await asyncio.gather(*tasks) == ["well"] * 3
    assert pipeline.state == "closed"
    assert await pipeline.call(well) == "well"


async def test_an_attempt_has_its_time_and_what_the_request_has_left() -> None:
    pipeline = make_pipeline(timeout_s=0.1, failures_to_open=1)
    with pytest.raises(AttemptTimeoutError) as late:
        await pipeline.call(asyncio.Event().wait)
    assert late.value.after_s == pytest.approx(0.1)
    assert pipeline.state == "open"

    pipeline = make_pipeline(timeout_s=5, failures_to_open=1)
    started = time.monotonic()
    with allow(0.15), pytest.raises(AttemptTimeoutError):
        await pipeline.call(asyncio.Event().wait)
    assert time.monotonic() - started < 2.5  # half of the attempt's own time
    assert pipeline.state == "closed"  # it hardly had a chance


@pytest.mark.parametrize(
    "changes",
    [
        {"timeout_s": 0},
        {"timeout_s": float("inf")},
        {"attempts": 0},
        {"failure_rate_to_open": 0},
        {"window": 0},
        {"reset_s": float("nan")},
        {"max_backoff_s": -1},
        {"slow_s": float("nan")},
        {"stall_s": 0},
    ],
)
def test_a_policy_that_cannot_be_followed_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="thing"):
        make_pipeline(**changes)
