"""What answers at /mcp, and what says how to sign in there (RFC 9728).

The library takes a second to import and 15 MB. So it is loaded when the first client asks, in a thread, and a gateway
that no chat client uses starts without it.
"""

import asyncio
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from gateway.errors import BadRequestError, ForbiddenError, UnauthenticatedError
from gateway.http.error_forms import MCP
from gateway.mcp.tools import Tools
from gateway.resilience.single_flight import SingleFlight

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

METADATA = "/.well-known/oauth-protected-resource"
HOST = re.compile(r"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")


class ResourceMetadata(BaseModel):
    """Who gives out tokens for the MCP server (RFC 9728)."""

    resource: str = Field(description="Address of the MCP server.")
    resource_name: str = "Tidegate"
    authorization_servers: list[str] = Field(description="The project's Supabase Auth.")
    bearer_methods_supported: list[str] = ["header"]
    scopes_supported: list[str] = Field(
        default=["email"],
        description="What to ask for: the least of Auth. Scopes say what of a person is told, not what may be read.",
    )


class McpEndpoint:
    """Answers requests of MCP clients."""

    def __init__(
        self, tools: Tools, *, issuer: str, public_url: str | None, origins: Sequence[str], max_body_bytes: int
    ) -> None:
        """Call `tools` for callers with tokens of `issuer`, and pages of these `origins`.

        Clients reach the gateway at `public_url`; None for wherever their requests say.
        """
        self.tools = tools
        self._issuer = issuer
        self._public_url = public_url
        self._origins = origins
        self._max_body_bytes = max_body_bytes
        self._start = SingleFlight(self._started)
        self._manager: StreamableHTTPSessionManager | None = None
        self._running: asyncio.Task[None] | None = None

    def metadata(self, request: Request) -> ResourceMetadata:
        """For whoever wants to sign in. BadRequestError for a Host that is none."""
        return ResourceMetadata(resource=f"{self._url(request)}{MCP}", authorization_servers=[self._issuer])

    def challenge(self, request: Request, error: UnauthenticatedError) -> UnauthenticatedError:
        """The error, with where to find out how to sign in."""
        where = f'Bearer resource_metadata="{self._url(request)}{METADATA}{MCP}"'
        known = error.headers["WWW-Authenticate"].removeprefix("Bearer ")
        has_token = "authorization" in request.headers
        error.headers["WWW-Authenticate"] = f"{where}, {known}" if has_token else where
        return error

    def check_origin(self, request: Request) -> None:
        """ForbiddenError for a page that may not call the gateway, such as one whose name was bound to its address."""
        origin = request.headers.get("origin")
        if origin is not None and "*" not in self._origins and origin not in self._origins:
            raise ForbiddenError("Pages of this origin may not call the gateway (CORS_ORIGINS).")

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        manager = self._manager or await self._start()
        await manager.handle_request(scope, receive, send)

    async def close(self) -> None:
        """End what was started."""
        await self._start.cancel()
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    def _url(self, request: Request) -> str:
        if self._public_url is not None:
            return self._public_url
        host = request.headers.get("host", "")
        if HOST.fullmatch(host) is None:
            raise BadRequestError("The header Host is not a name or address with a port.")
        return f"{request.url.scheme}://{host}"

    async def _started(self) -> "StreamableHTTPSessionManager":
        if self._manager is None:
            manager = await asyncio.to_thread(self._load)
            ready = asyncio.Event()
            self._running = asyncio.create_task(_run(manager, ready))
            await ready.wait()
            self._manager = manager
        return self._manager

    def _load(self) -> "StreamableHTTPSessionManager":
        from gateway.mcp.server import create_manager  # noqa: PLC0415  see above

        return create_manager(self.tools, self._max_body_bytes)


async def _run(manager: "StreamableHTTPSessionManager", ready: asyncio.Event) -> None:
    async with manager.run():
        ready.set()
        await asyncio.Event().wait()
