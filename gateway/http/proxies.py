"""What stands between clients and the gateway: proxies that say how a request came in, and that take it off on time."""

from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.admission.addresses import Addresses

SCHEMES = ("http", "https")
CLOSE = (b"connection", b"close")


class ForwardedMiddleware:
    """Believes X-Forwarded-Proto and X-Forwarded-Host of trusted proxies; addresses.py finds who asks."""

    def __init__(self, app: ASGIApp, addresses: Addresses, root_path: str) -> None:
        """Wrap `app`, which a proxy publishes under `root_path`: requests have their path without it by now."""
        self.app = app
        self.addresses = addresses
        self.root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        client = scope.get("client")
        scope["root_path"] = self.root_path
        if scope["type"] == "http" and self.addresses.is_trusted(client[0] if client else None):
            _forward(scope)
        await self.app(scope, receive, send)


def _forward(scope: Scope) -> None:
    scheme = _first(scope, b"x-forwarded-proto").decode("latin-1").lower()
    if scheme in SCHEMES:
        scope["scheme"] = scheme
    host = _first(scope, b"x-forwarded-host")
    if host:
        others = [(name, value) for name, value in scope["headers"] if name != b"host"]
        scope["headers"] = [*others, (b"host", host)]


def _first(scope: Scope, wanted: bytes) -> bytes:
    """The header's first value: what the outermost proxy was asked."""
    value: bytes = next((value for name, value in scope["headers"] if name == wanted), b"")
    return value.partition(b",")[0].strip()


class DrainMiddleware:
    """While the gateway drains, an answer ends its connection: the next one is opened elsewhere."""

    def __init__(self, app: ASGIApp, is_draining: Callable[[], bool]) -> None:
        """Wrap `app`."""
        self.app = app
        self.is_draining = is_draining

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def send_and_close(message: Message) -> None:
            if message["type"] == "http.response.start" and self.is_draining():
                message["headers"] = [*message["headers"], CLOSE]
            await send(message)

        await self.app(scope, receive, send_and_close)


class HeadMiddleware:
    """Answers HEAD as GET (RFC 9110, 9.3.2). The server leaves the body out, since it knows the method as it was."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`, which holds routes and nothing that looks at the method."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return
        got = {**scope, "method": "GET"}
        try:
            await self.app(got, receive, send)
        finally:
            scope["route"] = got.get("route")  # for the log and the metrics
