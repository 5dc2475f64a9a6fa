"""One existing application, as the gateway treats it."""

from dataclasses import dataclass
from typing import Literal

from gateway.auth.identity import IdentitySigner
from gateway.clients.upstream import UpstreamClient
from gateway.clients.upstream_answer import UpstreamUnavailableError
from gateway.resilience.limiter import ConcurrencyLimiter
from gateway.upstreams.stale_answers import StaleAnswers


class ApplicationBusyError(UpstreamUnavailableError):
    """As many requests are under way as the application is asked at a time."""

    kind = "application-busy"
    title = "The application is at its limit"
    retry_after_s = 1


@dataclass(frozen=True)
class Application:
    """How it is asked, by whom, and what it is told of them. The settings UPSTREAMS have the same fields."""

    client: UpstreamClient
    limiter: ConcurrencyLimiter
    """Places for requests, until their answers are sent."""
    sockets: ConcurrencyLimiter
    """Places for WebSockets."""
    stale: StaleAnswers | None = None
    signer: IdentitySigner | None = None
    """None where it is not told who is calling."""
    callers: Literal["all", "signed_in"] = "all"
    authorization: Literal["remove", "pass", "ignore"] = "remove"
    host: Literal["public", "upstream"] = "public"

    @property
    def name(self) -> str:
        """In its path, in problems, metrics and spans."""
        return self.client.name

    @property
    def path(self) -> str:
        """Where the gateway has it; also the route of its requests in the log and the metrics."""
        return f"/app/{self.name}"
