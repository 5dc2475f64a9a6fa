"""Everything a running gateway consists of, made from its settings."""

import asyncio
import logging
from dataclasses import dataclass, field

import httpx

from gateway.auth.jwks import JwksCache
from gateway.auth.tokens import SharedSecret, TokenVerifier
from gateway.database.pool import Database
from gateway.embeddings import Embedder, EmbeddingError, create_embedder
from gateway.outbound import create_client
from gateway.search.model import QueryEmbedder
from gateway.search.service import SearchService
from gateway.settings import Settings
from gateway.status.probes import Probes
from gateway.status.service import StatusService

logger = logging.getLogger(__name__)


@dataclass
class Services:
    """The parts; `open` before the first request, `close` after the last."""

    client: httpx.AsyncClient
    database: Database
    embedder: Embedder
    verifier: TokenVerifier
    search: SearchService
    status: StatusService
    jwks: JwksCache | None
    _warm_up: "asyncio.Task[None] | None" = field(default=None, repr=False)

    async def open(self) -> None:
        """Start connecting and loading in the background; what is down now is found when it comes back."""
        await self.database.open()
        self._warm_up = asyncio.create_task(self._warm_embedder())

    async def close(self) -> None:
        """End what runs in the background and close every connection."""
        if self._warm_up is not None:
            self._warm_up.cancel()
        if self.jwks is not None:
            await self.jwks.close()
        await self.database.close()
        await self.embedder.aclose()
        await self.client.aclose()

    async def _warm_embedder(self) -> None:
        try:
            await self.embedder.warm_up()
        except EmbeddingError as error:
            logger.warning("embedder: %s; search answers by keywords until it works", error)


def create_services(
    settings: Settings, *, embedder: Embedder | None = None, transport: httpx.AsyncBaseTransport | None = None
) -> Services:
    """Make the parts; nothing connects yet. ValueError for settings that do not fit together.

    Tests give an `embedder` of their own, or the `transport` that outgoing HTTP takes.
    """
    if settings.gateway_database_url is None or settings.supabase_url is None:
        raise ValueError("GATEWAY_DATABASE_URL and SUPABASE_URL must be set.")
    client = create_client(transport)
    database = Database(
        settings.gateway_database_url.get_secret_value(),
        pool_size=settings.database_pool_size,
        deadline_s=settings.database_timeout_s,
    )
    embedder = embedder or create_embedder(settings)
    queries = QueryEmbedder(embedder, database, timeout_s=settings.embedder_timeout_s)
    auth_url = f"{settings.supabase_url}/auth/v1"
    jwks = JwksCache(f"{auth_url}/.well-known/jwks.json", client) if settings.auth_algorithm == "ES256" else None
    verifier = TokenVerifier(
        settings.auth_algorithm,
        _shared_secret(settings) if jwks is None else jwks,
        issuer=auth_url,
        publishable_key=settings.supabase_publishable_key or "",
    )
    probes = Probes(
        database,
        client=client,
        supabase_url=settings.supabase_url,
        publishable_key=settings.supabase_publishable_key or "",
        jwks=jwks,
        embedder=queries,
    )
    return Services(
        client, database, embedder, verifier, SearchService(database, queries), StatusService(database, probes), jwks
    )


def _shared_secret(settings: Settings) -> SharedSecret:
    if settings.supabase_jwt_secret is None:
        raise ValueError("AUTH_ALGORITHM=HS256 needs SUPABASE_JWT_SECRET.")
    return SharedSecret(settings.supabase_jwt_secret.get_secret_value())
