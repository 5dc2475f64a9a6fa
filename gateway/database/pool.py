"""The way to PostgreSQL: a pool that heals by itself, and a deadline that holds whatever the network does.

The settings were measured against a restarted, a stopped, a frozen (SIGSTOP) and an unreachable server:

- No `check` at every checkout: it costs a round trip each, and with two stale connections after a restart it still
  fails a request (its second attempt backs off for a second). A query whose connection turns out to be gone has the
  idle ones checked and is run once more, which is why every query here must be safe to repeat.
- `max_waiting=0` (no limit of the pool's own) with a limit here: the pool's limit can deadlock after a reconnect.
- `prepare_threshold=None` and autocommit: nothing outlives a statement, so a transaction pooler may stand in between.
- The deadline does not await the cancellation of a query: against a frozen server that alone takes eleven seconds.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from functools import cache

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from gateway.database.cancel_safe_pool import CancelSafePool, Connection
from gateway.database.detached import DetachedTasks
from gateway.database.heartbeat import EndedRights, Heartbeat, keep_beating
from gateway.database.invariants import Finding, Invariant, findings_query, invariants
from gateway.database.places import FairPlaces, PlacesTakenError
from gateway.database.queries import query
from gateway.database.sqlstates import is_the_servers, to_gateway_error
from gateway.database.vectors import adapters
from gateway.errors import (
    DatabaseBusyError,
    DatabaseTimeoutError,
    DatabaseUnavailableError,
    DatabaseUnsafeError,
    GatewayError,
    UnavailableError,
)
from gateway.resilience import (
    AttemptTimeoutError,
    BulkheadFullError,
    CircuitOpenError,
    DependencyError,
    Policy,
    ResiliencePipeline,
)
from gateway.resilience.request_metrics import show_spread
from gateway.resilience.single_flight import SingleFlight
from gateway.resilience.spans import note_moments, span, trace_parameters

logger = logging.getLogger(__name__)

CONNECTION_DEFAULTS: Mapping[str, str | int] = {
    "connect_timeout": 2,
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 2,
    "tcp_user_timeout": 1500,  # ms
    "application_name": "tidegate-gateway",
}
# A safe database is asked again after this long, at the latest after twice as long; an unsafe one as often as somebody
# may have corrected it.
RECHECK_SAFE_S = 60.0
RECHECK_UNSAFE_S = 1.0
BEAT_EVERY_S = 1.0


class Database:
    """Runs the queries of sql/queries, each in a transaction of its own, with a deadline."""

    def __init__(
        self,
        url: str,
        policy: Policy,
        *,
        pool_size: int = 8,
        share: float = 1.0,
        listener: Callable[[EndedRights], None] | None = None,
        has_replica: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; nothing connects before `open`. `policy` holds for each query; ValueError for a bad `url`.

        One caller has at most `share` of the connections. `listener` is told which rights ended, once a second.
        """
        self._clock = clock
        self._pool_size = pool_size
        self._tasks = DetachedTasks(policy.name, policy.concurrency)
        conninfo = _with_defaults(url)
        self.heartbeat = Heartbeat(conninfo, policy.name, listener, marks_time=has_replica, clock=clock)
        self.pipeline = ResiliencePipeline(
            policy,
            self._is_failure,
            time_limit=self._tasks.run,
            on_open=self._hangs,
            heartbeat=self.heartbeat,
        )
        self._places = FairPlaces(pool_size, share, wait_s=policy.timeout_s * 2 / 3, name=policy.name, clock=clock)
        show_spread(policy.name, self._places.spread)
        self._beating: asyncio.Task[None] | None = None
        self._is_followed = listener is not None
        self._check = SingleFlight(self._check_safety)
        self._checked_until = float("-inf")
        self._findings: list[Finding] = []
        self._rechecks: set[asyncio.Task[None]] = set()  # one at most
        self._pool = AsyncConnectionPool[Connection](
            conninfo,
            kwargs={"autocommit": True, "prepare_threshold": None, "row_factory": dict_row, "context": adapters()},
            min_size=min(2, pool_size),
            max_size=pool_size,
            open=False,
            timeout=0.5,
            max_waiting=0,
            max_lifetime=300,
            reconnect_timeout=1,
            name=policy.name,
        )
        self._connections = CancelSafePool(self._pool)

    async def open(self) -> None:
        """Start connecting in the background; returns at once, also when the database is down."""
        await self._pool.open(wait=False)
        if self._is_followed and self._beating is None:
            self._beating = asyncio.create_task(keep_beating(self.heartbeat, BEAT_EVERY_S))

    async def close(self) -> None:
        """Give up what runs and close the connections."""
        self.pipeline.stop()
        for task in (self._beating, *self._rechecks):
            if task is not None:
                task.cancel()
        self._tasks.cancel_all()
        await self._connections.settle(1)
        await self.heartbeat.close()
        await self._pool.close(timeout=1)

    async def fetch(self, name: str, parameters: Mapping[str, object] | None = None) -> list[DictRow]:
        """Rows of the query called `name`, once the database was found safe.

        Raises a GatewayError: DatabaseBusyError when too many queries run, DatabaseTimeoutError when it took too long,
        DatabaseUnavailableError without a connection, DatabaseUnsafeError, or what the SQLSTATE stands for.
        """
        await self.ensure_safe()
        with span(name, db__system__name="postgresql", db__operation__name=name):
            # Queries that are somebody's tell PostgreSQL the trace; the others have no such parameters.
            return await self._run(query(name), {**trace_parameters(), **(parameters or {})})

    async def probe(self) -> str:
        """Run the cheapest query; the sentence for the status. A GatewayError."""
        await self.fetch("active_embedding_model")
        return "It answers, and holds callers to their rows."

    async def is_fresh(self, max_age_s: float) -> bool:
        """Whether its rows are at most so many seconds old, as a replica's may not be; it is asked when in doubt."""
        if self.heartbeat.behind_s > max_age_s:
            try:
                await self.pipeline.call(self.heartbeat)
            except (psycopg.Error, DependencyError) as error:
                logger.debug("%s: its age is not known: %s", self.pipeline.policy.name, error)
        return self.heartbeat.behind_s <= max_age_s

    async def ensure_safe(self) -> None:
        """Ask the database whether it holds callers to their rows, unless it said so lately.

        DatabaseUnsafeError when it does not, DatabaseUnavailableError when it cannot be asked or is not migrated.
        """
        late_s = self._clock() - self._checked_until
        if late_s >= RECHECK_SAFE_S or (late_s >= 0 and self._findings):
            await self._check()
        elif late_s >= 0 and not self._rechecks:
            # Who asks does not wait for it, nor is held up by a database that hangs just now.
            recheck = asyncio.create_task(self._recheck())
            self._rechecks.add(recheck)
            recheck.add_done_callback(self._rechecks.discard)
        if self._findings:
            raise DatabaseUnsafeError([str(finding) for finding in self._findings], self._broken_rules())

    def _hangs(self) -> None:
        self._places.forget()
        self._tasks.give_up()

    async def _recheck(self) -> None:
        try:
            await self._check()
        except GatewayError as error:
            # Who asks next tries again, and the breaker says that it is down: a line for each call would hide that.
            logger.debug("whether the database is safe could not be asked again yet: %s", error.detail)

    def _broken_rules(self) -> list[str]:
        return sorted({finding.rule for finding in self._findings})

    async def _check_safety(self) -> None:
        rows = await self._run(_safety_query(), None)
        self._findings = [Finding(**row) for row in rows]
        if not self._findings and not (await self._run(query("is_migrated"), None))[0]["is_migrated"]:
            raise DatabaseUnavailableError(
                "The database lacks the gateway's functions: its migrations are not applied."
            )
        self._checked_until = self._clock() + (RECHECK_UNSAFE_S if self._findings else RECHECK_SAFE_S)
        for finding in self._findings:
            logger.critical("unsafe database: %s", finding)

    async def _run(self, statement: bytes, parameters: Mapping[str, object] | None) -> list[DictRow]:
        try:
            return await self.pipeline.call(lambda: self._execute(statement, parameters))
        except CircuitOpenError as error:
            raise DatabaseUnavailableError(error.reason) from error
        except BulkheadFullError as error:
            raise self._crowded("Too many searches at once. Try again.") from error
        except AttemptTimeoutError as error:
            logger.warning("%s: no answer within %.2g s", error.dependency, error.after_s)
            raise DatabaseTimeoutError(
                f"The database did not answer within {max(error.after_s, 0.01):.2g} s. Try again, or ask for less: "
                "fewer words, filters or results. Operators change the time by RESILIENCE."
            ) from error
        except PlacesTakenError as error:
            raise self._crowded("Every connection to the database is taken, or kept for others. Try again.") from error
        except psycopg.Error as error:
            if isinstance(error, PoolTimeout) and self._is_full:
                raise self._crowded("Every connection to the database is taken. Try again.") from error
            raise to_gateway_error(error) from error

    def _crowded(self, detail: str) -> UnavailableError:
        # Nothing left and nothing answered either: it hangs, and other ways to an answer may not.
        if self.pipeline.breaker.is_stalled or self.pipeline.state != "closed":
            return DatabaseTimeoutError("The database has stopped answering. Try again.")
        return DatabaseBusyError(detail)

    @property
    def has_room(self) -> bool:
        """Whether at least half of the connections are free."""
        return 2 * max(len(self._places), len(self._tasks)) <= self._pool_size

    @property
    def _is_full(self) -> bool:
        return len(self._tasks) >= self._pool_size

    def _is_failure(self, error: BaseException) -> bool | None:
        if isinstance(error, PlacesTakenError):
            return None
        if isinstance(error, PoolTimeout):
            return None if self._is_full else True
        return isinstance(error, psycopg.Error) and is_the_servers(error)

    async def _execute(self, statement: bytes, parameters: Mapping[str, object] | None) -> list[DictRow]:
        async with self._places.place():
            return await self._on_a_connection(statement, parameters)

    async def _on_a_connection(self, statement: bytes, parameters: Mapping[str, object] | None) -> list[DictRow]:
        async with self._connections.connection() as connection:
            try:
                return await _rows(connection, statement, parameters)
            except psycopg.OperationalError:
                if not connection.closed:
                    raise
        # It was stale, or died under the query: once more only, lest a query that kills backends go on.
        await self._pool.check()
        async with self._connections.connection() as connection:
            return await _rows(connection, statement, parameters)


@cache
def _safety_query() -> bytes:
    return findings_query([Invariant("login", "isolation", query("login_findings")), *invariants("isolation")])


async def _rows(connection: Connection, statement: bytes, parameters: Mapping[str, object] | None) -> list[DictRow]:
    started_ns = time.perf_counter_ns()
    cursor = await connection.execute(statement, parameters)
    rows = await cursor.fetchall()
    moments = rows[0].pop("moments", None) if rows else None
    if moments:
        note_moments(moments, time.perf_counter_ns() - started_ns)
    return rows


def _with_defaults(url: str) -> str:
    """`url` with the settings that notice a dead server; what it says itself stays. ValueError for a bad one."""
    try:
        return make_conninfo(url, **{**CONNECTION_DEFAULTS, **conninfo_to_dict(url)})
    except psycopg.ProgrammingError as error:
        # Not libpq's words: they may quote the password.
        raise ValueError("The database's address is not one that PostgreSQL's client library can read.") from error
