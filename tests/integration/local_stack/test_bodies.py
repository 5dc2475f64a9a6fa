"""Bodies at the edge: rows without a column, JSON that is no row, and bytes that are no text."""

from typing import Any

import httpx2
import pytest

from tests.integration.local_stack.support import Client, define, service
from tests.support.databases import Database
from tests.support.stack import Process, Stack

SCRIPT = """
    create table public.blanks (
      id bigint generated always as identity primary key, label text not null default 'unnamed', data jsonb
    );
    create table public.strict (id bigint generated always as identity primary key, label text not null);
    create function public.shout(words text) returns text language sql immutable as 'select upper(words)';
    create function public.plain(text) returns text language sql immutable as 'select $1';
    grant all on public.blanks, public.strict to service_role;
    grant execute on all functions in schema public to service_role;
"""
INVALID = b'{"label": "caf\xe9"}'  # Latin-1


@pytest.fixture(scope="module")
def client(database: Database, stack: Stack, api: Process) -> Client:
    """The holder of the secret key, on tables with and without defaults."""
    define(database, stack, SCRIPT, "blanks")
    return service(stack)


def send(client: Client, content: bytes, path: str = "blanks", method: str = "POST", **headers: str) -> httpx2.Response:
    """A body exactly as given, JSON unless said otherwise."""
    sent = {"Content-Type": "application/json", "Prefer": "return=representation", **headers}
    return client.send(method, f"/rest/v1/{path}", sent, content=content)


def error(response: httpx2.Response) -> tuple[int, Any, Any]:
    """Status, code and message of a refusal."""
    body = response.json()
    return response.status_code, body["code"], body["message"]


def test_a_row_without_a_column_gets_every_default(client: Client) -> None:
    response = client.insert("blanks", {})
    assert response.status_code == 201, response.text
    assert [(row["label"], row["data"]) for row in response.json()] == [("unnamed", None)]
    assert len(client.insert("blanks", [{}, {}, {}]).json()) == 3
    assert client.insert("blanks", {}, "return=minimal,missing=default").status_code == 201
    assert client.insert("blanks", [], "return=representation").json() == []


def test_a_column_without_a_default_is_a_broken_constraint(client: Client) -> None:
    bodies: list[object] = [{}, [{}], [{}, {}]]
    for rows in bodies:
        response = client.insert("strict", rows)
        assert (response.status_code, response.json()["code"]) == (400, "23502"), response.text
    assert client.rows("strict") == []


@pytest.mark.parametrize("content", [b'"text"', b"5", b"true", b"null", b"", b" ", b"}{", b'{"label": '])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_json_that_is_no_row_is_refused(client: Client, content: bytes, method: str) -> None:
    path = "blanks" if method == "POST" else "blanks?id=eq.1"
    before = client.rows("blanks?order=id")
    assert error(send(client, content, path, method)) == (400, "PGRST102", "Empty or invalid json")
    assert client.rows("blanks?order=id") == before


@pytest.mark.parametrize("path", ["blanks", "blanks?columns=label", "blanks?on_conflict=id", "rpc/shout"])
def test_json_that_is_not_utf_8_is_refused(client: Client, path: str) -> None:
    before = client.rows("blanks?order=id")
    assert error(send(client, INVALID, path)) == (400, "PGRST102", "Empty or invalid json")
    assert error(send(client, b'{"label": "\xed\xa0\x80"}', path))[:2] == (400, "PGRST102")  # half a surrogate pair
    assert client.rows("blanks?order=id") == before


@pytest.mark.parametrize(
    ("path", "kind", "content"),
    [
        ("blanks", "text/csv", b"label\ncaf\xe9"),
        ("rpc/plain", "text/plain", b"caf\xe9"),
        ("rpc/shout", "application/x-www-form-urlencoded", b"words=caf\xe9"),
    ],
)
def test_text_that_is_not_utf_8_is_refused(client: Client, path: str, kind: str, content: bytes) -> None:
    response = send(client, content, path, **{"Content-Type": kind})
    assert error(response) == (400, "22021", 'invalid byte sequence for encoding "UTF8"')
    assert response.headers["access-control-allow-origin"] == "*"


def test_utf_8_goes_in_as_it_is(client: Client) -> None:
    label = "café \N{GRINNING FACE} \N{REPLACEMENT CHARACTER}"
    assert send(client, f'{{"label": "{label}"}}'.encode()).json()[0]["label"] == label
    csv = send(client, f"label\n{label}".encode(), **{"Content-Type": "text/csv"})
    assert csv.json()[0]["label"] == label
    assert client.call("shout", words="é").json() == "É"
