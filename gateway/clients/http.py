"""The HTTP client that everything but the embedders shares.

httpx2, not httpx: there, a call that is cancelled while its connection is made keeps a place in the pool for ever
(httpcore 1.0.9), and every deadline that passes cancels a call. Twenty of them, and nothing was ever asked again.
"""

import httpx2
from opentelemetry import propagate

MAX_CONNECTIONS = 20


def create_client(transport: httpx2.AsyncBaseTransport | None = None) -> httpx2.AsyncClient:
    """A client for short calls to the Supabase project: no redirects, no proxies from the environment."""
    return httpx2.AsyncClient(
        transport=transport,
        timeout=60.0,  # whoever calls has a policy, which allows less
        follow_redirects=False,
        trust_env=False,
        limits=httpx2.Limits(max_connections=MAX_CONNECTIONS),
        event_hooks={"request": [_name_the_trace]},
    )


async def _name_the_trace(request: httpx2.Request) -> None:
    propagate.inject(request.headers)
