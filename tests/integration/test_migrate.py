"""The local migration runner: history, order, atomicity, and errors that name the place."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.migrations.errors import MigrationError
from gateway.migrations.runner import migrate, pending, read_migrations
from tests.support import Database, ScratchCluster

FIRST, SECOND, THIRD = "20260101000000_first.sql", "20260102000000_second.sql", "20260103000000_third.sql"


def quiet(_message: str) -> None:
    """A report that nobody reads."""


@pytest.fixture
def empty(cluster: ScratchCluster) -> Iterator[Database]:
    database = cluster.empty()
    yield database
    cluster.drop(database)


def write(directory: Path, **files: str) -> Path:
    for name, text in files.items():
        (directory / {"first": FIRST, "second": SECOND, "third": THIRD}[name]).write_text(text)
    return directory


def history(database: Database) -> list[tuple[str, str]]:
    with database.connect() as connection:
        return connection.execute(
            "select version, name from supabase_migrations.schema_migrations order by version"
        ).fetchall()


def test_repository_migrations_are_all_in_the_history(database: Database) -> None:
    assert history(database) == [(m.version, m.name) for m in read_migrations()]
    assert pending(database.url) == []


def test_a_second_database_of_the_cluster_migrates_too(empty: Database) -> None:
    assert migrate(empty.url, quiet) == read_migrations()
    assert migrate(empty.url, quiet) == []


def test_history_has_the_columns_of_the_supabase_cli(database: Database) -> None:
    with database.connect() as connection:
        columns = connection.execute(
            "select attname, format_type(atttypid, atttypmod), attnotnull from pg_attribute"
            " where attrelid = 'supabase_migrations.schema_migrations'::regclass and attnum > 0 order by attnum"
        ).fetchall()
    assert columns == [
        ("version", "text", True),
        ("statements", "text[]", False),
        ("name", "text", False),
    ]


def test_pending_changes_nothing(empty: Database, tmp_path: Path) -> None:
    write(tmp_path, first="create table one ();")
    assert [m.name for m in pending(empty.url, tmp_path)] == ["first"]
    with empty.connect() as connection:
        assert connection.execute("select to_regnamespace('supabase_migrations')").fetchone() == (None,)


def test_a_failing_file_leaves_no_trace_and_names_the_place(empty: Database, tmp_path: Path) -> None:
    write(
        tmp_path,
        first="create table one ();",
        second="create table two ();\n\n-- größer\nselect 'ä', nothing;",
        third="create table three ();",
    )
    with pytest.raises(MigrationError) as failure:
        migrate(empty.url, quiet, tmp_path)
    first_line, source, mark = str(failure.value).splitlines()[:3]
    assert first_line == f'{tmp_path / SECOND}:4:13: column "nothing" does not exist (SQLSTATE 42703)'
    assert source == "  select 'ä', nothing;"
    assert source[mark.index("^") :].startswith("nothing")
    assert history(empty) == [("20260101000000", "first")]
    with empty.connect() as connection:
        assert connection.execute("select to_regclass('two'), to_regclass('three')").fetchone() == (None, None)


def test_an_error_inside_a_function_says_where(empty: Database, tmp_path: Path) -> None:
    write(tmp_path, first="do $$ begin perform 1 / 0; end $$;")
    with pytest.raises(MigrationError, match=r"(?s)first\.sql: division by zero .*22012.*\nwhere: .*PL/pgSQL"):
        migrate(empty.url, quiet, tmp_path)


def test_a_file_older_than_an_applied_one_is_refused(empty: Database, tmp_path: Path) -> None:
    write(tmp_path, first="create table one ();", third="create table three ();")
    migrate(empty.url, quiet, tmp_path)
    write(tmp_path, second="create table two ();")
    with pytest.raises(MigrationError, match=r"second\.sql: older than 20260103000000"):
        migrate(empty.url, quiet, tmp_path)
    assert len(history(empty)) == 2


def test_a_history_that_the_checkout_lacks_is_refused(empty: Database, tmp_path: Path) -> None:
    migrate(empty.url, quiet, write(tmp_path, first="create table one ();"))
    (tmp_path / FIRST).unlink()
    with pytest.raises(MigrationError, match="lacks: 20260101000000"):
        pending(empty.url, tmp_path)


@pytest.mark.parametrize(
    "name", ["first.sql", "2026_first.sql", "20260101000000-first.sql", "20260101000000_First.sql"]
)
def test_a_misnamed_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("select 1;")
    with pytest.raises(MigrationError, match="is named"):
        read_migrations(tmp_path)


def test_two_files_of_one_version_are_refused(tmp_path: Path) -> None:
    write(tmp_path, first="select 1;")
    (tmp_path / "20260101000000_other.sql").write_text("select 1;")
    with pytest.raises(MigrationError, match="same version"):
        read_migrations(tmp_path)


def test_a_file_that_commits_is_refused(empty: Database, tmp_path: Path) -> None:
    write(tmp_path, first="create table one (); commit;")
    with pytest.raises(MigrationError, match="ends the transaction"):
        migrate(empty.url, quiet, tmp_path)
    assert history(empty) == []


def test_settings_of_a_file_do_not_reach_the_next(empty: Database, tmp_path: Path) -> None:
    write(
        tmp_path,
        first="create schema elsewhere; set search_path = elsewhere; set role anon;",
        second="create table here ();",
    )
    migrate(empty.url, quiet, tmp_path)
    with empty.connect() as connection:
        assert connection.execute("select to_regclass('public.here') is not null").fetchone() == (True,)


def test_two_runners_at_once_apply_each_file_once(empty: Database, tmp_path: Path) -> None:
    write(tmp_path, first="create table one ();", second="create table two ();")
    with ThreadPoolExecutor(4) as pool:
        applied = list(pool.map(lambda _: migrate(empty.url, quiet, tmp_path), range(4)))
    assert sorted(m.name for done in applied for m in done) == ["first", "second"]
    assert len(history(empty)) == 2


def test_migrations_run_as_an_ordinary_role(database: Database) -> None:
    with database.connect() as connection:
        assert connection.execute("select rolsuper from pg_roles where rolname = current_user").fetchone() == (False,)
        owners = connection.execute("select distinct tableowner from pg_tables where schemaname = 'public'").fetchall()
    assert owners == [("postgres",)]


def test_the_superuser_completes_the_event_trigger(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("create table public.forgotten ()")
        flags = connection.execute(
            "select relrowsecurity, relforcerowsecurity from pg_class where oid = 'public.forgotten'::regclass"
        ).fetchone()
        connection.execute("drop table public.forgotten")
    assert flags == (True, True)


def test_a_database_of_an_unreleased_version_is_refused(empty: Database, tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    (old / "20261122230000_privileges.sql").write_text("create schema private;")
    migrate(empty.url, quiet, old)
    with pytest.raises(MigrationError, match=r"unreleased version .* Start with an empty database: `make reset`"):
        migrate(empty.url, quiet)
    with empty.connect() as connection:
        connection.execute("delete from supabase_migrations.schema_migrations")
    # As after `supabase migration repair`: the first file looks for itself.
    with pytest.raises(MigrationError, match=r"has a schema named private already"):
        migrate(empty.url, quiet)
