"""The database's heartbeat, on a connection of its own: whether it answers, and which rights ended since the last one.

It is asked once a second, and while calls go unanswered; it never waits for a connection of the pool, nor for a
cancellation: a connection that does not answer is left behind and replaced.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import DictRow, dict_row

from gateway.database.detached import DetachedTasks
from gateway.database.queries import query
from gateway.database.sqlstates import REASONS, failure_reason, is_the_servers
from gateway.resilience.request_metrics import HEARTBEAT_FAILURES

logger = logging.getLogger(__name__)

BEAT_S = 2.0
CLOSE_S = 1.0
BEATS = 4  # at a time, those left behind included


@dataclass(frozen=True)
class EndedRights:
    """Rights that ended; `asked_at` is the moment (of the monotonic clock) up to which this is all that did.

    `sources` are documents and products, and organizations and people for all documents that are theirs.
    """

    asked_at: float
    everything: bool
    people: frozenset[UUID]
    sources: frozenset[UUID]


class Heartbeat:
    """Asks the database behind `url`."""

    def __init__(
        self,
        url: str,
        name: str,
        listener: Callable[[EndedRights], None] | None = None,
        *,
        marks_time: bool = False,
        clock: Callable[[], float],
    ) -> None:
        """Tell `listener` what each answer says of rights; nothing connects before the first beat.

        With `marks_time` a replica learns by each beat how far behind it is.
        """
        self._name = name
        for reason in REASONS:
            HEARTBEAT_FAILURES.labels(name, reason).inc(0)  # the first failure is a change of what was there before
        self._marks_time = marks_time
        self._is_open = True
        self._url = url
        self._listener = listener
        self._clock = clock
        self._tasks = DetachedTasks(f"{name} heartbeat", BEATS)
        self._connection: psycopg.AsyncConnection[DictRow] | None = None
        self._since: str | None = None
        self._answered_at = float("-inf")
        self._behind_s = float("inf")

    @property
    def behind_s(self) -> float:
        """How old the rows of a replica may be, if it is asked now; that of a primary is the age of the last beat."""
        return self._behind_s + self._clock() - self._answered_at

    async def __call__(self) -> None:
        """Return when the database answers; psycopg.Error, TimeoutError, or what connecting raises."""
        started = self._clock()
        try:
            await self._tasks.run(self._beat, BEAT_S)
        except TimeoutError as error:
            self._count(error, started)
            raise
        except psycopg.Error as error:
            if is_the_servers(error):
                self._count(error, started)
                raise
            # It answers, if only that its migrations are not applied: what calls are told as well.
            logger.debug("the database's heartbeat: %s", error)

    def _count(self, error: BaseException, started: float) -> None:
        HEARTBEAT_FAILURES.labels(self._name, failure_reason(error, self._clock() - started)).inc()

    async def close(self) -> None:
        """Give the connection back."""
        self._is_open = False
        self._tasks.cancel_all()
        await self._tasks.settle(CLOSE_S)
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _beat(self) -> None:
        connection, self._connection = self._connection, None  # one that does not answer is never taken again
        try:
            if connection is None or connection.closed or not await self._is_answered(connection):
                connection = await psycopg.AsyncConnection.connect(
                    self._url, autocommit=True, prepare_threshold=None, row_factory=dict_row
                )
                await self._ask(connection)
            if self._marks_time:
                await self._mark_time(connection)
        except BaseException:
            if connection is not None:
                await connection.close()
            raise
        if self._is_open:
            connection, self._connection = self._connection, connection
        if connection is not None:
            await connection.close()  # another beat has come by one meanwhile

    async def _is_answered(self, connection: psycopg.AsyncConnection[DictRow]) -> bool:
        """Whether the connection still works: it may be stale, if the server was restarted."""
        try:
            await self._ask(connection)
        except psycopg.OperationalError:
            await connection.close()
            return False
        return True

    async def _ask(self, connection: psycopg.AsyncConnection[DictRow]) -> None:
        asked_at = self._clock()
        cursor = await connection.execute(query("heartbeat"), {"since": self._since})
        rows = await cursor.fetchall()
        self._note(asked_at, rows[0])

    async def _mark_time(self, connection: psycopg.AsyncConnection[DictRow]) -> None:
        try:
            await connection.execute(query("mark_time"))
        except psycopg.Error as error:
            logger.debug("the database's time is not marked: %s", error)  # it is read-only

    def _note(self, asked_at: float, row: dict[str, Any]) -> None:
        self._since = row["next"]
        self._answered_at, self._behind_s = asked_at, row["behind_s"] if row["behind_s"] is not None else float("inf")
        if self._listener is not None:
            self._listener(
                EndedRights(asked_at, row["everything"], frozenset(row["people"]), frozenset(row["sources"]))
            )


async def keep_beating(beat: Callable[[], Any], every_s: float) -> None:
    """Beat for ever, whether or not there is an answer: the pipeline, not this, draws conclusions."""
    while True:
        started = time.monotonic()
        try:
            await beat()
        except Exception as error:
            logger.debug("the database's heartbeat was not answered: %s", error)
        await asyncio.sleep(max(0.05, every_s - (time.monotonic() - started)))
