"""What each tool does for its caller, by the services that answer the routes. None of them writes."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from gateway.answers.schemas import ANSWER_COST
from gateway.answers.service import AnswerService
from gateway.auth.caller import Caller
from gateway.clients.data_api import row_url
from gateway.errors import FieldProblem, InvalidInputError, OverloadedError
from gateway.mcp import schemas
from gateway.reading.service import ReadingService
from gateway.recommendations.schemas import RecommendationsResponse
from gateway.recommendations.service import RecommendationService
from gateway.resilience import allow
from gateway.search.schemas import SearchResponse
from gateway.search.service import SearchService

UNKNOWN_CATEGORY = (
    "There is no such category, or none of its products can be recommended. Products found by `search` name theirs in "
    "`metadata`; without it, products of all categories are recommended."
)


@dataclass(frozen=True)
class Call:
    """Who calls a tool, and what the request may do."""

    caller: Caller
    is_stale_only: bool
    """Whether it came in above the limit: nothing may be started for it."""
    charge: Callable[[int], Awaitable[None]]
    """Counts it for so many more requests; TooManyRequestsError."""
    leave: Callable[[], Awaitable[None]]
    """Leaves its place to others."""


class Tools:
    """All of them."""

    def __init__(
        self,
        search: SearchService,
        answers: AnswerService,
        recommendations: RecommendationService,
        reading: ReadingService,
        *,
        seconds: float,
    ) -> None:
        """Use these services; each tool but `answer` has so many seconds."""
        self._search = search
        self._answers = answers
        self._recommendations = recommendations
        self._reading = reading
        self._seconds = seconds
        self._project_url = answers.project_url
        self._run: Mapping[str, Callable[[Any, Call], Awaitable[BaseModel]]] = {
            "search": self.search,
            "fetch": self.fetch,
            "answer": self.answer,
            "recommend": self.recommend,
            "list_orders": self.list_orders,
            "get_order": self.get_order,
        }

    async def run(self, name: str, arguments: BaseModel, call: Call) -> BaseModel:
        """The result of a tool of the catalogue, for arguments of its type.

        Raises a GatewayError, or a ValidationError for arguments that contradict each other.
        """
        return await self._run[name](arguments, call)

    async def search(self, arguments: schemas.SearchArguments, call: Call) -> schemas.SearchResult:
        """As POST /v1/search."""
        request = arguments.request()
        await call.charge(request.cost - 1)
        with allow(self._seconds):
            if call.is_stale_only:
                return self._found(self._search.search_stale(request, call.caller))
            return self._found(await self._search.search(request, call.caller))

    async def fetch(self, arguments: schemas.FetchArguments, call: Call) -> schemas.FetchResult:
        """A part of a document or product."""
        _require_room(call)
        with allow(self._seconds):
            read = await self._reading.source(arguments.id, call.caller, arguments.skip)
        url = row_url(self._project_url, read.source.kind, read.source.id)
        return schemas.FetchResult.of(read.source, url, arguments.skip, read.degradations)

    async def answer(self, arguments: schemas.AnswerArguments, call: Call) -> schemas.AnswerResult:
        """As POST /v1/answers."""
        request = arguments.request()
        await call.charge(ANSWER_COST - 1)
        if call.is_stale_only:
            answer = self._answers.answer_stale(request, call.caller)
        else:
            answer = await self._answers.answer(request, call.caller, call.leave)
        citations = [
            schemas.CitationWithUrl(**each.model_dump(), url=row_url(self._project_url, each.kind, each.id))
            for each in answer.citations
        ]
        return schemas.AnswerResult(**answer.model_dump(exclude={"citations"}), citations=citations)

    async def recommend(self, arguments: schemas.RecommendArguments, call: Call) -> RecommendationsResponse:
        """As GET /v1/recommendations. InvalidInputError where nothing is of the category: a model would not notice."""
        with allow(self._seconds):
            if call.is_stale_only:
                answer = self._recommendations.recommend_stale(arguments, call.caller)
            else:
                answer = await self._recommendations.recommend(arguments, call.caller)
        categories = (None, *(each.category for each in answer.recommendations))
        if not answer.degraded and arguments.category not in categories:
            problem = FieldProblem("#/category", UNKNOWN_CATEGORY, "unknown_category")
            raise InvalidInputError(f"#/category: {UNKNOWN_CATEGORY}", fields=[problem])
        return answer

    async def list_orders(self, arguments: schemas.ListOrdersArguments, call: Call) -> schemas.ListOrdersResult:
        """The caller's orders."""
        _require_room(call)
        with allow(self._seconds):
            read = await self._reading.orders(call.caller, arguments.limit)
        return schemas.ListOrdersResult(**dict(read), degraded=bool(read.degradations))

    async def get_order(self, arguments: schemas.GetOrderArguments, call: Call) -> schemas.GetOrderResult:
        """One of them."""
        _require_room(call)
        with allow(self._seconds):
            read = await self._reading.order(arguments.id, call.caller)
        return schemas.GetOrderResult(
            order=read.orders[0], degraded=bool(read.degradations), degradations=read.degradations
        )

    def _found(self, answer: SearchResponse) -> schemas.SearchResult:
        results = [
            schemas.Found(
                **result.model_dump(include={"id", "kind", "title", "score", "metadata"}),
                **result.passages[0].model_dump(include={"heading_path", "file_name", "page"}),
                text=result.passages[0].content,
                url=row_url(self._project_url, result.kind, result.id),
            )
            for result in answer.results
        ]
        return schemas.SearchResult(**answer.model_dump(exclude={"results"}), results=results)


def _require_room(call: Call) -> None:
    """OverloadedError: what is read is never stale."""
    if call.is_stale_only:
        raise OverloadedError
