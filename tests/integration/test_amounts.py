"""Amounts have the decimals of their currency, from the price to the provider and back."""

import json
import uuid
from collections.abc import Iterator

import httpx2
import psycopg
import pytest

from gateway.clients.payments import Outcome, Payment
from gateway.clients.payments.http_provider import HttpPaymentProvider
from tests.support import Database
from tests.support.shop import Shop


@pytest.fixture(scope="module")
def shop(database: Database) -> Iterator[Shop]:
    with database.connect("supabase_admin") as admin, database.connect() as people:
        yield Shop(database, admin, people)


async def ask(payment: Payment) -> tuple[Outcome, dict[str, str]]:
    """What the provider says, and what it was asked."""
    asked: list[dict[str, str]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(json.loads(request.content))
        return httpx2.Response(200, json={"id": 7, "status": "succeeded"})

    provider = HttpPaymentProvider(
        "http://provider.example", None, timeout_s=60, transport=httpx2.MockTransport(answer)
    )
    outcome = await provider.pay(payment)
    await provider.aclose()
    return outcome, asked[0]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("currency", "price", "stored", "total"),
    [
        ("JPY", "4500.00", "4500", "13500"),
        ("KWD", "1.25", "1.250", "3.750"),
        ("KWD", "0.005", "0.005", "0.015"),
        ("EUR", "19.9", "19.90", "59.70"),
    ],
)
async def test_an_amount_is_the_same_from_the_price_to_the_provider(
    shop: Shop, currency: str, price: str, stored: str, total: str
) -> None:
    shop.admin.execute("delete from private.payment_jobs")
    product = shop.product(9, price, currency=currency)
    assert shop.value("select price::text from public.products where id = %s", product) == stored
    order = shop.place(shop.buyer(), {product: 3}, str(uuid.uuid4()))["id"]
    written = (
        "select o.total::text, i.unit_price::text from public.orders o join public.order_items i on i.order_id = o.id"
    )
    assert shop.admin.execute(written.encode() + b" where o.id = %s", (order,)).fetchone() == (total, stored)
    row = shop.admin.execute(
        "select order_id, kind, amount, currency, customer_id, charge_reference from private.claim_payments(1, 60)"
    ).fetchone()
    assert row is not None
    outcome, asked = await ask(Payment(*row))
    assert (asked["amount"], asked["currency"]) == (total, currency)
    told = {"id": str(uuid.uuid4()), "type": "charge.succeeded", "data": {**asked, "id": outcome.reference}}
    assert shop.value("select private.receive_payment_event(%s)", json.dumps(told)) == "settled"
    assert shop.status(order) == "paid"


@pytest.mark.parametrize(("currency", "price"), [("JPY", "0.5"), ("KWD", "0.0005"), ("EUR", "0.005")])
def test_a_price_with_more_decimals_than_its_currency_is_refused(shop: Shop, currency: str, price: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match=f"a price in {currency} has at most"):
        shop.product(9, price, currency=currency)
