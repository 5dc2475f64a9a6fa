"""A payment provider of this machine, which remembers what it did by idempotency key, and does as a test says."""

import json
import threading
import uuid
from typing import Any

from tests.support.local_server import Handler, LocalServer

Json = dict[str, Any]


class FakePayments(LocalServer):
    """Accepts everything. Set the attributes while it runs to make it misbehave."""

    def __init__(self) -> None:
        self.made: dict[str, Json] = {}  # by key: the answer that is given again
        self.asked: list[tuple[str, Json]] = []
        self.declines: set[str] = set()  # kinds
        self.undecided: Json = {}  # what it says of a charge instead of a decision
        self.failure: tuple[int, dict[str, str]] | None = None
        self.after_failure = False  # whether it does what it was asked before it fails
        # Answers wait at the gate while it is closed; what was asked is done by then.
        self.gate = threading.Event()
        self.gate.set()
        self._lock = threading.Lock()
        super().__init__(self._handler())

    @property
    def environment(self) -> dict[str, str]:
        """Settings that make a worker use this server, and try again soon."""
        given = {name.upper(): str(value) for name, value in self.settings.items()}
        return {**given, "RESILIENCE": json.dumps(self.settings["resilience"])}

    @property
    def settings(self) -> dict[str, Any]:
        """The same, as they stand in Settings."""
        return {
            "payment_url": f"{self.root}/v1",
            "payment_api_key": "a key for tests",
            "payment_timeout_s": 60.0,
            "resilience": {"payment": {"reset_s": 0.1}},
        }

    def charged(self, order: str) -> int:
        """Times that an order's charge was asked for."""
        return sum(key == f"charge-{order}" for key, _ in self.asked)

    def accepted(self, kind: str) -> list[str]:
        """Orders that were charged or refunded."""
        return [key.removeprefix(f"{kind}-") for key, answer in self.made.items()
                if key.startswith(kind) and answer["status"] == "succeeded"]  # fmt: skip

    def release(self) -> None:
        """Open the gate."""
        self.gate.set()

    def answer(self, kind: str, key: str, body: Json) -> tuple[int, dict[str, str], Json]:
        """Status, headers and body for a request."""
        with self._lock:
            self.asked.append((key, body))
            failure = self.failure
            if failure is None or self.after_failure:
                status = "declined" if kind in self.declines else "succeeded"
                made = {"id": f"pay_{uuid.uuid4().hex}", "status": status, "reason": "The card is empty.", "body": body}
                if kind == "charge":
                    made |= self.undecided
                known = self.made.setdefault(key, made)
                assert known["body"] == body, f"{key} was asked for differently"
        self.gate.wait()
        if failure is not None:
            return *failure, {"error": "told to fail"}
        return (402 if known["status"] == "declined" else 200), {}, known

    def _handler(self) -> type[Handler]:
        fake = self

        class Pays(Handler):
            def do_GET(self) -> None:
                self._say(200 if fake.failure is None else fake.failure[0], {}, {})

            def do_POST(self) -> None:
                body = json.loads(self.body())
                assert self.headers["Authorization"] == "Bearer a key for tests"
                kind = self.path.removeprefix("/v1/").removesuffix("s")
                self._say(*fake.answer(kind, str(self.headers["Idempotency-Key"]), body))

            def _say(self, status: int, headers: dict[str, str], answer: Json) -> None:
                self.answer(json.dumps(answer).encode(), status, headers)

        return Pays
