"""Work that outlives its connections: what every loop of the worker does when the database goes."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.database.connection import Connection, DatabaseError, connect

logger = logging.getLogger(__name__)

APPLICATION = "tidegate-worker"


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Connection]:
    """A connection for the block; DatabaseError."""
    connection = await connect(url, APPLICATION)
    try:
        yield connection
    finally:
        await connection.close()


async def pause(errors: BaseExceptionGroup[DatabaseError], delay_s: float, stop: asyncio.Event) -> None:
    """Say what failed, and wait, but not beyond `stop`."""
    reasons = "; ".join(str(error).strip().replace("\n", " ") for error in _leaves(errors))
    logger.warning("The database does not work: %s. Trying again in %.1f s.", reasons, delay_s)
    try:
        async with asyncio.timeout(delay_s):
            await stop.wait()
    except TimeoutError:
        return


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    return [
        leaf
        for error in group.exceptions
        for leaf in (_leaves(error) if isinstance(error, BaseExceptionGroup) else [error])
    ]
