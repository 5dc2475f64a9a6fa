"""A closed account at every door: Data API, functions, Storage, gateway, each with a token that still holds."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from gateway.mcp.catalogue import TOOLS
from tests.support import Database, Process, Stack, wait_until

PASSWORD = "a long enough password"
PDF = b"%PDF-1.4 a few bytes that nobody parses"
FILES = "/storage/v1/object/documents"
# What an administrator does, and the status of every answer from then on.
CLOSINGS = {
    "banned": ("update auth.users set banned_until = now() + interval '1 hour' where id = %s", 403, "banned"),
    "softly deleted": ("update auth.users set deleted_at = now() where id = %s", 401, "closed"),
    "gone": ("delete from auth.users where id = %s", 401, "closed"),
}


def key() -> str:
    """A new idempotency key."""
    return str(uuid.uuid4())


def message_of(tool: str, **arguments: Any) -> dict[str, Any]:
    """The message of the Model Context Protocol that calls a tool."""
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}


@dataclass
class Person:
    """Somebody with a session, and what they have."""

    stack: Stack
    http: httpx2.Client
    id: str
    token: str
    document: str = ""
    product: str = ""
    order: str = ""

    def rest(self, method: str, path: str, **body: Any) -> httpx2.Response:
        """One request of the Data API or of Storage."""
        headers = {"apikey": self.stack.keys.publishable_key, "authorization": f"Bearer {self.token}"}
        if "content" in body:
            headers["content-type"] = "application/pdf"
        return self.http.request(method, f"{self.stack.supabase_url}{path}", headers=headers, **body)

    def gateway(self, method: str, path: str, **body: Any) -> httpx2.Response:
        """One request of the gateway."""
        headers = {"authorization": f"Bearer {self.token}"}
        return self.http.request(method, f"{self.stack.gateway_url}{path}", headers=headers, **body)

    def upload(self, name: str) -> httpx2.Response:
        """Put a file beside the document."""
        return self.rest("POST", f"{FILES}/{self.document}/{name}", content=PDF)

    def tool(self, name: str, **arguments: Any) -> httpx2.Response:
        """One call of a tool of the MCP server."""
        return self.gateway("POST", "/mcp", json=message_of(name, **arguments))

    def tools(self) -> dict[str, httpx2.Response]:
        """The answer of each tool."""
        return {
            "search": self.tool("search", query="harbour"),
            "fetch": self.tool("fetch", id=self.document),
            "answer": self.tool("answer", question="Where is the harbour?"),
            "recommend": self.tool("recommend"),
            "list_orders": self.tool("list_orders"),
            "get_order": self.tool("get_order", id=self.order),
        }

    def questions(self) -> dict[str, httpx2.Response]:
        """The answer to a question, in both forms."""
        said = [{"role": "user", "content": "Where is the harbour?"}]
        return {
            "ask": self.gateway("POST", "/v1/answers", json={"question": "Where is the harbour?"}),
            "chat": self.gateway("POST", "/v1/chat/completions", json={"messages": said}),
        }

    def everything(self) -> dict[str, httpx2.Response]:
        """The answer to each thing that somebody with an open account may do."""
        rows, rpc = "/rest/v1", "/rest/v1/rpc"
        items = [{"product_id": self.product, "quantity": 1}]
        mine = f"documents?id=eq.{self.document}"
        return {
            "read documents": self.rest("GET", f"{rows}/documents?select=*"),
            "read products": self.rest("GET", f"{rows}/products?select=*"),
            "write a document": self.rest("POST", f"{rows}/documents", json={"title": "more"}),
            "change a document": self.rest("PATCH", f"{rows}/{mine}", json={"title": "changed"}),
            "found": self.rest("POST", f"{rows}/organizations", json={"name": "More", "slug": f"s-{uuid.uuid4()}"}),
            "look at a product": self.rest(
                "POST", f"{rows}/interactions", json={"product_id": self.product, "kind": "view"}
            ),
            "order": self.rest("POST", f"{rpc}/place_order", json={"items": items, "idempotency_key": key()}),
            "buy": self.rest("POST", f"{rpc}/purchase", json={"product_id": self.product, "idempotency_key": key()}),
            "cancel": self.rest("POST", f"{rpc}/cancel_order", json={"order_id": self.order}),
            "retry": self.rest("POST", f"{rpc}/retry_document", json={"document_id": self.document}),
            "find products": self.rest("POST", f"{rpc}/search_products", json={"query": "lamp"}),
            "recommend by RPC": self.rest("POST", f"{rpc}/recommend", json={}),
            "search": self.gateway("POST", "/v1/search", json={"query": "harbour", "mode": "keyword"}),
            "read its state": self.gateway("GET", f"/v1/documents/{self.document}"),
            "recommend": self.gateway("GET", "/v1/recommendations"),
            "recommend alike": self.gateway("GET", f"/v1/recommendations?like={self.product}"),
            "close": self.rest("POST", f"{rpc}/close_account", json={}),
        }


def failures(answers: Mapping[str, httpx2.Response]) -> dict[str, str]:
    """Those that are errors, of routes and of tools."""
    return {
        what: answer.text
        for what, answer in answers.items()
        if answer.status_code >= 300 or '"isError":true' in answer.text
    }


@pytest.fixture(scope="module")
def shop(
    database: Database, stack: Stack, api: Process, gateway: Process
) -> Iterator[tuple[Stack, str, httpx2.Client]]:
    """The stack with a product on sale."""
    with database.connect() as connection, httpx2.Client(trust_env=False, timeout=60) as http:
        row = connection.execute(
            "with c as (insert into public.categories (slug, name) values ('lamps', 'Lamps') returning id)"
            " insert into public.products (category_id, sku, name, price, stock)"
            " select id, 'LAMP', 'Lamp', 1, 100 from c returning id"
        ).fetchone()
        assert row is not None

        # The first call loads a library and the model of the embedder; then the vector of this query is known.
        def is_found() -> bool:
            found = http.post(f"{stack.gateway_url}/mcp", json=message_of("search", query="harbour")).json()["result"]
            return not found.get("isError") and not found["structuredContent"]["degraded"]

        wait_until(is_found, "a full answer of a tool")
        yield stack, str(row[0]), http


@pytest.fixture
def person(shop: tuple[Stack, str, httpx2.Client]) -> Person:
    """Somebody new, who is known to the gateway by now."""
    stack, product, http = shop
    session = stack.sign_up(f"{uuid.uuid4()}@example.org", PASSWORD)
    somebody = Person(stack, http, session["user"]["id"], session["access_token"], product=product)
    written = somebody.rest("POST", "/rest/v1/documents?select=id", json={"id": str(uuid.uuid4()), "title": "theirs"})
    assert written.status_code == 201, written.text
    found = somebody.rest("GET", "/rest/v1/documents?select=id")
    somebody.document = found.json()[0]["id"]
    order = somebody.rest("POST", "/rest/v1/rpc/purchase", json={"product_id": product, "idempotency_key": "first"})
    somebody.order = order.json()["id"]
    return somebody


@pytest.mark.parametrize("closing", CLOSINGS)
def test_every_door_is_shut_at_once(database: Database, person: Person, closing: str) -> None:
    statement, status, word = CLOSINGS[closing]
    # The gateway has verified the token, and keeps the claims for a minute.
    assert person.gateway("POST", "/v1/search", json={"query": "harbour", "mode": "keyword"}).status_code == 200
    with database.connect("supabase_admin") as admin:
        admin.execute(statement.encode(), (person.id,))
    answers = {**person.questions(), **person.everything()}
    assert {what: answer.status_code for what, answer in answers.items()} == dict.fromkeys(answers, status)
    silent = {what: answer.text for what, answer in answers.items() if f"account is {word}" not in answer.text}
    assert silent == {}, "each says why"


@pytest.mark.parametrize("closing", CLOSINGS)
def test_every_tool_of_the_mcp_server_is_shut_at_once(database: Database, person: Person, closing: str) -> None:
    statement, status, word = CLOSINGS[closing]
    with database.connect("supabase_admin") as admin:
        admin.execute(statement.encode(), (person.id,))
    answers = person.tools()
    assert set(answers) == {tool.name for tool in TOOLS}
    # A client learns from a 401 that it must sign in again; all else is a result that says what is wrong.
    shown = 401 if status == 401 else 200
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, shown)
    assert {name: answer.text for name, answer in answers.items() if f"account is {word}" not in answer.text} == {}


@pytest.mark.parametrize("closing", CLOSINGS)
def test_storage_knows_it_no_more(database: Database, person: Person, closing: str) -> None:
    assert person.upload("before.pdf").status_code == 200
    path = f"{FILES}/{person.document}/before.pdf"
    assert person.rest("GET", path).content == PDF
    with database.connect("supabase_admin") as admin:
        admin.execute(CLOSINGS[closing][0].encode(), (person.id,))
        refused = person.upload("after.pdf")
        # As Storage says it: a 400 whose body is a 403.
        assert (refused.json()["statusCode"], "row-level security" in refused.text) == ("403", True)
        assert 400 <= person.rest("GET", path).status_code < 500
        assert 400 <= person.rest("PUT", path, content=PDF).status_code < 500
        person.rest("DELETE", path)
        names = "select split_part(name, '/', 2) from storage.objects where name like %s"
        assert admin.execute(names, (f"{person.document}/%",)).fetchall() == [("before.pdf",)]


def test_an_open_account_does_all_of_it(person: Person) -> None:
    assert failures({**person.questions(), **person.tools(), **person.everything()}) == {}


def test_a_ban_that_is_lifted_opens_every_door(database: Database, person: Person) -> None:
    with database.connect("supabase_admin") as admin:
        for until in ("now() + interval '1 hour'", "null"):
            admin.execute(f"update auth.users set banned_until = {until} where id = %s".encode(), (person.id,))
            found = person.gateway("POST", "/v1/search", json={"query": "harbour", "mode": "keyword"})
            assert found.status_code == (200 if until == "null" else 403)
    assert failures(person.everything()) == {}


def test_others_notice_nothing(database: Database, shop: tuple[Stack, str, httpx2.Client], person: Person) -> None:
    stack, _, http = shop
    with database.connect("supabase_admin") as admin, database.connect() as people:
        people.execute(
            "insert into public.documents (title, visibility, owner_id) values ('for all', 'public', %s)", (person.id,)
        )
        admin.execute(CLOSINGS["banned"][0].encode(), (person.id,))
    visitor = http.get(
        f"{stack.supabase_url}/rest/v1/documents?select=title&title=eq.for%20all",
        headers={"apikey": stack.keys.publishable_key},
    )
    assert visitor.json() == [{"title": "for all"}], "what was public before stays so"
    assert http.post(f"{stack.gateway_url}/v1/search", json={"query": "harbour", "mode": "keyword"}).status_code == 200
