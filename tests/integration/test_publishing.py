"""Publishing to everybody is a right that staff grants to an organization, and takes back at once."""

import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.support import Database, as_caller, make_user
from tests.support.joining import join
from tests.support.passages import index_documents

TITLE = "Returns and Refunds (updated)"


@pytest.fixture
def admin(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """The superuser."""
    with database.connect("supabase_admin") as connection:
        yield connection


class Press:
    """An organization, an editor and a viewer of it, and a stranger."""

    def __init__(self, admin: psycopg.Connection[Any], connection: psycopg.Connection[Any]) -> None:
        names = ("owner", "viewer", "stranger")
        self.admin, self.connection = admin, connection
        self.staff = make_user(admin, f"{uuid.uuid4()}@example.org", app_metadata={"staff": True})
        self.people: dict[str, uuid.UUID | None] = {
            **{name: make_user(admin, f"{uuid.uuid4()}@example.org") for name in names},
            "visitor": None,
        }
        with as_caller(connection, self.people["owner"]):
            row = connection.execute(
                "insert into public.organizations (name, slug) values ('Press', %s) returning id", (uuid.uuid4().hex,)
            ).fetchone()
        assert row is not None
        self.id = row[0]
        join(connection, self.id, self.people["owner"], self.people["viewer"])

    def write(self, **columns: object) -> uuid.UUID:
        """A document by the owner."""
        columns = {"title": TITLE, **columns}
        names = ", ".join(columns)
        with as_caller(self.connection, self.people["owner"]):
            statement = (
                f"insert into public.documents ({names}) values ({', '.join(['%s'] * len(columns))}) returning id"
            )
            row = self.connection.execute(statement.encode(), list(columns.values())).fetchone()
        assert row is not None
        return uuid.UUID(str(row[0]))

    def license(self, may_publish: bool) -> None:
        """Staff gives or takes the right."""
        with as_caller(self.connection, self.staff, {"staff": True}):
            self.connection.execute("select public.set_publishing(%s, %s)", (self.id, may_publish))

    def readers(self, document: uuid.UUID) -> set[str]:
        """Who reads the document, and its passages, and finds it."""
        found = {}
        for name, person in self.people.items():
            with as_caller(self.connection, person):
                found[name] = [
                    self.connection.execute(query, (document,)).fetchone() is not None
                    for query in (
                        "select from public.documents where id = %s",
                        "select from public.chunks where document_id = %s",
                        "select from public.search('refunds', mode => 'keyword', max_results => 100) s,"
                        " unnest(s.results) where id = %s",
                    )
                ]
        assert all(len(set(seen)) == 1 for seen in found.values()), found
        return {name for name, seen in found.items() if all(seen)}


@pytest.fixture
def press(admin: psycopg.Connection[Any], connection: psycopg.Connection[Any]) -> Press:
    return Press(admin, connection)


def refusal(press: Press, **columns: object) -> str:
    """What publishing is refused with."""
    with pytest.raises(psycopg.Error) as refused:
        press.write(**columns)
    assert refused.value.diag.message_hint
    return f"{refused.value.sqlstate} {refused.value.diag.message_primary}"


def test_a_fresh_account_publishes_nothing(press: Press) -> None:
    assert refusal(press, visibility="public") == "PT403 A document of one's own cannot be made public."
    told = refusal(press, visibility="public", organization_id=press.id)
    assert told == "PT403 The organization may not publish to everybody."
    diary, minutes = press.write(), press.write(organization_id=press.id, visibility="organization")
    for document, change in (
        (diary, "visibility = 'public'"),
        (diary, f"visibility = 'public', organization_id = '{press.id}'"),
        (minutes, "visibility = 'public'"),
    ):
        statement = f"update public.documents set {change} where id = %s"
        with pytest.raises(psycopg.Error) as refused, as_caller(press.connection, press.people["owner"]):
            press.connection.execute(statement.encode(), (document,))
        assert refused.value.sqlstate == "PT403"
    many = "insert into public.documents (title, visibility) select 'x', 'public' from generate_series(1, 3)"
    with pytest.raises(psycopg.Error) as refused, as_caller(press.connection, press.people["owner"]):
        press.connection.execute(many)
    assert refused.value.sqlstate == "PT403"


def test_the_right_is_granted_by_staff_and_nobody_else(press: Press) -> None:
    grant = "select public.set_publishing(%s, true)"
    for name, metadata in (("owner", {}), ("stranger", {"staff": "true"}), ("visitor", {})):
        with pytest.raises(psycopg.Error) as refused, as_caller(press.connection, press.people[name], metadata):
            press.connection.execute(grant, (press.id,))
        assert refused.value.sqlstate == ("42501" if name == "visitor" else "PT403")
    for statement in (
        "update public.organizations set may_publish = true",
        "update public.organizations set published_at = now()",
        "insert into public.organizations (name, slug, may_publish) values ('x', 'x', true)",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), as_caller(press.connection, press.people["owner"]):
            press.connection.execute(statement.encode())
    with pytest.raises(psycopg.Error) as refused, as_caller(press.connection, press.staff, {"staff": True}):
        press.connection.execute(grant, (uuid.uuid4(),))
    assert refused.value.sqlstate == "PT404"


def test_taking_the_right_back_leaves_the_documents_to_the_members(press: Press, database: Database) -> None:
    press.license(True)
    document = press.write(organization_id=press.id, visibility="public", content="refunds")
    with database.connect("tidegate_worker") as worker:
        index_documents(worker, {})
    assert press.readers(document) == {"owner", "viewer", "stranger", "visitor"}
    press.license(False)
    assert press.readers(document) == {"owner", "viewer"}
    # What it is called can be changed; that it is public cannot be said anew.
    with as_caller(press.connection, press.people["owner"]):
        changed = press.connection.execute(
            "update public.documents set metadata = '{\"n\": 1}', visibility = 'public' where id = %s", (document,)
        )
        assert changed.rowcount == 1
    assert refusal(press, visibility="public", organization_id=press.id).startswith("PT403")
    press.license(True)
    assert press.readers(document) == {"owner", "viewer", "stranger", "visitor"}
    with as_caller(press.connection, press.people["owner"]):
        press.connection.execute("delete from public.organizations where id = %s", (press.id,))
    assert press.readers(document) == set()


def test_administrators_publish_without_an_organization(press: Press, database: Database) -> None:
    row = press.admin.execute(
        "insert into public.documents (title, content, visibility, owner_id) values (%s, 'refunds', 'public', %s)"
        " returning id", (TITLE, press.people["owner"])
    ).fetchone()  # fmt: skip
    assert row is not None
    with database.connect("tidegate_worker") as worker:
        index_documents(worker, {})
    assert press.readers(row[0]) == {"owner", "viewer", "stranger", "visitor"}


def test_what_an_administrator_files_without_the_right_is_the_members(press: Press, database: Database) -> None:
    row = press.admin.execute(
        "insert into public.documents (title, content, visibility, owner_id, organization_id)"
        " values (%s, 'refunds', 'public', %s, %s) returning id", (TITLE, press.people["owner"], press.id)
    ).fetchone()  # fmt: skip
    assert row is not None
    with database.connect("tidegate_worker") as worker:
        index_documents(worker, {})
    assert press.readers(row[0]) == {"owner", "viewer"}
