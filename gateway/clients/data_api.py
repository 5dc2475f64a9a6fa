"""The other way to the database: PostgREST's RPC, as the caller and under the same policies."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import httpx
import httpx2
from postgrest import AsyncPostgrestClient
from postgrest.exceptions import APIError

from gateway.clients.transport import session
from gateway.errors import (
    AccountBannedError,
    AccountClosedError,
    GatewayError,
    InvalidInputError,
    ParameterRefusedError,
    SearchRefusedError,
    UnavailableError,
)
from gateway.resilience import AttemptTimeoutError, DependencyError, Policy, ResiliencePipeline
from gateway.resilience.errors import reason_of

# Prefixes of SQLSTATEs that are about the arguments; all that is not listed here or below is the server's.
OF_ARGUMENTS = ("22", "23", "P0001")


def row_url(project_url: str, kind: str, row_id: UUID) -> str:
    """Where the Data API has a document or product."""
    return f"{project_url}/rest/v1/{kind}s?id=eq.{row_id}"


class DataApiUnavailableError(UnavailableError):
    """The Data API does not answer, or not as it should."""

    kind = "data-api-unavailable"
    title = "The Data API does not answer"


class DataApi:
    """Calls functions of the exposed schema."""

    def __init__(self, url: str, publishable_key: str, client: httpx2.AsyncClient, policy: Policy) -> None:
        """Use the Data API of the project at `url`."""
        self._url = f"{url}/rest/v1"
        self._key = publishable_key
        self._session = session(client)
        self._session.event_hooks = {"response": [_has_content]}
        self.pipeline = ResiliencePipeline(policy, _is_failure, heartbeat=self.probe)

    async def call(self, function: str, arguments: Mapping[str, Any], token: str | None) -> dict[str, Any]:
        """The answer of a function that only reads, called with a person's token, or as nobody.

        DataApiUnavailableError; ParameterRefusedError or InvalidInputError when the database refuses the arguments;
        AccountClosedError or AccountBannedError when it refuses the caller.
        """
        try:
            return await self.pipeline.call(lambda: self._answer(self._client(token).rpc(function, dict(arguments))))
        except AttemptTimeoutError as error:
            raise DataApiUnavailableError(f"The Data API did not answer within {error.after_s:.2g} s.") from error
        except DependencyError as error:
            raise DataApiUnavailableError(error.reason) from error

    async def probe(self) -> str:
        """Read as nobody; the sentence for the status. A GatewayError."""
        await self._data(self._client(None).from_("categories").select("id").limit(1))
        return "It answers reads with the publishable key."

    def _client(self, token: str | None) -> AsyncPostgrestClient:
        headers = {"apikey": self._key, **({"Authorization": f"Bearer {token}"} if token else {})}
        # Whether to try again is the policy's to say.
        return AsyncPostgrestClient(self._url, headers=headers, http_client=self._session, retry_enabled=False)

    async def _answer(self, request: Any) -> dict[str, Any]:
        answer = await self._data(request)
        if not isinstance(answer, dict):
            raise DataApiUnavailableError("The Data API did not answer an object.")
        return answer

    async def _data(self, request: Any) -> Any:
        try:
            return (await request.execute()).data
        except APIError as error:
            raise _meaning(error) from error
        except httpx.HTTPError as error:
            raise DataApiUnavailableError(f"The Data API does not answer ({reason_of(error)}).") from error


async def _has_content(response: httpx.Response) -> None:
    # To postgrest no content is no rows.
    if response.is_success and not await response.aread():
        raise httpx.DecodingError("The answer is empty.", request=response.request)


def _meaning(error: APIError) -> GatewayError:
    code = error.code or ""
    if code == "22023":
        return ParameterRefusedError("The database refused a parameter of the gateway.")
    if code == "PT422":
        words = [word.rstrip(".") for word in (error.message, error.hint) if word]
        return SearchRefusedError(". ".join(words) + ".")
    if code == "PT401":
        return AccountClosedError("This account is closed.")
    if code == "PT403":
        return AccountBannedError("This account is banned.")
    if code.startswith(OF_ARGUMENTS):
        return InvalidInputError("The database refuses the arguments of this search.")
    return DataApiUnavailableError(f"The Data API answered with the error {code}.")


def _is_failure(error: BaseException) -> bool:
    return not isinstance(error, GatewayError) or isinstance(error, UnavailableError)
