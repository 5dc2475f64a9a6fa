"""What refusals cost: known without counting again, and spread over time for who asks for many."""

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.admission.addresses import Addresses
from gateway.admission.connections import TOLD_PER_S, Connections
from gateway.admission.rates import BoundedMemory, Rates
from gateway.admission.refusals import MAX_PAUSE_S, MIN_PAUSE_S, REFUSALS_PER_S, Refusals
from gateway.errors import OverloadedError, TooManyRequestsError
from tests.support.clock import Clock


def refused(wait_s: int) -> TooManyRequestsError:
    return TooManyRequestsError("Too often.", retry_after_s=wait_s, headers={"RateLimit": "some"})


@given(st.lists(st.floats(0, 2), max_size=60))
def test_who_is_refused_without_counting_is_so_until_what_it_was_told_and_no_longer(steps: list[float]) -> None:
    clock = Clock()
    rates = Rates("4 per 5 second; 9 per minute", name="person", storage=BoundedMemory(clock=clock))
    refusals = Refusals(clock=clock)
    told_until = 0.0
    for passes in steps:
        clock.advance(passes)
        known = refusals.known("a")
        assert refusals.known("b") is None
        if known is not None:
            assert clock.now < told_until <= clock.now + int(known.headers["Retry-After"])
        elif rates.take("a"):
            told_until = clock.now
        else:
            quota = rates.scarcest("a")
            assert quota is not None
            told_until = clock.now + quota.retry_after_s
            refusals.keep("a", refused(max(1, ceil(quota.retry_after_s))), quota.retry_after_s)
    if told_until > clock.now:
        clock.advance(told_until - clock.now + 1e-6)
        assert refusals.known("a") is None
        assert rates.take("a")


def test_a_known_refusal_is_an_error_of_its_own() -> None:
    refusals = Refusals(clock=Clock())
    refusals.keep("a", refused(3), 2.5)
    one, other = refusals.known("a"), refusals.known("a")
    assert one is not None
    assert other is not None
    assert one is not other, "raised, it keeps the frames that it went through"
    assert (one.detail, one.headers) == (refused(3).detail, refused(3).headers)


def test_a_known_refusal_ends_with_the_second_that_it_tells() -> None:
    clock = Clock()
    refusals = Refusals(clock=clock)
    refusals.keep("a", refused(3), 2.5)
    clock.advance(0.4)
    assert refusals.known("a") is not None
    clock.advance(0.2)
    assert refusals.known("a") is None, "two seconds are left, which it does not say"


def test_a_few_refusals_at_a_time_are_told_without_a_pause() -> None:
    clock = Clock()
    refusals = Refusals(clock=clock)
    for _ in range(20):
        assert [refusals.pause_s("a", refused(5)) for _ in range(int(MIN_PAUSE_S * REFUSALS_PER_S) - 1)] == [0, 0, 0, 0]
        clock.advance(MIN_PAUSE_S)


def test_refusals_of_one_caller_are_so_many_a_second_however_many_connections_it_has() -> None:
    clock = Clock()
    refusals = Refusals(clock=clock)
    read_at = [0.0] * 128
    told = 0
    for _ in range(int(30 / 0.01)):
        clock.advance(0.01)
        for connection, at in enumerate(read_at):
            if at <= clock.now:
                read_at[connection] = clock.now + refusals.pause_s("a", refused(5))
                told += 1
    assert 30 * REFUSALS_PER_S <= told <= 31 * REFUSALS_PER_S + 128 + 1
    assert refusals.pause_s("b", refused(5)) == 0, "others are read as before"


@pytest.mark.parametrize(("error", "most_s"), [(refused(2), 2.0), (refused(60), MAX_PAUSE_S), (OverloadedError(), 1.0)])
def test_nobody_is_paused_for_longer_than_told(error: TooManyRequestsError, most_s: float) -> None:
    refusals = Refusals(clock=Clock())
    assert max(refusals.pause_s("a", error) for _ in range(10_000)) == most_s


def test_the_memory_of_refusals_is_bounded() -> None:
    refusals = Refusals(max_callers=10, clock=Clock())
    for number in range(100):
        refusals.keep("attacker", refused(5), 5)
        refusals.keep(f"made up {number}", refused(5), 5)
        refusals.pause_s(f"made up {number}", refused(5))
        refusals.unlogged(f"made up {number}")
    assert len(refusals) == 10
    assert refusals.known("attacker") is not None  # who goes on is not forgotten


def test_one_refusal_in_a_while_has_a_line() -> None:
    clock = Clock()
    refusals = Refusals(clock=clock)
    assert [refusals.unlogged("a") for _ in range(3)] == [0, None, None]
    assert refusals.unlogged("b") == 0
    clock.advance(11)
    assert refusals.unlogged("a") == 2


def test_of_a_flood_of_connections_a_few_are_told_and_those_of_others_are_none() -> None:
    clock = Clock()
    connections = Connections(Addresses(), most=100, per_address=3, rates=BoundedMemory(clock=clock))
    assert not any(connections.are_a_flood("192.0.2.1") or not _enter(connections, "192.0.2.1") for _ in range(3))
    floods = [connections.are_a_flood("192.0.2.1") for _ in range(50)]
    assert floods == [False] * TOLD_PER_S + [True] * (50 - TOLD_PER_S)
    assert not connections.are_a_flood("192.0.2.2")
    clock.advance(2)
    assert not connections.are_a_flood("192.0.2.1")
    assert _enter(connections, "192.0.2.1")


class _Idle:
    has_answered = True
    is_idle = True

    def make_room(self) -> None:
        """Leave the rest to the connections."""


def _enter(connections: Connections, peer: str) -> bool:
    return connections.enter(_Idle(), peer)
