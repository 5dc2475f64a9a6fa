"""One connection to the gateway, apart from what is said on it: its place, and the patience with whoever is slow."""

import logging
from asyncio import BaseTransport, TimerHandle
from collections.abc import Callable, Sequence
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.protocols.utils import get_remote_addr

from gateway.admission.admission import Admission, Asker
from gateway.admission.connections import Connections
from gateway.errors import GatewayError, TooManyAtOnceError
from gateway.http.cross_origin import refusal_headers
from gateway.http.load_shedding import (
    LIVE,
    READY,
    has_short_body,
    header,
    header_lines,
    health_answer,
    new_request_id,
    path_of,
    refusal,
)
from gateway.resilience.request_metrics import CONNECTIONS_REFUSED, REFUSED

logger = logging.getLogger(__name__)

# Pieces of a body: so many, and one more for each so many bytes.
FREE_PIECES, PIECE_BYTES = 1_024, 64
TOO_MANY = TooManyAtOnceError(
    "There are too many connections (CONNECTIONS_PER_ADDRESS, MAX_CONNECTIONS). Close some, or try again later."
)


class CountedConnection(HttpToolsProtocol):
    """A connection that has its place among others and is given up when its client is too slow."""

    request_s = 20.0
    """Seconds that a request may take to arrive, and an answer to be read."""
    open_connections: Connections | None = None
    admission: Admission | None = None
    cors_origins: Sequence[str] = ()
    """Origins whose pages may read a refusal."""
    public_path = b""
    """What a proxy that does not take it off puts before each path."""
    was_ready: Callable[[], bool] = staticmethod(lambda: False)
    """Whether searches could be answered a moment ago."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As uvicorn makes one per connection."""
        super().__init__(*args, **kwargs)
        self.has_answered = False
        self._pieces = self._body_bytes = 0  # of the request that is being read
        self._who: Asker | None = None
        self._running: Any = None  # the request that the application answers
        self._health: str | None = None  # the path of a question that is answered here
        self._is_over = False
        self._clock: TimerHandle | None = None
        self._write_clock: TimerHandle | None = None

    @property
    def is_idle(self) -> bool:
        """Whether no request of it is being answered."""
        return self._running is None or self._running.response_complete

    @property
    def _peer(self) -> str | None:
        return self.client[0] if self.client else None

    def connection_made(self, transport: BaseTransport) -> None:
        """Begin to wait for a request, if there is room for one more."""
        self.transport = cast(Any, transport)
        self.client = get_remote_addr(self.transport)
        if self.open_connections is not None and not self.open_connections.enter(self, self._peer):
            CONNECTIONS_REFUSED.inc()
            self._is_over = True
            rest = refusal(TOO_MANY, b"", new_request_id(""), closes=True)
            self.transport.write(STATUS_LINE[TOO_MANY.status] + self._own_lines(()) + rest)
            self.transport.close()
            return
        super().connection_made(self.transport)
        self._start_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_clock()
        if self._write_clock is not None:
            self._write_clock.cancel()
        if self.open_connections is not None:
            self.open_connections.leave(self, self._peer)
        super().connection_lost(exc)

    def make_room(self) -> None:
        """End, since others need the place."""
        CONNECTIONS_REFUSED.inc()
        if self.open_connections is not None:
            self.open_connections.leave(self, self._peer)
        self._is_over = True
        self.transport.abort()

    def pause_writing(self) -> None:
        """The client does not read: it has as long as for sending."""
        super().pause_writing()
        if self._write_clock is None:
            self._write_clock = self.loop.call_later(self.request_s, self.transport.abort)

    def resume_writing(self) -> None:
        """It reads on."""
        super().resume_writing()
        if self._write_clock is not None:
            self._write_clock.cancel()
            self._write_clock = None

    def _start_clock(self) -> None:
        if self._clock is None:
            self._clock = self.loop.call_later(self.request_s, self._give_up)

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _give_up(self) -> None:
        """No request came in time."""
        self.transport.close()

    def _pause(self, seconds: float) -> None:
        """Read no more for a while: what is asked meanwhile waits with the client."""
        self.flow.pause_reading()
        self._unset_keepalive_if_required()
        self.loop.call_later(seconds, self._go_on)

    def _pause_after(self, error: GatewayError) -> float:
        """Seconds for which nothing more is read: who is refused often is so slowly. A proxy's have others."""
        if self.admission is None or self._who is None or self._is_of_a_proxy:
            return 0.0
        return self.admission.refusals.pause_s(self._who.key, error)

    def _go_on(self) -> None:
        if not self.transport.is_closing() and not self._is_over:
            self.flow.resume_reading()
            self._start_clock()

    def _own_url(self, url: bytes) -> bytes:
        return url.removeprefix(self.public_path) if url.startswith(self.public_path + b"/") else url

    def _is_dripping(self, piece: bytes) -> bool:
        """Whether the body comes in far more pieces than it needs: each costs as much as a large one."""
        self._pieces += 1
        self._body_bytes += len(piece)
        return self._pieces > FREE_PIECES + self._body_bytes // PIECE_BYTES

    # What is written without the application -----------------------------------------------------------------------

    def _own_lines(self, headers: Sequence[tuple[bytes, bytes]]) -> bytes:
        cors = refusal_headers(self.cors_origins, headers)
        own = ((name.lower().encode(), value.encode("latin-1")) for name, value in cors.items())
        return header_lines([*self.server_state.default_headers, *own])

    def _is_answered_here(self, path: str) -> bool:
        return (
            (path == LIVE or (path == READY and self.was_ready()))
            and self._method == "GET"
            and self.parser.should_keep_alive()
            and has_short_body(self.headers)
        )

    def _answer_health(self, path: str) -> None:
        """Say that all is well, in the application's words, without asking it."""
        self._health = None
        answer = health_answer(path, new_request_id(header(self.headers, b"x-request-id")))
        self.transport.write(STATUS_LINE[200] + self._own_lines(self.headers) + answer)
        self.on_response_complete()

    @property
    def _method(self) -> str:
        return self.parser.get_method().decode("ascii")

    @property
    def _is_of_a_proxy(self) -> bool:
        return self.admission is not None and self.admission.addresses.is_trusted(self._peer)

    @property
    def _key(self) -> str:
        return self._who.key if self._who is not None else f"peer:{self._peer}"

    def _refusal_of(
        self,
        error: GatewayError,
        url: bytes,
        headers: Sequence[tuple[bytes, bytes]],
        method: str,
        *,
        closes: bool = False,
    ) -> bytes:
        request_id = new_request_id(header(headers, b"x-request-id"))
        REFUSED.labels(error.status).inc()
        if self.admission is not None and self._who is not None:
            self.admission.log(self._who, error.status, f"{method} {path_of(url)}", request_id)
        else:
            fields = {"status": error.status, "request_id": request_id, "client": self._peer}
            logger.info("refused: %s", error.detail, extra={"fields": fields})
        rest = refusal(error, url, request_id, is_head=method == "HEAD", closes=closes)
        return STATUS_LINE[error.status] + self._own_lines(headers) + rest
