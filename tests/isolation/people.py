"""How people, organizations and the catalogue are asked."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from tests.isolation.probes import KEPT, Insert, Table, Update, Upsert, named
from tests.isolation.world import ROLES, Actor, World, identity


class Profiles(Table):
    columns = "display_name"
    blind = "display_name = 'x'"

    def rows(self, world: World) -> Iterable[str]:
        return sorted(world.people - world.deleted)

    def inserts(self, _world: World, actor: Actor) -> Sequence[Insert]:
        return [Insert(actor.me, f"(id) values ({named(actor.me or 'ann')})")]


class Organizations(Table):
    key = "id || ' ' || coalesce(created_by::text, '')"
    columns = "name"
    blind = "name = 'x'"

    def rows(self, world: World) -> Iterable[str]:
        return sorted(world.creators)

    def key_of(self, row: Any, world: World) -> str:
        creator = world.creators[row]
        return f"{identity(row)} {identity(creator) if creator else ''}"

    def inserts(self, _world: World, _actor: Actor) -> Sequence[Insert]:
        return [Insert("new", "(name, slug) values ('New', 'new')")]


class Memberships(Table):
    key = "organization_id || ' ' || user_id || ' ' || role"
    columns = "role"

    def rows(self, world: World) -> Iterable[tuple[str, str, str]]:
        return sorted((o, p, role) for (o, p), role in world.memberships.items())

    def key_of(self, row: Any, _world: World) -> str:
        return f"{identity(row[0])} {identity(row[1])} {row[2]}"

    def where(self, row: Any) -> str:
        return f"organization_id = {named(row[0])} and user_id = {named(row[1])}"

    def updates(self, world: World, row: Any, actor: Actor) -> Sequence[Update]:
        found = []
        for role in (row[2], *(r for r in ROLES if r != row[2])):
            after = world.copy()
            after.change_role(row[0], row[1], role)
            found.append(Update((*row[:2], role), f"role = '{role}'", after, self._kept(world, row, role, actor)))
        return found

    def inserts(self, world: World, _actor: Actor) -> Sequence[Insert]:
        return [
            Insert(
                (o, p, role),
                f"(organization_id, user_id, role) values ({named(o)}, {named(p)}, '{role}')",
                "23505" if (o, p) in world.memberships else "1",
            )
            for o in sorted(world.creators)
            for p in sorted(world.people)
            for role in ROLES
        ]

    def upserts(self, world: World, actor: Actor) -> Sequence[Upsert]:
        found = []
        for o, p, role in self.rows(world):
            for new in ("viewer", "owner"):
                after = world.copy()
                after.change_role(o, p, new)
                statement = (
                    f"(organization_id, user_id, role) values ({named(o)}, {named(p)}, '{new}')"
                    " on conflict (organization_id, user_id) do update set organization_id = excluded.organization_id,"
                    " user_id = excluded.user_id, role = excluded.role"
                )
                kept = self._kept(world, (o, p, role), new, actor)
                found.append(Upsert((o, p, new), (o, p, role), (o, p, new), after, statement, kept))
        return found

    def delete_outcomes(self, world: World, row: Any, actor: Actor) -> set[str]:
        return {self._kept(world, row, None, actor)}

    def delete_all_outcomes(self, world: World, rows: Sequence[Any], actor: Actor) -> set[str]:
        going = {(o, p) for o, p, _ in rows}
        lost = [o for o in world.creators if (owners := world.owners(o)) and all((o, p) in going for p in owners)]
        return {"23514"} if lost else {str(len(rows))}

    def _kept(self, world: World, row: Any, role: str | None, _actor: Actor) -> str:
        """An organization keeps an owner, and nobody becomes one without accepting."""
        if role == "owner" and row[2] != "owner":
            return KEPT
        return "23514" if world.owners(row[0]) == {row[1]} and role != "owner" else "1"


class Categories(Table):
    columns = "name"
    blind = "name = 'x'"

    def rows(self, _world: World) -> Iterable[str]:
        return ("bare", "shelf")

    def inserts(self, _world: World, _actor: Actor) -> Sequence[Insert]:
        return [Insert("new", "(slug, name) values ('new', 'New')")]

    def upserts(self, world: World, _actor: Actor) -> Sequence[Upsert]:
        return [
            Upsert(
                row,
                row,
                row,
                world,
                f"(id, slug, name) values ({named(row)}, '{row}', 'New') on conflict (id)"
                " do update set id = excluded.id, slug = excluded.slug, name = excluded.name",
            )
            for row in self.rows(world)
        ]

    def delete_outcomes(self, _world: World, row: Any, _actor: Actor) -> set[str]:
        # A shelf with products stays; PostgreSQL 18 gave the refusal a code of its own.
        return {"23503", "23001"} if row == "shelf" else {"1"}


class Products(Table):
    refused_earlier = ("23514",)  # that the currency is unknown
    columns = "name"
    worker_column = "updated_at"
    blind = "name = 'x'"
    worker_blind = "updated_at = now()"

    def rows(self, world: World) -> Iterable[str]:
        return sorted(world.products)

    def updates(self, world: World, row: Any, actor: Actor) -> Sequence[Update]:
        if actor.role == "tidegate_worker":
            return super().updates(world, row, actor)
        after = world.copy()
        after.products[row] = replace(world.products[row], active=not world.products[row].active)
        return [*super().updates(world, row, actor), Update(row, "is_active = not is_active", after)]

    def inserts(self, _world: World, _actor: Actor) -> Sequence[Insert]:
        return [Insert("new", f"(category_id, sku, name, price) values ({named('shelf')}, 'NEW', 'New', 1)")]

    def upserts(self, world: World, _actor: Actor) -> Sequence[Upsert]:
        return [
            Upsert(
                row,
                row,
                row,
                world,
                "(id, category_id, sku, name, price)"
                f" values ({named(row)}, {named('shelf')}, '{row.upper()}', 'New', 2)"
                " on conflict (id) do update set id = excluded.id, name = excluded.name, price = excluded.price",
            )
            for row in self.rows(world)
        ]
