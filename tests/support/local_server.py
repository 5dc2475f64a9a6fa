"""An HTTP server of this machine on a free port, for a stand-in of something that the project talks to."""

import gzip
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

UNPACK: Mapping[str, Callable[[bytes], bytes]] = {"gzip": gzip.decompress, "deflate": zlib.decompress}


class Handler(BaseHTTPRequestHandler):
    """Reads requests and writes answers; a stand-in says which."""

    protocol_version = "HTTP/1.1"

    def handle(self) -> None:
        """Take requests until the client leaves, be it in the middle of one: it was killed, or has waited enough."""
        try:
            super().handle()
        except ConnectionError:
            self.close_connection = True

    def body(self) -> bytes:
        """What was sent, unpacked. ConnectionError."""
        unpack = UNPACK.get(self.headers.get("Content-Encoding", ""), bytes)
        if self.headers.get("Transfer-Encoding") == "chunked":
            return unpack(b"".join(self._chunks()))
        length = int(self.headers["Content-Length"])
        sent = self.rfile.read(length)
        if len(sent) < length:
            raise ConnectionResetError("the client has left")
        return unpack(sent)

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def answer(self, content: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Answer. ConnectionError."""
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


class LocalServer:
    """Has requests answered by a handler within `running`."""

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        """Take a port; nothing is answered yet."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def root(self) -> str:
        """Its address, without a path."""
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Answer within the block."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield self
        finally:
            self.release()
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def release(self) -> None:
        """Let requests go that are held back; there are none, unless a stand-in holds some."""
