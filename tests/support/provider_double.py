"""A payment provider that behaves as real ones publish that they do, for one order and without a network.

It charges once for an idempotency key: the same key gives its first answer again, whatever has become of the charge
since, and another request under it is an error. Answers may get lost after it did what it was asked. What it has not
decided it decides later, and tells by events. A shop may refund a charge by itself, once.
"""

import copy
import json
from typing import Any

import httpx2

Json = dict[str, Any]
TYPES = {"succeeded": "succeeded", "declined": "declined", "pending": "pending", "needs action": "requires_action"}
# What may become of what it has not decided.
LATER = {"pending": ("succeeded", "declined"), "needs action": ("succeeded", "declined", "pending")}


class ProviderDouble:
    """What it did, what it remembers, and what it will do when it is asked next."""

    def __init__(self, *, repeats_itself: bool = True) -> None:
        """It was asked for nothing. Unless it repeats itself, a key gives what has become of its charge since."""
        self._repeats_itself = repeats_itself
        self.truth: dict[str, str] = {}  # by kind
        self.saved: dict[str, tuple[int, Json]] = {}
        self.bodies: dict[str, Json] = {}
        self.events: list[Json] = []
        self.will = "succeeded"
        self.loses_answer = False

    def __str__(self) -> str:
        """What it did."""
        return f"the provider did {self.truth}"

    def copied(self) -> "ProviderDouble":
        """Another one of the same past."""
        other = copy.copy(self)
        other.truth, other.saved, other.bodies = dict(self.truth), dict(self.saved), dict(self.bodies)
        other.events = list(self.events)
        return other

    def key(self) -> tuple[object, ...]:
        """All that its future depends on."""
        said = tuple(sorted((kind, answer["status"]) for kind, (_, answer) in self.saved.items()))
        return tuple(sorted(self.truth.items())), said

    def balance(self) -> int:
        """Charges that succeeded and were not given back."""
        return (self.truth.get("charge") == "succeeded") - (self.truth.get("refund") == "succeeded")

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        """As over HTTP."""
        kind, body = request.url.path.rsplit("/", 1)[-1].removesuffix("s"), json.loads(request.content)
        if self.will == "unreachable":
            raise httpx2.ConnectError("unreachable")
        if self.will == "broken":
            return httpx2.Response(500, text="Oh\nno")
        status, said = self._answer(kind, body)
        if self.loses_answer:
            raise httpx2.ReadTimeout("lost")
        return httpx2.Response(status, json=said)

    def decide(self, kind: str, status: str) -> None:
        """What it had not decided becomes this; it tells of it."""
        assert status in LATER[self.truth[kind]]
        self._become(kind, status)

    def refund_by_itself(self) -> None:
        """The shop gives the money back on the provider's own pages."""
        assert self.balance() == 1
        self._become("refund", "succeeded")

    def tellable(self) -> list[Json]:
        """Events that may arrive now: what is true, and what it may have told before."""
        about = [(kind, status) for kind, status in self.truth.items()]
        about += [("charge", status) for status in LATER if self.truth.get("charge") in LATER[status]]
        about += [("refund", "pending")] if self.truth.get("refund") in LATER["pending"] else []
        return [self._event(kind, status) for kind, status in about]

    def _answer(self, kind: str, body: Json) -> tuple[int, Json]:
        if kind not in self.saved and kind == "refund":
            assert self.truth.get("charge") == "succeeded", "what was never charged is to be given back"
            if self.truth.get("refund") == "succeeded":
                return 400, {"error": {"message": "It has been refunded."}}
        if kind not in self.saved:
            self._make(kind, body)
        assert self.bodies[kind] == body, f"the same key asks for another {kind}"
        return self.saved[kind]

    def _make(self, kind: str, body: Json) -> None:
        said = {"id": 1001 if kind == "charge" else 2001, "status": TYPES[self.will]}
        if self.will == "needs action":
            said["url"] = "https://bank.example/confirm"
        self.bodies[kind] = body
        self.saved[kind] = (402 if self.will == "declined" else 200, said)
        self._become(kind, self.will)

    def _become(self, kind: str, status: str) -> None:
        self.truth[kind] = status
        if kind in self.saved and not self._repeats_itself:
            said = {**self.saved[kind][1], "status": TYPES[status]}
            self.saved[kind] = (402 if status == "declined" else 200, said)
        self.events.append(
            {**self._event(kind, status), "id": f"evt_{len(self.events)}_{self.bodies['charge']['order_id']}"}
        )

    def _event(self, kind: str, status: str) -> Json:
        about = self.bodies["charge"]
        data = {name: about[name] for name in ("order_id", "amount", "currency")}
        data["id"] = 1001 if kind == "charge" else 2001
        return {"id": f"evt_{kind}_{status}", "type": f"{kind}.{TYPES[status]}", "data": data}
