"""Payments: what a provider is asked, one way of asking it over HTTP, and the policy that every way follows."""

from gateway.clients.payments.guarded import Payments
from gateway.clients.payments.provider import Outcome, Payment, PaymentFailedError, PaymentProvider

__all__ = ["Outcome", "Payment", "PaymentFailedError", "PaymentProvider", "Payments"]
