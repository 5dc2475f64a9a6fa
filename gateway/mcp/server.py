"""The server as the library has it: lists the tools and calls them. endpoint.py imports it when a client asks."""

import json
import logging
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    ToolAnnotations,
)
from mcp.types import Tool as ListedTool
from pydantic import ValidationError
from starlette.requests import Request

from gateway import __version__
from gateway.errors import GatewayError, UnauthenticatedError
from gateway.http.middleware import request_id_of
from gateway.http.problems import of_invalid_arguments
from gateway.mcp.catalogue import INSTRUCTIONS, TOOLS, Tool
from gateway.mcp.tools import Call, Tools

logger = logging.getLogger(__name__)

BY_NAME = {tool.name: tool for tool in TOOLS}
READ_ONLY = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
Context = ServerRequestContext[Any, Request]


def create_manager(tools: Tools, max_body_bytes: int) -> StreamableHTTPSessionManager:
    """What answers requests of any version of the protocol, each by itself: there are no sessions."""

    listed = {tool.name: _listed(tool) for tool in TOOLS}

    async def list_tools(_: Context, __: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=list(listed.values()))

    async def call_tool(context: Context, params: CallToolRequestParams) -> CallToolResult:
        tool = BY_NAME.get(params.name)
        if tool is None:
            raise MCPError(INVALID_PARAMS, "There is no tool of this name: list them.")
        assert context.request is not None, "every request comes over HTTP"
        return await _called(tools, tool, params.arguments or {}, context.request)

    server = Server(
        "tidegate",
        title="Tidegate",
        version=__version__,
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        get_tool_input_schema=lambda name: listed[name].input_schema if name in listed else None,
    )
    return StreamableHTTPSessionManager(
        server, json_response=True, stateless=True, max_request_body_size=max_body_bytes
    )


def _listed(tool: Tool) -> ListedTool:
    return ListedTool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.arguments.model_json_schema(),
        output_schema=tool.result.model_json_schema(mode="serialization"),
        annotations=READ_ONLY,
    )


async def _called(tools: Tools, tool: Tool, arguments: dict[str, Any], request: Request) -> CallToolResult:
    """The result of a tool; what goes wrong is a result as well, but for a token that is needed or does not hold."""
    call: Call = request.state.call
    try:
        result = await tools.run(tool.name, tool.arguments.model_validate(arguments), call)
    except ValidationError as error:
        return _failed(of_invalid_arguments(error, arguments))
    except UnauthenticatedError as error:
        request.state.refused = error  # the answer will be a 401, by which clients know that they must sign in
        return _failed(error)
    except GatewayError as error:
        return _failed(error)
    except Exception:
        logger.exception("tool %s failed, request %s", tool.name, request_id_of(request.scope))
        return _error(f"Something went wrong. It has been logged under the request id {request_id_of(request.scope)}.")
    content = result.model_dump(mode="json")
    # As text as well, for clients that do not read structured content.
    text = json.dumps(content, ensure_ascii=False)
    return CallToolResult(content=[TextContent(text=text)], structured_content=content)


def _failed(error: GatewayError) -> CallToolResult:
    words = [f"{error.title}: {error.detail}"]
    if len(error.fields) > 1:
        words += [f"{field.pointer}: {field.detail}" for field in error.fields]
    if "Retry-After" in error.headers and "Try again in" not in error.detail:
        words[0] = words[0].removesuffix(" Try again.")
        words.append(f"Try again in {error.headers['Retry-After']} s.")
    return _error("\n".join(words))


def _error(text: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=text)], is_error=True)
