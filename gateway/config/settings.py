"""Every setting of the gateway and the worker: loading.py reads them when a process starts, checks.py judges them."""

import json
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from gateway.config.embedder import EmbedderChoice
from gateway.config.policies import Policies, policies
from gateway.config.types import Empty, HttpUrl, LowerCase, PolicyChanges
from gateway.config.upstreams import UpstreamSettings


class Settings(UpstreamSettings):
    """The settings; each stands in the environment under its name in capitals."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    environment: Literal["development", "production"] = Field(
        default="development",
        description="With `production`, missing and weak secrets keep the processes from starting.",
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], LowerCase] = Field(
        default="info", description="How much is logged: debug, info, warning or error."
    )
    log_format: Annotated[Literal["text", "json"], LowerCase] = Field(
        default="text", description="How events are logged, one line each: as text or as JSON objects."
    )
    log_client_address: Annotated[Literal["none", "network", "full"], LowerCase] = Field(
        default="network",
        description="What the log says of a client's address: nothing, its network (IPv4 /24, IPv6 /48), or all of it.",
    )

    sentry_dsn: Annotated[SecretStr | None, Empty] = Field(
        default=None,
        description="Where unexpected errors of gateway and worker are reported, as Sentry gives it out; nothing is "
        "reported without it. No text of a request, a row or an exception leaves.",
    )
    sentry_environment: Annotated[str | None, Empty] = Field(
        default=None, description="The environment named in reports; ENVIRONMENT by default."
    )
    sentry_release: Annotated[str | None, Empty] = Field(
        default=None, description="The release named in reports; tidegate@ and the version by default."
    )

    gateway_database_url: Annotated[SecretStr | None, Empty] = Field(
        default=None,
        description="PostgreSQL for the gateway: postgresql://tidegate_gateway:…@host:port/postgres; a transaction "
        "pooler will do.",
    )
    worker_database_url: Annotated[SecretStr | None, Empty] = Field(
        default=None, description="PostgreSQL for the worker: postgresql://tidegate_worker:…@host:port/postgres."
    )
    worker_lease_s: float = Field(
        default=30.0,
        gt=0,
        le=3600,
        description="Seconds until texts that a dead worker had taken are taken again; a living one keeps renewing.",
    )
    worker_max_attempts: int = Field(
        default=5, ge=1, le=100, description="Times a text is tried before it counts as failed, to be retried by hand."
    )
    worker_backoff_s: float = Field(
        default=1.0,
        gt=0,
        le=600,
        description="First wait after a failure, in seconds; doubles up to 30 s, at random between 0 and that.",
    )
    worker_file_processes: int = Field(
        default=2, ge=1, le=64, description="Files that a worker reads at a time, each in a process of its own."
    )
    worker_metrics_host: str = Field(
        default="127.0.0.1", description="With WORKER_METRICS_PORT: the address it is opened on."
    )
    worker_metrics_port: Annotated[int | None, Empty] = Field(
        default=None,
        ge=1,
        le=65535,
        description="Port of the worker's own /metrics, in Prometheus' text format; without it there is none.",
    )
    replica_database_url: Annotated[SecretStr | None, Empty] = Field(
        default=None,
        description="A read replica, by the same login, asked when neither the database nor the Data API answers.",
    )
    replica_is_synchronous: bool = Field(
        default=False,
        description="Whether nothing is acknowledged that the replica does not have (synchronous_commit=remote_apply). "
        "Otherwise it shows documents only while it is less than five seconds behind.",
    )
    database_pool_size: int = Field(
        default=8, ge=1, le=200, description="Most connections of one gateway; four times as many queries run or wait."
    )
    database_timeout_s: float = Field(
        default=1.5, gt=0, le=60, description="Seconds a query may take before another way to the answer is tried."
    )
    request_timeout_s: float = Field(
        default=3.0, gt=0, le=60, description="Seconds in which every request is answered, whatever is down."
    )
    concurrency: Annotated[int | None, Empty] = Field(
        default=None,
        ge=1,
        le=512,
        description="Most requests that are let in at a time, by default and never more than as many as queries may "
        "run or wait; the limit falls below that when answers come late.",
    )
    live_recall_share: float = Field(
        default=0.01,
        ge=0,
        le=1,
        description="Of searches by meaning, how many are made again exactly to measure recall; in at most 1 % of "
        "the time of searches. 0: none.",
    )
    stale_answers_mb: int = Field(
        default=16,
        ge=0,
        le=1024,
        description="Memory for stale answers, given when no new ones can be had; 0: none.",
    )
    stale_answers_s: float = Field(
        default=600.0, ge=0, le=86_400, description="Seconds that a stale answer may be old; it says how old it is."
    )
    recommendations_file: Annotated[str | None, Empty] = Field(
        default=None, description="File of one gateway's own, up to 8 MB: its stale recommendations, across restarts."
    )
    stale_recommendations_s: float = Field(
        default=604_800.0, ge=0, description="Seconds that stale recommendations may be old; they say how old they are."
    )
    resilience: PolicyChanges = Field(
        default={},
        description="JSON with other numbers for bulkheads, breakers and retries, by dependency: "
        '`{"embedder": {"failures_to_open": 3, "reset_s": 2}}`; /status shows those in use.',
    )

    embedder: Literal["onnx", "openai"] = Field(
        default="onnx",
        description="`onnx`: all-MiniLM-L6-v2 in the process; `openai`: any endpoint with OpenAI's embeddings API.",
    )
    embedder_url: Annotated[HttpUrl | None, Empty] = Field(
        default=None, description="With EMBEDDER=openai: the API's address up to and including /v1."
    )
    embedder_api_key: Annotated[SecretStr | None, Empty] = Field(
        default=None, description="With EMBEDDER=openai: its key, if it wants one."
    )
    embedder_model: Annotated[str | None, Empty] = Field(
        default=None, description="With EMBEDDER=openai: its model, which is also the name in the registry of models."
    )
    embedder_dimensions: Annotated[int | None, Empty] = Field(
        default=None, ge=1, le=4000, description="With EMBEDDER=openai: length of that model's vectors."
    )
    embedder_threads: Annotated[int | None, Empty] = Field(
        default=None, ge=1, le=256, description="With EMBEDDER=onnx: cores to use; all by default."
    )
    embedder_timeout_s: float = Field(
        default=1.0, gt=0, le=60, description="Seconds a query's embedding may take before search answers by keywords."
    )
    next_embedder: Annotated[Literal["onnx", "openai"] | None, Empty] = Field(
        default=None,
        description="While models are changed: the embedder of the other one. Whichever is active is used.",
    )
    next_embedder_url: Annotated[HttpUrl | None, Empty] = Field(default=None, description="As EMBEDDER_URL.")
    next_embedder_api_key: Annotated[SecretStr | None, Empty] = Field(default=None, description="As EMBEDDER_API_KEY.")
    next_embedder_model: Annotated[str | None, Empty] = Field(default=None, description="As EMBEDDER_MODEL.")
    next_embedder_dimensions: Annotated[int | None, Empty] = Field(
        default=None, ge=1, le=4000, description="As EMBEDDER_DIMENSIONS."
    )
    reranker_url: Annotated[HttpUrl | None, Empty] = Field(
        default=None,
        description="Address of an API with Cohere's `/rerank`, without that; once set, it orders what search found.",
    )
    reranker_model: Annotated[str | None, Empty] = Field(default=None, description="With RERANKER_URL: its model.")
    reranker_api_key: Annotated[SecretStr | None, Empty] = Field(
        default=None, description="With RERANKER_URL: its key, if it wants one."
    )
    reranker_candidates: int = Field(
        default=50, ge=1, le=100, description="With RERANKER_URL: how many of the best results it is shown."
    )
    reranker_timeout_s: float = Field(
        default=1.0, gt=0, le=60, description="Seconds it may take before search answers in its own order."
    )

    payment_url: Annotated[HttpUrl | None, Empty] = Field(
        default=None,
        description="The payment provider's API: the worker posts charges and refunds there. Without it staff mark "
        "orders as paid.",
    )
    payment_api_key: Annotated[SecretStr | None, Empty] = Field(
        default=None, description="With PAYMENT_URL: its key, if it wants one."
    )
    payment_timeout_s: float = Field(
        default=10.0, gt=0, le=60, description="Seconds a charge or refund may take before it is asked for again."
    )
    payment_max_attempts: int = Field(
        default=20,
        ge=1,
        le=1000,
        description="Times a charge or refund is tried, about an hour, before it is left to staff. Attempts are not "
        "counted while the provider's breaker is open.",
    )

    @property
    def embedders(self) -> list[EmbedderChoice]:
        """The usual embedder, and the other one while models are changed."""
        choices = [
            EmbedderChoice(
                getattr(self, f"{prefix}embedder"),
                **{
                    part: getattr(self, f"{prefix}embedder_{part}")
                    for part in ("url", "api_key", "model", "dimensions")
                },
                threads=self.embedder_threads,
            )
            for prefix in ("", "next_")
        ]
        return choices if self.next_embedder is not None else choices[:1]

    @property
    def root_path(self) -> str:
        """The path under which a proxy publishes the gateway; empty without one."""
        return urlsplit(self.gateway_public_url or "").path

    @property
    def drain_s(self) -> float:
        """Seconds between SIGTERM and the end of new connections."""
        if self.shutdown_drain_s is not None:
            return self.shutdown_drain_s
        return 10.0 if self.environment == "production" else 0.0

    @property
    def answer_timeout_s(self) -> float:
        """Seconds in which a question is answered: those of any request, and more where a model writes."""
        return self.request_timeout_s + (self.llm_timeout_s if self.llm_url is not None else 0.0)

    @property
    def policies(self) -> Policies:
        """How each dependency is used. ValueError for numbers that cannot be followed."""
        return policies(
            pool_size=self.database_pool_size,
            request_s=self.request_timeout_s,
            database_s=self.database_timeout_s,
            embedder_s=self.embedder_timeout_s,
            reranker_s=self.reranker_timeout_s,
            llm_s=self.llm_timeout_s,
            payment_s=self.payment_timeout_s,
            changes=self.resilience,
        )


def describe_settings() -> list[tuple[str, str, str]]:
    """(environment variable, default, description) of every setting, in the order of the class."""
    described = []
    for name, field in Settings.model_fields.items():
        default = field.default
        text = "" if default is None else ",".join(default) if isinstance(default, list) else str(default)
        text = json.dumps(default) if isinstance(default, dict) else text
        described.append((name.upper(), text, field.description or ""))
    return described
