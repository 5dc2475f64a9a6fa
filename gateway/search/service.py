"""Search: a vector if there is one, one statement as the caller, and an honest answer whatever is down."""

import json
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from gateway.auth.caller import Caller
from gateway.clients.data_api import DataApi
from gateway.clients.reranker import Reranker
from gateway.database.pool import Database
from gateway.database.rights import RIGHTS_S
from gateway.errors import (
    DatabaseBusyError,
    DatabaseUnavailableError,
    DatabaseUnsafeError,
    GatewayError,
    OverloadedError,
    ParameterRefusedError,
    UnavailableError,
)
from gateway.resilience.degradation import Degradation
from gateway.resilience.fallback import Rung, descend
from gateway.resilience.metrics import DEGRADATIONS
from gateway.search.query_embedding import QueryEmbedder, QueryVector
from gateway.search.query_syntax import without_operators
from gateway.search.schemas import Mode, SearchRequest, SearchResponse, SearchResult
from gateway.search.stale_answers import KnownAnswers

MODEL_CHANGED = Degradation(
    dependency="embedder", reason="The active model changed during the search.", used="keyword search"
)

LAST_KNOWN = "the last known answer"
Rows = list[dict[str, Any]]
Ask = Callable[[dict[str, Any], Caller], Awaitable[Rows]]


