"""One question to each dependency, all at once, each with a deadline, and at most one round a second."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx

from gateway.auth.jwks import JwksCache, JwksFetchError
from gateway.concurrency import SingleFlight
from gateway.database.pool import Database
from gateway.embeddings import EmbeddingError
from gateway.errors import GatewayError
from gateway.search.model import Model, QueryEmbedder
from gateway.status.schemas import Dependencies, DependencyStatus

logger = logging.getLogger(__name__)

DEADLINE_S = 1.0
FRESH_S = 1.0
EMBEDDER_FRESH_S = 10.0  # asking an endpoint costs money

Ask = Callable[[], Awaitable[str]]


class ProbeError(Exception):
    """The dependency answered, but not as it should; the message says how."""


@dataclass(frozen=True)
class Snapshot:
    """How everything was at one moment; `row` is of sql/queries/status.sql, None when the database did not answer."""

    dependencies: Dependencies
    row: dict[str, Any] | None


class Probes:
    """Asks the dependencies."""

    def __init__(
        self,
        database: Database,
        *,
        client: httpx.AsyncClient,
        supabase_url: str,
        publishable_key: str,
        jwks: JwksCache | None,
        embedder: QueryEmbedder,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Ask these; `jwks` is None where tokens are verified by a shared secret."""
        self._database = database
        self._client = client
        self._data_api_url = f"{supabase_url}/rest/v1/categories"
        self._publishable_key = publishable_key
        self._jwks = jwks
        self._embedder = embedder
        self._clock = clock
        self._row: dict[str, Any] | None = None
        self._snapshot: tuple[float, Snapshot] | None = None
        self._embedder_status: tuple[float, DependencyStatus] | None = None
        self._take = SingleFlight(self._take_snapshot)

    async def snapshot(self) -> Snapshot:
        """How everything is, at most a second old. Never raises."""
        if self._snapshot is None or self._clock() - self._snapshot[0] >= FRESH_S:
            self._snapshot = (self._clock(), await self._take())
        return self._snapshot[1]

    async def _take_snapshot(self) -> Snapshot:
        database, data_api, auth_keys, embedder = await asyncio.gather(
            self._measured(self._ask_database),
            self._measured(self._ask_data_api),
            self._measured(self._ask_auth_keys),
            self._measured_embedder(),
        )
        row = self._row if database.state == "up" else None
        if row is not None and embedder.state == "up":
            active = None if row["model"] is None else Model(row["model"], row["dimensions"])
            mismatch = self._embedder.mismatch(active)
            embedder = embedder if mismatch is None else _down(f"{mismatch} Search answers by keywords.")
        dependencies = Dependencies(database=database, data_api=data_api, auth_keys=auth_keys, embedder=embedder)
        return Snapshot(dependencies, row)

    async def _measured(self, ask: Ask) -> DependencyStatus:
        started = self._clock()
        try:
            async with asyncio.timeout(DEADLINE_S):
                detail = await ask()
        except TimeoutError:
            return _down(f"It did not answer within {DEADLINE_S:g} s.")
        except httpx.HTTPError as error:
            return _down(f"It does not answer ({type(error).__name__}).")
        except GatewayError as error:
            return _down(error.detail)
        except (ProbeError, JwksFetchError, EmbeddingError) as error:
            return _down(f"{error}"[:200])
        except Exception:
            logger.exception("status: a probe failed")
            return _down("The probe failed; the gateway's log says how.")
        return DependencyStatus(state="up", latency_ms=round((self._clock() - started) * 1000, 2), detail=detail)

    async def _measured_embedder(self) -> DependencyStatus:
        last = self._embedder_status
        if last is not None and last[1].state == "up" and self._clock() - last[0] < EMBEDDER_FRESH_S:
            return last[1]
        status = await self._measured(self._ask_embedder)
        if last is None and status.state == "down":
            # A model that is being loaded takes longer than a probe may.
            return DependencyStatus(state="unknown", latency_ms=None, detail=status.detail)
        self._embedder_status = (self._clock(), status)
        return status

    async def _ask_database(self) -> str:
        self._row = (await self._database.fetch("status", deadline_s=DEADLINE_S))[0]
        return "It answers, and holds callers to their rows."

    async def _ask_data_api(self) -> str:
        response = await self._client.get(
            self._data_api_url, params={"select": "id", "limit": "1"}, headers={"apikey": self._publishable_key}
        )
        if response.status_code != 200:
            raise ProbeError(f"It answered {response.status_code} to a read with the publishable key.")
        return "It answers reads with the publishable key."

    async def _ask_auth_keys(self) -> str:
        if self._jwks is None:
            return "HS256: tokens are verified by the configured secret."
        await self._jwks.refresh()
        return f"ES256: {len(self._jwks)} keys are published."

    async def _ask_embedder(self) -> str:
        await self._embedder.probe()
        return f"It makes vectors of {self._embedder.model}."


def _down(detail: str) -> DependencyStatus:
    return DependencyStatus(state="down", latency_ms=None, detail=detail)
