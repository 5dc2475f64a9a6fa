"""Closing an account: what goes, what stays without a name, what is kept, who is refused; as when Auth deletes it."""

import json
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg import errors

from gateway.local.clear_files import clear_files
from tests.integration.local_stack.support import PASSWORD, Client, anonymous, service
from tests.support import Database, Process, Stack, as_caller, make_user

OUTCOMES = ("removed", "anonymised", "kept")


@dataclass(frozen=True)
class Person:
    """Somebody with a session."""

    id: str
    email: str
    client: Client

    def close(self) -> Any:
        """The answer of close_account, which must be given."""
        answer = self.client.call("close_account")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def write(self, organization: str | None, visibility: str, title: str = "Paper") -> str:
        """A document."""
        row = {"title": title, "organization_id": organization, "visibility": visibility}
        made = self.client.insert("documents", row)
        assert made.status_code == 201, made.text
        return str(made.json()[0]["id"])

    def found(self, name: str) -> str:
        """An organization."""
        made = self.client.insert("organizations", {"name": name, "slug": f"o-{uuid.uuid4().hex}"})
        assert made.status_code == 201, made.text
        return str(made.json()[0]["id"])

    def add(self, organization: str, person: "Person", role: str) -> None:
        """A member, who accepts it."""
        self.invite(person, organization_id=organization, role=role)

    def invite(self, person: "Person", **offer: str) -> None:
        """An invitation that is accepted."""
        sent = self.client.insert("invitations", {"user_id": person.id, **offer})
        assert sent.status_code == 201, sent.text
        accepted = person.client.call("accept_invitation", invitation_id=sent.json()[0]["id"])
        assert accepted.status_code == 200, accepted.text


@pytest.fixture
def join(stack: Stack, api: Process) -> Callable[[], Person]:
    """Signs somebody up."""

    def sign_up() -> Person:
        email = f"{uuid.uuid4()}@example.org"
        session = stack.sign_up(email, PASSWORD)
        return Person(
            session["user"]["id"],
            email,
            Client(stack.supabase_url, stack.keys.publishable_key, session["access_token"]),
        )

    return sign_up


