"""What the schema does by itself: new tables are born guarded, and logins become nobody."""

import psycopg
import psycopg.sql
import pytest
from psycopg import errors

from tests.support import Database


@pytest.mark.parametrize("schema", ["public", "private"])
@pytest.mark.parametrize(
    "statement",
    ["create table {}.late (id integer)", "create table {}.late as select 1 as id", "select 1 as id into {}.late"],
    ids=["create table", "create table as", "select into"],
)
def test_a_new_table_is_born_with_row_level_security(database: Database, schema: str, statement: str) -> None:
    with database.connect() as connection, connection.transaction(force_rollback=True):
        connection.execute(statement.format(schema).encode())
        state = connection.execute(
            "select relrowsecurity, relforcerowsecurity from pg_class where oid = %s::regclass", (f"{schema}.late",)
        ).fetchone()
    assert state == (True, True)


@pytest.mark.parametrize("change", ["disable row level security", "no force row level security"])
def test_row_level_security_cannot_be_switched_off_by_mistake(database: Database, change: str) -> None:
    with database.connect() as connection, connection.transaction(force_rollback=True):
        connection.execute(f"alter table public.products {change}".encode())
        state = connection.execute(
            "select relrowsecurity, relforcerowsecurity from pg_class where oid = 'public.products'::regclass"
        ).fetchone()
    assert state == (True, True)


def test_a_table_that_moves_in_gets_row_level_security(database: Database) -> None:
    with database.connect() as connection, connection.transaction(force_rollback=True):
        connection.execute("create schema scratch; create table scratch.t (id integer)")
        connection.execute("alter table scratch.t set schema public")
        state = connection.execute(
            "select relrowsecurity, relforcerowsecurity from pg_class where oid = 'public.t'::regclass"
        ).fetchone()
    assert state == (True, True)


@pytest.mark.parametrize("role", ["anon", "authenticated"])
def test_a_new_table_is_granted_to_nobody(database: Database, role: str) -> None:
    with database.connect() as connection, connection.transaction(force_rollback=True):
        connection.execute("create table public.late (id integer)")
        connection.execute("select set_config('role', %s, true)", (role,))
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute("select * from public.late")


@pytest.mark.parametrize("role", ["tidegate_gateway", "tidegate_worker"])
@pytest.mark.parametrize("target", ["postgres", "service_role", "supabase_admin", "supabase_auth_admin"])
def test_the_logins_become_nobody_powerful(database: Database, role: str, target: str) -> None:
    with database.connect(role) as connection, pytest.raises(errors.InsufficientPrivilege):
        connection.execute(psycopg.sql.SQL("set role {}").format(psycopg.sql.Identifier(target)))


@pytest.mark.parametrize("table", ["documents", "chunks", "chunk_embeddings", "products", "profiles", "memberships"])
def test_the_gateway_reads_nothing_as_itself(database: Database, table: str) -> None:
    with database.connect("tidegate_gateway") as connection, pytest.raises(errors.InsufficientPrivilege):
        connection.execute(psycopg.sql.SQL("select from public.{}").format(psycopg.sql.Identifier(table)))
