"""Popularity and pairs are a function of what was paid and stands, in whatever order it happened."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.support import Database, make_user
from tests.support.storefront import Storefront

PURCHASE = 10.0
PEOPLE, NAMES = 3, ("anchor", "lamp", "rope")
step = st.one_of(
    st.tuples(st.sampled_from(["view", "cart"]), st.integers(0, PEOPLE - 1), st.sampled_from(NAMES)),
    st.tuples(
        st.sampled_from(["place", "order"]), st.integers(0, PEOPLE - 1), st.sets(st.sampled_from(NAMES), min_size=1)
    ),
    st.tuples(st.sampled_from(["pay", "end"]), st.integers(0, 99), st.just("")),
    st.tuples(st.sampled_from(["roll_up_interactions", "revert_purchases"]), st.integers(1, 3), st.just("")),
    st.tuples(st.just("rebuild_popularity"), st.just(0), st.just("")),
)
# By what is done to it: from where an order comes, and to where.
MOVES = {"pay": ("pending", "paid"), "end": ("paid", "withdrawn")}


@dataclass
class Bought:
    """An order of the model."""

    id: uuid.UUID
    person: int
    names: frozenset[str]
    status: str


def expected(orders: list[Bought]) -> tuple[dict[str, float], dict[tuple[str, str], int]]:
    """Popularity (of one day, since nothing here is older), and pairs, from what was paid and stands."""
    bought = {person: set[str]() for person in range(PEOPLE)}
    for order in orders:
        if order.status == "paid":
            bought[order.person] |= order.names
    counted = {name: PURCHASE * sum(name in basket for basket in bought.values()) for name in NAMES}
    pairs = {(one, two): sum({one, two} <= basket for basket in bought.values()) for one in NAMES for two in NAMES}
    return counted, {pair: people for pair, people in pairs.items() if people and pair[0] <= pair[1]}


@pytest.fixture(scope="module")
def stage(database: Database) -> Iterator[tuple[Storefront, list[uuid.UUID]]]:
    with database.connect("supabase_admin") as admin, database.connect() as door:
        shop = Storefront(admin, door)
        shop.stock(NAMES)
        yield shop, [make_user(admin, f"person{number}@example.org") for number in range(PEOPLE)]


def _forget_everything(shop: Storefront) -> None:
    shop.admin.execute(
        "truncate public.interactions, private.interactions_to_roll_up, private.purchases_to_revert,"
        " private.counted_interactions, private.paired_purchases, private.product_pairs, private.product_buyers"
    )
    shop.admin.execute("update public.product_popularity set score = private.popularity_exponent('2026-01-01')")


def test_whoever_buys_and_cancels_leaves_the_pairs_as_they_were(stage: tuple[Storefront, list[uuid.UUID]]) -> None:
    """Counted anew by what somebody had at that moment, one person made a pair of three, or took others' away."""
    shop, people = stage
    _forget_everything(shop)
    filler = [f"filler {number}" for number in range(25)]
    shop.stock(["bitt", "buoy", *filler])
    honest = people[1]
    shop.order(honest, "bitt")
    shop.order(honest, "buoy")
    shop.fold()
    pair = ("bitt", "buoy")
    for person in (people[0], honest):
        shop.order(person, "bitt")
        for _ in range(3):
            bought = shop.order(person, "buoy")
            shop.fold()
            assert shop.pairs()[pair] == (2 if person == people[0] else 1)
            others = [shop.order(person, *filler)]
            shop.fold()
            shop.end(bought)
            shop.fold()
            for other in others:
                shop.end(other)
            shop.fold()
            assert shop.pairs()[pair] == 1, "the honest person's"


@seed(20261124)
@settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(step, max_size=25))
def test_whatever_happens_in_whatever_order_the_counts_are_those_of_what_was_paid(
    stage: tuple[Storefront, list[uuid.UUID]], steps: list[tuple[str, int, Any]]
) -> None:
    shop, people = stage
    _forget_everything(shop)
    orders: list[Bought] = []
    for kind, number, what in steps:
        if kind in ("view", "cart"):
            shop.note(people[number], kind, what)
        elif kind in ("place", "order"):
            act = shop.place if kind == "place" else shop.order
            orders.append(
                Bought(act(people[number], *what), number, frozenset(what), "pending" if kind == "place" else "paid")
            )
        elif kind in MOVES:
            _move(shop, orders[number % len(orders)] if orders else None, kind)
        else:
            shop.admin.execute(f"select private.{kind}({number or ''})".encode())
    shop.fold(2)
    counted, pairs = expected(orders)
    assert {name: shop.popularity(name) for name in NAMES} == pytest.approx(counted, abs=1e-6)
    assert shop.pairs() == pairs
    scores = [shop.score(name) for name in NAMES]
    shop.admin.execute("select private.rebuild_popularity()")
    assert [shop.score(name) for name in NAMES] == pytest.approx(scores, abs=1e-9)


def _move(shop: Storefront, order: Bought | None, kind: str) -> None:
    """What is done to an order that is there for it."""
    if order is not None and order.status == MOVES[kind][0]:
        (shop.pay if kind == "pay" else shop.end)(order.id)
        order.status = MOVES[kind][1]
