"""A provider behind the policy `payment`: time limit, breaker, and so many at a time."""

from gateway.clients.payments.provider import Outcome, Payment, PaymentFailedError, PaymentProvider
from gateway.resilience import Policy, ResiliencePipeline


class Payments:
    """The shop's use of a provider."""

    def __init__(self, provider: PaymentProvider, policy: Policy) -> None:
        """Ask `provider` as `policy` says."""
        self._provider = provider
        self.pipeline = ResiliencePipeline(policy, _is_outage)

    async def pay(self, payment: Payment) -> Outcome:
        """Charge or refund; PaymentFailedError, or DependencyError when it was not asked or did not answer in time."""
        return await self.pipeline.call(lambda: self._provider.pay(payment))

    async def probe(self) -> str:
        """That it answers, in words; PaymentFailedError."""
        return await self._provider.probe()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._provider.aclose()


def _is_outage(error: BaseException) -> bool:
    return error.is_outage if isinstance(error, PaymentFailedError) else True
