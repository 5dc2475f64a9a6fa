"""Divergence 6: the API knows every table whatever its own login may touch, and learns of new ones."""

import pytest

from tests.integration.local_stack.support import define, person, service, value
from tests.support.databases import Database
from tests.support.stack import Process, Stack
from tests.support.waiting import wait_until

pytestmark = pytest.mark.usefixtures("api")


def test_a_table_that_the_login_may_not_touch_is_known(database: Database, stack: Stack, api: Process) -> None:
    script = """
        create table public.hidden (id integer primary key, name text);
        create policy "people read" on public.hidden for select to authenticated using (true);
        grant select on public.hidden to authenticated;
        insert into public.hidden values (1, 'one');
    """
    define(database, stack, script, "hidden")
    with database.connect("supabase_admin") as connection:
        assert value(connection, "select has_table_privilege('supabase_lite', 'public.hidden', 'select')") is False
    assert person(stack).rows("hidden") == [{"id": 1, "name": "one"}]


def test_a_new_column_is_known_after_a_notice_and_a_dropped_table_is_gone(database: Database, stack: Stack) -> None:
    script = "create table public.growing (id integer primary key); grant all on public.growing to service_role;"
    define(database, stack, script, "growing")
    client = service(stack)
    assert client.insert("growing", {"id": 1, "added": 1}).json()["code"] == "PGRST204"
    with database.connect() as connection:
        connection.execute("alter table public.growing add column added integer default 3")
        connection.execute("notify pgrst")
    wait_until(lambda: client.insert("growing", {"id": 1, "added": 1}).status_code == 201, "the column being known")
    assert client.rows("growing?select=added") == [{"added": 1}]
    with database.connect() as connection:
        connection.execute("drop table public.growing")
        connection.execute("notify pgrst, 'reload schema'")
    wait_until(lambda: client.get("/rest/v1/growing").json().get("code") == "PGRST205", "the table being forgotten")


def test_only_the_exposed_schema_is_reachable(stack: Stack) -> None:
    client = service(stack)
    for schema in ("auth", "private", "pg_catalog"):
        response = client.get("/rest/v1/users", **{"Accept-Profile": schema})
        assert (response.status_code, response.json()["code"]) == (406, "PGRST106")
