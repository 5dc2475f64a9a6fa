"""Single parts of the gateway, each made from the settings; None where the settings name none."""

from collections.abc import Mapping
from pathlib import Path

import httpx2

from gateway.admission.addresses import Addresses, network
from gateway.admission.admission import Admission
from gateway.admission.rates import BoundedMemory, Rates
from gateway.admission.shared import RedisUnavailableError, SharedRates
from gateway.answers.service import AnswerService
from gateway.answers.stale_answers import StaleAnswers as StaleQuestions
from gateway.auth.jwks import JwksCache, JwksFetchError
from gateway.auth.tokens import KeySource, SharedSecret, TokenVerifier
from gateway.clients.chat import ChatError, ChatLimits, ChatModel
from gateway.clients.data_api import DataApi
from gateway.clients.payments import PaymentFailedError, Payments
from gateway.clients.reranker import Reranker, RerankerError
from gateway.clients.storage import Storage
from gateway.config.settings import Settings
from gateway.database.pool import Database
from gateway.database.rights import Rights
from gateway.embeddings import EmbeddingError
from gateway.mcp.endpoint import McpEndpoint
from gateway.mcp.tools import Tools
from gateway.reading.service import ReadingService
from gateway.recommendations.service import RecommendationService
from gateway.recommendations.stale_answers import MAX_BYTES as MAX_RECOMMENDATION_BYTES
from gateway.recommendations.stale_answers import StaleRecommendations
from gateway.resilience import Policy, ResiliencePipeline
from gateway.resilience.limiter import ConcurrencyLimiter
from gateway.search.query_embedding import QueryEmbedder
from gateway.search.recall import LiveRecall
from gateway.search.service import SearchService
from gateway.search.stale_answers import StaleAnswers
from gateway.status.registry import Dependency
from gateway.upstreams.application import Application


def create_replica(settings: Settings, policy: Policy) -> Database | None:
    """The read replica."""
    if settings.replica_database_url is None:
        return None
    url, size = settings.replica_database_url.get_secret_value(), settings.database_pool_size
    return Database(url, policy, pool_size=size, share=settings.caller_share)


def create_mcp(
    settings: Settings,
    search: SearchService,
    answers: AnswerService,
    recommendations: RecommendationService,
    reading: ReadingService,
) -> McpEndpoint:
    """The MCP server, which calls these services."""
    return McpEndpoint(
        Tools(search, answers, recommendations, reading, seconds=settings.request_timeout_s),
        issuer=f"{settings.supabase_url}/auth/v1",
        public_url=settings.gateway_public_url,
        origins=settings.cors_origins,
        max_body_bytes=settings.max_body_bytes,
    )


def create_shared_rates(settings: Settings, policy: Policy) -> SharedRates | None:
    """Where several gateways count together. ValueError for an address that is none."""
    if settings.rate_limit_storage is None:
        return None
    return SharedRates(settings.rate_limit_storage.get_secret_value(), policy)


def create_limiter(settings: Settings, database: Policy) -> ConcurrencyLimiter:
    """How many requests are let in: more than PostgreSQL has places for would be refused by its bulkhead, late."""
    most = min(settings.concurrency or database.concurrency, database.concurrency)
    late_s = settings.request_timeout_s / 3
    return ConcurrencyLimiter(initial=most, largest=most, late_s=late_s, share=settings.caller_share)


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


def create_keys(settings: Settings, client: httpx2.AsyncClient, policy: Policy) -> JwksCache | SharedSecret:
    """What tokens are verified by: the published keys, or only the configured secret. ValueError without that."""
    if settings.auth_algorithms != ["HS256"]:
        return JwksCache(f"{_auth_url(settings)}/.well-known/jwks.json", client, policy)
    return _shared_secret(settings)


def create_verifier(settings: Settings, keys: JwksCache | SharedSecret) -> TokenVerifier:
    """What verifies tokens, by `keys` and by the secret where both are in use. ValueError without a secret."""
    sources: dict[str, KeySource] = dict.fromkeys(settings.auth_algorithms, keys)
    if "HS256" in sources:
        sources["HS256"] = _shared_secret(settings)
    publishable = [settings.supabase_publishable_key or "", *settings.supabase_other_keys]
    return TokenVerifier(sources, issuer=_auth_url(settings), publishable_keys=publishable)


