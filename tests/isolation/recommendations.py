"""What people do with products, and what it makes of them: the rules, and how the tables are asked."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.isolation.probes import Insert, Table, named
from tests.isolation.world import Actor, World, identity

KINDS = ("view", "cart", "purchase")
INTERNAL = (
    *("interactions_to_roll_up", "purchases_to_revert", "counted_interactions"),
    *("paired_purchases", "product_buyers", "product_pairs", "interaction_rates"),
)


def did(_world: World, actor: Actor, row: tuple[str, str, str]) -> bool:
    """One's own."""
    return row[0] == actor.me


def may_do(world: World, actor: Actor, row: tuple[str, str, str]) -> bool:
    """People note what they look at and put into the cart, of what is on sale; what they buy is noted for them."""
    person, product, kind = row
    return actor.me is not None and person == actor.me and kind != "purchase" and world.products[product].active


def rated(world: World, actor: Actor, product: str) -> bool:
    """As the product, but for the worker, who rates without looking."""
    return world.products[product].active or actor.staff


INTERACTION_GRANTS: Mapping[str, str] = {"select": "*", "insert": "product_id kind"}


class Interactions(Table):
    key = "user_id || ' ' || product_id || ' ' || kind"
    columns = "kind"
    blind = "kind = 'view'"

    def rows(self, world: World) -> Iterable[tuple[str, str, str]]:
        return sorted(world.interactions)

    def key_of(self, row: Any, _world: World) -> str:
        return f"{identity(row[0])} {identity(row[1])} {row[2]}"

    def where(self, row: Any) -> str:
        return f"user_id = {named(row[0])} and product_id = {named(row[1])} and kind = '{row[2]}'"

    def inserts(self, world: World, actor: Actor) -> Sequence[Insert]:
        return [
            Insert((actor.me, product, kind), f"(product_id, kind) values ({named(product)}, '{kind}')")
            for product in sorted(world.products)
            for kind in KINDS
        ]


class Popularity(Table):
    key = "product_id::text"
    columns = "score"
    blind = "score = 1"

    def rows(self, world: World) -> Iterable[str]:
        return sorted(world.products)

    def where(self, row: Any) -> str:
        return f"product_id = {named(row)}"

    def inserts(self, world: World, _actor: Actor) -> Sequence[Insert]:
        return [
            Insert(product, f"(product_id, score) values ({named(product)}, 1000)")
            for product in sorted(world.products)
        ]


def statements(world: World) -> Iterable[str]:
    """What puts it into the database without triggers."""
    for product in sorted(world.products):
        yield (
            "insert into public.product_popularity (product_id, scope_id, category_id, score)"
            f" select id, scope_id, category_id, 1 from public.products where id = {named(product)}"
        )
    for person, product, kind in sorted(world.interactions):
        order = named("an order") if kind == "purchase" else "null"
        yield (
            "insert into public.interactions (user_id, product_id, kind, order_id)"
            f" values ({named(person)}, {named(product)}, '{kind}', {order})"
        )
