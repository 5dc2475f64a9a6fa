"""An answer by the first model that can write one: what it says is passed on statement by statement."""

import logging
from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field

from gateway.answers.display import shown
from gateway.answers.drafts import Draft, DraftError, Statement
from gateway.answers.schemas import UsedPassage
from gateway.answers.thoughts import question_in
from gateway.clients.chat import ChatError, ChatModel
from gateway.clients.chat_text import ChatText, ChatUsage
from gateway.resilience import DependencyError, allow
from gateway.resilience.callers import current_caller
from gateway.resilience.fallback import Degradation, degraded
from gateway.resilience.request_metrics import CITATIONS_DROPPED
from gateway.search.query_syntax import as_said

logger = logging.getLogger(__name__)

QUOTATIONS, SECOND_MODEL = "quotations", "the second model"
MAX_AT_ONCE = 4
"""Answers that models write for one caller at a time, so that others have places as well."""
REWRITE_S = 1.0
MAX_QUESTION = 500
Prompt = Sequence[Mapping[str, str]]


@dataclass
class Written:
    """What became of it."""

    usage: ChatUsage = field(default_factory=ChatUsage)
    dropped: int = 0
    said: int = 0
    is_whole: bool = False
    """Whether a model came to its end."""
    is_none: bool = False
    """Whether a model said that nothing answers."""


class Writer:
    """Models, the best first."""

    def __init__(self, models: Sequence[ChatModel]) -> None:
        """Ask them in this order."""
        self._models = models
        self._writing: Counter[str] = Counter()

    def __bool__(self) -> bool:
        """Whether there is one."""
        return bool(self._models)

    async def write(
        self, prompt: Prompt, question: str, passages: Sequence[UsedPassage], written: Written
    ) -> AsyncGenerator[Statement | str | Degradation, None]:
        """Statements, the mark at their end, and what was down; `written` has the rest at the end.

        A model that fails before it has said anything is followed by the next one.
        """
        with self._place() as has_place:
            if not has_place:
                yield degraded("llm", "It is busy with other answers for the same caller.", QUOTATIONS)
                return
            for model, used in self._chain():
                draft = Draft(question, passages)
                try:
                    async with aclosing(self._statements(model, prompt, draft, written)) as statements:
                        async for statement in statements:
                            written.said += 1
                            yield statement
                except (ChatError, DraftError, DependencyError) as error:
                    if not isinstance(error, DependencyError):
                        logger.warning("%s: %s", model.name, error)
                    why = str(error) if isinstance(error, DraftError) else error.reason
                    yield degraded(model.name, why, QUOTATIONS if written.said else used)
                    if written.said:
                        return
                else:
                    written.is_whole, written.is_none = True, draft.is_none
                    return
                finally:
                    written.dropped += draft.dropped
                    CITATIONS_DROPPED.inc(draft.dropped)

    async def rewrite(self, prompt: Prompt) -> str | None:
        """The question that a follow-up question means, by the first model, within a second; None without it."""
        text = ""
        try:
            with allow(REWRITE_S):
                async with aclosing(self._models[0].write(prompt, ChatText())) as pieces:
                    async for piece in pieces:
                        text += piece
        except (ChatError, DependencyError):
            return None
        question = question_in(text)
        if len(question) > MAX_QUESTION:
            return None
        question = as_said(shown(question, prompt[-1]["content"]))
        return question if any(sign.isalnum() for sign in question) else None

    def _chain(self) -> list[tuple[ChatModel, str]]:
        """Each model, and what is used without it."""
        uses = [SECOND_MODEL] * (len(self._models) - 1) + [QUOTATIONS]
        return list(zip(self._models, uses, strict=True))

    async def _statements(
        self, model: ChatModel, prompt: Prompt, draft: Draft, written: Written
    ) -> AsyncGenerator[Statement | str, None]:
        text = ChatText()
        async with aclosing(model.write(prompt, text)) as pieces:
            async for piece in pieces:
                for statement in draft.take(piece):
                    yield statement
        written.usage = text.usage
        mark = draft.finish()
        if mark:
            yield mark
        if text.is_cut:
            raise ChatError("It had no room for more.")

    @contextmanager
    def _place(self) -> Iterator[bool]:
        caller = current_caller()
        if self._writing[caller] >= MAX_AT_ONCE:
            yield False
            return
        self._writing[caller] += 1
        try:
            yield True
        finally:
            self._writing[caller] -= 1
            if not self._writing[caller]:
                del self._writing[caller]