@pytest.fixture
def admin(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """The superuser."""
    with database.connect("supabase_admin") as connection:
        yield connection


def counts(report: dict[str, Any]) -> dict[str, dict[str, int]]:
    """Only what and how many."""
    assert list(report) == list(OUTCOMES) or set(report) == set(OUTCOMES)
    for items in report.values():
        assert all(item["why"] and item["count"] > 0 for item in items)
    return {outcome: {item["what"]: item["count"] for item in report[outcome]} for outcome in OUTCOMES}


def exists(admin: psycopg.Connection[Any], table: str, key: str) -> bool:
    return admin.execute(f"select from {table} where id = %s".encode(), (key,)).fetchone() is not None


def roles(admin: psycopg.Connection[Any], organization: str) -> dict[str, str]:
    query = "select user_id::text, role::text from public.memberships where organization_id = %s"
    return dict(admin.execute(query, (organization,)).fetchall())


def put_file(admin: psycopg.Connection[Any], document: str, uploader: Person) -> None:
    admin.execute(
        "insert into storage.objects (bucket_id, name, owner, owner_id) values ('documents', %s, %s, %s)",
        (f"{document}/paper.pdf", uploader.id, uploader.id),
    )


def test_a_person_with_nothing(join: Callable[[], Person], admin: psycopg.Connection[Any], stack: Stack) -> None:
    person = join()
    assert counts(person.close()) == {"removed": {"profile": 1}, "anonymised": {}, "kept": {}}
    assert not exists(admin, "auth.users", person.id)
    assert not exists(admin, "public.profiles", person.id)
    body = {"email": person.email, "password": PASSWORD}
    assert anonymous(stack).post("/auth/v1/token?grant_type=password", json=body).status_code == 400
    again = person.client.call("close_account")  # the token lives on for a while
    assert (again.status_code, again.json()["code"]) == (401, "PT401")
    assert anonymous(stack).post("/auth/v1/signup", json=body).status_code == 200  # the address is free again


def test_a_member_leaves_what_belongs_to_the_organization(
    join: Callable[[], Person], admin: psycopg.Connection[Any]
) -> None:
    owner, member, friend = join(), join(), join()
    harbour = owner.found("Harbour")
    owner.add(harbour, member, "editor")
    admin.execute("update public.organizations set may_publish = true where id = %s", (harbour,))
    minutes, leaflet = member.write(harbour, "organization"), member.write(harbour, "public")
    draft, diary, note = member.write(harbour, "private"), member.write(None, "private"), member.write(None, "private")
    member.invite(friend, document_id=diary)
    friends = friend.write(None, "private")
    friend.invite(member, document_id=friends)
    put_file(admin, minutes, member)
    put_file(admin, diary, member)
    assert counts(member.close()) == {
        "removed": {"profile": 1, "personal documents": 3, "memberships": 1, "shares with you": 1},
        "anonymised": {"documents of organizations": 2, "files of documents that stay": 1},
        "kept": {"files of removed documents": 1},
    }
    assert [exists(admin, "public.documents", one) for one in (draft, diary, note, friends)] == [False] * 3 + [True]
    for document in (minutes, leaflet):
        assert owner.client.rows(f"documents?id=eq.{document}&select=owner_id") == [{"owner_id": None}]
    assert roles(admin, harbour) == {owner.id: "owner"}
    named = "select count(*) from storage.objects where owner = %s or owner_id = %s"
    assert admin.execute(named, (member.id, member.id)).fetchone() == (0,)
    assert friend.client.rows("document_shares") == []


def test_the_only_owner_hands_over_first(join: Callable[[], Person], admin: psycopg.Connection[Any]) -> None:
    owner, member = join(), join()
    harbour, meadow = owner.found("Harbour"), owner.found("Meadow")
    for organization in (harbour, meadow):
        owner.add(organization, member, "viewer")
    refused = owner.client.call("close_account")
    assert (refused.status_code, refused.json()["code"]) == (409, "PT409")
    assert refused.json()["message"] == "You are the only owner of Harbour, Meadow"
    assert json.loads(refused.json()["details"]) == {
        "organizations": [{"id": harbour, "name": "Harbour"}, {"id": meadow, "name": "Meadow"}]
    }
    assert refused.json()["hint"]
    assert exists(admin, "auth.users", owner.id)
    for organization in (harbour, meadow):
        owner.invite(member, organization_id=organization, role="owner")
    closed = counts(owner.close())
    assert closed["removed"] == {"profile": 1, "memberships": 2}
    assert closed["anonymised"] == {"organizations you founded": 2}
    assert roles(admin, harbour) == roles(admin, meadow) == {member.id: "owner"}


def test_an_organization_of_ones_own_goes(join: Callable[[], Person], admin: psycopg.Connection[Any]) -> None:
    owner, former = join(), join()
    club = owner.found("Club")
    owner.add(club, former, "editor")
    theirs, draft = former.write(club, "organization"), former.write(club, "private")
    former.client.send("DELETE", f"/rest/v1/memberships?user_id=eq.{former.id}")
    mine, hidden = owner.write(club, "organization"), owner.write(club, "private")
    assert counts(owner.close())["removed"] == {
        "profile": 1,
        "personal documents": 1,
        "organizations": 1,
        "documents of these organizations": 2,
        "memberships": 1,
    }
    assert not exists(admin, "public.organizations", club)
    documents = {theirs: False, mine: False, hidden: False, draft: True}
    assert {one: exists(admin, "public.documents", one) for one in documents} == documents


def test_visitors_have_no_account_to_close(stack: Stack, api: Process) -> None:
    refused = anonymous(stack).call("close_account")
    assert (refused.status_code, refused.json()["code"]) == (401, "42501")


def test_nobody_closes_the_account_of_somebody_else(join: Callable[[], Person], admin: psycopg.Connection[Any]) -> None:
    person, stranger = join(), join()
    assert stranger.client.call("close_account", person=person.id).status_code == 404
    assert stranger.client.send("DELETE", f"/rest/v1/profiles?id=eq.{person.id}").status_code == 403
    refused = stranger.client.send("DELETE", f"/auth/v1/admin/users/{person.id}")
    assert refused.status_code == 403
    stranger.close()
    assert exists(admin, "auth.users", person.id)


def test_an_anonymous_account_can_be_closed(database: Database, admin: psycopg.Connection[Any]) -> None:
    row = admin.execute("insert into auth.users (id, is_anonymous) values (gen_random_uuid(), true) returning id")
    (person,) = row.fetchone() or (None,)
    with database.connect() as connection, as_caller(connection, person):
        report = connection.execute("select public.close_account()").fetchone()
    assert report is not None
    assert counts(report[0])["removed"] == {"profile": 1}
    assert not exists(admin, "auth.users", str(person))


@pytest.mark.anyio
async def test_the_files_of_removed_documents_are_cleared(
    join: Callable[[], Person], admin: psycopg.Connection[Any], database: Database, stack: Stack
) -> None:
    leaver, stayer = join(), join()
    gone, kept = leaver.write(None, "private"), stayer.write(None, "private")
    for person, document in ((leaver, gone), (stayer, kept)):
        path, kind = f"/storage/v1/object/documents/{document}/paper.txt", {"Content-Type": "text/plain"}
        assert person.client.send("POST", path, kind, content=b"What stands in it").status_code == 200
        assert person.client.get(path).content == b"What stands in it"
    env = {
        "SUPABASE_URL": stack.supabase_url,
        "SUPABASE_SECRET_KEY": stack.keys.secret_key,
        "DATABASE_URL": database.url,
    }
    await clear_files(env, lambda _message: None)  # what other tests left
    assert counts(leaver.close())["kept"] == {"files of removed documents": 1}
    path = f"/storage/v1/object/documents/{gone}/paper.txt"
    assert leaver.client.get(path).status_code in {400, 404}
    assert await clear_files(env, lambda _message: None) == 1
    assert await clear_files(env, lambda _message: None) == 0
    assert service(stack).get(path).status_code in {400, 404}
    path = f"/storage/v1/object/documents/{kept}/paper.txt"
    assert stayer.client.get(path).content == b"What stands in it"


# When Auth deletes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ways", ["admin api", "as postgres", "as auth", "softly"])
def test_when_auth_deletes_the_only_owner_a_member_takes_over(
    join: Callable[[], Person], admin: psycopg.Connection[Any], database: Database, stack: Stack, ways: str
) -> None:
    owner, viewer, editor, late, early = (join() for _ in range(5))
    harbour, meadow, club = owner.found("Harbour"), owner.found("Meadow"), owner.found("Club")
    for person, role in ((viewer, "viewer"), (editor, "editor"), (early, "admin"), (late, "admin")):
        owner.add(harbour, person, role)
    for person, role in ((viewer, "viewer"), (editor, "editor")):
        owner.add(meadow, person, role)
    minutes, draft = owner.write(harbour, "organization"), owner.write(harbour, "private")
    diary, notice = owner.write(None, "private"), owner.write(club, "organization")
    put_file(admin, minutes, owner)
    if ways == "admin api":
        assert service(stack).send("DELETE", f"/auth/v1/admin/users/{owner.id}").status_code == 200
    elif ways == "softly":
        with database.connect("supabase_auth_admin") as connection:
            connection.execute("update auth.users set deleted_at = now() where id = %s", (owner.id,))
    else:
        with database.connect("postgres" if ways == "as postgres" else "supabase_auth_admin") as connection:
            connection.execute("delete from auth.users where id = %s", (owner.id,))
    assert roles(admin, harbour) == {viewer.id: "viewer", editor.id: "editor", early.id: "admin", late.id: "admin"}
    assert roles(admin, meadow) == {viewer.id: "viewer", editor.id: "editor"}
    for organization, person, status in (
        (harbour, viewer, 403),
        (harbour, late, 204),
        (harbour, early, 409),
        (meadow, viewer, 403),
        (meadow, early, 404),
        (meadow, editor, 204),
    ):
        answer = person.client.call("take_over_organization", organization_id=organization)
        assert answer.status_code == status, answer.text
    assert roles(admin, harbour)[late.id] == roles(admin, meadow)[editor.id] == "owner"
    assert not exists(admin, "public.organizations", club)
    assert not exists(admin, "public.profiles", owner.id)
    assert [exists(admin, "public.documents", one) for one in (minutes, draft, diary, notice)] == [True] + [False] * 3
    assert early.client.rows(f"documents?id=eq.{minutes}&select=owner_id") == [{"owner_id": None}]
    assert admin.execute("select from storage.objects where owner_id = %s", (owner.id,)).fetchone() is None
    assert exists(admin, "auth.users", owner.id) == (ways == "softly")
    if ways == "softly":
        assert owner.client.call("close_account").status_code == 401


def crowd(database: Database, founder_leaves_too: bool) -> tuple[uuid.UUID, list[uuid.UUID]]:
    """An organization with one owner and seven others, and who of them leaves."""
    with database.connect("supabase_admin") as admin:
        people = [make_user(admin, f"{uuid.uuid4()}@example.org") for _ in range(8)]
        with as_caller(admin, people[0]):
            row = admin.execute(
                "insert into public.organizations (name, slug) values ('Crowd', %s) returning id",
                (f"o-{uuid.uuid4().hex}",),
            ).fetchone()
        assert row is not None
        for number, person in enumerate(people[1:]):
            role = "owner" if number < 3 else "admin" if number < 5 else "viewer"
            insert = "insert into public.memberships (organization_id, user_id, role) values (%s, %s, %s)"
            admin.execute(insert, (row[0], person, role))
    return row[0], people if founder_leaves_too else people[:7]


@pytest.mark.parametrize("everybody", [False, True])
def test_when_all_are_deleted_at_once_a_member_stays_or_nothing(database: Database, everybody: bool) -> None:
    def leave(person: uuid.UUID) -> None:
        with database.connect() as connection:
            connection.execute("delete from auth.users where id = %s", (person,))

    for _ in range(10):
        organization, leaving = crowd(database, everybody)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(leave, leaving))
        with database.connect("supabase_admin") as admin:
            left = list(roles(admin, str(organization)).values())
            assert exists(admin, "public.organizations", str(organization)) == (not everybody)
        assert left == ([] if everybody else ["viewer"])