class SearchService:
    """Answers searches."""

    def __init__(
        self,
        database: Database,
        embedder: QueryEmbedder,
        *,
        data_api: DataApi | None = None,
        replica: Database | None = None,
        replica_max_age_s: float = RIGHTS_S,
        reranker: Reranker | None = None,
        known: KnownAnswers | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Search `database` with vectors of `embedder`; `reranker` has the last word where there is one.

        When the database does not answer: the same function through `data_api`, on `replica`, and then what is `known`.
        A replica that is more than `replica_max_age_s` seconds behind is asked for products only.
        """
        self._ways: list[tuple[str, str, Ask, type[Exception] | None]] = [
            ("database", "PostgreSQL", of_database(database), None)
        ]
        if data_api is not None:
            # A server that has too much to do is not helped by being asked through another door.
            self._ways.append(("data_api", "the Data API", of_data_api(data_api), DatabaseBusyError))
        if replica is not None:
            self._ways.append(("replica", "a replica", of_replica(replica, replica_max_age_s), None))
        self._embedder = embedder
        self._reranker = reranker
        self._known = known or KnownAnswers()
        self._clock = clock

    async def search(self, request: SearchRequest, caller: Caller) -> SearchResponse:
        """What `caller` may read of what `request` asks for; by keywords, and saying so, when there is no vector.

        Raises a GatewayError when nothing that could answer does, or the request is at fault.
        """
        started, asked_at = self._clock(), self._known.now()
        vector = None
        if request.mode is not Mode.KEYWORD:
            vector = await self._embedder.embed(without_operators(request.query))
        rungs = [
            Rung(name, used, partial(self._live, ask, request, caller, vector), unless)
            for name, used, ask, unless in self._ways
        ]
        rungs.append(Rung("last known", LAST_KNOWN, partial(self._remembered, request, caller)))
        descent = await descend(rungs, falls=_is_worth_another_way, reason=_detail)
        answer = descent.result
        answer.degradations += [Degradation(**vars(fall)) for fall in descent.falls]
        answer.degraded = bool(answer.degradations)
        answer.took_ms = round((self._clock() - started) * 1000, 2)
        if not answer.degraded:
            self._known.keep(request, caller, answer, asked_at)
        return answer

    def search_spared(self, request: SearchRequest, caller: Caller) -> SearchResponse:
        """The last known answer, where there is no room for another; OverloadedError where there is none."""
        started = self._clock()
        answer = self._known.recall(request, caller)
        overloaded = OverloadedError()
        if answer is None:
            raise overloaded
        DEGRADATIONS.labels("gateway", LAST_KNOWN).inc()
        answer.degradations = [Degradation(dependency="gateway", reason=overloaded.detail, used=LAST_KNOWN)]
        answer.degraded = True
        answer.took_ms = round((self._clock() - started) * 1000, 2)
        return answer

    async def _live(
        self, ask: Ask, request: SearchRequest, caller: Caller, vector: QueryVector | Degradation | None
    ) -> SearchResponse:
        """An answer of now, asked for in one of the ways."""
        mode, rows, degradations = await self._found(ask, request, caller, vector)
        complete = all(row["complete"] for row in rows)
        if self._reranker is not None and rows:
            rows, unranked = await _reranked(self._reranker, without_operators(request.query), rows)
            degradations += unranked
        return SearchResponse(
            results=[SearchResult.model_validate(row) for row in rows[: request.limit]],
            mode=mode,
            complete=complete,
            degraded=bool(degradations),
            degradations=degradations,
            took_ms=0,
        )

    async def _found(
        self, ask: Ask, request: SearchRequest, caller: Caller, vector: QueryVector | Degradation | None
    ) -> tuple[Mode, Rows, list[Degradation]]:
        """How it was searched in the end, the rows, and what was down."""
        degradations = []
        for is_last in (False, True):
            if vector is None or isinstance(vector, Degradation):
                break
            try:
                return request.mode, await ask(self._arguments(request, request.mode, vector), caller), []
            except ParameterRefusedError:
                # Another model has become the active one: once more, with that.
                self._embedder.forget(vector.model)
                vector = MODEL_CHANGED if is_last else await self._embedder.embed(without_operators(request.query))
        if isinstance(vector, Degradation):
            degradations = [vector]
        return Mode.KEYWORD, await ask(self._arguments(request, Mode.KEYWORD), caller), degradations

    def _arguments(self, request: SearchRequest, mode: Mode, vector: QueryVector | None = None) -> dict[str, Any]:
        """What public.search takes, by name."""
        arguments = {
            **request.parameters(),
            "mode": str(mode),
            "query_embedding": None if vector is None else vector.vector,
            "embedding_model": None if vector is None else vector.model,
        }
        if self._reranker is not None:
            arguments["max_results"] = max(request.limit, self._reranker.candidates)
        return arguments

    async def _remembered(self, request: SearchRequest, caller: Caller) -> SearchResponse | None:
        return self._known.recall(request, caller)


def of_database(database: Database) -> Ask:
    """Search in one statement as the caller."""

    async def ask(arguments: dict[str, Any], caller: Caller) -> Rows:
        return await database.fetch("search_as", {**arguments, "claims": caller.claims})

    return ask


def of_replica(replica: Database, max_age_s: float) -> Ask:
    """As of_database; without documents where the replica may not know yet who lost the right to them."""
    ask_replica = of_database(replica)

    async def ask(arguments: dict[str, Any], caller: Caller) -> Rows:
        if await replica.is_fresh(max_age_s):
            return await ask_replica(arguments, caller)
        if "products" not in arguments["kinds"] or caller.is_staff:
            raise DatabaseUnavailableError("The replica is too far behind to show documents.")
        rows = await ask_replica({**arguments, "kinds": ["products"]}, caller)
        left_out = arguments["kinds"] != ["products"]
        return [{**row, "complete": row["complete"] and not left_out} for row in rows]

    return ask


def of_data_api(data_api: DataApi) -> Ask:
    """Search by the same function, as an RPC with the caller's token."""

    async def ask(arguments: dict[str, Any], caller: Caller) -> Rows:
        vector = arguments["query_embedding"]
        plain = {
            **{name: _as_json(value) for name, value in arguments.items()},
            "query_embedding": None if vector is None else str(vector.to_list()),
            "metadata_contains": None
            if arguments["metadata_contains"] is None
            else json.loads(arguments["metadata_contains"]),
        }
        return await data_api.call("search", plain, caller.token)

    return ask


def _as_json(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    return str(value) if isinstance(value, UUID | Decimal) else value


def _is_worth_another_way(error: Exception) -> bool:
    # An unsafe database is the same one behind every door.
    return isinstance(error, UnavailableError) and not isinstance(error, DatabaseUnsafeError)


def _detail(error: Exception) -> str:
    return error.detail if isinstance(error, GatewayError) else "It failed."


async def _reranked(reranker: Reranker, query: str, rows: Rows) -> tuple[Rows, list[Degradation]]:
    """The rows in the reranker's order with its scores, or as they were and why."""
    ranked = await reranker.rank(query, [f"{row['title']}\n{row['snippet']}" for row in rows])
    if isinstance(ranked, Degradation):
        return rows, [ranked]
    return [{**rows[place], "score": score} for place, score in ranked], []
