"""Becoming a caller in SQL, as the Data API does it: a role and verified claims for one transaction."""

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus


@contextmanager
def as_caller(
    connection: psycopg.Connection[Any],
    user_id: uuid.UUID | str | None,
    app_metadata: Mapping[str, Any] | None = None,
    *,
    commit: bool = True,
) -> Iterator[psycopg.Connection[Any]]:
    """One transaction on `connection` as the person `user_id`, or as nobody (role anon) for None.

    The connection's role must be allowed to become them (`postgres` is), and no transaction may be open. An exception
    rolls back; so does the end of the block when `commit` is false.
    """
    # In an open transaction the role would stay set after the block.
    assert connection.info.transaction_status == TransactionStatus.IDLE, "as_caller wants a transaction of its own"
    role = "anon" if user_id is None else "authenticated"
    claims: dict[str, Any] = {"role": role}
    if user_id is not None:
        claims |= {"sub": str(user_id), "aud": "authenticated", "app_metadata": dict(app_metadata or {})}
    with connection.transaction(force_rollback=not commit):
        connection.execute(
            "select set_config('role', %s, true), set_config('request.jwt.claims', %s, true)",
            (role, json.dumps(claims)),
        )
        yield connection


def make_user(
    connection: psycopg.Connection[Any],
    email: str,
    *,
    app_metadata: Mapping[str, Any] | None = None,
    user_metadata: Mapping[str, Any] | None = None,
) -> uuid.UUID:
    """Sign a person up in SQL, and return their id. `connection` is of a role that may write auth.users.

    Triggers fire as they do for Auth. The person has no password: tests that sign in go through the API instead.
    """
    user_id = uuid.uuid4()
    connection.execute(
        "insert into auth.users (id, email, email_confirmed_at, raw_app_meta_data, raw_user_meta_data)"
        " values (%s, %s, now(), %s, %s)",
        (user_id, email, json.dumps(dict(app_metadata or {})), json.dumps(dict(user_metadata or {}))),
    )
    return user_id
