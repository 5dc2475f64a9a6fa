"""All that may become of one order: its reachable states, and what must hold in each of them."""

from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import psycopg

from tests.support.order_world import STOCK, OrderWorld, People
from tests.support.provider_double import LATER, ProviderDouble

Key = tuple[object, ...]
# States of jobs that wait for nobody.
OVER = {"succeeded", "declined", "by hand", "never sent", "not confirmed", "never made"}
HOLDS = {"pending", "paid", "shipped"}


@dataclass
class Graph:
    """The states that were reached, and the steps between them."""

    steps: dict[Key, list[tuple[str, Key]]] = field(default_factory=dict)
    ends: set[Key] = field(default_factory=set)
    paths: dict[Key, str] = field(default_factory=dict)
    changes: dict[str, set[tuple[str, str]]] = field(default_factory=dict)

    def without_way(self, *, besides: str) -> set[Key]:
        """States from which no end is reached without the steps of somebody."""
        back: dict[Key, set[Key]] = {}
        for key, steps in self.steps.items():
            for name, other in steps:
                if not name.startswith(besides):
                    back.setdefault(other, set()).add(key)
        reached, todo = set(self.ends), list(self.ends)
        while todo:
            found = back.get(todo.pop(), set()) - reached
            reached |= found
            todo += found
        return set(self.steps) - reached


def search(connection: psycopg.Connection[Any], people: People, *, workers: int, closes_account: bool = False) -> Graph:
    """Take every step from every state; each is taken back after what follows it was looked at."""
    provider = ProviderDouble(repeats_itself=False)
    with connection.transaction(force_rollback=True):
        world = OrderWorld(connection, people, workers=workers, closes_account=closes_account, provider=provider)
        with closing(world):
            graph = Graph(changes=world.changes)
            _visit(world, graph)
            world.finish()
    return graph


def _visit(world: OrderWorld, graph: Graph) -> None:
    key, books, outside = world.key, world.books, world.outside
    graph.steps[key] = []
    graph.paths[key] = str(world)
    if is_end(world):
        graph.ends.add(key)
    for step in list(world.steps()):
        world.outside = outside.copied()
        if not world.attempt(step):
            world.path.pop()
            world.outside = outside
            continue
        require_agreement(world)
        graph.steps[key].append((step.name, world.key))
        if world.key not in graph.steps:
            _visit(world, graph)
        world.take_back(books, outside)


def require_agreement(world: OrderWorld) -> None:
    """What holds at every moment: the stock is what no order holds, and nothing is given back that nobody paid."""
    books, outside = world.books, world.outside
    held = books.status in HOLDS or (books.status == "refunded" and books.is_shipped)
    assert books.stock == STOCK - held, f"the stock differs: {world}"
    assert outside.provider.balance() + outside.by_hand >= 0, f"given back twice: {world}"
    assert books.status != "pending" or books.charge not in OVER, f"nothing ends it: {world}"
    assert books.status != "cancelled" or books.charge != "succeeded" or books.refund, f"money is kept: {world}"


def is_end(world: OrderWorld) -> bool:
    """Whether nobody has anything to do any more, and the money is where the order says."""
    books, outside = world.books, world.outside
    if outside.flights or books.waiting or set(LATER) & set(outside.provider.truth.values()):
        return False
    is_over = books.charge in OVER and books.refund in {None, "succeeded", "by hand"}
    return is_over and world.is_balanced() and (books.is_kept or books.status in ("cancelled", "refunded"))
