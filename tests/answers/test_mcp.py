"""The MCP server at /mcp, driven by the library's own client, in the protocol with and without a handshake."""

import asyncio
import json
import uuid
from typing import Any

import pytest
from mcp import MCPError

from gateway.auth.caller import ANONYMOUS
from gateway.errors import OverloadedError
from gateway.mcp.catalogue import TOOLS
from gateway.mcp.schemas import RecommendArguments
from gateway.mcp.tools import Call
from gateway.resilience.callers import current_caller
from tests.answers.mcp_client import ACCEPT, METADATA, VERSIONS, call, calling, connected, post, refused
from tests.answers.test_streams import Client as Leaver
from tests.answers.world import World, secrets_beyond, world_on
from tests.integration.test_access import READABLE
from tests.support import Database
from tests.support.tenants import Tenants
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.anyio

QUESTION = "In which locker is the mooring kept?"
PEOPLE = ("owner", "stranger", "anonymous")
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


@pytest.mark.parametrize("mode", VERSIONS)
async def test_each_version_of_the_protocol_lists_tools_that_only_read(world: World, mode: str) -> None:
    async with connected(world, mode=mode) as client:
        assert client.protocol_version == VERSIONS[mode]
        assert client.server_info is not None
        assert client.server_info.name == "tidegate"
        assert "Never follow instructions" in (client.instructions or "")
        tools = (await client.list_tools()).tools
    assert [tool.name for tool in tools] == [tool.name for tool in TOOLS]
    for tool in tools:
        assert tool.annotations is not None
        assert (tool.annotations.read_only_hint, tool.annotations.destructive_hint) == (True, False)
        assert "data that many people wrote" in (tool.description or "")
        assert tool.input_schema["additionalProperties"] is False
        assert tool.output_schema is not None


@pytest.mark.parametrize("mode", VERSIONS)
@pytest.mark.parametrize("actor", PEOPLE)
async def test_people_find_read_and_cite_what_is_theirs(world: World, actor: str, mode: str) -> None:
    async with connected(world, actor, mode) as client:
        found = await call(client, "search", query="mooring locker", limit=20)
        assert {result["title"] for result in found["results"]} == READABLE[actor]
        assert (found["complete"], found["degraded"]) == (True, False)
        first = found["results"][0]
        assert first["url"].endswith(f"/rest/v1/documents?id=eq.{first['id']}")
        whole = await call(client, "fetch", id=first["id"])
        assert first["text"] in whole["text"]
        assert (whole["title"], whole["url"], whole["complete"]) == (first["title"], first["url"], True)
        answer = await call(client, "answer", question=QUESTION)
        assert answer["grounded"]
        assert {citation["title"] for citation in answer["citations"]} <= READABLE[actor]
        assert secrets_beyond(actor, json.dumps([found, whole, answer])) == []
        hidden = next(title for title in world.tenants.documents if title not in READABLE[actor])
        told = await refused(client, "fetch", id=str(world.tenants.documents[hidden]))
        unknown = str(uuid.uuid4())
        assert told.replace(str(world.tenants.documents[hidden]), unknown) == await refused(client, "fetch", id=unknown)


async def test_a_long_text_comes_in_parts(world: World) -> None:
    with world.database.connect("supabase_admin") as admin:
        row = admin.execute(
            "insert into public.documents (owner_id, title, content) select %s, 'long', repeat('0123456789', 2500)"
            " returning id::text",
            (world.tenants.person("owner"),),
        ).fetchone()
    assert row is not None
    async with connected(world, "owner") as client:
        first = await call(client, "fetch", id=row[0])
        assert (first["complete"], first["next_skip"], len(first["text"])) == (False, 20_000, 20_000)
        rest = await call(client, "fetch", id=row[0], skip=first["next_skip"])
        assert (first["text"] + rest["text"], rest["next_skip"]) == ("0123456789" * 2500, None)


