"""The last answer that each caller was given to each request, for when none can be had.

It never outlives a right by more than some seconds (gateway/database/rights.py): what its caller may no longer read is
forgotten as soon as that is learned, and documents are left out while that cannot be. The shop's own products stay:
everybody may read them, and an answer that is old says so.
"""

import hashlib
from uuid import UUID

from gateway.auth.caller import Caller
from gateway.database.rights import Rights
from gateway.resilience.stale_cache import StaleCache
from gateway.search.schemas import SearchRequest, SearchResponse


class StaleAnswers:
    """Full answers in memory, by request and by everything that decides what the caller may see."""

    def __init__(self, *, max_bytes: int = 16_000_000, max_age_s: float = 600.0, rights: Rights | None = None) -> None:
        """Keep so many bytes of JSON, none older than `max_age_s` seconds, and none that `rights` says is over."""
        self._answers = StaleCache(max_bytes=max_bytes, max_age_s=max_age_s)
        self._rights = Rights() if rights is None else rights
        self._rights.watch(self._answers)

    def now(self) -> float:
        """The moment to give `put` for a question that is asked now."""
        return self._rights.now()

    def put(self, request: SearchRequest, caller: Caller, answer: SearchResponse, asked_at: float) -> None:
        """Remember an answer that lacks nothing, unless what it holds ended while it was on its way."""
        # Where too many rights end at once, the database names whose documents these were.
        about: list[UUID] = [result.id for result in answer.results]
        about += [result.owner.id for result in answer.results if result.owner is not None]
        if self._rights.ended_since(asked_at, caller.user_id, about):
            return
        if caller.user_id is not None:
            about.append(caller.user_id)
        self._answers.put(_key(request, caller), answer.model_dump_json().encode(), about=about)

    def get(self, request: SearchRequest, caller: Caller) -> SearchResponse | None:
        """What the same caller was told, with its age; without documents where their readers are not known now."""
        found = self._answers.get(_key(request, caller))
        if found is None:
            return None
        text, age = found
        answer = SearchResponse.model_validate_json(text).model_copy(update={"age_seconds": round(age, 1)})
        if self._rights.are_confirmed:
            return answer
        products = [] if caller.is_staff else [result for result in answer.results if result.kind == "product"]
        # An answer that was empty takes nothing from anybody; one of which nothing is left would be a lie.
        if answer.results and not products:
            return None
        complete = answer.complete and len(products) == len(answer.results)
        return answer.model_copy(
            update={"results": products, "complete": complete, "more": answer.more or not complete}
        )


def _key(request: SearchRequest, caller: Caller) -> bytes:
    return hashlib.sha256(f"{caller.stable_claims}\0{request.model_dump_json(by_alias=True)}".encode()).digest()
