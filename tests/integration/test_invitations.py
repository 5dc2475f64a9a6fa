"""Nobody becomes a member, an owner or a reader without accepting: invitations, as each side sees and answers them."""

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors

from tests.integration.local_stack.support import PASSWORD, Client, anonymous, service
from tests.support import Database, Process, Stack, as_caller, make_user
from tests.support.inviting import answer, role_of
from tests.support.joining import accept, invite, join
from tests.support.pages import code_blocks, run_javascript
from tests.support.tenants import Tenants, populate


@pytest.fixture(scope="module")
def tenants(database: Database) -> Tenants:
    return populate(database)


@pytest.fixture
def admin(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """The superuser."""
    with database.connect("supabase_admin") as connection:
        yield connection


@pytest.fixture
def newcomer(admin: psycopg.Connection[Any]) -> Callable[[], uuid.UUID]:
    """Makes an account with a verified address that nobody else has."""
    return lambda: make_user(admin, f"{uuid.uuid4()}@example.org")


# Consent ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "insert into public.memberships (organization_id, user_id) values (%(harbour)s, %(guest)s)",
        "insert into public.document_shares (document_id, user_id) values (%(draft)s, %(editor)s)",
        "update public.memberships set role = 'owner' where user_id = %(admin)s",
        "insert into public.memberships (organization_id, user_id, role) values (%(harbour)s, %(viewer)s, 'owner')"
        " on conflict (organization_id, user_id) do update set role = excluded.role",
        "update public.invitations set status = 'accepted'",
        "insert into public.invitations (organization_id, user_id, status) values (%(harbour)s, %(guest)s, 'accepted')",
        "insert into public.invitations (organization_id, user_id, invited_by)"
        " values (%(harbour)s, %(guest)s, %(admin)s)",
    ],
)
def test_an_owner_adds_nobody_who_does_not_accept(
    connection: psycopg.Connection[Any], tenants: Tenants, statement: str
) -> None:
    names = {**tenants.people, "harbour": tenants.harbour, "draft": tenants.documents["harbour draft"]}
    with as_caller(connection, tenants.people["owner"], commit=False):
        connection.execute("select public.invite(%s, 'viewer', user_id => %s)", (tenants.harbour, names["guest"]))
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(statement.encode(), names)


def test_a_member_is_one_from_accepting_on(
    connection: psycopg.Connection[Any], admin: psycopg.Connection[Any], tenants: Tenants, newcomer: Any
) -> None:
    person = newcomer()
    invitation = invite(
        connection, tenants.people["admin"], organization_id=tenants.harbour, role="editor", user_id=person
    )
    assert role_of(admin, tenants.harbour, person) is None
    assert answer(connection, tenants.people["stranger"], invitation, "accept_invitation") == "PT404"
    assert answer(connection, tenants.people["owner"], invitation, "accept_invitation") == "PT404"
    assert answer(connection, person, invitation, "accept_invitation") == "accepted"
    assert answer(connection, person, invitation, "accept_invitation") == "accepted"
    assert role_of(admin, tenants.harbour, person) == "editor"
    assert answer(connection, person, invitation, "decline_invitation") == "PT409"


def test_ownership_is_accepted_and_no_role_is_lowered(
    connection: psycopg.Connection[Any], admin: psycopg.Connection[Any], tenants: Tenants, newcomer: Any
) -> None:
    person = newcomer()
    join(connection, tenants.harbour, tenants.people["owner"], person, "admin")
    join(connection, tenants.harbour, tenants.people["owner"], person, "viewer")
    assert role_of(admin, tenants.harbour, person) == "admin"
    with pytest.raises(errors.InsufficientPrivilege):
        invite(connection, tenants.people["admin"], organization_id=tenants.harbour, role="owner", user_id=person)
    offer = invite(connection, tenants.people["owner"], organization_id=tenants.harbour, role="owner", user_id=person)
    assert role_of(admin, tenants.harbour, person) == "admin"
    accept(connection, offer, person)
    assert role_of(admin, tenants.harbour, person) == "owner"


