"""The last answers, for when none can be had: in memory, and in a file that outlives the process.

What is for everybody is shared; what depends on the caller is kept by the caller. A stored list may hold what has been
sold out since: it says how old it is.
"""

import asyncio
import hashlib
import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

from cachetools import FIFOCache
from pydantic import ValidationError

from gateway.auth.caller import ANONYMOUS, Caller
from gateway.database.heartbeat import EndedRights
from gateway.database.rights import Rights
from gateway.recommendations.schemas import RecommendationsRequest, RecommendationsResponse
from gateway.recommendations.snapshot_file import Entry, read, write
from gateway.resilience.stale_cache import StaleCache

logger = logging.getLogger(__name__)

MAX_BYTES = 8_000_000
MAX_AGE_S = 7 * 86_400.0
MAX_GONE = 10_000
BACK_S = 60.0  # after which a product in a new answer is on sale again: no request takes that long


class StaleRecommendations:
    """Full answers by request and caller. Products that were taken off sale are left out of them."""

    def __init__(
        self,
        path: Path | None = None,
        *,
        max_bytes: int = MAX_BYTES,
        max_age_s: float = MAX_AGE_S,
        rights: Rights | None = None,
    ) -> None:
        """Keep so many bytes of JSON, none older than `max_age_s` seconds; in the file at `path` as well, if given.

        `rights` says which products went and whose accounts ended.
        """
        self._path = path
        self._max_bytes = max_bytes
        self._answers = StaleCache(max_bytes=max_bytes, max_age_s=max_age_s)
        self._is_unsaved = False
        self._gone: FIFOCache[UUID, float] = FIFOCache(MAX_GONE)  # and when that was learned
        if rights is not None:
            rights.subscribe(self._forget)
        # One at a time and in order: who is cancelled while it writes leaves a thread that goes on writing.
        self._writer = ThreadPoolExecutor(1, "recommendations-file")

    def put(self, request: RecommendationsRequest, caller: Caller, answer: RecommendationsResponse) -> None:
        """Remember an answer that lacks nothing."""
        for each in answer.recommendations:
            if time.monotonic() - self._gone.get(each.product_id, float("inf")) > BACK_S:
                del self._gone[each.product_id]
        about = () if caller.user_id is None else (caller.user_id,)
        self._answers.put(_key(request, caller), answer.model_dump_json().encode(), about=about)
        self._is_unsaved = True

    def get(self, request: RecommendationsRequest, caller: Caller) -> RecommendationsResponse | None:
        """What the caller was told, else what anybody was; of the same request, else what is most popular."""
        popular = RecommendationsRequest()
        for asked, who in ((request, caller), (request, ANONYMOUS), (popular, caller), (popular, ANONYMOUS)):
            found = self._answers.get(_key(asked, who))
            if found is not None:
                answer = RecommendationsResponse.model_validate_json(found[0])
                left = [each for each in answer.recommendations if each.product_id not in self._gone]
                answer.recommendations = left[: request.limit]
                answer.age_seconds = round(found[1], 1)
                return answer
        return None

    def _forget(self, ended: EndedRights) -> None:
        for person in ended.people:
            self._answers.forget(person)
        for source in ended.sources:
            self._gone[source] = time.monotonic()

    async def load(self) -> None:
        """Read the file, if there is one; what cannot be read is as if it were not there, and is logged."""
        if self._path is not None:
            for key, answer, age_s in await asyncio.to_thread(_usable, self._path, self._max_bytes):
                self._answers.put(key, answer, age_s)

    async def save(self) -> None:
        """Write the file, if anything is new; one that cannot be written is logged, and tried again the next time."""
        if self._path is None or not self._is_unsaved:
            return
        self._is_unsaved = False
        entries = list(self._answers.items())
        try:
            await asyncio.get_running_loop().run_in_executor(self._writer, write, self._path, entries, self._max_bytes)
        except asyncio.CancelledError:
            self._is_unsaved = True
            raise
        except OSError as error:
            self._is_unsaved = True
            logger.warning("%s cannot be written: %s", self._path, error)


def _usable(path: Path, max_bytes: int) -> list[Entry]:
    entries = read(path, max_bytes)
    try:
        for _, answer, _ in entries:
            RecommendationsResponse.model_validate_json(answer)
    except ValidationError as error:
        logger.warning("%s is not used: it is of another version (%s)", path, error.errors()[0]["msg"])
        return []
    return entries


def _key(request: RecommendationsRequest, caller: Caller) -> bytes:
    # Not the limit: a shorter list is the beginning of a longer one.
    about = json.dumps([str(request.like or ""), request.category])
    return hashlib.sha256(f"{caller.stable_claims}\0{about}".encode()).digest()
