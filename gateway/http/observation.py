"""What is known of every request, in plain ASGI: its id, trace and times, a line of the log, a part of the metrics."""

import logging
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.http.load_shedding import ANSWERS, REQUEST_ID, UNCOUNTED
from gateway.resilience.current_request import CurrentRequest, serving
from gateway.resilience.request_metrics import CLIENT_RETRIES, answered
from gateway.resilience.spans import SERVER, TRACE_HEADERS, following, span, tell_request

access_logger = logging.getLogger("gateway.access")

NO_ROUTE = "none"
"""The route of requests that were refused before one was found, and of paths that have none."""
TIMED = frozenset({"/v1/search", "/v1/recommendations", *ANSWERS})
"""Paths whose answers say what they have waited for (Server-Timing)."""
NAMES_OF_TRACE = frozenset(name.encode() for name in TRACE_HEADERS)
Header = tuple[bytes, bytes]


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
        given, of_trace, is_retry = _told(scope)
        request = CurrentRequest(given if REQUEST_ID.fullmatch(given) else self.make_id())
        scope.setdefault("state", {})["request_id"] = request.id
        started = time.perf_counter()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message["headers"], (b"x-request-id", request.id.encode())]
                if scope["path"] in TIMED:
                    headers += _timing(request.spent_s, time.perf_counter() - started, headers)
                message["headers"] = headers
            await send(message)

        with following(of_trace), _span(scope), serving(request):
            try:
                await self.app(scope, receive, send_with_headers)
            finally:
                _tell(scope, request, status, time.perf_counter() - started, is_retry=is_retry)


def _told(scope: Scope) -> tuple[str, dict[str, str], bool]:
    """What the headers say: request id, if any, those of the trace, and whether an SDK has sent the request before."""
    request_id, of_trace, is_retry = "", {}, False
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            request_id = value.decode("latin-1")
        elif name in NAMES_OF_TRACE:
            of_trace[name.decode()] = value.decode("latin-1")
        elif name == b"x-retry-count":
            is_retry = value.isdigit() and int(value[:9]) > 0
    return request_id, of_trace, is_retry


def _span(scope: Scope) -> AbstractContextManager[None]:
    """The span of the request; those about health have none. Its query string says what somebody looks at."""
    if scope["path"] in UNCOUNTED:
        return nullcontext()
    method = scope["method"]
    return span(method, SERVER, http__request__method=method, url__scheme=scope["scheme"], url__path=scope["path"])


def _timing(spent_s: Mapping[str, float], took_s: float, answer: Iterable[Header]) -> list[Header]:
    """Server-Timing, for the pages that may read the answer."""
    parts = ", ".join(f"{part};dur={1000 * seconds:.1f}" for part, seconds in [*spent_s.items(), ("total", took_s)])
    origins = [value for name, value in answer if name == b"access-control-allow-origin"]
    return [(b"server-timing", parts.encode()), *((b"timing-allow-origin", origin) for origin in origins)]


def _tell(scope: Scope, request: CurrentRequest, status: int, took_s: float, *, is_retry: bool) -> None:
    """Say in the metrics and in the log what became of the request."""
    # The route's pattern: a path may hold what a caller wrote.
    route = getattr(scope.get("route"), "path", NO_ROUTE)
    answered(route, status, took_s)
    tell_request(scope["method"], route, status, scope["state"].get("problem"))
    if is_retry:
        CLIENT_RETRIES.labels(route).inc()
    if not access_logger.isEnabledFor(logging.INFO):
        return
    asker = scope["state"].get("asker")
    fields = {} if asker is None else asker.fields
    if request.person is not None:
        fields["person"] = request.person
    fields |= {"route": route, "status": status, "duration_ms": round(1000 * took_s, 1)}
    fields["degradations"] = request.degradations
    access_logger.info("%s %s", scope["method"], scope["path"], extra={"fields": fields})
