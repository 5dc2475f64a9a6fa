"""The passing lane: short texts of others are served while the stages of the worker are full.

A batch is large because that is cheap, so a sentence that comes now would wait for two of them. In this lane it waits
for the few texts before it. The lane takes nothing of a tenant that has short texts in the stages: those are served
there, in large batches. Without anything in the stages the lane is closed: they take what comes themselves.
"""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from gateway.worker.embedding.jobs import Job
from gateway.worker.embedding.queue import Queue

# Texts that are taken at once: whoever comes meanwhile waits for them.
PASSING_JOBS = 16
# Texts among which they are looked for: a bound on the work where one tenant has many.
LOOKED_AT = 64
# Steps of index maintenance are short, but to make an index takes as long as there are vectors.
LONG_MAINTENANCE_S = 0.25


class Traffic:
    """What the stages and the lane know of each other."""

    def __init__(self) -> None:
        """Nothing is on its way."""
        self.wake = asyncio.Event()
        self.passing: set[Job] = set()
        self._passed_on: list[Job] = []
        self._is_maintaining = False
        self._taken = asyncio.Event()

    def pass_on(self, claimed: Sequence[Job], in_stages: Collection[Job]) -> list[Job]:
        """What the stages keep of what they have claimed. They are done with claiming: what is left may pass."""
        tenants = _short_of(in_stages)
        others = [job for job in claimed if job.is_short and job.tenant_id not in tenants] if in_stages else []
        self._passed_on += others[: PASSING_JOBS - len(self._passed_on)]
        self.passing.update(self._passed_on)
        self._taken.set()
        self.wake.set()
        return [job for job in claimed if job not in self.passing]

    @contextmanager
    def maintenance(self) -> Iterator[None]:
        """The stages are empty, and take nothing until the block ends."""
        self._is_maintaining = True
        self._taken.clear()
        try:
            yield
        finally:
            self._is_maintaining = False

    async def is_maintenance_long(self) -> bool:
        """Whether the stages will not take what there is for a while."""
        if not self._is_maintaining:
            return False
        try:
            async with asyncio.timeout(LONG_MAINTENANCE_S):
                await self._taken.wait()
        except TimeoutError:
            return self._is_maintaining
        return False

    async def take(self, queue: Queue, in_stages: Iterable[Job]) -> list[Job]:
        """Short texts of others than those in the stages."""
        jobs, self._passed_on = self._passed_on, []
        jobs = jobs or await queue.claim_short(PASSING_JOBS, LOOKED_AT, _short_of(in_stages))
        self.passing.update(jobs)
        return jobs

    def passed(self, jobs: Iterable[Job]) -> None:
        """These are done."""
        self.passing.difference_update(jobs)


def _short_of(jobs: Iterable[Job]) -> set[UUID]:
    return {job.tenant_id for job in jobs if job.is_short}
