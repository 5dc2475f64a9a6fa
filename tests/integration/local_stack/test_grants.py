"""Divergence 2: the API grants nothing, so that a missing grant shows and a revoked one stays revoked."""

import pytest

from tests.integration.local_stack.support import anonymous, define, person, service, value
from tests.support.databases import Database
from tests.support.stack import Process, Stack

SCRIPT = """
    create table public.closed (id integer primary key);
    alter table public.closed enable row level security;
    revoke all on public.closed from public, anon, authenticated, service_role;
    create table public.open (id integer primary key);
    alter table public.open enable row level security;
    create policy "all read" on public.open for select using (true);
    grant select on public.open to anon, service_role;
"""
GRANTS = """
    select (select string_agg(oid::regclass || ' ' || coalesce(relacl::text, ''), E'\\n' order by oid)
              from pg_class where relkind in ('r', 'p', 'v', 'S') and relnamespace = 'public'::regnamespace)
        || (select string_agg(nspname || ' ' || coalesce(nspacl::text, ''), E'\\n' order by oid) from pg_namespace
             where nspname !~ '^pg_')
        || (select coalesce(string_agg(defaclacl::text, E'\\n' order by oid), '') from pg_default_acl)
"""


@pytest.fixture(scope="module")
def api(database: Database, stack: Stack) -> Process:
    """The API with a login that could grant anything, so that only its own restraint keeps it from doing so."""
    return stack.start_api(DATABASE_URL=database.admin_url)


def test_nothing_is_granted_and_nothing_revoked_comes_back(database: Database, stack: Stack, api: Process) -> None:
    with database.connect() as connection:
        connection.execute(SCRIPT.encode())
    with database.connect("supabase_admin") as connection:
        assert value(connection, "select count(*) > 0 from pg_class where relrowsecurity") is True
        before = value(connection, GRANTS)
    define(database, stack, "select 1", "open")
    for caller, status in ((anonymous(stack), 401), (person(stack), 403), (service(stack), 403)):
        response = caller.get("/rest/v1/closed")
        assert (response.status_code, response.json()["code"]) == (status, "42501")
    assert anonymous(stack).rows("open") == []
    assert anonymous(stack).insert("open", {"id": 1}).status_code == 401
    with database.connect("supabase_admin") as connection:
        assert value(connection, GRANTS) == before