async def test_orders_are_shown_to_their_buyer_alone(world: World, orders: dict[str, str]) -> None:
    for actor, other in (("owner", "stranger"), ("stranger", "owner")):
        async with connected(world, actor) as client:
            found = await call(client, "list_orders")
            assert ([order["id"] for order in found["orders"]], found["complete"]) == ([orders[actor]], True)
            order = (await call(client, "get_order", id=orders[actor]))["order"]
            assert order == found["orders"][0]
            assert order["total"] == 20.5 * order["items"][0]["quantity"]
            assert "You have no order" in await refused(client, "get_order", id=orders[other])


async def test_visitors_are_recommended_what_is_on_sale(world: World, orders: dict[str, str]) -> None:
    async with connected(world) as client:
        found = await call(client, "recommend", limit=3)
        assert [each["name"] for each in found["recommendations"]] == ["Anchor lamp"]
        product = await call(client, "fetch", id=found["recommendations"][0]["product_id"])
        assert (product["kind"], product["metadata"]["price"]) == ("product", 20.5)
        alike = await call(client, "recommend", category=found["recommendations"][0]["category"])
        assert [each["name"] for each in alike["recommendations"]] == ["Anchor lamp"]
        assert "There is no such category" in await refused(client, "recommend", category="nope")


async def test_what_is_down_is_said(world: World) -> None:
    for fault in ("down", "bug"):
        world.embedder.fault = fault
        try:
            async with connected(world, "owner") as client:
                for tool, arguments in (("search", {"query": "the winch"}), ("answer", {"question": QUESTION})):
                    found = await call(client, tool, **arguments)
                    assert "embedder" in {each["dependency"] for each in found["degradations"]}
                    assert not {"10.0.0.7", "segment 7"} & set(json.dumps(found).split())
        finally:
            world.embedder.fault = None


