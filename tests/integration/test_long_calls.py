"""What a caller stores and sends cannot keep one call of PostgreSQL busy, in which no timeout is looked for.

Every statement here once took from ten seconds to minutes and heeded neither statement_timeout nor a cancellation. The
clock is the processor time of the session, so that a busy machine changes nothing.
"""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import errors

from tests.support import Database, Process, Stack, as_caller, make_user
from tests.support.yardstick import taking_at_most

TIMEOUT_S = 8  # of signed-in people
SEARCH = "select public.search('coat', mode => 'keyword', filters => jsonb_build_object('metadata', %s::jsonb))"
LONG = {"a": "a" * 2_000_000, "é": "é" * 2_000_000, "ab": "ab" * 1_000_000}
LIKES = ("content like %s", "content not like %s", "not (content like %s)", "content ilike %s", "content not ilike %s")


@pytest.fixture(scope="module")
def person(database: Database) -> uuid.UUID:
    """The author of what is dear to compare: long texts of few letters, and full metadata."""
    with database.connect("supabase_admin") as admin:
        person = make_user(admin, "author@example.org")
        for title, content in LONG.items():
            admin.execute(
                "insert into public.documents (owner_id, title, content) values (%s, %s, %s)", (person, title, content)
            )
        for number in range(4):
            admin.execute(
                "insert into public.documents (owner_id, title, metadata) values (%s, %s, %s)",
                (person, f"lists {number}", json.dumps({"a": [1] * 255 + [2]})),
            )
            admin.execute(
                "insert into public.documents (owner_id, title, metadata) values (%s, %s, %s)",
                (person, f"texts {number}", json.dumps({"a": "a" * 16_000})),
            )
    return person


@pytest.fixture
def session(database: Database, person: uuid.UUID) -> Iterator[psycopg.Connection[Any]]:
    """A session as PostgREST has it; the timeout of people it keeps by the clock of the processor."""
    with database.connect() as connection, as_caller(connection, person, commit=False):
        connection.execute("select set_config('search_path', 'public, extensions', true)")
        with taking_at_most(2 * TIMEOUT_S, connection):
            yield connection


@pytest.mark.parametrize("letters", LONG)
@pytest.mark.parametrize("condition", [*LIKES, "content like any (%s)"])
def test_a_long_pattern_is_not_looked_for_in_a_long_text(
    session: psycopg.Connection[Any], letters: str, condition: str
) -> None:
    pattern = f"%{letters * 4000}z%"
    pattern = f"{{{pattern}}}" if "any" in condition else pattern
    with pytest.raises(errors.InvalidParameterValue, match="is too long for a text") as refused:
        session.execute(f"select id from documents where title = '{letters}' and {condition}".encode(), (pattern,))
    assert "100,000,000" in (refused.value.diag.message_detail or "")


@pytest.mark.parametrize("letters", LONG)
@pytest.mark.parametrize("condition", LIKES)
def test_a_usual_pattern_is(session: psycopg.Connection[Any], letters: str, condition: str) -> None:
    """The dearest that is accepted, and what it says."""
    size = len(LONG[letters].encode())
    pattern = "%" + letters * ((100_000_000 // size - 3) // len(letters.encode())) + "z%"
    query = f"select id from documents where title = '{letters}' and {condition}".encode()
    found = session.execute(query, (pattern,)).fetchall()
    assert len(found) == ("not" in condition)
    found = session.execute(query, (f"{letters.upper()}%",)).fetchall()
    assert len(found) == (("not" in condition) != ("ilike" in condition))


@pytest.mark.parametrize("operator", ["@>", "<@"])
def test_lists_are_compared_in_time(session: psycopg.Connection[Any], operator: str) -> None:
    wanted = json.dumps({"a": [3] * 32_000}, separators=(",", ":"))
    session.execute(f"select id from documents where metadata {operator} %s".encode(), (wanted,))


def test_what_metadata_says_is_compared_in_time(session: psycopg.Connection[Any]) -> None:
    session.execute("select id from documents where metadata->>'a' like %s", (f"%{'a' * 8000}z%",))


def test_a_search_refuses_a_filter_that_is_long(database: Database, session: psycopg.Connection[Any]) -> None:
    wanted = json.dumps({"a": [2] * 100_000})
    with pytest.raises(errors.InvalidParameterValue, match="At most 65536 bytes") as refused, session.transaction():
        session.execute(SEARCH, (wanted,))
    assert "metadata_filter_bytes" in (refused.value.diag.message_hint or "")
    session.execute(SEARCH, (json.dumps({"a": [2] * 2_000}),))  # as long as the gateway accepts
    with database.connect("supabase_admin") as admin, admin.transaction(force_rollback=True):
        admin.execute("update private.limits set allowed = 10 where name = 'metadata_filter_bytes'")
        with pytest.raises(errors.InvalidParameterValue, match="At most 10 bytes"):
            admin.execute(SEARCH, ('{"kind": "manual"}',))


def test_numbers_are_not_written_out(session: psycopg.Connection[Any]) -> None:
    """Fifty kilobytes that are 650 megabytes as text."""
    for count in (1_000, 5_000, 200_000):
        with pytest.raises(errors.CheckViolation), session.transaction():
            session.execute(
                "insert into documents (title, metadata) values ('x', %s)",
                ('{"a": [' + "1e131071," * count + "1]}",),
            )


def test_the_data_api_says_it_as_well(stack: Stack, api: Process) -> None:
    headers = {"apikey": stack.keys.publishable_key}
    headers["Authorization"] = f"Bearer {stack.sign_up('reader@example.org')['access_token']}"
    rows = f"{stack.supabase_url}/rest/v1/documents"
    with httpx.Client(trust_env=False, headers=headers, timeout=60) as client:
        assert client.post(rows, json={"title": "a", "content": LONG["a"]}).is_success
        for condition in ("like.*{}*", "ilike.*{}*", "not.like.*{}*", "not.ilike.*{}*"):
            answer = client.get(rows, params={"content": condition.format("a" * 4000 + "z"), "select": "id"})
            assert (answer.status_code, answer.json()["code"]) == (400, "22023"), answer.text
            answer = client.get(rows, params={"content": condition.format("aaz"), "select": "id"})
            assert len(answer.json()) == ("not" in condition)
