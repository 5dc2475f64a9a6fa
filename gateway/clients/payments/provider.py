"""What every payment provider can do, whoever it is."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, Protocol
from uuid import UUID

Kind = Literal["charge", "refund"]
Status = Literal["succeeded", "declined", "pending", "needs action"]


@dataclass(frozen=True)
class Payment:
    """Money that goes from a buyer to the shop, or back. Every attempt at it is the same in every field."""

    order_id: UUID
    kind: Kind
    amount: Decimal
    currency: str
    customer_id: UUID | None
    charge_reference: str | None
    """Of a refund: what the provider called the charge."""

    @property
    def key(self) -> str:
        """The idempotency key: an order is charged once and refunded once."""
        return f"{self.kind}-{self.order_id}"


@dataclass(frozen=True)
class Action:
    """What a buyer needs to confirm a charge: a page to visit, or a secret for the provider's own script."""

    url: str | None = None
    client_secret: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Outcome:
    """What the provider said. It succeeded or was declined for good; else an event of the provider decides later."""

    status: Status
    reference: str | None
    reason: str | None = None
    action: Action = Action()

    @property
    def is_decided(self) -> bool:
        """Whether the money has moved, or will not."""
        return self.status in ("succeeded", "declined")


class PaymentFailedError(Exception):
    """The provider decided nothing that is known here: the same payment must be asked again, by the same key.

    `was_sent`: it may have heard of it. `is_outage`: others would fare no better. `retry_after`: seconds it wants to be
    left alone.
    """

    def __init__(
        self, message: str, *, was_sent: bool = True, is_outage: bool = True, retry_after: float | None = None
    ) -> None:
        """Say why, in words for staff."""
        super().__init__(message)
        self.was_sent = was_sent
        self.is_outage = is_outage
        self.retry_after = retry_after


class PaymentProvider(Protocol):
    """A provider that remembers keys: however often it is told of a payment, it is made once."""

    async def pay(self, payment: Payment) -> Outcome:
        """Charge or refund; PaymentFailedError."""

    async def probe(self) -> str:
        """That it answers, in words; PaymentFailedError."""

    async def aclose(self) -> None:
        """Close the connections."""
