"""The database under proof: a world put into it, statements run as somebody in it, and each undone."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

from tests.isolation import invitations, orders, recommendations
from tests.isolation.probes import named, quoted
from tests.isolation.sources import FileStates, FileTexts, Passages, Staged, Vectors, passage_number
from tests.isolation.tables import TABLES
from tests.isolation.world import Actor, World, identity

# One statement after the other, each undone, in one round trip; what it gave: rows affected, or the SQLSTATE.
ATTEMPT = """
create schema prover;
grant usage on schema prover to public;
create function prover.attempt(statements text[]) returns text[] language plpgsql set search_path = '' as $$
declare
  statement text;
  affected bigint;
  outcome text;
  outcomes text[] := '{}';
begin
  foreach statement in array statements loop
    begin
      execute statement;
      get diagnostics affected = row_count;
      outcome := affected::text;
      raise exception using errcode = 'UNDO0';
    exception
      when sqlstate 'UNDO0' then null;
      when others then outcome := sqlstate;
    end;
    outcomes := outcomes || outcome;
  end loop;
  return outcomes;
end $$;
create function prover.look(queries text[]) returns text[] language plpgsql set search_path = '' as $$
declare
  query text;
  found text;
  answers text[] := '{}';
begin
  foreach query in array queries loop
    begin
      execute query into found;
    exception when others then found := 'refused ' || sqlstate;
    end;
    answers := answers || coalesce(found, '');
  end loop;
  return answers;
end $$;
grant execute on function prover.attempt(text[]), prover.look(text[]) to public;
-- People cannot choose the id of an organization or an invitation; the prover must know it.
alter table public.organizations alter column id
  set default coalesce(nullif(current_setting('prover.id', true), '')::uuid, gen_random_uuid());
alter table public.invitations alter column id
  set default coalesce(nullif(current_setting('prover.id', true), '')::uuid, gen_random_uuid());
"""


class Prover:
    """Runs statements as actors on one connection of the superuser, and counts them."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        """Use `connection`, in a transaction that its owner ends."""
        self.connection = connection
        self.statements = 0

    def become(self, actor: Actor | None) -> None:
        """Run what follows as `actor`; as the superuser for None."""
        claims: dict[str, Any] = {}
        if actor is not None and actor.role in ("anon", "authenticated"):
            claims = {"role": actor.role}
            if actor.me is not None:
                claims |= {"sub": str(identity(actor.me)), "app_metadata": {"staff": actor.staff or actor.demoted}}
                # What people say of themselves must not matter.
                claims |= {"user_metadata": {"staff": True, "role": "service_role"}}
        self.connection.execute(
            "select set_config('role', %s, true), set_config('request.jwt.claims', %s, true)",
            ("none" if actor is None else actor.role, json.dumps(claims) if claims else ""),
        )

    def attempt(self, actor: Actor, statements: Sequence[str]) -> list[str]:
        """What each statement gives `actor`, none of them leaving a trace."""
        if not statements:
            return []
        self.become(actor)
        row = self.connection.execute("select prover.attempt(%s)", (list(statements),)).fetchone()
        self.become(None)
        assert row is not None
        self.statements += len(statements)
        return list(row[0])

    def keys(self, actor: Actor, tables: Sequence[str]) -> list[set[str] | str]:
        """Keys of the rows of each table that `actor` sees, or the SQLSTATE of a refusal."""
        queries = [f"select string_agg({TABLES[t].key}, chr(10)) from {t}" for t in tables]
        self.become(actor)
        row = self.connection.execute("select prover.look(%s)", (queries,)).fetchone()
        self.become(None)
        assert row is not None
        self.statements += len(queries)
        return [a.removeprefix("refused ") if a.startswith("refused ") else set(a.splitlines()) for a in row[0]]

    @contextmanager
    def choosing(self, name: str) -> Iterator[None]:
        """Organizations and invitations that are made in this block get the id of this name."""
        choose = "select set_config('prover.id', %s, true)"
        self.connection.execute(choose, (str(identity(name)),))
        yield
        self.connection.execute(choose, ("",))

    def run(self, actor: Actor | None, statement: str) -> str:
        """Run a statement as `actor`, for good when it succeeds; rows affected or the SQLSTATE."""
        self.become(actor)
        self.statements += 1
        try:
            with self.connection.transaction():
                return str(self.connection.execute(statement.encode()).rowcount)
        except psycopg.Error as error:
            return str(error.sqlstate)
        finally:
            self.become(None)


def put(connection: psycopg.Connection[Any], world: World) -> None:
    """Put `world` into an empty database as it is: no trigger fires. `connection` is the superuser's."""
    # In one transaction: a document and its file are of the same age.
    with connection.transaction():
        for statement in ("set local session_replication_role = replica", *_statements(world)):
            connection.execute(statement.encode())


