"""Supabase Storage, which holds the files of documents: clients send and read them, the gateway asks how it is."""

import httpx
import httpx2
from storage3 import AsyncStorageClient
from storage3.exceptions import StorageApiError

from gateway.clients.transport import session
from gateway.errors import UnavailableError
from gateway.resilience import Policy, ResiliencePipeline
from gateway.resilience.errors import reason_of


class StorageUnavailableError(UnavailableError):
    """Storage does not answer, or not as it should."""

    kind = "storage-unavailable"
    title = "Storage does not answer"


class Storage:
    """Storage of one project."""

    def __init__(self, url: str, publishable_key: str, client: httpx2.AsyncClient, policy: Policy) -> None:
        """Use the Storage of the project at `url`."""
        headers = {"apikey": publishable_key}
        self._client = AsyncStorageClient(f"{url}/storage/v1/", headers, http_client=session(client))
        self.pipeline = ResiliencePipeline(policy)

    async def probe(self) -> str:
        """Ask for the buckets as nobody; the sentence for the status. StorageUnavailableError."""
        try:
            await self._client.list_buckets()
        except StorageApiError as error:
            # What it refuses to nobody it answers; what stands before a Storage that is gone says 502 or 503.
            if str(error.status).startswith("5"):
                raise StorageUnavailableError(f"It answered {error.status}.") from error
        except httpx.HTTPError as error:
            raise StorageUnavailableError(f"It does not answer ({reason_of(error)}).") from error
        except (ValueError, TypeError) as error:
            raise StorageUnavailableError("It did not answer buckets.") from error
        return "It answers."
