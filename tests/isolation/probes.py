"""What a probe is, and what every table is asked with: the rows there are, and statements to try on them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import md5
from typing import Any
from uuid import UUID

from tests.isolation.world import Actor, World, identity

SCOPES = {True: "00000000-0000-0000-0000-000000000001", False: "00000000-0000-0000-0000-000000000002"}
KEPT = "42501"  # what changing a key leads to
VECTOR = "[" + ",".join(["1"] + ["0"] * 383) + "]"


def quoted(value: object) -> str:
    """A value as SQL."""
    return "null" if value is None else "'" + str(value).replace("'", "''") + "'"


def named(name: str | None) -> str:
    """The id of what is called `name`, as SQL."""
    return quoted(None if name is None else identity(name))


def scope(world: World, name: str) -> str:
    """The audience of a source, as SQL."""
    if name in world.products:
        return quoted(SCOPES[world.products[name].active])
    d = world.documents[name]
    public = md5(f"public documents of {identity(d.organization)}".encode()) if d.organization else None
    return {
        "public": quoted(UUID(public.hexdigest()) if public else UUID(int=0)),
        "organization": named(d.organization),
        "private": named(d.owner),
    }[d.visibility]


@dataclass(frozen=True)
class Insert:
    """A new row: what the rule is asked, the statement, and the error of one that is allowed but cannot be.

    `first` is an error that comes before the policies are asked.
    """

    row: Any
    statement: str
    conflict: str = "1"
    first: str = ""


@dataclass(frozen=True)
class Update:
    """A change: what the rule is asked of the new row, the `set` clause, the world after it, and what it leads to.

    `first` is an error that comes once the row is reached, before the policies are asked of the new one.
    """

    new: Any
    clause: str
    after: World
    outcome: str = "1"
    first: str = ""


@dataclass(frozen=True)
class Upsert:
    """An insert that may become an update: the row proposed, the one that is there, what it would become.

    `first` is as that of an insert.
    """

    proposed: Any
    existing: Any
    new: Any
    after: World
    statement: str
    outcome: str = "1"
    first: str = ""


class Table:
    """A table without rows that the world knows of."""

    key = "id::text"
    columns: str = ""  # what a change of nothing sets, for people
    worker_column = ""
    blind = ""  # a change that reads no column of the row
    refused_earlier: tuple[str, ...] = ()  # by a trigger that reads what a closed account does not see
    worker_blind = ""
    is_view = False  # nothing is written through it, so that writing is refused for that

    def rows(self, _world: World) -> Iterable[Any]:
        """What the rules are asked about, one for each row."""
        return ()

    def statements(self, _world: World) -> Iterable[str]:
        """What puts its rows into an empty database, no trigger firing, where nothing else does."""
        return ()

    def key_of(self, row: Any, _world: World) -> str:
        """What `key` gives for a row: which one it is, and what histories change of it."""
        return str(identity(row))

    def where(self, row: Any) -> str:
        """The condition that only this row meets."""
        return f"id = {named(row)}"

    def updates(self, world: World, row: Any, actor: Actor) -> Sequence[Update]:
        """Changes to try of a row; the first changes nothing."""
        column = self.worker_column if actor.role == "tidegate_worker" and self.worker_column else self.columns
        return [Update(row, f"{column} = {column}", world)]

    def blind_moves(self, _world: World) -> Sequence[Update]:
        """Changes to try of all rows at once that are refused unless the rule lets a row become the new one."""
        return ()

    def inserts(self, _world: World, _actor: Actor) -> Sequence[Insert]:
        """New rows to try."""
        return ()

    def upserts(self, _world: World, _actor: Actor) -> Sequence[Upsert]:
        """Inserts with `on conflict do update` to try, as PostgREST writes them."""
        return ()

    def delete_outcomes(self, _world: World, _row: Any, _actor: Actor) -> set[str]:
        """What removing a row leads to when it is allowed."""
        return {"1"}

    def delete_all_outcomes(self, world: World, rows: Sequence[Any], actor: Actor) -> set[str]:
        """What removing all of these rows at once leads to when it is allowed."""
        kept = set().union(*(self.delete_outcomes(world, row, actor) for row in rows)) - {"1"}
        return kept or {str(len(rows))}
