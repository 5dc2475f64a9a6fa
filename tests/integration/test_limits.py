"""Limits on what one person or organization holds: who is refused, when, and that nobody passes one together."""

import re
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
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
HELD: LiteralString = "select coalesce((select documents from private.document_usage where holder_id = %s), 0)"


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


INVITE: LiteralString = "select public.invite(organization_id => %s, email => %s)"
TAKE_BACK: LiteralString = "update public.invitations set status = 'revoked' where status = 'pending'"


def a_day_later(land: Land) -> None:
    land.people.execute("update public.invitations set created_at = created_at - interval '25 hours'")
    land.people.execute("update private.sent_invitations set sent_at = sent_at - interval '25 hours'")


def test_invitations_of_a_sender(land: Land) -> None:
    land.limit("invitations_sent", 5)
    owner, other = land.person(), land.person()
    place, elsewhere = land.found(owner), land.found(other)
    assert sum(land.passes([owner], INVITE, place, f"{number}@example.org") for number in range(7)) == 5
    refused(lambda: land.act(owner, INVITE, place, "more@example.org"), 403, "invitations_sent", 6)
    land.act(other, INVITE, elsewhere, "0@example.org")
    land.act(owner, TAKE_BACK)
    refused(lambda: land.act(owner, INVITE, place, "more@example.org"), 403, "invitations_sent", 6)
    a_day_later(land)
    several: LiteralString = "select public.invite(organization_id => %s, email => gen_random_uuid() || '@example.org')"
    assert land.passes([owner] * 8, several, place) == 5
    with land.database.connect("tidegate_worker") as worker:
        worker.execute("select private.expire_invitations(100)")
    assert land.value("select count(*) from private.sent_invitations") == 5, "those of the day"


def test_invitations_that_stay_open_count_for_longer_than_a_day(land: Land) -> None:
    land.limit("invitations_sent", 2)
    owner = land.person()
    place = land.found(owner)
    for address in ("a@example.org", "b@example.org"):
        land.act(owner, INVITE, place, address)
    a_day_later(land)
    refused(lambda: land.act(owner, INVITE, place, "c@example.org"), 403, "invitations_sent", 3)
    land.act(owner, TAKE_BACK + " and email = 'a@example.org'")
    land.act(owner, INVITE, place, "c@example.org")


def test_strangers_keep_nobody_from_being_invited(land: Land) -> None:
    """Neither by an address nor by an account; and what a refusal says is what its reader sent."""
    victim = land.person()
    address = land.value("select email from auth.users where id = %s", victim)
    by_account: LiteralString = "select public.invite(organization_id => %s, user_id => %s)"
    for _ in range(4):
        stranger = land.person()
        for place in [land.found(stranger) for _ in range(5)]:
            land.act(stranger, INVITE, place, address)
            land.act(stranger, by_account, place, victim)
        more = partial(land.act, stranger, INVITE, land.found(stranger), address.upper())
        refused(more, 403, "invitations_to_one", 6)
        refused(partial(land.act, stranger, by_account, land.found(stranger), victim), 403, "invitations_to_one", 6)
    owner = land.person()
    land.act(owner, INVITE, land.found(owner), address)


FREEING: dict[str, tuple[str, LiteralString]] = {
    "revoking": ("sender", TAKE_BACK),
    "deleting": ("sender", "delete from public.invitations"),
    "deleting the organization": ("sender", "delete from public.organizations where created_by = auth.uid()"),
    "declining": ("addressee", "select public.decline_invitation(id) from public.invitations where status = 'pending'"),
    "removing it from one's list": ("addressee", "delete from public.invitations"),
}


@pytest.mark.parametrize("how", FREEING)
def test_nothing_makes_room_for_sending_it_again_the_same_day(land: Land, how: str) -> None:
    owner, addressee = land.person(), land.person()
    address = land.value("select email from auth.users where id = %s", addressee)
    side, statement = FREEING[how]
    for _ in range(5):
        land.act(owner, INVITE, land.found(owner), address)
        land.act(owner if side == "sender" else addressee, statement)
    place = land.found(owner)
    refused(lambda: land.act(owner, INVITE, place, address), 403, "invitations_to_one", 6)
    land.act(owner, INVITE, place, "somebody@example.org")
    a_day_later(land)
    land.act(owner, INVITE, place, address)


def test_many_invitations_in_one_statement_are_counted_together(land: Land) -> None:
    owner = land.person()
    several: LiteralString = (
        "insert into public.invitations (organization_id, email)"
        " select o.id, %s || n || '@example.org' from public.organizations o, generate_series(1, %s) n"
    )
    for _ in range(6):
        land.found(owner)
    refused(lambda: land.act(owner, several, "a", 1), 403, "invitations_to_one", 6)
    refused(lambda: land.act(owner, several, "a", 17), 403, "invitations_sent", 102)
    assert land.value("select count(*) from private.sent_invitations") == 0
    land.people.execute("update public.organizations set created_by = null")
    land.limit("invitations_to_one", 6)
    land.act(owner, several, "a", 16)


def test_invitations_that_servers_send_are_not_held(land: Land) -> None:
    owner = land.person()
    place = land.found(owner)
    send: LiteralString = (
        "insert into public.invitations (organization_id, role, email, invited_by, status)"
        " select %s, 'viewer', 'a@example.org', %s, 'declined' from generate_series(1, 6)"
    )
    land.admin.execute(send, (place, owner))
    refused(lambda: land.act(owner, INVITE, place, "a@example.org"), 403, "invitations_to_one", 7)
    land.admin.execute(send, (place, None))
    assert land.value("select count(*) from private.sent_invitations") == 6


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
    assert land.value("select bytes from private.document_usage where holder_id = %s", person) == 7 * len("Paper{}")


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
    assert land.value("select coalesce(sum(documents), 0) from private.document_usage") == 0


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
    assert land.value("select count(*) from private.document_usage") == 0


def test_every_limit_is_documented_as_it_is(land: Land) -> None:
    rows = {
        name: (allowed, what)
        for name, allowed, what in land.admin.execute("select name, allowed, what from private.limits").fetchall()
    }
    table = [row.strip("| ").split(" | ") for row in DOCUMENTED.splitlines() if row.startswith("| `")]
    assert len(table) == 14
    assert {row[0].strip("`"): (int(row[1]), row[3]) for row in table}.items() <= rows.items()
    pages = "".join(page.read_text(encoding="utf-8") for page in (REPOSITORY / "docs").glob("*.md"))
    assert {name for name in rows if f"`{name}`" not in pages and f"'{name}'" not in pages} == set()


@pytest.mark.parametrize("statement", re.findall(r"```sql\n(.*?)\n```", DOCUMENTED, re.DOTALL))
def test_what_operators_are_told_to_run_runs(land: Land, statement: str) -> None:
    assert land.people.execute(statement.encode()).rowcount == 1
