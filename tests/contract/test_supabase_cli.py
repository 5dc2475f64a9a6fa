"""The official Supabase CLI on this project: it reads the configuration, pushes the migrations, finds nothing amiss."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.migrations.runner import migrate, pending, read_migrations
from tests.support.database_types import TYPES, generated
from tests.support.databases import Database, ScratchCluster
from tests.support.supabase_cli import AVAILABLE, UNAVAILABLE, SupabaseCli, remote

pytestmark = pytest.mark.skipif(not AVAILABLE, reason=UNAVAILABLE)


@pytest.fixture(scope="module")
def supabase(tmp_path_factory: pytest.TempPathFactory) -> SupabaseCli:
    return SupabaseCli(tmp_path_factory.mktemp("supabase"))


@pytest.fixture
def fresh(cluster: ScratchCluster) -> Iterator[Database]:
    """A database without the migrations."""
    database = cluster.empty()
    yield database
    cluster.drop(database)


def ignored(_message: str) -> None:
    """Takes the messages of the local runner."""


def test_the_configuration_is_read_without_a_warning(supabase: SupabaseCli, database: Database) -> None:
    done = supabase("db", "push", remote(database.url), "--dry-run")
    assert "warn" not in f"{done.stdout}{done.stderr}".lower(), done.stderr


def test_a_push_applies_everything_and_leaves_nothing_to_the_local_runner(
    supabase: SupabaseCli, fresh: Database
) -> None:
    supabase("db", "push", remote(fresh.url), "--yes")
    assert pending(fresh.url) == []
    assert migrate(fresh.url, ignored) == []
    with fresh.connect() as connection:
        history = connection.execute(
            "select version, name from supabase_migrations.schema_migrations order by version"
        ).fetchall()
    assert history == [(migration.version, migration.name) for migration in read_migrations()]


def test_what_the_local_runner_applied_leaves_nothing_to_a_push(supabase: SupabaseCli, fresh: Database) -> None:
    assert migrate(fresh.url, ignored) == read_migrations()
    answer = json.loads(supabase("db", "push", remote(fresh.url), "--yes", "--output-format", "json").stdout)
    assert (answer["upToDate"], answer["migrations"]) == (True, [])


def test_a_push_onto_a_database_of_an_unreleased_version_is_refused(supabase: SupabaseCli, fresh: Database) -> None:
    migrate(fresh.url, ignored)
    with fresh.connect() as connection:
        connection.execute(
            "update supabase_migrations.schema_migrations set version = '20261122230000' where version = %s",
            (read_migrations()[0].version,),
        )
    done = supabase.run("db", "push", remote(fresh.url), "--yes")
    assert done.returncode != 0
    assert "20261122230000" in f"{done.stdout}{done.stderr}"


def test_both_ways_make_the_same_schema(supabase: SupabaseCli, fresh: Database, database: Database) -> None:
    supabase("db", "push", remote(fresh.url), "--yes")
    assert catalog(fresh) == catalog(database)


def test_the_advisors_find_nothing(supabase: SupabaseCli, database: Database) -> None:
    assert supabase.advisors(database.url) == []


def test_the_advisors_would_find_a_table_without_row_level_security(supabase: SupabaseCli, fresh: Database) -> None:
    with fresh.connect("supabase_admin") as connection:
        connection.execute("drop event trigger if exists enforce_row_level_security")
        connection.execute("create table public.unguarded (id integer primary key)")
        connection.execute("grant select on public.unguarded to anon")
    assert "rls_disabled_in_public" in {finding["name"] for finding in supabase.advisors(fresh.url)}


def test_the_types_of_the_database_are_current(supabase: SupabaseCli, database: Database) -> None:
    assert generated(supabase, database) == TYPES.read_text(encoding="utf-8"), "run make types"


def catalog(database: Database) -> list[tuple[Any, ...]]:
    """Tables, columns, constraints, policies, functions and privileges of the project's schemas, as text."""
    with database.connect() as connection:
        return connection.execute(
            """
            select 'relation', c.oid::regclass::text, c.relkind::text,
                   concat(c.relacl::text, ' ', c.relrowsecurity, c.relforcerowsecurity)
              from pg_class c where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
            union all
            select 'column', attrelid::regclass::text || '.' || attname, format_type(atttypid, atttypmod), attacl::text
              from pg_attribute join pg_class c on c.oid = attrelid
             where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and attnum > 0
            union all
            select 'constraint', conrelid::regclass::text || '.' || conname, pg_get_constraintdef(oid), null
              from pg_constraint
             where connamespace in ('public'::regnamespace, 'private'::regnamespace)
            union all
            select 'policy', tablename || '.' || policyname, coalesce(qual, '') || coalesce(with_check, ''), roles::text
              from pg_policies where schemaname in ('public', 'private')
            union all
            select 'function', oid::regprocedure::text, md5(prosrc), proacl::text
              from pg_proc where pronamespace in ('public'::regnamespace, 'private'::regnamespace)
             order by 1, 2, 3
            """
        ).fetchall()
