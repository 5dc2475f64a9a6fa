"""Settings of existing applications that the gateway stands in front of: where they are, and how they are asked."""

import re
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic_settings import NoDecode

from gateway.config.project import ProjectSettings
from gateway.config.types import HttpUrl, read_json
from gateway.resilience import Policy

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
FALLBACK = "a stale answer where one is allowed (stale_s), or the error"


def _only_a_place(url: str) -> str:
    parts = urlsplit(url)
    if parts.username is not None or parts.query or parts.fragment or parts.port == 0:
        raise ValueError("must be no more than a scheme, a host, a port and a path")
    return url


class Upstream(BaseModel):
    """One application."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Annotated[HttpUrl, AfterValidator(_only_a_place)]
    """Where it is; the path of a request follows."""
    callers: Literal["all", "signed_in"] = "all"
    """Who may ask it."""
    authorization: Literal["remove", "pass", "ignore"] = "remove"
    """The header is the caller's Supabase token, which is removed once it is verified, or passed on; or it is the
    application's own, which nobody else looks at."""
    host: Literal["public", "upstream"] = "public"
    """Whether the application is asked by the name that the client knows, or by its own."""
    health: Annotated[str, Field(pattern=r"^/[!-~]*$")] | None = None
    """A path that answers 2xx while the application works. With it, that alone opens and closes the breaker."""
    timeout_s: float = Field(default=10.0, gt=0, le=600)
    """Seconds until its answer begins, without those in which the client sends."""
    idle_s: float = Field(default=60.0, gt=0, le=3600)
    """Seconds between two pieces of an answer, or of a WebSocket."""
    concurrency: int = Field(default=32, ge=1, le=4096)
    """Requests at a time."""
    sockets: int = Field(default=256, ge=1, le=65_536)
    """WebSockets at a time."""
    stale_s: float = Field(default=0.0, ge=0, le=86_400)
    """Seconds that an answer to GET may be old when there is no new one."""

    def policy(self, name: str) -> Policy:
        """How it is called."""
        return Policy(name, self.timeout_s, attempts=2, concurrency=self.concurrency, fallback=FALLBACK)


def _upstreams(value: Any) -> Any:
    found = read_json(value)
    if not isinstance(found, dict):
        return found
    for name in found:
        if not NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name: use up to 40 of a to z, 0 to 9 and hyphens")
    return {name: {"url": each} if isinstance(each, str) else each for name, each in found.items()}


class UpstreamSettings(ProjectSettings):
    """Part of the gateway's settings."""

    upstreams: Annotated[dict[str, Upstream], NoDecode, BeforeValidator(_upstreams)] = Field(
        default={},
        description='JSON with existing applications by name, such as `{"shop": "http://10.0.0.5:8000"}`: the gateway '
        "answers `/app/shop/…` with what that application answers to `/…`. [Their page](adopt/gateway.md) has the "
        "options.",
    )
    upstream_secrets: Annotated[dict[str, SecretStr], NoDecode, BeforeValidator(read_json)] = Field(
        default={},
        description="JSON with a secret for each of those that is told who is calling; by it the application verifies "
        "the header X-Tidegate-Identity.",
    )
