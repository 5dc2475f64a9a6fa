"""The passwords of the two logins: what their holders cannot do and what they still can (docs/credentials.md)."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql

from tests.support import Database, ScratchCluster
from tests.support.passages import index_documents
from tests.support.shop import Shop
from tests.support.tenants import Tenants, populate

# Whoever has a login's password, and whom that login may become.
HOLDERS = (
    ("tidegate_gateway", None),
    ("tidegate_gateway", "anon"),
    ("tidegate_gateway", "authenticated"),
    ("tidegate_worker", None),
)
NAMES = [f"{login} as {role}" if role else login for login, role in HOLDERS]
BODY = "language sql as 'select 1'"

# Nobody may create these anywhere: {0} is a schema, every one that there is and pg_temp.
OBJECTS = {
    "domain": "create domain {0}.evil as integer check (value > 0)",
    "enum": "create type {0}.evil as enum ('a')",
    "composite type": "create type {0}.evil as (a integer)",
    "range": "create type {0}.evil as range (subtype = integer)",
    "function": f"create function {{0}}.evil() returns integer {BODY}",
    "procedure": "create procedure {0}.evil() language plpgsql as 'begin end'",
    "aggregate": "create aggregate {0}.evil (integer) (sfunc = int4pl, stype = integer)",
    "operator": "create operator {0}.= (leftarg = box, rightarg = uuid, function = pg_catalog.uuid_eq)",
    "operator class": "create operator class {0}.evil for type integer using btree as operator 1 <",
    "table": "create table {0}.evil (a integer)",
    "table of a query": "create table {0}.evil as select 1 as a",
    "view": "create view {0}.evil as select 1 as a",
    "materialized view": "create materialized view {0}.evil as select 1 as a",
    "sequence": "create sequence {0}.evil",
    "collation": 'create collation {0}.evil from "C"',
    "text search configuration": "create text search configuration {0}.evil (copy = pg_catalog.simple)",
    "text search dictionary": "create text search dictionary {0}.evil (template = pg_catalog.simple)",
}

# Neither may these be done. psql's backslash commands are not SQL, and need no mention.
DEEDS = (
    "create temporary table evil (a integer)",
    "select 1 as a into temporary evil",
    "create schema evil",
    "create role evil",
    "create extension citext",
    "create language evil handler pg_catalog.plpgsql_call_handler",
    "create cast (text as uuid) with inout as implicit",
    "create event trigger evil on ddl_command_end execute function private.enforce_row_level_security()",
    "create publication evil for all tables",
    "create foreign data wrapper evil",
    "create policy evil on public.documents using (true)",
    "create trigger evil before insert on public.documents for each row execute function private.touch_updated_at()",
    "create rule evil as on insert to public.documents do nothing",
    "create index evil on public.documents (title)",
    "create statistics evil on title, content from public.documents",
    "alter table public.documents no force row level security",
    "alter table public.documents disable trigger all",
    "alter function private.is_staff() security definer",
    "drop table public.documents",
    "truncate public.documents",
    "comment on table public.documents is 'evil'",
    "set role postgres",
    "set role service_role",
    "set role authenticator",
    "set role supabase_admin",
    "set session authorization postgres",
    "set session_replication_role = replica",
    "set log_statement = 'none'",
    "load 'auto_explain'",
    "alter role current_user superuser",
    "alter role current_user bypassrls",
    "alter role current_user createrole",
    "alter role current_user inherit",
    "alter role authenticated login",
    "alter role postgres password 'evil'",
    "grant postgres to current_user",
    "grant service_role to current_user",
    "copy public.categories to program 'true'",
    "copy public.categories to '/tmp/evil'",
    "select pg_read_file('/etc/passwd')",
    "select pg_ls_dir('.')",
    "select lo_import('/etc/passwd')",
    "select lo_export(1, '/tmp/evil')",
    "select rolpassword from pg_authid",
    "select * from pg_statistic",
    "select * from auth.users",
    "select * from auth.refresh_tokens",
    "select * from private.settings",
    "select * from private.limits",
    "select * from supabase_migrations.schema_migrations",
    "select pg_reload_conf()",
    "select pg_switch_wal()",
    "select pg_create_logical_replication_slot('evil', 'pgoutput')",
    "select pg_stat_reset()",
)

# Nor these, which no transaction may hold.
OUTSIDE = ("create database evil", "create tablespace evil location '/tmp'", "alter system set log_statement = 'none'")


def cannot(connection: psycopg.Connection[Any], role: str | None, statement: str) -> str | None:
    """Why the statement is refused; None when it is not."""
    with connection.transaction(force_rollback=True):
        if role:
            connection.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
        try:
            connection.execute(statement.encode())
        except psycopg.Error as error:
            return str(error.sqlstate)
    return None


@pytest.mark.parametrize(("login", "role"), HOLDERS, ids=NAMES)
def test_nobody_creates_anything_anywhere(database: Database, login: str, role: str | None) -> None:
    with database.connect("supabase_admin") as admin:
        schemas = [row[0] for row in admin.execute("select quote_ident(nspname) from pg_namespace").fetchall()]
    made = []
    with database.connect(login) as connection:
        for schema in ("pg_temp", *(one for one in schemas if not one.startswith(("pg_toast", "pg_temp")))):
            for what, statement in OBJECTS.items():
                refused = cannot(connection, role, statement.format(schema))
                # A view cannot be materialized in pg_temp, whoever asks; and operator classes are the superuser's.
                if refused not in ("42501", "42P16", "0A000"):
                    made.append(f"{what} in {schema}: {refused}")
    assert made == []


@pytest.mark.parametrize(("login", "role"), HOLDERS, ids=NAMES)
def test_nobody_does_what_is_the_owners_to_do(database: Database, login: str, role: str | None) -> None:
    with database.connect(login) as connection:
        outcomes = {deed: cannot(connection, role, deed) for deed in DEEDS}
        if role:
            connection.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
        for deed in OUTSIDE:
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(deed.encode())
    assert {deed: refused for deed, refused in outcomes.items() if refused != "42501"} == {}


@pytest.mark.parametrize("login", ["tidegate_gateway", "tidegate_worker"])
def test_a_login_becomes_nobody_but_callers(database: Database, login: str) -> None:
    with database.connect("supabase_admin") as admin:
        roles = [
            row[0] for row in admin.execute("select rolname from pg_roles where rolname <> %s", (login,)).fetchall()
        ]
    with database.connect(login) as connection:
        become = {role for role in roles if cannot(connection, None, f'set local role "{role}"') is None}
    assert become == ({"anon", "authenticated"} if login == "tidegate_gateway" else set())


# No sequence can be read or moved: it would count what others do.
@pytest.mark.parametrize(("login", "role"), HOLDERS, ids=NAMES)
def test_no_sequence_tells_anything(database: Database, login: str, role: str | None) -> None:
    with database.connect("supabase_admin") as admin:
        admin.execute("select setval('private.embedding_job_revisions', 4711)")
        found = admin.execute("select format('%I.%I', schemaname, sequencename) from pg_sequences").fetchall()
    ways = ("select * from {0}", "select nextval('{0}')", "select setval('{0}', 1)", "select currval('{0}')")
    with database.connect(login) as connection:
        for (sequence,) in found:
            for way in ways:
                refused = cannot(connection, role, way.format(sequence))
                if (login, sequence) == ("tidegate_worker", "private.embedding_job_revisions"):
                    continue  # it numbers the changes of jobs, as it may
                assert refused == "42501", f"{way.format(sequence)}: {refused}"
        told = connection.execute("select sequencename, last_value from pg_sequences where last_value is not null")
        assert {row[0] for row in told.fetchall()} <= {"embedding_job_revisions"} - (
            {"embedding_job_revisions"} if login != "tidegate_worker" else set()
        )


# What a holder still can, each said in docs/credentials.md -----------------------------------------------------------


@pytest.fixture(scope="module")
def tenants(database: Database) -> Tenants:
    tenants = populate(database)
    with database.connect("tidegate_worker") as worker:
        index_documents(worker, {})
    return tenants


def test_the_gateways_password_is_everybodys_token(database: Database, tenants: Tenants) -> None:
    with database.connect("tidegate_gateway") as connection, connection.transaction(force_rollback=True):
        claims = json.dumps({"sub": str(tenants.person("owner")), "role": "authenticated"})
        connection.execute("select private.assume_caller(%s)", (claims,))
        found = connection.execute("select title from public.documents where visibility = 'private'").fetchall()
    assert ("owner's diary",) in found


def test_the_workers_password_shows_what_waits_to_be_embedded(database: Database, tenants: Tenants) -> None:
    see = b"select title from public.documents"
    with database.connect("tidegate_worker") as worker, database.connect() as people:
        assert worker.execute(see).fetchall() == []
        people.execute("update public.documents set content = content || '.' where title = 'owner''s diary'")
        assert worker.execute(see).fetchall() == [("owner's diary",)]
        worker.execute("delete from private.embedding_jobs")  # and it is never found by what it says now
        assert worker.execute(see).fetchall() == []


def test_the_workers_password_settles_payments(database: Database) -> None:
    with database.connect("supabase_admin") as admin, database.connect() as people:
        shop = Shop(database, admin, people)
        order = str(shop.place(shop.buyer(), {shop.product(5): 1}, str(uuid.uuid4()))["id"])
        with database.connect("tidegate_worker") as worker:
            worker.execute("select private.claim_payments(10, 30)")
            worker.execute(
                "select private.settle_payment(%s, 'charge', true, 'invented', null)",
                (order,),
            )
        assert shop.status(order) == "paid"


@pytest.fixture
def scratch(cluster: ScratchCluster) -> Iterator[Database]:
    clone = cluster.clone("login")
    yield clone
    cluster.drop(clone)


@pytest.mark.parametrize("login", ["tidegate_gateway", "tidegate_worker"])
def test_every_login_can_be_a_nuisance(scratch: Database, login: str) -> None:
    with scratch.connect(login) as connection, scratch.connect(login) as colleague:
        connection.execute("set statement_timeout = 0")
        connection.execute("select pg_advisory_lock(1), pg_notify('pgrst', 'reload schema')")
        connection.execute("select lo_from_bytea(0, 'fills the disk')")
        connection.execute("select reltuples from pg_class").fetchall()
        pid = colleague.info.backend_pid
        connection.execute("select pg_terminate_backend(%s, 5000)", (pid,))
        with pytest.raises(errors.OperationalError):
            colleague.execute("select 1")


def test_the_gateways_login_can_lock_a_table(scratch: Database) -> None:
    with scratch.connect("tidegate_gateway") as connection, connection.transaction(force_rollback=True):
        connection.execute("set local role authenticated")
        connection.execute("lock table public.documents in access exclusive mode")
