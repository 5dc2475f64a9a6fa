"""Payments: takes them out of the outbox, asks the provider, and notes what it decided.

Nothing is lost or doubled, whatever dies meanwhile:

- A payment is written in the transaction that makes it due, and leaves the outbox in the one that notes its outcome.
- Whoever dies in between has it taken again once its lease ends, and the provider asked by the same key: it answers as
  before, and charges once.
- What fails is retried after a while, and left to staff after many times. An attempt that the breaker refused
  is none. What the provider surely never heard of may still be cancelled at once.
- What the provider has not decided leaves the queue: an event of the provider, the buyer, time or staff end it.
"""

import asyncio
import logging

from gateway.clients.payments import PaymentFailedError, Payments
from gateway.config.settings import Settings
from gateway.database.connection import DatabaseError, is_about_the_rows
from gateway.resilience import AttemptTimeoutError, BulkheadFullError, CircuitOpenError
from gateway.resilience.spans import link
from gateway.worker.backoff import Backoff
from gateway.worker.metrics import PAYMENTS, piece_of_work
from gateway.worker.payments.outbox import Due, Outbox
from gateway.worker.reconnect import draining, reconnecting
from gateway.worker.session import Session

logger = logging.getLogger(__name__)

# A notification for each order would make the commits of all orders wait for each other.
POLL_S = 1.0
LONGEST_BACKOFF_S = 600.0
COUNTED = {"succeeded": "accepted", "declined": "declined", "pending": "undecided", "needs action": "undecided"}


class PaymentProcessor:
    """Works on one outbox until stopped, or the database fails; then it may be run again on another connection."""

    def __init__(self, payments: Payments, stop: asyncio.Event, *, max_attempts: int, backoff_s: float) -> None:
        """Ask by `payments`, until `stop`; leave a payment to staff after `max_attempts`."""
        self._payments = payments
        self._stop = stop
        self._max_attempts = max_attempts
        self._backoff = Backoff(backoff_s, LONGEST_BACKOFF_S)
        self._running = 0
        self._ended = asyncio.Event()

    async def run(self, outbox: Outbox) -> None:
        """Work until stopped and what was begun is done. DatabaseError, in a group, when the database fails."""
        self._running = 0
        async with asyncio.TaskGroup() as calls:
            while not self._stop.is_set():
                self._ended.clear()
                room = self._room()
                taken = await outbox.claim(room) if room else []
                for due in taken:
                    self._running += 1
                    calls.create_task(self._pay(outbox, due))
                if not taken or not self._room():
                    await self._wait()

    def _room(self) -> int:
        """How many payments may be taken; one at a time while the provider is on trial."""
        policy = self._payments.pipeline.policy
        most = policy.concurrency if self._payments.pipeline.state == "closed" else 1
        return max(0, most - self._running)

    async def _wait(self) -> None:
        """Until a call has ended, the worker is to stop, or it is time to look again."""
        waits = [asyncio.create_task(event.wait()) for event in (self._ended, self._stop)]
        try:
            await asyncio.wait(waits, timeout=POLL_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _pay(self, outbox: Outbox, due: Due) -> None:
        try:
            if due.tries > self._max_attempts:
                await self._fail(outbox, due, f"It was begun {due.tries - 1} times and never finished.", sent=True)
            else:
                await self._ask(outbox, due)
        finally:
            self._running -= 1
            self._ended.set()

    @piece_of_work("ask_provider")
    async def _ask(self, outbox: Outbox, due: Due) -> None:
        link([due.traceparent])
        try:
            outcome = await self._payments.pay(due.payment)
        except (CircuitOpenError, BulkheadFullError) as error:
            delay = error.retry_after_s if isinstance(error, CircuitOpenError) else POLL_S
            await outbox.postpone(due, error.reason, delay, None, was_sent=due.was_sent)
            return
        except AttemptTimeoutError as error:
            await self._fail(outbox, due, f"The payment provider: {error.reason}", sent=True)
            return
        except PaymentFailedError as error:
            await self._fail(outbox, due, str(error), sent=error.was_sent, retry_after=error.retry_after or 0.0)
            return
        try:
            is_news = await outbox.settle(due, outcome)
        except DatabaseError as error:
            if not is_about_the_rows(error) and not (error.sqlstate or "").startswith("PT"):
                raise
            await self._fail(outbox, due, f"The database refuses what was decided: {error}", sent=True)
            return
        PAYMENTS.labels(due.payment.kind, COUNTED[outcome.status]).inc()
        reason = f": {outcome.reason}" if outcome.reason else ""
        logger.info("%s %s%s%s", due.payment.key, outcome.status, reason, "" if is_news else ", as was known")

    async def _fail(self, outbox: Outbox, due: Due, error: str, *, sent: bool, retry_after: float = 0.0) -> None:
        delay = max(self._backoff.after(due.tries), min(retry_after, LONGEST_BACKOFF_S))
        is_final = await outbox.postpone(due, error, delay, self._max_attempts, was_sent=sent or due.was_sent)
        PAYMENTS.labels(due.payment.kind, "failed" if is_final else "retried").inc()
        outcome = "failed, left to staff" if is_final else f"again in {delay:.1f} s"
        logger.warning("%s, attempt %d, %s: %s", due.payment.key, due.tries, outcome, error)


async def process_payments(url: str, payments: Payments, settings: Settings, stop: asyncio.Event) -> None:
    """Make payments of the database at `url` until `stop`, on connections that may be lost."""
    backoff_s = settings.worker_backoff_s
    processor = PaymentProcessor(payments, stop, max_attempts=settings.payment_max_attempts, backoff_s=backoff_s)
    # A call ends within its time limit, so that a lease need not be renewed.
    lease_s = settings.worker_lease_s + payments.pipeline.policy.longest_s

    async def work(sessions: list[Session]) -> None:
        logger.info("payments are made")
        await draining(processor.run(Outbox(sessions[0], lease_s)), stop)

    await reconnecting("payments", url, work, stop, Backoff(backoff_s))
