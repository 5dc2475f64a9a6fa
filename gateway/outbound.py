"""The HTTP client that everything but the embedders shares."""

import httpx


def create_client(transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """A client for short calls to the Supabase project: no redirects, no proxies from the environment."""
    return httpx.AsyncClient(
        transport=transport,
        timeout=60.0,  # whoever calls has a policy, which allows less
        follow_redirects=False,
        trust_env=False,
        limits=httpx.Limits(max_connections=20),
    )
