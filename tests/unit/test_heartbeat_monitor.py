"""A breaker with a heartbeat: calls raise doubts, the heartbeat decides. And whose statement is the next to run."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from gateway.database.places import FairPlaces, PlacesTakenError
from gateway.resilience import AttemptTimeoutError, CircuitOpenError, Policy, ResiliencePipeline
from gateway.resilience.callers import Spread, on_behalf_of
from gateway.resilience.heartbeat_monitor import LEAST_STALL_S
from gateway.resilience.metrics import REGISTRY
from tests.support.clock import Clock
from tests.support.pipelines import broken, classify, outcomes, well
from tests.support.waiting import until_true

pytestmark = pytest.mark.anyio


class Dependency:
    """Its heartbeat does as told."""

    def __init__(self) -> None:
        self.beats = 0
        self.error: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def beat(self) -> None:
        self.beats += 1
        await self.gate.wait()
        if self.error is not None:
            raise self.error

    def pipeline(self, **changes: float) -> ResiliencePipeline:
        numbers = {"timeout_s": 5.0, "stall_s": 0.1, "reset_s": 0.05, "failures_to_open": 3, **changes}
        return ResiliencePipeline(Policy("thing", **numbers), classify, heartbeat=self.beat)  # type: ignore[arg-type]


async def test_what_one_caller_asks_does_not_open_it() -> None:
    thing, started = Dependency(), time.monotonic()
    pipeline = thing.pipeline(timeout_s=0.05)

    async def dear() -> str:
        await asyncio.sleep(60)
        return "never"

    for _ in range(3):
        assert set(await outcomes(pipeline, broken, 4)) == {"BrokenError"}  # a poisoned question
        await asyncio.gather(*(outcomes(pipeline, dear, 2) for _ in range(10)))
        with pytest.raises(AttemptTimeoutError):
            await pipeline.call(dear)
        assert pipeline.state == "closed"
    # Not as often as calls go wrong: half a stall passes between two.
    assert 1 <= thing.beats <= 1 + (time.monotonic() - started) / (LEAST_STALL_S / 2)
    pipeline.stop()


@pytest.mark.parametrize("how", ["fails", "is silent"])
async def test_the_heartbeat_opens_it_and_closes_it_again(how: str) -> None:
    thing = Dependency()
    pipeline = thing.pipeline()
    if how == "fails":
        thing.error = ConnectionError("refused")
        await outcomes(pipeline, broken, 3)
    else:
        thing.gate.clear()
        hung = asyncio.create_task(outcomes(pipeline, thing.gate.wait, 1))  # type: ignore[arg-type]
    await until_true(lambda: pipeline.state == "open")
    with pytest.raises(CircuitOpenError):
        await pipeline.call(well)
    assert pipeline.breaker.last_failure is not None
    beats = thing.beats
    await until_true(lambda: thing.beats > beats + 2)
    assert pipeline.state == "open"
    thing.error = None
    thing.gate.set()
    await until_true(lambda: pipeline.state == "closed")  # though nobody calls
    assert await pipeline.call(well) == "well"
    if how == "is silent":
        await hung
    pipeline.stop()


async def test_one_call_without_an_answer_is_enough_where_the_heartbeat_has_none_either() -> None:
    thing = Dependency()
    pipeline = thing.pipeline(failures_to_open=5)
    thing.gate.clear()
    call = asyncio.create_task(outcomes(pipeline, thing.gate.wait, 1))  # type: ignore[arg-type]
    await until_true(lambda: pipeline.state == "open")
    thing.gate.set()
    await call
    pipeline.stop()


async def test_who_answers_calls_is_busy_and_not_silent() -> None:
    thing = Dependency()
    pipeline = thing.pipeline()
    thing.gate.clear()
    gate = asyncio.Event()
    hung = asyncio.create_task(outcomes(pipeline, gate.wait, 1))  # type: ignore[arg-type]
    for _ in range(100):
        assert await pipeline.call(well) == "well"
        await asyncio.sleep(0.01)
    assert pipeline.state == "closed"
    gate.set()
    await hung
    pipeline.stop()


Step = Callable[[], Awaitable[None]]


class Database:
    """Statements that run as long as the test says, by a clock of the test's own."""

    def __init__(self, size: int = 4, share: float = 0.5, wait_s: float = 30) -> None:
        self.clock = Clock()
        self.places = FairPlaces(size, share, wait_s=wait_s, name="database_of_tests", clock=self.clock)
        self.running: list[str] = []
        self.done: list[str] = []
        self._gates: dict[str, asyncio.Event] = {}

    def begin(self, caller: str) -> "asyncio.Task[None]":
        return asyncio.create_task(self._run(caller))

    async def _run(self, caller: str) -> None:
        with on_behalf_of(caller):
            async with self.places.place():
                self.running.append(caller)
                await self._gates.setdefault(caller, asyncio.Event()).wait()
                self.running.remove(caller)
                self.done.append(caller)

    async def finish(self, caller: str) -> None:
        self._gates.pop(caller, asyncio.Event()).set()
        await self.settle()

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)


async def test_one_caller_has_a_share_of_the_connections() -> None:
    database = Database()
    tasks = [database.begin("greedy") for _ in range(4)]
    await database.settle()
    assert database.running == ["greedy"] * 2
    tasks.append(database.begin("other"))
    await database.settle()
    assert database.running == ["greedy", "greedy", "other"]
    await database.finish("other")
    await database.finish("greedy")
    assert database.running == ["greedy"] * 2
    await database.finish("greedy")
    await asyncio.gather(*tasks)
    assert len(database.places) == 0


