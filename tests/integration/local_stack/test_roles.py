"""Divergences 1 and 4: who a request runs as, and what `auth.uid()` reads."""

from collections.abc import Iterator

import pytest

from tests.integration.local_stack.support import anonymous, define, person, service, value
from tests.support.databases import Database, ScratchCluster
from tests.support.stack import Process, Stack

WHOAMI = """
    create function public.whoami() returns json language sql stable set search_path = '' as $$
      select json_build_object('role', current_user, 'uid', auth.uid(), 'claimed', auth.jwt() ->> 'sub',
                               'timeout', current_setting('statement_timeout')) $$;
    grant execute on function public.whoami() to anon, authenticated, service_role;
    create table public.known (id integer primary key);
    grant select on public.known to service_role;
"""
AUTH_UID = "select pg_get_functiondef('auth.uid()'::regprocedure)"


@pytest.fixture(scope="module")
def database(cluster: ScratchCluster) -> Iterator[Database]:
    """A database in which no table has row level security when the API starts."""
    bare = cluster.empty()
    with bare.connect("supabase_admin") as connection:
        tables = connection.execute("select oid::regclass::text from pg_class where relrowsecurity").fetchall()
        for (table,) in tables:
            connection.execute(f"alter table {table} disable row level security".encode())
        assert value(connection, "select count(*) from pg_class where relrowsecurity") == 0
    yield bare
    cluster.drop(bare)


@pytest.fixture(scope="module")
def known(database: Database, stack: Stack, api: Process) -> Stack:
    """The running API, with `whoami` and after its first requests, which is when the package makes up its mind."""
    define(database, stack, WHOAMI, "known")
    assert person(stack).call("whoami").status_code == 200
    return stack


def test_every_request_runs_as_its_caller_although_no_table_had_row_level_security(known: Stack) -> None:
    assert anonymous(known).call("whoami").json()["role"] == "anon"
    assert person(known).call("whoami").json()["role"] == "authenticated"
    assert service(known).call("whoami").json()["role"] == "service_role"


def test_a_policy_made_while_the_api_runs_is_obeyed(database: Database, known: Stack) -> None:
    script = """
        create table public.diary (id integer primary key, owner_id uuid not null default auth.uid(), line text);
        alter table public.diary enable row level security;
        create policy "people read their own" on public.diary for select to authenticated using (owner_id = auth.uid());
        create policy "people write their own" on public.diary for insert to authenticated
          with check (owner_id = auth.uid());
        grant select, insert on public.diary to authenticated;
        grant all on public.diary to service_role;
    """
    define(database, known, script, "diary")
    writer, stranger = person(known), person(known)
    assert writer.insert("diary", {"id": 1, "line": "mine"}).status_code == 201
    assert [row["line"] for row in writer.rows("diary")] == ["mine"]
    assert stranger.rows("diary") == []
    assert [row["line"] for row in service(known).rows("diary")] == ["mine"]
    assert anonymous(known).get("/rest/v1/diary").status_code == 401


def test_the_role_brings_its_own_timeout(known: Stack) -> None:
    assert anonymous(known).call("whoami").json()["timeout"] == "3s"
    assert person(known).call("whoami").json()["timeout"] == "8s"


def test_auth_uid_stays_as_it_was_and_reads_the_claims(database: Database, known: Stack) -> None:
    seen = person(known).call("whoami").json()
    assert seen["uid"] == seen["claimed"] is not None
    assert anonymous(known).call("whoami").json()["uid"] is None
    with database.connect() as connection, connection.transaction():
        assert "request.jwt.claims" in value(connection, AUTH_UID)
        subject = "6f1c4e0a-6b1d-4c39-9a55-0f4a3c1f9d10"
        connection.execute("select set_config('request.jwt.claims', %s, true)", [f'{{"sub": "{subject}"}}'])
        assert str(value(connection, "select auth.uid()")) == subject
