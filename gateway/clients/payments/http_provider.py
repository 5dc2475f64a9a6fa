"""A provider over HTTP: `POST {url}/charges` and `POST {url}/refunds`, each with an `Idempotency-Key`.

The body is {"amount": "19.99", "currency": "EUR", "order_id": …, "customer_id": …}, of a refund {"charge": …} as well,
where it says what the provider called the charge. Amounts are decimal texts: a float is no money. The answer is 2xx
with {"id": …, "status": "succeeded"}, or {"status": "declined", "reason": …} as 2xx or 402. `GET {url}/health` is 2xx
while it works. A provider with another interface gets a small server in between, or a class beside this one.
"""

from typing import Literal

import httpx2
from pydantic import BaseModel, Field, ValidationError

from gateway.clients.http import new_client
from gateway.clients.payments.provider import Outcome, Payment, PaymentFailedError

DECLINED = 402
# What is wrong with one payment says nothing about others.
ABOUT_ONE = frozenset({400, 404, 409, 410, 413, 422})


class _Answer(BaseModel):
    id: str | None = Field(default=None, max_length=255)
    status: Literal["succeeded", "declined"]
    reason: str | None = None


class HttpPaymentProvider:
    """One endpoint."""

    def __init__(
        self,
        url: str,
        api_key: str | None,
        *,
        timeout_s: float,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        """Use the API at `url`, with `api_key` if it wants one."""
        self._url = url.rstrip("/")
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._client = new_client(headers=headers, timeout=timeout_s, transport=transport)

    async def pay(self, payment: Payment) -> Outcome:
        """Charge or refund; PaymentFailedError."""
        response = await self._send(
            "POST", f"{payment.kind}s", headers={"Idempotency-Key": payment.key}, json=_body(payment)
        )
        if not response.is_success and response.status_code != DECLINED:
            raise PaymentFailedError(
                f"The payment provider answered {response.status_code}: {response.text[:300]}",
                is_outage=response.status_code not in ABOUT_ONE,
                retry_after=_seconds(response.headers.get("Retry-After")),
            )
        try:
            answer = _Answer.model_validate_json(response.content)
        except ValidationError as error:
            raise PaymentFailedError(f"The payment provider's answer is none: {response.text[:300]}") from error
        if answer.status == "succeeded" and (answer.id is None or not response.is_success):
            raise PaymentFailedError(f"The payment provider's answer contradicts itself: {response.text[:300]}")
        return Outcome(answer.status == "succeeded", answer.id, answer.reason)

    async def probe(self) -> str:
        """That it answers, in words; PaymentFailedError."""
        response = await self._send("GET", "health")
        if not response.is_success:
            raise PaymentFailedError(f"The payment provider answered {response.status_code}.")
        return "It answers."

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _send(
        self, method: str, path: str, headers: dict[str, str] | None = None, json: dict[str, str | None] | None = None
    ) -> httpx2.Response:
        try:
            return await self._client.request(method, f"{self._url}/{path}", headers=headers, json=json)
        except httpx2.HTTPError as error:
            # Without a connection nothing was said; of everything else one cannot be sure.
            was_sent = not isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)
            reason = f"The payment provider does not answer: {type(error).__name__} {error}".rstrip()
            raise PaymentFailedError(reason, was_sent=was_sent) from error


def _body(payment: Payment) -> dict[str, str | None]:
    body = {
        "amount": str(payment.amount),
        "currency": payment.currency,
        "order_id": str(payment.order_id),
        "customer_id": None if payment.customer_id is None else str(payment.customer_id),
    }
    return body if payment.kind == "charge" else {**body, "charge": payment.charge_reference}


def _seconds(value: str | None) -> float | None:
    return float(value) if value is not None and value.isdecimal() else None
