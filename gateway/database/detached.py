"""Tasks with a deadline that holds.

`asyncio.timeout` around a query awaits its cancellation, which for a frozen server takes seconds: here the task is
told to stop and left behind, and counts as running until it has.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from gateway.resilience import BulkheadFullError

logger = logging.getLogger(__name__)


class DetachedTasks:
    """At most `limit` tasks at a time; more are refused at once, because a queue would only add to the wait."""

    def __init__(self, name: str, limit: int) -> None:
        """Set the limit, and whose tasks these are."""
        self._name = name
        self._limit = limit
        self._running: dict[asyncio.Future[Any], asyncio.Future[None]] = {}  # and who waits for each

    def __len__(self) -> int:
        """How many run, those given up but not yet gone included."""
        return len(self._running)

    async def run(self, work: Callable[[], Awaitable[Any]], seconds: float) -> Any:
        """The result of `work`; BulkheadFullError at the limit, TimeoutError after `seconds` or when given up."""
        if len(self._running) >= self._limit:
            raise BulkheadFullError(self._name)
        task = asyncio.ensure_future(work())
        waiting = self._running[task] = asyncio.get_running_loop().create_future()
        task.add_done_callback(self._finished)
        try:
            await asyncio.wait({waiting}, timeout=seconds)
        finally:
            if not task.done():
                task.cancel()
        if not task.done():
            raise TimeoutError
        return task.result()

    def give_up(self) -> None:
        """Have nobody wait any longer for what runs: they get their TimeoutError now."""
        for waiting in self._running.values():
            if not waiting.done():
                waiting.set_result(None)

    def cancel_all(self) -> None:
        """Tell everything that runs to stop."""
        for task in self._running:
            task.cancel()

    async def settle(self, deadline_s: float) -> None:
        """Return when nothing runs any more, or after `deadline_s` seconds."""
        if self._running:
            await asyncio.wait(list(self._running), timeout=deadline_s)

    def _finished(self, task: "asyncio.Future[Any]") -> None:
        waiting = self._running.pop(task)
        if not waiting.done():
            waiting.set_result(None)
        # Whoever waited has the exception; one that was left behind would be reported as never retrieved.
        if not task.cancelled() and task.exception() is not None:
            logger.debug("%s: %r ended with %r", self._name, task, task.exception())
