"""A provider over HTTP: `POST {url}/charges` and `POST {url}/refunds`, each with an `Idempotency-Key`.

The body is {"amount": "19.99", "currency": "EUR", "order_id": …, "customer_id": …}, of a refund {"charge": …} as well,
where it says what the provider called the charge. Amounts are decimal texts: a float is no money. The answer is 2xx
with an `id` and a `status`: "succeeded", "declined" with a `reason`, "pending", or "requires_action" with a `url` or a
`client_secret` for the buyer and perhaps `expires_at`. 400, 402, 410, 413 and 422 are definite: no money has moved or
will. `GET {url}/health` is 2xx while it works. A provider with another interface gets a small server in between, or a
class beside this one.
"""

from typing import Annotated, Any, Literal

import httpx2
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ValidationError

from gateway.clients.http import new_client
from gateway.clients.payments.provider import Action, Outcome, Payment, PaymentFailedError, Status

# Nothing was charged under this key, and the same request will be refused again.
REFUSED = frozenset({400, 402, 410, 413, 422})
# What is wrong with one payment says nothing about others.
ABOUT_ONE = frozenset({404, 409})
LONGEST_TEXT = 500
STATUSES: dict[str, Status] = {
    "succeeded": "succeeded",
    "declined": "declined",
    "pending": "pending",
    "requires_action": "needs action",
}


def _text(value: object) -> str | None:
    """Text or a number, on one line; nothing else is any use, and no reason to doubt the rest of the answer."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    line = " ".join("".join(each if each.isprintable() else " " for each in str(value)).split())
    return line[:LONGEST_TEXT] or None


Text = Annotated[str | None, BeforeValidator(_text)]
# A part of it is no use. The database leaves out what is too long or no address.
Whole = Annotated[str | None, BeforeValidator(lambda value: value if isinstance(value, str) else None)]


class _Answer(BaseModel):
    id: Text = None
    status: Literal["succeeded", "declined", "pending", "requires_action"]
    reason: Text = None
    url: Whole = None
    client_secret: Whole = None
    expires_at: AwareDatetime | None = None


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
        if response.is_success:
            return _outcome(response)
        if response.status_code in REFUSED:
            return _refusal(response)
        raise PaymentFailedError(
            f"The payment provider answered {response.status_code}: {_text(response.text)}",
            is_outage=response.status_code not in ABOUT_ONE,
            retry_after=_seconds(response.headers.get("Retry-After")),
        )

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


def _outcome(response: httpx2.Response) -> Outcome:
    try:
        answer = _Answer.model_validate_json(response.content)
    except ValidationError as error:
        raise PaymentFailedError(f"The payment provider's answer is none: {_text(response.text)}") from error
    if answer.status == "succeeded" and answer.id is None:
        raise PaymentFailedError(f"The payment provider's answer contradicts itself: {_text(response.text)}")
    action = Action(answer.url, answer.client_secret, answer.expires_at)
    return Outcome(STATUSES[answer.status], answer.id, answer.reason, action)


def _refusal(response: httpx2.Response) -> Outcome:
    """Of any form: {"reason": …}, {"message": …} and {"error": {"message": …}} are understood."""
    try:
        said: Any = response.json()
    except ValueError:
        said = None
    match said:
        case {"status": "succeeded" | "pending" | "requires_action"}:
            raise PaymentFailedError(f"The payment provider's answer contradicts itself: {_text(response.text)}")
        case {"reason": reason} | {"error": {"message": reason}} | {"message": reason}:
            pass
        case _:
            reason = None
    refused = f"The payment provider refused it ({response.status_code})."
    return Outcome("declined", None, _text(reason) or refused)


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
