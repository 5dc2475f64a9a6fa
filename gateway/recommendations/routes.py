"""GET /v1/recommendations."""

from typing import Annotated

from fastapi import APIRouter, Query

from gateway.http.dependencies import CallerOrWhyNot, CurrentServices, Spare
from gateway.http.openapi import OPTIONAL_TOKEN, problems
from gateway.recommendations.schemas import RecommendationsRequest, RecommendationsResponse

router = APIRouter(prefix="/v1", tags=["recommendations"])


@router.get(
    "/recommendations",
    operation_id="recommendations",
    summary="Recommend products",
    responses=problems(401, 403, 422, 429),
    openapi_extra=OPTIONAL_TOKEN,
)
async def recommendations(
    request: Annotated[RecommendationsRequest, Query()],
    caller: CallerOrWhyNot,
    services: CurrentServices,
    spare: Spare,
) -> RecommendationsResponse:
    """Products that can be had, best first, each with why; none that the caller bought in the last 30 days.

    For the caller's taste, with `like` similar to a product, with `category` popular there. Whatever is down or too
    busy, the answer is 200: what is most popular, the last known list, in the end an empty one; `degradations` says
    which.
    """
    if spare:
        return services.recommendations.recommend_spared(request, caller.caller)
    return await services.recommendations.recommend(request, caller.caller, caller.unverified)
