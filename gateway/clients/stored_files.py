"""Files of documents in Supabase Storage: the worker reads those that it holds a ticket for, people send their own."""

from typing import NoReturn
from urllib.parse import quote

import httpx2

from gateway.clients.storage import StorageUnavailableError
from gateway.resilience import Policy, ResiliencePipeline
from gateway.resilience.errors import reason_of

BUCKET = "documents"
# A visitor who sends this header reads the one file that the ticket opens (private.ticketed_files).
TICKET = "x-tidegate-ticket"
# Of an answer that refuses.
MAX_WORDS = 300


class FileMissingError(Exception):
    """Storage has no such file, or does not show it."""


class FileTooLargeError(Exception):
    """The file has more bytes than are wanted."""


class StoredFiles:
    """The files in the bucket of one project."""

    def __init__(self, url: str, publishable_key: str, client: httpx2.AsyncClient, policy: Policy) -> None:
        """Use the Storage of the project at `url`."""
        self._url = f"{url}/storage/v1/object/{BUCKET}"
        self._headers = {"apikey": publishable_key}
        if publishable_key.startswith("eyJ"):  # a legacy key is a token, which Storage wants as one
            self._headers["authorization"] = f"Bearer {publishable_key}"
        self._client = client
        self.pipeline = ResiliencePipeline(policy, lambda error: isinstance(error, StorageUnavailableError))

    async def download(self, path: str, ticket: str, most: int) -> bytes:
        """The bytes of a file, no more than `most`.

        FileMissingError, FileTooLargeError; StorageUnavailableError or DependencyError when Storage does not work.
        """
        return await self.pipeline.call(lambda: self._download(path, ticket, most))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _download(self, path: str, ticket: str, most: int) -> bytes:
        headers = {**self._headers, TICKET: ticket}
        data = bytearray()
        try:
            async with self._client.stream("GET", f"{self._url}/{quote(path)}", headers=headers) as answer:
                if not answer.is_success:
                    await _refused(answer)
                async for part in answer.aiter_bytes():
                    data += part
                    if len(data) > most:
                        raise FileTooLargeError
        except httpx2.HTTPError as error:
            raise StorageUnavailableError(f"It does not answer ({reason_of(error)}).") from error
        return bytes(data)


async def _refused(answer: httpx2.Response) -> NoReturn:
    words = (await answer.aread())[:MAX_WORDS].decode(errors="replace")
    if answer.status_code >= 500 or answer.status_code in (408, 429):
        raise StorageUnavailableError(f"It answered {answer.status_code}.")
    raise FileMissingError(f"Storage does not give the file out ({answer.status_code}: {words}). Upload it again.")
