"""`supabase/schemas` is the truth: the migrations make the same database, and the text stays readable."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.migrations.runner import read_migrations
from tests.support import Database, ScratchCluster
from tests.support.schema_files import beyond_a_dump, build_from_schemas, dump, schema_files

LONGEST_FILE, LONGEST_FUNCTION, LONGEST_LINE = 350, 60, 120
NAME = re.compile(r"\b(?:public|private)\.[a-z_0-9]+\b")
DEFINITION = re.compile(
    r"^create (?:unlogged )?(?:function|sequence|table|type|view) ((?:public|private)\.[a-z_0-9]+)", re.MULTILINE
)
# Comments, and what comments on objects say: these name what they please.
COMMENT = re.compile(r"--.*|^comment on [a-z ]+ \S+ is\s+(?:'(?:[^']|'')*'\s*)+;", re.MULTILINE)


@pytest.fixture(scope="module")
def other_cluster() -> Iterator[ScratchCluster]:
    """A second server, since roles belong to a server."""
    with tempfile.TemporaryDirectory() as logs:
        cluster = ScratchCluster(Path(logs))
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()


@pytest.fixture(scope="module")
def from_schemas(other_cluster: ScratchCluster) -> Database:
    return build_from_schemas(other_cluster)


def test_migrations_and_schema_files_make_the_same_definitions(
    cluster: ScratchCluster, database: Database, other_cluster: ScratchCluster, from_schemas: Database
) -> None:
    assert dump(other_cluster, from_schemas) == dump(cluster, database)


def test_migrations_and_schema_files_make_the_same_roles_and_rows(
    cluster: ScratchCluster, from_schemas: Database
) -> None:
    migrated = cluster.clone("seeded")
    try:
        assert beyond_a_dump(from_schemas) == beyond_a_dump(migrated)
    finally:
        cluster.drop(migrated)


def test_the_comparison_sees_roles_and_rows(from_schemas: Database) -> None:
    kinds = {fact[0] for fact in beyond_a_dump(from_schemas)}
    assert kinds == {"role", "membership", "setting of a role", "privilege on the database", "row"}
    rows = {fact[1] for fact in beyond_a_dump(from_schemas) if fact[0] == "row"}
    assert {"private.limits", "private.settings", "private.secrets", "public.currencies", "storage.buckets"} <= rows


def test_until_the_first_release_the_migrations_are_the_schema_files() -> None:
    texts = [(migration.name, migration.path.read_text(encoding="utf-8")) for migration in read_migrations()]
    expected = [(path.stem.partition("_")[2], path.read_text(encoding="utf-8")) for path in schema_files()]
    assert texts == expected, "run `make baseline`"


@pytest.mark.parametrize("path", schema_files(), ids=lambda path: path.stem)
def test_a_schema_file_is_readable(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("-- "), "it begins with a paragraph on its design"
    assert len(lines) < LONGEST_FILE
    assert [line for line in lines if len(line) > LONGEST_LINE] == []
    assert [name for name, length in functions(path) if length > LONGEST_FUNCTION] == []


def test_the_schema_reads_from_first_to_last() -> None:
    """What a file uses stands above, or the file says in which later one it is: (see large_removals)."""
    texts = {path.stem.partition("_")[2]: path.read_text(encoding="utf-8") for path in schema_files()}
    homes = {name: home for home, text in texts.items() for name in DEFINITION.findall(text)}
    order = {home: place for place, home in enumerate(texts)}
    assert len(homes) > 400
    unannounced = set()
    for reader, text in texts.items():
        code = COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), text)
        defined: set[str] = set()
        for statement in re.split(r"^(?=create )", code, flags=re.MULTILINE):
            defined |= set(DEFINITION.findall(statement))
            for name in set(NAME.findall(statement)) & set(homes) - defined:
                is_above = order[homes[name]] < order[reader] or is_wrapped(statement, name)
                if not is_above and f"(see {homes[name]})" not in text:
                    unannounced.add(f"{reader} uses {name} of {homes[name]}")
    assert unannounced == set()


def is_wrapped(statement: str, name: str) -> bool:
    """Whether a function of schema private is that of the same name in public, which calls it and which errors name."""
    return statement.startswith(f"create function {name.replace('public.', 'private.')}(")


def test_every_function_is_measured(database: Database) -> None:
    with database.connect() as connection:
        known = connection.execute(
            "select format('%s.%s', n.nspname, p.proname) from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
            " where n.nspname in ('public', 'private')"
        ).fetchall()
    assert sorted(name for path in schema_files() for name, _ in functions(path)) == sorted(name for (name,) in known)


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """The functions that a file defines, and how many lines each has, from `create` to the end of its body."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for start, line in enumerate(lines):
        if line.startswith("create function "):
            end = next(n for n in range(start, len(lines)) if re.search(r"\$\$;$", lines[n]))
            yield line.removeprefix("create function ").partition("(")[0], end - start + 1
