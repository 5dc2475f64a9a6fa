"""The application: routes, what surrounds them, and what starts and stops with it."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from gateway import __version__
from gateway.answers.chat_routes import router as chat_router
from gateway.answers.openapi import event_schemas
from gateway.answers.routes import router as answers_router
from gateway.app.container import Services, create_services
from gateway.app.openapi_examples import EXAMPLES
from gateway.config.settings import Settings
from gateway.documents.routes import router as documents_router
from gateway.embeddings import Embedder
from gateway.errors import DatabaseUnsafeError, GatewayError
from gateway.http import openapi, problems
from gateway.http.admission import AdmissionMiddleware, ConcurrencyLimitMiddleware, TurnMiddleware
from gateway.http.cross_origin import cross_origin
from gateway.http.error_forms import MCP
from gateway.http.load_shedding import ANSWERS, UPLOADS
from gateway.http.middleware import (
    BodyMiddleware,
    ClientDisconnectMiddleware,
    DeadlineMiddleware,
    ErrorBoundaryMiddleware,
)
from gateway.http.observation import ObservationMiddleware
from gateway.http.proxies import DrainMiddleware, ForwardedMiddleware, HeadMiddleware
from gateway.mcp.routes import router as mcp_router
from gateway.recommendations.routes import router as recommendations_router
from gateway.search.embedding_routes import router as embeddings_router
from gateway.search.routes import router as search_router
from gateway.status.routes import operations as operations_router
from gateway.status.routes import router as status_router
from gateway.upstreams.branch import UpstreamMiddleware
from gateway.upstreams.proxy import Upstreams

logger = logging.getLogger(__name__)

DESCRIPTION = """Search, answers and recommendations over a Supabase project, within what the caller may read.

Send a Supabase access token as `Authorization: Bearer …`, or none to see what is public. Every error is
`application/problem+json` (RFC 9457). An answer that had to do without something says `degraded` and why.
Chat clients find the same as tools of an MCP server at `/mcp`."""

COMPRESSION = 4
"""gzip's level: a higher one takes twice the time for a few bytes less."""

NO_TELEMETRY: TelemetryConfig = {"auto_configure": False, "tracing": False, "metrics": False, "logs": False}
"""What FastAPI would send by itself. Its four spans of a request cost more than all of ours, and hold query strings."""


def create_app(
    settings: Settings, *, embedder: Embedder | None = None, transport: httpx2.AsyncBaseTransport | None = None
) -> FastAPI:
    """Make the application; nothing connects before it starts. ValueError for settings that do not fit together."""
    services = create_services(settings, embedder=embedder, transport=transport)
    app = FastAPI(
        title="Tidegate",
        version=__version__,
        description=DESCRIPTION,
        lifespan=_lifespan,
        middleware=_middleware(settings, services),
        redoc_url=None,
        redirect_slashes=False,
        root_path_in_servers=False,  # `servers` says more
        servers=[{"url": settings.gateway_public_url or "/"}],
        # Spans, numbers and lines of the log are made by http/observation.py.
        telemetry=NO_TELEMETRY,
    )
    app.state.services = services
    app.state.public_cache_s = settings.public_cache_s
    app.include_router(search_router)
    app.include_router(answers_router)
    app.include_router(chat_router)
    app.include_router(embeddings_router)
    app.include_router(recommendations_router)
    app.include_router(documents_router)
    app.include_router(mcp_router)
    app.include_router(status_router)
    problems.install(app)
    openapi.install(app, schemas=event_schemas, examples=EXAMPLES)
    return app


def create_operations(services: Services) -> FastAPI:
    """The application for whoever runs the gateway: its details and numbers, on a port of their own."""
    app = FastAPI(
        title="Tidegate, operations",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        middleware=[Middleware(HeadMiddleware)],
        telemetry=NO_TELEMETRY,
    )
    app.state.services = services
    app.include_router(operations_router)
    problems.install(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    await services.open()
    try:
        await check_database(services)
        yield
    finally:
        await services.close()


async def check_database(services: Services) -> None:
    """DatabaseUnsafeError when the database would not hold callers to their rows; one that is down is waited for."""
    try:
        await services.database.ensure_safe()
    except DatabaseUnsafeError:
        raise
    except GatewayError as error:
        logger.warning("database: %s Starting anyway; it is checked once it answers.", error.detail)


def _middleware(settings: Settings, services: Services) -> list[Middleware]:
    """From the outside in."""
    return [
        Middleware(ForwardedMiddleware, addresses=services.admission.addresses, root_path=settings.root_path),
        Middleware(ObservationMiddleware),
        Middleware(DrainMiddleware, is_draining=lambda: services.status.is_draining),
        *_applications(settings, services),
        *_compression(settings.compress_from_bytes),
        cross_origin(settings.cors_origins),
        Middleware(ErrorBoundaryMiddleware),
        Middleware(AdmissionMiddleware, admission=services.admission),
        # Neither place nor time is taken before the whole request is here.
        Middleware(
            BodyMiddleware,
            limit=settings.max_body_bytes,
            upload_limit=settings.max_upload_bytes,
            seconds=settings.upload_timeout_s,
        ),
        Middleware(ConcurrencyLimitMiddleware, admission=services.admission),
        Middleware(ClientDisconnectMiddleware),
        Middleware(
            DeadlineMiddleware,
            seconds=settings.request_timeout_s,
            longer={
                UPLOADS: settings.upload_request_timeout_s,
                **dict.fromkeys((*ANSWERS, MCP), settings.answer_timeout_s),
            },
        ),
        Middleware(TurnMiddleware, admission=services.admission),
        Middleware(HeadMiddleware),
    ]


def _applications(settings: Settings, services: Services) -> list[Middleware]:
    """None where no application is named."""
    if not services.applications:
        return []
    addresses, public_url = services.admission.addresses, settings.gateway_public_url
    upstreams = Upstreams(services.applications, addresses, public_url)
    origins = settings.cors_origins
    return [Middleware(UpstreamMiddleware, upstreams=upstreams, admission=services.admission, cors_origins=origins)]


def _compression(from_bytes: int) -> list[Middleware]:
    """None where a proxy compresses. Streams are left alone: each event is to arrive when it is sent."""
    return [Middleware(GZipMiddleware, minimum_size=from_bytes, compresslevel=COMPRESSION)] if from_bytes else []
