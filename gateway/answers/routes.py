"""POST /v1/answers."""

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request

from gateway.answers.schemas import ANSWER_COST, AnswerRequest, AnswerResponse
from gateway.answers.service import AnswerService
from gateway.http.dependencies import CurrentCaller, StaleOnly, charge
from gateway.http.openapi import OPTIONAL_TOKEN, problems

router = APIRouter(prefix="/v1", tags=["answers"])


async def _service(request: Request) -> AnswerService:
    return cast(AnswerService, request.app.state.services.answers)


Service = Annotated[AnswerService, Depends(_service)]


@router.post(
    "/answers",
    operation_id="answers",
    summary="Answer a question with citations",
    responses=problems(401, 403, 415, 422, 429, 503),
    openapi_extra=OPTIONAL_TOKEN,
)
async def answers(
    request: AnswerRequest, http: Request, caller: CurrentCaller, service: Service, stale_only: StaleOnly
) -> AnswerResponse:
    """An answer made of what the caller may read, each part with the passage and the words that it stands on.

    Without a token: of what is public. Where nothing fits the question the answer says that nothing was found. When
    something is down the answer says `degraded`; when nothing can be searched it is the caller's last answer to the
    same question, with its age.
    """
    await charge(http, ANSWER_COST - 1)
    if stale_only:
        return service.answer_stale(request, caller)
    return await service.answer(request, caller)
