"""Who reads and writes what, told as one table and asked of the real database as each person."""

import json
import uuid
from typing import Any

import psycopg
import psycopg.sql
import pytest
from psycopg import errors

from tests.support import Database, as_caller
from tests.support.passages import index_documents
from tests.support.tenants import Tenants, populate

PUBLIC = {"harbour leaflet", "meadow leaflet"}
HARBOUR = {"harbour handbook", "former's minutes"} | PUBLIC

READABLE = {
    "owner": {"owner's diary", "harbour draft"} | HARBOUR,
    "admin": HARBOUR,
    "editor": HARBOUR,
    "viewer": HARBOUR,
    # Left: the diary stays theirs, what they wrote for the organization does not.
    "former": {"former's diary"} | PUBLIC,
    "guest": {"harbour draft"} | PUBLIC,
    "stranger": {"meadow handbook", "meadow draft"} | PUBLIC,
    "staff": PUBLIC,
    "anonymous": PUBLIC,
}
HARBOUR_WRITABLE = {"harbour handbook", "former's minutes", "harbour leaflet"}
WRITABLE = {
    "owner": {"owner's diary", "harbour draft"} | HARBOUR_WRITABLE,
    "admin": HARBOUR_WRITABLE,
    "editor": HARBOUR_WRITABLE,
    "viewer": set(),
    "former": {"former's diary"},
    "guest": set(),
    "stranger": {"meadow handbook", "meadow draft", "meadow leaflet"},
    "staff": set(),
    "anonymous": set(),
}
ACTORS = sorted(READABLE)


@pytest.fixture(scope="module")
def tenants(database: Database) -> Tenants:
    tenants = populate(database)
    with database.connect("tidegate_worker") as worker:
        index_documents(worker, {})
    return tenants


def act_as(connection: psycopg.Connection[Any], person: uuid.UUID | None) -> None:
    """Become another person inside a transaction of as_caller."""
    connection.execute("reset role")
    connection.execute(
        "select set_config('request.jwt.claims', %s, true), set_config('role', 'authenticated', true)",
        (json.dumps({"sub": str(person), "role": "authenticated"}),),
    )


def titles(connection: psycopg.Connection[Any], query: str) -> list[str]:
    return sorted(str(row[0]) for row in connection.execute(query.encode()).fetchall())


@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize(
    "query",
    [
        "select title from public.documents",
        "select title from public.chunks",
        "select d.title from public.chunk_embeddings e join public.documents d on d.id = e.source_id",
    ],
    ids=["documents", "chunks", "chunk_embeddings"],
)
def test_people_read_exactly_what_is_theirs(
    connection: psycopg.Connection[Any], tenants: Tenants, actor: str, query: str
) -> None:
    with as_caller(connection, tenants.people[actor], {"staff": actor == "staff"}):
        assert titles(connection, query) == sorted(READABLE[actor])


@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize(
    "statement",
    ["update public.documents set title = title returning title", "delete from public.documents returning title"],
    ids=["update", "delete"],
)
def test_people_write_exactly_what_is_theirs(
    connection: psycopg.Connection[Any], tenants: Tenants, actor: str, statement: str
) -> None:
    with as_caller(connection, tenants.people[actor], {"staff": actor == "staff"}, commit=False):
        if actor == "anonymous":
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(statement.encode())
        else:
            assert titles(connection, statement) == sorted(WRITABLE[actor])


@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize("visibility", ["private", "organization", "public"])
def test_only_editors_file_documents_in_their_organization(
    connection: psycopg.Connection[Any], tenants: Tenants, actor: str, visibility: str
) -> None:
    insert = "insert into public.documents (title, organization_id, visibility) values ('new', %s, %s) returning title"
    with as_caller(connection, tenants.people[actor], commit=False):
        if actor in {"owner", "admin", "editor"}:
            assert connection.execute(insert, (tenants.harbour, visibility)).fetchall() == [("new",)]
        else:
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(insert, (tenants.harbour, visibility))


