"""SIGTERM while requests come: each is answered as a whole, or was never taken."""

import http.client
import threading
from dataclasses import dataclass

from gateway.adopt.proof.serving import HOST, Running

CLIENTS = 4
BEFORE = 20
"""Answers that have come before the signal is sent."""


@dataclass
class Drained:
    """What became of requests around the signal."""

    answered: int = 0
    refused: int = 0
    cut: int = 0
    status: int | None = None

    @property
    def is_well(self) -> bool:
        """No answer was cut off, and the process has ended in order."""
        return self.cut == 0 and self.status in (0, 143, -15)


def drain(running: Running, path: str) -> Drained:
    """Stop the application while clients ask for `path`, a connection for each request."""
    drained, lock, warm = Drained(), threading.Lock(), threading.Event()

    def ask() -> None:
        while True:
            outcome = _outcome(running.port, path)
            with lock:
                setattr(drained, outcome, getattr(drained, outcome) + 1)
                if drained.answered >= BEFORE or outcome != "answered":
                    warm.set()
                if outcome != "answered":
                    return

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    warm.wait()
    drained.status = running.stop()
    for thread in threads:
        thread.join()
    return drained


def _outcome(port: int, path: str) -> str:
    connection = http.client.HTTPConnection(HOST, port, timeout=60)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        response = connection.getresponse()
    except (OSError, http.client.HTTPException):
        return "refused"  # not a byte of an answer came
    try:
        response.read()
    except (OSError, http.client.HTTPException):
        return "cut"
    finally:
        connection.close()
    return "answered"
