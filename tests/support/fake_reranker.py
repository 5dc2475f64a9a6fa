"""A Cohere-compatible rerank endpoint of this machine, which does as a test says."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "rerank-test"


class FakeReranker:
    """Ranks by how often a text has the letter z. Set the attributes while it runs to make it misbehave."""

    def __init__(self) -> None:
        self.status = 200
        self.change_answer: Callable[[dict[str, Any]], Any] = lambda answer: answer
        self.seen: list[dict[str, Any]] = []
        self.keys: set[str | None] = set()
        self.gate = threading.Event()
        self.gate.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """The API's address, without /rerank."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v2"

    def serve(self) -> None:
        """Answer until `close`."""
        self._server.serve_forever(poll_interval=0.05)

    def close(self) -> None:
        """Stop answering."""
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                assert (self.path, body["model"]) == ("/v2/rerank", MODEL)
                fake.keys.add(self.headers["Authorization"])
                fake.seen.append(body)
                fake.gate.wait()
                scores = [text.count("z") / 10 for text in body["documents"]]
                rows = [{"index": n, "relevance_score": score} for n, score in enumerate(scores)]
                content = json.dumps(fake.change_answer({"results": rows})).encode()
                try:
                    self.send_response(fake.status)
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True  # a client that has waited long enough

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        return Handler


@contextmanager
def fake_reranker() -> Iterator[FakeReranker]:
    """A running server; it ends with the block."""
    fake = FakeReranker()
    thread = threading.Thread(target=fake.serve)
    thread.start()
    try:
        yield fake
    finally:
        fake.close()
        thread.join()
