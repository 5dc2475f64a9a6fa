"""A Cohere-compatible rerank endpoint of this machine, which does as a test says."""

import json
import threading
from collections.abc import Callable
from typing import Any

from tests.support.local_server import Handler, LocalServer

MODEL = "rerank-test"


class FakeReranker(LocalServer):
    """Ranks by how often a text has the letter z. Set the attributes while it runs to make it misbehave."""

    def __init__(self) -> None:
        self.status = 200
        self.change_answer: Callable[[dict[str, Any]], Any] = lambda answer: answer
        self.seen: list[dict[str, Any]] = []
        self.keys: set[str | None] = set()
        self.gate = threading.Event()
        self.gate.set()
        super().__init__(self._handler())

    @property
    def url(self) -> str:
        """The API's address, without /rerank."""
        return f"{self.root}/v2"

    def release(self) -> None:
        """Open the gate."""
        self.gate.set()

    def _handler(self) -> type[Handler]:
        fake = self

        class Ranks(Handler):
            def do_POST(self) -> None:
                body = json.loads(self.body())
                assert (self.path, body["model"]) == ("/v2/rerank", MODEL)
                fake.keys.add(self.headers["Authorization"])
                fake.seen.append(body)
                fake.gate.wait()
                scores = [text.count("z") / 10 for text in body["documents"]]
                rows = [{"index": n, "relevance_score": score} for n, score in enumerate(scores)]
                self.answer(json.dumps(fake.change_answer({"results": rows})).encode(), fake.status)

        return Ranks
