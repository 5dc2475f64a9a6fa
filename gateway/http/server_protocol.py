"""HTTP/1.1 as uvicorn speaks it, with the bounds that it leaves to a proxy.

A request reaches the application when all of it is here: a slow upload takes no place and no time. Until then it costs
its bytes, which have bounds. Who asks too much is refused here, at little cost, and then read more slowly.
"""

import logging
from collections.abc import Sequence
from typing import Any

import httptools

from gateway.admission.admission import Asker
from gateway.admission.connections import Uploads
from gateway.errors import (
    BadRequestError,
    GatewayError,
    HeadersTooLargeError,
    OverloadedError,
    PayloadTooLargeError,
    RequestTimeoutError,
    TooManyAtOnceError,
    UploadTimeoutError,
)
from gateway.http.connection import PIECE_BYTES, CountedConnection
from gateway.http.load_shedding import (
    UNCOUNTED,
    UPLOADS,
    has_short_body,
    header,
    is_refused,
    path_of,
)

logger = logging.getLogger(__name__)

# Everything of a request but its body: request line, headers, the marks between chunks, trailers.
MAX_HEAD_BYTES = 65_536
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
MAX_REFUSALS = 3  # refusals in a row that end a connection
PAUSE_S = 1.0  # before the next question is read, of who asks for health all the time


