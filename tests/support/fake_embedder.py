"""An OpenAI-compatible embeddings endpoint of this machine, which does as a test says."""

import hashlib
import json
import random
import threading
from collections.abc import Callable, Sequence
from typing import Any

from tests.support.local_server import Handler, LocalServer

DIMENSIONS = 384
MODEL = "all-MiniLM-L6-v2"  # the one that a migrated database has active


def vector_of(text: str, dimensions: int = DIMENSIONS) -> list[float]:
    """The vector this server gives for `text`; not of unit length."""
    generator = random.Random(hashlib.sha256(text.encode()).digest())
    return [generator.uniform(-1, 1) for _ in range(dimensions)]


class FakeEmbedder(LocalServer):
    """Embeds by hash. Set the attributes while it runs to make it misbehave."""

    def __init__(self, model: str = MODEL, dimensions: int = DIMENSIONS) -> None:
        self.model = model
        self.dimensions = dimensions
        self.vector: Callable[[str, int], list[float]] = vector_of
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
        super().__init__(self._handler())

    @property
    def url(self) -> str:
        """The API's address, up to and including /v1."""
        return f"{self.root}/v1"

    @property
    def environment(self) -> dict[str, str]:
        """Settings that make a process use this server."""
        return {
            "EMBEDDER": "openai",
            "EMBEDDER_URL": self.url,
            "EMBEDDER_MODEL": self.model,
            "EMBEDDER_DIMENSIONS": str(self.dimensions),
        }

    def release(self) -> None:
        """Open the gate."""
        self.gate.set()

    def answer(self, texts: Sequence[str]) -> tuple[int, dict[str, str], dict[str, Any]]:
        """Status, headers and body for a request."""
        if texts != ["warm-up"]:
            self._pass_gate(texts)
        if self.failure is not None:
            status, headers = self.failure
            return status, headers, {"error": {"message": "told to fail"}}
        if any(self.rejects(text) for text in texts):
            return 400, {}, {"error": {"message": "this text is refused"}}
        rows = [{"index": index, "embedding": self.vector(text, self.dimensions)} for index, text in enumerate(texts)]
        # The order of the rows is not promised; `index` is.
        return 200, {}, self.change_answer({"model": self.model, "data": rows[::-1]})

    def _pass_gate(self, texts: Sequence[str]) -> None:
        self.seen.extend(texts)
        if self.close_after is not None and len(self.seen) > self.close_after:
            self.close_after = None
            self.gate.clear()
        self.waiting.set()
        self.gate.wait()

    def _handler(self) -> type[Handler]:
        fake = self

        class Answers(Handler):
            def do_POST(self) -> None:
                body = json.loads(self.body())
                assert (self.path, body["model"]) == ("/v1/embeddings", fake.model)
                fake.keys.add(self.headers["Authorization"])
                status, headers, answer = fake.answer(body["input"])
                self.answer(json.dumps(answer).encode(), status, headers)

        return Answers
