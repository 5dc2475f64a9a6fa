"""Limits on what one person or organization holds: who is refused, when, and that nobody passes one together."""

import re
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, LiteralString

import psycopg
import pytest

from gateway.local.paths import REPOSITORY
from tests.support import Database, ScratchCluster, as_caller, make_user
from tests.support.joining import join
from tests.support.shop import facts_of, status_of

PAGE = (REPOSITORY / "docs" / "limits.md").read_text(encoding="utf-8")
DOCUMENTED = PAGE.partition("## What one person")[2].partition("\n## ")[0]
FOUND: LiteralString = "insert into public.organizations (name, slug) values ('Place', 'p-' || gen_random_uuid())"
WRITE: LiteralString = (
    "insert into public.documents (organization_id, visibility, title, content)"
    " select %s, %s::public.document_visibility, 'Paper', %s from generate_series(1, %s)"
)
HELD: LiteralString = "select coalesce((select documents from private.holdings where holder_id = %s), 0)"


class Land:
    """A database with the limits as they come."""

    def __init__(self, database: Database, admin: psycopg.Connection[Any], people: psycopg.Connection[Any]) -> None:
        self.database, self.admin, self.people = database, admin, people

    def person(self) -> uuid.UUID:
        return make_user(self.admin, f"{uuid.uuid4()}@example.org")

    def limit(self, name: str, allowed: int) -> None:
        changed = self.people.execute("update private.limits set allowed = %s where name = %s", (allowed, name))
        assert changed.rowcount == 1

    def act(self, person: uuid.UUID, statement: LiteralString, *parameters: object) -> None:
        with as_caller(self.people, person):
            self.people.execute(statement, parameters)

    def found(self, person: uuid.UUID) -> uuid.UUID:
        with as_caller(self.people, person):
            row = self.people.execute(FOUND + " returning id").fetchone()
        assert row is not None
        return uuid.UUID(str(row[0]))

    def value(self, query: LiteralString, *parameters: object) -> Any:
        row = self.admin.execute(query, parameters).fetchone()
        assert row is not None
        return row[0]

    def passes(self, people: list[uuid.UUID], statement: LiteralString, *parameters: object) -> int:
        """How many of these, all at once, are not refused."""

        def attempt(person: uuid.UUID) -> int:
            with self.database.connect() as connection:
                try:
                    with as_caller(connection, person):
                        connection.execute(statement, parameters)
                except psycopg.Error as error:
                    assert status_of(error) in (403, 413)
                    return 0
            return 1

        with ThreadPoolExecutor(8) as pool:
            return sum(pool.map(attempt, people))


@pytest.fixture
def land(cluster: ScratchCluster) -> Iterator[Land]:
    database = cluster.clone("holding")
    with database.connect("supabase_admin") as admin, database.connect() as people:
        yield Land(database, admin, people)
    cluster.drop(database)


def refused(act: Callable[[], object], status: int, limit: str, actual: int) -> None:
    """The error names the limit and what sets it."""
    with pytest.raises(psycopg.Error) as raised:
        act()
    assert status_of(raised.value) == status
    assert (facts_of(raised.value)["limit"], facts_of(raised.value)["actual"]) == (limit, actual)
    assert f"private.limits set allowed = … where name = '{limit}'" in (raised.value.diag.message_hint or "")


def test_organizations_that_somebody_founded(land: Land) -> None:
    land.limit("organizations_founded", 3)
    person, other = land.person(), land.person()
    assert land.passes([person] * 12, FOUND) == 3
    refused(lambda: land.act(person, FOUND), 403, "organizations_founded", 4)
    land.found(other)
    land.act(person, "delete from public.organizations where id = (select id from public.organizations limit 1)")
    land.found(person)


def test_memberships(land: Land) -> None:
    land.limit("memberships", 2)
    owner, person = land.person(), land.person()
    places = [land.found(owner) for _ in range(2)]
    refused(lambda: land.found(owner), 403, "memberships", 3)
    land.found(person)
    join(land.people, places[0], owner, person, "viewer")
    with pytest.raises(psycopg.Error, match="memberships of one person"):
        join(land.people, places[1], owner, person, "viewer")
    assert land.value("select count(*) from public.memberships where user_id = %s", person) == 2
    assert land.value("select count(*) from public.invitations where status = 'pending'") == 1, "still to be accepted"
    land.act(person, "delete from public.memberships where user_id = %s and role = 'viewer'", person)
    land.act(person, "select public.accept_invitation((select id from public.invitations where status = 'pending'))")


def test_invitations(land: Land) -> None:
    land.limit("invitations_sent", 5)
    land.limit("invitations_received", 2)
    owners = [land.person() for _ in range(4)]
    places = [land.found(owner) for owner in owners]
    invite: LiteralString = "select public.invite(organization_id => %s, email => %s)"
    sent = sum(land.passes([owners[0]], invite, places[0], f"{number}@example.org") for number in range(7))
    assert sent == 5
    refused(lambda: land.act(owners[0], invite, places[0], "more@example.org"), 403, "invitations_sent", 6)
    for owner, place in zip(owners[1:3], places[1:3], strict=True):
        land.act(owner, invite, place, "busy@example.org")
    refused(lambda: land.act(owners[3], invite, places[3], "busy@example.org"), 403, "invitations_received", 3)
    land.act(owners[1], "update public.invitations set status = 'revoked' where email = 'busy@example.org'")
    land.act(owners[3], invite, places[3], "busy@example.org")


