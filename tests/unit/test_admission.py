"""Who a caller is, how often one may ask, how many connections and uploads one may have."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.admission.addresses import LOCAL, Addresses, network
from gateway.admission.admission import Admission
from gateway.admission.connections import Connections, Uploads
from gateway.admission.rates import BoundedMemory, Rates, rate_limit_field
from gateway.config.types import sentence
from gateway.resilience.callers import Loads, Spread
from gateway.resilience.limiter import ConcurrencyLimiter
from tests.support.clock import Clock
from tests.support.gateway_app import make_settings


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        (None, LOCAL),
        ("testclient", "testclient"),
    ],
)
def test_an_address_is_an_ipv4_one_or_an_ipv6_network(peer: str | None, address: str) -> None:
    assert Addresses().of(peer, []) == address


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),  # anybody may write the header
        ("10.0.0.2", [], "10.0.0.2"),
        ("10.0.0.2", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.2", ["192.0.2.66, 198.51.100.1"], "198.51.100.1"),  # what stands left of it the caller wrote
        ("10.0.0.2", ["192.0.2.66", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.2", ["198.51.100.1, 10.0.0.3"], "198.51.100.1"),  # through two of the proxies
        ("10.0.0.2", ["10.0.0.4, 10.0.0.3"], "10.0.0.4"),
        ("10.0.0.2", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.0.0.2", ["[2001:db8::1]:4711"], "2001:db8::/64"),
        ("10.0.0.2", ["2001:db8::1"], "2001:db8::/64"),
        ("10.0.0.2", ["unknown"], "10.0.0.2"),
        ("10.0.0.2", ["198.51.100.1, nonsense, 10.0.0.3"], "10.0.0.3"),
        ("10.0.0.2", [""], "10.0.0.2"),
        ("10.0.0.2", ["1.1.1.1, " * 5000 + "198.51.100.1"], "198.51.100.1"),
        ("::ffff:10.0.0.2", ["198.51.100.1"], "198.51.100.1"),
    ],
)
def test_only_a_trusted_proxy_says_whose_a_request_is(peer: str, forwarded: Sequence[str], address: str) -> None:
    addresses = Addresses([network("10.0.0.0/8")])
    assert addresses.of(peer, [(b"x-forwarded-for", value.encode()) for value in forwarded]) == address


@given(st.lists(st.tuples(st.floats(0, 4), st.integers(1, 4)), max_size=120))
def test_a_rate_is_never_exceeded_by_more_than_a_window_may_hold(steps: list[tuple[float, int]]) -> None:
    clock = Clock()
    rates = Rates("10 per 5 second", name="person", storage=BoundedMemory(clock=clock))
    taken: list[tuple[float, int]] = []
    for passes, cost in steps:
        clock.advance(passes)
        scarcest = rates.scarcest("a", cost)
        assert scarcest is not None
        if rates.take("a", cost):
            taken.append((clock.now, cost))
            assert scarcest.retry_after_s == 0
        else:
            assert scarcest.retry_after_s > 0
        # In a window that is as long, wherever it begins, there are the quota twice at most (it counts by windows).
        assert sum(cost for at, cost in taken if at > clock.now - 5) <= 20


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(1, 10)), max_size=40), st.integers(1, 10))
def test_who_waits_as_long_as_told_is_let_in(steps: list[tuple[float, int]], cost: int) -> None:
    clock = Clock()
    rates = Rates("10 per 5 second; 40 per minute", name="person", storage=BoundedMemory(clock=clock))
    for passes, some in steps:
        clock.advance(passes)
        rates.take("a", some)
    scarcest = rates.scarcest("a", cost)
    assert scarcest is not None
    assert 0 <= scarcest.retry_after_s <= 120
    clock.advance(scarcest.retry_after_s + 1e-6)
    assert rates.take("a", cost)


def test_callers_do_not_count_for_each_other_and_are_told_what_is_left() -> None:
    clock = Clock()
    rates = Rates("3 per 5 second; 5 per minute", name="person", storage=BoundedMemory(clock=clock))
    assert [rates.take("a") for _ in range(4)] == [True, True, True, False]
    assert rates.take("b", 2)
    assert rates.policy == '"person-1";q=3;w=5, "person-2";q=5;w=60'
    assert rate_limit_field(rates.quotas("b")).startswith('"person-1";r=1;t=')
    clock.advance(12)
    assert [rates.take("a") for _ in range(3)] == [True, True, False]  # the minute's
    assert Rates("", name="person", storage=BoundedMemory(clock=clock)).take("a", 1_000_000)


def test_what_costs_more_than_there_ever_is_costs_all_of_it() -> None:
    clock = Clock()
    rates = Rates("3 per 5 second", name="person", storage=BoundedMemory(clock=clock))
    assert rates.take("a", 50)
    assert not rates.take("a")
    clock.advance(10)
    assert rates.take("a", 50)


def admission_at(text: str, clock: Clock) -> Admission:
    rates = Rates(text, name="address", storage=BoundedMemory(clock=clock))
    limiter = ConcurrencyLimiter(initial=20, late_s=1, clock=clock)
    return Admission(Addresses(), people=rates, strangers=rates, limiter=limiter, person_of=lambda _: None, clock=clock)


@pytest.mark.anyio
@pytest.mark.parametrize("text", ["30 per 5 second", "1 per second", "30 per 5 second; 4 per minute", ""])
@pytest.mark.parametrize("charges", [[(2_441, 0.5)], [(16, 0.5), (19, 1.0)], [(9, 1.0)], [(5_000, 1.0), (3, 1.0)]])
async def test_an_idle_caller_may_make_any_request(text: str, charges: list[tuple[int, float]]) -> None:
    clock = Clock()
    admission = admission_at(text, clock)
    for _ in range(3):
        who = admission.who("192.0.2.1", [])
        assert admission.take(who) is None
        for more, share in charges:
            assert await admission.charge(who, more, share) is None
        clock.advance(120)


@pytest.mark.anyio
async def test_who_waits_for_a_costly_request_as_long_as_told_may_make_it() -> None:
    clock = Clock()
    admission = admission_at("30 per 5 second", clock)

    async def ask(more: int) -> int | None:
        who = admission.who("192.0.2.1", [])
        refused = admission.take(who) or await admission.charge(who, more)
        return int(refused.headers["Retry-After"]) if refused else None

    assert await ask(10) is None
    wait_s = await ask(2_441)
    assert wait_s is not None
    clock.advance(wait_s)
    assert await ask(2_441) is None


@pytest.mark.parametrize(
    ("per_s", "least", "most"),
    [(5, 5 * 60, 5 * 60), (8, 4 * 60, 6 * 60), (200, 0, 60)],
)
def test_who_goes_on_asking_far_beyond_its_rate_gets_nothing_until_it_stops(per_s: int, least: int, most: int) -> None:
    clock = Clock()
    admission = admission_at("30 per 5 second", clock)
    answered, refused = 0, None
    for _ in range(60 * per_s):
        refused = admission.take(admission.who("192.0.2.1", []))
        answered += refused is None
        clock.advance(1 / per_s)
    assert least <= answered <= most
    if refused is not None:
        clock.advance(float(refused.headers["Retry-After"]))
        assert admission.take(admission.who("192.0.2.1", [])) is None


def test_the_memory_of_rates_and_loads_is_bounded() -> None:
    clock = Clock()
    memory = BoundedMemory(max_keys=100, clock=clock)
    rates = Rates("3 per 5 second", name="address", storage=memory)
    loads = Loads(max_callers=100, clock=clock)
    loads.of("works").in_flight = 1
    for number in range(1000):
        rates.take("attacker")
        rates.take(f"made up {number}")
        loads.ask(f"made up {number}")
    assert (len(memory), len(loads)) == (100, 100)
    assert not rates.take("attacker")  # who goes on is not forgotten
    assert loads.of("works").in_flight == 1


def test_one_caller_has_a_share_of_the_places() -> None:
    limiter = ConcurrencyLimiter(initial=20, late_s=1, share=0.25, clock=Clock())
    assert [limiter.enter("a") for _ in range(6)] == [True] * 5 + [False]
    assert limiter.has_its_share("a")
    assert limiter.would_refuse("a")
    assert limiter.enter("b")
    limiter.leave(0.1, "a")
    assert limiter.enter("a")
    assert all(limiter.enter() for _ in range(14))  # the gateway's own work has no share
    assert not limiter.enter("c")
    assert limiter.in_flight == limiter.limit == 20


def test_who_asks_least_has_the_last_places() -> None:
    clock = Clock()
    limiter = ConcurrencyLimiter(initial=20, late_s=1, clock=clock)
    for _ in range(30):
        limiter.ask("often")
    limiter.ask("seldom")
    entered = [next((who for who in ("often", "seldom") if limiter.enter(who)), None) for _ in range(21)]
    assert entered == ["often"] * entered.count("often") + ["seldom"] * (20 - entered.count("often")) + [None]
    assert 10 <= entered.count("often") <= 18
    clock.advance(10)  # what was asked is forgotten
    limiter.leave(0.1, "seldom")
    assert limiter.enter("often")


def test_how_requests_are_spread_names_nobody() -> None:
    clock = Clock()
    limiter = ConcurrencyLimiter(initial=20, late_s=1, clock=clock)
    assert limiter.spread() == Spread(0, 0.0)
    for caller in ("a", "b", "c", "a", "a"):
        limiter.ask(caller)
    assert limiter.spread() == Spread(3, 0.6)
    clock.advance(4)
    limiter.ask("d")
    assert limiter.spread().callers == 4
    assert 0.5 < limiter.spread().largest_share < 1, "what is older counts less"
    clock.advance(2)
    assert limiter.spread() == Spread(1, 1.0)


class Held:
    """A connection of the tests' own."""

    def __init__(self, *, has_answered: bool = False, is_idle: bool = True) -> None:
        self.has_answered, self.is_idle, self.is_open = has_answered, is_idle, True

    def make_room(self) -> None:
        self.is_open = False
        self.of.leave(self, self.peer)

    def enter(self, connections: Connections, peer: str) -> bool:
        self.of, self.peer = connections, peer
        return connections.enter(self, peer)


