"""The worker as a process: connects, listens, works, and outlives whatever the database does."""

import asyncio
import logging
import signal
from collections.abc import Callable
from typing import Any

from gateway.chunking.chunker import Chunker
from gateway.clients.payments import create_payments
from gateway.config.settings import Settings
from gateway.database.connection import Connection, DatabaseError
from gateway.database.queries import query
from gateway.embeddings import EmbeddingError, create_embedder
from gateway.worker.backoff import Backoff
from gateway.worker.embedding.pipeline import Worker
from gateway.worker.embedding.queue import Queue
from gateway.worker.payments.processor import keep_paying
from gateway.worker.reconnect import connected, pause

logger = logging.getLogger(__name__)

# Notifications do not come through a transaction pooler, and a failed text has its own time: so look anyway.
POLL_S = 1.0
# What is begun may be finished within this time after a signal to stop; then it is given back.
DRAIN_S = 5.0
# By now the process is gone, even if the database hangs; leases cover what could not be given back.
LAST_CALL_S = 9


class Service:
    """Runs a Worker, again and again, on connections that may be lost."""

    def __init__(self, settings: Settings) -> None:
        """Prepare; connects and loads nothing yet."""
        assert settings.worker_database_url is not None, "load_settings('worker') sees to it"
        self._url = settings.worker_database_url.get_secret_value()
        self._settings = settings
        self._embedders = [create_embedder(choice) for choice in settings.embedders]
        self._backoff = Backoff(settings.worker_backoff_s)
        self._payments = create_payments(settings.payment_url, settings.payment_api_key, settings.policies.payment)

    async def run(self) -> None:
        """Work until SIGTERM or SIGINT."""
        settings = self._settings
        worker = Worker(
            self._embedders,
            await asyncio.to_thread(Chunker, self._embedders[0]),
            lease_s=settings.worker_lease_s,
            max_attempts=settings.worker_max_attempts,
            backoff_s=settings.worker_backoff_s,
        )
        for stopping in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(stopping, _stop, worker)
        warming = asyncio.create_task(self._warm_up())
        paying = asyncio.create_task(self._pay(worker.stop))
        try:
            while not worker.stop.is_set():
                await self._work(worker)
            await asyncio.wait({paying}, timeout=DRAIN_S)
        finally:
            warming.cancel()
            paying.cancel()
            await asyncio.wait({paying})
            if self._payments is not None:
                await self._payments.aclose()
            for embedder in self._embedders:
                await embedder.aclose()

    async def _pay(self, stop: asyncio.Event) -> None:
        if self._payments is not None:
            await keep_paying(self._url, self._payments, self._settings, stop)

    async def _warm_up(self) -> None:
        """Load the models before the first text comes; what does not work is tried again with the texts."""
        for embedder in self._embedders:
            try:
                await embedder.warm_up()
            except EmbeddingError as error:
                logger.warning("%s", error)

    async def _work(self, worker: Worker) -> None:
        try:
            async with connected(self._url) as first, connected(self._url) as second, connected(self._url) as listener:
                logger.info("at work with %s", " and ".join(embedder.name for embedder in self._embedders))
                self._backoff.reset()
                lease_s = self._settings.worker_lease_s
                await self._until_stopped(worker, Queue(first, lease_s), Queue(second, lease_s), listener)
        except* DatabaseError as errors:
            await pause(errors, self._backoff.next_s(), worker.stop)

    async def _until_stopped(self, worker: Worker, queue: Queue, passing: Queue, listener: Connection) -> None:
        working = asyncio.create_task(worker.run(queue, passing))
        listening = asyncio.create_task(_listen(listener, worker.wake))
        stopped: asyncio.Task[Any] = asyncio.create_task(worker.stop.wait())
        try:
            await asyncio.wait({working, listening, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if stopped.done():
                await asyncio.wait({working}, timeout=DRAIN_S)
            for task in (working, listening):
                if task.done():
                    task.result()
        finally:
            for task in (working, listening, stopped):
                task.cancel()
            await asyncio.wait({working, listening, stopped})
        await worker.release_held(queue)


async def replay(settings: Settings) -> int:
    """Make every parked job due again; how many there were. DatabaseError when the database does not answer."""
    assert settings.worker_database_url is not None, "load_settings('worker') sees to it"
    async with connected(settings.worker_database_url.get_secret_value()) as connection:
        return await Queue(connection, settings.worker_lease_s).replay()


async def _listen(connection: Connection, wake: Callable[[], None]) -> None:
    """Wake the worker at every notification, and every second."""
    await connection.execute(query("listen_embedding_jobs"))
    while True:
        async for _ in connection.notifies(timeout=POLL_S, stop_after=1):
            pass
        wake()


def _stop(worker: Worker) -> None:
    if not worker.stop.is_set():
        logger.info("stopping")
        signal.alarm(LAST_CALL_S)
    worker.stop.set()
    worker.wake()