def test_shares(land: Land) -> None:
    land.limit("shares_of_document", 1)
    owner, *readers = (land.person() for _ in range(3))
    land.act(owner, WRITE, None, "private", "", 1)
    document = land.value("select id from public.documents")
    for reader in readers:
        land.act(owner, "select public.invite(document_id => %s, user_id => %s)", document, reader)
    accept: LiteralString = (
        "select public.accept_invitation((select id from public.invitations where user_id = auth.uid()))"
    )
    assert land.passes(readers, accept) == 1
    assert land.value("select count(*) from public.document_shares") == 1


def test_documents_of_a_person(land: Land) -> None:
    land.limit("documents_of_person", 10)
    land.limit("document_bytes_of_person", 10_000)
    person, other = land.person(), land.person()
    assert land.passes([person] * 8, WRITE, None, "private", "", 3) == 3
    refused(lambda: land.act(person, WRITE, None, "private", "", 2), 403, "documents_of_person", 11)
    land.act(person, WRITE, None, "private", "", 1)
    land.act(other, WRITE, None, "private", "", 1)
    land.act(person, "delete from public.documents where id in (select id from public.documents limit 4)")
    assert land.value(HELD, person) == 6
    land.act(person, WRITE, None, "private", "x" * 5_000, 1)
    with pytest.raises(psycopg.Error) as raised:
        land.act(person, "update public.documents set content = repeat('y', 3000)")
    assert (status_of(raised.value), facts_of(raised.value)["limit"]) == (413, "document_bytes_of_person")
    land.act(person, "update public.documents set content = ''")
    assert land.value("select bytes from private.holdings where holder_id = %s", person) == 7 * len("Paper{}")


def test_documents_of_an_organization(land: Land) -> None:
    land.limit("documents_of_organization", 4)
    owner, editor = land.person(), land.person()
    place = land.found(owner)
    join(land.people, place, owner, editor, "editor")
    assert land.passes([owner, editor] * 4, WRITE, place, "organization", "", 1) == 4
    land.act(editor, WRITE, place, "private", "", 1)
    file: LiteralString = "update public.documents set visibility = 'organization' where visibility = 'private'"
    refused(lambda: land.act(editor, file), 403, "documents_of_organization", 5)
    assert (land.value(HELD, place), land.value(HELD, editor)) == (4, 1)
    one: LiteralString = "select id from public.documents where organization_id is not null limit 1"
    land.act(owner, "delete from public.documents where id = (" + one + ")")
    land.act(editor, file)
    assert (land.value(HELD, place), land.value(HELD, editor)) == (4, 0)
    land.act(owner, "delete from public.organizations where id = %s", place)
    assert land.value("select coalesce(sum(documents), 0) from private.holdings") == 0


def test_rows_in_one_write(land: Land) -> None:
    person = land.person()
    refused(lambda: land.act(person, WRITE, None, "private", "", 1_001), 413, "rows_per_write", 1_001)
    land.act(person, WRITE, None, "private", "", 1_000)
    land.act(person, WRITE, None, "private", "", 1)
    refused(lambda: land.act(person, "update public.documents set title = 'New'"), 413, "rows_per_write", 1_001)
    land.act(person, "delete from public.documents")
    assert land.value(HELD, person) == 0


def test_administrators_are_counted_and_not_held(land: Land) -> None:
    land.limit("documents_of_person", 0)
    person = land.person()
    land.admin.execute("insert into public.documents (owner_id, title) values (%s, 'Paper')", (person,))
    assert land.value(HELD, person) == 1
    land.act(person, "update public.documents set title = 'Papers'")
    refused(lambda: land.act(person, WRITE, None, "private", "", 1), 403, "documents_of_person", 2)
    land.admin.execute("delete from auth.users where id = %s", (person,))
    assert land.value("select count(*) from private.holdings") == 0


def test_every_limit_is_documented_as_it_is(land: Land) -> None:
    rows = {
        name: (allowed, what)
        for name, allowed, what in land.admin.execute("select name, allowed, what from private.limits").fetchall()
    }
    table = [row.strip("| ").split(" | ") for row in DOCUMENTED.splitlines() if row.startswith("| `")]
    assert len(table) == 12
    assert {row[0].strip("`"): (int(row[1]), row[3]) for row in table}.items() <= rows.items()
    pages = "".join(page.read_text(encoding="utf-8") for page in (REPOSITORY / "docs").glob("*.md"))
    assert {name for name in rows if f"`{name}`" not in pages and f"'{name}'" not in pages} == set()


@pytest.mark.parametrize("statement", re.findall(r"```sql\n(.*?)\n```", DOCUMENTED, re.DOTALL))
def test_what_operators_are_told_to_run_runs(land: Land, statement: str) -> None:
    assert land.people.execute(statement.encode()).rowcount == 1
