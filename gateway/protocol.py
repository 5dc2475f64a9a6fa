"""HTTP/1.1 as uvicorn speaks it, with the bounds that it leaves to a proxy: of headers, and of the time a request takes
to arrive. Without them one client fills the memory with a header that never ends, or keeps connections for ever."""

import logging
import secrets
from asyncio import BaseTransport, TimerHandle
from collections.abc import Sequence
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from gateway.cross_origin import refusal_headers
from gateway.errors import (
    BadRequestError,
    GatewayError,
    HeadersTooLargeError,
    OverloadedError,
    RequestTimeoutError,
)
from gateway.problems import problem_response
from gateway.resilience.limiter import ConcurrencyLimiter
from gateway.resilience.metrics import SHED
from gateway.shedding import PLAIN_METHODS, header_lines, is_plain, refusal

logger = logging.getLogger(__name__)
access_logger = logging.getLogger("gateway.access")

# Everything of a request but its body: request line, headers, the marks between chunks, trailers.
MAX_HEAD_BYTES = 65_536


class BoundedProtocol(HttpToolsProtocol):
    """One connection. What cannot be read as HTTP is answered by a problem as well, and ends the connection."""

    request_s = 20.0
    """Seconds that a request may take to arrive."""
    limiter: ConcurrencyLimiter | None = None
    """Says when plain requests are refused here, which costs a fraction of what the application's refusal does."""
    cors_origins: Sequence[str] = ()
    """Origins whose pages may read a refusal."""
    linger_s = 1.0
    """Seconds that a client has to read why it is refused; closed while it still sends, it would see a reset."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As uvicorn makes one per connection."""
        super().__init__(*args, **kwargs)
        self._head_bytes = 0
        self._in_body = False
        self._is_shed = False
        self._refusal: GatewayError | None = None
        self._is_over = False
        self._clock: TimerHandle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        """Begin to wait for a request."""
        super().connection_made(cast(Any, transport))
        self._start_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_clock()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, as far as a request may go."""
        if self._is_over:
            return
        self._start_clock()
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes > MAX_HEAD_BYTES and not self._is_over:
            self._refuse(HeadersTooLargeError(MAX_HEAD_BYTES))

    def on_headers_complete(self) -> None:
        """Hand the request on, unless its headers came at once and are too long."""
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > MAX_HEAD_BYTES:
            self._refusal = HeadersTooLargeError(MAX_HEAD_BYTES)
            raise self._refusal  # to the parser, which gives up and has send_400_response answer
        if self._is_to_be_shed():
            self._is_shed = True
            return
        super().on_headers_complete()
        self._in_body = True

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body, which has a limit of its own."""
        self._head_bytes -= len(body)
        if not self._is_shed:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is here; uvicorn's keep-alive limits the wait for the next."""
        self._stop_clock()
        self._head_bytes = 0
        self._in_body = False
        if self._is_shed:
            self._shed()
        else:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on with the connection; while requests wait on it no more are read, or they would fill the memory."""
        super().on_response_complete()
        if self.pipeline:
            self.flow.pause_reading()

    def _is_to_be_shed(self) -> bool:
        return (
            self.limiter is not None
            and self.limiter.would_refuse()
            and getattr(self.cycle, "response_complete", True)  # nothing before it on this connection is open
            and not self.flow.write_paused  # whoever does not read is made to wait by the application
            and self.parser.get_method() in PLAIN_METHODS
            and self.parser.should_keep_alive()
            and is_plain(self.url, self.headers)
        )

    def _shed(self) -> None:
        """Refuse a request without having made anything for it, and wait for the next."""
        self._is_shed = False
        SHED.inc()
        answer, request_id = refusal(self.url)
        method = self.parser.get_method().decode("ascii")
        access_logger.info("%s %r 503 0.0 ms %s", method, self.url.partition(b"?")[0].decode("ascii"), request_id)
        self.transport.write(
            STATUS_LINE[OverloadedError.status] + header_lines(self.server_state.default_headers) + answer
        )
        self.on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what the parser gave up."""
        self._refuse(self._refusal or BadRequestError("The request is not HTTP/1.1 as RFC 9112 has it."))

    def _start_clock(self) -> None:
        if self._clock is None:
            self._clock = self.loop.call_later(self.request_s, self._give_up)

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _give_up(self) -> None:
        if self._head_bytes == 0:
            self.transport.close()  # nothing was asked
        else:
            self._refuse(RequestTimeoutError(self.request_s))

    def _refuse(self, error: GatewayError) -> None:
        if self._in_body and self.cycle.response_started:
            self.transport.close()  # one request, one answer
            return
        request_id = secrets.token_hex(16)
        logger.info("%d %s %s", error.status, error.detail, request_id)
        response = problem_response({"state": {"request_id": request_id}}, error)
        response.headers["X-Request-Id"] = request_id
        response.headers["Connection"] = "close"
        response.headers.update(refusal_headers(self.cors_origins, self.headers or ()))
        headers = [*self.server_state.default_headers, *response.raw_headers]
        self.transport.write(STATUS_LINE[error.status] + header_lines(headers) + b"\r\n" + bytes(response.body))
        self._end()

    def _end(self) -> None:
        """Take nothing more from the client, and end the connection unless the client does."""
        self._is_over = True
        if self._in_body:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self._stop_clock()
        self._clock = self.loop.call_later(self.linger_s, self.transport.close)
