"""What has a time of its own, in small steps: each is one transaction of some 50 ms, and costs nothing to lose.

Unpaid orders end, so that others may buy the goods; invitations that nobody answered end. What hung on large accounts
and organizations that are gone is removed. What people did with products is counted. None of it needs an embedder.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.database.connection import DatabaseError, is_about_the_rows
from gateway.worker.metrics import MAINTENANCE
from gateway.worker.reconnect import pause
from gateway.worker.session import Session

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 0.5


@dataclass(frozen=True)
class Step:
    """A query that does a part of something, and how often it is run when there was nothing to do."""

    query: str
    every_s: float
    most: Mapping[str, int] = field(default_factory=dict, hash=False)
    """How much it does at a time."""
    note: str = ""
    """What the log says of how much was done; nothing by default."""


STEPS = (
    # Buyers of the same products wait for the end of a step.
    Step("expire_orders", 2.0, {"max_orders": 100}, "%d orders were not paid in time, and are cancelled."),
    Step("expire_invitations", 2.0, {"max_rows": 500}),
    # Chunks and vectors go with their documents.
    Step("process_removals", 2.0, {"max_rows": 500}),
    Step("roll_up_interactions", 1.0, {"max_rows": 1_000}),
    Step("revert_purchases", 1.0, {"max_rows": 1_000}),
    Step("purge_counted_interactions", 60.0),
)


class Maintenance:
    """The steps, and when each is due."""

    def __init__(self, steps: Sequence[Step] = STEPS, clock: Callable[[], float] = time.monotonic) -> None:
        """All are due at once."""
        self._clock = clock
        self._due_at = dict.fromkeys(steps, clock())

    async def run(self, session: Session, stop: asyncio.Event) -> None:
        """Do what is due until `stop`. DatabaseError when the database fails."""
        while not stop.is_set():
            if not await self.round(session):
                await pause(LOOK_EVERY_S, stop)

    async def round(self, session: Session) -> bool:
        """Do each step that is due once; whether there may be more to do at once."""
        return any([await self._do(step, session) for step in self._due_at if self._clock() >= self._due_at[step]])

    async def _do(self, step: Step, session: Session) -> bool:
        try:
            done = await session.step(step.query, **step.most)
        except DatabaseError as error:
            if not is_about_the_rows(error):
                raise
            # Refused for what stands in the rows, which keeps nothing else waiting.
            logger.exception("The step %s is refused.", step.query)
            done = 0
        MAINTENANCE.labels(step.query).inc(done)
        if done and step.note:
            logger.info(step.note, done)
        if not done:
            self._due_at[step] = self._clock() + step.every_s
        return done > 0
