"""What a payment provider may answer, and what is made of it; nothing that it writes forges a line of the log."""

import uuid
from datetime import UTC, datetime
from decimal import Decimal

import httpx2
import pytest

from gateway.clients.payments import Action, Outcome, Payment, PaymentFailedError
from gateway.clients.payments.http_provider import HttpPaymentProvider

CHARGE = Payment(uuid.uuid4(), "charge", Decimal(1), "EUR", None, None)


async def pay(answer: httpx2.Response) -> Outcome:
    provider = HttpPaymentProvider(
        "http://provider.example", None, timeout_s=1, transport=httpx2.MockTransport(lambda _request: answer)
    )
    try:
        return await provider.pay(CHARGE)
    finally:
        await provider.aclose()


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ({"id": "ch_1", "status": "succeeded"}, Outcome("succeeded", "ch_1")),
        ({"id": 123456, "status": "succeeded"}, Outcome("succeeded", "123456")),
        ({"id": "ch_1", "status": "succeeded", "reason": {"code": 7}}, Outcome("succeeded", "ch_1")),
        ({"status": "declined", "reason": "No\r\nmoney\x1b[31m\u2028."}, Outcome("declined", None, "No money [31m .")),
        ({"status": "declined", "reason": "x" * 9000}, Outcome("declined", None, "x" * 500)),
        ({"id": "ch_1", "status": "pending"}, Outcome("pending", "ch_1")),
        (
            {"id": "ch_1", "status": "requires_action", "url": "https://bank.example/3ds", "expires_at": 1800000000},
            Outcome(
                "needs action",
                "ch_1",
                action=Action("https://bank.example/3ds", None, datetime(2027, 1, 15, 8, tzinfo=UTC)),
            ),
        ),
        (
            {"id": "ch_1", "status": "requires_action", "client_secret": "s"},
            Outcome("needs action", "ch_1", action=Action(client_secret="s")),
        ),
    ],
)
async def test_what_it_says_is_understood(answer: dict[str, object], outcome: Outcome) -> None:
    assert await pay(httpx2.Response(200, json=answer)) == outcome


@pytest.mark.anyio
@pytest.mark.parametrize("status", [400, 402, 410, 413, 422])
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"reason": "The card is empty."}, "The card is empty."),
        ({"status": "declined", "reason": "The card is empty."}, "The card is empty."),
        ({"error": {"message": "no payment method"}}, "no payment method"),
        ({"message": "no payment method"}, "no payment method"),
        ({"error": "no"}, None),
        ([], None),
    ],
)
async def test_a_definite_refusal_is_a_decline(status: int, body: object, reason: str | None) -> None:
    outcome = Outcome("declined", None, reason or f"The payment provider refused it ({status}).")
    assert await pay(httpx2.Response(status, json=body)) == outcome


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("answer", "is_outage"),
    [
        (httpx2.Response(200, text="<html>"), True),
        (httpx2.Response(200, json={"id": "1", "status": "perhaps"}), True),
        (httpx2.Response(200, json={"status": "succeeded"}), True),
        (httpx2.Response(200, json={"id": True, "status": "succeeded"}), True),
        (httpx2.Response(402, json={"id": "1", "status": "succeeded"}), True),
        (httpx2.Response(302, headers={"Location": "http://elsewhere.example"}), True),
        (httpx2.Response(401, json={"reason": "who are you"}), True),
        (httpx2.Response(404), False),
        (httpx2.Response(409, json={"reason": "the key is in use"}), False),
        (httpx2.Response(500, text="a\nb"), True),
    ],
)
async def test_an_answer_that_decides_nothing_is_a_failure(answer: httpx2.Response, is_outage: bool) -> None:
    with pytest.raises(PaymentFailedError) as failed:
        await pay(answer)
    assert (failed.value.was_sent, failed.value.is_outage) == (True, is_outage)
    assert str(failed.value).isprintable()
