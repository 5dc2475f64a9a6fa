"""What is known of every request, in plain ASGI: its id, a line of the log, and its part of the metrics."""

import logging
import secrets
import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.http.load_shedding import REQUEST_ID
from gateway.resilience.request_metrics import CLIENT_RETRIES, answered
from gateway.resilience.spans import following

access_logger = logging.getLogger("gateway.access")

NO_ROUTE = "none"
"""The route of requests that were refused before one was found, and of paths that have none."""


class ObservationMiddleware:
    """Gives each request an id: the client's X-Request-Id if it is a plain one, else a random one. Tells of its end."""

    def __init__(self, app: ASGIApp, make_id: Callable[[], str] = lambda: secrets.token_hex(16)) -> None:
        """Wrap `app`."""
        self.app = app
        self.make_id = make_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given, traceparent, is_retry = _told(scope)
        request_id = given if REQUEST_ID.fullmatch(given) else self.make_id()
        scope.setdefault("state", {})["request_id"] = request_id
        started = time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            with following(traceparent):
                await self.app(scope, receive, send_with_id)
        finally:
            took_s = time.perf_counter() - started
            # The route's pattern: a path may hold what a caller wrote.
            route = getattr(scope.get("route"), "path", NO_ROUTE)
            answered(route, status, took_s)
            if is_retry:
                CLIENT_RETRIES.labels(route).inc()
            # %r: a path may hold line breaks, which must not forge lines of the log.
            access_logger.info("%s %r %d %.1f ms %s", scope["method"], scope["path"], status, 1000 * took_s, request_id)


def _told(scope: Scope) -> tuple[str, str, bool]:
    """What the headers say: request id and trace, empty without one, and whether an SDK has sent the request before."""
    request_id, traceparent, is_retry = "", "", False
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            request_id = value.decode("latin-1")
        elif name == b"traceparent":
            traceparent = value.decode("latin-1")
        elif name == b"x-retry-count":
            is_retry = value.isdigit() and int(value[:9]) > 0
    return request_id, traceparent, is_retry
