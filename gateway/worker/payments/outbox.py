"""The worker's side of the outbox of payments, which it reaches by three functions of the database."""

from dataclasses import dataclass

from gateway.clients.payments import Outcome, Payment
from gateway.database.connection import DictRow
from gateway.worker.session import Session


@dataclass(frozen=True)
class Due:
    """A payment that was taken, for the `attempt`-th time, of which `tries` count against it.

    `was_sent`: the provider may have heard of it before. `traceparent`: of the request that caused it.
    """

    payment: Payment
    attempt: int
    tries: int
    was_sent: bool
    traceparent: str | None = None


class Outbox:
    """One connection's use of it."""

    def __init__(self, session: Session, lease_s: float) -> None:
        """Take payments over `session` for `lease_s` seconds."""
        self._session = session
        self._lease_s = lease_s

    async def claim(self, max_jobs: int) -> list[Due]:
        """Take up to `max_jobs` payments that are due, oldest first."""
        return [
            _due(row) for row in await self._session.persist("claim_payments", max_jobs=max_jobs, lease_s=self._lease_s)
        ]

    async def settle(self, due: Due, outcome: Outcome) -> bool:
        """Note what the provider said, and what follows for the order; false when it was known already."""
        about = {"order_id": due.payment.order_id, "kind": due.payment.kind, "reference": outcome.reference}
        if outcome.is_decided:
            (row,) = await self._session.persist(
                "settle_payment", **about, is_accepted=outcome.status == "succeeded", reason=outcome.reason
            )
        else:
            (row,) = await self._session.persist(
                "hold_payment",
                **about,
                waits_for=outcome.status,
                url=outcome.action.url,
                client_secret=outcome.action.client_secret,
                decide_by=outcome.action.expires_at,
            )
        return bool(row["is_news"])

    async def postpone(self, due: Due, error: str, delay_s: float, max_attempts: int | None, *, was_sent: bool) -> bool:
        """Retry it after `delay_s` seconds, or fail it after `max_attempts`; None: this attempt does not count.

        Returns whether it failed for good.
        """
        (row,) = await self._session.persist(
            "postpone_payment",
            order_id=due.payment.order_id,
            kind=due.payment.kind,
            attempt=due.attempt,
            error=error.replace("\0", ""),
            delay_s=delay_s,
            max_attempts=max_attempts,
            was_sent=was_sent,
        )
        return bool(row["has_failed"])


def _due(row: DictRow) -> Due:
    attempt, tries, was_sent, trace = (row.pop(name) for name in ("attempts", "tries", "was_sent", "traceparent"))
    return Due(Payment(**row), attempt, tries, was_sent, trace)
