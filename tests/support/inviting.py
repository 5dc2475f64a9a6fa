"""What becomes of an invitation, as the person who answers it and the superuser see it."""

import uuid
from typing import Any

import psycopg

from tests.support import as_caller


def answer(connection: psycopg.Connection[Any], person: object, invitation: str, function: str) -> str:
    """What accept_invitation or its like gives `person`: the status, or the SQLSTATE of a refusal."""
    try:
        with as_caller(connection, person):  # type: ignore[arg-type]
            row = connection.execute(f"select public.{function}(%s) ->> 'status'".encode(), (invitation,)).fetchone()
    except psycopg.Error as error:
        return str(error.sqlstate)
    assert row is not None
    return str(row[0])


def role_of(admin: psycopg.Connection[Any], organization: uuid.UUID, person: uuid.UUID) -> str | None:
    """The role of a person in an organization."""
    query = "select role::text from public.memberships where (organization_id, user_id) = (%s, %s)"
    row = admin.execute(query, (organization, person)).fetchone()
    return row and row[0]


def status_of(admin: psycopg.Connection[Any], invitation: str) -> str | None:
    """The status of an invitation."""
    row = admin.execute("select status::text from public.invitations where id = %s", (invitation,)).fetchone()
    return row and row[0]
