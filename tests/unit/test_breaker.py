"""When a breaker opens, whom it lets through, and what closes it, with a clock of the tests' own."""

import asyncio
import time

import pytest

from gateway.database.detached import DetachedTasks
from gateway.resilience import (
    CircuitOpenError,
    Guard,
    Policy,
)
from tests.support.clock import Clock
from tests.support.guards import broken, make_guard, misused, outcomes, verdict, well

pytestmark = pytest.mark.anyio


async def test_consecutive_failures_open_it_and_success_closes_it() -> None:
    clock = Clock()
    guard = make_guard(clock, failures_to_open=3, reset_s=5)
    assert await outcomes(guard, broken, 5) == ["BrokenError"] * 3 + ["CircuitOpenError"] * 2
    assert guard.state == "open"
    assert guard.breaker.last_failure == "BrokenError it broke"
    clock.advance(4.9)
    with pytest.raises(CircuitOpenError) as refusal:
        await guard.call(well)
    assert 0 < refusal.value.retry_after_s <= 0.11
    clock.advance(0.2)
    assert await outcomes(guard, broken, 2) == ["BrokenError", "CircuitOpenError"]
    clock.advance(5.1)
    assert await outcomes(guard, well, 2) == ["well", "well"]
    assert guard.state == "closed"


async def test_a_success_between_failures_starts_the_count_anew() -> None:
    guard = make_guard(failures_to_open=3)
    for _ in range(4):
        await outcomes(guard, broken, 2)
        assert await guard.call(well) == "well"
    assert guard.state == "closed"


async def test_what_the_caller_did_wrong_is_no_failure() -> None:
    guard = make_guard(failures_to_open=2, window=4)
    assert await outcomes(guard, misused, 20) == ["MisuseError"] * 20
    assert guard.state == "closed"


async def test_half_of_the_last_calls_failing_opens_it() -> None:
    guard = make_guard(failures_to_open=100, window=10)
    for _ in range(4):
        await outcomes(guard, well, 1)
        await outcomes(guard, broken, 1)
    assert guard.state == "closed"
    await outcomes(guard, broken, 2)
    assert guard.state == "open"


async def test_slow_answers_are_used_and_open_it() -> None:
    async def slow() -> str:
        await asyncio.sleep(0.02)
        return "late"

    guard = make_guard(slow_s=0.01, window=4, failure_rate_to_open=0.75)
    assert await outcomes(guard, slow, 4) == ["late"] * 4
    assert guard.state == "open"


async def test_silence_is_five_calls_that_wait_while_none_is_answered() -> None:
    clock = Clock()
    guard = make_guard(clock, timeout_s=60, silent_s=0.4, failures_to_open=3, reset_s=1)
    gate = asyncio.Event()

    async def hangs() -> str:
        await gate.wait()
        return "late"

    def heard_after(seconds: float) -> str:
        clock.advance(seconds)
        guard.breaker.listen()
        return guard.state

    hung: list[asyncio.Task[list[str]]] = []

    async def begin(calls: int) -> None:
        hung.extend(asyncio.create_task(outcomes(guard, hangs, 1)) for _ in range(calls))
        await asyncio.sleep(0)

    await begin(2)
    assert heard_after(5) == "closed"  # two slow calls are no silence
    await begin(1)
    assert heard_after(0.3) == "closed"
    assert await outcomes(guard, well, 1) == ["well"]
    assert heard_after(5) == "closed"  # another was answered meanwhile
    await begin(2)
    await outcomes(guard, misused, 1)  # which that is as well
    await begin(2)
    left = hung.pop()
    left.cancel()
    assert isinstance((await asyncio.gather(left, return_exceptions=True))[0], asyncio.CancelledError)
    assert heard_after(5) == "closed"  # who left waits no more
    await begin(2)
    assert (heard_after(0.3), heard_after(0.2)) == ("closed", "open")
    assert guard.breaker.last_failure == "None of its calls was answered for 0.4 s."
    clock.advance(2)
    assert await outcomes(guard, well, 1) == ["well"]
    assert heard_after(5) == "closed"  # what hung before it worked again says nothing about now
    gate.set()
    assert await asyncio.gather(*hung) == [["late"]] * len(hung)
    assert guard.state == "closed"


