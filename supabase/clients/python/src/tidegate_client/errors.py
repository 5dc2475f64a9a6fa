"""What goes wrong.

TidegateError
├── GatewayProblemError     the gateway answered with an error
├── AnswerBrokenOffError    an answer ended before it was whole
└── DocumentFailedError     a document could not be read or embedded

A connection that fails raises httpx2.TransportError.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from tidegate_client.models import DocumentState, ProblemField


class TidegateError(Exception):
    """Base of the errors of this package."""


class GatewayProblemError(TidegateError):
    """An error that the gateway, or a proxy before it, answered with (RFC 9457)."""

    def __init__(self, status: int, problem: Mapping[str, Any], retry_after_s: float | None = None) -> None:
        """The answer's status, its body and its header Retry-After."""
        self.status = status
        self.kind = str(problem.get("type", "about:blank")).rpartition(":")[2]
        """Which error, for programs, such as `invalid-input`."""
        self.title = str(problem.get("title", ""))
        self.detail = str(problem.get("detail", ""))
        """What is wrong this time, and what to do."""
        self.fields: list[ProblemField] = problem.get("errors") or []
        """Fields of the request that are wrong."""
        self.request_id: str | None = problem.get("request_id")
        self.retry_after_s = retry_after_s
        fields = "".join(f"\n  {field['pointer']}: {field['detail']}" for field in self.fields)
        super().__init__(f"{status} {self.title}: {self.detail}{fields}")


class AnswerBrokenOffError(TidegateError):
    """The stream of an answer ended before the answer did. What came until then is no answer."""


class DocumentFailedError(TidegateError):
    """A document could not be read or embedded; `state` says which file, and why."""

    def __init__(self, state: DocumentState) -> None:
        """The document's state."""
        self.state = state
        super().__init__(f"{state['title']}: {state['error']}")


def problem_of(status: int, content: bytes, retry_after_s: float | None) -> GatewayProblemError:
    """The error of an answer, also of a proxy that does not answer with a problem."""
    try:
        problem = json.loads(content)
    except ValueError:
        problem = None
    if not isinstance(problem, dict) or "title" not in problem:
        known = status in set(HTTPStatus)
        problem = {"title": HTTPStatus(status).phrase if known else "Error", "detail": "The answer is no problem."}
    return GatewayProblemError(status, problem, retry_after_s)
