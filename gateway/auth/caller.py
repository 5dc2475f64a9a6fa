"""The caller of a request, as SQL is told about it."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

# What is new in every token of the same person with the same rights. How sure it is that it is that person (`aal`, and
# the methods in `amr`) is none of it: policies may ask for a second factor.
VOLATILE = frozenset({"exp", "iat", "nbf", "jti", "session_id"})


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with verified claims, or nobody (`user_id` None)."""

    user_id: UUID | None
    claims: str = field(repr=False)
    """The claims as JSON, for `request.jwt.claims`; its `role` is `authenticated` or `anon`."""
    token: str | None = field(default=None, repr=False)
    """The token that says so, for the Data API; None for nobody."""

    @property
    def is_signed_in(self) -> bool:
        """Whether it is a person."""
        return self.user_id is not None

    @property
    def is_staff(self) -> bool:
        """Whether the caller may see products that are not on sale."""
        metadata = json.loads(self.claims).get("app_metadata")
        return isinstance(metadata, dict) and bool(metadata.get("staff"))

    @property
    def stable_claims(self) -> str:
        """Everything that decides what the caller may see, as text: the same for every token of the same person."""
        claims = {name: value for name, value in json.loads(self.claims).items() if name not in VOLATILE}
        if isinstance(claims.get("amr"), list):
            claims["amr"] = [_without_time(method) for method in claims["amr"]]
        return json.dumps(claims, sort_keys=True)


ANONYMOUS = Caller(None, '{"role":"anon"}')


def _without_time(method: Any) -> Any:
    return {**method, "timestamp": None} if isinstance(method, dict) else method
