"""Waiting until a document is searchable: how often to ask, and what an answer means."""

from tidegate_client.errors import DocumentFailedError
from tidegate_client.models import DocumentState

TIMEOUT_S = 60.0
"""Of one request: a model may take that long to write an answer."""
WAIT_S = 300.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 2.0


def outcome(state: DocumentState) -> DocumentState | None:
    """The state of a document that is done; None while it is not. DocumentFailedError."""
    if state["status"] == "failed":
        raise DocumentFailedError(state)
    return state if state["status"] == "ready" else None


def next_pause_s(last_s: float, left_s: float) -> float:
    """Seconds until the next question: each pause is half as long again. TimeoutError when no time is left."""
    if left_s <= 0:
        raise TimeoutError("The document is not searchable yet; it goes on without you.")
    return min(left_s, LONGEST_PAUSE_S, last_s * 1.5 or FIRST_PAUSE_S)
