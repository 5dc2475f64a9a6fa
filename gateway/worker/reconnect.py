"""How every loop of the worker lives: on connections of its own, opened again when the database fails."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from typing import Any

from gateway.database.connection import DatabaseError, connect
from gateway.worker.backoff import Backoff
from gateway.worker.metrics import CONNECTED
from gateway.worker.session import Session

logger = logging.getLogger(__name__)

APPLICATION = "tidegate-worker"
# Seconds in which a loop finishes what it has begun once it is told to stop.
DRAIN_S = 5.0

Work = Callable[[list[Session]], Awaitable[None]]


async def reconnecting(
    loop: str, url: str, work: Work, stop: asyncio.Event, backoff: Backoff, *, connections: int = 1
) -> None:
    """Run `work` on that many connections until `stop`; again on new ones, after a pause, when the database fails.

    `loop` is what the loop is called in the metrics and the log.
    """
    is_connected, reason = CONNECTED.labels(loop), ""
    while not stop.is_set():
        try:
            async with AsyncExitStack() as opened:
                sessions = [await _open(url, opened) for _ in range(connections)]
                backoff.reset()
                if reason:
                    logger.info("%s: the database works again", loop)
                reason = ""
                with is_connected.track_inprogress():
                    await work(sessions)
        except* DatabaseError as errors:
            delay_s = backoff.next_s()
            # Once for each change: an attempt a second for hours says nothing new.
            before, reason = reason, _reasons(errors)
            if reason != before:
                logger.warning("%s: the database does not work: %s", loop, reason)
            await pause(delay_s, stop)


async def draining(work: Awaitable[None], stop: asyncio.Event) -> None:
    """Run `work` to its end; once `stop` is set, for DRAIN_S seconds at most. Raises what it raises."""
    working: asyncio.Future[Any] = asyncio.ensure_future(work)
    stopped: asyncio.Future[Any] = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait({working}, timeout=DRAIN_S)
        if working.done():
            working.result()
    finally:
        working.cancel()
        stopped.cancel()
        await asyncio.wait({working, stopped})


async def pause(delay_s: float, stop: asyncio.Event) -> None:
    """Wait, but not beyond `stop`."""
    with suppress(TimeoutError):
        async with asyncio.timeout(delay_s):
            await stop.wait()


async def _open(url: str, opened: AsyncExitStack) -> Session:
    connection = await connect(url, APPLICATION)
    opened.push_async_callback(connection.close)
    return Session(connection)


def _reasons(group: BaseExceptionGroup[DatabaseError]) -> str:
    leaves: list[BaseException] = [group]
    while groups := [error for error in leaves if isinstance(error, BaseExceptionGroup)]:
        leaves.remove(groups[0])
        leaves += groups[0].exceptions
    return "; ".join(str(error).strip().replace("\n", " ") for error in leaves)
