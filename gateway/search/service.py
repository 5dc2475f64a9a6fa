"""Search: a vector if there is one, one statement as the caller, and an honest answer whatever is down."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from gateway.auth.caller import Caller
from gateway.clients.data_api import DataApi
from gateway.clients.reranker import Reranker
from gateway.database.backends import Answer, Backend, Call, backends, detail_of
from gateway.database.pool import Database
from gateway.database.rights import RIGHTS_S
from gateway.errors import (
    DatabaseUnavailableError,
    DatabaseUnsafeError,
    OverloadedError,
    ParameterRefusedError,
    UnavailableError,
)
from gateway.resilience.fallback import Degradation, Fallback, degraded, first_available
from gateway.search.explanation import Explanation
from gateway.search.query_embedding import QueryEmbedder, QueryVector
from gateway.search.query_syntax import Syntax, without_operators
from gateway.search.recall import LiveRecall
from gateway.search.schemas import Correction, Effort, Mode, SearchRequest, SearchResponse, SearchResult
from gateway.search.stale_answers import StaleAnswers

MODEL_CHANGED = Degradation(
    dependency="embedder", reason="The active model changed during the search.", used="keyword search"
)
STALE = "a stale answer"
WORDS = "their words"
Ask = Callable[[Mapping[str, Any], Caller], Awaitable[Answer]]
Results = list[dict[str, Any]]


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
        stale: StaleAnswers | None = None,
        recall: LiveRecall | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Search `database` with vectors of `embedder`; `reranker` has the last word where there is one.

        The fallbacks: the same function through `data_api`, on `replica`, and then a `stale` answer. A replica that is
        more than `replica_max_age_s` seconds behind is asked for products only. `recall` measures some of the searches.
        """
        self._backends = backends(database, data_api, replica)
        self._replica = replica
        self._replica_max_age_s = replica_max_age_s
        self._embedder = embedder
        self._reranker = reranker
        self._stale = stale or StaleAnswers()
        self._recall = recall
        self._clock = clock

    async def search(self, request: SearchRequest, caller: Caller) -> SearchResponse:
        """What `caller` may read of what `request` asks for; by keywords, and saying so, when there is no vector.

        Raises a GatewayError when nothing that could answer does, or the request is at fault.
        """
        started, asked_at = self._clock(), self._stale.now()
        vector = None
        if request.mode is not Mode.KEYWORD:
            vector = await self._embedder.embed(_said(request))
        chain = [self._fallback(backend, request, caller, vector) for backend in self._backends]
        chain.append(Fallback("stale answers", STALE, partial(self._from_stale, request, caller)))
        answer, missing = await first_available(chain, is_survivable=_is_survivable, reason=detail_of)
        answer.degradations += missing
        answer = self._finished(answer, started)
        if not answer.degraded and not request.is_explained:
            self._stale.put(request, caller, answer, asked_at)
        return answer

    def search_stale(self, request: SearchRequest, caller: Caller) -> SearchResponse:
        """A stale answer, where there is no room for another; OverloadedError where there is none."""
        started, overloaded = self._clock(), OverloadedError()
        answer = self._stale.get(request.unexplained, caller)
        if answer is None:
            raise overloaded
        answer.degradations = [degraded("gateway", overloaded.detail, STALE)]
        return self._finished(answer, started)

    def _finished(self, answer: SearchResponse, started: float) -> SearchResponse:
        answer.degraded = bool(answer.degradations)
        answer.took_ms = round((self._clock() - started) * 1000, 2)
        return answer

    def _fallback(
        self, backend: Backend, request: SearchRequest, caller: Caller, vector: QueryVector | Degradation | None
    ) -> Fallback[SearchResponse]:
        call = backend.call
        if self._replica is not None and backend.dependency == "replica":
            call = fresh_only(self._replica, call, self._replica_max_age_s)
        # The Data API has the search alone: what falls back to it is not explained.
        ask: Ask = partial(call, "search")
        if request.is_explained and backend.dependency != "data_api":
            ask = partial(_explained, call, request.explain_ids)
        answer = partial(self._live, ask, request, caller, vector)
        return Fallback(backend.dependency, backend.used, answer, backend.unless)

    async def _live(
        self, ask: Ask, request: SearchRequest, caller: Caller, vector: QueryVector | Degradation | None
    ) -> SearchResponse:
        """An answer of now, by one backend."""
        mode, found, degradations = await self._found(ask, request, caller, vector)
        results = found["results"]
        if self._reranker is not None and results:
            results, unranked = await _reranked(self._reranker, _said(request), results)
            degradations += unranked
        results = results[: request.limit]
        if mode is not Mode.KEYWORD:
            degradations += _unread(results)
        shown = [SearchResult.model_validate(result) for result in results]
        return SearchResponse(
            results=shown,
            mode=mode,
            syntax=found["syntax"],
            corrections=[Correction.model_validate(each) for each in found["corrections"]],
            complete=found["complete"],
            more=found["more"] or len(found["results"]) > len(results),
            degraded=bool(degradations),
            degradations=degradations,
            took_ms=0,
            explanation=Explanation.of(found, [result.id for result in shown]),
        )

    async def _found(
        self, ask: Ask, request: SearchRequest, caller: Caller, vector: QueryVector | Degradation | None
    ) -> tuple[Mode, Answer, list[Degradation]]:
        """How it was searched in the end, what was found, and what was down."""
        degradations = []
        for is_last in (False, True):
            if vector is None or isinstance(vector, Degradation):
                break
            try:
                return request.mode, await self._by_meaning(ask, request, caller, vector), []
            except ParameterRefusedError:
                # Another model has become the active one: once more, with that.
                self._embedder.forget(vector.model)
                vector = MODEL_CHANGED if is_last else await self._embedder.embed(_said(request))
        if isinstance(vector, Degradation):
            degradations = [vector]
        return Mode.KEYWORD, await ask(self._arguments(request, Mode.KEYWORD), caller), degradations

    async def _by_meaning(self, ask: Ask, request: SearchRequest, caller: Caller, vector: QueryVector) -> Answer:
        """What was found with a vector, whose recall may be measured."""
        arguments, started = self._arguments(request, request.mode, vector), self._clock()
        found = await ask(arguments, caller)
        if self._recall is not None and request.effort is Effort.BOUNDED:
            self._recall.consider(arguments, caller, self._clock() - started)
        return found

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

    async def _from_stale(self, request: SearchRequest, caller: Caller) -> SearchResponse | None:
        return self._stale.get(request.unexplained, caller)


