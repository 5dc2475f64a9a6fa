"""What keeps search fast: words gathered, vectors indexed, large scopes given indexes of their own, counts added up.

None of it is needed to find anything: search reads one by one what no index holds yet. It is done in small steps when
there is nothing to embed, and between texts when too much has come together. Merging, which takes seconds, goes on
beside the texts.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress

from gateway.worker.session import Session

logger = logging.getLogger(__name__)

# At most, in a step after which a new text is looked for: some 0.1 to 0.3 s each.
INDEX_ROWS = 64
POST_ROWS = 512
# So few are as fast to read one by one, and blocks of one chunk would be as many as chunks.
FEW_UNPOSTED = 64
# When so many wait, texts give way.
MAX_UNINDEXED = 20_000
MAX_UNPOSTED = 2_000
# Removals leave no text to embed: what follows from them is looked for at least so often.
INTERVAL_S = 60.0


class IndexMaintenance:
    """The steps, and whether there may be any to do."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Everything may be to do."""
        self._clock = clock
        self._is_due = True
        self._done_at = clock()
        self._posted = asyncio.Event()

    def written(self) -> None:
        """Chunks came or changed."""
        self._is_due = True

    async def begin(self, session: Session) -> None:
        """Correct the counts, which a restored backup or a superuser may have left wrong."""
        if scopes := await session.step("repair_chunk_counts"):
            logger.warning("The counts of chunks were wrong for %d scopes; corrected.", scopes)

    async def catch_up(self, session: Session) -> bool:
        """One step of what cannot wait for an idle moment; whether there was any."""
        return bool(
            await session.step("index_embeddings", max_rows=INDEX_ROWS, tolerated=MAX_UNINDEXED)
            or await self._post(session, MAX_UNPOSTED)
        )

    async def step(self, session: Session) -> bool:
        """One step for an idle moment; whether there was any."""
        if not self._is_due and self._clock() < self._done_at + INTERVAL_S:
            return False
        self._is_due = bool(
            await self._post(session, FEW_UNPOSTED)
            or await session.step("create_scope_index")
            or await session.step("drop_scope_index")
            or await session.step("index_embeddings", max_rows=INDEX_ROWS, tolerated=0)
            or await session.step("roll_up_chunk_counts")
        )
        self._done_at = self._clock()
        return self._is_due

    async def merge(self, session: Session) -> None:
        """Merge what was posted, until cancelled."""
        while True:
            self._posted.clear()
            while await session.step("merge_postings"):
                pass
            with suppress(TimeoutError):
                async with asyncio.timeout(INTERVAL_S):
                    await self._posted.wait()

    async def _post(self, session: Session, tolerated: int) -> bool:
        is_posted = bool(await session.step("post_chunks", max_rows=POST_ROWS, tolerated=tolerated))
        if is_posted:
            self._posted.set()
        return is_posted