@pytest.mark.parametrize("actor", ["owner", "admin", "editor"])
@pytest.mark.parametrize("destination", ["their own organization", "nowhere"])
@pytest.mark.parametrize("how", ["all at once", "one", "by an upsert"])
def test_nobody_carries_off_what_colleagues_wrote(
    connection: psycopg.Connection[Any], tenants: Tenants, actor: str, destination: str, how: str
) -> None:
    found = "insert into public.organizations (name, slug) values ('Elsewhere', 'elsewhere') returning id"
    former = tenants.documents["former's minutes"]
    with as_caller(connection, tenants.people[actor], commit=False):
        place = connection.execute(found).fetchone() if destination == "their own organization" else (None,)
        assert place is not None
        statement, values = {
            "all at once": (
                "update public.documents set organization_id = %s"
                " where organization_id = %s and owner_id is distinct from auth.uid()",
                tenants.harbour,
            ),
            "one": ("update public.documents set organization_id = %s where id = %s", former),
            "by an upsert": (
                "insert into public.documents (organization_id, id, title) values (%s, %s, 'x')"
                " on conflict (id) do update set organization_id = excluded.organization_id",
                former,
            ),
        }[how]
        with pytest.raises(psycopg.Error) as refused, connection.transaction():
            connection.execute(statement.encode(), (*place, values))
        assert (refused.value.sqlstate, refused.value.diag.message_primary) == (
            "PT403",
            "Only its owner files a document elsewhere.",
        )
        assert "organization_id" in str(refused.value.diag.message_hint)
        # What they may: change it where it is.
        changed = connection.execute("update public.documents set title = title || '.' where id = %s", (former,))
        assert changed.rowcount == 1


def test_authors_file_what_they_wrote_elsewhere(connection: psycopg.Connection[Any], tenants: Tenants) -> None:
    handbook = tenants.documents["harbour handbook"]
    with as_caller(connection, tenants.people["editor"], commit=False):
        place = connection.execute(
            "insert into public.organizations (name, slug) values ('Elsewhere', 'elsewhere') returning id"
        ).fetchone()
        assert place is not None
        for organization, visibility in (
            (place[0], "organization"),
            (None, "private"),
            (tenants.harbour, "organization"),
        ):
            moved = connection.execute(
                "update public.documents set organization_id = %s, visibility = %s where id = %s",
                (organization, visibility, handbook),
            )
            assert moved.rowcount == 1


@pytest.mark.parametrize(
    ("column", "value"),
    [("status", "ready"), ("error", "none"), ("scope_id", uuid.UUID(int=0)), ("created_at", "2020-01-01")],
)
def test_what_the_database_keeps_cannot_be_written(
    connection: psycopg.Connection[Any], tenants: Tenants, column: str, value: object
) -> None:
    statements = (
        psycopg.sql.SQL("insert into public.documents (title, {}) values ('forged', %s)"),
        psycopg.sql.SQL("update public.documents set {} = %s"),
    )
    for statement in statements:
        with (
            as_caller(connection, tenants.people["owner"], commit=False),
            pytest.raises((errors.InsufficientPrivilege, errors.GeneratedAlways)),
        ):
            connection.execute(statement.format(psycopg.sql.Identifier(column)), (value,))


def test_documents_cannot_be_given_to_somebody_else(connection: psycopg.Connection[Any], tenants: Tenants) -> None:
    for statement in (
        "insert into public.documents (title, owner_id) values ('planted', %s)",
        "update public.documents set owner_id = %s",
    ):
        with as_caller(connection, tenants.people["owner"], commit=False), pytest.raises(errors.InsufficientPrivilege):
            connection.execute(statement.encode(), (tenants.people["stranger"],))


def test_editors_cannot_hide_a_colleagues_document(connection: psycopg.Connection[Any], tenants: Tenants) -> None:
    with as_caller(connection, tenants.people["admin"], commit=False), pytest.raises(errors.InsufficientPrivilege):
        connection.execute(
            "update public.documents set visibility = 'private' where id = %s",
            (tenants.documents["harbour handbook"],),
        )


def test_nobody_but_the_worker_writes_passages(connection: psycopg.Connection[Any], tenants: Tenants) -> None:
    for statement in ("update public.chunks set content = 'x'", "delete from public.chunk_embeddings"):
        with as_caller(connection, tenants.people["owner"], commit=False), pytest.raises(errors.InsufficientPrivilege):
            connection.execute(statement.encode())


def test_moving_a_document_moves_its_passages(connection: psycopg.Connection[Any], tenants: Tenants) -> None:
    title = "harbour handbook"
    with as_caller(connection, tenants.people["editor"], commit=False):
        connection.execute("update public.documents set visibility = 'public' where title = %s", (title,))
        with connection.transaction():
            connection.execute("select set_config('role', 'anon', true), set_config('request.jwt.claims', '', true)")
            assert title in titles(connection, "select title from public.chunks")
            assert len(titles(connection, "select source_id from public.chunk_embeddings")) == len(PUBLIC) + 1


