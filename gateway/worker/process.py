"""The worker as a process: four loops side by side, each on connections of its own, until a signal to stop."""

import asyncio
import logging
import signal

from gateway.chunking.chunker import Chunker
from gateway.clients.http import create_client
from gateway.clients.payments import create_payments
from gateway.clients.stored_files import StoredFiles
from gateway.config.settings import Settings
from gateway.database.connection import connect
from gateway.embeddings import EmbeddingError, create_embedder
from gateway.worker.backoff import Backoff
from gateway.worker.embedding.loop import embed_texts
from gateway.worker.embedding.pipeline import EmbeddingPipeline
from gateway.worker.embedding.queue import Queue
from gateway.worker.ingestion.loop import Ingestion, ingest_files
from gateway.worker.maintenance.loop import Maintenance
from gateway.worker.payments.processor import process_payments
from gateway.worker.reconnect import APPLICATION, draining, reconnecting
from gateway.worker.session import Session

logger = logging.getLogger(__name__)

# By now the process is gone, even if the database hangs; leases cover what could not be given back.
LAST_CALL_S = 9


class WorkerProcess:
    """Runs the loops; one that fails for another reason than the database ends them all."""

    def __init__(self, settings: Settings) -> None:
        """Prepare; connects and loads nothing yet."""
        self._url = _url(settings)
        self._settings = settings
        self._embedders = [create_embedder(choice) for choice in settings.embedders]
        self._payments = create_payments(settings.payment_url, settings.payment_api_key, settings.policies.payment)
        self._files = _stored_files(settings)
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Work until SIGTERM or SIGINT."""
        settings, stop = self._settings, self._stop
        chunker = await asyncio.to_thread(Chunker, self._embedders[0])
        pipeline = EmbeddingPipeline(
            self._embedders,
            chunker,
            stop,
            lease_s=settings.worker_lease_s,
            max_attempts=settings.worker_max_attempts,
            backoff_s=settings.worker_backoff_s,
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._on_signal, pipeline)
        lease_s, backoff_s = settings.worker_lease_s, settings.worker_backoff_s
        try:
            async with asyncio.TaskGroup() as loops:
                warming = loops.create_task(self._warm_up())
                loops.create_task(embed_texts(self._url, pipeline, stop, lease_s=lease_s, backoff_s=backoff_s))
                loops.create_task(reconnecting("maintenance", self._url, self._maintain, stop, Backoff(backoff_s)))
                if self._files is not None:
                    ingestion = Ingestion(
                        self._files,
                        chunker,
                        stop,
                        processes=settings.worker_file_processes,
                        max_attempts=settings.worker_max_attempts,
                        backoff_s=backoff_s,
                    )
                    loops.create_task(ingest_files(self._url, ingestion, stop, lease_s=lease_s, backoff_s=backoff_s))
                if self._payments is not None:
                    loops.create_task(process_payments(self._url, self._payments, settings, stop))
                await stop.wait()
                warming.cancel()
        finally:
            for client in (self._payments, self._files):
                if client is not None:
                    await client.aclose()
            for embedder in self._embedders:
                await embedder.aclose()

    async def _maintain(self, sessions: list[Session]) -> None:
        await draining(Maintenance().run(sessions[0], self._stop), self._stop)

    async def _warm_up(self) -> None:
        """Load the models before the first text comes; what does not work is tried again with the texts."""
        for embedder in self._embedders:
            try:
                await embedder.warm_up()
            except EmbeddingError as error:
                logger.warning("%s", error)

    def _on_signal(self, pipeline: EmbeddingPipeline) -> None:
        if not self._stop.is_set():
            logger.info("stopping")
            signal.alarm(LAST_CALL_S)
        self._stop.set()
        pipeline.wake()


async def retry_failed(settings: Settings) -> int:
    """Make every failed job due again; how many there were. DatabaseError when the database does not answer."""
    async with await connect(_url(settings), APPLICATION) as connection:
        return await Queue(Session(connection), settings.worker_lease_s).retry_failed()


def _stored_files(settings: Settings) -> StoredFiles | None:
    if settings.supabase_url is None or settings.supabase_publishable_key is None:
        logger.warning("Files are not read: set SUPABASE_URL and SUPABASE_PUBLISHABLE_KEY for the worker.")
        return None
    return StoredFiles(
        settings.supabase_url, settings.supabase_publishable_key, create_client(), settings.policies.storage
    )


def _url(settings: Settings) -> str:
    assert settings.worker_database_url is not None, "load_settings('worker') sees to it"
    return settings.worker_database_url.get_secret_value()
