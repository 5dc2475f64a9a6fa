"""Joining organizations and reading shared documents as people do: by an invitation that is accepted."""

import uuid
from typing import Any

import psycopg

from tests.support.callers import as_caller

Id = uuid.UUID | str | None


def join(connection: psycopg.Connection[Any], organization: Id, inviter: Id, person: Id, role: str = "viewer") -> None:
    """`inviter` invites `person` into the organization, who accepts. `connection` may become both."""
    invitation = invite(connection, inviter, organization_id=organization, role=role, user_id=person)
    accept(connection, invitation, person)


def share(connection: psycopg.Connection[Any], document: Id, author: Id, reader: Id) -> None:
    """`author` invites `reader` to read the document, who accepts."""
    accept(connection, invite(connection, author, document_id=document, user_id=reader), reader)


def invite(connection: psycopg.Connection[Any], inviter: Id, **invitation: object) -> str:
    """The id of an invitation that `inviter` sends, with these arguments of public.invite."""
    named = ", ".join(f"{name} => %({name})s" for name in invitation)
    with as_caller(connection, inviter):
        row = connection.execute(f"select public.invite({named}) ->> 'id'".encode(), invitation).fetchone()
    assert row is not None
    return str(row[0])


def accept(connection: psycopg.Connection[Any], invitation: Id, person: Id) -> None:
    """`person` accepts an invitation."""
    with as_caller(connection, person):
        connection.execute("select public.accept_invitation(%s)", (invitation,))
