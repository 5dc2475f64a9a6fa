"""Recommendations: a ladder whose last rung is an empty list, so that a shop's page never fails for them.

as asked ─► lower, if only that way of asking failed ─► as asked, by the Data API ─► as asked, of a replica
─► the last known list ─► none

Each rung has a share of the time that is left, so that a database that hangs leaves some for the rungs below.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from gateway.auth.caller import ANONYMOUS, Caller
from gateway.clients.data_api import DataApi
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
from gateway.recommendations.stale_answers import KnownRecommendations
from gateway.resilience import allow, remaining
from gateway.resilience.degradation import Degradation
from gateway.resilience.fallback import Fall, Rung, descend
from gateway.resilience.metrics import DEGRADATIONS

logger = logging.getLogger(__name__)

LAST_KNOWN, NOTHING = "the last known answer", "an empty list"
WORDS = {
    Source.PERSONAL: "personal recommendations",
    Source.SIMILAR: "similar products",
    Source.CATEGORY: "what is popular in the category",
    Source.POPULAR: "what is most popular",
}
# Of the time that is left when a rung begins.
SHARE = 0.4
# So many are asked for at least, and kept: the next request may want more.
KEPT_RESULTS = 20
SAVE_EVERY_S = 5.0
REFRESH_EVERY_S = 60.0
Rows = list[dict[str, Any]]


class RecommendationService:
    """Recommends products."""

    def __init__(
        self,
        database: Database,
        *,
        data_api: DataApi | None = None,
        replica: Database | None = None,
        known: KnownRecommendations | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Ask `database`, else `data_api`, else `replica`, else what is `known`."""
        self._database = database
        self._data_api = data_api
        self._replica = replica
        self.known = known or KnownRecommendations()
        self._clock = clock

    async def recommend(
        self, request: RecommendationsRequest, caller: Caller, unverified: AuthKeysUnavailableError | None = None
    ) -> RecommendationsResponse:
        """Products for `caller`; for nobody, and saying so, when `unverified` says why the caller is not known."""
        started = self._clock()
        descent = await descend(self._rungs(request, caller), falls=_is_lived_with, reason=_detail)
        answer = descent.result
        answer.degradations += [_said(fall, answer) for fall in descent.falls]
        if unverified is not None:
            answer.degradations.append(_of_nobody(unverified))
        if not answer.degradations and answer.recommendations and _is_of(request, answer):
            self.known.keep(request, caller, answer)
        return self._finished(answer, request, started)

    def recommend_spared(self, request: RecommendationsRequest, caller: Caller) -> RecommendationsResponse:
        """The last known answer, or none, where there is no room for another."""
        started = self._clock()
        answer = self.known.recall(request, caller)
        used = NOTHING if answer is None else LAST_KNOWN
        DEGRADATIONS.labels("gateway", used).inc()
        answer = answer or _empty()
        answer.degradations = [Degradation(dependency="gateway", reason=OverloadedError().detail, used=used)]
        return self._finished(answer, request, started)

    async def keep(self) -> None:
        """Until cancelled: have what is most popular at hand, and in the file, even if only people ask."""
        refreshed = float("-inf")
        while True:
            if time.monotonic() - refreshed >= REFRESH_EVERY_S:
                refreshed = time.monotonic()
                answer = await self.recommend(RecommendationsRequest(), ANONYMOUS)
                if answer.degraded:
                    refreshed = float("-inf")
            await self.known.save()
            await asyncio.sleep(SAVE_EVERY_S)

    def _rungs(self, request: RecommendationsRequest, caller: Caller) -> list[Rung[RecommendationsResponse]]:
        asked = request.top if caller.is_signed_in or request.top is not Source.PERSONAL else Source.POPULAR
        as_asked = partial(_of_database, self._database, request, caller)
        rungs = [Rung("database", WORDS[asked], partial(as_asked, asked))]
        for lower in list(Source)[list(Source).index(asked) + 1 :]:
            # A database that is not there has no other answer either. One that took too long may have a simpler one.
            of_server = (DatabaseUnavailableError, DatabaseBusyError, DatabaseUnsafeError)
            unless = of_server if lower is Source.POPULAR else UnavailableError
            rungs.append(Rung("database", WORDS[lower], partial(as_asked, lower), unless))
        if self._data_api is not None:
            # Full or unsafe it is the same one behind every door.
            rungs.append(
                Rung(
                    "data_api",
                    "the Data API",
                    partial(self._of_data_api, self._data_api, request, caller, asked),
                    (DatabaseBusyError, DatabaseUnsafeError),
                )
            )
        if self._replica is not None:
            of_replica = partial(_of_database, self._replica, request, caller, asked)
            rungs.append(Rung("replica", "a replica", of_replica, DatabaseUnsafeError))
        rungs.append(Rung("last known", LAST_KNOWN, partial(self._remembered, request, caller)))
        rungs.append(Rung("nothing", NOTHING, _nothing))
        return rungs

    async def _of_data_api(
        self, data_api: DataApi, request: RecommendationsRequest, caller: Caller, mode: Source
    ) -> RecommendationsResponse | None:
        arguments = {**_arguments(request, mode), "like_product": None if request.like is None else str(request.like)}
        with allow(2 * SHARE * remaining()):
            rows = await data_api.call("recommend", arguments, caller.token)
        return _answer([{**row, "category": row["category_slug"]} for row in rows])

    async def _remembered(self, request: RecommendationsRequest, caller: Caller) -> RecommendationsResponse | None:
        return self.known.recall(request, caller)

    def _finished(
        self, answer: RecommendationsResponse, request: RecommendationsRequest, started: float
    ) -> RecommendationsResponse:
        answer.recommendations = answer.recommendations[: request.limit]
        answer.degraded = bool(answer.degradations)
        answer.took_ms = round((self._clock() - started) * 1000, 2)
        return answer


