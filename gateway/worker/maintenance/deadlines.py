"""What is over after a time: unpaid orders, so that others may buy the goods, and invitations that nobody answered."""

import logging
import time
from collections.abc import Callable

from gateway.database.connection import DatabaseError, is_about_the_rows
from gateway.worker.embedding.queue import Queue

logger = logging.getLogger(__name__)

# A step is one transaction of some 30 ms, for whose end buyers of the same products wait.
ORDERS = 100
INVITATIONS = 500
EVERY_S = 2.0


class Expiry:
    """The steps, and when the next one is due."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """The first is due at once."""
        self._clock = clock
        self._due_at = clock()

    async def step(self, queue: Queue) -> bool:
        """End some, if it is time; whether there are more. DatabaseError when the database fails."""
        if self._clock() < self._due_at:
            return False
        orders = await self._end(queue, "expire_orders", max_orders=ORDERS)
        if orders:
            logger.info("%d orders were not paid in time, and are cancelled.", orders)
        # Those that expire, those that were answered long ago and notes of what was sent: as many of each.
        invitations = await self._end(queue, "expire_invitations", max_rows=INVITATIONS)
        if orders == ORDERS or invitations >= INVITATIONS:
            return True
        self._due_at = self._clock() + EVERY_S
        return False

    async def _end(self, queue: Queue, step: str, **most: int) -> int:
        """How many it ended; 0 when it is refused for what stands in the rows, which keeps nothing else waiting."""
        try:
            return await queue.keep_up(step, **most)
        except DatabaseError as error:
            if not is_about_the_rows(error):
                raise
            logger.exception("The step %s of the upkeep is refused.", step)
            return 0
