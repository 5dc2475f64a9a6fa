"""Random histories of orders: people, workers, provider and time take steps in any order, and then all is settled."""

import random
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from typing import Any

import psycopg

from gateway.clients.payments import Outcome
from tests.support.order_search import is_end, require_agreement
from tests.support.order_world import OrderWorld, People, Step
from tests.support.provider_double import LATER

LONGEST = 12
EAGERNESS = {"worker": 6, "provider": 6, "staff": 2, "buyer": 1, "time": 1}
# More than settling takes: each of its rounds ends a charge or a refund, or has the provider decide.
ROUNDS = 20


def run_history(connection: psycopg.Connection[Any], people: People, seed: str) -> str:
    """One order from `seed`, taken back at its end; what it ended as."""
    draw = random.Random(seed)
    with connection.transaction(force_rollback=True), closing(OrderWorld(connection, people, workers=2)) as world:
        for _ in range(draw.randint(1, LONGEST)):
            _take(world, _drawn(draw, list(world.steps())))
        _settle(world, draw)
        books = world.books
    return f"{books.status}, charge {books.charge}, refund {books.refund}"


def _drawn(draw: random.Random, steps: list[Step]) -> Step:
    """Somebody first: a buyer who cancels ends most orders before anything else happens to them."""
    there = sorted({step.who for step in steps})
    (who,) = draw.choices(there, [EAGERNESS[each] for each in there])
    return draw.choice([step for step in steps if step.who == who])


def _take(world: OrderWorld, step: Step) -> None:
    before = world.outside.copied()
    if world.attempt(step):
        world.keep()
    else:
        world.outside = before
    require_agreement(world)


def _settle(world: OrderWorld, draw: random.Random) -> None:
    """Workers work, the provider decides and tells everything again, and staff see to what is left to them."""
    for _ in range(ROUNDS):
        for event in draw.sample(world.outside.provider.events, len(world.outside.provider.events)):
            _take(world, Step("provider", f"tells {event['id']}", _telling(world, event)))
        if is_end(world):
            return
        steps = {step.name: step for step in world.steps()}
        name = _settling(world)
        assert name in steps, f"{name} is not possible: {world}"
        _take(world, steps[name])
    raise AssertionError(f"it comes to no end: {world}")


def _settling(world: OrderWorld) -> str:
    """The step that an order needs most."""
    books, outside = world.books, world.outside
    if outside.flights:
        return "worker: notes" if isinstance(outside.flights[0].said, Outcome) else "worker: gives up"
    for kind, status in outside.provider.truth.items():
        if status in LATER:
            return f"provider: decides: {kind} succeeded"
    if {books.charge, books.refund} & {"waiting", "sent"}:
        return "worker: asks: succeeded"
    if books.status == "pending":
        return "staff: mark_never_charged"
    if books.charge == "charged as well":
        return "staff: retry_payment" if world.is_balanced() else "staff: refund_order"
    return "staff: mark_refunded"


def _telling(world: OrderWorld, event: dict[str, Any]) -> Callable[[], None]:
    return lambda: world.tell(event, again=True)


def run_histories(connection: psycopg.Connection[Any], people: People, seeds: range) -> Counter[str]:
    """Run one of each seed; how many ended as what."""
    return Counter(run_history(connection, people, f"history {seed}") for seed in seeds)
