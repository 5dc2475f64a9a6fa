"""Answers: a search as the caller, statements of a model or sentences of the passages, and each citation checked.

first model ─► second ─► quotations ─► a stale answer ─► 503
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing

from gateway.answers.building import Building
from gateway.answers.drafts import Statement
from gateway.answers.events import DoneEvent, Events
from gateway.answers.prompt import answer_prompt, rewrite_prompt
from gateway.answers.quoting import Quotes, quote
from gateway.answers.schemas import AnswerRequest, AnswerResponse, UsedPassage
from gateway.answers.small_talk import is_courtesy
from gateway.answers.stale_answers import StaleAnswers
from gateway.answers.writing import Writer, Written
from gateway.auth.caller import Caller
from gateway.errors import OverloadedError, UnavailableError
from gateway.resilience import allow
from gateway.resilience.fallback import Degradation, degraded
from gateway.search.query_embedding import QueryEmbedder
from gateway.search.query_syntax import as_said
from gateway.search.schemas import MAX_QUERY, Mode, SearchResponse
from gateway.search.service import SearchService


class RightsChangedError(UnavailableError):
    """While an answer was made its reader may have lost the right to what it was made from."""

    kind = "rights-changed"
    title = "Rights changed"
    retry_after_s = 1

    def __init__(self) -> None:
        """Say so."""
        super().__init__("Rights to the passages changed while the question was answered. Ask again.")


STALE = "a stale answer"
EARLIER_WORDS = "the words of the question before"
MAX_WORDS, LONGEST_WORD = 16, 40
"""Of the question before: more would outweigh the last one."""
Leave = Callable[[], Awaitable[None]]


async def _stay() -> None:
    """There is no place to leave."""


class AnswerService:
    """Answers questions."""

    def __init__(
        self,
        search: SearchService,
        embedder: QueryEmbedder,
        *,
        writer: Writer | None = None,
        search_s: float = float("inf"),
        stale: StaleAnswers | None = None,
        project_url: str = "",
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Answer from what `search` finds within `search_s`; `writer` has the models, if there are some.

        `embedder` compares sentences with the question. The Data API is at `project_url`.
        """
        self._search = search
        self._embedder = embedder
        self._writer = writer or Writer([])
        self._search_s = search_s
        self.project_url = project_url
        self._stale = stale or StaleAnswers()
        self._clock = clock

    async def answer(self, request: AnswerRequest, caller: Caller, leave: Leave = _stay) -> AnswerResponse:
        """What the caller may read answers the question; a GatewayError when nothing can be searched."""
        async with aclosing(self.events(request, caller, leave)) as events:
            async for event in events:
                if isinstance(event, DoneEvent):
                    return event.answer
        raise AssertionError("events end with the answer")

    async def events(self, request: AnswerRequest, caller: Caller, leave: Leave = _stay) -> Events:
        """The same while it is made. `leave` is called when all that is left is to wait for a model."""
        started, asked_at = self._clock(), self._stale.now()
        try:
            question, followed = await self._question(request)
            found = await self._found(request, question, caller)
        except UnavailableError as error:
            stale = self._stale.get(request, caller)
            if stale is None:
                raise
            for event in Building.replayed(self._finished(stale, [degraded("database", error.detail, STALE)], started)):
                yield event
            return
        building = Building(question, _best_passages(found, request.limit), found)
        yield building.begins()
        for missing in (*followed, *found.degradations):
            yield building.lacks(missing)
        async with aclosing(self._made(request, building, leave)) as made:
            async for event in made:
                self._check_rights(caller, building.passages, asked_at)
                yield event
        self._check_rights(caller, building.passages, asked_at)
        for event in building.closes():
            yield event
        answer = self._finished(building.answer(), building.degradations, started)
        if not answer.degraded:
            self._stale.put(request, caller, answer, asked_at)
        yield DoneEvent(answer=answer)

    def _check_rights(self, caller: Caller, passages: Sequence[UsedPassage], asked_at: float) -> None:
        if self._stale.have_ended(caller, passages, asked_at):
            raise RightsChangedError

    def answer_stale(self, request: AnswerRequest, caller: Caller) -> AnswerResponse:
        """A stale answer, where there is no room for another; OverloadedError where there is none."""
        started, overloaded = self._clock(), OverloadedError()
        answer = self._stale.get(request, caller)
        if answer is None:
            raise overloaded
        return self._finished(answer, [degraded("gateway", overloaded.detail, STALE)], started)

    async def events_stale(self, request: AnswerRequest, caller: Caller) -> Events:
        """The same, event by event."""
        for event in Building.replayed(self.answer_stale(request, caller)):
            yield event

    async def _question(self, request: AnswerRequest) -> tuple[str, list[Degradation]]:
        """What to search for, and what was down: of a conversation, a question that is understood without it."""
        before = [message.content for message in request.earlier if message.role == "user"]
        if not before:
            return request.asked, []
        if self._writer:
            question = await self._writer.rewrite(rewrite_prompt(request.asked, request.earlier))
            if question is not None:
                return question, []
        if is_courtesy(request.asked):
            return request.asked, []
        reason = "It wrote no question within 1 s." if self._writer else "None is set."
        known = set(request.asked.casefold().split())
        words = [word for word in before[-1].split() if word.casefold() not in known and len(word) <= LONGEST_WORD]
        return " ".join([request.asked, *words[:MAX_WORDS]])[:MAX_QUERY].strip(), [
            degraded("llm", reason, EARLIER_WORDS)
        ]

    async def _found(self, request: AnswerRequest, question: str, caller: Caller) -> SearchResponse:
        with allow(self._search_s):
            return await self._search.search(request.search(question), caller)

    async def _made(self, request: AnswerRequest, building: Building, leave: Leave) -> Events:
        """The answer, by a model, or of quotations where it does not come to its end."""
        if self._writer and building.passages:
            await leave()
            async with aclosing(self._written(request, building)) as events:
                async for event in events:
                    yield event
        if not building.is_whole:
            for event in building.quoted(await self._quotes(building)):
                yield event

    async def _written(self, request: AnswerRequest, building: Building) -> Events:
        """What a model says."""
        prompt = answer_prompt(request.asked, request.earlier, building.passages)
        written = Written()
        async with aclosing(self._writer.write(prompt, request.asked, building.passages, written)) as said:
            async for each in said:
                if isinstance(each, Degradation):
                    yield building.lacks(each)
                    continue
                for event in building.says(each) if isinstance(each, Statement) else building.ends(each):
                    yield event
        building.note(written)

    async def _quotes(self, building: Building) -> Quotes:
        # An embedder that has just failed is not waited for once more.
        is_down = building.search.mode is Mode.KEYWORD
        with allow(self._search_s):
            embedder = None if is_down else self._embedder
            return await quote(as_said(building.question), building.passages, embedder)

    def _finished(self, answer: AnswerResponse, degradations: list[Degradation], started: float) -> AnswerResponse:
        answer.degradations = degradations
        answer.degraded = bool(degradations)
        answer.took_ms = round((self._clock() - started) * 1000, 2)
        return answer


def _best_passages(response: SearchResponse, limit: int) -> list[UsedPassage]:
    """The best passages of all results."""
    passages = [UsedPassage.of(result, passage) for result in response.results for passage in result.passages]
    return sorted(passages, key=lambda passage: -passage.score)[:limit]
