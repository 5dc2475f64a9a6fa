"""What ends an invitation: an answer, its time, and the loss of the right to invite."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest

from tests.support import Database, ScratchCluster, as_caller, make_user
from tests.support.inviting import answer, role_of, status_of
from tests.support.joining import invite, join
from tests.support.tenants import Tenants, populate
from tests.support.waiting import wait_until
from tests.support.workshop import open_workshop


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


def test_declined_revoked_and_expired_ones_cannot_be_accepted(
    connection: psycopg.Connection[Any],
    admin: psycopg.Connection[Any],
    tenants: Tenants,
    newcomer: Any,
    database: Database,
) -> None:
    person, owner = newcomer(), tenants.people["owner"]

    def send() -> str:
        return invite(connection, owner, organization_id=tenants.harbour, user_id=person)

    declined = send()
    assert answer(connection, person, declined, "decline_invitation") == "declined"
    assert answer(connection, person, declined, "decline_invitation") == "declined"
    assert answer(connection, person, declined, "accept_invitation") == "PT409"
    revoked = send()
    with as_caller(connection, owner):
        connection.execute("update public.invitations set status = 'revoked' where id = %s", (revoked,))
    assert answer(connection, person, revoked, "accept_invitation") == "PT409"
    late = send()
    admin.execute("update public.invitations set expires_at = now() - interval '1 second' where id = %s", (late,))
    assert answer(connection, person, late, "accept_invitation") == "PT410"
    with database.connect("tidegate_worker") as worker:
        worker.execute("select private.expire_invitations(100)")
    assert status_of(admin, late) == "expired"
    assert answer(connection, person, late, "accept_invitation") == "PT410"
    admin.execute("update public.invitations set answered_at = now() - interval '31 days' where id = %s", (late,))
    with database.connect("tidegate_worker") as worker:
        worker.execute("select private.expire_invitations(100)")
    assert status_of(admin, late) is None
    assert role_of(admin, tenants.harbour, person) is None


def test_a_worker_ends_and_forgets_them_by_itself(cluster: ScratchCluster, logs: Path) -> None:
    """Many steps' worth, and what is neither late nor old stays."""
    with open_workshop(cluster, logs) as workshop:
        workshop.write("insert into public.organizations (name, slug) values ('Quay', 'quay')")
        workshop.admin.execute(
            "insert into public.invitations (organization_id, role, invited_by, email, created_at, expires_at,"
            "   status, answered_at)"
            " select o.id, 'viewer', o.created_by, k.kind || n || '@example.org', now() - k.age, now() + k.left_over,"
            "   case when k.kind = 'old' then 'declined' else 'pending' end::public.invitation_status,"
            "   case when k.kind = 'old' then now() - interval '31 days' end"
            " from public.organizations o, generate_series(1, 1200) n,"
            "   (values ('old', interval '40 days', interval '-26 days'), ('late', '15 days', '-1 day'),"
            "           ('open', '0 days', '14 days')) k (kind, age, left_over)"
        )
        workshop.start_worker()
        kinds: LiteralString = (
            "select substring(email from '^[a-z]+') as kind from public.invitations where status::text = %s"
        )

        def ended() -> bool:
            return workshop.count(kinds, "expired") == 1200 and workshop.count(kinds, "declined") == 0

        wait_until(ended, "the late ones being expired, and the old ones being gone")
        assert {row["kind"] for row in workshop.rows(kinds, "expired")} == {"late"}
        assert workshop.count(kinds, "pending") == 1200
        notes: LiteralString = "select from private.sent_invitations"
        wait_until(lambda: workshop.count(notes) == 1200, "only what was sent today being noted")


def test_how_long_one_is_good_for_is_a_setting(
    connection: psycopg.Connection[Any], admin: psycopg.Connection[Any], tenants: Tenants, newcomer: Any
) -> None:
    admin.execute("update private.settings set invitation_days = 3")
    try:
        sent = invite(connection, tenants.people["owner"], organization_id=tenants.harbour, user_id=newcomer())
    finally:
        admin.execute("update private.settings set invitation_days = null")
    row = admin.execute(
        "select extract(day from expires_at - created_at) from public.invitations where id = %s", (sent,)
    ).fetchone()
    assert row == (3,)


@pytest.mark.parametrize(
    ("loss", "status"),
    [
        ("delete from public.memberships where user_id = %s", "PT409"),
        ("update public.memberships set role = 'editor' where user_id = %s", "PT409"),
        ("update auth.users set banned_until = now() + interval '1 day' where id = %s", "PT410"),
        ("update auth.users set deleted_at = now() where id = %s", "PT404"),
        ("delete from auth.users where id = %s", "PT404"),
    ],
)
def test_who_loses_the_right_to_invite_takes_the_invitations_along(
    connection: psycopg.Connection[Any], admin: psycopg.Connection[Any], tenants: Tenants, loss: str, status: str
) -> None:
    inviter, person = (make_user(admin, f"{uuid.uuid4()}@example.org") for _ in range(2))
    join(connection, tenants.harbour, tenants.people["owner"], inviter, "admin")
    invitation = invite(connection, inviter, organization_id=tenants.harbour, user_id=person)
    admin.execute(loss.encode(), (inviter,))
    assert answer(connection, person, invitation, "accept_invitation") == status
    assert role_of(admin, tenants.harbour, person) is None


def test_an_owner_who_is_no_owner_any_more_offers_no_ownership(
    connection: psycopg.Connection[Any], admin: psycopg.Connection[Any], tenants: Tenants, newcomer: Any
) -> None:
    inviter, one, other = newcomer(), newcomer(), newcomer()
    join(connection, tenants.harbour, tenants.people["owner"], inviter, "owner")
    ownership = invite(connection, inviter, organization_id=tenants.harbour, role="owner", user_id=one)
    membership = invite(connection, inviter, organization_id=tenants.harbour, role="admin", user_id=other)
    with as_caller(connection, tenants.people["owner"]):
        connection.execute("update public.memberships set role = 'admin' where user_id = %s", (inviter,))
    assert answer(connection, one, ownership, "accept_invitation") == "PT409"
    assert answer(connection, other, membership, "accept_invitation") == "accepted"


def test_a_share_of_what_the_author_may_no_longer_share_is_void(
    connection: psycopg.Connection[Any], admin: psycopg.Connection[Any], tenants: Tenants, newcomer: Any
) -> None:
    author, person = newcomer(), newcomer()
    join(connection, tenants.harbour, tenants.people["owner"], author, "editor")
    with as_caller(connection, author):
        row = connection.execute(
            "insert into public.documents (title, organization_id, visibility) values ('x', %s, 'organization')"
            " returning id", (tenants.harbour,)
        ).fetchone()  # fmt: skip
    assert row is not None
    invitation = invite(connection, author, document_id=row[0], user_id=person)
    with as_caller(connection, tenants.people["owner"]):
        connection.execute("update public.memberships set role = 'viewer' where user_id = %s", (author,))
    assert answer(connection, person, invitation, "accept_invitation") == "PT410"
    with as_caller(connection, tenants.people["owner"]):
        connection.execute("delete from public.documents where id = %s", row)
    assert status_of(admin, invitation) is None