def test_nobody_is_trapped_by_what_they_did_not_accept(
    connection: psycopg.Connection[Any], admin: psycopg.Connection[Any], newcomer: Any
) -> None:
    evil, victim = newcomer(), newcomer()
    with as_caller(connection, evil):
        row = connection.execute(
            "insert into public.organizations (name, slug) values ('Evil', %s) returning id", (f"e-{evil.hex}",)
        ).fetchone()
    assert row is not None
    invite(connection, evil, organization_id=row[0], role="owner", user_id=victim)
    with as_caller(connection, evil), pytest.raises(errors.CheckViolation):
        connection.execute("delete from public.memberships where user_id = %s", (evil,))
    admin.execute("update auth.users set deleted_at = now() where id = %s", (evil,))
    with as_caller(connection, victim):
        connection.execute("select public.close_account()")
    assert admin.execute("select from auth.users where id = %s", (victim,)).fetchone() is None


def test_readers_of_a_share_accept_it(connection: psycopg.Connection[Any], tenants: Tenants, newcomer: Any) -> None:
    person, document = newcomer(), tenants.documents["owner's diary"]
    query = "select title from public.documents where id = %s"
    invitation = invite(connection, tenants.people["owner"], document_id=document, user_id=person)
    with as_caller(connection, person):
        assert connection.execute(query, (document,)).fetchone() is None
        shown = connection.execute("select title, inviter_email from public.invitations").fetchall()
        assert shown == [("owner's diary", "owner@example.org")]
    accept(connection, invitation, person)
    with as_caller(connection, person):
        assert connection.execute(query, (document,)).fetchone() == ("owner's diary",)


def test_an_organization_that_its_last_member_leaves_goes(
    connection: psycopg.Connection[Any], admin: psycopg.Connection[Any], newcomer: Any
) -> None:
    founder, first, last = newcomer(), newcomer(), newcomer()
    with as_caller(connection, founder):
        row = connection.execute(
            "insert into public.organizations (name, slug) values ('Raft', %s) returning id", (f"r-{founder.hex}",)
        ).fetchone()
    assert row is not None
    for person in (first, last):
        join(connection, row[0], founder, person)
    admin.execute("delete from auth.users where id = %s", (founder,))
    for person, remains in ((first, True), (last, False)):
        with as_caller(connection, person):
            connection.execute("delete from public.memberships where user_id = %s", (person,))
        assert (admin.execute("select from public.organizations where id = %s", row).fetchone() is not None) == remains


# Addresses ----------------------------------------------------------------------------------------------------------


def test_an_invitation_by_e_mail_belongs_to_whoever_verifies_the_address(
    connection: psycopg.Connection[Any], admin: psycopg.Connection[Any], tenants: Tenants
) -> None:
    address = f"Later.{uuid.uuid4()}@Example.org"
    invitation = invite(connection, tenants.people["owner"], organization_id=tenants.harbour, email=f" {address} ")
    person = make_user(admin, address.lower())
    admin.execute("update auth.users set email_confirmed_at = null where id = %s", (person,))
    with as_caller(connection, person):
        assert connection.execute("select id from public.invitations").fetchall() == []
    assert answer(connection, person, invitation, "accept_invitation") == "PT404"
    admin.execute("update auth.users set email_confirmed_at = now(), email = %s where id = %s", (address, person))
    with as_caller(connection, person):
        rows = connection.execute("select id::text, role::text, title from public.invitations").fetchall()
    assert rows == [(invitation, "viewer", "Harbour")]
    # Another address, another addressee.
    admin.execute("update auth.users set email = %s where id = %s", (f"new-{address}", person))
    assert answer(connection, person, invitation, "accept_invitation") == "PT404"
    heir = make_user(admin, address.lower())
    assert answer(connection, heir, invitation, "accept_invitation") == "accepted"
    assert role_of(admin, tenants.harbour, heir) == "viewer"


@pytest.mark.parametrize(
    "email", ["", "nobody", "two@@example.org", "a@b@c", "a b@example.org", "a\n@b", "@", "x" * 250 + "@y.org"]
)
def test_what_is_no_address_is_refused(connection: psycopg.Connection[Any], tenants: Tenants, email: str) -> None:
    with pytest.raises(errors.CheckViolation) as refused:
        invite(connection, tenants.people["owner"], organization_id=tenants.harbour, email=email)
    assert refused.value.diag.constraint_name == "email is a lower-case address of at most 254 characters"


