"""The functions that answer callers, reached in one of several ways: PostgreSQL, the Data API or a replica.

Every way runs the same function under the same policies. PostgreSQL runs `sql/queries/<function>_as.sql` with the
caller's verified claims, the Data API calls `public.<function>` with the caller's token.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from pgvector import HalfVector
from psycopg.types.json import Jsonb

from gateway.auth.caller import Caller
from gateway.clients.data_api import DataApi
from gateway.database.pool import Database
from gateway.errors import DatabaseBusyError, DatabaseUnsafeError, GatewayError

Answer = dict[str, Any]
Call = Callable[[str, Mapping[str, Any], Caller], Awaitable[Answer]]
"""The answer of a function, by its name, arguments and caller."""


@dataclass(frozen=True)
class Backend:
    """One way to call a function."""

    dependency: str
    used: str
    """As an answer that fell back to it says."""
    call: Call
    unless: tuple[type[Exception], ...] = ()
    """After these errors it is not asked."""


def backends(database: Database, data_api: DataApi | None, replica: Database | None) -> list[Backend]:
    """Those there are, in the order in which they are asked."""
    found = [Backend("database", "PostgreSQL", of_database(database))]
    if data_api is not None:
        # It leads to the same server, which is as busy and as unsafe when it is asked in this way.
        unless = (DatabaseBusyError, DatabaseUnsafeError)
        found.append(Backend("data_api", "the Data API", of_data_api(data_api), unless))
    if replica is not None:
        found.append(Backend("replica", "a replica", of_database(replica), (DatabaseUnsafeError,)))
    return found


def of_database(database: Database) -> Call:
    """One statement as the caller."""

    async def call(function: str, arguments: Mapping[str, Any], caller: Caller) -> Answer:
        (answer,) = await database.fetch(f"{function}_as", {**as_bound(arguments), "claims": caller.claims})
        return answer

    return call


def as_bound(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments as parameters of a query: objects are JSON there."""
    return {name: Jsonb(value) if isinstance(value, dict) else value for name, value in arguments.items()}


def of_data_api(data_api: DataApi) -> Call:
    """A remote procedure call with the caller's token."""

    async def call(function: str, arguments: Mapping[str, Any], caller: Caller) -> Answer:
        plain = {name: _as_json(value) for name, value in arguments.items()}
        return await data_api.call(function, plain, caller.token)

    return call


def detail_of(error: Exception) -> str:
    """Why a backend failed, as an answer says that did without it."""
    return error.detail if isinstance(error, GatewayError) else "It failed."


def _as_json(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    if isinstance(value, HalfVector):
        return str(value.to_list())
    return str(value) if isinstance(value, UUID | Decimal) else value
