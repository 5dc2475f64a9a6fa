"""Carries what Supabase's client libraries send, which speak httpx, over the gateway's own HTTP client (http.py)."""

import httpx
import httpx2

MAX_BYTES = 4_000_000
# Of the answer as it was on its way; here it is decoded and whole.
OF_THE_WAY = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})


class Transport(httpx.AsyncBaseTransport):
    """A transport of httpx that does not close the client it uses: others use it as well."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        """Send by `client`, whose limits and time limits hold."""
        self._client = client

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer, read to its end. Raises the error of httpx that is called as the one of httpx2."""
        try:
            answer = await self._client.request(
                request.method, str(request.url), headers=request.headers.raw, content=await request.aread()
            )
        except httpx2.RequestError as error:
            raise getattr(httpx, type(error).__name__, httpx.RequestError)(f"{error}", request=request) from error
        if len(answer.content) > MAX_BYTES:
            raise httpx.DecodingError(f"The answer has more than {MAX_BYTES} bytes.", request=request)
        headers = [(name, value) for name, value in answer.headers.raw if name.lower() not in OF_THE_WAY]
        return httpx.Response(answer.status_code, headers=headers, content=answer.content)


def session(client: httpx2.AsyncClient) -> httpx.AsyncClient:
    """What a library of Supabase takes for its HTTP client."""
    return httpx.AsyncClient(transport=Transport(client), trust_env=False)
