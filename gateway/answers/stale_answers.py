"""The last answer that each caller was given to each question, for when no search can be made.

The rules are those of stale searches: what its caller may no longer read is forgotten as soon as that is learned, and
an answer made of documents is not given while that cannot be learned.
"""

import hashlib
from collections.abc import Sequence
from uuid import UUID

from gateway.answers.schemas import AnswerRequest, AnswerResponse, UsedPassage
from gateway.auth.caller import Caller
from gateway.database.rights import Rights
from gateway.resilience.stale_cache import StaleCache


class StaleAnswers:
    """Answers in memory, by question and by everything that decides what the caller may see."""

    def __init__(self, *, max_bytes: int = 16_000_000, max_age_s: float = 600.0, rights: Rights | None = None) -> None:
        """Keep so many bytes of JSON, none older than `max_age_s` seconds, and none that `rights` says is over."""
        self._answers = StaleCache(max_bytes=max_bytes, max_age_s=max_age_s)
        self._rights = Rights() if rights is None else rights
        self._rights.watch(self._answers)

    def now(self) -> float:
        """The moment to give `put` for a question that is asked now."""
        return self._rights.now()

    def put(self, request: AnswerRequest, caller: Caller, answer: AnswerResponse, asked_at: float) -> None:
        """Remember an answer that lacks nothing, unless the right to what it holds ended while it was made."""
        about = _about(answer.passages)
        if self._rights.ended_since(asked_at, caller.user_id, about):
            return
        if caller.user_id is not None:
            about.append(caller.user_id)
        self._answers.put(_key(request, caller), answer.model_dump_json().encode(), about=about)

    def have_ended(self, caller: Caller, passages: Sequence[UsedPassage], asked_at: float) -> bool:
        """Whether, since then, the caller may have lost the right to some of these passages."""
        return self._rights.ended_since(asked_at, caller.user_id, _about(passages))

    def get(self, request: AnswerRequest, caller: Caller) -> AnswerResponse | None:
        """What the same caller was told, with its age; None where the readers of its passages are not known now."""
        found = self._answers.get(_key(request, caller))
        if found is None:
            return None
        text, age = found
        answer = AnswerResponse.model_validate_json(text).model_copy(update={"age_seconds": round(age, 1)})
        is_for_all = not caller.is_staff and all(passage.kind == "product" for passage in answer.passages)
        return answer if is_for_all or self._rights.are_confirmed else None


def _about(passages: Sequence[UsedPassage]) -> list[UUID]:
    """Whose rights they are."""
    return [passage.id for passage in passages] + [each.owner.id for each in passages if each.owner is not None]


def _key(request: AnswerRequest, caller: Caller) -> bytes:
    return hashlib.sha256(
        f"{caller.stable_claims}\0{request.model_dump_json(by_alias=True, exclude={'stream'})}".encode()
    ).digest()
