"""POST /mcp, and where its clients learn who gives out tokens."""

from functools import partial
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request, Response
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from gateway.auth.caller import Caller
from gateway.errors import UnauthenticatedError, UnsupportedMediaTypeError
from gateway.http.dependencies import StaleOnly, charge, current_caller, leave_place
from gateway.http.error_forms import MCP
from gateway.http.openapi import NO_TOKEN, problems
from gateway.mcp.endpoint import METADATA, McpEndpoint, ResourceMetadata
from gateway.mcp.messages import refused
from gateway.mcp.tools import Call

router = APIRouter(tags=["mcp"])


async def _endpoint(request: Request) -> McpEndpoint:
    return cast(McpEndpoint, request.app.state.services.mcp)


Endpoint = Annotated[McpEndpoint, Depends(_endpoint)]


async def _caller(request: Request, endpoint: Endpoint) -> Caller:
    endpoint.check_origin(request)
    try:
        return await current_caller(request)
    except UnauthenticatedError as error:
        raise endpoint.challenge(request, error) from error


class McpResponse(Response):
    """What the library answers; an error that ends the request in place of it is raised."""

    def __init__(self, endpoint: McpEndpoint, request: Request, body: bytes) -> None:
        """Have `endpoint` answer `request`, whose `body` was read."""
        super().__init__()
        self._endpoint = endpoint
        self._request = request
        self._message = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer. UnauthenticatedError."""
        state = self._request.state
        state.refused = None
        unread = [self._message]

        async def receive_again() -> Message:
            return {"type": "http.request", "body": unread.pop(), "more_body": False} if unread else await receive()

        async def send_unless_refused(message: Message) -> None:
            if state.refused is None:
                await send(message)

        await self._endpoint.serve(scope, receive_again, send_unless_refused)
        if state.refused is not None:
            raise self._endpoint.challenge(self._request, state.refused)


@router.post(MCP, include_in_schema=False)
async def mcp(
    request: Request, endpoint: Endpoint, caller: Annotated[Caller, Depends(_caller)], stale_only: StaleOnly
) -> Response:
    """One message of the Model Context Protocol, answered as JSON. There are no sessions and no streams."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise UnsupportedMediaTypeError("Send a message with the header Content-Type: application/json.")
    body = await request.body()
    if answer := refused(body):
        return JSONResponse(answer, 400)
    request.state.call = Call(caller, stale_only, partial(charge, request), partial(leave_place, request))
    return McpResponse(endpoint, request, body)


@router.get(
    f"{METADATA}{MCP}",
    operation_id="get_mcp_resource",
    summary="Say who gives out tokens",
    responses=problems(429),
    openapi_extra=NO_TOKEN,
)
@router.get(
    METADATA,
    operation_id="get_resource",
    summary="Say who gives out tokens",
    responses=problems(429),
    openapi_extra=NO_TOKEN,
)
async def resource_metadata(request: Request, endpoint: Endpoint) -> ResourceMetadata:
    """For clients of the MCP server at /mcp that want to sign in: RFC 9728."""
    return endpoint.metadata(request)
