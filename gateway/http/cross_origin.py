"""Which pages may call the gateway, and what they may read of its answers (CORS, in the Fetch standard)."""

from collections.abc import Iterable, Mapping, Sequence

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

# Whatever tells a client how to go on. The body and its type can be read in any case.
READABLE = (
    "Allow",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "Server-Timing",
    "WWW-Authenticate",
    "X-Request-Id",
)


def cross_origin(origins: Sequence[str]) -> Middleware:
    """Answers preflights. Every method passes: the 405 of a route that lacks it says more than a failed preflight."""
    return Middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=READABLE,
        max_age=3600,
    )


def refusal_headers(origins: Sequence[str], headers: Iterable[tuple[bytes, bytes]]) -> Mapping[str, str]:
    """The same for an answer that no middleware sees, to a request of which these headers have arrived.

    With many origins to choose from the request has to have named its own by then; a single one is named in any case.
    """
    asking = next((value.decode("latin-1") for name, value in headers if name == b"origin"), None)
    allowed = "*" if "*" in origins else origins[0] if len(origins) == 1 else asking
    if allowed is None or allowed not in origins:
        return {"Vary": "Origin"}
    return {
        "Access-Control-Allow-Origin": allowed,
        "Access-Control-Expose-Headers": ", ".join(READABLE),
        "Vary": "Origin",
    }
