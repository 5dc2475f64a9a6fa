"""The official library's client of the MCP server, and messages as any HTTP client sends them."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, TextContent

from tests.answers.world import World

URL = "http://gateway.test/mcp"
METADATA = "http://gateway.test/.well-known/oauth-protected-resource"
VERSIONS = {"legacy": "2025-11-25", "auto": "2026-07-28"}
ACCEPT = {"Accept": "application/json, text/event-stream"}


@asynccontextmanager
async def connected(world: World, actor: str = "anonymous", mode: str = "auto") -> AsyncIterator[Client]:
    """A client with the person's token."""
    transport = httpx2.ASGITransport(world.app, raise_app_exceptions=False)
    async with (
        httpx2.AsyncClient(transport=transport, headers=world.headers(actor)) as http,
        Client(streamable_http_client(URL, http_client=http), mode=mode) as client,
    ):
        yield client


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """What a tool gives, which its text says as well."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, text_of(result)
    found: dict[str, Any] = result.structured_content
    assert json.loads(text_of(result)) == found
    assert found["degraded"] == bool(found["degradations"])
    return found


async def refused(client: Client, tool: str, **arguments: Any) -> str:
    """What a tool says that gives nothing."""
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    assert result.structured_content is None
    return text_of(result)


def text_of(result: CallToolResult) -> str:
    """The one text of a result."""
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


async def post(world: World, message: Any, **headers: str) -> httpx2.Response:
    """A message as any HTTP client sends it."""
    return await world.client.post("/mcp", json=message, headers={**ACCEPT, **headers})


def calling(tool: str, version: str, **arguments: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """A call of a tool as any HTTP client sends it: body and headers."""
    meta = {
        "io.modelcontextprotocol/protocolVersion": version,
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    }
    params = {"name": tool, "arguments": arguments, "_meta": meta}
    headers = {"MCP-Protocol-Version": version, "Mcp-Method": "tools/call", "Mcp-Name": tool}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}, headers
