"""One question to each dependency, all at once, each with a deadline, and at most one round a second."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx2

from gateway.admission.shared import RedisUnavailableError, SharedRates
from gateway.auth.jwks import JwksCache, JwksFetchError
from gateway.clients.data_api import DataApi
from gateway.clients.payments import PaymentFailedError, Payments
from gateway.clients.reranker import Reranker, RerankerError
from gateway.clients.storage import Storage
from gateway.database.pool import Database
from gateway.embeddings import EmbeddingError
from gateway.errors import GatewayError
from gateway.resilience import Guard, Policy, allow
from gateway.resilience.guard import RESERVE_S
from gateway.resilience.single_flight import SingleFlight
from gateway.search.query_embedding import Model, QueryEmbedder
from gateway.status.schemas import BreakerStatus, Dependencies, DependencyStatus

logger = logging.getLogger(__name__)

DEADLINE_S = 1.0
FRESH_S = 1.0
COSTLY_FRESH_S = 10.0  # asking an endpoint costs money
WARM_UP_S = 60.0  # a model that is being loaded takes longer than a probe may

Ask = Callable[[], Awaitable[str]]


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
        data_api: DataApi,
        jwks: JwksCache | None,
        embedder: QueryEmbedder,
        storage: Storage,
        llm: Policy,
        rate_limits: SharedRates | None = None,
        reranker: Reranker | None = None,
        payments: Payments | None = None,
        replica: Database | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Ask these; `jwks` is None where tokens are verified by a shared secret, others where there are none."""
        self._database = database
        self._replica = replica
        self._data_api = data_api
        self._jwks = jwks
        self._embedder = embedder
        self._clock = clock
        self._started = clock()
        self._row: dict[str, Any] | None = None
        self._snapshot: tuple[float, Snapshot] | None = None
        self._storage = storage
        self._llm = Guard(llm)
        self._reranker = reranker
        self._payments = payments
        self._rate_limits = rate_limits
        self._costly: dict[str, tuple[float, DependencyStatus]] = {}
        self._take = SingleFlight(self._take_snapshot)

    async def snapshot(self) -> Snapshot:
        """How everything is, at most a second old. Never raises."""
        if self._snapshot is None or self._clock() - self._snapshot[0] >= FRESH_S:
            self._snapshot = (self._clock(), await self._take())
        return self._snapshot[1]

    async def _take_snapshot(self) -> Snapshot:
        (
            database,
            replica,
            data_api,
            auth_keys,
            embedder,
            reranker,
            payment,
            storage,
            rate_limits,
        ) = await asyncio.gather(
            self._measured(self._ask_database, self._database.guard),
            self._measured_replica(),
            self._measured(self._data_api.probe, self._data_api.guard),
            self._measured(self._ask_auth_keys, None if self._jwks is None else self._jwks.guard),
            self._measured_rarely("embedder", self._ask_embedder, self._embedder.guard),
            self._measured_reranker(),
            self._measured_payments(),
            self._measured(self._storage.probe, self._storage.guard),
            self._measured_rate_limits(),
        )
        row = self._row if database.state == "up" else None
        if row is not None and embedder.state == "up":
            active = None if row["model"] is None else Model(row["model"], row["dimensions"])
            mismatch = self._embedder.mismatch(active)
            if mismatch is not None:
                embedder = _down(f"{mismatch} Search answers by keywords.", self._embedder.guard)
        dependencies = Dependencies(
            database=database,
            replica=replica,
            data_api=data_api,
            auth_keys=auth_keys,
            embedder=embedder,
            reranker=reranker,
            llm=DependencyStatus(state="off", latency_ms=None, detail="None is asked.", breaker=_breaker(self._llm)),
            payment=payment,
            storage=storage,
            rate_limits=rate_limits,
        )
        return Snapshot(dependencies, row)

    async def _measured(self, ask: Ask, guard: Guard | None) -> DependencyStatus:
        started = self._clock()
        try:
            with allow(DEADLINE_S + RESERVE_S):
                async with asyncio.timeout(DEADLINE_S):
                    detail = await ask()
        except TimeoutError:
            return _down(f"It did not answer within {DEADLINE_S:g} s.", guard)
        except httpx2.HTTPError as error:
            return _down(f"It does not answer ({type(error).__name__}).", guard)
        except GatewayError as error:
            return _down(error.detail, guard)
        except (JwksFetchError, EmbeddingError, RerankerError, PaymentFailedError, RedisUnavailableError) as error:
            return _down(f"{error}"[:200], guard)
        except Exception:
            logger.exception("status: a probe failed")
            return _down("The probe failed; the gateway's log says how.", guard)
        took_ms = round((self._clock() - started) * 1000, 2)
        return DependencyStatus(state="up", latency_ms=took_ms, detail=detail, breaker=_breaker(guard))

    async def _measured_rarely(self, name: str, ask: Ask, guard: Guard) -> DependencyStatus:
        last = self._costly.get(name)
        if last is not None and last[1].state == "up" and self._clock() - last[0] < COSTLY_FRESH_S:
            return last[1].model_copy(update={"breaker": _breaker(guard)})
        status = await self._measured(ask, guard)
        if last is None and status.state == "down" and self._clock() - self._started < WARM_UP_S:
            return status.model_copy(update={"state": "unknown"})
        self._costly[name] = (self._clock(), status)
        return status

    async def _measured_reranker(self) -> DependencyStatus:
        if self._reranker is None:
            return DependencyStatus(state="off", latency_ms=None, detail="None is set.")
        return await self._measured_rarely("reranker", self._ask_reranker, self._reranker.guard)

    async def _measured_rate_limits(self) -> DependencyStatus:
        if self._rate_limits is None:
            return DependencyStatus(state="off", latency_ms=None, detail="Each gateway counts for itself.")
        return await self._measured(self._rate_limits.probe, self._rate_limits.guard)

    async def _measured_payments(self) -> DependencyStatus:
        if self._payments is None:
            return DependencyStatus(state="off", latency_ms=None, detail="None is set.")
        return await self._measured(self._payments.probe, self._payments.guard)

    async def _measured_replica(self) -> DependencyStatus:
        if self._replica is None:
            return DependencyStatus(state="off", latency_ms=None, detail="None is set.")
        return await self._measured(self._ask_replica, self._replica.guard)

    async def _ask_database(self) -> str:
        self._row = (await self._database.fetch("status"))[0]
        return "It answers, and holds callers to their rows."

    async def _ask_replica(self) -> str:
        assert self._replica is not None, "asked only where there is one"
        await self._replica.fetch("active_embedding_model")
        return "It answers, and holds callers to their rows."

    async def _ask_auth_keys(self) -> str:
        if self._jwks is None:
            return "HS256: tokens are verified by the configured secret."
        await self._jwks.refresh()
        return f"ES256: {len(self._jwks)} keys are published."

    async def _ask_embedder(self) -> str:
        return f"It makes vectors of {await self._embedder.probe()}."

    async def _ask_reranker(self) -> str:
        assert self._reranker is not None, "asked only where there is one"
        await self._reranker.ask("status", ["status"])
        return "It ranks."


def _down(detail: str, guard: Guard | None) -> DependencyStatus:
    return DependencyStatus(state="down", latency_ms=None, detail=detail, breaker=_breaker(guard))


def _breaker(guard: Guard | None) -> BreakerStatus | None:
    if guard is None:
        return None
    return BreakerStatus(
        state=guard.breaker.state,
        in_flight=guard.running,
        retry_budget=round(guard.budget_left, 2),
        policy=guard.policy.described(),
    )
