"""Orders and their lines: the rules, how they are asked, and how they are put into a world."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.isolation.probes import Insert, Table, named
from tests.isolation.world import Actor, World, identity

# Functions alone use them.
INTERNAL = ("order_requests", "payment_jobs", "payment_events")


def reads_order(w: World, a: Actor, name: str) -> bool:
    """Its buyer, and staff."""
    return a.staff or (a.me is not None and w.orders[name] == a.me)


_READ = {"authenticated": {"select": "*"}}
GRANTS: Mapping[str, Mapping[str, Mapping[str, str]]] = {"public.orders": _READ, "public.order_items": _READ}


class Orders(Table):
    """One row an order."""

    key = "id || ' ' || coalesce(buyer_id::text, '')"
    columns = "reason"
    blind = "reason = 'x'"

    def rows(self, world: World) -> Iterable[str]:
        return sorted(world.orders)

    def key_of(self, row: Any, world: World) -> str:
        buyer = world.orders[row]
        return f"{identity(row)} {identity(buyer) if buyer else ''}"

    def inserts(self, _world: World, actor: Actor) -> Sequence[Insert]:
        return [Insert("new", f"(buyer_id, currency, total) values ({named(actor.me)}, 'EUR', 1)")]


class OrderItems(Table):
    """One line an order."""

    key = "order_id || ' ' || position"
    columns = "quantity"
    blind = "quantity = 1"

    def rows(self, world: World) -> Iterable[str]:
        return sorted(world.orders)

    def key_of(self, row: Any, _world: World) -> str:
        return f"{identity(row)} 1"

    def where(self, row: Any) -> str:
        return f"order_id = {named(row)}"

    def inserts(self, world: World, _actor: Actor) -> Sequence[Insert]:
        columns = "(order_id, position, sku, name, unit_price, quantity)"
        return [Insert(row, f"{columns} values ({named(row)}, 2, 'A', 'A', 1, 1)") for row in self.rows(world)]


def statements(world: World) -> Iterable[str]:
    """What puts the world's orders into a database, each of a lamp."""
    for name, buyer in sorted(world.orders.items()):
        yield (
            "insert into public.orders (id, buyer_id, currency, total)"
            f" values ({named(name)}, {named(buyer)}, 'EUR', 1)"
        )
        yield (
            "insert into public.order_items (order_id, position, product_id, sku, name, unit_price, quantity)"
            f" values ({named(name)}, 1, {named('lamp')}, 'LAMP', 'lamp', 1, 1)"
        )
