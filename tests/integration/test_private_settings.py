"""private.settings: what the owner of a hosted database, who is no superuser, may set differently."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import errors

from tests.support import Database

# The default, another value, one that makes no sense.
SETTINGS = {
    "co_purchase_weight": (0.8, 0.0, -0.1),
    "comparison_limit": (40_000, 0, -1),
}


@pytest.fixture
def owner(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """As the SQL editor of a hosted project is."""
    with database.connect("postgres") as connection:
        yield connection


@pytest.mark.parametrize("name", SETTINGS)
def test_it_counts_from_the_next_statement_on(database: Database, owner: psycopg.Connection[Any], name: str) -> None:
    default, other, wrong = SETTINGS[name]

    def read(connection: psycopg.Connection[Any]) -> object:
        row = connection.execute(f"select private.{name}()".encode()).fetchone()
        return row and row[0]

    with database.connect("supabase_admin") as person:
        person.execute("set role authenticated")
        assert read(person) == default
        owner.execute(f"update private.settings set {name} = %s".encode(), (other,))
        assert read(person) == other
        person.execute(f"set tidegate.{name} = 1".encode())
        assert read(person) == 1, "tried in one session"
        person.execute(f"reset tidegate.{name}".encode())
        with pytest.raises(errors.CheckViolation):
            owner.execute(f"update private.settings set {name} = %s".encode(), (wrong,))
        owner.execute(f"update private.settings set {name} = null".encode())
        assert read(person) == default
        with owner.transaction(force_rollback=True):
            owner.execute("delete from private.settings")
            assert read(owner) == default


def test_there_is_one_row(owner: psycopg.Connection[Any]) -> None:
    with pytest.raises(errors.UniqueViolation):
        owner.execute("insert into private.settings default values")


def test_nobody_else_reads_or_writes_it(database: Database) -> None:
    for role in ("anon", "authenticated", "tidegate_gateway", "tidegate_worker"):
        with database.connect("supabase_admin") as connection:
            connection.execute(f"set role {role}".encode())
            for statement in ("select * from private.settings", "update private.settings set comparison_limit = 1"):
                with pytest.raises(errors.InsufficientPrivilege):
                    connection.execute(statement.encode())


def test_a_setting_of_the_database_is_for_superusers(database: Database, owner: psycopg.Connection[Any]) -> None:
    """Which is why there is a table."""
    with pytest.raises(errors.InsufficientPrivilege):
        owner.execute(f"alter database {database.name} set tidegate.comparison_limit = 0".encode())
