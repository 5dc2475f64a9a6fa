"""What surrounds every request, in plain ASGI: a bounded body, a deadline, and no exception that gets away."""

import asyncio
import logging
from collections.abc import Callable, Mapping

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.errors import (
    BadRequestError,
    GatewayError,
    PayloadTooLargeError,
    UploadTimeoutError,
)
from gateway.http.load_shedding import UPLOADS, is_work
from gateway.http.problems import as_gateway_error, problem_response
from gateway.resilience import allow
from gateway.resilience.request_metrics import CLIENT_DISCONNECTS

logger = logging.getLogger(__name__)


class ErrorBoundaryMiddleware:
    """Answers what no handler caught. Inside CORS, so that a browser may read even a 500."""

    def __init__(self, app: ASGIApp, headers_of: Callable[[Scope], Mapping[str, str]] = lambda _: {}) -> None:
        """Wrap `app`. `headers_of` has further headers for an error, where nothing around this adds them."""
        self.app = app
        self.headers_of = headers_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        started = False

        async def note_start(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            await self.app(scope, receive, note_start)
        except Exception as error:
            if started:
                raise  # the server closes the connection: half an answer must not look whole
            if not isinstance(error, GatewayError):
                logger.exception("request %s failed", request_id_of(scope), extra={"tags": _tags(scope)})
            response = problem_response(scope, as_gateway_error(error))
            response.headers.update(self.headers_of(scope))
            await response(scope, receive, send)


def request_id_of(scope: Scope) -> str:
    """What the request is called in answers and in the log; empty before it has a name."""
    return str(scope.get("state", {}).get("request_id", ""))


def _tags(scope: Scope) -> dict[str, str]:
    # The route's pattern: a path may hold what a caller wrote.
    route = getattr(scope.get("route"), "path", "")
    return {"request_id": request_id_of(scope), "method": scope["method"], "route": route}


class DeadlineMiddleware:
    """Gives each request its time, which everything that it starts then shares."""

    def __init__(self, app: ASGIApp, seconds: float, longer: Mapping[str, float]) -> None:
        """Wrap `app`; requests for the paths of `longer` have the seconds that stand there."""
        self.app = app
        self.seconds = seconds
        self.longer = longer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)  # what starts with the application goes on for as long as that
            return
        with allow(self.longer.get(scope.get("path", ""), self.seconds)):
            await self.app(scope, receive, send)


class ClientDisconnectMiddleware:
    """Ends the work for a client that has gone: nobody would read its answer, and others wait for the place it holds.

    uvicorn lets a handler go on; what it started in the database is cancelled with it.
    """

    def __init__(self, app: ASGIApp, applies: Callable[[str], bool] = is_work) -> None:
        """Wrap `app`. `applies` says for which paths."""
        self.app = app
        self.applies = applies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as long as somebody waits for it."""
        if scope["type"] != "http" or not self.applies(scope["path"]):
            await self.app(scope, receive, send)
            return
        work = asyncio.current_task()
        watch: asyncio.Task[None] | None = None
        answered = gone = False

        async def notice() -> None:
            nonlocal gone
            while (await receive())["type"] != "http.disconnect":
                pass
            if work is not None and not answered:
                gone = True
                work.cancel()

        async def receive_and_watch() -> Message:
            nonlocal watch
            message = await receive()
            if watch is None and message["type"] == "http.request" and not message.get("more_body", False):
                watch = asyncio.create_task(notice())  # all of it is here: what comes now is the client's leaving
            return message

        async def send_and_note(message: Message) -> None:
            nonlocal answered
            # Noted first: the server reports a whole answer in the same way as a client's leaving.
            answered = message["type"] == "http.response.body" and not message.get("more_body", False)
            await send(message)

        try:
            await self.app(scope, receive_and_watch, send_and_note)
        except asyncio.CancelledError:
            if work is None or not gone:
                raise
            CLIENT_DISCONNECTS.inc()
            work.uncancel()
        finally:
            if watch is not None:
                watch.cancel()


class BodyMiddleware:
    """Has the whole body here before anything is done with it, within `limit` bytes and `seconds`.

    The server's connections do that already, where they are the gateway's own; then this only looks.
    """

    def __init__(self, app: ASGIApp, limit: int, upload_limit: int, seconds: float) -> None:
        """Wrap `app`; a request that brings files may have `upload_limit` bytes."""
        self.app = app
        self.limit = limit
        self.upload_limit = upload_limit
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; PayloadTooLargeError, BadRequestError, UploadTimeoutError."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        declared = headers.get("content-length")
        is_upload = scope["path"] == UPLOADS
        limit = self.upload_limit if is_upload else self.limit
        if declared is not None:
            if not (declared.isascii() and declared.isdigit()):
                raise BadRequestError("The header Content-Length is not a number.")
            if int(declared) > limit:
                raise PayloadTooLargeError(limit, is_upload=is_upload)
        if declared not in (None, "0") or "transfer-encoding" in headers:
            receive = await self._read(scope, receive, limit, is_upload=is_upload)
        await self.app(scope, receive, send)

    async def _read(self, scope: Scope, receive: Receive, limit: int, *, is_upload: bool) -> Receive:
        messages: list[Message] = []
        size = 0
        more = True
        try:
            async with asyncio.timeout(self.seconds):
                while more:
                    message = await receive()
                    messages.append(message)
                    size += len(message.get("body", b""))
                    if size > limit:
                        raise PayloadTooLargeError(limit, is_upload=is_upload)
                    more = message["type"] == "http.request" and message.get("more_body", False)
        except TimeoutError as error:
            raise UploadTimeoutError(self.seconds, size) from error
        scope.setdefault("state", {})["body_bytes"] = size
        replay = iter(messages)

        async def replayed() -> Message:
            return next(replay, None) or await receive()

        return replayed