@pytest.mark.parametrize(
    "offer",
    [
        {"organization_id": "harbour"},
        {"email": "a@example.org"},
        {"organization_id": "harbour", "document_id": "draft", "email": "a@example.org", "role": "viewer"},
        {"organization_id": "harbour", "email": "a@example.org", "user_id": "guest"},
        {"document_id": "draft", "email": "a@example.org", "role": "viewer"},
    ],
)
def test_an_invitation_names_one_thing_and_one_addressee(
    connection: psycopg.Connection[Any], tenants: Tenants, offer: dict[str, str]
) -> None:
    ids = {**tenants.people, "harbour": tenants.harbour, "draft": tenants.documents["harbour draft"]}
    values = {name: ids[value] if name.endswith("_id") else value for name, value in offer.items()}
    with pytest.raises((errors.CheckViolation, errors.InsufficientPrivilege)):
        invite(connection, tenants.people["owner"], **values)


def test_the_answer_does_not_tell_who_has_an_account(
    connection: psycopg.Connection[Any], tenants: Tenants, newcomer: Any, admin: psycopg.Connection[Any]
) -> None:
    """The same rows for somebody and for nobody, when sent, seen, sent again and revoked."""
    person = newcomer()
    (email,) = admin.execute("select email from auth.users where id = %s", (person,)).fetchone() or ("",)
    told = []
    for address in ({"user_id": person}, {"user_id": uuid.uuid4()}, {"email": email}, {"email": f"no-{email}"}):
        sent = invite(connection, tenants.people["owner"], organization_id=tenants.harbour, **address)
        with as_caller(connection, tenants.people["owner"]):
            row = connection.execute(
                "select status, role, title, expires_at - created_at from public.invitations where id = %s", (sent,)
            ).fetchone()
        with pytest.raises(errors.UniqueViolation):
            invite(connection, tenants.people["owner"], organization_id=tenants.harbour, **address)
        with as_caller(connection, tenants.people["owner"]):
            revoked = connection.execute("update public.invitations set status = 'revoked' where id = %s", (sent,))
            removed = connection.execute("delete from public.invitations where id = %s", (sent,))
        told.append((row, revoked.rowcount, removed.rowcount))
    assert told == [told[0]] * 4


# At once ------------------------------------------------------------------------------------------------------------


def test_accepting_at_once_makes_one_member(
    database: Database,
    connection: psycopg.Connection[Any],
    admin: psycopg.Connection[Any],
    tenants: Tenants,
    newcomer: Any,
) -> None:
    for _ in range(5):
        person = newcomer()
        sent = invite(connection, tenants.people["owner"], organization_id=tenants.harbour, user_id=person)

        def again(_: int, person: uuid.UUID = person, sent: str = sent) -> str:
            with database.connect() as mine:
                return answer(mine, person, sent, "accept_invitation")

        with ThreadPoolExecutor(6) as pool:
            assert set(pool.map(again, range(6))) == {"accepted"}
        assert role_of(admin, tenants.harbour, person) == "viewer"


def test_accepting_while_it_is_revoked_or_the_organization_goes(
    database: Database, connection: psycopg.Connection[Any], admin: psycopg.Connection[Any], newcomer: Any
) -> None:
    founder = newcomer()
    for number in range(12):
        person = newcomer()
        with as_caller(connection, founder):
            row = connection.execute(
                "insert into public.organizations (name, slug) values ('Brief', %s) returning id", (f"b-{person.hex}",)
            ).fetchone()
        assert row is not None
        sent = invite(connection, founder, organization_id=row[0], user_id=person)
        end = (
            ("delete from public.organizations where id = %s", row[0])
            if number % 2
            else ("update public.invitations set status = 'revoked' where id = %s and status = 'pending'", sent)
        )

        def stop(end: tuple[str, Any] = end) -> str:
            try:
                with database.connect() as mine, as_caller(mine, founder):
                    return str(mine.execute(end[0].encode(), (end[1],)).rowcount)
            except psycopg.Error as error:
                return str(error.sqlstate)

        def take(person: uuid.UUID = person, sent: str = sent) -> str:
            with database.connect() as mine:
                return answer(mine, person, sent, "accept_invitation")

        with ThreadPoolExecutor(2) as pool:
            stopped, taken = pool.submit(stop), pool.submit(take)
        accepted = role_of(admin, row[0], person) is not None
        if number % 2:
            assert stopped.result() == "1"
            assert taken.result() in {"accepted", "PT404"}
            assert not accepted
        else:
            assert (stopped.result(), taken.result()) in {("1", "PT409"), ("0", "accepted")}
            assert accepted == (taken.result() == "accepted")