@pytest.mark.parametrize("actor", ACTORS)
def test_only_owners_share(connection: psycopg.Connection[Any], tenants: Tenants, actor: str) -> None:
    insert = "insert into public.invitations (document_id, user_id) values (%s, %s)"
    share = (tenants.documents["harbour handbook"], tenants.people["stranger"])
    with as_caller(connection, tenants.people[actor], commit=False):
        if actor == "editor":
            connection.execute(insert, share)
        else:
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(insert, share)


def test_nobody_shares_with_themselves(connection: psycopg.Connection[Any], tenants: Tenants) -> None:
    with as_caller(connection, tenants.people["editor"], commit=False), pytest.raises(errors.InsufficientPrivilege):
        connection.execute(
            "insert into public.invitations (document_id, user_id) values (%s, %s)",
            (tenants.documents["harbour handbook"], tenants.people["editor"]),
        )


def test_who_left_cannot_share_what_they_wrote(connection: psycopg.Connection[Any], tenants: Tenants) -> None:
    with as_caller(connection, tenants.people["editor"], commit=False):
        connection.execute("delete from public.memberships where user_id = %s", (tenants.people["editor"],))
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(
                "insert into public.invitations (document_id, user_id) values (%s, %s)",
                (tenants.documents["harbour leaflet"], tenants.people["guest"]),
            )


def test_shares_of_an_organizations_documents_end_with_the_membership(
    connection: psycopg.Connection[Any], tenants: Tenants
) -> None:
    with as_caller(connection, tenants.people["editor"], commit=False):
        row = connection.execute(
            "insert into public.invitations (document_id, user_id) values (%s, %s) returning id",
            (tenants.documents["harbour handbook"], tenants.people["viewer"]),
        ).fetchone()
        act_as(connection, tenants.people["viewer"])
        connection.execute("select public.accept_invitation(%s)", row)
        act_as(connection, tenants.people["owner"])
        connection.execute("delete from public.memberships where user_id = %s", (tenants.people["viewer"],))
        act_as(connection, tenants.people["viewer"])
        assert set(titles(connection, "select title from public.documents")) == PUBLIC


def test_private_documents_outlive_their_organization(connection: psycopg.Connection[Any], tenants: Tenants) -> None:
    with as_caller(connection, tenants.people["owner"], commit=False):
        connection.execute("delete from public.organizations where id = %s", (tenants.harbour,))
        left = titles(connection, "select title from public.documents where organization_id is null")
        assert left == ["harbour draft", "owner's diary"]


@pytest.mark.parametrize(
    ("statement", "refused"),
    [
        (
            "insert into public.documents (id, title) values (%(handbook)s, 'new')"
            " on conflict (id) do update set id = excluded.id, title = excluded.title",
            False,
        ),
        ("update public.documents set id = gen_random_uuid() where id = %(handbook)s", True),
    ],
    ids=["upsert a document", "another id"],
)
def test_rows_are_upserted_as_postgrest_does_and_keep_their_keys(
    connection: psycopg.Connection[Any], tenants: Tenants, statement: str, refused: bool
) -> None:
    names = {"handbook": tenants.documents["owner's diary"]}
    with as_caller(connection, tenants.people["owner"], commit=False):
        if refused:
            with pytest.raises(errors.InsufficientPrivilege, match="cannot be changed"):
                connection.execute(statement.encode(), names)
        else:
            assert connection.execute(statement.encode(), names).rowcount == 1


@pytest.mark.parametrize(
    ("columns", "constraint"),
    [
        ("(title, visibility) values ('x', 'organization')", "visibility organization needs an organization_id"),
        ("(title) values ('   ')", "title has 1 to 500 characters, not all of them white space"),
        ("(title, language) values ('x', 'English')", "language is a BCP 47 tag, such as en or pt-BR"),
        ("(title, metadata) values ('x', '[]')", "metadata is a JSON object of at most 16,384 bytes"),
    ],
)
def test_a_refused_row_says_which_rule_it_breaks(
    connection: psycopg.Connection[Any], tenants: Tenants, columns: str, constraint: str
) -> None:
    with as_caller(connection, tenants.people["owner"], commit=False), pytest.raises(errors.CheckViolation) as refusal:
        connection.execute(f"insert into public.documents {columns}".encode())
    assert refusal.value.diag.constraint_name == constraint
