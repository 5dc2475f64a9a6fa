"""Each way to the same rows, as the same caller."""

import json
import subprocess
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx
import httpx2
import psycopg
from postgrest import CountMethod, SyncPostgrestClient
from postgrest.exceptions import APIError

from tests.support.callers import as_caller
from tests.support.stack import Stack

OUT_OF_RANGE = "PGRST103"  # the API's own, for a page that begins behind the last row
OPERATORS = {"eq": "=", "neq": "<>", "gte": ">="}
Answer = tuple[list[dict[str, Any]], int | None] | str  # rows and how many there are, or the code of a refusal


@dataclass
class Doors:
    """A running stack with people in it, and each way in."""

    stack: Stack
    connection: psycopg.Connection[Any]
    http: httpx.Client
    javascript: "subprocess.Popen[str]"
    tokens: dict[str, str | None] = field(default_factory=dict)
    ids: dict[str, uuid.UUID | None] = field(default_factory=dict)

    def by_sql(self, actor: str, read: dict[str, Any]) -> Answer:
        """As the person, in SQL."""
        where, values = "true", []
        if read.get("filter"):
            column, operator, value = read["filter"]
            where, values = f"{column} {OPERATORS[operator]} %s", [value]
        order = ", ".join(read["order"])
        page = f"offset {read['range'][0]} limit {read['range'][1] - read['range'][0] + 1}" if read.get("range") else ""
        columns = read["columns"]
        with as_caller(self.connection, self.ids[actor], {"staff": actor == "staff"}, commit=False):
            try:
                # Values as JSON, which is what the other doors speak.
                rows = self.connection.execute(
                    f"select to_jsonb(t) from (select {columns} from public.{read['table']} where {where}"
                    f" order by {order} {page}) t".encode(),
                    values,
                ).fetchall()
                count = self.connection.execute(
                    f"select count(*) from public.{read['table']} where {where}".encode(), values
                ).fetchone()
            except psycopg.Error as error:
                return str(error.sqlstate)
        assert count is not None
        if read.get("range") and read["range"][0] >= max(count[0], 1):
            return OUT_OF_RANGE
        return [row[0] for row in rows], count[0]

    def by_python(self, actor: str, read: dict[str, Any]) -> Answer:
        """Through postgrest-py."""
        query: Any = self._postgrest(actor).table(read["table"]).select(read["columns"], count=CountMethod.exact)
        if read.get("filter"):
            query = query.filter(*read["filter"])
        for column in read["order"]:
            query = query.order(column)
        if read.get("range"):
            query = query.range(*read["range"])
        try:
            answer = query.execute()
        except APIError as error:
            return str(error.code)
        return answer.data, answer.count

    def by_javascript(self, actor: str, read: dict[str, Any]) -> Answer:
        """Through supabase-js."""
        answer = self._ask({"token": self.tokens[actor], **read})
        return answer["code"] or (answer["data"], answer["count"])

    def search_by_sql(self, actor: str, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        """The search function, as the person."""
        named = ", ".join(f"{name} => %({name})s" for name in arguments).replace(
            "%(query_embedding)s", "%(query_embedding)s::extensions.halfvec"
        )
        with as_caller(self.connection, self.ids[actor], {"staff": actor == "staff"}, commit=False):
            rows = self.connection.execute(
                f"select to_jsonb(r) from public.search({named}) s, unnest(s.results) r".encode(), arguments
            )
            return [row[0] for row in rows.fetchall()]

    def search_by_python(self, actor: str, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        """The same as a remote procedure, through postgrest-py."""
        answer: Any = self._postgrest(actor).rpc("search", arguments).execute()
        found: list[dict[str, Any]] = answer.data["results"]
        return found

    def search_by_javascript(self, actor: str, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        """And through supabase-js."""
        answer = self._ask({"token": self.tokens[actor], "rpc": "search", "arguments": arguments})
        found: list[dict[str, Any]] = answer["data"]["results"]
        return found

    def slices_in_javascript(self, slices: list[tuple[str, int, int]]) -> list[str]:
        """What JavaScript cuts out of texts, from one character to before another."""
        found: list[str] = self._ask({"token": None, "slices": slices})["data"]
        return found

    def search_by_http(self, actor: str, root: str, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        """The gateway, or the Edge Function before it."""
        same = ("query", "mode", "passages_per_result", "include")
        body = {**{name: arguments[name] for name in same}, "limit": arguments["max_results"]}
        response = httpx2.post(root, json=body, headers=self.headers(actor), timeout=60, trust_env=False)
        assert response.status_code == 200, response.text
        assert response.json()["degraded"] is False
        found: list[dict[str, Any]] = response.json()["results"]
        return found

    def _postgrest(self, actor: str) -> SyncPostgrestClient:
        root = f"{self.stack.supabase_url}/rest/v1"
        # The library gives the HTTP client nothing of its own when it is handed one.
        self.http.headers = httpx.Headers(self.headers(actor))
        self.http.base_url = httpx.URL(f"{root}/")
        return SyncPostgrestClient(root, headers=self.headers(actor), http_client=self.http)

    def headers(self, actor: str) -> dict[str, str]:
        """What says who `actor` is."""
        token = self.tokens[actor]
        headers = {"apikey": self.stack.keys.publishable_key}
        return {**headers, "Authorization": f"Bearer {token}"} if token else headers

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self.javascript.stdin is not None
        assert self.javascript.stdout is not None
        self.javascript.stdin.write(json.dumps(question) + "\n")
        self.javascript.stdin.flush()
        line = self.javascript.stdout.readline()
        assert line, "the supabase-js process ended"
        answer: dict[str, Any] = json.loads(line)
        return answer
