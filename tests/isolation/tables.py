"""How the tables are asked: which rows there are, what a probe of each action says in SQL, and what it would make."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.isolation.world import ROLES, VISIBILITIES, Actor, Document, World, identity

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
    return {
        "public": quoted("00000000-0000-0000-0000-000000000000"),
        "organization": named(d.organization),
        "private": named(d.owner),
    }[d.visibility]


@dataclass(frozen=True)
class Insert:
    """A new row: what the rule is asked, the statement, and the error of one that is allowed but cannot be."""

    row: Any
    statement: str
    conflict: str = "1"


@dataclass(frozen=True)
class Update:
    """A change: what the rule is asked of the new row, the `set` clause, the world after it, and what it leads to."""

    new: Any
    clause: str
    after: World
    outcome: str = "1"


@dataclass(frozen=True)
class Upsert:
    """An insert that may become an update: the row proposed, the one that is there, what it would become."""

    proposed: Any
    existing: Any
    new: Any
    after: World
    statement: str
    outcome: str = "1"


class Table:
    """A table without rows that the world knows of."""

    key = "id::text"
    columns: str = ""  # what a change of nothing sets, for people
    worker_column = ""
    blind = ""  # a change that reads no column of the row
    worker_blind = ""

    def rows(self, _world: World) -> Iterable[Any]:
        """What the rules are asked about, one for each row."""
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


class Profiles(Table):
    columns = "display_name"
    blind = "display_name = 'x'"

    def rows(self, world: World) -> Iterable[str]:
        return sorted(world.people)

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
        return [*found, Update(row, f"user_id = {named('gus')}", world, KEPT)]

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
        """An organization keeps an owner."""
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


class Documents(Table):
    key = "id || ' ' || visibility || ' ' || coalesce(organization_id::text, '')"
    columns = "source_uri"
    worker_column = "error"
    blind = "source_uri = 'x'"
    worker_blind = "error = 'x'"

    def rows(self, world: World) -> Iterable[str]:
        return sorted(world.documents)

    def key_of(self, row: Any, world: World) -> str:
        d = world.documents[row]
        return f"{identity(row)} {d.visibility} {identity(d.organization) if d.organization else ''}"

    def updates(self, world: World, row: Any, actor: Actor) -> Sequence[Update]:
        same = super().updates(world, row, actor)[0]
        if actor.role == "tidegate_worker":
            return [same]
        found = [
            replace(same, new=world.documents[row]),
            Update(world.documents[row], "id = gen_random_uuid()", world, KEPT),
        ]
        for organization in (None, *sorted(world.creators)):
            for visibility in VISIBILITIES:
                new = replace(world.documents[row], organization=organization, visibility=visibility)
                after = world.copy()
                after.documents[row] = new
                clause = f"organization_id = {named(organization)}, visibility = '{visibility}'"
                found.append(Update(new, clause, after, self.legal(new)))
        return found

    def inserts(self, world: World, actor: Actor) -> Sequence[Insert]:
        owners = {actor.me or "ann", "ann", "eve"}
        found = []
        for organization in (None, *sorted(world.creators)):
            for visibility in VISIBILITIES:
                for owner in sorted(owners):
                    new = Document(owner, organization, visibility)
                    statement = (
                        "(title, owner_id, organization_id, visibility)"
                        f" values ('new', {named(owner)}, {named(organization)}, '{visibility}')"
                    )
                    found.append(Insert(new, statement, self.legal(new)))
        return found

    def upserts(self, world: World, actor: Actor) -> Sequence[Upsert]:
        found = []
        for row, d in sorted(world.documents.items()):
            proposed = replace(d, owner=actor.me)
            # Not the owner: PostgREST sets what the body has, and nobody may write it.
            statement = (
                f"(id, title, organization_id, visibility) values ({named(row)}, 'new', {named(d.organization)},"
                f" '{d.visibility}') on conflict (id) do update set id = excluded.id, title = excluded.title,"
                " organization_id = excluded.organization_id, visibility = excluded.visibility"
            )
            found.append(Upsert(proposed, row, d, world, statement, self.legal(d)))
        return found

    @staticmethod
    def legal(d: Document) -> str:
        if d.visibility == "organization" and d.organization is None:
            return "23514"
        return "23514" if d.owner is None and (d.organization is None or d.visibility == "private") else "1"


class Shares(Table):
    key = "document_id || ' ' || user_id"
    columns = "created_at"

    def rows(self, world: World) -> Iterable[tuple[str, str]]:
        return sorted(world.shares)

    def key_of(self, row: Any, _world: World) -> str:
        return f"{identity(row[0])} {identity(row[1])}"

    def where(self, row: Any) -> str:
        return f"document_id = {named(row[0])} and user_id = {named(row[1])}"

    def inserts(self, world: World, actor: Actor) -> Sequence[Insert]:
        return [
            Insert(
                (d, p),
                f"(document_id, user_id) values ({named(d)}, {named(p)})",
                "23505" if (d, p) in world.shares else "1",
            )
            for d in sorted(world.documents)
            for p in sorted({actor.me or "ann", "gus", "dan"} & world.people)
        ]


class Passages(Table):
    key = "source_id::text"
    columns = "title"
    blind = "title = 'x'"

    def rows(self, world: World) -> Iterable[str]:
        return sorted(name for name, source in world.sources().items() if source.passages)

    def where(self, row: Any) -> str:
        return f"source_id = {named(row)}"

    def updates(self, world: World, row: Any, actor: Actor) -> Sequence[Update]:
        return [
            *super().updates(world, row, actor),
            *(self.move(world, row, name) for name in sorted(world.documents)[::9]),
        ]

    def blind_moves(self, world: World) -> Sequence[Update]:
        return [self.move(world, None, name) for name in sorted(world.documents)[::9]]

    def move(self, world: World, _row: Any, name: str) -> Update:
        """Another source for the row."""
        clause = f"document_id = {named(name)}, product_id = null, scope_id = {scope(world, name)}, position = 9"
        return Update(name, clause, world)

    def inserts(self, world: World, _actor: Actor) -> Sequence[Insert]:
        return [Insert(name, self.insert(world, name, 1)) for name in sorted(world.sources())]

    @staticmethod
    def insert(world: World, name: str, position: int) -> str:
        """A passage of the source, as the worker writes it."""
        kind = "document_id" if name in world.documents else "product_id"
        return (
            f"({kind}, scope_id, position, title, content, start_offset, end_offset, token_count, language, input_hash)"
            f" values ({named(name)}, {scope(world, name)}, {position}, {quoted(name)}, 'text', 0, 4, 1, 'en', '')"
        )


class Vectors(Passages):
    columns = "is_indexed"
    blind = "is_indexed = true"

    def move(self, world: World, row: Any, name: str) -> Update:
        # Its passage is of one source, which the foreign key holds it to.
        outcome = "1" if row == name else "23503"
        return Update(name, f"source_id = {named(name)}, scope_id = {scope(world, name)}", world, outcome)

    def inserts(self, world: World, _actor: Actor) -> Sequence[Insert]:
        # A second vector of a passage wants another model; one of the same model is there already.
        return [Insert(name, self.insert(world, name, 0), "23505") for name in self.rows(world)]

    @staticmethod
    def insert(world: World, name: str, _position: int) -> str:
        return (
            "(chunk_id, model_id, source_id, scope_id, embedding)"
            f" select {passage_number(name)}, 1, {named(name)}, {scope(world, name)}, '{VECTOR}'::extensions.halfvec"
        )


def passage_number(name: str) -> int:
    """The id that the prover gives to the passage of a source: its own, so that no statement needs to look it up."""
    return identity(name).int % 10**15


class Models(Table):
    key = "name"
    columns = "is_active"

    def rows(self, _world: World) -> Iterable[str]:
        return ("all-MiniLM-L6-v2",)

    def key_of(self, row: Any, _world: World) -> str:
        return str(row)

    def where(self, row: Any) -> str:
        return f"name = {quoted(row)}"

    def inserts(self, _world: World, _actor: Actor) -> Sequence[Insert]:
        return [Insert("new", "(name, dimensions) values ('new', 3)")]


class Jobs(Passages):
    columns = "attempts"
    blind = "attempts = 0"

    def updates(self, world: World, row: Any, actor: Actor) -> Sequence[Update]:
        return Table.updates(self, world, row, actor)

    def blind_moves(self, _world: World) -> Sequence[Update]:
        return ()

    def rows(self, world: World) -> Iterable[str]:
        return sorted(name for name, source in world.sources().items() if source.job)

    def inserts(self, world: World, _actor: Actor) -> Sequence[Insert]:
        return [Insert(name, f"(document_id) values ({named(name)})") for name in sorted(world.documents)[:3]]


class Files(Table):
    key = "name"
    columns = "metadata"
    blind = "metadata = null"

    def rows(self, world: World) -> Iterable[str]:
        return sorted(world.documents)

    def key_of(self, row: Any, _world: World) -> str:
        return self.path(row)

    @staticmethod
    def path(row: Any) -> str:
        """The name of the document's file."""
        return f"{identity(row)}/paper.pdf"

    def where(self, row: Any) -> str:
        return f"bucket_id = 'documents' and name = {quoted(self.path(row))}"

    def updates(self, world: World, row: Any, actor: Actor) -> Sequence[Update]:
        moves = [
            Update(other, f"name = '{identity(other)}/moved.pdf'", world) for other in sorted(world.documents)[::7]
        ]
        return [*super().updates(world, row, actor), *moves]

    def inserts(self, world: World, _actor: Actor) -> Sequence[Insert]:
        return [
            Insert(name, f"(bucket_id, name) values ('documents', '{identity(name)}/new.pdf')")
            for name in sorted(world.documents)
        ]

    def upserts(self, world: World, _actor: Actor) -> Sequence[Upsert]:
        return [
            Upsert(
                name,
                name,
                name,
                world,
                f"(bucket_id, name) values ('documents', {quoted(self.path(name))})"
                " on conflict (bucket_id, name) do update set metadata = excluded.metadata",
            )
            for name in sorted(world.documents)
        ]


class Buckets(Table):
    key = "id"
    columns = "public"

    def inserts(self, _world: World, _actor: Actor) -> Sequence[Insert]:
        return [Insert("new", "(id, name) values ('new', 'new')")]


TABLES: dict[str, Table] = {
    "public.profiles": Profiles(),
    "public.organizations": Organizations(),
    "public.memberships": Memberships(),
    "public.categories": Categories(),
    "public.products": Products(),
    "public.documents": Documents(),
    "public.document_shares": Shares(),
    "public.chunks": Passages(),
    "public.chunk_embeddings": Vectors(),
    "private.embedding_models": Models(),
    "private.embedding_jobs": Jobs(),
    "storage.objects": Files(),
    "storage.buckets": Buckets(),
}
