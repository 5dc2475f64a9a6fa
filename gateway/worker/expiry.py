"""Unpaid orders: cancelled after half an hour, or as private.settings says, so that others may buy the goods."""

import logging
import time
from collections.abc import Callable

from gateway.database.connection import DatabaseError, is_about_the_rows
from gateway.worker.queue import Queue

logger = logging.getLogger(__name__)

# A step is one transaction of some 30 ms, for whose end buyers of the same products wait.
ORDERS = 100
EVERY_S = 2.0


class Expiry:
    """The steps, and when the next one is due."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """The first is due at once."""
        self._clock = clock
        self._due_at = clock()

    async def step(self, queue: Queue) -> bool:
        """Cancel some, if it is time; whether there are more. DatabaseError when the database fails."""
        if self._clock() < self._due_at:
            return False
        try:
            expired = await queue.keep_up("expire_orders", max_orders=ORDERS)
        except DatabaseError as error:
            if not is_about_the_rows(error):
                raise
            logger.exception("Unpaid orders cannot be cancelled.")
            expired = 0
        if expired:
            logger.info("%d orders were not paid in time, and are cancelled.", expired)
        if expired == ORDERS:
            return True
        self._due_at = self._clock() + EVERY_S
        return False
