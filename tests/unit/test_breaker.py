"""When a breaker opens, whom it lets through, and what closes it, with a clock of the tests' own."""

import asyncio
import time

import pytest

from gateway.database.detached import DetachedTasks
from gateway.resilience import (
    CircuitOpenError,
    Policy,
    ResiliencePipeline,
)
from tests.support.clock import Clock
from tests.support.pipelines import broken, classify, make_pipeline, misused, outcomes, well

pytestmark = pytest.mark.anyio


async def test_consecutive_failures_open_it_and_success_closes_it() -> None:
    clock = Clock()
    pipeline = make_pipeline(clock, failures_to_open=3, reset_s=5)
    assert await outcomes(pipeline, broken, 5) == ["BrokenError"] * 3 + ["CircuitOpenError"] * 2
    assert pipeline.state == "open"
    assert pipeline.breaker.last_failure == "BrokenError it broke"
    clock.advance(4.9)
    with pytest.raises(CircuitOpenError) as refusal:
        await pipeline.call(well)
    assert 0 < refusal.value.retry_after_s <= 0.11
    clock.advance(0.2)
    assert await outcomes(pipeline, broken, 2) == ["BrokenError", "CircuitOpenError"]
    clock.advance(5.1)
    assert await outcomes(pipeline, well, 2) == ["well", "well"]
    assert pipeline.state == "closed"


async def test_a_success_between_failures_starts_the_count_anew() -> None:
    pipeline = make_pipeline(failures_to_open=3)
    for _ in range(4):
        await outcomes(pipeline, broken, 2)
        assert await pipeline.call(well) == "well"
    assert pipeline.state == "closed"


async def test_what_the_caller_did_wrong_is_no_failure() -> None:
    pipeline = make_pipeline(failures_to_open=2, window=4)
    assert await outcomes(pipeline, misused, 20) == ["MisuseError"] * 20
    assert pipeline.state == "closed"


async def test_half_of_the_last_calls_failing_opens_it() -> None:
    pipeline = make_pipeline(failures_to_open=100, window=10)
    for _ in range(4):
        await outcomes(pipeline, well, 1)
        await outcomes(pipeline, broken, 1)
    assert pipeline.state == "closed"
    await outcomes(pipeline, broken, 2)
    assert pipeline.state == "open"


async def test_slow_answers_are_used_and_open_it() -> None:
    async def slow() -> str:
        await asyncio.sleep(0.02)
        return "late"

    pipeline = make_pipeline(slow_s=0.01, window=4, failure_rate_to_open=0.75)
    assert await outcomes(pipeline, slow, 4) == ["late"] * 4
    assert pipeline.state == "open"


async def test_silence_is_five_calls_that_wait_while_none_is_answered() -> None:
    clock = Clock()
    pipeline = make_pipeline(clock, timeout_s=60, stall_s=0.4, failures_to_open=3, reset_s=1)
    gate = asyncio.Event()

    async def hangs() -> str:
        await gate.wait()
        return "late"

    def heard_after(seconds: float) -> str:
        clock.advance(seconds)
        pipeline.breaker.listen()
        return pipeline.state

    hung: list[asyncio.Task[list[str]]] = []

    async def begin(calls: int) -> None:
        hung.extend(asyncio.create_task(outcomes(pipeline, hangs, 1)) for _ in range(calls))
        await asyncio.sleep(0)

    await begin(2)
    assert heard_after(5) == "closed"  # two slow calls are no silence
    await begin(1)
    assert heard_after(0.3) == "closed"
    assert await outcomes(pipeline, well, 1) == ["well"]
    assert heard_after(5) == "closed"  # another was answered meanwhile
    await begin(2)
    await outcomes(pipeline, misused, 1)  # which that is as well
    await begin(2)
    left = hung.pop()
    left.cancel()
    assert isinstance((await asyncio.gather(left, return_exceptions=True))[0], asyncio.CancelledError)
    assert heard_after(5) == "closed"  # who left waits no more
    await begin(2)
    assert (heard_after(0.3), heard_after(0.2)) == ("closed", "open")
    assert pipeline.breaker.last_failure == "None of its calls was answered for 0.4 s."
    clock.advance(2)
    assert await outcomes(pipeline, well, 1) == ["well"]
    assert heard_after(5) == "closed"  # what hung before it worked again says nothing about now
    gate.set()
    assert await asyncio.gather(*hung) == [["late"]] * len(hung)
    assert pipeline.state == "closed"