def test_the_connection_that_brought_least_makes_room() -> None:
    connections = Connections(Addresses([network("10.0.0.0/8")]), most=6, per_address=4, rates=BoundedMemory())
    busy, useful, silent = Held(is_idle=False), Held(has_answered=True), Held()
    for held in (busy, useful, silent, Held(is_idle=False)):
        assert held.enter(connections, "192.0.2.1")
    clock_full = [Held(is_idle=False).enter(connections, "192.0.2.1") for _ in range(3)]
    assert clock_full == [False, False, False]  # as many new ones a second as at a time
    assert (busy.is_open, useful.is_open, silent.is_open) == (True, True, True)
    assert [Held().enter(connections, "10.0.0.1") for _ in range(2)] == [True, True]
    assert Held().enter(connections, "192.0.2.2")  # the gateway is full: the address with most of them makes room
    assert (busy.is_open, useful.is_open, silent.is_open) == (True, True, False)
    assert len(connections) == 6


def test_at_the_limit_of_an_address_one_of_its_own_makes_room() -> None:
    clock = Clock()
    connections = Connections(Addresses(), most=100, per_address=3, rates=BoundedMemory(clock=clock))
    held = [Held(has_answered=number == 0) for number in range(6)]
    for one in held:
        clock.advance(10)
        assert one.enter(connections, "192.0.2.1")
    assert [one.is_open for one in held] == [True, False, False, False, True, True]
    assert len(connections) == 3


