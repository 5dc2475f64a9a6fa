"""POST /v1/answers."""

from functools import partial
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request, Response

from gateway.answers.events import MEDIA_TYPE, EventStream
from gateway.answers.openapi import EVENT_SCHEMA
from gateway.answers.schemas import ANSWER_COST, AnswerRequest, AnswerResponse
from gateway.answers.service import AnswerService
from gateway.http.dependencies import CurrentCaller, StaleOnly, charge, leave_place
from gateway.http.openapi import OPTIONAL_TOKEN, problems

router = APIRouter(prefix="/v1", tags=["answers"])


async def _service(request: Request) -> AnswerService:
    return cast(AnswerService, request.app.state.services.answers)


Service = Annotated[AnswerService, Depends(_service)]


@router.post(
    "/answers",
    operation_id="answer",
    summary="Answer a question with citations",
    response_model=AnswerResponse,
    responses={
        200: {"content": {MEDIA_TYPE: {"schema": EVENT_SCHEMA}}, "description": "The answer, or its events."},
        **problems(401, 403, 415, 422, 429, 503),
    },
    openapi_extra=OPTIONAL_TOKEN,
)
async def answers(
    request: AnswerRequest, http: Request, caller: CurrentCaller, service: Service, stale_only: StaleOnly
) -> AnswerResponse | Response:
    """An answer made of what the caller may read, each part with the passage and the words that it stands on.

    Without a token: of what is public. Where nothing fits the question the answer says that nothing was found. When
    something is down the answer says `degraded`; when nothing can be searched it is the caller's last answer to the
    same question, with its age.

    With `stream` it comes as server-sent events: `search` with the passages, `delta` with more text, `citation` of the
    text before it, `degradation`, and `done` with the rest, or `error`.
    """
    await charge(http, ANSWER_COST - 1)
    if not request.stream:
        if stale_only:
            return service.answer_stale(request, caller)
        return await service.answer(request, caller, partial(leave_place, http))
    if stale_only:
        events = service.events_stale(request, caller)
    else:
        events = service.events(request, caller, partial(leave_place, http))
    return EventStream(await anext(events), events)
