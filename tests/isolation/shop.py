"""How what the shop lives by is asked: the currencies; and what becomes of organizations whose last owner is gone."""

from collections.abc import Iterable, Sequence
from typing import Any

from tests.isolation.probes import Insert, Table, Update, quoted
from tests.isolation.world import Actor, World
from tests.support.product_model import CURRENCIES


class Currencies(Table):
    key = "code"
    columns = "minor_digits"
    blind = "minor_digits = 2"

    def rows(self, _world: World) -> Iterable[str]:
        return sorted(CURRENCIES)

    def key_of(self, row: Any, _world: World) -> str:
        return str(row)

    def where(self, row: Any) -> str:
        return f"code = {quoted(row)}"

    def updates(self, world: World, row: Any, actor: Actor) -> Sequence[Update]:
        # A few stand for all.
        return super().updates(world, row, actor) if row in ("EUR", "JPY") else ()

    def inserts(self, _world: World, _actor: Actor) -> Sequence[Insert]:
        return [Insert("new", "(code, minor_digits) values ('ZZZ', 2)")]
