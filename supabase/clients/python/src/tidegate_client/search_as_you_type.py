"""Search while somebody types: each text ends the search for the one before."""

import asyncio
from typing import Unpack

from tidegate_client.asynchronous import AsyncTidegate
from tidegate_client.models import SearchResponse
from tidegate_client.requests import SearchOptions

PAUSE_S = 0.1
"""Who types fast makes no request for each letter."""


class SearchAsYouType:
    """The searches of one text field."""

    def __init__(self, client: AsyncTidegate, *, pause_s: float = PAUSE_S, **options: Unpack[SearchOptions]) -> None:
        """Search with these options once nothing was typed for `pause_s`; the last word is the beginning of one."""
        self._client = client
        self._pause_s = pause_s
        self._options: SearchOptions = {"prefix": True, **options}
        self._latest: asyncio.Task[SearchResponse | None] | None = None

    async def search(self, text: str) -> SearchResponse | None:
        """What was found; None for an empty field, and when another text came meanwhile: show nothing then."""
        self.cancel()
        task = self._latest = asyncio.create_task(self._found(text))
        try:
            return await task
        except asyncio.CancelledError:
            caller = asyncio.current_task()
            if caller is not None and caller.cancelling():
                task.cancel()
                raise
            return None

    def cancel(self) -> None:
        """End the search that is under way, as when the field is closed."""
        if self._latest is not None:
            self._latest.cancel()

    async def _found(self, text: str) -> SearchResponse | None:
        if not text.strip():
            return None
        await asyncio.sleep(self._pause_s)
        return await self._client.search(text, **self._options)
