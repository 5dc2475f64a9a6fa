"""Two organizations and their people: the cast of every test about who may do what."""

import uuid
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.support.callers import as_caller, make_user
from tests.support.databases import Database
from tests.support.joining import join, share


@dataclass(frozen=True)
class Tenants:
    """Two organizations that may publish; staff belongs to none.

    Harbour has owner, admin, editor, viewer and a former editor; Meadow has the stranger.
    """

    harbour: uuid.UUID
    meadow: uuid.UUID
    people: dict[str, uuid.UUID | None]
    documents: dict[str, uuid.UUID]

    def person(self, name: str) -> uuid.UUID:
        """The id of a person who has an account."""
        person = self.people[name]
        assert person is not None
        return person


# title: (who writes it, where it is filed, visibility)
DOCUMENTS = {
    "owner's diary": ("owner", None, "private"),
    "harbour draft": ("owner", "harbour", "private"),
    "harbour handbook": ("editor", "harbour", "organization"),
    "harbour leaflet": ("editor", "harbour", "public"),
    "former's diary": ("former", None, "private"),
    "former's minutes": ("former", "harbour", "organization"),
    "meadow handbook": ("stranger", "meadow", "organization"),
    "meadow draft": ("stranger", "meadow", "private"),
    "meadow leaflet": ("stranger", "meadow", "public"),
}


def populate(database: Database) -> Tenants:
    """Fill `database`, acting as the people themselves wherever they could do it themselves."""
    with database.connect("supabase_admin") as admin, database.connect() as connection:
        names = ("owner", "admin", "editor", "viewer", "former", "guest", "stranger", "staff")
        people: dict[str, uuid.UUID | None] = {
            name: make_user(admin, f"{name}@example.org", app_metadata={"staff": name == "staff"}) for name in names
        }
        people["anonymous"] = None
        harbour = _found(connection, people["owner"], "harbour")
        meadow = _found(connection, people["stranger"], "meadow")
        admin.execute("update public.organizations set may_publish = true")
        for name, role in (("admin", "admin"), ("editor", "editor"), ("viewer", "viewer"), ("former", "editor")):
            join(connection, harbour, people["owner"], people[name], role)
        places = {"harbour": harbour, "meadow": meadow, None: None}
        documents = {
            title: _write(connection, people[author], title, places[place], visibility)
            for title, (author, place, visibility) in DOCUMENTS.items()
        }
        share(connection, documents["harbour draft"], people["owner"], people["guest"])
        with as_caller(connection, people["owner"]):
            connection.execute("delete from public.memberships where user_id = %s", (people["former"],))
        return Tenants(harbour, meadow, people, documents)


def _found(connection: psycopg.Connection[Any], founder: uuid.UUID | None, slug: str) -> uuid.UUID:
    with as_caller(connection, founder):
        row = connection.execute(
            "insert into public.organizations (name, slug) values (initcap(%s), %s) returning id", (slug, slug)
        ).fetchone()
    assert row is not None
    return uuid.UUID(str(row[0]))


def _write(
    connection: psycopg.Connection[Any],
    author: uuid.UUID | None,
    title: str,
    place: uuid.UUID | None,
    visibility: str,
) -> uuid.UUID:
    with as_caller(connection, author):
        row = connection.execute(
            "insert into public.documents (title, content, organization_id, visibility)"
            " values (%s, %s, %s, %s) returning id",
            (title, f"What stands in the {title}.", place, visibility),
        ).fetchone()
    assert row is not None
    return uuid.UUID(str(row[0]))
