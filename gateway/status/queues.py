"""The worker's queues as gauges, read from the database when somebody asks for the metrics."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from math import nan
from typing import Any

from gateway.database.pool import Database
from gateway.errors import GatewayError
from gateway.resilience import allow
from gateway.resilience.request_metrics import DATABASE_STARTED, DOCUMENTS_PENDING, QUEUE_JOBS, QUEUE_OLDEST
from gateway.resilience.single_flight import SingleFlight

logger = logging.getLogger(__name__)

FRESH_S = 1.0
DEADLINE_S = 1.0
# The other metrics, which tell that the database hangs, do not wait longer for it.
PATIENCE_S = 0.25
# Where the row of sql/queries/status.sql has the numbers of each queue.
JOBS = {
    ("embedding", "waiting"): "pending",
    ("embedding", "failed"): "failed",
    ("files", "waiting"): "files_waiting",
    ("files", "running"): "files_reading",
    ("files", "failed"): "files_failed",
    ("payments", "waiting"): "payments_waiting",
    ("payments", "failed"): "payments_failed",
}
OLDEST = {
    "embedding": "oldest_pending_seconds",
    "files": "files_oldest_seconds",
    "payments": "payments_oldest_seconds",
}


class QueueGauges:
    """Sets the gauges, at most once a second."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        """Ask `database`."""
        self._database = database
        self._clock = clock
        self._measured_at = float("-inf")
        self._measuring = SingleFlight(self._measure)

    async def measure(self) -> None:
        """Set the gauges; without an answer in time there are none. Never raises."""
        if self._clock() - self._measured_at < FRESH_S:
            return
        _clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await self._measuring()

    async def _measure(self) -> None:
        try:
            with allow(DEADLINE_S):
                (row,) = await self._database.fetch("status")
        except GatewayError as error:
            logger.warning("metrics: the queues are not known: %s", error.detail)
            return
        _set(row)
        self._measured_at = self._clock()


def _clear() -> None:
    QUEUE_JOBS.clear()
    QUEUE_OLDEST.clear()
    DOCUMENTS_PENDING.set(nan)
    DATABASE_STARTED.clear()


def _set(row: Mapping[str, Any]) -> None:
    for (queue, state), column in JOBS.items():
        QUEUE_JOBS.labels(queue, state).set(row[column])
    for queue, column in OLDEST.items():
        QUEUE_OLDEST.labels(queue).set(row[column])
    DOCUMENTS_PENDING.set(row["documents_pending"])
    DATABASE_STARTED.labels("database").set(row["started_seconds"])
