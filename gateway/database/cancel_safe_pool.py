"""Connections of a pool that no cancellation loses.

A task that is cancelled in the moment in which the pool hands it a connection never learns of it, and the pool counts
the connection as taken for ever: with three connections and deadlines of a millisecond, one was gone after some five
hundred requests. So the pool is asked by a task that nobody cancels, and whatever comes too late goes back.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import DictRow
from psycopg_pool import AsyncConnectionPool

Connection = AsyncConnection[DictRow]


class CancelSafePool:
    """Lends the connections of a pool."""

    def __init__(self, pool: AsyncConnectionPool[Connection]) -> None:
        """Lend those of `pool`."""
        self._pool = pool
        self._tasks: set[asyncio.Task[Any]] = set()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for the block; PoolTimeout when none comes free within the pool's timeout."""
        getting = self._keep(asyncio.create_task(self._pool.getconn()))
        try:
            connection = await asyncio.shield(getting)
        except asyncio.CancelledError:
            getting.add_done_callback(self._take_back)
            raise
        try:
            async with connection:  # commits or rolls back; the pool, not this, closes it
                yield connection
        finally:
            await asyncio.shield(self._return(connection))

    async def settle(self, deadline_s: float) -> None:
        """Return when nothing is on its way any more, or after `deadline_s` seconds."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=deadline_s)

    def _take_back(self, getting: "asyncio.Task[Connection]") -> None:
        if not getting.cancelled() and getting.exception() is None:
            self._return(getting.result())

    def _return(self, connection: Connection) -> "asyncio.Task[None]":
        return self._keep(asyncio.create_task(self._pool.putconn(connection)))

    def _keep(self, task: "asyncio.Task[Any]") -> "asyncio.Task[Any]":
        # The event loop itself holds tasks weakly.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
