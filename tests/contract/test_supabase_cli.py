"""The official Supabase CLI on this project: it reads the configuration, pushes the migrations, finds nothing amiss.

The npm package `supabase` names a binary for every platform, and Deno installs all that it names or nothing; so the
binary's own package is pinned here instead. It runs on a copy, because it writes beside what it reads.
"""

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import deno
import pytest

from gateway.local.migrate import migrate, pending, read_migrations
from gateway.local.paths import REPOSITORY
from tests.support.databases import Database, ScratchCluster

PINNED = Path(__file__).with_name("supabase_cli")
PACKAGE = "@supabase/cli-linux-x64"
# An index that no query has used yet is one that was just made: the finding is about traffic, not about the schema.
ABOUT_TRAFFIC = {"unused_index"}

Run = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.skipif(
    (platform.system(), platform.machine()) != ("Linux", "x86_64"), reason="the CLI is pinned for Linux on x86-64"
)


@pytest.fixture(scope="module")
def supabase(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs the CLI on a copy of this project, away from the caller's settings and login."""
    installed = tmp_path_factory.mktemp("cli")
    for name in ("deno.json", "deno.lock"):
        shutil.copy(PINNED / name, installed)
    subprocess.run([deno.find_deno_bin(), "install", "--frozen"], cwd=installed, check=True, capture_output=True)
    project = tmp_path_factory.mktemp("project")
    ignore = shutil.ignore_patterns("local", ".temp")
    shutil.copytree(REPOSITORY / "supabase", project / "supabase", ignore=ignore)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path_factory.mktemp("home")),
        "SUPABASE_TELEMETRY_DISABLED": "1",
        "DO_NOT_TRACK": "1",
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [
            str(installed / "node_modules" / PACKAGE / "bin" / "supabase"),
            *arguments,
            "--workdir",
            str(project),
        ]
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd=project,
            env=environment,
        )
        assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        return done

    return run


@pytest.fixture
def fresh(cluster: ScratchCluster) -> Iterator[Database]:
    """A database without the migrations."""
    database = cluster.empty()
    yield database
    cluster.drop(database)


def remote(database: Database) -> str:
    """The flag that names a database by its URL; the scratch server has no TLS."""
    return f"--remote={database.url}?sslmode=disable"


def ignored(_message: str) -> None:
    """Takes the messages of the local runner."""


def test_the_configuration_is_read_without_a_warning(supabase: Run, database: Database) -> None:
    done = supabase("db", "push", remote(database), "--dry-run")
    assert "warn" not in f"{done.stdout}{done.stderr}".lower(), done.stderr


def test_a_push_applies_everything_and_leaves_nothing_to_the_local_runner(supabase: Run, fresh: Database) -> None:
    supabase("db", "push", remote(fresh), "--yes")
    assert pending(fresh.url) == []
    assert migrate(fresh.url, ignored) == []
    with fresh.connect() as connection:
        history = connection.execute(
            "select version, name from supabase_migrations.schema_migrations order by version"
        ).fetchall()
    assert history == [(migration.version, migration.name) for migration in read_migrations()]


def test_what_the_local_runner_applied_leaves_nothing_to_a_push(supabase: Run, fresh: Database) -> None:
    assert migrate(fresh.url, ignored) == read_migrations()
    answer = json.loads(supabase("db", "push", remote(fresh), "--yes", "--output-format", "json").stdout)
    assert (answer["upToDate"], answer["migrations"]) == (True, [])


def test_both_ways_make_the_same_schema(supabase: Run, fresh: Database, database: Database) -> None:
    supabase("db", "push", remote(fresh), "--yes")
    assert catalog(fresh) == catalog(database)


def test_the_advisors_find_nothing(supabase: Run, database: Database) -> None:
    assert findings(supabase, database) == []


def test_the_advisors_would_find_a_table_without_row_level_security(supabase: Run, fresh: Database) -> None:
    with fresh.connect("supabase_admin") as connection:
        connection.execute("drop event trigger if exists enforce_row_level_security")
        connection.execute("create table public.unguarded (id integer primary key)")
        connection.execute("grant select on public.unguarded to anon")
    assert "rls_disabled_in_public" in {finding["name"] for finding in findings(supabase, fresh)}


def findings(supabase: Run, database: Database) -> list[dict[str, Any]]:
    """What the advisors say about the schema, at any level."""
    done = supabase("db", "advisors", remote(database), "--level", "info", "--output-format", "json")
    results: list[dict[str, Any]] = json.loads(done.stdout)["results"]
    return [finding for finding in results if finding["name"] not in ABOUT_TRAFFIC]


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
