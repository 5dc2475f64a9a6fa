"""GET /v1/status, /health/live and /health/ready; and, on the operations' port, /status and /metrics."""

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request, Response

from gateway.http.dependencies import CallerOrWhyNot
from gateway.http.openapi import NO_TOKEN, OPTIONAL_TOKEN, problems
from gateway.resilience.metrics import exposition
from gateway.status.schemas import Health, StatusDetails, StatusResponse
from gateway.status.service import StatusService

router = APIRouter(tags=["status"])


async def _service(request: Request) -> StatusService:
    return cast(StatusService, request.app.state.services.status)


Service = Annotated[StatusService, Depends(_service)]


@router.get(
    "/v1/status",
    operation_id="get_status",
    summary="Whether everything works as usual",
    responses=problems(401, 403, 429),
    openapi_extra=OPTIONAL_TOKEN,
)
async def status(caller: CallerOrWhyNot, service: Service, response: Response) -> StatusResponse:
    """Answer 200 whatever is down. With a token, list the caller's documents that could not be embedded."""
    response.headers["Cache-Control"] = "no-store"
    return await service.status(caller.caller)


@router.get(
    "/health/live",
    operation_id="get_liveness",
    summary="Whether the process answers",
    responses=problems(),
    openapi_extra=NO_TOKEN,
)
async def live(response: Response) -> Health:
    """For whatever restarts processes: says nothing about dependencies."""
    response.headers["Cache-Control"] = "no-store"
    return Health(status="live")


@router.get(
    "/health/ready",
    operation_id="get_readiness",
    summary="Whether searches can be answered",
    responses=problems(503),
    openapi_extra=NO_TOKEN,
)
async def ready(service: Service, response: Response) -> Health:
    """For load balancers: 503 with the reasons while the database is out of reach, not migrated or not safe."""
    response.headers["Cache-Control"] = "no-store"
    await service.ready()
    return Health(status="ready")


operations = APIRouter(tags=["operations"])
"""For whoever runs the gateway, on a port of its own."""


@operations.get("/status", operation_id="details", summary="How the gateway and everything it depends on are")
async def details(service: Service, response: Response) -> StatusDetails:
    """Answer 200 whatever is down."""
    response.headers["Cache-Control"] = "no-store"
    return await service.details()


@operations.get("/metrics", operation_id="metrics", summary="Calls, breakers, degradations and load in numbers")
async def metrics(service: Service, request: Request) -> Response:
    """In the text format of Prometheus or, if it is asked for, of OpenMetrics. Nothing is about a caller or a row."""
    await service.measure()
    text, media_type = exposition(request.headers.get("accept", ""))
    return Response(text, headers={"Content-Type": media_type, "Cache-Control": "no-store"})


for path, route in (("/health/live", live), ("/health/ready", ready)):
    operations.add_api_route(path, route, methods=["GET"])
