"""The HTTP clients: one that all calls of the Supabase project share, and those made like it.

httpx2, not httpx: there, a call that is cancelled while its connection is made keeps a place in the pool for ever
(httpcore 1.0.9), and every deadline that passes cancels a call. Twenty of them, and nothing was ever asked again.
"""

from collections.abc import Mapping
from typing import Any

import httpx2
from opentelemetry import propagate

MAX_CONNECTIONS = 20
# A proxy that the environment names is for the internet, not for what runs on this machine.
DIRECT: Mapping[str, None] = dict.fromkeys(("all://127.0.0.1", "all://localhost", "all://[::1]"))


def new_client(*, transport: httpx2.AsyncBaseTransport | None = None, **options: Any) -> httpx2.AsyncClient:
    """A client that follows no redirects. HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE and SSL_CERT_DIR hold for it."""
    mounts = DIRECT if transport is None else None
    return httpx2.AsyncClient(transport=transport, mounts=mounts, follow_redirects=False, **options)


def create_client(transport: httpx2.AsyncBaseTransport | None = None) -> httpx2.AsyncClient:
    """A client for short calls to the Supabase project."""
    return new_client(
        transport=transport,
        timeout=60.0,  # whoever calls has a policy, which allows less
        limits=httpx2.Limits(max_connections=MAX_CONNECTIONS),
        event_hooks={"request": [name_the_trace]},
    )


async def name_the_trace(request: httpx2.Request) -> None:
    """A hook of a client: each request names the trace that it is part of."""
    propagate.inject(request.headers)
