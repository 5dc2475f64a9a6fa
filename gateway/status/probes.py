"""One question to each dependency, all at once, each with a deadline, and at most one round a second."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.database.pool import Database
from gateway.errors import GatewayError
from gateway.resilience import ResiliencePipeline, allow
from gateway.resilience.pipeline import RESERVE_S
from gateway.resilience.single_flight import SingleFlight
from gateway.status.registry import Client, Dependency
from gateway.status.schemas import BreakerStatus, Dependencies, DependencyStatus

logger = logging.getLogger(__name__)

DEADLINE_S = 1.0
FRESH_S = 1.0
COSTLY_FRESH_S = 10.0
WARM_UP_S = 60.0  # a model that is being loaded takes longer than a probe may


@dataclass(frozen=True)
class Snapshot:
    """How everything was at one moment; `row` is of sql/queries/status.sql, None when the database did not answer.

    `applications` are those that the gateway stands in front of, by their paths.
    """

    dependencies: Dependencies
    row: Mapping[str, Any] | None
    applications: Mapping[str, DependencyStatus]


class Probes:
    """Asks the dependencies."""

    def __init__(
        self, database: Database, dependencies: Sequence[Dependency], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Ask `database`, and all the others."""
        self._database = database
        self._dependencies = dependencies
        self._clock = clock
        self._started = clock()
        self._snapshot: tuple[float, Snapshot] | None = None
        self._costly: dict[str, tuple[float, DependencyStatus]] = {}
        self._take = SingleFlight(self._take_snapshot)

    async def snapshot(self) -> Snapshot:
        """How everything is, at most a second old. Never raises."""
        if self._snapshot is None or self._clock() - self._snapshot[0] >= FRESH_S:
            self._snapshot = (self._clock(), await self._take())
        return self._snapshot[1]

    async def _take_snapshot(self) -> Snapshot:
        client = _StatusRow(self._database)
        every = [Dependency("database", client), *self._dependencies]
        statuses = await asyncio.gather(*map(self._status, every))
        found = {each.name: status for each, status in zip(every, statuses, strict=True)}
        for each in every:
            reason = each.objection(client.row) if client.row and found[each.name].state == "up" else None
            if reason is not None:
                found[each.name] = _down(reason, each)
        applications = {name: found.pop(name) for name in found.keys() - Dependencies.model_fields.keys()}
        return Snapshot(Dependencies(**found), client.row, applications)

    async def _status(self, dependency: Dependency) -> DependencyStatus:
        if dependency.client is None:
            return DependencyStatus(
                state="off", latency_ms=None, detail=dependency.off, breaker=_breaker(dependency.idle)
            )
        if dependency.is_costly:
            return await self._measured_rarely(dependency, dependency.client)
        return await self._measured(dependency, dependency.client)

    async def _measured_rarely(self, dependency: Dependency, client: Client) -> DependencyStatus:
        last = self._costly.get(dependency.name)
        if last is not None and last[1].state == "up" and self._clock() - last[0] < COSTLY_FRESH_S:
            return last[1].model_copy(update={"breaker": _breaker(client.pipeline)})
        status = await self._measured(dependency, client)
        if last is None and status.state == "down" and self._clock() - self._started < WARM_UP_S:
            return status.model_copy(update={"state": "unknown"})
        self._costly[dependency.name] = (self._clock(), status)
        return status

    async def _measured(self, dependency: Dependency, client: Client) -> DependencyStatus:
        started = self._clock()
        try:
            with allow(DEADLINE_S + RESERVE_S):
                async with asyncio.timeout(DEADLINE_S):
                    detail = await client.probe()
        except TimeoutError:
            return _down(f"It did not answer within {DEADLINE_S:g} s.", dependency)
        except GatewayError as error:
            return _down(error.detail, dependency)
        except dependency.errors as error:
            return _down(f"{error}"[:200], dependency)
        except Exception:
            logger.exception("status: the probe of %s failed", dependency.name)
            return _down("The probe failed; the gateway's log says how.", dependency)
        took_ms = round((self._clock() - started) * 1000, 2)
        return DependencyStatus(state="up", latency_ms=took_ms, detail=detail, breaker=_breaker(client.pipeline))


class _StatusRow:
    """The database as a client whose probe reads the row of sql/queries/status.sql."""

    def __init__(self, database: Database) -> None:
        self.pipeline = database.pipeline
        self.row: Mapping[str, Any] | None = None
        self._database = database

    async def probe(self) -> str:
        self.row = (await self._database.fetch("status"))[0]
        return "It answers, and holds callers to their rows."


def _down(detail: str, dependency: Dependency) -> DependencyStatus:
    pipeline = dependency.idle if dependency.client is None else dependency.client.pipeline
    return DependencyStatus(state="down", latency_ms=None, detail=detail, breaker=_breaker(pipeline))


def _breaker(pipeline: ResiliencePipeline | None) -> BreakerStatus | None:
    if pipeline is None:
        return None
    return BreakerStatus(
        state=pipeline.breaker.state,
        in_flight=pipeline.running,
        retry_budget=round(pipeline.budget_left, 2),
        policy=pipeline.policy.described(),
    )
