"""Answers: a search as the caller, the sentences that fit best, and each citation checked before it is given."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.answers.citations import collapsed, dropped, find_quote
from gateway.answers.quoting import Quote, quote
from gateway.answers.schemas import (
    NOTHING_FOUND,
    AnswerRequest,
    AnswerResponse,
    AnswerUsage,
    Citation,
    UsedPassage,
)
from gateway.answers.stale_answers import StaleAnswers
from gateway.auth.caller import Caller
from gateway.errors import OverloadedError, UnavailableError
from gateway.resilience.fallback import Degradation, degraded
from gateway.search.query_embedding import QueryEmbedder
from gateway.search.query_syntax import without_operators
from gateway.search.schemas import SearchResponse
from gateway.search.service import SearchService

STALE = "a stale answer"
BETWEEN_QUOTES = "\n\n"


@dataclass(frozen=True)
class Found:
    """What a search for a question brought."""

    passages: list[UsedPassage]
    search: SearchResponse


class AnswerService:
    """Answers questions."""

    def __init__(
        self,
        search: SearchService,
        embedder: QueryEmbedder,
        *,
        stale: StaleAnswers | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Answer from what `search` finds; `embedder` compares sentences with the question."""
        self._search = search
        self._embedder = embedder
        self._stale = stale or StaleAnswers()
        self._clock = clock

    async def answer(self, request: AnswerRequest, caller: Caller) -> AnswerResponse:
        """What the caller may read answers the question; a GatewayError when nothing can be searched."""
        started, asked_at = self._clock(), self._stale.now()
        try:
            found = await self._found(request, request.asked, caller)
        except UnavailableError as error:
            answer = self._stale.get(request, caller)
            if answer is None:
                raise
            return self._finished(answer, [degraded("database", error.detail, STALE)], started)
        answer = await self._quoted(request.asked, found)
        answer = self._finished(answer, answer.degradations, started)
        if not answer.degraded:
            self._stale.put(request, caller, answer, asked_at)
        return answer

    def answer_stale(self, request: AnswerRequest, caller: Caller) -> AnswerResponse:
        """A stale answer, where there is no room for another; OverloadedError where there is none."""
        started, overloaded = self._clock(), OverloadedError()
        answer = self._stale.get(request, caller)
        if answer is None:
            raise overloaded
        return self._finished(answer, [degraded("gateway", overloaded.detail, STALE)], started)

    async def _found(self, request: AnswerRequest, query: str, caller: Caller) -> Found:
        response = await self._search.search(request.search(query), caller)
        return Found(_best_passages(response, request.limit), response)

    async def _quoted(self, question: str, found: Found) -> AnswerResponse:
        # One that has just failed is not waited for once more.
        is_down = any(missing.dependency == "embedder" for missing in found.search.degradations)
        embedder = None if is_down else self._embedder
        quotes = await quote(without_operators(question), found.passages, embedder)
        answer, citations = _put_together(quotes.quotes)
        return AnswerResponse(
            answer=answer,
            citations=citations,
            passages=found.passages if citations else [],
            kind="quoted",
            question=question,
            grounded=bool(citations),
            complete=found.search.complete,
            degraded=False,
            degradations=[*found.search.degradations, *quotes.degradations],
            age_seconds=found.search.age_seconds,
            usage=AnswerUsage(sentences=quotes.compared),
            took_ms=0,
        )

    def _finished(self, answer: AnswerResponse, degradations: list[Degradation], started: float) -> AnswerResponse:
        answer.degradations = degradations
        answer.degraded = bool(degradations)
        answer.took_ms = round((self._clock() - started) * 1000, 2)
        return answer


def _best_passages(response: SearchResponse, limit: int) -> list[UsedPassage]:
    """The best passages of all results."""
    passages = [
        UsedPassage.model_validate({**result.model_dump(), **passage.model_dump()})
        for result in response.results
        for passage in result.passages
    ]
    return sorted(passages, key=lambda passage: -passage.score)[:limit]


def _put_together(quotes: Sequence[Quote]) -> tuple[str, list[Citation]]:
    """An answer of quotations, each its own citation; that nothing was found, where there is none."""
    parts: list[str] = []
    citations: list[Citation] = []
    length = 0
    for each in quotes:
        text = collapsed(each.span.text)
        place = find_quote(text, each.passage.content)
        if place is None:
            dropped()
            continue
        citations.append(cite(each.passage, text, place, (length, length + len(text))))
        parts.append(text)
        length += len(text) + len(BETWEEN_QUOTES)
    return BETWEEN_QUOTES.join(parts) or NOTHING_FOUND, citations


def cite(passage: UsedPassage, quotation: str, place: tuple[int, int], part: tuple[int, int]) -> Citation:
    """The citation of a quotation at this place of the passage, for this part of the answer."""
    return Citation(
        start=part[0],
        end=part[1],
        passage_start=place[0],
        passage_end=place[1],
        quote=quotation,
        **passage.model_dump(
            include={
                "kind", "id", "document_id", "title", "file_id", "file_name", "page", "heading_path", "chunk_id"
            }
        ),
    )  # fmt: skip
