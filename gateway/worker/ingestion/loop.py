"""Reads files: several at a time, each by a process of its own, and no more than one of a tenant.

Whatever happens to one file, others go on:

- It cannot be read: it fails for good, with an error that says what to do. Its earlier text stays searchable.
- Storage does not answer: the file is given back, no attempt counted, and the loop waits before it takes another.
- Storage does not have it, or this machine cannot read it: it is tried again after a while, and fails after many times.
- The worker dies: the lease ends, and the file is taken again; one that was begun too often fails.
"""

import asyncio
import logging
import time
from collections.abc import Callable

from gateway.chunking.chunker import Chunker, Text
from gateway.chunking.chunker import Limits as ChunkingLimits
from gateway.chunking.clock import UncuttableError
from gateway.clients.storage import StorageUnavailableError
from gateway.clients.stored_files import FileMissingError, FileTooLargeError, StoredFiles
from gateway.database.connection import Connection, DatabaseError, is_about_the_rows
from gateway.database.queries import query
from gateway.ingestion.errors import TooLargeError, UnreadableError
from gateway.ingestion.limits import Limits, megabytes
from gateway.ingestion.process import ParserFailedError, Reading, Report, read_file
from gateway.ingestion.progress import Progress
from gateway.resilience import DependencyError
from gateway.resilience.spans import link
from gateway.worker.backoff import Backoff
from gateway.worker.ingestion.queue import FileJob, FileQueue
from gateway.worker.metrics import FILES, piece_of_work
from gateway.worker.reconnect import draining, reconnecting
from gateway.worker.session import Session

logger = logging.getLogger(__name__)

# A notification may be lost, and a failed file has its own time: so look anyway.
POLL_S = 1.0
# How often files are looked for that no trigger has seen, with the trigger and without.
RECONCILE_S = 300.0
UNWATCHED_S = 2.0
# How often the progress of one file is written. What is read sooner is never written as half read.
REPORT_EVERY_S = 1.0