class BoundedProtocol(CountedConnection):
    """One connection. What cannot be read as HTTP is answered by a problem as well, and ends the connection."""

    linger_s = 1.0
    """Seconds that a client has to read why it is refused; closed while it still sends, it would see a reset."""
    max_body_bytes, max_upload_bytes = 65_536, 10_000_000
    uploads: Uploads | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As uvicorn makes one per connection."""
        super().__init__(*args, **kwargs)
        self._head_bytes, self._most_body_bytes = 0, self.max_body_bytes
        self._in_message = False
        self._refused: GatewayError | None = None  # of the request that is being read
        self._refusal: GatewayError | None = None  # of what the parser is told to give up
        self._held: tuple[Any, Any] | None = None  # the request that waits for its body
        self._refusals = self._waited_in_vain = 0
        self._is_hurried = False  # health is asked for more often than anybody needs it
        self._has_waited = False  # the next request to be answered came while another was

    # Reading -----------------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Read on, as far as a request may go."""
        if self._is_over:
            return
        self._head_bytes += len(data)
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._upgraded(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._refuse(self._refusal or BadRequestError("The request is not HTTP/1.1 as RFC 9112 has it."))
        if self._is_over:
            return
        if self._in_message or self._head_bytes:
            self._start_clock()
        if self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(HeadersTooLargeError(MAX_HEAD_BYTES))

    def on_message_begin(self) -> None:
        """A request begins."""
        if self._is_over:
            self._give_up_parsing(BadRequestError("The connection has ended."))
        super().on_message_begin()
        self._in_message = True
        self._pieces = self._body_bytes = 0

    def on_headers_complete(self) -> None:
        """Refuse the request, or make it ready for the application."""
        self.url = self._own_url(self.url)
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > MAX_HEAD_BYTES:
            self._give_up_parsing(HeadersTooLargeError(MAX_HEAD_BYTES))
        length = header(self.headers, b"content-length")
        self._who = self._refused = None
        if self.is_idle and not self.flow.write_paused:
            path = path_of(self.url)
            self._who, self._refused = self._decide(self._method, path, self.headers)
            if self._is_answered_here(path):
                self._health = path
                return
        if self._refused is not None:
            if not has_short_body(self.headers):
                self._give_up_parsing(self._refused)
            return
        self._most_body_bytes = self._most_of(path_of(self.url))
        if length.isdecimal() and int(length) > self._most_body_bytes:
            self._give_up_parsing(self._too_large())
        super().on_headers_complete()
        if self._who is not None:
            self.cycle.scope["state"]["asker"] = self._who
        if self.cycle.waiting_for_100_continue and self._held is not None:
            self.cycle.waiting_for_100_continue = False
            self.transport.write(CONTINUE)

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body, which has a limit of its own."""
        self._head_bytes -= len(body)
        if self._is_dripping(body):
            self._give_up_parsing(BadRequestError(f"The body comes in pieces of less than {PIECE_BYTES} bytes."))
        if self._refused is not None or self._health is not None or self._is_over:
            return
        self.cycle.body += body
        if len(self.cycle.body) > self._most_body_bytes:
            self._give_up_parsing(self._too_large())
        if self.uploads is not None and not self.uploads.add(self, self._key, len(body), self._give_up_upload):
            self._give_up_parsing(
                TooManyAtOnceError(
                    f"The uploads of one caller that are not here as a whole hold at most {self.uploads.most_of_one:,} "
                    "bytes (UPLOAD_MEMORY_MB, CALLER_SHARE). Send one after the other."
                )
            )

    def _most_of(self, path: str) -> int:
        return self.max_upload_bytes if path == UPLOADS else self.max_body_bytes

    def _is_held(self, cycle: Any) -> bool:
        """Whether a request waits for its body."""
        return bool(cycle.more_body)

    def _upgraded(self, rest: bytes) -> None:
        """The client wants another protocol, and has sent `rest` in it: its request is one like any other."""

    def _too_large(self) -> PayloadTooLargeError:
        return PayloadTooLargeError(self._most_body_bytes, is_upload=path_of(self.url) == UPLOADS)

    def on_message_complete(self) -> None:
        """The request is here: it is answered now. uvicorn's keep-alive limits the wait for the next."""
        self._stop_clock()
        self._drop_upload()
        self._head_bytes, self._most_body_bytes = 0, self.max_body_bytes
        self._in_message = False
        if self._health is not None:
            self._answer_health(self._health)
            return
        if self._refused is not None:
            self._answer_refused(self._refused)
            return
        super().on_message_complete()
        if self._held is not None:
            held, self._held = self._held, None
            self._start_asgi_task(*held)

    # Answering ---------------------------------------------------------------------------------------------------

    def _decide(
        self, method: str, path: str, headers: Sequence[tuple[bytes, bytes]]
    ) -> tuple[Asker | None, GatewayError | None]:
        """Who asks, and why it is refused: None when it is not.

        A browser's preflight is answered before any work, and must be: the page behind it could not read the refusal.
        """
        if self.admission is None:
            return None, None
        if path in UNCOUNTED or method == "OPTIONS":
            self._is_hurried = not self.admission.may_watch(self._peer) and not self._is_of_a_proxy
            return None, None
        who = self.admission.who(self._peer, headers)
        error = self.admission.take(who)
        if error is None and is_refused(path):
            return who, self.admission.room(who)
        return who, error

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        if self._is_held(cycle):
            self._held = (cycle, app)
            return
        self._running = cycle
        if self._has_waited:
            self._has_waited = False
            scope = cycle.scope
            self._who, error = self._decide(scope["method"], scope["path"], scope["headers"])
            scope["state"]["asker"] = self._who
            if error is not None:
                self._refuse_waiting(cycle, error)
                return
        super()._start_asgi_task(cycle, app)

    def _refuse_waiting(self, cycle: Any, error: GatewayError) -> None:
        """Refuse a request that has waited for the one before it."""
        cycle.response_complete = True
        self._waited_in_vain += 1
        closes = self._waited_in_vain >= MAX_REFUSALS and not self._is_of_a_proxy
        scope = cycle.scope
        target = scope["raw_path"], scope["headers"], scope["method"]
        self.transport.write(self._refusal_of(error, *target, closes=closes))
        if closes:
            self.pipeline.clear()
            self._end(self._pause_after(error))
        else:
            self.loop.call_soon(self.on_response_complete)

    def on_response_complete(self) -> None:
        """Go on with the connection; while requests wait on it no more are read, or they would fill the memory."""
        self.has_answered = True
        self._refusals = 0
        self._has_waited = bool(self.pipeline)
        super().on_response_complete()
        if self.pipeline:
            self.flow.pause_reading()
        elif self._is_hurried:
            # Never refused, but nobody needs to know a hundred times a second.
            self._is_hurried = False
            self._pause(PAUSE_S)

    def _answer_refused(self, error: GatewayError) -> None:
        """Refuse a request without having made anything for it, and wait for the next."""
        self._refused = None
        refusals = self._refusals + 1
        # Who goes on all the same is to come again later: what else it has sent is not even read.
        goes_on = refusals >= MAX_REFUSALS or self.flow.read_paused
        closes = not self.parser.should_keep_alive() or (goes_on and not self._is_of_a_proxy)
        self.transport.write(self._refusal_of(error, self.url, self.headers, self._method, closes=closes))
        pause_s = self._pause_after(error)
        if closes:
            self._end(pause_s)
            return
        had_answered = self.has_answered
        self.on_response_complete()
        self._refusals, self.has_answered = refusals, had_answered
        if pause_s:
            self._pause(pause_s)

    # Giving up ---------------------------------------------------------------------------------------------------

    def _give_up_parsing(self, error: GatewayError) -> None:
        """Have the parser stop; data_received answers with `error`."""
        self._refusal = error
        raise error

    def _give_up(self) -> None:
        if self._held is not None:
            self._refuse(UploadTimeoutError(self.request_s, len(self._held[0].body)))
        elif self._refused is not None:
            self._refuse(self._refused)
        elif self._head_bytes == 0:
            self.transport.close()  # nothing was asked
        else:
            self._refuse(RequestTimeoutError(self.request_s))

    def _give_up_upload(self) -> None:
        """Others bring more than there is memory for, and this upload has most of it."""
        self._refuse(OverloadedError())

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what was read."""
        self._drop_upload()
        super().connection_lost(exc)

    def _drop_upload(self) -> None:
        if self.uploads is not None and self._in_message:
            self.uploads.remove(self, self._key)

    def _refuse(self, error: GatewayError) -> None:
        if self._is_over:
            return
        if not self.is_idle:
            self._running.keep_alive = False  # its answer comes first, and is the last one
            self._is_over = True
            return
        known = self._in_message
        headers, method = (self.headers, self._method) if known else ((), "")
        self.transport.write(self._refusal_of(error, getattr(self, "url", b""), headers, method, closes=True))
        self._end()

    def _end(self, pause_s: float = 0.0) -> None:
        """Take nothing more, and end the connection unless the client does; for `pause_s` nothing is even read."""
        self._drop_upload()
        self._is_over = True
        self._held = None
        self._stop_clock()
        if pause_s:
            self.flow.pause_reading()
        self._clock = self.loop.call_later(max(self.linger_s, pause_s), self.transport.close)
