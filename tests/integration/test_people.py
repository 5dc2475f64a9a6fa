"""Who sees whom, who gives which role, who is staff, and what an account leaves behind."""

from typing import Any

import psycopg
import pytest
from psycopg import errors

from tests.integration.test_access import ACTORS
from tests.support import Database, as_caller
from tests.support.tenants import DOCUMENTS, Tenants, populate


@pytest.fixture(scope="module")
def tenants(database: Database) -> Tenants:
    return populate(database)


@pytest.mark.parametrize("actor", ACTORS)
def test_people_are_visible_to_their_organization_only(
    connection: psycopg.Connection[Any], tenants: Tenants, actor: str
) -> None:
    harbour = {"owner", "admin", "editor", "viewer"}
    expected = harbour if actor in harbour else {"stranger"} if actor == "stranger" else set[str]()
    names = {person: name for name, person in tenants.people.items()}
    with as_caller(connection, tenants.people[actor]):
        if actor == "anonymous":
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute("select user_id from public.memberships")
        else:
            rows = connection.execute("select user_id from public.memberships").fetchall()
            assert {names[row[0]] for row in rows} == expected
            assert len(connection.execute("select id from public.organizations").fetchall()) == min(1, len(expected))


@pytest.mark.parametrize(
    ("actor", "role", "allowed"),
    [
        ("owner", "owner", True),
        ("owner", "viewer", True),
        ("admin", "admin", True),
        ("admin", "owner", False),
        ("editor", "viewer", False),
        ("viewer", "viewer", False),
        ("stranger", "viewer", False),
        ("former", "viewer", False),
    ],
)
def test_roles_are_offered_by_those_who_have_them(
    connection: psycopg.Connection[Any], tenants: Tenants, actor: str, role: str, allowed: bool
) -> None:
    insert = "insert into public.invitations (organization_id, user_id, role) values (%s, %s, %s)"
    values = (tenants.harbour, tenants.people["guest"], role)
    with as_caller(connection, tenants.people[actor], commit=False):
        if allowed:
            connection.execute(insert, values)
        else:
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(insert, values)


def test_nobody_promotes_themselves(connection: psycopg.Connection[Any], tenants: Tenants) -> None:
    for actor in ("viewer", "editor", "admin"):
        with as_caller(connection, tenants.people[actor], commit=False):
            try:
                with connection.transaction():
                    changed = connection.execute(
                        "update public.memberships set role = 'owner' where user_id = %s", (tenants.people[actor],)
                    ).rowcount
            except errors.InsufficientPrivilege:
                changed = 0
            assert changed == 0


def test_the_last_owner_stays(connection: psycopg.Connection[Any], tenants: Tenants) -> None:
    owner = tenants.people["owner"]
    for statement in (
        "delete from public.memberships where user_id = %s",
        "update public.memberships set role = 'viewer' where user_id = %s",
    ):
        with (
            as_caller(connection, owner, commit=False),
            pytest.raises(errors.CheckViolation, match="at least one owner"),
        ):
            connection.execute(statement.encode(), (owner,))
    with as_caller(connection, owner, commit=False):
        appoint = "update public.memberships set role = 'owner' where user_id = %s"
        with (
            pytest.raises(errors.InsufficientPrivilege, match="without accepting"),
            connection.transaction(),
        ):
            connection.execute(appoint, (tenants.people["admin"],))
        connection.execute("set local role postgres")
        connection.execute(appoint, (tenants.people["admin"],))
        connection.execute("set local role authenticated")
        left = connection.execute("delete from public.memberships where user_id = %s", (owner,))
        assert left.rowcount == 1
        assert connection.execute("select id from public.organizations").fetchall() == []


@pytest.mark.parametrize("actor", ["owner", "stranger", "anonymous", "staff"])
def test_only_staff_write_the_catalogue(connection: psycopg.Connection[Any], tenants: Tenants, actor: str) -> None:
    statement = "insert into public.categories (slug, name) values ('lamps', 'Lamps')"
    with as_caller(connection, tenants.people[actor], {"staff": actor == "staff"}, commit=False):
        if actor == "staff":
            connection.execute(statement)
        else:
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(statement)


@pytest.mark.parametrize("forged", ["true", 1, {"staff": True}, None])
def test_staff_is_the_boolean_and_nothing_like_it(
    connection: psycopg.Connection[Any], tenants: Tenants, forged: object
) -> None:
    with as_caller(connection, tenants.people["owner"], {"staff": forged}):
        assert connection.execute("select private.is_staff()").fetchone() == (False,)


def test_profiles_are_ones_own(connection: psycopg.Connection[Any], tenants: Tenants) -> None:
    with as_caller(connection, tenants.people["viewer"], commit=False):
        assert connection.execute("select id from public.profiles").fetchall() == [(tenants.people["viewer"],)]
        changed = connection.execute("update public.profiles set display_name = 'Me' returning id").fetchall()
        assert changed == [(tenants.people["viewer"],)]
        with pytest.raises(errors.CheckViolation):
            connection.execute("update public.profiles set phone = '12345'")


def test_deleting_an_account_leaves_the_organizations_documents(database: Database, tenants: Tenants) -> None:
    with database.connect("supabase_admin") as admin, admin.transaction(force_rollback=True):
        admin.execute("delete from auth.users where id = %s", (tenants.person("owner"),))
        rows = dict(admin.execute("select title, owner_id from public.documents").fetchall())
    assert set(rows) == set(DOCUMENTS) - {"owner's diary", "harbour draft"}
    assert tenants.person("owner") not in rows.values()