def _shared_secret(settings: Settings) -> SharedSecret:
    if settings.supabase_jwt_secret is None:
        raise ValueError("AUTH_ALGORITHMS=HS256 needs SUPABASE_JWT_SECRET.")
    return SharedSecret(settings.supabase_jwt_secret.get_secret_value())


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


def create_models(settings: Settings, *uses: Policy) -> dict[Policy, ChatModel | None]:
    """The language models that the settings name, the first one first."""
    return {policy: _model(settings, policy) for policy in uses}


def _model(settings: Settings, policy: Policy) -> ChatModel | None:
    url, model, key = (getattr(settings, f"{policy.name}_{part}") for part in ("url", "model", "api_key"))
    if url is None:
        return None
    return ChatModel(
        url,
        model or "",
        key.get_secret_value() if key is not None else None,
        policy=policy,
        limits=ChatLimits(settings.llm_first_token_s, settings.llm_stall_s),
        parameters=settings.llm_parameters,
    )


def create_recall(
    settings: Settings, database: Database, replica: Database | None, limiter: ConcurrencyLimiter
) -> LiveRecall | None:
    """What measures recall, on the replica where there is one."""
    if not settings.live_recall_share:
        return None
    where = database if replica is None else replica
    return LiveRecall(where, settings.live_recall_share, has_room=lambda: 2 * limiter.in_flight <= limiter.limit)


def create_stale_answers(settings: Settings, rights: Rights) -> StaleAnswers:
    """The answers to searches that stand in when no new ones can be had."""
    max_bytes = 1_000_000 * settings.stale_answers_mb
    return StaleAnswers(max_bytes=max_bytes, max_age_s=settings.stale_answers_s, rights=rights)


def create_stale_questions(settings: Settings, rights: Rights) -> StaleQuestions:
    """The same of answers to questions."""
    max_bytes = 1_000_000 * settings.stale_answers_mb
    return StaleQuestions(max_bytes=max_bytes, max_age_s=settings.stale_answers_s, rights=rights)


def create_stale_recommendations(settings: Settings, rights: Rights) -> StaleRecommendations:
    """The same of recommendations, in a file as well if one is named."""
    return StaleRecommendations(
        None if settings.recommendations_file is None else Path(settings.recommendations_file),
        max_bytes=min(MAX_RECOMMENDATION_BYTES, 1_000_000 * settings.stale_answers_mb),
        max_age_s=settings.stale_recommendations_s,
        rights=rights,
    )


def list_dependencies(
    *,
    replica: Database | None,
    data_api: DataApi,
    keys: JwksCache | SharedSecret,
    embedder: QueryEmbedder,
    reranker: Reranker | None,
    models: Mapping[Policy, ChatModel | None],
    payments: Payments | None,
    storage: Storage,
    shared_rates: SharedRates | None,
    applications: Mapping[str, Application],
) -> list[Dependency]:
    """Everything outside the process but the database, for the status."""
    return [
        Dependency("replica", replica),
        Dependency("data_api", data_api),
        Dependency("auth_keys", keys, (JwksFetchError,)),
        Dependency("embedder", embedder, (EmbeddingError,), is_costly=True, objection=embedder.objection),
        Dependency("reranker", reranker, (RerankerError,), is_costly=True),
        *(
            Dependency(policy.name, model, (ChatError,), idle=ResiliencePipeline(policy) if model is None else None)
            for policy, model in models.items()
        ),
        Dependency("payment", payments, (PaymentFailedError,)),
        Dependency("storage", storage),
        Dependency("rate_limits", shared_rates, (RedisUnavailableError,), off="Each gateway counts for itself."),
        *(Dependency(application.path.removeprefix("/"), application.client) for application in applications.values()),
    ]


def _auth_url(settings: Settings) -> str:
    return f"{settings.supabase_url}/auth/v1"