def test_unfinished_uploads_are_bounded_for_each_caller_and_together() -> None:
    given_up: list[str] = []
    uploads = Uploads(most_bytes=1000, share=0.5)

    def add(name: str, caller: str, size: int) -> bool:
        def give_up() -> None:
            given_up.append(name)
            uploads.remove(name, caller)

        return uploads.add(name, caller, size, give_up)

    assert add("1", "a", 400)
    assert add("2", "a", 100)
    assert not add("3", "a", 1)
    uploads.remove("3", "a")
    assert add("4", "b", 300)
    assert add("5", "c", 201)  # more than all may hold: the longest of who holds most is given up
    assert given_up == ["1"]
    assert uploads.total == 601
    for name, caller in (("2", "a"), ("4", "b"), ("5", "c"), ("5", "c")):
        uploads.remove(name, caller)
    assert uploads.total == 0


@pytest.mark.parametrize(("longest", "most"), [(300, 300), (5_000, 1_000), (50, 100)])
def test_one_body_is_always_within_its_callers_share(longest: int, most: int) -> None:
    assert Uploads(most_bytes=1_000, share=0.1, longest=longest).most_of_one == most


@pytest.mark.parametrize(
    ("name", "value"),
    [("rate_limit", "many"), ("rate_limit_address", "0 per second"), ("trusted_proxies", "10.0.0.0/99")],
)
def test_settings_that_cannot_be_followed_are_named(name: str, value: str) -> None:
    with pytest.raises(ValueError, match="validation error") as error:
        make_settings(**{name: value})
    assert sentence(error.value.errors()[0]).startswith(f"{name.upper()} is not valid: must")  # type: ignore[attr-defined]
