"""Rules that every table and function of ours obeys, read from the catalog: each query lists what breaks one."""

import psycopg
import psycopg.sql
import pytest
from psycopg import errors

from gateway.local.schema import SCHEMA_FILE, dump_schema
from tests.support import Database, ScratchCluster

OURS = "('public', 'private')"

VIOLATIONS = {
    "tables without enabled and forced row level security": f"""
        select c.oid::regclass::text from pg_class c
        where c.relkind in ('r', 'p') and c.relnamespace::regnamespace::text in {OURS}
          and not (c.relrowsecurity and c.relforcerowsecurity)""",
    "tables without a policy": f"""
        select c.oid::regclass::text from pg_class c
        where c.relkind in ('r', 'p') and c.relnamespace::regnamespace::text in {OURS}
          and not exists (select from pg_policy p where p.polrelid = c.oid)""",
    "security definer functions that the API exposes": """
        select p.oid::regprocedure::text from pg_proc p
        where p.prosecdef and p.pronamespace = 'public'::regnamespace""",
    "functions without a pinned search_path": f"""
        select p.oid::regprocedure::text from pg_proc p
        where p.pronamespace::regnamespace::text in {OURS}
          and not coalesce('search_path=""' = any (p.proconfig), false)""",
    "functions that everybody may execute": f"""
        select p.oid::regprocedure::text from pg_proc p
        cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
        where p.pronamespace::regnamespace::text in {OURS} and a.grantee = 0""",
    "tables granted to PUBLIC": f"""
        select c.oid::regclass::text from pg_class c cross join lateral aclexplode(c.relacl) a
        where c.relnamespace::regnamespace::text in {OURS} and a.grantee = 0""",
    "policies for everybody": """
        select p.polname || ' on ' || p.polrelid::regclass from pg_policy p
        where p.polroles = '{0}' and p.polrelid::regclass::text not like 'storage.%'""",
    "policies that call auth functions once a row": f"""
        select policyname from pg_policies
        where schemaname in {OURS}
          and regexp_replace(concat(qual, with_check), '\\(\\s*SELECT auth\\.', '', 'g') ~ 'auth\\.'""",
    "tables without a comment": f"""
        select c.oid::regclass::text from pg_class c
        where c.relkind in ('r', 'p') and c.relnamespace::regnamespace::text in {OURS}
          and obj_description(c.oid, 'pg_class') is null""",
    "columns without a comment": f"""
        select c.oid::regclass || '.' || a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relkind in ('r', 'p') and c.relnamespace::regnamespace::text in {OURS}
          and a.attnum > 0 and not a.attisdropped and col_description(c.oid, a.attnum) is null""",
    "functions without a comment": f"""
        select p.oid::regprocedure::text from pg_proc p
        where p.pronamespace::regnamespace::text in {OURS} and obj_description(p.oid, 'pg_proc') is null""",
    "foreign keys without an index": f"""
        select k.conname::text from pg_constraint k
        where k.contype = 'f' and k.connamespace::regnamespace::text in {OURS}
          and not exists (
            select from pg_index i where i.indrelid = k.conrelid and i.indpred is null
              and (string_to_array(i.indkey::text, ' ')::smallint[])[1:cardinality(k.conkey)] @> k.conkey)""",
    "login roles that could step around the policies": """
        select r.rolname::text from pg_roles r
        where r.rolname like 'tidegate%' and (r.rolsuper or r.rolbypassrls or r.rolinherit or r.rolcreaterole)""",
}


@pytest.mark.parametrize("rule", VIOLATIONS)
def test_nothing_breaks_the_rule(database: Database, rule: str) -> None:
    with database.connect() as connection:
        assert connection.execute(VIOLATIONS[rule].encode()).fetchall() == []


BREACHES = {
    "tables without enabled and forced row level security": "alter table public.products no force row level security",
    "tables without a policy": "create table public.bare (id integer primary key)",
    "security definer functions that the API exposes": """
        create function public.leak() returns integer
        language sql security definer set search_path = '' as 'select 1'""",
    "functions without a pinned search_path": """
        create function private.loose() returns integer language sql as 'select 1'""",
    "functions that everybody may execute": "grant execute on function private.is_staff() to public",
    "tables granted to PUBLIC": "grant select on public.profiles to public",
    "policies for everybody": "create policy wide on public.profiles using (true)",
    "policies that call auth functions once a row": """
        create policy slow on public.profiles for select to authenticated using (id = auth.uid())""",
    "tables without a comment": "comment on table public.products is null",
    "columns without a comment": "comment on column public.products.price is null",
    "functions without a comment": "comment on function private.is_staff() is null",
    "foreign keys without an index": "drop index public.memberships_user_id_idx",
    "login roles that could step around the policies": "alter role tidegate_worker inherit",
}


@pytest.mark.parametrize("rule", VIOLATIONS)
def test_a_breach_of_the_rule_is_noticed(database: Database, rule: str) -> None:
    with database.connect("supabase_admin") as admin, admin.transaction(force_rollback=True):
        admin.execute("alter event trigger enforce_row_level_security disable")  # it would mend the first at once
        admin.execute("set local role postgres; set local search_path = ''")
        admin.execute(BREACHES[rule].encode())
        assert admin.execute(VIOLATIONS[rule].encode()).fetchall() != []


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


def test_the_committed_schema_is_what_the_migrations_make(cluster: ScratchCluster, database: Database) -> None:
    committed = SCHEMA_FILE.read_text(encoding="utf-8")
    assert committed == dump_schema(cluster.server, database.name), "run `make schema` and commit sql/schema.sql"