def test_of_two_owners_who_close_at_once_one_is_refused(database: Database) -> None:
    def close(person: uuid.UUID) -> str:
        try:
            with database.connect() as connection, as_caller(connection, person):
                connection.execute("select public.close_account()")
        except psycopg.Error as error:
            return str(error.sqlstate)
        return "closed"

    for _ in range(10):
        organization, people = crowd(database, True)
        with ThreadPoolExecutor(8) as pool:
            outcomes = list(pool.map(close, people[:4]))
        assert sorted(outcomes) == ["PT409", "closed", "closed", "closed"]
        with database.connect("supabase_admin") as admin:
            assert sorted(roles(admin, str(organization)).values()) == ["admin", "admin", "owner", "viewer", "viewer"]


def test_closing_twice_at_once_closes_once(database: Database) -> None:
    with database.connect("supabase_admin") as admin:
        person = make_user(admin, f"{uuid.uuid4()}@example.org")

    def close(_: int) -> str:
        try:
            with database.connect() as connection, as_caller(connection, person):
                connection.execute("select public.close_account()")
        except psycopg.Error as error:
            return str(error.sqlstate)
        return "closed"

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(close, range(6)))
    assert outcomes.count("closed") == 1
    assert set(outcomes) <= {"closed", "PT404", "PT401"}  # who begins after it is told that the account is closed