# Through the Data API -----------------------------------------------------------------------------------------------


def test_supabase_clients_invite_accept_and_revoke(stack: Stack, api: Process) -> None:
    def sign_up() -> tuple[str, str, Client]:
        email = f"{uuid.uuid4()}@example.org"
        session = stack.sign_up(email, PASSWORD)
        client = Client(stack.supabase_url, stack.keys.publishable_key, session["access_token"])
        return session["user"]["id"], email, client

    (_, _, owner), (_, address, friend), (_, _, stranger) = sign_up(), sign_up(), sign_up()
    made = owner.insert("organizations", {"name": "Quay", "slug": f"q-{uuid.uuid4().hex}"}).json()[0]
    sent = owner.insert("invitations", {"organization_id": made["id"], "email": address.upper(), "role": "editor"})
    assert sent.status_code == 201, sent.text
    invitation = sent.json()[0]
    assert invitation["email"] == address
    assert [i["title"] for i in friend.rows("invitations?status=eq.pending")] == ["Quay"]
    assert stranger.rows("invitations") == []
    assert anonymous(stack).get("/rest/v1/invitations").status_code == 401
    refused = stranger.call("accept_invitation", invitation_id=invitation["id"])
    assert (refused.status_code, refused.json()["code"]) == (404, "PT404")
    assert refused.json()["hint"]
    accepted = friend.call("accept_invitation", invitation_id=invitation["id"])
    assert (accepted.status_code, accepted.json()["status"]) == (200, "accepted")
    assert friend.rows("memberships?select=role") == [{"role": "owner"}, {"role": "editor"}]
    again = owner.call("invite", organization_id=made["id"], email=f"x-{address}")
    assert again.status_code == 200, again.text
    assert (
        owner.update(f"invitations?id=eq.{again.json()['id']}", {"status": "revoked"}).json()[0]["status"] == "revoked"
    )
    gone = owner.call("invite", organization_id=made["id"], email=f"y-{address}").json()["id"]
    assert owner.send("DELETE", f"/rest/v1/invitations?id=eq.{gone}").status_code == 204
    refused = owner.insert("memberships", {"organization_id": made["id"], "user_id": str(uuid.uuid4())})
    assert refused.status_code == 403
    planted = service(stack).insert("invitations", {"organization_id": made["id"], "email": f"z-{address}"})
    assert planted.status_code == 201, planted.text
    assert planted.json()[0]["invited_by"] is None


def test_the_page_about_invitations_does_what_it_says(stack: Stack, api: Process, tmp_path: Path) -> None:
    (code,) = code_blocks("invitations.md", "js")
    tokens = {}
    for name in ("ada", "ben"):
        session = stack.sign_up(f"{name}-{uuid.uuid4()}@example.org", PASSWORD)
        tokens[name] = session["access_token"]
        code = code.replace(f"{name}@example.org", session["user"]["email"])
    ada, ben = (Client(stack.supabase_url, stack.keys.publishable_key, tokens[name]) for name in ("ada", "ben"))
    harbour = ada.insert("organizations", {"name": "Harbour", "slug": f"h-{uuid.uuid4().hex}"}).json()[0]["id"]
    diary = ada.insert("documents", {"title": "Diary"}).json()[0]["id"]
    values = {"harbour": harbour, "diary": diary}
    shown = run_javascript(stack, code, tmp_path, tokens=tokens, values=values, shown="offers")
    assert [offer["title"] for offer in shown["offers"]] == ["Diary", "Harbour"]
    assert ben.rows("memberships?select=role&order=role.desc") == [{"role": "owner"}, {"role": "editor"}]
    assert ben.rows("document_shares") == []
    assert sorted(i["status"] for i in ada.rows("invitations")) == ["accepted", "declined", "revoked"]
