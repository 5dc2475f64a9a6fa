"""Requests that the gateway passes on to applications: their bodies go through as they come, and WebSockets open.

All others are held until they are here as a whole (server_protocol.py). So are the short ones of applications: a slow
client then takes no time of a server that has one worker for each request.
"""

import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from gateway.errors import BadRequestError, GatewayError, UploadTimeoutError
from gateway.http.connection import PIECE_BYTES
from gateway.http.load_shedding import APPLICATIONS, header, header_lines, path_of
from gateway.http.server_protocol import BoundedProtocol

TUNNEL = "tidegate.tunnel"
"""An extension of ASGI: after an answer with status 101 the bodies of both sides are the bytes of the connection."""
HIGH_WATER = 65_536
"""Bytes of a body or a WebSocket that wait to be passed on; then the client is not read."""
LEAST_PER_S = 100
"""Bytes of a body that a client has to send a second, over `request_s` seconds."""
Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]


class StreamingProtocol(BoundedProtocol):
    """A connection of a gateway that stands in front of applications."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As uvicorn makes one per connection."""
        super().__init__(*args, **kwargs)
        self._answer_by = self.app
        self.app = self._answer
        self._is_streamed = False  # the request that is being read
        self._tunnel: Any = None  # the request after which the connection no longer speaks HTTP
        self._seen_bytes = 0

    def data_received(self, data: bytes) -> None:
        """Read on; of a WebSocket whatever comes."""
        if self._tunnel is None:
            super().data_received(data)
        elif not self._is_over:
            self._add(self._tunnel, data)

    def on_headers_complete(self) -> None:
        """Refuse the request, or make it ready; what is long or of unknown length is not waited for."""
        path = path_of(self._own_url(self.url))
        if not path.startswith("/") and APPLICATIONS in path:
            self._give_up_parsing(BadRequestError("The request names a scheme and a host: send the path alone."))
        length = header(self.headers, b"content-length")
        is_long = length.isdecimal() and int(length) > self.max_body_bytes
        is_chunked = any(name == b"transfer-encoding" for name, _ in self.headers)
        self._is_streamed = path.startswith(APPLICATIONS) and (is_long or is_chunked)
        self._seen_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass on a piece of a body that is streamed."""
        if not self._is_streamed or self._refused is not None:
            super().on_body(body)
            return
        self._head_bytes -= len(body)
        if self._is_dripping(body):
            self._give_up_parsing(BadRequestError(f"The body comes in pieces of less than {PIECE_BYTES} bytes."))
        if not self.cycle.response_complete:
            self._add(self.cycle, body)

    def on_response_complete(self) -> None:
        """Go on with the connection, unless the answer came before the end of the body: nobody wants the rest."""
        is_unread = self._is_streamed and self._in_message and self._running is self.cycle
        super().on_response_complete()
        if is_unread:
            self._end()

    def _most_of(self, path: str) -> int:
        return sys.maxsize if self._is_streamed else super()._most_of(path)

    def _is_held(self, cycle: Any) -> bool:
        return not (self._is_streamed and cycle is self.cycle) and super()._is_held(cycle)

    def _upgraded(self, rest: bytes) -> None:
        path = path_of(self.url)
        if self._refused is None and path.startswith(APPLICATIONS) and self.cycle.scope["http_version"] == "1.1":
            self._tunnel = self.cycle
            self.cycle.keep_alive = False
            self.cycle.scope["extensions"] = {TUNNEL: {}}
            self._add(self._tunnel, rest)

    def _add(self, cycle: Any, data: bytes) -> None:
        cycle.body += data
        if len(cycle.body) > HIGH_WATER:
            self.flow.pause_reading()
        if data:
            cycle.message_event.set()

    def _give_up(self) -> None:
        """A body that is streamed may take its time, as long as something comes or the application does not take it."""
        if not (self._is_streamed and self._in_message):
            super()._give_up()
            return
        came, self._seen_bytes = self._body_bytes - self._seen_bytes, self._body_bytes
        if came < LEAST_PER_S * self.request_s and not self.flow.read_paused:
            self._refuse(UploadTimeoutError(self.request_s, self._body_bytes))
            return
        self._clock = None
        self._start_clock()

    def _refuse(self, error: GatewayError) -> None:
        """Refuse; a body that is under way must not look whole to the application."""
        if self._is_streamed and self._in_message and not self._is_over and self._running is self.cycle:
            cycle = self.cycle
            if not cycle.response_started:
                cycle.response_started = True
                self.transport.write(self._refusal_of(error, self.url, self.headers, self._method, closes=True))
            cycle.disconnected = True
            cycle.message_event.set()
            self._end()
            return
        super()._refuse(error)

    # WebSockets --------------------------------------------------------------------------------------------------

    async def _answer(self, scope: Message, receive: Any, send: Send) -> None:
        if TUNNEL not in scope.get("extensions", {}):
            await self._answer_by(scope, receive, send)
            return
        cycle = self._tunnel

        async def send_through(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 101:
                cycle.response_started = cycle.more_body = True
                lines = header_lines([*self.server_state.default_headers, *message["headers"]])
                self.transport.write(STATUS_LINE[101] + lines + b"\r\n")
            elif cycle.response_started and cycle.more_body:
                await self._send_raw(cycle, message)
            else:
                await send(message)

        await self._answer_by(scope, receive, send_through)

    async def _send_raw(self, cycle: Any, message: Message) -> None:
        if self.flow.write_paused:
            await self.flow.drain()
        if cycle.disconnected:
            return
        self.transport.write(message["body"])
        if not message.get("more_body", False):
            cycle.response_complete = True
            self.transport.close()