def test_what_others_refer_to_decides_by_its_foreign_key(database: Database, admin: psycopg.Connection[Any]) -> None:
    """Orders lose their buyer, what a person did goes: both by the key to auth.users, whoever deletes."""
    with admin.transaction(force_rollback=True):
        person = make_user(admin, f"{uuid.uuid4()}@example.org")
        admin.execute("create table public.bills (id integer, buyer uuid references auth.users on delete set null)")
        admin.execute("create table public.visits (id integer, person uuid references auth.users on delete cascade)")
        admin.execute("insert into public.bills values (1, %s)", (person,))
        admin.execute("insert into public.visits values (1, %s)", (person,))
        admin.execute("select set_config('request.jwt.claims', %s, true)", (json.dumps({"sub": str(person)}),))
        admin.execute("select private.close_account()")
        assert admin.execute("select id, buyer from public.bills").fetchall() == [(1, None)]
        assert admin.execute("select * from public.visits").fetchall() == []


def test_people_have_no_right_to_what_closing_uses(database: Database, admin: psycopg.Connection[Any]) -> None:
    person = make_user(admin, f"{uuid.uuid4()}@example.org")
    for call in ("account_contents", "remove_own_organizations", "lock_organizations", "begin_clearing_uploads"):
        with (
            database.connect() as connection,
            as_caller(connection, person),
            pytest.raises(errors.InsufficientPrivilege),
        ):
            connection.execute(f"select private.{call}(%s)".encode(), (person,))