def fresh_only(replica: Database, ask: Call, max_age_s: float) -> Call:
    """As `ask`; without documents where the replica may not know yet who lost the right to them."""

    async def call(function: str, arguments: Mapping[str, Any], caller: Caller) -> Answer:
        if await replica.is_fresh(max_age_s):
            return await ask(function, arguments, caller)
        if "products" not in arguments["kinds"] or caller.is_staff:
            raise DatabaseUnavailableError("The replica is too far behind to show documents.")
        answer = await ask(function, {**arguments, "kinds": ["products"]}, caller)
        is_all = arguments["kinds"] == ["products"]
        return {**answer, "complete": answer["complete"] and is_all, "more": answer["more"] or not is_all}

    return call


async def _explained(call: Call, ids: Sequence[UUID], arguments: Mapping[str, Any], caller: Caller) -> Answer:
    """The same search, which says why."""
    return await call("explain_search", {**arguments, "explain_ids": list(ids)}, caller)


def _is_survivable(error: Exception) -> bool:
    # An unsafe database is the same one however it is asked.
    return isinstance(error, UnavailableError) and not isinstance(error, DatabaseUnsafeError)


def _said(request: SearchRequest) -> str:
    """What a model reads of the query. Meaning alone knows no operators."""
    is_plain = request.syntax is Syntax.PLAIN or request.mode is Mode.SEMANTIC
    return request.query if is_plain else without_operators(request.query)


def _unread(results: Results) -> list[Degradation]:
    """What to say of results in a script that the embedding model does not know."""
    unread = [result["unread_by_model"] for result in results if result.get("unread_by_model")]
    if not unread:
        return []
    reason = f"{unread[0]} does not read the script of {len(unread)} of the results: their meaning is not compared."
    return [degraded("embedder", reason, WORDS)]


async def _reranked(reranker: Reranker, query: str, results: Results) -> tuple[Results, list[Degradation]]:
    """The results in the reranker's order with its scores, or as they were and why."""
    ranked = await reranker.rank(query, [_text_of(result) for result in results])
    if isinstance(ranked, Degradation):
        return results, [ranked]
    return [{**results[place], "score": score} for place, score in ranked], []


def _text_of(result: dict[str, Any]) -> str:
    """What the reranker reads of a result."""
    passage = result["passages"][0]
    return "\n".join((result["title"], *passage["heading_path"], passage["context"], passage["content"]))
