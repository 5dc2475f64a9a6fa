"""The other way to the database: PostgREST's RPC, as the caller and under the same policies."""

from collections.abc import Mapping
from typing import Any

import httpx2

from gateway.errors import (
    AccountBannedError,
    AccountClosedError,
    GatewayError,
    InvalidInputError,
    ParameterRefusedError,
    QueryBoundError,
    UnavailableError,
)
from gateway.resilience import AttemptTimeoutError, DependencyError, Guard, Policy

MAX_BYTES = 4_000_000
ACCOUNT_CLOSED = "This account is closed."
ACCOUNT_BANNED = "This account is banned."


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
        self._client = client
        self.guard = Guard(policy, _is_failure, heartbeat=self.probe)

    async def call(self, function: str, arguments: Mapping[str, Any], token: str | None) -> list[dict[str, Any]]:
        """Rows of a function that only reads, called with a person's token, or as nobody.

        DataApiUnavailableError; ParameterRefusedError or InvalidInputError when the database refuses the arguments;
        AccountClosedError or AccountBannedError when it refuses the caller.
        """
        try:
            return await self.guard.call(lambda: self._post(function, arguments, token))
        except AttemptTimeoutError as error:
            raise DataApiUnavailableError(f"The Data API did not answer within {error.after_s:.2g} s.") from error
        except DependencyError as error:
            raise DataApiUnavailableError(error.reason) from error
        except httpx2.HTTPError as error:
            raise DataApiUnavailableError(f"The Data API does not answer ({type(error).__name__}).") from error

    async def probe(self) -> str:
        """Read as nobody; the sentence for the status. DataApiUnavailableError or httpx2.HTTPError."""
        response = await self._client.get(
            f"{self._url}/categories", params={"select": "id", "limit": "1"}, headers={"apikey": self._key}
        )
        if response.status_code != 200:
            raise DataApiUnavailableError(f"It answered {response.status_code} to a read with the publishable key.")
        return "It answers reads with the publishable key."

    async def _post(self, function: str, arguments: Mapping[str, Any], token: str | None) -> list[dict[str, Any]]:
        headers = {"apikey": self._key, **({"Authorization": f"Bearer {token}"} if token else {})}
        response = await self._client.post(f"{self._url}/rpc/{function}", json=arguments, headers=headers)
        if response.status_code == 400:
            if '"22023"' in response.text:
                raise ParameterRefusedError("The database refused a parameter of the gateway.")
            raise InvalidInputError("The database refuses the arguments of this search.")
        if response.status_code == 422 and '"PT422"' in response.text:
            raise QueryBoundError(_message(response))
        if response.status_code == 401 and '"PT401"' in response.text:
            raise AccountClosedError(ACCOUNT_CLOSED)
        if response.status_code == 403 and '"PT403"' in response.text:
            raise AccountBannedError(ACCOUNT_BANNED)
        if response.status_code != 200:
            raise DataApiUnavailableError(f"The Data API answered {response.status_code}.")
        try:
            rows = response.json() if len(response.content) <= MAX_BYTES else None
        except ValueError:
            rows = None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise DataApiUnavailableError("The Data API did not answer rows.")
        return rows


def _message(response: httpx2.Response) -> str:
    try:
        error = response.json()
        return f"{error['message'].rstrip('.')}. {error['hint']}"
    except (ValueError, KeyError, TypeError, AttributeError):
        return "The query has too many operators."


def _is_failure(error: BaseException) -> bool:
    return not isinstance(error, GatewayError) or isinstance(error, UnavailableError)