async def test_silence_is_heard_though_nobody_else_calls() -> None:
    policy = Policy("thing", 60.0, stall_s=0.2, concurrency=3)
    tasks = DetachedTasks("thing", 3)
    pipeline = ResiliencePipeline(policy, classify, time_limit=tasks.run, on_open=tasks.give_up)
    started = time.monotonic()
    waiting = [asyncio.create_task(outcomes(pipeline, asyncio.Event().wait, 1)) for _ in range(3)]  # type: ignore[arg-type]
    assert await asyncio.gather(*waiting) == [["AttemptTimeoutError"]] * 3
    assert time.monotonic() - started < 30  # half of the time that a call has
    assert (pipeline.state, pipeline.running) == ("open", 0)
    await asyncio.sleep(0)
    assert len(tasks) == 0


async def test_a_process_that_did_nothing_itself_has_heard_no_silence() -> None:
    pipeline = ResiliencePipeline(Policy("thing", 60.0, stall_s=0.1), classify)

    async def answered() -> str:
        await asyncio.sleep(0.15)
        return "well"

    calls = [asyncio.create_task(outcomes(pipeline, answered, 1)) for _ in range(6)]
    await asyncio.sleep(0.01)
    time.sleep(0.5)  # noqa: ASYNC251
    assert await asyncio.gather(*calls) == [["well"]] * 6
    assert pipeline.state == "closed"


async def test_a_trial_that_is_late_has_not_shown_that_it_works() -> None:
    async def slow() -> str:
        await asyncio.sleep(0.4)
        return "late"

    clock = Clock()
    pipeline = make_pipeline(clock, slow_s=0.3, timeout_s=60, failures_to_open=1, reset_s=1)
    await outcomes(pipeline, broken, 1)
    for _ in range(2):
        clock.advance(2)
        assert await outcomes(pipeline, slow, 2) == ["late", "CircuitOpenError"]
        assert pipeline.state == "open"
    clock.advance(2)
    assert await outcomes(pipeline, well, 1) == ["well"]
    assert pipeline.state == "closed"


async def test_of_a_hundred_one_is_let_through_as_a_trial() -> None:
    clock = Clock()
    pipeline = make_pipeline(clock, failures_to_open=1, reset_s=1)
    await outcomes(pipeline, broken, 1)
    clock.advance(2)
    gate = asyncio.Event()

    async def waiting() -> str:
        await gate.wait()
        return "well"

    tasks = [asyncio.create_task(outcomes(pipeline, waiting, 1)) for _ in range(100)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gate.set()
    results = [result for (result,) in await asyncio.gather(*tasks)]
    assert sorted(set(results)) == ["CircuitOpenError", "well"]
    assert results.count("well") == 1
    assert pipeline.state == "closed"


async def test_a_cancelled_trial_says_nothing_and_makes_room_for_the_next() -> None:
    clock = Clock()
    pipeline = make_pipeline(clock, failures_to_open=1, reset_s=1)
    await outcomes(pipeline, broken, 1)
    clock.advance(2)
    trial = asyncio.create_task(pipeline.call(asyncio.Event().wait))
    await asyncio.sleep(0)
    assert pipeline.state == "half-open"
    trial.cancel()
    with pytest.raises(asyncio.CancelledError):
        await trial
    assert pipeline.state == "half-open"
    assert await pipeline.call(well) == "well"
    assert pipeline.state == "closed"


async def test_cancellation_is_no_failure() -> None:
    pipeline = make_pipeline(failures_to_open=1)
    for _ in range(3):
        task = asyncio.create_task(pipeline.call(asyncio.Event().wait))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert pipeline.state == "closed"
    assert pipeline.running == 0


async def test_what_began_before_it_opened_does_not_close_it() -> None:
    clock = Clock()
    pipeline = make_pipeline(clock, failures_to_open=2, reset_s=10)
    gate = asyncio.Event()

    async def early() -> str:
        await gate.wait()
        return "well"

    task = asyncio.create_task(pipeline.call(early))
    await asyncio.sleep(0)
    await outcomes(pipeline, broken, 2)
    assert pipeline.state == "open"
    gate.set()
    assert await task == "well"
    assert pipeline.state == "open"


async def test_changes_are_logged_once_with_the_reason(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    pipeline = make_pipeline(clock, failures_to_open=2, reset_s=1)
    for _ in range(5):
        await outcomes(pipeline, broken, 3)
        clock.advance(2)
    opened = "thing: left alone, asked again every 1 s: BrokenError it broke"
    assert [record.message for record in caplog.records] == [opened]
    await outcomes(pipeline, well, 3)
    assert [record.message for record in caplog.records][1:] == ["thing: works again"]
