"""POST /v1/search."""

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request

from gateway.errors import ForbiddenError
from gateway.http.dependencies import CurrentCaller, StaleOnly, charge
from gateway.http.openapi import OPTIONAL_TOKEN, problems
from gateway.search.schemas import Effort, SearchRequest, SearchResponse
from gateway.search.service import SearchService

router = APIRouter(prefix="/v1", tags=["search"])


async def _service(request: Request) -> SearchService:
    return cast(SearchService, request.app.state.services.search)


Service = Annotated[SearchService, Depends(_service)]


@router.post(
    "/search",
    operation_id="search",
    summary="Search documents and products",
    responses=problems(401, 403, 415, 422, 429, 503),
    openapi_extra=OPTIONAL_TOKEN,
)
async def search(
    request: SearchRequest, http: Request, caller: CurrentCaller, service: Service, stale_only: StaleOnly
) -> SearchResponse:
    """What the caller may read, best first, each document or product once with its best chunk.

    Without a token: what is public. When the embedder is down the answer is found by keywords and says `degraded`; when
    nothing can be asked, or too much is, it is the caller's last answer to the same request, with its age.
    """
    if request.effort is Effort.EXACT and not caller.is_signed_in:
        raise ForbiddenError("Sign in to search with effort 'exact', or leave effort out.")
    await charge(http, request.cost - 1)
    if stale_only:
        return service.search_stale(request, caller)
    return await service.search(request, caller)