async def _of_database(
    database: Database, request: RecommendationsRequest, caller: Caller, mode: Source
) -> RecommendationsResponse | None:
    with allow(SHARE * remaining()):
        rows = await database.fetch("recommend_as", {**_arguments(request, mode), "claims": caller.claims})
    return _answer(rows)


def _arguments(request: RecommendationsRequest, mode: Source) -> dict[str, Any]:
    """What public.recommend takes, by name."""
    return {
        "like_product": request.like,
        "category": request.category,
        "max_results": max(request.limit, KEPT_RESULTS),
        "mode": str(mode),
    }


def _answer(rows: Rows) -> RecommendationsResponse | None:
    """None when there is nothing to sell, which is for the rungs below."""
    if not rows:
        return None
    found = [Recommendation.model_validate({k: v for k, v in row.items() if k in FIELDS}) for row in rows]
    return _empty().model_copy(update={"recommendations": found, "source": Source(rows[0]["source"])})


def _is_of(request: RecommendationsRequest, answer: RecommendationsResponse) -> bool:
    """Whether it is what was asked for: made-up categories, whose place popular products take, would crowd it out."""
    return request.top is Source.PERSONAL or answer.source is request.top


FIELDS = frozenset(Recommendation.model_fields)


def _empty() -> RecommendationsResponse:
    return RecommendationsResponse(recommendations=[], source=None, degraded=False, degradations=[], took_ms=0)


async def _nothing() -> RecommendationsResponse:
    return _empty()


def _said(fall: Fall, answer: RecommendationsResponse) -> Degradation:
    # A rung of the database that had nothing to say was answered by one below it, in the same statement.
    of_database = answer.source is not None and fall.used in WORDS.values()
    used = WORDS[answer.source] if of_database and answer.source is not None else fall.used
    return Degradation(dependency=fall.dependency, reason=fall.reason, used=used)


def _of_nobody(error: AuthKeysUnavailableError) -> Degradation:
    used = "recommendations for nobody in particular"
    DEGRADATIONS.labels("auth_keys", used).inc()
    return Degradation(dependency="auth_keys", reason=error.detail, used=used)


def _is_lived_with(error: Exception) -> bool:
    # The caller is at fault, and nothing is down.
    if isinstance(error, AccountClosedError | AccountBannedError):
        return False
    if not isinstance(error, GatewayError):
        logger.error("recommendations: unexpected failure, the next rung is asked", exc_info=error)
    return True


def _detail(error: Exception) -> str:
    return error.detail if isinstance(error, GatewayError) else "It failed."