def until(banned: bool) -> str:
    """The end of a ban, as SQL."""
    return "now() + interval '1 hour'" if banned else "null"


def since(deleted: bool) -> str:
    """The end of an account, as SQL."""
    return "now()" if deleted else "null"


def _statements(world: World) -> Iterable[str]:
    for person in sorted(world.people):
        metadata = '{"staff": true}' if person in world.staff else "{}"
        verified = "null" if person in world.unverified else "now()"
        yield (
            "insert into auth.users"
            " (id, email, email_confirmed_at, raw_app_meta_data, raw_user_meta_data, banned_until, deleted_at)"
            f" values ({named(person)}, '{person}@example.org', {verified}, '{metadata}', '{{}}',"
            f" {until(person in world.banned)}, {since(person in world.deleted)})"
        )
        if person not in world.deleted:
            yield f"insert into public.profiles (id, display_name) values ({named(person)}, '{person}')"
    for organization, creator in sorted(world.creators.items()):
        yield (
            "insert into public.organizations (id, name, slug, created_by, may_publish, published_at)"
            f" values ({named(organization)}, '{organization}', '{organization}', {named(creator)},"
            f" {organization in world.publishers}, now())"
        )
    for (organization, person), role in sorted(world.memberships.items()):
        yield f"insert into public.memberships values ({named(organization)}, {named(person)}, '{role}')"
    for shelf in ("bare", "shelf"):
        yield f"insert into public.categories (id, slug, name) values ({named(shelf)}, '{shelf}', '{shelf}')"
    for name, product in sorted(world.products.items()):
        yield (
            "insert into public.products (id, category_id, sku, name, price, is_active)"
            f" values ({named(name)}, {named('shelf')}, '{name.upper()}', '{name}', 1, {product.active})"
        )
    yield from orders.statements(world)
    yield from recommendations.statements(world)
    yield from _documents(world)
    for name, person in sorted(world.shares):
        yield f"insert into public.document_shares values ({named(name)}, {named(person)})"
    yield from invitations.statements(world)
    for table in TABLES.values():
        yield from table.statements(world)
    for name, source in sorted(world.sources().items()):
        if source.passages:
            yield from passages(world, name)
        if source.job:
            kind = "document_id" if name in world.documents else "product_id"
            yield f"insert into private.embedding_jobs ({kind}) values ({named(name)})"
        if source.staged:
            yield f"insert into private.staged_embeddings {Staged.made(name, 'made')}"


def _documents(world: World) -> Iterable[str]:
    for name, d in sorted(world.documents.items()):
        yield (
            "insert into public.documents (id, title, owner_id, organization_id, visibility)"
            f" values ({named(name)}, {quoted(name)}, {named(d.owner)}, {named(d.organization)}, '{d.visibility}')"
        )
        yield f"insert into storage.objects (bucket_id, name) values ('documents', '{identity(name)}/paper.pdf')"
        if d.file:
            yield f"insert into public.document_files {FileStates.insert(world, name)}"
            yield f"insert into public.file_texts {FileTexts.insert(world, name)}"


def passages(world: World, name: str) -> Iterable[str]:
    """The statements that make a source searchable, as the worker would, with a number that the prover knows."""
    insert = Passages.insert(world, name, 0)
    columns, values = insert.split(" values (", 1)
    yield (
        f"insert into public.chunks (id, {columns[1:]} overriding system value values ({passage_number(name)}, {values}"
    )
    yield f"insert into public.chunk_embeddings {Vectors.insert(world, name, 0)}"
