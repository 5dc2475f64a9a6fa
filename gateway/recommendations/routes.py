"""GET /v1/recommendations."""

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Query, Request, Response

from gateway.http.dependencies import CallerOrWhyNot, StaleOnly
from gateway.http.openapi import OPTIONAL_TOKEN, problems
from gateway.http.public_cache import NOT_MODIFIED, cacheable
from gateway.recommendations.schemas import RecommendationsRequest, RecommendationsResponse
from gateway.recommendations.service import RecommendationService

router = APIRouter(prefix="/v1", tags=["recommendations"])


async def _service(request: Request) -> RecommendationService:
    return cast(RecommendationService, request.app.state.services.recommendations)


Service = Annotated[RecommendationService, Depends(_service)]


@router.get(
    "/recommendations",
    operation_id="recommend",
    summary="Recommend products",
    response_model=RecommendationsResponse,
    responses={**problems(401, 403, 422, 429), **NOT_MODIFIED},
    openapi_extra=OPTIONAL_TOKEN,
)
async def recommendations(
    request: Annotated[RecommendationsRequest, Query()],
    caller: CallerOrWhyNot,
    service: Service,
    stale_only: StaleOnly,
    *,
    http: Request,
    response: Response,
) -> RecommendationsResponse | Response:
    """Products that can be had, best first, each with why; none that the caller bought in the last 30 days.

    For the caller's taste, with `like` similar to a product, with `category` popular there. Whatever is down or too
    busy, the answer is 200: what is most popular, a stale list, in the end an empty one; `degradations` says
    which. Caches may keep the answer of a visitor, unless it is degraded.
    """
    if stale_only:
        return service.recommend_stale(request, caller.caller)
    answer = await service.recommend(request, caller.caller, caller.unverified)
    if answer.degraded:
        return answer
    return cacheable(http, response, answer, but={"took_ms"}) or answer
