"""Counting what people did: popularity, and what is bought together. It needs no embedder, so it waits for none."""

import logging

from gateway.database.connection import DatabaseError, is_about_the_rows
from gateway.worker.embedding.queue import Queue

logger = logging.getLogger(__name__)

# A step takes some 0.1 s, for which the connection is not there for passages.
FOLD_ROWS = 1_000
# How long an interaction waits to be counted when there is nothing else to do.
FOLD_EVERY_S = 1.0
# Keys are forgotten in so many of the steps that find nothing to count.
FORGET_EVERY = 60


class Folding:
    """The steps. Each is one transaction: a worker that is killed in it has counted nothing, and nothing twice."""

    def __init__(self) -> None:
        """Nothing is known of what waits."""
        self._idle_steps = 0

    async def step(self, queue: Queue) -> bool:
        """Count some; whether there may be more. DatabaseError when the database fails."""
        try:
            counted = await queue.keep_up("fold_interactions", max_rows=FOLD_ROWS)
            counted += await queue.keep_up("take_back_purchases", max_rows=FOLD_ROWS)
            if not counted:
                self._idle_steps += 1
                if self._idle_steps % FORGET_EVERY == 1:
                    return bool(await queue.keep_up("forget_counted"))
        except DatabaseError as error:
            if not is_about_the_rows(error):
                raise
            # Texts are embedded all the same.
            logger.exception("Interactions cannot be counted.")
            return False
        return bool(counted)
