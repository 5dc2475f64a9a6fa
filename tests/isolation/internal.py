"""What nobody may use directly: tables and views that functions alone read and write."""

from collections.abc import Sequence

from tests.isolation.probes import Insert, Table
from tests.isolation.world import Actor, World


class Internal(Table):
    """Tables that nobody has any right to."""

    key = "ctid::text"

    def inserts(self, _world: World, _actor: Actor) -> Sequence[Insert]:
        return [Insert("new", "default values")]


class InternalView(Internal):
    """A view that nobody has any right to."""

    is_view = True

    def __init__(self, key: str) -> None:
        """Name an expression over its columns."""
        self.key = key

    def inserts(self, _world: World, _actor: Actor) -> Sequence[Insert]:
        return ()
