"""Supabase Storage, which holds the files of documents: clients send and read them, the gateway asks how it is."""

import httpx2

from gateway.errors import UnavailableError
from gateway.resilience import Guard, Policy


class StorageUnavailableError(UnavailableError):
    """Storage does not answer, or not as it should."""

    kind = "storage-unavailable"
    title = "Storage does not answer"


class Storage:
    """Storage of one project."""

    def __init__(self, url: str, publishable_key: str, client: httpx2.AsyncClient, policy: Policy) -> None:
        """Use the Storage of the project at `url`."""
        self._url = f"{url}/storage/v1/status"
        self._key = publishable_key
        self._client = client
        self.guard = Guard(policy)

    async def probe(self) -> str:
        """Ask how it is; the sentence for the status. StorageUnavailableError or httpx2.HTTPError."""
        response = await self._client.get(self._url, headers={"apikey": self._key})
        # Not every version has this page, but what stands before a Storage that is gone answers 502 or 503.
        if response.status_code >= 500:
            raise StorageUnavailableError(f"It answered {response.status_code}.")
        return "It answers."
