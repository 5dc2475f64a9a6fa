"""What holds a leaked login of the gateway back from Storage's tables, which definers write too."""

import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.support import Database, ScratchCluster, as_caller, make_user

ATTACKS = (
    "create trigger loot before update on storage.objects for each row"
    " execute function pg_catalog.suppress_redundant_updates_trigger()",
    "create trigger loot before insert on storage.buckets for each row"
    " execute function pg_catalog.suppress_redundant_updates_trigger()",
    "truncate storage.objects",
    "truncate storage.buckets cascade",
)
LOOT = (
    "create trigger loot before update on storage.objects for each row"
    " when (set_config('loot.role', current_user, false) is not null)"
    " execute function pg_catalog.suppress_redundant_updates_trigger()"
)


@pytest.fixture(scope="module")
def database(cluster: ScratchCluster) -> Iterator[Database]:
    database = cluster.clone("storage_triggers")
    yield database
    cluster.drop(database)


@pytest.mark.parametrize("role", ["anon", "authenticated", "tidegate_gateway"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_nobody_empties_storage_or_hangs_a_trigger_on_it(database: Database, role: str, attack: str) -> None:
    with (
        database.connect("tidegate_gateway") as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        connection.transaction(),
    ):
        connection.execute("select set_config('role', %s, true)", (role,))
        connection.execute(attack.encode())


def test_an_account_is_closed_without_running_what_others_hung_on_storage(database: Database) -> None:
    """As on a project where Storage's own role gave the API's roles every privilege."""
    with database.connect("supabase_admin") as admin:
        victim = make_user(admin, "victim")
        admin.execute(
            "insert into storage.objects (bucket_id, name, owner, owner_id) values ('documents', %s, %s, %s)",
            (f"{uuid.uuid4()}/paper.pdf", victim, str(victim)),
        )
        admin.execute("grant trigger on storage.objects to authenticated")
        with database.connect("tidegate_gateway") as login, login.transaction():
            login.execute("set local role authenticated")
            login.execute(LOOT)
        with database.connect() as connection:
            with as_caller(connection, victim):
                connection.execute("select public.close_account()")
            assert _value(connection, "select coalesce(current_setting('loot.role', true), '')") == ""
        assert _value(admin, "select count(*) from auth.users where id = %s", victim) == 0
        admin.execute("drop trigger loot on storage.objects")


def _value(connection: psycopg.Connection[Any], query: str, *arguments: object) -> Any:
    row = connection.execute(query.encode(), arguments).fetchone()
    assert row is not None
    return row[0]
