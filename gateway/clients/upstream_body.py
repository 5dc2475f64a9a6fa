"""What a client sends, on its way to an application: the time that the client takes is not the application's."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextvars import ContextVar
from typing import Any

import httpcore2
import httpx2

from gateway.resilience.pipeline import Work


class ClientLeftError(Exception):
    """The client went before its request was here."""


class Body(httpx2.AsyncByteStream):
    """What the client sends. The time limit stands still while the client is waited for."""

    def __init__(self, pieces: AsyncIterator[bytes] | None, *, is_plain: bool) -> None:
        """Send `pieces`; `is_plain` is a connection without TLS."""
        self._pieces = pieces
        self._is_plain = is_plain
        self._connection: Any = None
        self.has_begun = False

    @property
    def extensions(self) -> dict[str, Any]:
        """What a request with this body needs."""
        return {"trace": self._note} if self._pieces is not None and self._is_plain else {}

    async def _note(self, event: str, details: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            self._connection = details["return_value"]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The pieces. ClientLeftError; httpcore2.WriteError when the answer has come before their end."""
        if self._pieces is None:
            return
        limit, seconds = _limit.get()
        loop = asyncio.get_running_loop()
        while True:
            limit.reschedule(None)
            try:
                piece = await anext(self._pieces)
            except StopAsyncIteration:
                break
            finally:
                limit.reschedule(loop.time() + seconds)
            if self._is_answered():
                # httpcore2 then reads what the application says to half a body, such as that it is too long.
                raise httpcore2.WriteError("the answer is here")
            self.has_begun = True
            yield piece

    def _is_answered(self) -> bool:
        # With TLS what has come may be of the handshake.
        return self._connection is not None and bool(self._connection.get_extra_info("is_readable"))


_limit: ContextVar[tuple[asyncio.Timeout, float]] = ContextVar("limit")


async def without_the_client(work: Work[Any], seconds: float) -> Any:
    """The time limit of an attempt; TimeoutError."""
    async with asyncio.timeout(seconds) as limit:
        _limit.set((limit, seconds))
        return await work()
