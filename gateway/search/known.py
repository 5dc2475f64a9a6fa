"""The last answer that each caller was given to each request, for when none can be had."""

import hashlib
import json
from typing import Any

from gateway.auth.caller import Caller
from gateway.resilience.last_known import LastKnown
from gateway.search.schemas import SearchRequest, SearchResponse

# What is new in every token of the same person with the same rights. How sure it is that it is that person (`aal`, and
# the methods in `amr`) is none of it: policies may ask for a second factor.
VOLATILE = frozenset({"exp", "iat", "nbf", "jti", "session_id"})


class KnownAnswers:
    """Full answers in memory, by request and by everything that decides what the caller may see."""

    def __init__(self, *, max_bytes: int = 16_000_000, max_age_s: float = 600.0) -> None:
        """Keep so many bytes of JSON, none older than `max_age_s` seconds."""
        self._answers = LastKnown(max_bytes=max_bytes, max_age_s=max_age_s)

    def keep(self, request: SearchRequest, caller: Caller, answer: SearchResponse) -> None:
        """Remember an answer that lacks nothing."""
        self._answers.put(_key(request, caller), answer.model_dump_json().encode())

    def recall(self, request: SearchRequest, caller: Caller) -> SearchResponse | None:
        """What the same caller was told, with its age."""
        found = self._answers.get(_key(request, caller))
        if found is None:
            return None
        answer, age = found
        return SearchResponse.model_validate_json(answer).model_copy(update={"age_seconds": round(age, 1)})


def _key(request: SearchRequest, caller: Caller) -> bytes:
    return hashlib.sha256(f"{lasting_claims(caller)}\0{request.model_dump_json(by_alias=True)}".encode()).digest()


def lasting_claims(caller: Caller) -> str:
    """Everything that decides what the caller may see, as text: the same for every token of the same person."""
    claims = {name: value for name, value in json.loads(caller.claims).items() if name not in VOLATILE}
    if isinstance(claims.get("amr"), list):
        claims["amr"] = [_without_time(method) for method in claims["amr"]]
    return json.dumps(claims, sort_keys=True)


def _without_time(method: Any) -> Any:
    return {**method, "timestamp": None} if isinstance(method, dict) else method