async def test_who_used_least_comes_first() -> None:
    database = Database(size=1, share=1)
    first = database.begin("a")
    await database.settle()
    database.clock.advance(0.5)
    await database.finish("a")
    await first
    assert database.places.spread() == Spread(1, 1.0)
    tasks = [database.begin(caller) for caller in ("c", "a", "a", "b")]
    for caller in ("c", "b", "a"):
        await database.settle()
        assert database.running == [caller]
        database.clock.advance(0.01)
        await database.finish(caller)
    await database.finish("a")
    await asyncio.gather(*tasks)
    assert database.done == ["a", "c", "b", "a", "a"]
    assert database.places.spread().callers == 3
    waits = {"of": "database_of_tests", "caller": "address"}
    assert (REGISTRY.get_sample_value("tidegate_caller_wait_seconds_count", waits) or 0) >= len(tasks) - 1


async def test_who_uses_far_more_than_others_rests_while_these_are_at_work() -> None:
    database = Database(size=8, share=0.5)
    for number in range(10):
        task = database.begin(f"light {number}")
        await database.settle()
        database.clock.advance(0.06)
        await database.finish(f"light {number}")
        await task
    dear = [database.begin("dear") for _ in range(3)]
    await database.settle()
    assert database.running == ["dear"] * 3  # nobody knows yet
    database.clock.advance(1.5)
    await database.finish("dear")
    await asyncio.gather(*dear)
    more = [database.begin("dear") for _ in range(3)]
    await database.settle()
    assert database.running == []
    light = database.begin("light 3")
    await database.settle()
    assert database.running == ["light 3"]
    await database.finish("light 3")
    await light
    for task in more:
        task.cancel()
    await asyncio.gather(*more, return_exceptions=True)
    assert len(database.places) == 0
    database.clock.advance(60)  # others have gone: all of it is for whoever comes
    more = [database.begin("dear") for _ in range(3)]
    await database.settle()
    assert database.running == ["dear"] * 3
    await database.finish("dear")
    await asyncio.gather(*more)


async def test_who_uses_far_more_than_others_rests_for_what_it_takes_beyond_the_usual() -> None:
    database = Database(size=8, share=0.5)

    async def run(caller: str, seconds: float) -> None:
        task = database.begin(caller)
        await database.settle()
        database.clock.advance(seconds)
        await database.finish(caller)
        await task

    for number in range(10):
        await run(f"light {number}", 0.06)
    await run("dear", 2.5)
    for number in range(90):
        await run(f"light {number % 10}", 0.06)  # until its rest is over
    await run("dear", 0.5)
    waiting = database.begin("dear")
    for number in range(10):
        assert "dear" not in database.running
        await run(f"light {number}", 0.06)
    assert "dear" not in database.running  # although by now it has used little more than others
    for number in range(75):  # 100 times as long as what it took beyond 0.06 s, five seconds at most
        await run(f"light {number % 10}", 0.06)
    assert database.running == ["dear"]
    await database.finish("dear")
    await waiting


async def test_who_asks_often_what_others_ask_does_not_rest() -> None:
    database = Database(size=8, share=0.5)
    for number in range(10):
        task = database.begin(f"light {number}")
        await database.settle()
        database.clock.advance(0.06)
        await database.finish(f"light {number}")
        await task
    for _ in range(20):
        task = database.begin("busy")
        await database.settle()
        assert database.running == ["busy"]
        database.clock.advance(0.06)
        await database.finish("busy")
        await task


async def test_what_a_server_took_that_hung_counts_for_nobody() -> None:
    """A person who had asked four things at once was kept waiting for 13 s after the server was well again."""
    database = Database(size=8, share=0.5)
    for number in range(10):
        task = database.begin(f"light {number}")
        await database.settle()
        database.clock.advance(0.06)
        await database.finish(f"light {number}")
        await task
    hanging = [database.begin("person") for _ in range(4)]
    await database.settle()
    database.clock.advance(1.5)
    database.places.forget()
    database.clock.advance(1.5)
    await database.finish("person")
    await asyncio.gather(*hanging)
    light = database.begin("light 3")
    more = [database.begin("person") for _ in range(2)]
    await database.settle()
    assert sorted(database.running) == ["light 3", "person", "person"]
    for caller in ("light 3", "person"):
        await database.finish(caller)
    await asyncio.gather(light, *more)
    assert len(database.places) == 0


async def test_nobody_waits_for_ever_and_no_place_is_lost() -> None:
    database = Database(size=2, share=1, wait_s=0.05)
    holding = [database.begin("a"), database.begin("b")]
    await database.settle()
    waiting = [database.begin("c") for _ in range(5)]
    waiting[0].cancel()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert all(isinstance(result, PlacesTakenError) for result in results[1:])
    database.places._wait_s = 60  # those that are served do not depend on how fast that is
    late = [database.begin("d") for _ in range(2)]
    await database.settle()
    await database.finish("a")
    await database.finish("b")
    await asyncio.gather(*holding)
    await database.settle()
    assert database.running == ["d", "d"]
    await database.finish("d")
    await asyncio.gather(*late)
    assert len(database.places) == 0


async def test_nobody_rests_while_nobody_else_is_at_work() -> None:
    """A person alone, whose first search met a cold server, was refused the next one."""
    database = Database(size=8, share=0.25)
    for caller, took_s in (("address", 0.2), ("person", 0.8), ("person", 0.8)):
        task = database.begin(caller)
        await database.settle()
        assert database.running == [caller]
        database.clock.advance(took_s)
        await database.finish(caller)
        await task
        database.clock.advance(0.3)
    task = database.begin("person")
    await database.settle()
    assert database.running == ["person"]
    await database.finish("person")
    await task
