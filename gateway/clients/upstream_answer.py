"""What an existing application answers, and why it does not."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import httpcore2
import httpx2

from gateway.errors import UnavailableError
from gateway.resilience.errors import reason_of

SOCKET_BYTES = 65_536
Header = tuple[bytes, bytes]


class UpstreamUnavailableError(UnavailableError):
    """The application takes no connection, or is left alone for a moment."""

    kind = "application-unavailable"
    title = "The application does not answer"


class UpstreamTimeoutError(UpstreamUnavailableError):
    """Its answer did not begin in time."""

    status = 504
    kind = "application-timeout"
    title = "The application did not answer in time"


class UpstreamAnswerError(UpstreamUnavailableError):
    """What it answered is not HTTP, or broke off."""

    status = 502
    kind = "application-answer"
    title = "The application gave no proper answer"

    def __init__(self, detail: str, *, had_body: bool = False) -> None:
        """Say which one; with `had_body` it may have broken off for what the client was sending."""
        super().__init__(detail)
        self.had_body = had_body


class Answer:
    """An application's answer, of which the headers are here."""

    def __init__(self, name: str, response: httpx2.Response, idle_s: float) -> None:
        """The `response` of the application called `name`, which is given up when nothing comes for `idle_s`."""
        self.idle_s = idle_s
        self.status = response.status_code
        self.headers: list[Header] = response.headers.raw
        self._name = name
        self._response = response

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """The body as it comes, with the coding that it has. UpstreamAnswerError when it breaks off."""
        stream = self._response.aiter_raw()
        try:
            while True:
                async with asyncio.timeout(self.idle_s):
                    piece = await anext(stream, None)
                if piece is None:
                    return
                yield piece
        except (httpx2.HTTPError, TimeoutError) as error:
            raise UpstreamAnswerError(f"The answer of {self._name} broke off: {reason_of(error)}.") from error

    @property
    def socket(self) -> "Socket":
        """The connection, where the application has switched to another protocol."""
        return Socket(self._response.extensions["network_stream"])

    async def aclose(self) -> None:
        """End it, wherever it is."""
        await self._response.aclose()


class Socket:
    """The bytes of a connection that no longer speaks HTTP."""

    def __init__(self, stream: Any) -> None:
        """Use this stream of httpcore2."""
        self._stream = stream

    async def read(self) -> bytes:
        """What has come; empty at the end."""
        with _ends():
            return bytes(await self._stream.read(SOCKET_BYTES))
        return b""

    async def write(self, data: bytes) -> None:
        """Send all of it; nothing where the other end is gone, which `read` tells."""
        with _ends():
            await self._stream.write(data)


@contextlib.contextmanager
def _ends() -> Iterator[None]:
    with contextlib.suppress(httpcore2.NetworkError):
        yield
