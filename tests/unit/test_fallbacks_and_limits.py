"""Fallback chains, stale answers, the retry budget and the limit, each alone, with a clock of the tests' own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.resilience import DependencyError
from gateway.resilience.fallback import Degradation, Fallback, first_available
from gateway.resilience.limiter import ConcurrencyLimiter
from gateway.resilience.stale_cache import StaleCache
from gateway.resilience.token_bucket import TokenBucket
from tests.support.clock import Clock
from tests.support.gateway_app import make_app
from tests.support.tokens import Project

pytestmark = pytest.mark.anyio


class MisuseError(Exception):
    """The caller's fault."""


@given(st.lists(st.one_of(st.none(), st.floats(0, 5)), max_size=200))
def test_a_budget_is_never_overdrawn(steps: list[float | None]) -> None:
    """None: a call that wants a retry; a number: so many seconds pass."""
    clock = Clock()
    budget = TokenBucket(0.1, 3, clock=clock)
    granted, calls, passed = 0, 0, 0.0
    for step in steps:
        if step is None:
            budget.deposit()
            calls += 1
            granted += budget.withdraw()
        else:
            clock.advance(step)
            passed += step
        assert granted <= 30 + 0.1 * calls + 3 * passed + 1e-6
        assert 0 <= budget.share <= 1


def test_what_is_left_of_a_budget_is_shown_as_it_is_now() -> None:
    clock = Clock()
    budget = TokenBucket(0.1, 3, clock=clock)
    while budget.withdraw():
        pass
    assert budget.share == 0
    clock.advance(5)
    assert budget.share == 0.5


def source(name: str, result: str | Exception | None, unless: type[Exception] | None = None) -> Fallback[str]:
    async def ask() -> str | None:
        if isinstance(result, Exception):
            raise result
        return result

    return Fallback(name, f"what {name} gives", ask, unless or ())


async def test_the_first_source_that_works_answers_and_what_was_down_is_told() -> None:
    down = DependencyError("first", "It is down.")
    chain = [source("first", down), source("second", None), source("third", "well"), source("fourth", "no")]
    missing = Degradation(dependency="first", reason="It is down.", used="what third gives")
    assert await first_available(chain) == ("well", [missing])
    assert await first_available([source("first", "well"), source("second", down)]) == ("well", [])


async def test_when_no_source_works_the_first_failure_is_the_answer() -> None:
    with pytest.raises(DependencyError, match="the first"):
        await first_available(
            [
                source("a", DependencyError("a", "the first")),
                source("b", DependencyError("b", "the last")),
                source("c", None),
            ]
        )
    with pytest.raises(LookupError):
        await first_available([source("a", None)])


async def test_what_no_other_source_would_change_is_the_answer() -> None:
    with pytest.raises(MisuseError):
        await first_available([source("a", MisuseError()), source("b", "well")])


async def test_what_shares_the_failure_is_not_asked() -> None:
    down = DependencyError("a", "down")
    chain = [source("a", down), source("b", "of the same server", DependencyError), source("c", "well")]
    assert (await first_available(chain))[0] == "well"


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 60), st.floats(0, 4)), max_size=60))
def test_what_is_kept_is_bounded_and_the_latest(steps: list[tuple[int, int, float]]) -> None:
    clock = Clock()
    kept = StaleCache(max_bytes=100, max_age_s=10, clock=clock)
    latest: dict[bytes, tuple[bytes, float]] = {}
    now = 0.0
    for number, length, passes in steps:
        key = bytes([number])
        answer = bytes([len(latest)]) * length
        kept.put(key, answer)
        latest[key] = (answer, now)
        clock.advance(passes)
        now += passes
        assert kept.size <= 100
        for key, (answer, at) in latest.items():
            found = kept.get(key)
            assert found is None or (found[0] == answer and found[1] == pytest.approx(now - at) and found[1] <= 10)
    assert kept.size == 0 or len(kept) > 0


def test_the_limit_rises_while_answers_come_in_time_and_falls_when_they_do_not() -> None:
    clock = Clock()
    limiter = ConcurrencyLimiter(initial=10, smallest=2, largest=20, late_s=1, pause_s=0.5, clock=clock)

    def full_house(took_s: float) -> None:
        held = 0
        while limiter.enter():
            held += 1
        assert held == limiter.limit
        assert not limiter.enter()
        for _ in range(held):
            limiter.leave(took_s)
        clock.advance(1)

    full_house(2.0)
    assert limiter.limit == 9  # once, not once for each
    for _ in range(40):
        full_house(0.1)
    assert limiter.limit == 20
    for _ in range(60):
        full_house(2.0)
    assert limiter.limit == 2
    assert limiter.in_flight == 0


def test_a_limit_that_is_not_needed_does_not_rise() -> None:
    limiter = ConcurrencyLimiter(initial=10, late_s=1)
    for _ in range(1000):
        assert limiter.enter()
        limiter.leave(0.01)
    assert limiter.limit == 10


def test_what_was_lowered_comes_back_to_where_it_began() -> None:
    clock = Clock()
    limiter = ConcurrencyLimiter(initial=10, largest=20, late_s=1, clock=clock)
    for _ in range(5):
        assert limiter.enter()
        limiter.leave(2.0)
        clock.advance(1)
    assert limiter.limit == 5
    for _ in range(1000):
        assert limiter.enter()
        limiter.leave(0.1)
    assert limiter.limit == 10


@pytest.mark.parametrize(("wanted", "limit"), [(None, 8), (3, 3), (8, 8), (500, 8)])
def test_no_more_are_let_in_than_the_database_has_places_for(wanted: int | None, limit: int) -> None:
    app = make_app(Project(), database_pool_size=2, concurrency=wanted)
    assert app.state.services.limiter.limit == limit
