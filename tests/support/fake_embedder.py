"""An OpenAI-compatible embeddings endpoint of this machine, which does as a test says."""

import hashlib
import json
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DIMENSIONS = 384
MODEL = "all-MiniLM-L6-v2"  # the one that a migrated database has active


def vector_of(text: str, dimensions: int = DIMENSIONS) -> list[float]:
    """The vector this server gives for `text`; not of unit length."""
    generator = random.Random(hashlib.sha256(text.encode()).digest())
    return [generator.uniform(-1, 1) for _ in range(dimensions)]


class FakeEmbedder:
    """Embeds by hash. Set the attributes while it runs to make it misbehave."""

    def __init__(self, model: str = MODEL, dimensions: int = DIMENSIONS) -> None:
        self.model = model
        self.dimensions = dimensions
        self.rejects: Callable[[str], bool] = lambda _text: False
        self.failure: tuple[int, dict[str, str]] | None = None
        self.change_answer: Callable[[dict[str, Any]], dict[str, Any]] = lambda answer: answer
        self.seen: list[str] = []  # without what a process warms up with
        self.keys: set[str | None] = set()
        # Requests that make more texts seen than this, and requests while the gate is closed, wait at the gate.
        self.close_after: int | None = None
        self.gate = threading.Event()
        self.gate.set()
        self.waiting = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """The API's address, up to and including /v1."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    @property
    def environment(self) -> dict[str, str]:
        """Settings that make a process use this server."""
        return {
            "EMBEDDER": "openai",
            "EMBEDDER_URL": self.url,
            "EMBEDDER_MODEL": self.model,
            "EMBEDDER_DIMENSIONS": str(self.dimensions),
        }

    def serve(self) -> None:
        """Answer until `close`."""
        self._server.serve_forever(poll_interval=0.05)

    def close(self) -> None:
        """Stop answering."""
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, texts: Sequence[str]) -> tuple[int, dict[str, str], dict[str, Any]]:
        """Status, headers and body for a request."""
        if texts != ["warm-up"]:
            self._pass_gate(texts)
        if self.failure is not None:
            status, headers = self.failure
            return status, headers, {"error": {"message": "told to fail"}}
        if any(self.rejects(text) for text in texts):
            return 400, {}, {"error": {"message": "this text is refused"}}
        rows = [{"index": index, "embedding": vector_of(text, self.dimensions)} for index, text in enumerate(texts)]
        # The order of the rows is not promised; `index` is.
        return 200, {}, self.change_answer({"model": self.model, "data": rows[::-1]})

    def _pass_gate(self, texts: Sequence[str]) -> None:
        self.seen.extend(texts)
        if self.close_after is not None and len(self.seen) > self.close_after:
            self.close_after = None
            self.gate.clear()
        self.waiting.set()
        self.gate.wait()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                assert (self.path, body["model"]) == ("/v1/embeddings", fake.model)
                fake.keys.add(self.headers["Authorization"])
                status, headers, answer = fake.answer(body["input"])
                content = json.dumps(answer).encode()
                try:
                    self.send_response(status)
                    for name, value in {**headers, "Content-Length": str(len(content))}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(content)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True  # a client that was killed while it waited

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        return Handler


@contextmanager
def fake_embedder(model: str = MODEL, dimensions: int = DIMENSIONS) -> Iterator[FakeEmbedder]:
    """A running server; it ends with the block."""
    fake = FakeEmbedder(model, dimensions)
    thread = threading.Thread(target=fake.serve)
    thread.start()
    try:
        yield fake
    finally:
        fake.close()
        thread.join()
