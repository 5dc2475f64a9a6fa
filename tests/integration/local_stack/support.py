"""A client of the local API that speaks plain HTTP, and scratch tables that no migration knows."""

import uuid
from collections.abc import Mapping
from typing import Any

import httpx2
import psycopg

from tests.support.databases import Database
from tests.support.stack import Stack
from tests.support.waiting import wait_until

PASSWORD = "a long enough password"


class Client:
    """One caller of the API: anonymous, a signed-in person, or the holder of the secret key."""

    def __init__(self, base_url: str, key: str, token: str | None = None) -> None:
        self.base_url = base_url
        self.headers = {"apikey": key, **({"Authorization": f"Bearer {token}"} if token else {})}

    def send(self, method: str, path: str, headers: Mapping[str, str] | None = None, **body: Any) -> httpx2.Response:
        """One request below the root of the API, on a connection of its own."""
        url, sent = f"{self.base_url}{path}", {**self.headers, **(headers or {})}
        return httpx2.request(method, url, headers=sent, timeout=60, trust_env=False, **body)

    def get(self, path: str, **headers: str) -> httpx2.Response:
        """GET below the root of the API."""
        return self.send("GET", path, headers)

    def post(self, path: str, **body: Any) -> httpx2.Response:
        """POST below the root of the API."""
        return self.send("POST", path, **body)

    def rows(self, query: str) -> list[dict[str, Any]]:
        """The rows of `/rest/v1/<query>`; AssertionError when it is refused."""
        response = self.get(f"/rest/v1/{query}")
        assert response.status_code in {200, 206}, response.text
        rows: list[dict[str, Any]] = response.json()
        return rows

    def insert(self, table: str, rows: object, prefer: str = "return=representation") -> httpx2.Response:
        """Insert one row or many."""
        return self.post(f"/rest/v1/{table}", json=rows, headers={"Prefer": prefer})

    def update(self, query: str, change: object) -> httpx2.Response:
        """Update the rows of a query and return them."""
        return self.send("PATCH", f"/rest/v1/{query}", {"Prefer": "return=representation"}, json=change)

    def call(self, function: str, **arguments: object) -> httpx2.Response:
        """Call a function."""
        return self.post(f"/rest/v1/rpc/{function}", json=arguments)


def anonymous(stack: Stack) -> Client:
    """Someone with the publishable key only."""
    return Client(stack.supabase_url, stack.keys.publishable_key)


def service(stack: Stack) -> Client:
    """The holder of the secret key."""
    return Client(stack.supabase_url, stack.keys.secret_key)


def person(stack: Stack) -> Client:
    """A new person with a session."""
    session = stack.sign_up(f"{uuid.uuid4()}@example.com", PASSWORD)
    return Client(stack.supabase_url, stack.keys.publishable_key, session["access_token"])


def staff(stack: Stack) -> Client:
    """Somebody new whose token says that they are staff."""
    email = f"{uuid.uuid4()}@example.com"
    body = {"email": email, "password": PASSWORD, "email_confirm": True, "app_metadata": {"staff": True}}
    service(stack).post("/auth/v1/admin/users", json=body).raise_for_status()
    answer = anonymous(stack).post("/auth/v1/token?grant_type=password", json={"email": email, "password": PASSWORD})
    answer.raise_for_status()
    return Client(stack.supabase_url, stack.keys.publishable_key, answer.json()["access_token"])


def define(database: Database, stack: Stack, script: str, probe: str) -> None:
    """Run DDL as the owner of the tables, and wait until the running API knows the relation `probe`."""
    with database.connect() as connection:
        connection.execute(script.encode())
        connection.execute("notify pgrst, 'reload schema'")
    client = service(stack)
    wait_until(lambda: client.get(f"/rest/v1/{probe}?limit=1").status_code != 404, f"{probe} being known")


def value(connection: psycopg.Connection[Any], query: str) -> Any:
    """The only value of a query."""
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]
