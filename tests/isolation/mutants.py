"""Weakened laws: every policy opened or dropped, one by one, and what else decides rows spoiled by hand."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.isolation.matrix import ACTIONS

POLICIES = """
    select p.polname, n.nspname || '.' || c.relname,
           case p.polcmd
             when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
           pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid),
           (select array_agg(r.rolname::text) from pg_roles r where r.oid = any (p.polroles))
    from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
    order by 2, 1
"""


@dataclass(frozen=True)
class Mutant:
    """A statement that spoils the law, and the table and actions where that must show."""

    name: str
    statement: str
    table: str
    actions: tuple[str, ...] = ACTIONS
    first: str = ""  # the actor who is most likely to notice


_KEY = "the key cannot change, so that the row before the change, which is asked too, decides"
_CLOSED = "its other policies ask those of the orders or documents, which keep closed accounts out"
_VISITOR = "nobody's audiences are those that the visitors' own policy names, and nobody has shares"
# Weakenings that change nothing anybody could see or do, with the reason.
EQUIVALENT = {
    "open accounts alone on public.order_items: using true": _CLOSED,
    "open accounts alone on public.order_items: dropped": _CLOSED,
    "open accounts alone on storage.objects: using true": _CLOSED,
    "open accounts alone on storage.objects: dropped": _CLOSED,
    "a ticket opens the file that the worker reads: dropped": "nobody in these tests has a ticket; see test_tickets.py",
    "admins change their organization: check true": _KEY,
    "people change their own profile: check true": _KEY,
    "admins change roles, only owners touch owners: check true": "nobody becomes an owner by an update",
    "the worker marks documents that have a job: check true": _KEY,
    "the worker locks products that have a job: check true": _KEY,
    "people found organizations: check true": "the creator is the caller by default, and nobody may write the column",
    "staff change categories: check true": "who is staff does not depend on the row",
    "staff change products: check true": "who is staff does not depend on the row",
    "people read what their scopes and shares let them: for visitors too": _VISITOR,
    "people read the files of what they read: for visitors too": _VISITOR,
    "people read the texts of what they read: for visitors too": _VISITOR,
    "people read the chunks of what they read: for visitors too": _VISITOR,
    "people read the vectors of what they read: for visitors too": _VISITOR,
    "people read active products, staff read all: for visitors too": "nobody is never staff",
    "people read the popularity of active products, staff of all: for visitors too": "nobody is never staff",
}


def policy_mutants(connection: psycopg.Connection[Any]) -> Iterator[Mutant]:
    """Three or fewer of every policy: each of its conditions opened, and the whole of it dropped."""
    for policy, table, command, using, check, roles in connection.execute(POLICIES).fetchall():
        if using == "false":
            continue  # where nobody has any right at all: the matrix asks for that
        name, quoted = policy, '"' + policy + '"'
        if command == "all":
            # That which keeps closed accounts out, of the same name on every table.
            opened, dropped = f"alter policy {quoted} on {table} using (true)", f"drop policy {quoted} on {table}"
            yield Mutant(f"{name} on {table}: using true", opened, table, ("select",), "zoe")
            yield Mutant(f"{name} on {table}: dropped", dropped, table, ("select",), "zoe")
            continue
        actions = (command, "upsert") if command in ("insert", "update") else (command,)
        changed, first = f"alter policy {quoted} on {table}", "worker" if roles == ["tidegate_worker"] else ""
        if using not in (None, "true"):
            yield Mutant(f"{name}: using true", f"{changed} using (true)", table, actions, first)
        if check not in (None, "true"):
            yield Mutant(f"{name}: check true", f"{changed} with check (true)", table, actions, first)
        yield Mutant(f"{name}: dropped", f"drop policy {quoted} on {table}", table, actions, first)
        if command == "select" and "authenticated" in roles and "anon" not in roles:
            statement = f"alter policy {quoted} on {table} to anon, authenticated"
            yield Mutant(f"{name}: for visitors too", f"{statement}; grant select on {table} to anon", table, actions)


def _body(function: str, returns: str, body: str, options: str = "stable security definer") -> str:
    return (
        f"create or replace function {function} returns {returns} language plpgsql {options}"
        f" set search_path = pg_catalog, pg_temp as $$ begin {body} end $$"
    )


def _open_account(body: str) -> str:
    found = "perform from auth.users u where u.id = auth.uid()"
    return _body("private.open_account()", "uuid", body.replace("FOUND", found))


_READ_FILES = '"readers of a document read its files" on storage.objects'
PLANTED = (
    Mutant(
        "bans are forgotten",
        _open_account("FOUND and u.deleted_at is null; return case when found then auth.uid() end;"),
        "public.documents",
        first="zoe",
    ),
    Mutant(
        "softly deleted accounts are forgotten",
        _open_account("FOUND and u.banned_until is null; return case when found then auth.uid() end;"),
        "public.categories",
        first="yan",
    ),
    Mutant(
        "accounts that are gone are forgotten",
        _open_account(
            "FOUND and (u.deleted_at is not null or u.banned_until > now());"
            " return case when not found then auth.uid() end;"
        ),
        "public.documents",
        first="xav",
    ),
    Mutant(
        "row level security off",
        "alter event trigger enforce_row_level_security disable;"
        " alter table public.documents disable row level security",
        "public.documents",
        ("select",),
    ),
    Mutant(
        "a colleague's document is carried off",
        "drop trigger require_owner_of_moved on public.documents",
        "public.documents",
        ("update",),
        "oli",
    ),
    Mutant(
        "staff by the token alone",
        _body(
            "private.is_staff()",
            "boolean",
            "return coalesce(auth.jwt() -> 'app_metadata' -> 'staff' = 'true'::jsonb, false);",
            "stable",
        ),
        "public.products",
        ("select",),
        "gus",
    ),
    Mutant(
        "staff by one's own word",
        _body(
            "private.is_staff()",
            "boolean",
            "return coalesce(auth.jwt() -> 'user_metadata' -> 'staff' = 'true'::jsonb, false);",
            "stable",
        ),
        "public.products",
        ("select",),
    ),
    Mutant(
        "any role will do",
        _body(
            "private.my_organizations(minimum public.membership_role default 'viewer')",
            "setof uuid",
            "return query select m.organization_id from public.memberships m where m.user_id = auth.uid();",
        ),
        "public.documents",
        ("insert",),
    ),
    Mutant(
        "editors are admins",
        _body(
            "private.my_organizations(minimum public.membership_role default 'viewer')",
            "setof uuid",
            "return query select m.organization_id from public.memberships m where m.user_id = auth.uid()"
            " and m.role >= least(minimum, 'editor');",
        ),
        "public.memberships",
        ("insert", "delete"),
    ),
    Mutant(
        "everybody belongs everywhere",
        _body(
            "private.my_scopes()",
            "setof uuid",
            "return query select o.id from public.organizations o"
            " union all select '00000000-0000-0000-0000-000000000000'::uuid;",
        ),
        "public.chunks",
        ("select",),
    ),
    Mutant(
        "anybody publishes",
        "drop trigger require_publisher_of_new on public.documents",
        "public.documents",
        ("insert",),
    ),
    Mutant(
        "published by an update",
        "drop trigger require_publisher_of_changed on public.documents",
        "public.documents",
        ("update",),
    ),
    Mutant(
        "what was public stays public",
        "create or replace function private.my_scopes() returns setof uuid language sql stable security definer"
        " set search_path = pg_catalog, pg_temp as $$ select private.public_scope(o.id) from public.organizations o"
        " union all select m.organization_id from public.memberships m where m.user_id = auth.uid()"
        " union all select auth.uid() union all select '00000000-0000-0000-0000-000000000000' $$",
        "public.documents",
        ("select",),
    ),
    Mutant(
        "shares are for all",
        _body(
            "private.my_shared_documents()",
            "setof uuid",
            "return query select s.document_id from public.document_shares s;",
        ),
        "public.chunk_embeddings",
        ("select",),
    ),
    Mutant(
        "files for everybody",
        f"alter policy {_READ_FILES} using (bucket_id = 'documents' and private.document_of_file(name) is not null)",
        "storage.objects",
        ("select",),
    ),
    Mutant(
        "files checked with the owner's eyes",
        f"alter policy {_READ_FILES} using (private.is_file_of_document(name, created_at))",
        "storage.objects",
        ("select",),
    ),
    Mutant(
        "the last owner may go",
        "drop trigger a_require_remaining_owner_on_delete on public.memberships",
        "public.memberships",
        ("delete",),
    ),
    Mutant(
        "the last owner may step down",
        "drop trigger require_remaining_owner_on_update on public.memberships",
        "public.memberships",
        ("update",),
    ),
    Mutant(
        "appointed owners", "drop trigger forbid_appointing on public.memberships", "public.memberships", ("update",)
    ),
    Mutant(
        "answers for others", "drop trigger answer_invitation on public.invitations", "public.invitations", ("update",)
    ),
    Mutant(
        "addresses that nobody verified",
        "create or replace function private.my_email() returns text language sql stable security definer"
        " set search_path = pg_catalog, pg_temp"
        " as $$ select lower(u.email) from auth.users u where u.id = auth.uid() $$",
        "public.invitations",
        ("select",),
    ),
    Mutant(
        "members at once",
        "grant insert on public.memberships to authenticated;"
        " create policy planted on public.memberships for insert to authenticated with check (true)",
        "public.memberships",
        ("insert",),
    ),
    Mutant("another document", "drop trigger forbid_key_change on public.documents", "public.documents", ("update",)),
    Mutant(
        "a view for everybody",
        "create view public.titles as select id, title from public.documents; grant select on public.titles to anon",
        "public.documents",
        (),
    ),
    Mutant("status is anybody's", "grant update (status) on public.documents to authenticated", "public.documents", ()),
    Mutant(
        "a forged audience", "grant insert (created_at) on public.documents to authenticated", "public.documents", ()
    ),
    Mutant(
        "the queue is open", "grant select on private.embedding_jobs to authenticated", "private.embedding_jobs", ()
    ),
    Mutant("visitors delete", "grant delete on public.products to anon", "public.products", ()),
    Mutant(
        "the gateway reads", "grant select on public.documents to tidegate_gateway", "public.documents", ("select",)
    ),
)
