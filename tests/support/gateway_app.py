"""The gateway's application in this process, over ASGI, with chosen settings and outgoing HTTP."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import psycopg
from fastapi import FastAPI
from psycopg.conninfo import conninfo_to_dict

from gateway.app.application import create_app, create_operations
from gateway.app.container import Services
from gateway.config.settings import Settings
from gateway.database.heartbeat import Heartbeat
from gateway.database.pool import Database
from gateway.embeddings import Embedder
from gateway.resilience import BulkheadFullError
from tests.support.patience import patient
from tests.support.tokens import PUBLISHABLE_KEY, SUPABASE_URL, Project
from tests.support.waiting import until, until_true

OPERATIONS = "http://operations.test"
"""Where clients of an application in this process find its /status and /metrics."""
NOWHERE = "postgresql://tidegate_gateway@127.0.0.1:1/postgres"


def make_settings(database_url: str = NOWHERE, **changes: Any) -> Settings:
    """Settings for a gateway on this database, whatever the environment of the tests says about it."""
    values: Mapping[str, Any] = {
        "environment": "development",
        "supabase_url": SUPABASE_URL,
        "supabase_publishable_key": PUBLISHABLE_KEY,
        "gateway_database_url": database_url,
        "auth_algorithms": ["ES256"],
        "embedder": "onnx",
        # All tests come from one address.
        "rate_limit": "",
        "rate_limit_address": "",
        "caller_share": 1.0,
        # By chance a search is made again.
        "live_recall_share": 0.0,
        **patient(changes),
    }
    return Settings(**values)


def make_app(
    project: Project, database_url: str = NOWHERE, *, embedder: Embedder | None = None, **changes: Any
) -> FastAPI:
    """An application that is not started."""
    return create_app(make_settings(database_url, **changes), embedder=embedder, transport=project.transport)


async def is_connected(services: Services) -> None:
    """Return once the gateway has a connection to its database, if there is one, and every heartbeat was answered."""
    conninfo = services.database._pool.conninfo
    assert isinstance(conninfo, str)
    if conninfo_to_dict(conninfo)["port"] != conninfo_to_dict(NOWHERE)["port"]:
        await has_connection(services.database)
        await has_beaten(services.database.heartbeat)


async def has_connection(database: Database) -> None:
    """Return once a pool that was opened has a connection: what asks it waits for half a second."""

    async def is_had() -> bool:
        try:
            async with database._pool.connection():
                return True
        except psycopg.OperationalError:
            return False

    await until(is_had, "a connection to the database")


async def has_beaten(heartbeat: Heartbeat) -> None:
    """Return once no heartbeat is under way after one that was answered: the first has what was kept forgotten."""

    async def is_so() -> bool:
        try:
            await heartbeat()
        except (OSError, psycopg.Error, BulkheadFullError):
            return False
        return True

    await until(is_so, "an answered heartbeat")
    await until_true(lambda: not len(heartbeat._tasks), "earlier heartbeats having ended")


class Door(httpx2.AsyncHTTPTransport):
    """The way to Supabase, which can be closed."""

    is_closed = False

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """As if nobody listened, while it is closed."""
        if self.is_closed:
            raise httpx2.ConnectError("refused", request=request)
        return await super().handle_async_request(request)


@asynccontextmanager
async def client_of(app: FastAPI, *, started: bool = True, connected: bool = True) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of `app` and its operations, which is started first and stopped afterwards unless `started` is false.

    With `connected` it has a connection to its database, if there is one, before it is asked.
    """
    # Exceptions reach the client as they do over a socket: as a response.
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    operations = httpx2.ASGITransport(create_operations(app.state.services))
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://gateway.test", mounts={OPERATIONS: operations}
    ) as client:
        if started:
            async with app.router.lifespan_context(app):
                if connected:
                    await is_connected(app.state.services)
                yield client
        else:
            yield client