class Ingestion:
    """Works on one queue until stopped, or the database fails; then it may be run again on another connection."""

    def __init__(
        self,
        files: StoredFiles,
        chunker: Chunker,
        stop: asyncio.Event,
        *,
        processes: int,
        max_attempts: int,
        backoff_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read up to `processes` files at a time until `stop`; fail one after `max_attempts`."""
        self._files = files
        self._chunker = chunker
        self._stop = stop
        self._processes = processes
        self._max_attempts = max_attempts
        self._backoff = Backoff(backoff_s)
        self._storage_backoff = Backoff(backoff_s)
        self._clock = clock
        self._reconcile_at = clock()
        self._resume_at = clock()
        self._wake = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """There may be a file to read."""
        self._wake.set()

    async def run(self, queue: FileQueue) -> None:
        """Work until stopped and what was begun is done. DatabaseError, in a group, when the database fails."""
        self._running.clear()
        async with asyncio.TaskGroup() as tasks:
            while not self._stop.is_set():
                self._wake.clear()
                await self._reconcile(queue)
                has_room = len(self._running) < self._processes and self._clock() >= self._resume_at
                job = await queue.claim() if has_room else None
                if job is None:
                    await self._wait()
                    continue
                task = tasks.create_task(self._ingest(queue, job))
                self._running.add(task)
                task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        self.wake()

    async def _wait(self) -> None:
        waits = [asyncio.create_task(event.wait()) for event in (self._wake, self._stop)]
        try:
            await asyncio.wait(waits, timeout=POLL_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _reconcile(self, queue: FileQueue) -> None:
        if self._clock() < self._reconcile_at:
            return
        found, is_watched = await queue.reconcile()
        self._reconcile_at = self._clock() + (0 if found else RECONCILE_S if is_watched else UNWATCHED_S)

    async def _ingest(self, queue: FileQueue, job: FileJob) -> None:
        """Read one file, and keep it meanwhile."""
        async with asyncio.TaskGroup() as tasks:
            renewing = tasks.create_task(_renew(queue, job))
            await self._try(queue, job)
            renewing.cancel()

    @piece_of_work("read_file")
    async def _try(self, queue: FileQueue, job: FileJob) -> None:
        link([job.traceparent])
        if job.attempts > self._max_attempts:
            await self._fail(queue, job, f"Reading was begun {job.attempts - 1} times and never finished.", final=True)
            return
        try:
            limits, chunking = await queue.limits()
            reading = await self._read(queue, job, limits, chunking)
            is_accepted = await queue.accept(job, reading)
        except (StorageUnavailableError, DependencyError) as error:
            delay_s = self._storage_backoff.next_s()
            logger.warning("Storage: %s Trying again in %.1f s.", error, delay_s)
            self._resume_at = self._clock() + delay_s
            await queue.release(job)
        except (FileMissingError, ParserFailedError) as error:
            await self._fail(queue, job, str(error), final=job.attempts >= self._max_attempts)
        except UnreadableError as error:
            await self._fail(queue, job, str(error), final=True, file_format=error.format)
        except DatabaseError as error:
            if not is_about_the_rows(error) and not (error.sqlstate or "").startswith("PT"):
                raise
            await self._fail(queue, job, _refusal(error), final=True)
        except asyncio.CancelledError:
            await queue.release(job)
            raise
        else:
            self._storage_backoff.reset()
            FILES.labels(reading.format, "read").inc()
            outcome = f"read, {len(reading.text)} characters" if is_accepted else "has a newer version"
            logger.info("file %s, %s, %d %s, %s", job.file_id, reading.format, reading.total, reading.unit, outcome)

    async def _read(self, queue: FileQueue, job: FileJob, limits: Limits, chunking: ChunkingLimits) -> Reading:
        try:
            data = await self._files.download(job.path, job.ticket, limits.bytes)
        except FileTooLargeError as error:
            raise TooLargeError("The file has", megabytes(limits.bytes), "file_bytes") from error
        reading = await read_file(data, job.name, job.content_type, limits, self._reporter(queue, job))
        # A text that is over a limit of cutting would fail its document, with all other files.
        text = Text(job.title, reading.text, reading.is_markdown, reading.page_starts)
        (chunks,) = await asyncio.to_thread(self._chunker.cut_each, [text], chunking)
        if isinstance(chunks, UncuttableError):
            refusal = UnreadableError(str(chunks))
            refusal.format = reading.format
            raise refusal
        return reading

    def _reporter(self, queue: FileQueue, job: FileJob) -> Report:
        """Writes how far reading is, at most every REPORT_EVERY_S seconds."""
        report_at = self._clock() + REPORT_EVERY_S

        async def report(progress: Progress) -> None:
            nonlocal report_at
            if self._clock() >= report_at:
                await queue.report(job, progress)
                report_at = self._clock() + REPORT_EVERY_S

        return report

    async def _fail(
        self, queue: FileQueue, job: FileJob, error: str, *, final: bool, file_format: str | None = None
    ) -> None:
        FILES.labels(file_format or "unknown", "failed" if final else "retried").inc()
        delay_s = self._backoff.after(job.attempts)
        await queue.fail(job, error, delay_s, is_final=final)
        outcome = "failed" if final else f"again in {delay_s:.1f} s"
        logger.warning("file %s, attempt %d, %s: %s", job.file_id, job.attempts, outcome, error)


async def _renew(queue: FileQueue, job: FileJob) -> None:
    while True:
        await asyncio.sleep(queue.renew_every_s)
        await queue.renew(job)


async def ingest_files(
    url: str, ingestion: Ingestion, stop: asyncio.Event, *, lease_s: float, backoff_s: float
) -> None:
    """Read files of the database at `url` until `stop`, on connections that may be lost."""

    async def work(sessions: list[Session]) -> None:
        logger.info("files are read")
        session, listener = sessions
        queue = FileQueue(session, lease_s)
        await draining(_run(ingestion, queue, listener.connection), stop)

    await reconnecting("files", url, work, stop, Backoff(backoff_s), connections=2)


async def _run(ingestion: Ingestion, queue: FileQueue, listener: Connection) -> None:
    async with asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(_listen(listener, ingestion.wake))
        await ingestion.run(queue)
        listening.cancel()


async def _listen(connection: Connection, wake: Callable[[], None]) -> None:
    await connection.execute(query("listen_file_jobs"))
    while True:
        async for _ in connection.notifies(timeout=POLL_S, stop_after=1):
            wake()


def _refusal(error: DatabaseError) -> str:
    hint = f" {error.diag.message_hint}" if error.diag.message_hint else ""
    return f"{error.diag.message_primary or error}{hint}"
