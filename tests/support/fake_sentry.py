"""Sentry's side of its protocol on this machine: takes envelopes, and keeps what came."""

import gzip
import json
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from typing import Any

from tests.support.waiting import wait_until


class FakeSentry:
    """Keeps each envelope as its bytes, unpacked."""

    def __init__(self) -> None:
        self.envelopes: list[bytes] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    @property
    def dsn(self) -> str:
        """The address that a project would be given."""
        return f"http://publickey@127.0.0.1:{self._server.server_address[1]}/1"

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events of all envelopes."""
        return [event for envelope in list(self.envelopes) for event in _events(envelope)]

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        """The events, once there are so many."""
        wait_until(lambda: len(self.events) >= count, 20, f"{count} reports")
        return self.events

    @contextmanager
    def running(self) -> Iterator["FakeSentry"]:
        """Take envelopes within the block."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        envelopes = self.envelopes

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                elif self.headers.get("Content-Encoding") == "deflate":
                    body = zlib.decompress(body)
                assert self.path == "/api/1/envelope/", self.path
                envelopes.append(str(self.headers).encode() + body)
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                """Nothing."""

        return Handler


def _events(envelope: bytes) -> Iterator[dict[str, Any]]:
    lines = [line for line in envelope.split(b"\n") if line.startswith(b"{")]
    for head, body in pairwise(lines):
        if json.loads(head).get("type") == "event":
            yield json.loads(body)
