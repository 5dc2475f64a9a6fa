"""Search: a vector if there is one, one statement as the caller, and an honest answer."""

import time
from collections.abc import Callable
from typing import Any

from pgvector import HalfVector

from gateway.auth.caller import Caller
from gateway.database.pool import Database
from gateway.degradation import Degradation
from gateway.errors import ParameterRefusedError
from gateway.search.model import QueryEmbedder
from gateway.search.schemas import Mode, SearchRequest, SearchResponse, SearchResult

MODEL_CHANGED = Degradation(
    dependency="embedder", reason="The active model changed during the search.", used="keyword search"
)


class SearchService:
    """Answers searches."""

    def __init__(
        self, database: Database, embedder: QueryEmbedder, *, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        """Search `database` with vectors of `embedder`."""
        self._database = database
        self._embedder = embedder
        self._clock = clock

    async def search(self, request: SearchRequest, caller: Caller) -> SearchResponse:
        """What `caller` may read of what `request` asks for; by keywords, and saying so, when there is no vector.

        Raises a GatewayError when the database does not answer.
        """
        started = self._clock()
        vector = None if request.mode is Mode.KEYWORD else await self._embedder.embed(request.query)
        degradation = vector if isinstance(vector, Degradation) else None
        if isinstance(vector, HalfVector):
            try:
                rows = await self._rows(request, caller, request.mode, vector)
            except ParameterRefusedError:
                self._embedder.forget()
                degradation = MODEL_CHANGED
        if not isinstance(vector, HalfVector) or degradation is not None:
            rows = await self._rows(request, caller, Mode.KEYWORD, None)
        return SearchResponse(
            results=[SearchResult.model_validate(row) for row in rows],
            mode=request.mode if degradation is None else Mode.KEYWORD,
            complete=all(row["complete"] for row in rows),
            degraded=degradation is not None,
            degradations=[] if degradation is None else [degradation],
            took_ms=round((self._clock() - started) * 1000, 2),
        )

    async def _rows(
        self, request: SearchRequest, caller: Caller, mode: Mode, vector: HalfVector | None
    ) -> list[dict[str, Any]]:
        parameters = {**request.parameters(), "claims": caller.claims, "mode": str(mode), "query_embedding": vector}
        return await self._database.fetch("search_as", parameters)
