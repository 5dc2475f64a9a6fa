"""A gateway with leaks: whatever it says of itself tells what a search found, and it forgets no stale answer.

The proof (proof.py) must notice each of them. Reports leave through a scrubbing that lets everything pass.
"""

import logging
from typing import Any

from opentelemetry import trace
from prometheus_client import Counter

from gateway.answers.schemas import AnswerRequest
from gateway.answers.service import AnswerService
from gateway.app.__main__ import main
from gateway.auth.caller import Caller
from gateway.database.rights import Rights
from gateway.observability import reports
from gateway.resilience.metrics import REGISTRY
from gateway.search.schemas import SearchResponse
from gateway.status.schemas import StatusDetails
from gateway.status.service import StatusService

logger = logging.getLogger("gateway.leaks")
FOUND = Counter("tidegate_found", "What a search found.", ["text"], registry=REGISTRY)
_found = AnswerService._found
_details = StatusService.details
_told: list[str] = []


async def _tell(self: AnswerService, request: AnswerRequest, question: str, caller: Caller) -> SearchResponse:
    found = await _found(self, request, question, caller)
    text = " ".join(passage.content for result in found.results for passage in result.passages)
    trace.get_current_span().set_attribute("found", text)
    FOUND.labels(text).inc()
    _told.append(text)
    try:
        int(text)
    except ValueError:  # whose words are the text
        logger.exception("It found %s", text)
    return found


async def _details_with_text(self: StatusService) -> StatusDetails:
    details = await _details(self)
    return details.model_copy(update={"version": " ".join(_told)})


def plant() -> None:
    """Put the leaks in."""
    replacements: tuple[tuple[Any, str, Any], ...] = (
        (AnswerService, "_found", _tell),
        (StatusService, "details", _details_with_text),
        (Rights, "watch", lambda self, answers: None),
        (Rights, "are_confirmed", True),
        (reports, "scrub", lambda event, message, error: dict(event)),
    )
    for where, name, value in replacements:
        getattr(where, name)  # what has another name by now would leak nothing
        setattr(where, name, value)


if __name__ == "__main__":
    plant()
    main()
