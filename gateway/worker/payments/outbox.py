"""The worker's side of the outbox of payments, which it reaches by three functions of the database."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.clients.payments import Outcome, Payment
from gateway.database.connection import Connection, DatabaseError, DictRow, is_transient
from gateway.database.queries import query

MOST_COLLISIONS = 5


@dataclass(frozen=True)
class Due:
    """A payment that was taken, for the `attempt`-th time, of which `tries` count against it.

    `was_sent`: the provider may have heard of it before.
    """

    payment: Payment
    attempt: int
    tries: int
    was_sent: bool


class Outbox:
    """One connection's use of it. Calls wait for each other, since a connection does one thing at a time."""

    def __init__(self, connection: Connection, lease_s: float) -> None:
        """Take payments over `connection` for `lease_s` seconds."""
        self._connection = connection
        self._lease_s = lease_s
        self._turn = asyncio.Lock()

    async def claim(self, max_jobs: int) -> list[Due]:
        """Take up to `max_jobs` payments that are due, oldest first."""
        return [_due(row) for row in await self._run("claim_payments", max_jobs=max_jobs, lease_s=self._lease_s)]

    async def settle(self, due: Due, outcome: Outcome) -> bool:
        """Note what the provider decided, and what follows for the order; false when it was known already."""
        (row,) = await self._run(
            "settle_payment",
            order_id=due.payment.order_id,
            kind=due.payment.kind,
            is_accepted=outcome.is_accepted,
            reference=outcome.reference,
            reason=outcome.reason,
        )
        return bool(row["is_news"])

    async def postpone(self, due: Due, error: str, delay_s: float, max_attempts: int | None, *, was_sent: bool) -> bool:
        """Give it back for `delay_s` seconds, or give it up after `max_attempts`; None: this attempt does not count.

        Returns whether it was given up.
        """
        (row,) = await self._run(
            "postpone_payment",
            order_id=due.payment.order_id,
            kind=due.payment.kind,
            attempt=due.attempt,
            error=error.replace("\0", ""),
            delay_s=delay_s,
            max_attempts=max_attempts,
            was_sent=was_sent,
        )
        return bool(row["is_parked"])

    async def _run(self, name: str, **parameters: object) -> list[DictRow]:
        """The rows of a query, which is run again when it lost against another transaction."""
        async with self._turn:
            for _ in range(MOST_COLLISIONS):
                try:
                    return await self._once(name, parameters)
                except DatabaseError as error:
                    if not is_transient(error):
                        raise
            return await self._once(name, parameters)

    async def _once(self, name: str, parameters: Mapping[str, object]) -> list[DictRow]:
        return await (await self._connection.execute(query(name), parameters)).fetchall()


def _due(row: DictRow) -> Due:
    attempt, tries, was_sent = (row.pop(name) for name in ("attempts", "tries", "was_sent"))
    return Due(Payment(**row), attempt, tries, was_sent)
