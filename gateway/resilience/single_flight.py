"""Sharing one piece of work between tasks that want it at the same time."""

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")


class SingleFlight(Generic[Result]):
    """Runs `work` once for everybody who asks while it runs; they share its result or its exception."""

    def __init__(self, work: Callable[[], Coroutine[Any, Any, Result]]) -> None:
        """Share the coroutine function `work`; nothing runs before the first call."""
        self._work = work
        self._task: asyncio.Task[Result] | None = None

    async def __call__(self) -> Result:
        """Wait for the running work, or start it. Who stops waiting does not stop it for the others."""
        return await asyncio.shield(self.start())

    def start(self) -> "asyncio.Task[Result]":
        """The running work, started if none is: for those who do not want to wait."""
        if self._task is None or self._task.done():
            # With a deadline of its own: not that of whoever happens to ask first.
            self._task = asyncio.create_task(self._work(), context=contextvars.Context())
            self._task.add_done_callback(_retrieve)
        return self._task

    async def cancel(self) -> None:
        """Stop the work and wait until it has stopped."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})


def _retrieve(task: asyncio.Task[Any]) -> None:
    # When everybody stopped waiting, nobody retrieves the exception, which asyncio would report as a bug.
    if not task.cancelled():
        task.exception()
