"""Everything a running gateway consists of, made from its settings."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from gateway.admission.addresses import Addresses, network
from gateway.admission.admission import Admission
from gateway.admission.rates import BoundedMemory, Rates
from gateway.admission.shared import SharedRates
from gateway.auth.jwks import JwksCache
from gateway.auth.tokens import SharedSecret, TokenVerifier
from gateway.clients.data_api import DataApi
from gateway.clients.http import create_client
from gateway.clients.payments import Payments
from gateway.clients.payments.http_provider import HttpPaymentProvider
from gateway.clients.reranker import Reranker
from gateway.clients.storage import Storage
from gateway.config.policies import Policies, policies
from gateway.config.settings import Settings
from gateway.database.pool import Database
from gateway.database.rights import RIGHTS_S, Rights
from gateway.embeddings import Embedder, EmbeddingError, create_embedder
from gateway.recommendations.service import RecommendationService
from gateway.recommendations.stale_answers import MAX_BYTES as MAX_KNOWN_BYTES
from gateway.recommendations.stale_answers import KnownRecommendations
from gateway.resilience import Guard, Policy
from gateway.resilience.limiter import ConcurrencyLimiter
from gateway.search.query_embedding import QueryEmbedder
from gateway.search.service import SearchService
from gateway.search.stale_answers import KnownAnswers
from gateway.status.probes import Probes
from gateway.status.service import StatusService

logger = logging.getLogger(__name__)


@dataclass
class Services:
    """The parts; `open` before the first request, `close` after the last."""

    client: httpx2.AsyncClient
    database: Database
    replica: Database | None
    embedders: Sequence[Embedder]
    verifier: TokenVerifier
    search: SearchService
    recommendations: RecommendationService
    status: StatusService
    jwks: JwksCache | None
    reranker: Reranker | None
    payments: Payments | None
    admission: Admission
    guards: Sequence[Guard]
    _background: "list[asyncio.Task[None]]" = field(default_factory=list, repr=False)

    @property
    def limiter(self) -> ConcurrencyLimiter:
        """How many requests are let in at a time."""
        return self.admission.limiter

    async def open(self) -> None:
        """Start connecting and loading in the background; what is down now is found when it comes back."""
        await self.database.open()
        if self.replica is not None:
            await self.replica.open()
        await self.recommendations.known.load()
        self._background = [
            asyncio.create_task(self._warm_embedders()),
            asyncio.create_task(self.recommendations.keep()),
        ]

    async def close(self) -> None:
        """End what runs in the background and close every connection."""
        for task in self._background:
            task.cancel()
        for ended in await asyncio.gather(*self._background, return_exceptions=True):
            if isinstance(ended, Exception):
                logger.error("A task in the background had failed.", exc_info=ended)
        await self.recommendations.known.save()  # after the one that writes now and then: what came last stays
        for guard in self.guards:
            guard.stop()
        if self.jwks is not None:
            await self.jwks.close()
        await self.database.close()
        if self.replica is not None:
            await self.replica.close()
        for embedder in self.embedders:
            await embedder.aclose()
        if self.reranker is not None:
            await self.reranker.aclose()
        if self.payments is not None:
            await self.payments.aclose()
        if self.admission.shared is not None:
            await self.admission.shared.aclose()
        await self.client.aclose()

    async def _warm_embedders(self) -> None:
        for embedder in self.embedders:
            try:
                await embedder.warm_up()
            except EmbeddingError as error:
                logger.warning("embedder: %s; search answers by keywords until it works", error)


def create_services(
    settings: Settings, *, embedder: Embedder | None = None, transport: httpx2.AsyncBaseTransport | None = None
) -> Services:
    """Make the parts; nothing connects yet. ValueError for settings that do not fit together.

    Tests give an `embedder` of their own, or the `transport` that outgoing HTTP takes.
    """
    if settings.gateway_database_url is None or settings.supabase_url is None:
        raise ValueError("GATEWAY_DATABASE_URL and SUPABASE_URL must be set.")
    how = describe(settings)
    rights = Rights()
    client = create_client(transport)
    database = Database(
        settings.gateway_database_url.get_secret_value(),
        how.database,
        pool_size=settings.database_pool_size,
        share=settings.caller_share,
        listener=rights.learn,
        has_replica=settings.replica_database_url is not None,
    )
    replica = None
    if settings.replica_database_url is not None:
        replica = Database(
            settings.replica_database_url.get_secret_value(),
            how.replica,
            pool_size=settings.database_pool_size,
            share=settings.caller_share,
        )
    embedders = [embedder] if embedder is not None else [create_embedder(choice) for choice in settings.embedders]
    queries = QueryEmbedder(embedders, database, how.embedder)
    jwks, verifier = create_verifier(settings, client, how.auth_keys)
    data_api = DataApi(settings.supabase_url, settings.supabase_publishable_key or "", client, how.data_api)
    storage = Storage(settings.supabase_url, settings.supabase_publishable_key or "", client, how.storage)
    reranker = create_reranker(settings, how.reranker)
    payments = create_payments(settings, how.payment)
    shared = None
    if settings.rate_limit_storage is not None:
        shared = SharedRates(settings.rate_limit_storage.get_secret_value(), how.rate_limits)
    probes = Probes(
        database,
        rate_limits=shared,
        data_api=data_api,
        jwks=jwks,
        embedder=queries,
        reranker=reranker,
        payments=payments,
        replica=replica,
        storage=storage,
        llm=how.llm,
    )
    search = SearchService(
        database,
        queries,
        data_api=data_api,
        replica=replica,
        reranker=reranker,
        replica_max_age_s=float("inf") if settings.replica_is_synchronous else RIGHTS_S,
        known=KnownAnswers(
            max_bytes=1_000_000 * settings.last_known_mb, max_age_s=settings.last_known_s, rights=rights
        ),
    )
    recommendations = RecommendationService(
        database,
        data_api=data_api,
        replica=replica,
        known=KnownRecommendations(
            None if settings.recommendations_file is None else Path(settings.recommendations_file),
            max_bytes=min(MAX_KNOWN_BYTES, 1_000_000 * settings.last_known_mb),
            max_age_s=settings.recommendations_known_s,
            rights=rights,
        ),
    )
    # More than PostgreSQL has places for would be refused by the bulkhead, late, and drag the limit down with them.
    most = min(settings.concurrency or how.database.concurrency, how.database.concurrency)
    limiter = ConcurrencyLimiter(
        initial=most, largest=most, late_s=settings.request_timeout_s / 3, share=settings.caller_share
    )
    admission = create_admission(settings, verifier, limiter, shared)
    status = StatusService(database, probes, limiter)
    return Services(
        client,
        database,
        replica,
        embedders,
        verifier,
        search,
        recommendations,
        status,
        jwks,
        reranker,
        payments,
        admission,
        [data_api.guard, queries.guard, *([] if reranker is None else [reranker.guard])],
    )


def create_admission(
    settings: Settings, verifier: TokenVerifier, limiter: ConcurrencyLimiter, shared: SharedRates | None
) -> Admission:
    """What lets requests in. ValueError for rates or networks that cannot be read."""
    storage = BoundedMemory()

    def person_of(authorization: str) -> str | None:
        caller = verifier.known(authorization)
        return None if caller is None or caller.user_id is None else str(caller.user_id)

    return Admission(
        Addresses([network(text) for text in settings.trusted_proxies]),
        people=Rates(settings.rate_limit, name="person", storage=storage),
        strangers=Rates(settings.rate_limit_address, name="address", storage=storage),
        limiter=limiter,
        person_of=person_of,
        shared=shared,
    )


def describe(settings: Settings) -> Policies:
    """How each dependency is used. ValueError for numbers that cannot be followed."""
    return policies(
        pool_size=settings.database_pool_size,
        request_s=settings.request_timeout_s,
        database_s=settings.database_timeout_s,
        embedder_s=settings.embedder_timeout_s,
        reranker_s=settings.reranker_timeout_s,
        payment_s=settings.payment_timeout_s,
        changes=settings.resilience,
    )


def create_verifier(
    settings: Settings, client: httpx2.AsyncClient, policy: Policy
) -> tuple[JwksCache | None, TokenVerifier]:
    """What verifies tokens, and the published keys where it does so by them."""
    auth_url = f"{settings.supabase_url}/auth/v1"
    jwks = None
    if settings.auth_algorithm == "ES256":
        jwks = JwksCache(f"{auth_url}/.well-known/jwks.json", client, policy)
    return jwks, TokenVerifier(
        settings.auth_algorithm,
        _shared_secret(settings) if jwks is None else jwks,
        issuer=auth_url,
        publishable_key=settings.supabase_publishable_key or "",
    )


def create_reranker(settings: Settings, policy: Policy) -> Reranker | None:
    """The reranker that the settings name, if they name one."""
    if settings.reranker_url is None:
        return None
    key = settings.reranker_api_key
    return Reranker(
        settings.reranker_url,
        settings.reranker_model or "",
        key.get_secret_value() if key is not None else None,
        candidates=settings.reranker_candidates,
        policy=policy,
    )


def create_payments(settings: Settings, policy: Policy) -> Payments | None:
    """The payment provider that the settings name, if they name one."""
    if settings.payment_url is None:
        return None
    key = settings.payment_api_key
    provider = HttpPaymentProvider(
        settings.payment_url, key.get_secret_value() if key is not None else None, timeout_s=policy.timeout_s
    )
    return Payments(provider, policy)


def _shared_secret(settings: Settings) -> SharedSecret:
    if settings.supabase_jwt_secret is None:
        raise ValueError("AUTH_ALGORITHM=HS256 needs SUPABASE_JWT_SECRET.")
    return SharedSecret(settings.supabase_jwt_secret.get_secret_value())
