"""POST /v1/embeddings."""

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request

from gateway.errors import GatewayError, OverloadedError, UnauthenticatedError
from gateway.http.dependencies import CurrentCaller, StaleOnly, charge
from gateway.http.openapi import REQUIRED_TOKEN, problems
from gateway.search.embedding_schemas import EmbeddingsRequest, EmbeddingsResponse
from gateway.search.embedding_service import EmbeddingService

router = APIRouter(prefix="/v1", tags=["search"])


class SignInRequiredError(UnauthenticatedError):
    """The request carries no credentials, and needs some."""

    title = "Credentials are needed"

    def __init__(self, detail: str) -> None:
        """Ask for a token; the challenge names no error when there was none (RFC 6750, section 3.1)."""
        GatewayError.__init__(self, detail, headers={"WWW-Authenticate": "Bearer"})


async def _service(request: Request) -> EmbeddingService:
    return cast(EmbeddingService, request.app.state.services.embeddings)


Service = Annotated[EmbeddingService, Depends(_service)]


@router.post(
    "/embeddings",
    operation_id="embed",
    summary="Embed texts",
    responses=problems(401, 403, 415, 422, 429, 503),
    openapi_extra=REQUIRED_TOKEN,
)
async def embeddings(
    request: EmbeddingsRequest, http: Request, caller: CurrentCaller, service: Service, stale_only: StaleOnly
) -> EmbeddingsResponse:
    """Vectors of texts, by the model that search uses: for `query_embedding` of `rpc("search")`.

    For people who are signed in. The request and the answer are those of OpenAI's API, with `syntax` beside them.
    """
    if not caller.is_signed_in:
        raise SignInRequiredError("Sign in and send the access token to embed texts.")
    await charge(http, request.cost - 1)
    if stale_only:
        raise OverloadedError
    return await service.embed(request, caller)