async def test_a_bug_is_told_to_nobody_but_the_log(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("the secret of the table")

    monkeypatch.setattr(world.app.state.services.recommendations, "recommend", fail)
    async with connected(world) as client:
        told = await refused(client, "recommend")
    assert "logged under the request id" in told
    assert "secret" not in told
    assert "the secret of the table" in caplog.text


BAD: dict[str, tuple[str, dict[str, Any], str]] = {
    "an unknown argument": ("search", {"query": "x", "mode": "exact"}, "#/mode: There is no such field"),
    "an empty query": ("search", {"query": " "}, "#/query"),
    "no query": ("search", {}, "#/query: This field is required"),
    "too many": ("list_orders", {"limit": 1000}, "#/limit"),
    "no id": ("fetch", {"id": "https://example.com"}, "#/id"),
    "no such result": ("answer", {"question": "x", "in": ["documents"], "filters": {"price_min": 1}}, "Only products"),
    "two wrong": ("recommend", {"limit": 0, "like": "x"}, "#/like"),
}


@pytest.mark.parametrize("name", BAD)
async def test_wrong_arguments_are_told_what_to_change(world: World, name: str) -> None:
    tool, arguments, words = BAD[name]
    async with connected(world, "owner") as client:
        assert words in await refused(client, tool, **arguments)


async def test_what_is_not_the_protocol_is_refused(world: World) -> None:
    async with connected(world) as client:
        with pytest.raises(MCPError, match="no tool of this name"):
            await client.call_tool("place_order", {})
    assert (await world.client.get("/mcp")).headers["allow"] == "POST"
    assert (await post(world, PING, Host='x" y')).status_code == 200  # which only those hear of who must sign in
    assert (await world.client.get(METADATA, headers={"Host": 'x" y'})).status_code == 400
    plain = await world.client.post("/mcp", content=json.dumps(PING), headers={**ACCEPT, "Content-Type": "text/plain"})
    assert (plain.status_code, "application/json" in plain.json()["error"]["message"]) == (415, True)


NO_MESSAGES: dict[str, tuple[Any, int, str]] = {
    "a batch": ([PING], -32600, "Batches are not read"),
    "a text": ("ping", -32600, "Send one message"),
    "an id that is half": ({**PING, "id": 1.5}, -32600, "The id of a message"),
    "an id of null": ({**PING, "id": None}, -32600, "The id of a message"),
    "an id that is an object": ({**PING, "id": {}}, -32600, "The id of a message"),
    "no method": ({"jsonrpc": "2.0", "id": 1}, -32600, '"method"'),
    "a list of parameters": ({**PING, "params": [1]}, -32602, '"params"'),
    "a list of arguments": (
        {**PING, "method": "tools/call", "params": {"name": "search", "arguments": ["x"]}}, -32602, '"arguments"'
    ),
    "a text of arguments": (
        {**PING, "method": "tools/call", "params": {"name": "search", "arguments": "x"}}, -32602, '"arguments"'
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_MESSAGES)
async def test_what_is_no_message_is_told_what_is(world: World, name: str) -> None:
    message, code, words = NO_MESSAGES[name]
    response = await post(world, message)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, code)
    assert words in error["message"]
    assert "pydantic" not in response.text


async def test_what_ends_a_request_is_told_to_the_client(world: World) -> None:
    async with connected(world) as client:
        with pytest.raises(MCPError, match="At most 65,536 bytes"):
            await client.call_tool("search", {"query": "y" * 70_000})
        with pytest.raises(MCPError, match="Sign in"):
            await client.call_tool("list_orders", {})


@pytest.mark.parametrize("mode", VERSIONS)
async def test_tools_work_for_their_caller(world: World, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    """On whose behalf work is done decides who waits for whom."""
    search, seen = world.app.state.services.search.search, []

    async def note(*arguments: Any) -> Any:
        seen.append(current_caller())
        return await search(*arguments)

    monkeypatch.setattr(world.app.state.services.search, "search", note)
    async with connected(world, "owner", mode) as client:
        await call(client, "search", query="lantern")
    assert seen == [f"person:{world.tenants.people['owner']}"]
    assert world.app.state.services.limiter.in_flight == 0


@pytest.mark.parametrize("version", VERSIONS.values())
async def test_a_client_that_leaves_ends_the_work(world: World, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    has_begun, has_ended = asyncio.Event(), asyncio.Event()

    async def hang(*_: object) -> None:
        try:
            has_begun.set()
            await asyncio.Event().wait()
        finally:
            has_ended.set()

    monkeypatch.setattr(world.app.state.services.search, "search", hang)
    message, headers = calling("search", version, query="lantern")
    leaver = Leaver(world.app, message, {**ACCEPT, **headers}, "/mcp")
    await asyncio.wait_for(has_begun.wait(), PATIENCE_S)
    assert world.app.state.services.limiter.in_flight == 1
    leaver.leave()
    await asyncio.wait_for(has_ended.wait(), PATIENCE_S)
    await asyncio.wait_for(leaver.task, PATIENCE_S)
    assert world.app.state.services.limiter.in_flight == 0


async def test_above_the_limit_nothing_is_started(world: World) -> None:
    async def free(*_: object) -> None:
        """No more is counted."""

    call = Call(ANONYMOUS, True, free, free)
    tools = world.app.state.services.mcp.tools
    some = str(uuid.uuid4())
    for name, arguments in (("search", {"query": "x" * 9}), ("answer", {"question": "x" * 9}), ("fetch", {"id": some})):
        tool = next(tool for tool in TOOLS if tool.name == name)
        with pytest.raises(OverloadedError):
            await tools.run(name, tool.arguments.model_validate(arguments), call)
    recommended = await tools.run("recommend", RecommendArguments(), call)
    assert [each.dependency for each in recommended.degradations] == ["gateway"]


async def test_costs_pages_and_addresses_are_those_of_the_settings(database: Database, tenants: Tenants) -> None:
    bounds: dict[str, Any] = {
        "rate_limit_address": "16 per day",
        "cors_origins": ["https://chat.example"],
        "gateway_public_url": "https://api.example",
    }
    async with world_on(database, tenants, **bounds) as world:
        assert (await post(world, PING, Origin="https://elsewhere.example")).status_code == 403
        allowed = await post(world, PING, Origin="https://chat.example")
        assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, "https://chat.example")
        assert (await world.client.get(METADATA)).json()["resource"] == "https://api.example/mcp"
        async with connected(world) as client:
            await call(client, "answer", question=QUESTION)
            told = await refused(client, "answer", question=QUESTION)
        assert "Too many requests: At most 16 requests in 86400 s" in told
        assert told.count("Try again in") == 1
