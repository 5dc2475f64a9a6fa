"""The existing applications that the gateway stands in front of, made from the settings."""

from gateway.auth.identity import IdentitySigner
from gateway.clients.upstream import UpstreamClient
from gateway.config.settings import Settings
from gateway.config.upstreams import Upstream
from gateway.resilience.limiter import ConcurrencyLimiter
from gateway.upstreams.application import Application
from gateway.upstreams.stale_answers import StaleAnswers


def create_applications(settings: Settings) -> dict[str, Application]:
    """All that UPSTREAMS names, by name."""
    return {name: _application(name, upstream, settings) for name, upstream in settings.upstreams.items()}


def _application(name: str, upstream: Upstream, settings: Settings) -> Application:
    secret = settings.upstream_secrets.get(name)
    stale = StaleAnswers(max_bytes=1_000_000 * settings.stale_answers_mb, max_age_s=upstream.stale_s)
    return Application(
        UpstreamClient(
            name,
            upstream.url,
            policy=upstream.policy(f"app/{name}"),
            idle_s=upstream.idle_s,
            health=upstream.health,
        ),
        limiter=_places(upstream.concurrency, settings),
        sockets=_places(upstream.sockets, settings),
        stale=stale if upstream.stale_s else None,
        signer=None if secret is None else IdentitySigner(name, secret.get_secret_value()),
        callers=upstream.callers,
        authorization=upstream.authorization,
        host=upstream.host,
    )


def _places(most: int, settings: Settings) -> ConcurrencyLimiter:
    """So many, always: answers of applications take as long as they take."""
    return ConcurrencyLimiter(
        initial=most, smallest=most, largest=most, late_s=float("inf"), share=settings.caller_share
    )
