"""How documents are asked, and all that follows them: shares, passages, vectors, the queue and files."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from tests.isolation.probes import KEPT, VECTOR, Insert, Table, Update, Upsert, named, quoted, scope
from tests.isolation.world import VISIBILITIES, Actor, Document, World, identity


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
                refused = self.unchangeable(world, actor, new, world.documents[row])
                found.append(Update(new, clause, after, self.legal(new), refused))
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
                    found.append(Insert(new, statement, self.legal(new), self.unpublishable(world, new)))
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
            refused = self.unpublishable(world, d)
            found.append(Upsert(proposed, row, d, world, statement, self.legal(d), refused))
        return found

    @staticmethod
    def unpublishable(world: World, d: Document, old: Document | None = None) -> str:
        """The error of making public what may not be; what is public already may stay so."""
        stays = old is not None and (old.visibility, old.organization) == (d.visibility, d.organization)
        return "" if stays or d.visibility != "public" or d.organization in world.publishers else "PT403"

    @classmethod
    def unchangeable(cls, world: World, actor: Actor, d: Document, old: Document) -> str:
        """The error of carrying off what is a colleague's, or of making public what may not be."""
        moved = old.organization != d.organization
        return "PT403" if moved and d.owner != actor.me else cls.unpublishable(world, d, old)

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


class Staged(Jobs):
    """Vectors of a text that is embedded in pieces: to add one wants a job."""

    columns = "input_hash"
    blind = "input_hash = ''"

    @staticmethod
    def made(name: str, input_hash: str) -> str:
        """Columns and values."""
        values = f"{named(name)}, 1, '{input_hash}', '{VECTOR}'::extensions.halfvec"
        return f"(source_id, model_id, input_hash, embedding) values ({values})"

    def rows(self, world: World) -> Iterable[str]:
        return sorted(name for name, source in world.sources().items() if source.staged)

    def inserts(self, world: World, _actor: Actor) -> Sequence[Insert]:
        return [
            Insert(name, self.made(name, "new"), "1" if source.job else "23503")
            for name, source in sorted(world.sources().items())
        ]


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


class FileStates(Table):
    """How far the file of each document has been read."""

    key = "document_id::text"
    columns = "error"
    blind = "error = null"

    def rows(self, world: World) -> Iterable[str]:
        return sorted(name for name, document in world.documents.items() if document.file)

    def where(self, row: Any) -> str:
        return f"document_id = {named(row)}"

    def inserts(self, world: World, _actor: Actor) -> Sequence[Insert]:
        return [Insert(name, self.insert(world, name)) for name in sorted(world.documents)]

    @staticmethod
    def insert(world: World, name: str) -> str:
        """The row of the document's file, which has the document's id, as triggers write it."""
        values = f"{named(name)}, {named(name)}, {scope(world, name)}, 'paper.pdf', 'paper.pdf', '1'"
        return f"(id, document_id, scope_id, name, key, version) values ({values})"


class FileTexts(FileStates):
    """What was read of it."""

    columns = "content"
    blind = "content = ''"

    @staticmethod
    def insert(world: World, name: str) -> str:
        return (
            f"(file_id, document_id, scope_id, content) values ({named(name)}, {named(name)}, {scope(world, name)}, '')"
        )


class Buckets(Table):
    key = "id"
    columns = "public"

    def inserts(self, _world: World, _actor: Actor) -> Sequence[Insert]:
        return [Insert("new", "(id, name) values ('new', 'new')")]
