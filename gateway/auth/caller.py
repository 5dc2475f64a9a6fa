"""The caller of a request, as SQL is told about it."""

from dataclasses import dataclass, field
from uuid import UUID


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


ANONYMOUS = Caller(None, '{"role":"anon"}')
