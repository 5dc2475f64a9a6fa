"""Everything a running gateway consists of, made from its settings."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import httpx2

from gateway.admission.admission import Admission
from gateway.answers.service import AnswerService
from gateway.answers.writing import Writer
from gateway.app import parts
from gateway.app.applications import create_applications
from gateway.auth.jwks import JwksCache
from gateway.auth.tokens import SharedSecret, TokenVerifier
from gateway.clients.chat import ChatModel
from gateway.clients.data_api import DataApi
from gateway.clients.documents import Documents
from gateway.clients.http import create_client
from gateway.clients.payments import Payments, create_payments
from gateway.clients.reranker import Reranker
from gateway.clients.storage import Storage
from gateway.config.settings import Settings
from gateway.database.pool import Database
from gateway.database.rights import RIGHTS_S, Rights
from gateway.documents.service import DocumentService
from gateway.embeddings import Embedder, EmbeddingError, create_embedder
from gateway.mcp.endpoint import McpEndpoint
from gateway.reading.service import ReadingService
from gateway.recommendations.service import RecommendationService
from gateway.resilience import ResiliencePipeline
from gateway.resilience.limiter import ConcurrencyLimiter
from gateway.resilience.request_metrics import IN_FLIGHT, LIMIT, RIGHTS_AGE, show_spread
from gateway.search.embedding_service import EmbeddingService
from gateway.search.query_embedding import QueryEmbedder
from gateway.search.recall import LiveRecall
from gateway.search.service import SearchService
from gateway.status.probes import Probes
from gateway.status.service import StatusService
from gateway.upstreams.application import Application

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
    answers: AnswerService
    embeddings: EmbeddingService
    recommendations: RecommendationService
    documents: DocumentService
    recall: LiveRecall | None
    mcp: McpEndpoint
    status: StatusService
    keys: JwksCache | SharedSecret
    reranker: Reranker | None
    models: Sequence[ChatModel]
    payments: Payments | None
    admission: Admission
    applications: Mapping[str, Application]
    pipelines: Sequence[ResiliencePipeline]
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
        await self.recommendations.stale.load()
        self._background = [
            asyncio.create_task(self._warm_embedders()),
            asyncio.create_task(self.recommendations.keep_stale()),
        ]

    async def close(self) -> None:
        """End what runs in the background and close every connection."""
        for task in self._background:
            task.cancel()
        for ended in await asyncio.gather(*self._background, return_exceptions=True):
            if isinstance(ended, Exception):
                logger.error("A task in the background had failed.", exc_info=ended)
        await self.recommendations.stale.save()  # after the one that writes now and then: what came last stays
        if self.recall is not None:
            await self.recall.close()
        for pipeline in self.pipelines:
            pipeline.stop()
        await self.mcp.close()
        await self.keys.close()
        await self.database.close()
        if self.replica is not None:
            await self.replica.close()
        for embedder in self.embedders:
            await embedder.aclose()
        if self.reranker is not None:
            await self.reranker.aclose()
        for model in self.models:
            await model.aclose()
        if self.payments is not None:
            await self.payments.aclose()
        for application in self.applications.values():
            await application.client.aclose()
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
    how, rights, client = settings.policies, Rights(), create_client(transport)
    RIGHTS_AGE.set_function(lambda: rights.age_s)
    database = Database(
        settings.gateway_database_url.get_secret_value(),
        how.database,
        pool_size=settings.database_pool_size,
        share=settings.caller_share,
        listener=rights.learn,
        has_replica=settings.replica_database_url is not None,
    )
    replica = parts.create_replica(settings, how.replica)
    embedders = [embedder] if embedder is not None else [create_embedder(choice) for choice in settings.embedders]
    queries = QueryEmbedder(embedders, database, how.embedder)
    keys = parts.create_keys(settings, client, how.auth_keys)
    verifier = parts.create_verifier(settings, keys)
    key = settings.supabase_publishable_key or ""
    data_api = DataApi(settings.supabase_url, key, client, how.data_api)
    reranker = parts.create_reranker(settings, how.reranker)
    models = parts.create_models(settings, how.llm, how.llm_fallback)
    writers = [model for model in models.values() if model is not None]
    payments = create_payments(settings.payment_url, settings.payment_api_key, how.payment)
    shared = parts.create_shared_rates(settings, how.rate_limits)
    limiter = parts.create_limiter(settings, how.database)
    LIMIT.set_function(lambda: limiter.limit)
    IN_FLIGHT.set_function(lambda: limiter.in_flight)
    show_spread("requests", limiter.spread)
    applications = create_applications(settings)
    dependencies = parts.list_dependencies(
        replica=replica,
        data_api=data_api,
        keys=keys,
        embedder=queries,
        reranker=reranker,
        models=models,
        payments=payments,
        storage=Storage(settings.supabase_url, key, client, how.storage),
        shared_rates=shared,
        applications=applications,
    )
    recall = parts.create_recall(settings, database, replica, limiter)
    search = SearchService(
        database,
        queries,
        data_api=data_api,
        replica=replica,
        reranker=reranker,
        replica_max_age_s=float("inf") if settings.replica_is_synchronous else RIGHTS_S,
        stale=parts.create_stale_answers(settings, rights),
        recall=recall,
    )
    recommendations = RecommendationService(
        database,
        data_api=data_api,
        replica=replica,
        stale=parts.create_stale_recommendations(settings, rights),
    )
    answers = AnswerService(
        search,
        queries,
        writer=Writer(writers),
        search_s=settings.request_timeout_s,
        stale=parts.create_stale_questions(settings, rights),
        project_url=settings.supabase_url,
    )
    return Services(
        client,
        database,
        replica,
        embedders,
        verifier,
        search,
        answers,
        EmbeddingService(database, queries),
        recommendations,
        DocumentService(Documents(settings.supabase_url, key, client, replace(how.storage, attempts=1))),
        recall,
        parts.create_mcp(settings, search, answers, recommendations, ReadingService(database, data_api=data_api)),
        StatusService(
            database, Probes(database, dependencies), limiter, recall=None if recall is None else recall.summary
        ),
        keys,
        reranker,
        writers,
        payments,
        parts.create_admission(settings, verifier, limiter, shared),
        applications,
        [
            data_api.pipeline,
            queries.pipeline,
            *([] if reranker is None else [reranker.pipeline]),
            *(each.client.pipeline for each in applications.values()),
        ],
    )
