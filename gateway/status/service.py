"""What /v1/status and /health/ready say."""

import asyncio
import logging

from gateway import __version__
from gateway.auth.caller import Caller
from gateway.database.pool import Database
from gateway.errors import GatewayError, NotReadyError
from gateway.status.probes import DEADLINE_S, Probes
from gateway.status.schemas import FailedDocument, ModelStatus, QueueStatus, StatusResponse

logger = logging.getLogger(__name__)

MAX_FAILED_DOCUMENTS = 20


class StatusService:
    """Says how the gateway is."""

    def __init__(self, database: Database, probes: Probes) -> None:
        """Ask `probes` how things are, and `database` what failed."""
        self._database = database
        self._probes = probes

    async def status(self, caller: Caller) -> StatusResponse:
        """How everything is, and which of the caller's documents failed. Never raises because something is down."""
        snapshot, failed = await asyncio.gather(self._probes.snapshot(), self._failed_documents(caller))
        row = snapshot.row
        return StatusResponse(
            status="ok" if snapshot.dependencies.all_up else "degraded",
            version=__version__,
            dependencies=snapshot.dependencies,
            queue=None if row is None else QueueStatus.model_validate(row),
            model=None
            if row is None or row["model"] is None
            else ModelStatus(name=row["model"], dimensions=row["dimensions"]),
            failed_documents=failed,
        )

    async def ready(self) -> None:
        """Return when searches can be answered, by keywords at least; NotReadyError with the reasons otherwise."""
        try:
            await self._database.fetch("active_embedding_model", deadline_s=DEADLINE_S)
        except GatewayError as error:
            raise NotReadyError(f"{error.title}. {error.detail}") from error

    async def _failed_documents(self, caller: Caller) -> list[FailedDocument] | None:
        if not caller.is_signed_in:
            return None
        parameters = {"claims": caller.claims, "max_rows": MAX_FAILED_DOCUMENTS}
        try:
            rows = await self._database.fetch("failed_documents_as", parameters, deadline_s=DEADLINE_S)
        except GatewayError as error:
            logger.warning("status: failed documents are not known: %s", error.detail)
            return None
        return [FailedDocument.model_validate(row) for row in rows]
