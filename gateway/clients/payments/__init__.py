"""Payments: what a provider is asked, one way of asking it over HTTP, and the policy that every way follows."""

from pydantic import SecretStr

from gateway.clients.payments.guarded import Payments
from gateway.clients.payments.http_provider import HttpPaymentProvider
from gateway.clients.payments.provider import Action, Outcome, Payment, PaymentFailedError, PaymentProvider
from gateway.resilience import Policy

__all__ = ["Action", "Outcome", "Payment", "PaymentFailedError", "PaymentProvider", "Payments", "create_payments"]


def create_payments(url: str | None, api_key: SecretStr | None, policy: Policy) -> Payments | None:
    """The payment provider at `url`, used as `policy` says; None without an address."""
    if url is None:
        return None
    key = None if api_key is None else api_key.get_secret_value()
    return Payments(HttpPaymentProvider(url, key, timeout_s=policy.timeout_s), policy)
