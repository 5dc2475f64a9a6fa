"""What /v1/status and /health/ready say."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

from gateway import __version__
from gateway.auth.caller import Caller
from gateway.database.pool import Database
from gateway.errors import DatabaseBusyError, DatabaseUnsafeError, GatewayError, NotReadyError
from gateway.resilience import allow
from gateway.resilience.limiter import ConcurrencyLimiter
from gateway.status.probes import DEADLINE_S, Probes
from gateway.status.queues import QueueGauges
from gateway.status.schemas import (
    FailedDocument,
    FilesStatus,
    Impairment,
    LoadStatus,
    ModelStatus,
    PaymentsStatus,
    QueueStatus,
    RecallStatus,
    StatusDetails,
    StatusResponse,
)

logger = logging.getLogger(__name__)

MAX_FAILED_DOCUMENTS = 20
READY_FOR_S = 3.0
READY_KNOWN_S = 0.5
# What a client notices when a dependency is down, and what happens instead.
IMPAIRMENTS = {
    "database": ("search and recommendations", "They come by another way, or are answers of a moment ago."),
    "data_api": ("the Data API", "It does not answer the gateway."),
    "auth_keys": ("sign-in", "Tokens signed with new keys cannot be verified."),
    "embedder": ("search by meaning", "Search answers by keywords."),
    "reranker": ("ranking", "Results are in the order of the hybrid score."),
    "payment": ("payments", "Charges and refunds wait."),
    "storage": ("files", "Storage does not answer the gateway."),
}


class StatusService:
    """Says how the gateway is."""

    def __init__(
        self,
        database: Database,
        probes: Probes,
        limiter: ConcurrencyLimiter,
        *,
        recall: Callable[[], Mapping[str, float] | None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Ask `probes` how things are, `database` what failed, `limiter` for the load, and `recall` what is found."""
        self._database = database
        self._limiter = limiter
        self._recall = recall
        self._clock = clock
        self.is_draining = False
        self._failing_since = float("-inf")
        self._ready_at = float("-inf")
        self._probes = probes
        self._queues = QueueGauges(database)

    async def status(self, caller: Caller) -> StatusResponse:
        """What a client should know, its own failed documents included. Never raises because something is down."""
        snapshot, failed = await asyncio.gather(self._probes.snapshot(), self._failed_documents(caller))
        down = [name for name in IMPAIRMENTS if getattr(snapshot.dependencies, name).state == "down"]
        return StatusResponse(
            status="ok" if snapshot.dependencies.all_up else "degraded",
            impairments=[Impairment(what=what, detail=detail) for what, detail in map(IMPAIRMENTS.__getitem__, down)],
            failed_documents=failed,
        )

    async def details(self) -> StatusDetails:
        """How everything is, for whoever runs it. Never raises because something is down."""
        snapshot = await self._probes.snapshot()
        row = snapshot.row
        recall = None if self._recall is None else self._recall()
        return StatusDetails(
            status="ok" if snapshot.dependencies.all_up else "degraded",
            version=__version__,
            dependencies=snapshot.dependencies,
            applications=dict(snapshot.applications),
            load=LoadStatus(in_flight=self._limiter.in_flight, limit=self._limiter.limit),
            queue=None if row is None else QueueStatus.model_validate(row),
            files=None if row is None else FilesStatus.model_validate(row),
            payments=None if row is None else PaymentsStatus.model_validate(row),
            recall=None if recall is None else RecallStatus.model_validate(recall),
            model=None
            if row is None or row["model"] is None
            else ModelStatus(name=row["model"], dimensions=row["dimensions"]),
        )

    async def measure(self) -> None:
        """Bring the metrics up to date that are read from the database. Never raises."""
        await self._queues.measure()

    def drain(self) -> None:
        """Say from now on that the gateway is not ready: it stops soon."""
        self.is_draining = True

    def was_ready(self) -> bool:
        """Whether searches could be answered a moment ago, so that nobody needs to be asked again."""
        return not self.is_draining and self._clock() - self._ready_at < READY_KNOWN_S

    async def ready(self) -> None:
        """Return when searches can be answered, by keywords at least; NotReadyError with the reasons otherwise.

        A database that answered before and does not now is given READY_FOR_S seconds from the first question that it
        left open, however seldom one is put: taking the gateway out for a hiccup, and all gateways at the same time,
        would make an outage of it. One that is busy is no worse than before; an unsafe one is given no time.
        """
        if self.is_draining:
            raise NotReadyError("It stops soon: ask another one.")
        try:
            with allow(DEADLINE_S):
                await self._database.fetch("active_embedding_model")
        except GatewayError as error:
            now = self._clock()
            if isinstance(error, DatabaseUnsafeError):
                self._failing_since = float("-inf")
            elif not isinstance(error, DatabaseBusyError):
                self._failing_since = min(self._failing_since, now)
            if now - self._failing_since > READY_FOR_S:
                raise NotReadyError(f"{error.title}. {error.detail}") from error
        else:
            self._failing_since = float("inf")
            self._ready_at = self._clock()

    async def _failed_documents(self, caller: Caller) -> list[FailedDocument] | None:
        if not caller.is_signed_in:
            return None
        parameters = {"claims": caller.claims, "max_rows": MAX_FAILED_DOCUMENTS}
        try:
            with allow(DEADLINE_S):
                rows = await self._database.fetch("failed_documents_as", parameters)
        except GatewayError as error:
            logger.warning("status: failed documents are not known: %s", error.detail)
            return None
        return [FailedDocument.model_validate(row) for row in rows]
