"""Answers of /v1/status and /health."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

State = Literal["up", "down", "unknown", "off"]


class BreakerStatus(BaseModel):
    """How calls of one dependency are made, and how they have gone."""

    state: Literal["closed", "half-open", "open"] = Field(description="open: it is left alone for a moment.")
    in_flight: int = Field(description="Calls under way.")
    retry_budget: float = Field(description="What is left of the retries that may be made, 0 to 1.")
    policy: dict[str, float | int | str] = Field(description="Times in seconds, numbers of calls, and the fallback.")


class DependencyStatus(BaseModel):
    """How one dependency is."""

    state: State
    latency_ms: float | None = Field(description="How long it took to answer; null when it did not.")
    detail: str = Field(description="In words.")
    breaker: BreakerStatus | None = Field(default=None, description="null where nothing is called.")


class Dependencies(BaseModel):
    """Everything the gateway depends on."""

    database: DependencyStatus
    replica: DependencyStatus = Field(description="off where none is set.")
    data_api: DependencyStatus
    auth_keys: DependencyStatus
    embedder: DependencyStatus
    reranker: DependencyStatus = Field(description="off where none is set.")
    llm: DependencyStatus = Field(description="off where none is set: answers are quotations.")
    llm_fallback: DependencyStatus = Field(description="off where none is set.")
    payment: DependencyStatus = Field(description="off where none is set; only the worker pays.")
    storage: DependencyStatus = Field(description="Clients send and read files there; no answer waits for it.")
    rate_limits: DependencyStatus = Field(description="off where none is set: each gateway counts for itself.")

    @property
    def all_up(self) -> bool:
        """Whether nothing that answers need is down or unknown."""
        needed = set(type(self).model_fields) - {"storage", "rate_limits"}
        return all(getattr(self, name).state in ("up", "off") for name in needed)


class QueueStatus(BaseModel):
    """How far the embeddings are behind their texts."""

    pending: int = Field(description="Documents and products that wait for the worker.")
    failed: int = Field(description="Those that failed for good; retry_document tries one again.")
    oldest_pending_seconds: float = Field(description="How long the oldest has waited; 0 when none waits.")


class FilesStatus(BaseModel):
    """How far reading is behind the files."""

    waiting: int = Field(validation_alias="files_waiting", description="Files that wait for the worker.")
    reading: int = Field(validation_alias="files_reading", description="Files that are being read.")
    failed: int = Field(
        validation_alias="files_failed", description="Those that could not be read; retry_document tries them again."
    )
    oldest_waiting_seconds: float = Field(
        validation_alias="files_oldest_seconds",
        description="How long ago the oldest was queued that is not done; 0 when there is none.",
    )


class PaymentsStatus(BaseModel):
    """What the payment provider is still to be told, or staff is to settle by hand where none is set."""

    waiting: int = Field(validation_alias="payments_waiting", description="Charges and refunds in the outbox.")
    failed: int = Field(
        validation_alias="payments_failed",
        description="Those that failed for good; failed_payments lists them for staff.",
    )
    oldest_waiting_seconds: float = Field(
        validation_alias="payments_oldest_seconds", description="How long the oldest has waited; 0 when none waits."
    )


class ModelStatus(BaseModel):
    """The embedding model that search uses."""

    name: str
    dimensions: int


class RecallStatus(BaseModel):
    """Of what an exact search finds, what the usual one found, on searches that people made."""

    searches: int = Field(description="How many of the last ones were measured, at most 1,000.")
    recall: float = Field(description="Their mean, 0 to 1.")
    low: float = Field(description="The lower end of its interval of 95 % (Wilson).")
    high: float = Field(description="The upper end.")


class LoadStatus(BaseModel):
    """How much there is to do."""

    in_flight: int = Field(description="Requests that were let in and are not answered.")
    limit: int = Field(description="How many are let in at a time now.")


class FailedDocument(BaseModel):
    """A document that could not be embedded, and why."""

    id: UUID
    title: str
    error: str | None
    updated_at: datetime


class Impairment(BaseModel):
    """Something that does not work as usual, as a client notices it."""

    what: str = Field(description="What is concerned.", examples=["search by meaning"])
    detail: str = Field(description="What happens instead.", examples=["Search answers by keywords."])


class StatusResponse(BaseModel):
    """How the gateway is, for its clients."""

    status: Literal["ok", "degraded"] = Field(description="ok when nothing that answers need is down.")
    impairments: list[Impairment] = Field(description="What does not work as usual; empty when everything does.")
    failed_documents: list[FailedDocument] | None = Field(
        description="The caller's own and those of organizations the caller edits for, the latest 20; null without a "
        "token, or when the database does not answer."
    )


class StatusDetails(BaseModel):
    """How the gateway is, for whoever runs it."""

    status: Literal["ok", "degraded"] = Field(description="ok when every dependency is up.")
    version: str
    dependencies: Dependencies
    applications: dict[str, DependencyStatus] = Field(
        description="Existing applications by their paths (UPSTREAMS); no answer of the gateway's own needs them."
    )
    load: LoadStatus
    queue: QueueStatus | None = Field(description="null when the database does not answer.")
    files: FilesStatus | None = Field(description="null when the database does not answer.")
    payments: PaymentsStatus | None = Field(description="null when the database does not answer.")
    recall: RecallStatus | None = Field(description="null until a search was measured (LIVE_RECALL_SHARE).")
    model: ModelStatus | None = Field(description="null when none is active or the database does not answer.")


class Health(BaseModel):
    """Alive, or ready."""

    status: Literal["live", "ready"]
