"""Removals: what hung on large accounts and organizations goes in pieces. Nobody could read it any more."""

import logging
import time
from collections.abc import Callable

from gateway.database.connection import DatabaseError, is_about_the_rows
from gateway.worker.embedding.queue import Queue

logger = logging.getLogger(__name__)

# A piece is one transaction of some 50 ms; passages and vectors go with their documents.
ROWS = 500
EVERY_S = 2.0


class Removals:
    """The steps, and when the next one is due."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """The first is due at once."""
        self._clock = clock
        self._due_at = clock()

    async def step(self, queue: Queue) -> bool:
        """Remove a piece, if it is time; whether there may be more. DatabaseError when the database fails."""
        if self._clock() < self._due_at:
            return False
        try:
            removed = await queue.keep_up("remove_some", max_rows=ROWS)
        except DatabaseError as error:
            if not is_about_the_rows(error):
                raise
            logger.exception("What is gone cannot be removed.")
            removed = 0
        if removed:
            return True
        self._due_at = self._clock() + EVERY_S
        return False
