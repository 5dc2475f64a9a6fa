"""Applies `supabase/migrations` as `supabase db push` does, with its history table, so that either may follow.

A file is applied in one transaction together with its line in the history: it is there as a whole or not at all. The
CLI notes a file's statements one by one, this runner as one text; neither reads them to decide what is applied.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import Connection
from psycopg.errors import Diagnostic
from psycopg.pq import TransactionStatus

from gateway.database.queries import query, sql
from gateway.migrations.errors import MigrationError, PreparationError

# In a wheel beside the queries; in a checkout where Supabase's CLI has them.
_INSTALLED = Path(str(sql("migrations")))
MIGRATIONS = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).parents[2] / "supabase" / "migrations"
_FILE_NAME = re.compile(r"(\d{14})_([a-z0-9_]+)\.sql")
# Two runners at once take turns. The number is arbitrary, and the same for every version of this program.
_LOCK = 5_495_232_027
_ALREADY_THERE = {"42710", "42P06", "42P07"}  # an object, a schema, a table
_APPLIED = "select version from supabase_migrations.schema_migrations order by version"
_RECORD = "insert into supabase_migrations.schema_migrations (version, name, statements) values (%s, %s, %s)"


@dataclass(frozen=True)
class Migration:
    """One file: its 14-digit version, its name, and its path."""

    version: str
    name: str
    path: Path


def read_migrations(directory: Path = MIGRATIONS) -> list[Migration]:
    """The migrations of `directory` in the order in which they apply; MigrationError for a misnamed or doubled one."""
    found: list[Migration] = []
    for path in sorted(directory.glob("*.sql")):
        match = _FILE_NAME.fullmatch(path.name)
        if match is None:
            raise MigrationError(f"{path}: a migration is named <14-digit UTC time>_<lower_case_name>.sql")
        if found and found[-1].version == match[1]:
            raise MigrationError(f"{path}: {found[-1].path.name} has the same version")
        found.append(Migration(match[1], match[2], path))
    return found


def pending(url: str, directory: Path = MIGRATIONS) -> list[Migration]:
    """The migrations that the database at `url` does not have yet; it is not changed."""
    with connect(url) as connection:
        return _pending(applied_versions(connection), read_migrations(directory))


def migrate(url: str, report: Callable[[str], None], directory: Path = MIGRATIONS) -> list[Migration]:
    """Apply what is pending, in order, as the role of `url`, and return it.

    Raises MigrationError, naming the file and the place in it, when one fails, is older than one already applied, or
    when the database has one that `directory` lacks. Files before the failing one stay applied.
    """
    files = read_migrations(directory)
    with connect(url) as connection:
        connection.add_notice_handler(lambda notice: _pass_on(notice, report))
        todo = _pending(applied_versions(connection), files)
        if todo:
            _create_history(connection)
        done = [migration for migration in todo if _apply(connection, migration, report)]
        if done:
            connection.execute("notify pgrst, 'reload schema'")
    return done


def connect(url: str) -> Connection:
    """A connection that commits by itself, and that a pooler in transaction mode can serve."""
    try:
        return psycopg.connect(url, autocommit=True, prepare_threshold=None, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise PreparationError(f"cannot connect to the database: {error}") from error


def applied_versions(connection: Connection) -> list[str]:
    """The versions in the history table, oldest first; none when there is no such table."""
    row = connection.execute("select to_regclass('supabase_migrations.schema_migrations')").fetchone()
    if row is None or row[0] is None:
        return []
    return [str(version) for (version,) in connection.execute(_APPLIED)]


def execute_script(connection: Connection, script: str) -> None:
    """Run a text of several statements, as it stands; it comes from a file of this repository."""
    connection.execute(script)


def _pass_on(notice: Diagnostic, report: Callable[[str], None]) -> None:
    # What `if not exists` skips is as it should be; everything else that the server notes may matter.
    if notice.sqlstate not in _ALREADY_THERE:
        report(f"{notice.severity}: {notice.message_primary}")


def _create_history(connection: Connection) -> None:
    # Looked up first: `create schema if not exists` asks for the right to create one even where it exists.
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
        if connection.execute("select to_regclass('supabase_migrations.schema_migrations')").fetchone() == (None,):
            connection.execute(query("create_migration_history"))


def _pending(applied: Sequence[str], files: Sequence[Migration]) -> list[Migration]:
    known = {migration.version for migration in files}
    foreign = [version for version in applied if version not in known]
    if foreign and files and foreign[0] < files[0].version:
        raise MigrationError(
            f"the database has the history of an unreleased version ({foreign[0]} to {foreign[-1]}), which cannot be "
            "migrated. Start with an empty database: `make reset` deletes the local one; on Supabase, use a new project"
        )
    if foreign:
        raise MigrationError(
            f"the database has migrations that this version lacks: {', '.join(foreign)}. Check out the branch that "
            "has them, or start with an empty database: `make reset` deletes the local one"
        )
    todo = [migration for migration in files if migration.version not in set(applied)]
    if todo and applied and todo[0].version < applied[-1]:
        raise MigrationError(
            f"{todo[0].path}: older than {applied[-1]}, which is already applied. Give it a newer version: "
            "databases must not differ by the order in which they were migrated"
        )
    return todo


def _apply(connection: Connection, migration: Migration, report: Callable[[str], None]) -> bool:
    """Apply one file; false when another runner did meanwhile."""
    text = migration.path.read_text(encoding="utf-8")
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
        if migration.version in applied_versions(connection):
            return False
        # A lock that is not had soon is given up, so that a migration never queues the whole traffic behind it. How
        # long a statement works is the migration's business: a role's default would cut a backfill short.
        connection.execute("set local lock_timeout = '10s'")
        connection.execute("set local statement_timeout = 0")
        try:
            execute_script(connection, text)
        except psycopg.Error as error:
            raise MigrationError(_describe(error, migration.path, text)) from error
        if connection.info.transaction_status != TransactionStatus.INTRANS:
            raise MigrationError(f"{migration.path}: ends the transaction it runs in; remove its commit or rollback")
        # What the file set for its session must not reach the next one.
        connection.execute("reset role")
        connection.execute("reset all")
        connection.execute(_RECORD, (migration.version, migration.name, [text]))
    report(f"applied {migration.path.name}")
    return True


def _describe(error: psycopg.Error, path: Path, text: str) -> str:
    """The server's message with the line of the file that it points at, in the `file:line:column` form of compilers."""
    diagnostic = error.diag
    message = f"{diagnostic.message_primary or error} (SQLSTATE {error.sqlstate})"
    if diagnostic.statement_position is None:
        lines = [f"{path}: {message}"]
    else:
        before = text[: int(diagnostic.statement_position) - 1]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        lines = [f"{path}:{line}:{column}: {message}", f"  {text.splitlines()[line - 1]}", " " * (column + 1) + "^"]
    extras = (("detail", diagnostic.message_detail), ("hint", diagnostic.message_hint), ("where", diagnostic.context))
    return "\n".join([*lines, *(f"{label}: {value}" for label, value in extras if value)])
