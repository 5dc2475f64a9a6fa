"""The pipeline: three stages at work at once, and everything that can fail on the way.

take and cut ──► embed ──► write       each stage holds one batch, and one waits before it

So the model works on the next batch while the last one is written. Whatever is held has its lease renewed.
Turns are given by the database (private.enqueue_embeddings). A long text is embedded in pieces, one a turn. While the
stages are full, a passing lane beside them (short_texts.py) serves short texts of others.

- The embedder is unavailable: the batch is given back, no attempt counted; the stage waits and goes on trying.
- A text is refused, or cannot be written: its batch is done again one by one, and only that text fails.
- The database is gone: everything held is given back as soon as it is there again.
- The embedder is not the model that search uses: the worker says so and waits until it is.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence

from gateway.chunking.chunker import Chunker
from gateway.database.connection import DatabaseError, is_about_the_rows, is_transient
from gateway.embeddings import Embedder, EmbedderUnavailable, EmbeddingRejected
from gateway.resilience.spans import link
from gateway.worker.backoff import Backoff
from gateway.worker.embedding.cutting import Cutter
from gateway.worker.embedding.index_maintenance import IndexMaintenance
from gateway.worker.embedding.jobs import Batch, CutSource, Job, Model
from gateway.worker.embedding.queue import Queue
from gateway.worker.embedding.short_texts import Traffic
from gateway.worker.metrics import CHUNKS_EMBEDDED, TEXTS, piece_of_work
from gateway.worker.reconnect import pause
from gateway.worker.session import Session

logger = logging.getLogger(__name__)

# Texts that go together. 128 cost 3 to 7 % more a text, because their lengths match less well; 512 cost no less.
BATCH_JOBS = 256
# Some 100 long chunks, two seconds of work: a text that comes now waits for no more than the batches under way.
BATCH_BYTES = 100_000
# A wait that an endpoint asks for is kept up to here.
LONGEST_RETRY_AFTER_S = 300.0
MODEL_CHECK_S = 2.0


class EmbeddingPipeline:
    """Works on one queue until it is stopped, or the database fails; then it may be run again on other connections."""

    def __init__(
        self,
        embedders: Sequence[Embedder],
        chunker: Chunker,
        stop: asyncio.Event,
        *,
        lease_s: float,
        max_attempts: int,
        backoff_s: float,
    ) -> None:
        """Embed with the one of `embedders` that is the active model; fail a text after `max_attempts`."""
        self._stop = stop
        self._wake = asyncio.Event()
        self._traffic = Traffic()
        self._embedders = {(embedder.name, embedder.dimensions): embedder for embedder in embedders}
        self._cutter = Cutter(chunker)
        self._lease_s = lease_s
        self._max_attempts = max_attempts
        self._job_backoff = Backoff(backoff_s)
        self._embedder_backoff = Backoff(backoff_s)
        self._held: set[Job] = set()
        self._model_problem = ""
        self._indexes = IndexMaintenance()

    def __str__(self) -> str:
        """The embedders, for people."""
        return " and ".join(name for name, _ in self._embedders)

    def wake(self) -> None:
        """There may be something to do."""
        self._wake.set()
        self._traffic.wake.set()

    async def run(self, queue: Queue, passing: Queue, merging: Session) -> None:
        """Work until `stop` is set and what was taken is done, on three connections.

        DatabaseError, in a group, when the database fails.
        """
        await self.release_held(queue)  # from before the connection was lost
        self._traffic = Traffic()
        to_embed: asyncio.Queue[Batch | None] = asyncio.Queue(1)
        to_write: asyncio.Queue[Batch | None] = asyncio.Queue(1)
        async with asyncio.TaskGroup() as stages:
            beside = [
                stages.create_task(self._renew(queue)),
                stages.create_task(self._indexes.merge(merging)),
            ]
            stages.create_task(self._take(queue, to_embed))
            stages.create_task(self._pass(passing))
            stages.create_task(self._pass_on(to_embed, to_write, lambda batch: self._embed(queue, batch)))
            await stages.create_task(self._pass_on(to_write, None, lambda batch: self._write(queue, batch)))
            for task in beside:
                task.cancel()

    async def release_held(self, queue: Queue) -> None:
        """Give back what is not done, attempts not counted."""
        if self._held:
            await queue.release(self._held)
            self._held.clear()

    # Taking ------------------------------------------------------------------------------------------------------

    async def _take(self, queue: Queue, output: "asyncio.Queue[Batch | None]") -> None:
        await self._indexes.begin(queue.session)
        while not self._stop.is_set():
            self._wake.clear()
            model = await self._usable_model(queue)
            if model is None:
                await pause(MODEL_CHECK_S, self._stop)
                continue
            claimed = await queue.claim(BATCH_JOBS, BATCH_BYTES)
            jobs = self._traffic.pass_on(claimed, self._held - self._traffic.passing)
            self._held.update(claimed)
            if not claimed:
                # What is held is still to be written, on this connection.
                if self._held or not await self._maintain(queue):
                    await self._wake.wait()
                continue
            while not self._stop.is_set() and await self._indexes.catch_up(queue.session):
                pass
            batch = await self._cut(queue, model, await self._give_up(queue, jobs))
            if batch.sources:
                await output.put(batch)
        await output.put(None)

    async def _maintain(self, queue: Queue) -> bool:
        with self._traffic.maintenance():
            return await self._indexes.step(queue.session)

    async def _pass(self, queue: Queue) -> None:
        """Serve short texts of those who have none in the stages, while the stages are full of others'."""
        while not self._stop.is_set():
            self._traffic.wake.clear()
            in_stages = self._held - self._traffic.passing
            is_open = in_stages or await self._traffic.is_maintenance_long()
            model = await self._usable_model(queue) if is_open or self._traffic.passing else None
            jobs = await self._traffic.take(queue, in_stages) if model else []
            if model is None or not jobs:
                await self._traffic.wake.wait()
                continue
            self._held.update(jobs)
            batch = await self._cut(queue, model, await self._give_up(queue, jobs))
            for done in await self._embed(queue, batch) if batch.sources else []:
                await self._write(queue, done)
            self._traffic.passed(jobs)

    async def _usable_model(self, queue: Queue) -> Model | None:
        model = await queue.active_model()
        problem = self._misfit(model)
        if problem and problem != self._model_problem:
            logger.error("%s", problem)
        elif self._model_problem and not problem:
            logger.info("The embedder is the model that search uses again.")
        self._model_problem = problem
        return None if problem else model

    def _misfit(self, model: Model | None) -> str:
        if model is not None and (model.name, model.dimensions) in self._embedders:
            return ""
        theirs = f"{model.name} with {model.dimensions} dimensions" if model else "none"
        name, dimensions = next(iter(self._embedders))
        return (
            f"The embedder is {name} with {dimensions} dimensions, the active model of the database is {theirs}. "
            "Nothing is embedded until they agree: correct EMBEDDER, EMBEDDER_MODEL and EMBEDDER_DIMENSIONS, or "
            "register, fill and switch to the model (tidegate-models)."
        )

    async def _give_up(self, queue: Queue, jobs: list[Job]) -> list[Job]:
        """Fail jobs that were taken too often without ever failing: their text may be what kills the worker."""
        for job in [job for job in jobs if job.attempts > self._max_attempts]:
            await self._fail(queue, job, f"Embedding was begun {job.attempts - 1} times and never finished.")
        return [job for job in jobs if job.attempts <= self._max_attempts]

    @piece_of_work("cut_texts")
    async def _cut(self, queue: Queue, model: Model, jobs: list[Job]) -> Batch:
        link(job.traceparent for job in jobs)
        embedder = self._embedders[model.name, model.dimensions]
        sources, uncuttable = await self._cutter.cut(queue, model, embedder, jobs)
        for job, error in uncuttable:
            await self._fail(queue, job, str(error), max_attempts=0)
        # Those left were deleted meanwhile, their jobs with them.
        self._held -= set(jobs) - {source.source.job for source in sources}
        return Batch(model, sources)

    # Embedding ---------------------------------------------------------------------------------------------------

    @piece_of_work("embed_chunks")
    async def _embed(self, queue: Queue, batch: Batch) -> list[Batch]:
        link(job.traceparent for job in batch.jobs)
        missing = batch.piece()
        if not missing:
            return [batch]
        try:
            embedder = self._embedders[batch.model.name, batch.model.dimensions]
            vectors = await embedder.embed_chunks([chunk.embedded for chunk in missing.values()])
        except EmbedderUnavailable as error:
            await self._wait_for_embedder(queue, batch, error)
            return []
        except EmbeddingRejected as error:
            if len(batch.sources) == 1:
                await self._fail(queue, batch.jobs[0], str(error))
                return []
            return [done for each in batch.alone() for done in await self._embed(queue, each)]
        self._embedder_backoff.reset()
        CHUNKS_EMBEDDED.inc(len(missing))
        return [Batch(batch.model, batch.sources, dict(zip(missing, vectors, strict=True)))]

    async def _wait_for_embedder(self, queue: Queue, batch: Batch, error: EmbedderUnavailable) -> None:
        delay = max(self._embedder_backoff.next_s(), min(error.retry_after or 0.0, LONGEST_RETRY_AFTER_S))
        logger.warning("%s Trying again in %.1f s.", error, delay)
        await queue.release(batch.jobs)
        self._held.difference_update(batch.jobs)
        await pause(delay, self._stop)

    # Writing -----------------------------------------------------------------------------------------------------

    @piece_of_work("write_chunks")
    async def _write(self, queue: Queue, batch: Batch) -> list[Batch]:
        link(job.traceparent for job in batch.jobs)
        whole, parts = batch.parted()
        for source in parts:
            await self._stage(queue, source, batch)
        if whole.sources:
            await self._finish(queue, whole)
        return []

    async def _stage(self, queue: Queue, source: CutSource, batch: Batch) -> None:
        is_staged = await queue.stage(source, batch)
        job = source.source.job
        self._held.discard(job)
        outcome = "waits for its next turn" if is_staged else "has a newer text"
        logger.info("%s, %d chunks, %s", job.source_id, len(source.chunks), outcome)
        self.wake()

    async def _finish(self, queue: Queue, batch: Batch) -> None:
        try:
            finished = await queue.finish(batch)
        except DatabaseError as error:
            if len(batch.sources) > 1 and (is_about_the_rows(error) or is_transient(error)):
                for each in batch.alone():
                    await self._finish(queue, each)
            elif is_transient(error):
                logger.info("Writing %s lost against another transaction; once more.", batch.jobs[0].source_id)
                await self._finish(queue, batch)
            elif is_about_the_rows(error):
                await self._fail(queue, batch.jobs[0], f"The database refuses its chunks: {error}")
            else:
                raise
            return
        self._held.difference_update(batch.jobs)
        self._indexes.written()
        TEXTS.labels("embedded").inc(finished)
        chunks = sum(len(source.chunks) for source in batch.sources)
        logger.info("%d of %d texts embedded, %d chunks", finished, len(batch.sources), chunks)
        self.wake()

    async def _fail(self, queue: Queue, job: Job, error: str, max_attempts: int | None = None) -> None:
        delay = self._job_backoff.after(job.attempts)
        is_final = await queue.fail(job, error, delay, self._max_attempts if max_attempts is None else max_attempts)
        self._held.discard(job)
        TEXTS.labels("failed" if is_final else "retried").inc()
        outcome = "failed for good" if is_final else f"again in {delay:.1f} s"
        logger.warning("%s, attempt %d, %s: %s", job.source_id, job.attempts, outcome, error)

    # Common ------------------------------------------------------------------------------------------------------

    async def _pass_on(
        self,
        inputs: "asyncio.Queue[Batch | None]",
        outputs: "asyncio.Queue[Batch | None] | None",
        work: Callable[[Batch], Awaitable[Iterable[Batch]]],
    ) -> None:
        while (batch := await inputs.get()) is not None:
            for done in await work(batch):
                if outputs is not None:
                    await outputs.put(done)
        if outputs is not None:
            await outputs.put(None)

    async def _renew(self, queue: Queue) -> None:
        while True:
            await asyncio.sleep(self._lease_s / 3)
            if self._held:
                await queue.renew(self._held)
