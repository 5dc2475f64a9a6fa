"""Requests of one caller wait for each other while others are at work, and only then."""

import asyncio
import random
from collections import Counter

import pytest

from gateway.admission.turns import AT_WORK_S, Turns
from gateway.resilience.metrics import REGISTRY

pytestmark = pytest.mark.anyio
LONG_S = 60.0


class Clock:
    """Time that passes when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """Requests that go on until they are ended."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.turns = Turns(clock=self.clock)
        self.begun: list[str] = []
        self._ends: dict[str, asyncio.Event] = {}

    async def request(self, caller: str, name: str, stall_s: float = LONG_S, within_s: float = LONG_S) -> None:
        self._ends[name] = asyncio.Event()
        async with self.turns.turn(caller, stall_s, within_s):
            self.begun.append(name)
            await self._ends[name].wait()

    async def start(self, caller: str, *names: str) -> "list[asyncio.Task[None]]":
        tasks = [asyncio.create_task(self.request(caller, name)) for name in names]
        await settle()
        return tasks

    async def end(self, name: str) -> None:
        self._ends[name].set()
        await settle()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_alone_a_caller_has_everything_at_once() -> None:
    bench = Bench()
    await bench.start("a", "a1", "a2", "a3")
    assert bench.begun == ["a1", "a2", "a3"]


async def test_beside_others_one_at_a_time_in_the_order_of_arrival() -> None:
    bench = Bench()
    await bench.start("b", "b1")
    await bench.start("person:a", "a1", "a2", "a3")
    await bench.start("c", "c1")
    assert bench.begun == ["b1", "a1", "c1"]
    before = waits()
    for ended, next_one in (("a1", "a2"), ("a2", "a3")):
        await bench.end(ended)
        assert bench.begun[-1] == next_one
    assert waits() == before + 2


def waits() -> float:
    """How many requests of a person have waited for a turn."""
    labels = {"of": "turn", "caller": "person"}
    return REGISTRY.get_sample_value("tidegate_caller_wait_seconds_count", labels) or 0.0


async def test_others_are_at_work_for_a_moment_after_their_answer() -> None:
    bench = Bench()
    await bench.start("b", "b1")
    await bench.end("b1")
    await bench.start("a", "a1", "a2", "a3", "a4")
    assert bench.begun == ["b1", "a1"]
    bench.clock.now += 2 * AT_WORK_S
    await bench.end("a1")
    assert bench.begun == ["b1", "a1", "a2", "a3", "a4"]


async def test_who_waits_too_long_or_leaves_holds_nobody_up() -> None:
    bench = Bench()
    await bench.start("b", "b1")
    await bench.start("a", "a1")
    for patience in ({"within_s": 0.01}, {"stall_s": 0.01}):
        with pytest.raises(TimeoutError):
            await bench.request("a", "late", **patience)
    (leaver,) = await bench.start("a", "leaver")
    await bench.start("a", "a2")
    leaver.cancel()
    await settle()
    await bench.end("a1")
    assert bench.begun == ["b1", "a1", "a2"]


async def test_a_long_queue_waits_on_while_requests_end() -> None:
    bench = Bench()
    await bench.start("b", "b1")
    await bench.start("a", *(f"a{number}" for number in range(12)))
    late = asyncio.create_task(bench.request("a", "late", stall_s=2.5))
    for number in range(12):
        assert bench.begun[-1] == f"a{number}"
        await asyncio.wait({late}, timeout=0.25)  # together longer than it waits for one of them
        await bench.end(f"a{number}")
    assert bench.begun[-1] == "late"
    await bench.end("late")
    await late


async def test_who_leaves_as_the_turn_comes_passes_it_on() -> None:
    bench = Bench()
    await bench.start("b", "b1")
    await bench.start("a", "a1")
    (leaver,) = await bench.start("a", "leaver")
    await bench.start("a", "a2")
    bench._ends["a1"].set()
    await asyncio.sleep(0)  # a1 has ended and given its turn to the leaver, which does not know yet
    leaver.cancel()
    await settle()
    assert bench.begun[-1] == "a2"


@pytest.mark.parametrize("seed", range(5))
async def test_at_random_nobody_is_forgotten_and_nobody_has_two(seed: int) -> None:
    rng = random.Random(seed)
    turns = Turns()
    running: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()

    async def request(caller: str) -> None:
        try:
            patience, within = rng.choice((0.001, 0.01, LONG_S)), rng.choice((0.01, LONG_S))
            async with asyncio.timeout(patience), turns.turn(caller, within, LONG_S):
                running[caller] += 1
                outcomes["two"] += running[caller] > 1
                try:
                    await asyncio.sleep(rng.random() / 200)
                finally:
                    running[caller] -= 1
            outcomes["answered"] += 1
        except TimeoutError:
            outcomes["gave up"] += 1

    async def busy() -> None:
        async with turns.turn("always at work", LONG_S, LONG_S):
            await asyncio.gather(*(request(rng.choice("abcde")) for _ in range(300)))

    async with asyncio.timeout(LONG_S):
        await busy()
    assert outcomes["two"] == 0
    assert outcomes["answered"] > 30
    assert outcomes["answered"] + outcomes["gave up"] == 300
    assert not turns._running
    assert not turns._waiting
