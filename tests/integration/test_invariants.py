"""The rules of sql/invariants: the migrated schema keeps each, each notices a breach, and the gateway heeds them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from gateway.database.invariants import Finding, Invariant, findings_query, invariants
from gateway.database.pool import Database as GatewayDatabase
from gateway.errors import DatabaseUnsafeError
from gateway.resilience import Policy
from tests.support import Database, ScratchCluster
from tests.support.gateway_app import has_connection

RULES = {rule.name: rule for rule in invariants()}

# For each rule one or more breaches: (what somebody runs, as postgres, and what the rule must then name).
BREACHES: dict[str, list[tuple[str, str]]] = {
    "row_level_security_forced": [
        ("alter table public.products no force row level security", "public.products"),
        ("alter table private.embedding_jobs disable row level security", "private.embedding_jobs"),
        ("create table private.bare (id integer primary key)", "private.bare"),
        ("create table public.parted (id integer) partition by range (id)", "public.parted"),
    ],
    "reads_as_caller": [
        ("create view public.all_texts as select title from public.documents; grant select on public.all_texts to anon",
         "public.all_texts"),
        ("create view public.off with (security_invoker = false) as select title from public.documents;"
         " grant select (title) on public.off to authenticated; grant select on public.off to authenticated",
         "public.off"),
        ("create materialized view public.kept as select title from public.documents;"
         " grant select on public.kept to authenticated", "public.kept"),
    ],
    "definers_unexposed": [
        ("create function public.leak() returns integer"
         " language sql security definer set search_path = pg_catalog, pg_temp as 'select 1'",
         "public.leak()"),
    ],
    "definers_pinned": [
        ("create function private.loose() returns integer language sql security definer as 'select 1'",
         "private.loose()"),
        ("alter function private.my_scopes() set search_path = public", "private.my_scopes()"),
        ("alter function private.my_scopes() set search_path = ''", "private.my_scopes()"),
    ],
    "temporary_names_last": [
        ("alter function private.is_staff() set search_path = ''", "private.is_staff()"),
        ("alter function private.is_staff() set search_path = public, pg_temp", "private.is_staff()"),
    ],
    "callers_create_nothing": [
        ("do $$ begin execute format('grant temporary on database %I to public', current_database()); end $$",
         "tidegate_gateway"),
        ("do $$ begin execute format('grant create on database %I to anon', current_database()); end $$", "anon"),
        ("grant create on schema public to authenticated", "authenticated"),
        ("grant create on schema extensions to public", "tidegate_worker"),
        ("reset role; alter role tidegate_worker createdb", "tidegate_worker"),
    ],
    "nothing_granted_to_public": [
        ("grant select on public.profiles to public", "public.profiles"),
        ("grant select (title) on public.documents to public", "public.documents.title"),
        ("grant usage on sequence private.embedding_job_revisions to public", "private.embedding_job_revisions"),
        ("grant usage on schema private to public", "private"),
    ],
    "policies_name_their_roles": [("create policy wide on public.profiles using (true)", "wide on public.profiles")],
    "user_metadata_decides_nothing": [
        ("create policy self on public.profiles for select to authenticated"
         " using ((select auth.jwt() -> 'user_metadata' ->> 'staff') = 'true')", "self on public.profiles"),
        ("create function private.is_boss() returns boolean language sql stable set search_path = ''"
         " as $$ select (auth.jwt() -> 'user_metadata' ->> 'boss')::boolean $$", "private.is_boss()"),
    ],
    "roles_held_to_policies": [
        ("reset role; alter role tidegate_worker bypassrls", "tidegate_worker"),
        ("reset role; alter role tidegate_worker inherit", "tidegate_worker"),
        ("reset role; alter role anon bypassrls", "anon"),
        ("reset role; grant service_role to tidegate_gateway", "tidegate_gateway"),
        ("reset role; alter table public.categories owner to tidegate_worker", "tidegate_worker"),
    ],
    "policies_for_every_grant": [
        ("grant insert on public.chunks to authenticated", "public.chunks"),
        ("grant update (created_at) on public.document_shares to authenticated", "public.document_shares"),
        ('drop policy "staff delete products" on public.products', "public.products"),
    ],
    "columns_granted_by_name": [
        ("grant select on public.products to anon", "public.products"),
        ("create table public.notes (id uuid); grant insert on public.notes to authenticated", "public.notes"),
    ],
    "columns_readable_together": [
        ("alter table public.products add column weight integer", "public.products.weight"),
        ("revoke select (email) on public.profiles from authenticated", "public.profiles.email"),
    ],
    "ids_count_nothing": [
        ("create table public.notes (id bigint primary key generated always as identity);"
         " grant select (id) on public.notes to authenticated", "public.notes.id"),
        ("create table public.notes (id bigserial); grant select (id) on public.notes to anon", "public.notes.id"),
        ("create sequence private.n; alter table public.chunks alter column id set default 1 + nextval('private.n')",
         "public.chunks.id"),
    ],
    "closed_accounts_refused": [
        ("create table public.notes (id uuid); grant select (id) on public.notes to authenticated", "public.notes"),
        ('drop policy "open accounts alone" on public.documents', "public.documents"),
        ('alter policy "open accounts alone" on public.documents using (true)', "public.documents"),
        ('alter policy "open accounts alone" on public.documents to anon', "public.documents"),
        ('reset role; drop policy "open accounts alone" on storage.objects', "storage.objects"),
        ("create function public.act() returns void language sql as ''; grant execute on function public.act()"
         " to authenticated", "public.act()"),
    ],
    "policies_evaluated_once": [
        ("create policy slow on public.profiles for select to authenticated using (id = auth.uid())",
         "slow on public.profiles"),
        ("create policy slow on public.profiles for select to authenticated using (private.is_staff())",
         "slow on public.profiles"),
        ("create policy slow on public.documents for select to authenticated using (exists ("
         "select from public.memberships m"
         " where m.organization_id = documents.organization_id and m.user_id = auth.uid()))",
         "slow on public.documents"),
        ("create policy slow on public.profiles for update to authenticated using (true)"
         " with check (((auth.jwt() ->> 'sub')::uuid) = id)", "slow on public.profiles"),
    ],
    "policy_columns_indexed": [
        ("create policy named on public.profiles for select to authenticated using (display_name = 'x')",
         "public.profiles.display_name"),
        ("drop index public.documents_scope_id_idx", "public.documents.scope_id"),
        ("create policy far on public.categories for select to authenticated using (exists ("
         "select from public.products p where p.category_id = categories.id and p.description = 'x'))",
         "public.products.description"),
    ],
    "foreign_keys_indexed": [("drop index public.documents_owner_id_idx",
                              "documents_owner_id_fkey on public.documents")],
    "functions_pinned": [
        ("create function private.loose() returns integer language sql as 'select 1'", "private.loose()"),
    ],
    "execute_granted_by_name": [
        ("grant execute on function private.is_staff() to public", "private.is_staff()"),
        ("alter default privileges grant execute on functions to public;"
         " create function private.open() returns integer language sql as 'select 1'", "private.open()"),
    ],
    "nothing_granted_by_default": [
        ("alter default privileges in schema public grant select on tables to anon",
         "default privileges of postgres in public"),
        ("alter default privileges grant execute on functions to public", "default privileges of postgres"),
    ],
    "event_trigger_enabled": [
        ("reset role; alter event trigger enforce_row_level_security disable", "enforce_row_level_security"),
        ("reset role; drop event trigger enforce_row_level_security", "enforce_row_level_security"),
    ],
    "everything_commented": [
        ("comment on table public.products is null", "public.products"),
        ("comment on column public.products.price is null", "public.products.price"),
        ("comment on function private.is_staff() is null", "private.is_staff()"),
        ("create type public.mood as enum ('good')", "public.mood"),
        ("create view public.v with (security_invoker = true) as select 1 as x", "public.v"),
    ],
}  # fmt: skip

# What looks like a breach and is none.
HARMLESS: list[tuple[str, str]] = [
    ("callers_create_nothing", "create schema theirs; grant create on schema theirs to service_role"),
    ("temporary_names_last", "create function private.loose() returns integer language sql as 'select 1'"),
    ("reads_as_caller", "create view public.mine with (security_invoker = on) as select title from public.documents;"
     " grant select on public.mine to authenticated"),
    ("reads_as_caller", "create materialized view private.sums as select 1 as x"),
    ("policies_evaluated_once", "create policy wrapped on public.profiles for select to authenticated"
     " using (id = (select auth.uid()) and id in (select private.my_organizations()))"),
    ("policies_evaluated_once", "create policy claims on public.profiles for select to authenticated"
     " using (((select auth.jwt() -> 'app_metadata') ->> 'x') = 'y'"
     " and (id is not null or (select private.is_staff())))"),
    ("policies_evaluated_once", "create policy looks on public.documents for select to authenticated using (exists ("
     "select from public.memberships m where m.organization_id = documents.organization_id"
     " and m.user_id = (select auth.uid())))"),
    ("columns_granted_by_name", "grant select on private.embedding_jobs to service_role"),
    ("columns_granted_by_name", "create view public.mine with (security_invoker = on) as"
     " select title from public.documents; grant select on public.mine to authenticated"),
    ("columns_readable_together", "alter table private.limits add column note text"),
    ("ids_count_nothing", "create table public.notes (id bigserial, title text);"
     " grant select (title) on public.notes to anon"),
    ("policies_for_every_grant", "grant select on private.embedding_jobs to service_role"),
    ("nothing_granted_to_public", "grant usage on schema public to public"),
    ("user_metadata_decides_nothing", "create policy app on public.profiles for select to authenticated"
     " using (((select auth.jwt() -> 'app_metadata') ->> 'x') = 'y')"),
    ("row_level_security_forced", "create schema elsewhere; create table elsewhere.t (id integer)"),
]  # fmt: skip


@contextmanager
def spoiled(database: Database, statement: str) -> Iterator[psycopg.Connection[Any]]:
    """The database after `statement`, run as postgres, until the end of the block. Roles and rules are put back."""
    with database.connect("supabase_admin") as admin, admin.transaction(force_rollback=True):
        # It would mend the first of them at once.
        admin.execute("alter event trigger enforce_row_level_security disable")
        admin.execute("set local role postgres; set local search_path = ''")
        admin.execute(statement.encode())
        admin.execute("reset role")
        if "event trigger" not in statement:
            admin.execute("alter event trigger enforce_row_level_security enable")
        yield admin


def found(connection: psycopg.Connection[Any], rule: Invariant) -> set[str]:
    """The objects that break the rule."""
    return {Finding(*row).object for row in connection.execute(findings_query([rule])).fetchall()}


def test_every_rule_has_a_breach() -> None:
    assert BREACHES.keys() == RULES.keys()
    assert {rule.kind for rule in RULES.values()} == {"isolation", "hygiene"}


@pytest.mark.parametrize("role", ["postgres", "tidegate_gateway"])
@pytest.mark.parametrize("rule", RULES)
def test_the_schema_keeps_the_rule(database: Database, rule: str, role: str) -> None:
    with database.connect(role) as connection:
        connection.execute("set search_path = ''")
        assert connection.execute(findings_query([RULES[rule]])).fetchall() == []


@pytest.mark.parametrize(
    ("rule", "statement", "culprit"),
    [(rule, statement, culprit) for rule, cases in BREACHES.items() for statement, culprit in cases],
)
def test_a_breach_is_noticed(database: Database, rule: str, statement: str, culprit: str) -> None:
    with spoiled(database, statement) as connection:
        assert culprit in found(connection, RULES[rule])


@pytest.mark.parametrize(("rule", "statement"), HARMLESS)
def test_what_only_looks_like_a_breach_is_not_reported(database: Database, rule: str, statement: str) -> None:
    with spoiled(database, statement) as connection:
        assert found(connection, RULES[rule]) == set()


def test_tables_of_extensions_are_nobodys_fault(database: Database) -> None:
    # pg_stat_statements has views; moved into public, they are still the extension's.
    with spoiled(database, "reset role; alter extension pg_stat_statements set schema public") as connection:
        for rule in RULES.values():
            assert found(connection, rule) == set(), rule.name


@pytest.fixture
def scratch(cluster: ScratchCluster) -> Iterator[Database]:
    """A database that a test may spoil for good."""
    clone = cluster.clone("spoiled")
    yield clone
    cluster.drop(clone)


# Breaches by roles belong to the whole cluster: other tests would meet them.
SERVED = [
    (rule.name, BREACHES[rule.name][0]) for rule in invariants("isolation") if rule.name != "roles_held_to_policies"
]


@pytest.mark.anyio
@pytest.mark.parametrize(("rule", "breach"), SERVED, ids=[rule for rule, _ in SERVED])
async def test_the_gateway_asks_nothing_of_a_database_that_breaks_it(
    scratch: Database, rule: str, breach: tuple[str, str]
) -> None:
    statement, culprit = breach
    with scratch.connect("supabase_admin") as admin:
        admin.execute("alter event trigger enforce_row_level_security disable")
        admin.execute(f"set role postgres; {statement}".encode())
    database = GatewayDatabase(scratch.url_for("tidegate_gateway"), Policy("database", 60.0), pool_size=1)
    await database.open()
    await has_connection(database)
    try:
        with pytest.raises(DatabaseUnsafeError) as refused:
            await database.fetch("active_embedding_model")
    finally:
        await database.close()
    assert f"breaks {rule}:" in refused.value.detail
    assert culprit not in refused.value.detail
    assert any(finding.startswith(f"{rule}: {culprit}: ") for finding in refused.value.findings)
