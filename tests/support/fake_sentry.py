"""Sentry's side of its protocol on this machine: takes envelopes, and keeps what came."""

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from tests.support.local_server import Handler, LocalServer
from tests.support.waiting import wait_until


class FakeSentry(LocalServer):
    """Keeps each envelope as its bytes, unpacked."""

    def __init__(self) -> None:
        self.envelopes: list[bytes] = []
        super().__init__(self._handler())

    @property
    def dsn(self) -> str:
        """The address that a project would be given."""
        return f"http://publickey@127.0.0.1:{self.port}/1"

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events of all envelopes."""
        return [event for envelope in list(self.envelopes) for event in _events(envelope)]

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        """The events, once there are so many."""
        wait_until(lambda: len(self.events) >= count, f"{count} reports")
        return self.events

    def _handler(self) -> type[Handler]:
        envelopes = self.envelopes

        class Takes(Handler):
            def do_POST(self) -> None:
                assert self.path.partition("?")[0] == "/api/1/envelope/", self.path
                envelopes.append(str(self.headers).encode() + self.body())
                self.answer(b"{}")

        return Takes


def _events(envelope: bytes) -> Iterator[dict[str, Any]]:
    lines = [line for line in envelope.split(b"\n") if line.startswith(b"{")]
    for head, body in pairwise(lines):
        if json.loads(head).get("type") == "event":
            yield json.loads(body)
