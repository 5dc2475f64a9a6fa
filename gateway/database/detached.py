"""Tasks with a deadline that holds.

`asyncio.timeout` around a query awaits its cancellation, which for a frozen server takes seconds: here the task is
told to stop and left behind, and counts as running until it has.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from gateway.errors import DatabaseBusyError, DatabaseTimeoutError

logger = logging.getLogger(__name__)

Result = TypeVar("Result")


class DetachedTasks:
    """At most `limit` tasks at a time; more are refused at once, because a queue would only add to the wait."""

    def __init__(self, limit: int) -> None:
        """Set the limit."""
        self._limit = limit
        self._running: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        """How many run, those given up but not yet gone included."""
        return len(self._running)

    async def run(self, work: Callable[[], Coroutine[Any, Any, Result]], deadline_s: float) -> Result:
        """The result of `work`; DatabaseBusyError at the limit, DatabaseTimeoutError after `deadline_s` seconds."""
        if len(self._running) >= self._limit:
            raise DatabaseBusyError("Too many searches at once. Try again.")
        task = asyncio.create_task(work())
        self._running.add(task)
        task.add_done_callback(self._finished)
        try:
            await asyncio.wait({task}, timeout=deadline_s)
        finally:
            if not task.done():
                task.cancel()
        if not task.done():
            logger.error("database: no answer within %g s", deadline_s)
            raise DatabaseTimeoutError(f"The database did not answer within {deadline_s:g} s. Try again.")
        return task.result()

    def cancel_all(self) -> None:
        """Tell everything that runs to stop."""
        for task in self._running:
            task.cancel()

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        # Whoever waited has the exception; one that was left behind would be reported as never retrieved.
        if not task.cancelled() and task.exception() is not None:
            logger.debug("database: %r ended with %r", task, task.exception())
