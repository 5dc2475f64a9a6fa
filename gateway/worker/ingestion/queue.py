"""The worker's side of the queue of files, which it reaches by functions of the database."""

from dataclasses import dataclass
from uuid import UUID

from gateway.chunking.chunker import Limits as ChunkingLimits
from gateway.ingestion.limits import Limits
from gateway.ingestion.process import Reading
from gateway.ingestion.progress import Progress
from gateway.worker.session import Session

# Files that no trigger has seen and that are recorded at a time.
MAX_RECONCILED = 100


@dataclass(frozen=True)
class FileJob:
    """A file that was taken for the `attempts`-th time; `ticket` opens it at `path` in bucket documents."""

    file_id: UUID
    revision: int
    attempts: int
    path: str
    content_type: str | None
    size: int | None
    title: str
    ticket: str
    traceparent: str | None

    @property
    def name(self) -> str:
        """The name within the document."""
        return self.path.partition("/")[2]


class FileQueue:
    """One connection's use of it."""

    def __init__(self, session: Session, lease_s: float) -> None:
        """Take files over `session` for `lease_s` seconds."""
        self._session = session
        self._lease_s = lease_s
        self.renew_every_s = lease_s / 3

    async def claim(self) -> FileJob | None:
        """Take the file whose turn is next; None when there is none, or only of those whose files are being read."""
        (row,) = await self._session.persist("claim_file", lease_s=self._lease_s)
        return FileJob(**row) if row["file_id"] is not None else None

    async def limits(self) -> tuple[Limits, ChunkingLimits]:
        """What reading one file may take, and what cutting its text may."""
        (reading,), (chunking,) = (
            await self._session.fetch("reading_limits"),
            await self._session.fetch("chunking_limits"),
        )
        return Limits(**reading), ChunkingLimits(**chunking)

    async def report(self, job: FileJob, progress: Progress) -> None:
        """Note how far reading is."""
        await self._session.persist(
            "report_file_progress",
            file_id=job.file_id,
            revision=job.revision,
            done=progress.done,
            total=progress.total,
            unit=str(progress.unit),
        )

    async def accept(self, job: FileJob, reading: Reading) -> bool:
        """Hand in the text; false when there is a newer version. DatabaseError PT413 for too much text."""
        (row,) = await self._session.persist(
            "accept_file_text",
            file_id=job.file_id,
            revision=job.revision,
            content=reading.text,
            page_starts=list(reading.page_starts),
            is_markdown=reading.is_markdown,
            remark=reading.remark or None,
            total=reading.total,
            unit=str(reading.unit),
        )
        return bool(row["is_accepted"])

    async def fail(self, job: FileJob, error: str, delay_s: float, *, is_final: bool) -> None:
        """Note why it could not be read: for good, or to be tried again after `delay_s` seconds."""
        await self._session.persist(
            "fail_file",
            file_id=job.file_id,
            revision=job.revision,
            error=error.replace("\0", ""),
            delay_s=delay_s,
            is_final=is_final,
        )

    async def renew(self, job: FileJob) -> None:
        """Keep it for another lease."""
        await self._session.persist("renew_file", file_id=job.file_id, revision=job.revision, lease_s=self._lease_s)

    async def release(self, job: FileJob) -> None:
        """Give it back, the attempt not counted."""
        await self._session.persist("release_file", file_id=job.file_id, revision=job.revision)

    async def reconcile(self) -> tuple[int, bool]:
        """Record files that no trigger has seen: how many there were, and whether there is a trigger."""
        (row,) = await self._session.persist("reconcile_files", max_rows=MAX_RECONCILED)
        return int(row["steps"]), bool(row["is_watched"])
