"""The embedding loop: the pipeline on three connections, and a fourth that listens for new texts."""

import asyncio
import logging
from collections.abc import Callable

from gateway.database.connection import Connection
from gateway.database.queries import query
from gateway.worker.backoff import Backoff
from gateway.worker.embedding.pipeline import EmbeddingPipeline
from gateway.worker.embedding.queue import Queue
from gateway.worker.reconnect import draining, reconnecting
from gateway.worker.session import Session

logger = logging.getLogger(__name__)

# Notifications do not come through a transaction pooler, and a failed text has its own time: so look anyway.
POLL_S = 1.0


async def embed_texts(
    url: str, pipeline: EmbeddingPipeline, stop: asyncio.Event, *, lease_s: float, backoff_s: float
) -> None:
    """Embed texts of the database at `url` until `stop`, on connections that may be lost."""

    async def work(sessions: list[Session]) -> None:
        logger.info("at work with %s", pipeline)
        first, second, merging, listener = sessions
        queue = Queue(first, lease_s)
        working = _run(pipeline, queue, Queue(second, lease_s), merging, listener.connection)
        await draining(working, stop)
        await pipeline.release_held(queue)

    await reconnecting("embedding", url, work, stop, Backoff(backoff_s), connections=4)


async def _run(
    pipeline: EmbeddingPipeline, queue: Queue, passing: Queue, merging: Session, listener: Connection
) -> None:
    async with asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(_listen(listener, pipeline.wake))
        await pipeline.run(queue, passing, merging)
        listening.cancel()


async def _listen(connection: Connection, wake: Callable[[], None]) -> None:
    """Wake the pipeline at every notification, and every second."""
    await connection.execute(query("listen_embedding_jobs"))
    while True:
        async for _ in connection.notifies(timeout=POLL_S, stop_after=1):
            pass
        wake()
