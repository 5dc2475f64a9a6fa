"""Recommendations: a fallback chain that ends in an empty list, so that a shop's page never fails for them.

as asked ─► something simpler, if only that failed ─► the Data API ─► a replica ─► a stale list ─► none

Which products follow which, where some have too little to say, is decided in the database. Each source has a share of
the time that is left, so that a database that hangs leaves some for the others.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from gateway.auth.caller import ANONYMOUS, Caller
from gateway.clients.data_api import DataApi
from gateway.database.backends import Answer, Backend, backends, detail_of
from gateway.database.pool import Database
from gateway.errors import (
    AccountBannedError,
    AccountClosedError,
    AuthKeysUnavailableError,
    DatabaseBusyError,
    DatabaseUnavailableError,
    DatabaseUnsafeError,
    GatewayError,
    OverloadedError,
    UnavailableError,
)
from gateway.recommendations.schemas import Recommendation, RecommendationsRequest, RecommendationsResponse, Source
from gateway.recommendations.stale_answers import StaleRecommendations
from gateway.resilience import allow, remaining
from gateway.resilience.fallback import Fallback, degraded, first_available

logger = logging.getLogger(__name__)

STALE, NOTHING = "a stale answer", "an empty list"
WORDS = {
    Source.PERSONAL: "personal recommendations",
    Source.SIMILAR: "similar products",
    Source.CATEGORY: "what is popular in the category",
    Source.POPULAR: "what is most popular",
}
# What the database is asked when only that which was asked failed. A database that is not there has no other answer
# either; one that took too long may have the simplest.
SIMPLER: dict[Source, tuple[type[Exception], ...]] = {
    Source.CATEGORY: (UnavailableError,),
    Source.POPULAR: (DatabaseUnavailableError, DatabaseBusyError, DatabaseUnsafeError),
}
# Of the time that is left when a source is asked.
SHARES = {"database": 0.4, "data_api": 0.8, "replica": 0.4}
# So many are asked for at least, and kept: the next request may want more.
KEPT_RESULTS = 20
SAVE_EVERY_S = 5.0
REFRESH_EVERY_S = 60.0


class RecommendationService:
    """Recommends products."""

    def __init__(
        self,
        database: Database,
        *,
        data_api: DataApi | None = None,
        replica: Database | None = None,
        stale: StaleRecommendations | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Ask `database`, else `data_api`, else `replica`, else what is `stale`."""
        self._backends = backends(database, data_api, replica)
        self.stale = stale or StaleRecommendations()
        self._clock = clock

    async def recommend(
        self, request: RecommendationsRequest, caller: Caller, unverified: AuthKeysUnavailableError | None = None
    ) -> RecommendationsResponse:
        """Products for `caller`; for nobody, and saying so, when `unverified` says why the caller is not known."""
        started = self._clock()
        answer, missing = await first_available(
            self._chain(request, caller), is_survivable=_is_survivable, reason=detail_of
        )
        answer.degradations += missing
        if unverified is not None:
            used = "recommendations for nobody in particular"
            answer.degradations.append(degraded("auth_keys", unverified.detail, used))
        if not answer.degradations and answer.recommendations and _is_of(request, answer):
            self.stale.put(request, caller, answer)
        return self._finished(answer, request, started)

    def recommend_stale(self, request: RecommendationsRequest, caller: Caller) -> RecommendationsResponse:
        """A stale answer, or none, where there is no room for another."""
        started = self._clock()
        answer = self.stale.get(request, caller)
        used = NOTHING if answer is None else STALE
        answer = answer or _empty()
        answer.degradations = [degraded("gateway", OverloadedError().detail, used)]
        return self._finished(answer, request, started)

    async def keep_stale(self) -> None:
        """Until cancelled: have what is most popular among the stale answers, and in the file, even if nobody asks."""
        refreshed = float("-inf")
        while True:
            if time.monotonic() - refreshed >= REFRESH_EVERY_S:
                refreshed = time.monotonic()
                answer = await self.recommend(RecommendationsRequest(), ANONYMOUS)
                if answer.degraded:
                    refreshed = float("-inf")
            await self.stale.save()
            await asyncio.sleep(SAVE_EVERY_S)

    def _chain(self, request: RecommendationsRequest, caller: Caller) -> list[Fallback[RecommendationsResponse]]:
        database, *others = self._backends
        is_personal = request.source is Source.PERSONAL
        asked = Source.POPULAR if is_personal and not caller.is_signed_in else request.source
        simpler = {Source.CATEGORY: [Source.POPULAR], Source.POPULAR: []}.get(asked, list(SIMPLER))
        return [
            Fallback("database", _words, partial(_live, database, request, caller)),
            *(
                Fallback("database", _words, partial(_live, database, request, caller, source), SIMPLER[source])
                for source in simpler
            ),
            *(
                Fallback(each.dependency, each.used, partial(_live, each, request, caller), each.unless)
                for each in others
            ),
            Fallback("stale answers", STALE, partial(self._from_stale, request, caller)),
            Fallback("nothing", NOTHING, _nothing),
        ]

    async def _from_stale(self, request: RecommendationsRequest, caller: Caller) -> RecommendationsResponse | None:
        return self.stale.get(request, caller)

    def _finished(
        self, answer: RecommendationsResponse, request: RecommendationsRequest, started: float
    ) -> RecommendationsResponse:
        answer.recommendations = answer.recommendations[: request.limit]
        answer.degraded = bool(answer.degradations)
        answer.took_ms = round((self._clock() - started) * 1000, 2)
        return answer


async def _live(
    backend: Backend, request: RecommendationsRequest, caller: Caller, mode: Source | None = None
) -> RecommendationsResponse:
    """An answer of now, which is empty when there is nothing to sell: what was sold before is no answer then."""
    arguments: dict[str, Any] = {
        "like_product": request.like,
        "category": request.category,
        "max_results": max(request.limit, KEPT_RESULTS),
        "mode": None if mode is None else str(mode),
    }
    with allow(SHARES[backend.dependency] * remaining()):
        answer = await backend.call("recommend", arguments, caller)
    return _response(answer) if answer["recommendations"] else _empty()


def _response(answer: Answer) -> RecommendationsResponse:
    named = [{**each, "category": each["category_slug"]} for each in answer["recommendations"]]
    found = [
        Recommendation.model_validate({name: each[name] for name in Recommendation.model_fields}) for each in named
    ]
    return _empty().model_copy(update={"recommendations": found, "source": Source(answer["source"])})


def _is_of(request: RecommendationsRequest, answer: RecommendationsResponse) -> bool:
    """Whether it is what was asked for: made-up categories, whose place popular products take, would crowd it out."""
    return request.source is Source.PERSONAL or answer.source is request.source


def _words(answer: RecommendationsResponse) -> str:
    """What the database answered instead, whatever it was asked."""
    return NOTHING if answer.source is None else WORDS[answer.source]


def _empty() -> RecommendationsResponse:
    return RecommendationsResponse(recommendations=[], source=None, degraded=False, degradations=[], took_ms=0)


async def _nothing() -> RecommendationsResponse:
    return _empty()


def _is_survivable(error: Exception) -> bool:
    # The caller is at fault, and nothing is down.
    if isinstance(error, AccountClosedError | AccountBannedError):
        return False
    if not isinstance(error, GatewayError):
        logger.error("recommendations: unexpected failure, the next source is asked", exc_info=error)
    return True
