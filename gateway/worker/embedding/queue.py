"""The worker's side of the database: takes jobs, reads their texts, writes their chunks, gives jobs back.

Correct whatever happens to the worker or to the texts meanwhile:

- A job is taken for a lease, renewed while it is worked on. A dead worker's jobs come back when the lease ends.
- Texts are read after their jobs were taken, so they are at least as new as the revision taken.
- Chunks are written only while the job is at that revision, and it is removed with the last of them: a result that
  comes late, or second, is dropped.
- Sources are locked before jobs, as writers do, and only those that are free: no deadlock with a writer.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from gateway.chunking.chunker import Limits
from gateway.database.connection import DictRow
from gateway.worker.embedding.diff import StoredChunk, compare
from gateway.worker.embedding.jobs import Batch, CutSource, FileText, Job, Model, Source
from gateway.worker.embedding.rows import Row, described, inserted, settled, staged, updated, vectored
from gateway.worker.session import Session

# Somebody is writing the source at this moment: long enough for most transactions to end.
BUSY_DELAY_S = 0.25
# New chunks of a long text that are written at once, in a second or less: who removes it meanwhile waits for that.
CHUNKS_PER_WRITE = 128


class Queue:
    """One connection's use of the queue."""

    def __init__(self, session: Session, lease_s: float) -> None:
        """Take jobs over `session` for `lease_s` seconds."""
        self.session = session
        self._lease_s = lease_s

    async def active_model(self) -> Model | None:
        """The model that search uses."""
        (row,) = await self.session.fetch("worker_embedding_model")
        return Model(row["id"], row["name"], row["dimensions"]) if row["id"] is not None else None

    async def chunking_limits(self) -> Limits:
        """What cutting one text may make and take."""
        (row,) = await self.session.fetch("chunking_limits")
        return Limits(**row)

    async def claim(self, max_jobs: int, max_bytes: int) -> list[Job]:
        """Take up to `max_jobs` jobs that are due, whose turn is next, with about `max_bytes` of text together."""
        limits = {"max_jobs": max_jobs, "max_bytes": max_bytes, "lease_s": self._lease_s}
        return [Job(**row) for row in await self.session.fetch("claim_embedding_jobs", limits)]

    async def claim_short(self, max_jobs: int, max_looked_at: int, without: Iterable[UUID]) -> list[Job]:
        """Take up to `max_jobs` short texts of tenants other than those given, among the next `max_looked_at`."""
        limits = {"max_jobs": max_jobs, "max_looked_at": max_looked_at, "lease_s": self._lease_s}
        rows = await self.session.fetch("claim_short_embedding_jobs", {**limits, "tenant_ids": list(without)})
        return [Job(**row) for row in rows]

    async def read(self, jobs: Sequence[Job], model: Model, known: Mapping[UUID, Source]) -> list[Source]:
        """Texts of the jobs; those deleted meanwhile are missing. `known` are those whose text need not be read."""
        by_id = {job.source_id: job for job in jobs}
        ids = {"source_ids": list(by_id), "known_ids": list(known), "model_id": model.id}
        files = await self._read_files(job.source_id for job in jobs if job.is_document and job.source_id not in known)
        rows = await self.session.fetch("read_embedding_sources", ids)
        return [_source(row, by_id, known, files) for row in rows]

    async def _read_files(self, document_ids: Iterable[UUID]) -> Mapping[UUID, list[FileText]]:
        files: dict[UUID, list[FileText]] = defaultdict(list)
        if ids := list(document_ids):
            for row in await self.session.fetch("read_file_texts", {"document_ids": ids}):
                files[row.pop("document_id")].append(FileText(**row))
        return files

    async def renew(self, jobs: Iterable[Job]) -> None:
        """Keep for another lease those that `jobs` holds when it is this call's turn."""
        async with self.session.turn:
            await self.session.run("renew_embedding_leases", {**_revisions(jobs), "lease_s": self._lease_s})

    async def release(self, jobs: Iterable[Job], delay_s: float = 0) -> None:
        """Give jobs back as if they had not been taken, to be had again after `delay_s` seconds."""
        await self.session.fetch("release_embedding_jobs", {**_revisions(jobs), "delay_s": delay_s})

    async def fail(self, job: Job, error: str, delay_s: float, max_attempts: int) -> bool:
        """Note a failure, to be retried after `delay_s`, or for good after `max_attempts`; whether it is for good."""
        parameters = {
            "source_id": job.source_id,
            "revision": job.revision,
            "error": error.replace("\0", ""),
            "delay_s": delay_s,
            "max_attempts": max_attempts,
        }
        async with self.session.transaction():
            if not await self._lock_sources([job]):
                return False  # being written or deleted: the lease ends, or the job goes
            rows = await self.session.run("fail_embedding_job", parameters)
        return any(row["has_failed"] for row in rows)

    async def finish(self, batch: Batch) -> int:
        """Write a batch's chunks and remove its jobs; how many sources are now up to date.

        Sources with a newer text or that are gone are left out; those that are being written are given back. What is
        written at once is written whole or not at all; a long text takes several writes.
        """
        count = 0
        for each in batch.by_length(CHUNKS_PER_WRITE):
            finished = await self._finish(each)
            while finished is None:
                finished = await self._finish(each, goes_on=True)
            count += finished
        return count

    async def _finish(self, batch: Batch, *, goes_on: bool = False) -> int | None:
        """One write; how many sources are up to date, None when there is more to write of the only one.

        `goes_on` says that one came before, so that the chunks that are there stand where they should.
        """
        async with self.session.transaction():
            scopes = await self._lock_sources(batch.jobs)
            rows = await self.session.run(
                "lock_embedding_jobs", _revisions(j for j in batch.jobs if j.source_id in scopes)
            )
            current = {row["source_id"] for row in rows}
            due = Batch(batch.model, [s for s in batch.sources if s.source.job.source_id in current], batch.vectors)
            postponed = [job for job in batch.jobs if job.source_id not in scopes]
            finished = await self._write(due, scopes, goes_on=goes_on) if due.sources else set()
            if finished is None:
                return None
            postponed += [job for job in due.jobs if job not in finished]
            if postponed:
                await self.session.run("release_embedding_jobs", {**_revisions(postponed), "delay_s": BUSY_DELAY_S})
        return len(finished)

    async def stage(self, source: CutSource, batch: Batch) -> bool:
        """Keep what a turn has embedded of a long source, say how much that is, and give its job back for another turn.

        False when there is a newer text: then nothing is kept.
        """
        (row,) = await self.session.fetch("stage_embeddings", staged(source, batch))
        return bool(row["is_staged"])

    async def retry_failed(self) -> int:
        """Make every failed job due again; how many there were."""
        (row,) = await self.session.fetch("retry_failed_jobs")
        return int(row["retried"])

    async def _lock_sources(self, jobs: Sequence[Job]) -> dict[UUID, UUID]:
        """Lock the sources nobody is writing; the scope of each."""
        documents = [job.source_id for job in jobs if job.is_document]
        products = [job.source_id for job in jobs if not job.is_document]
        rows = await self.session.run("lock_embedding_documents", {"source_ids": documents}) if documents else []
        rows += await self.session.run("lock_embedding_products", {"source_ids": products}) if products else []
        return {row["source_id"]: row["scope_id"] for row in rows}

    async def _write(self, batch: Batch, scopes: Mapping[UUID, UUID], *, goes_on: bool) -> set[Job] | None:
        ids = {"source_ids": [job.source_id for job in batch.jobs], "model_id": batch.model.id}
        batch = await self._with_staged(batch)
        stored = [StoredChunk(**row) for row in await self.session.run("read_chunks", ids)]
        changes = compare(batch, stored)
        has_more = len(batch.sources) == 1 and len(changes.new) > CHUNKS_PER_WRITE
        if has_more and changes.gone:
            total = len(batch.sources[0].chunks)
            await self.session.run("shelve_chunks", {"chunk_ids": changes.gone, "total": total})
        elif changes.gone:
            await self.session.run("delete_chunks", {"chunk_ids": changes.gone})
        if changes.kept and not goes_on:
            await self.session.run("update_chunks", updated(changes.kept))
            await self.session.run("move_chunks", updated(changes.kept))
        if changes.vectors:
            await self.session.run("insert_chunk_embeddings", vectored(changes.vectors, batch.model))
        if changes.new:
            new = changes.new[:CHUNKS_PER_WRITE] if has_more else changes.new
            await self.session.run("insert_chunks", inserted(new, scopes, batch.model))
        if has_more:
            return None
        incomplete = {source.source.job for source in changes.incomplete}
        finished = set(batch.jobs) - incomplete
        documents = [each for each in batch.sources if each.source.job in finished and each.source.job.is_document]
        await self.session.run("describe_documents", described(documents))
        await self.session.run("finish_embedding_jobs", {"source_ids": [job.source_id for job in finished]})
        await self.session.run("settle_documents", settled(documents))
        return finished

    async def _with_staged(self, batch: Batch) -> Batch:
        ids = [source.source.job.source_id for source in batch.sources if source.source.staged_hashes]
        if not ids:
            return batch
        rows = await self.session.run("read_staged_embeddings", {"source_ids": ids, "model_id": batch.model.id})
        earlier = {row["input_hash"]: row["embedding"].to_numpy() for row in rows}
        return Batch(batch.model, batch.sources, {**earlier, **batch.vectors})


def _source(
    row: DictRow, jobs: Mapping[UUID, Job], known: Mapping[UUID, Source], files: Mapping[UUID, Sequence[FileText]]
) -> Source:
    job = jobs[row["source_id"]]
    text = known.get(job.source_id)
    title, content, language = (
        (text.title, text.content, text.language) if text else (row["title"], row["content"], row["language"])
    )
    texts = text.files if text else files.get(job.source_id, ())
    return Source(job, title, content, language, row["known_hashes"], frozenset(row["staged_hashes"]), texts)


def _revisions(jobs: Iterable[Job]) -> Row:
    taken = list(jobs)
    return {"source_ids": [job.source_id for job in taken], "revisions": [job.revision for job in taken]}