async def test_silence_is_heard_though_nobody_else_calls() -> None:
    policy = Policy("thing", 60.0, silent_s=0.2, concurrency=3)
    tasks = DetachedTasks("thing", 3)
    guard = Guard(policy, verdict, time_limit=tasks.run, on_open=tasks.give_up)
    started = time.monotonic()
    waiting = [asyncio.create_task(outcomes(guard, asyncio.Event().wait, 1)) for _ in range(3)]  # type: ignore[arg-type]
    assert await asyncio.gather(*waiting) == [["AttemptTimeoutError"]] * 3
    assert time.monotonic() - started < 5
    assert (guard.state, guard.running) == ("open", 0)
    await asyncio.sleep(0)
    assert len(tasks) == 0


async def test_a_process_that_did_nothing_itself_has_heard_no_silence() -> None:
    guard = Guard(Policy("thing", 60.0, silent_s=0.1), verdict)

    async def answered() -> str:
        await asyncio.sleep(0.15)
        return "well"

    calls = [asyncio.create_task(outcomes(guard, answered, 1)) for _ in range(6)]
    await asyncio.sleep(0.01)
    time.sleep(0.5)  # noqa: ASYNC251
    assert await asyncio.gather(*calls) == [["well"]] * 6
    assert guard.state == "closed"


async def test_a_trial_that_is_late_has_not_shown_that_it_works() -> None:
    async def slow() -> str:
        await asyncio.sleep(0.02)
        return "late"

    clock = Clock()
    guard = make_guard(clock, slow_s=0.01, failures_to_open=1, reset_s=1)
    await outcomes(guard, broken, 1)
    for _ in range(2):
        clock.advance(2)
        assert await outcomes(guard, slow, 2) == ["late", "CircuitOpenError"]
        assert guard.state == "open"
    clock.advance(2)
    assert await outcomes(guard, well, 1) == ["well"]
    assert guard.state == "closed"


async def test_of_a_hundred_one_is_let_through_as_a_trial() -> None:
    clock = Clock()
    guard = make_guard(clock, failures_to_open=1, reset_s=1)
    await outcomes(guard, broken, 1)
    clock.advance(2)
    gate = asyncio.Event()

    async def waiting() -> str:
        await gate.wait()
        return "well"

    tasks = [asyncio.create_task(outcomes(guard, waiting, 1)) for _ in range(100)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gate.set()
    results = [result for (result,) in await asyncio.gather(*tasks)]
    assert sorted(set(results)) == ["CircuitOpenError", "well"]
    assert results.count("well") == 1
    assert guard.state == "closed"


async def test_a_cancelled_trial_says_nothing_and_makes_room_for_the_next() -> None:
    clock = Clock()
    guard = make_guard(clock, failures_to_open=1, reset_s=1)
    await outcomes(guard, broken, 1)
    clock.advance(2)
    trial = asyncio.create_task(guard.call(asyncio.Event().wait))
    await asyncio.sleep(0)
    assert guard.state == "half-open"
    trial.cancel()
    with pytest.raises(asyncio.CancelledError):
        await trial
    assert guard.state == "half-open"
    assert await guard.call(well) == "well"
    assert guard.state == "closed"


async def test_cancellation_is_no_failure() -> None:
    guard = make_guard(failures_to_open=1)
    for _ in range(3):
        task = asyncio.create_task(guard.call(asyncio.Event().wait))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert guard.state == "closed"
    assert guard.running == 0


async def test_what_began_before_it_opened_does_not_close_it() -> None:
    clock = Clock()
    guard = make_guard(clock, failures_to_open=2, reset_s=10)
    gate = asyncio.Event()

    async def early() -> str:
        await gate.wait()
        return "well"

    task = asyncio.create_task(guard.call(early))
    await asyncio.sleep(0)
    await outcomes(guard, broken, 2)
    assert guard.state == "open"
    gate.set()
    assert await task == "well"
    assert guard.state == "open"


async def test_changes_are_logged_once_with_the_reason(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    guard = make_guard(clock, failures_to_open=2, reset_s=1)
    for _ in range(5):
        await outcomes(guard, broken, 3)
        clock.advance(2)
    opened = "thing: left alone, asked again every 1 s: BrokenError it broke"
    assert [record.message for record in caplog.records] == [opened]
    await outcomes(guard, well, 3)
    assert [record.message for record in caplog.records][1:] == ["thing: works again"]
