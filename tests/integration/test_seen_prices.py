"""What the buyer saw is what is paid: a rise is refused with the new numbers, and a lower price is charged."""

import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from tests.support import Database
from tests.support.shop import Shop, as_items, facts_of, status_of

STOCK = 9


@pytest.fixture(scope="module")
def shop(database: Database) -> Iterator[Shop]:
    with database.connect("supabase_admin") as admin, database.connect() as people:
        yield Shop(database, admin, people)


@pytest.fixture
def lamp(shop: Shop) -> uuid.UUID:
    return shop.product(STOCK, "10.00")


def key() -> str:
    return str(uuid.uuid4())


def place(shop: Shop, buyer: uuid.UUID, items: object, key: str, **seen: object) -> dict[str, Any]:
    """Place an order with what the buyer saw."""
    answer: dict[str, Any] = shop.call(buyer, "place_order", items=as_items(items), idempotency_key=key, **seen)
    return answer


def refusal(shop: Shop, buyer: uuid.UUID, items: object, key: str, **seen: object) -> psycopg.Error:
    """Why that order is refused."""
    with pytest.raises(psycopg.Error) as raised:
        place(shop, buyer, items, key, **seen)
    return raised.value


def reprice(shop: Shop, product: uuid.UUID, price: str) -> None:
    shop.admin.execute("update public.products set price = %s::numeric where id = %s", (price, product))


def test_a_rise_is_refused_with_the_new_numbers_and_takes_nothing(shop: Shop, lamp: uuid.UUID) -> None:
    buyer, mine = shop.buyer(), key()
    reprice(shop, lamp, "99.00")
    error = refusal(shop, buyer, {lamp: 2}, mine, expected_total="20.00", expected_currency="EUR")
    assert (status_of(error), str(error).splitlines()[0]) == (409, "the order costs 198.00 EUR, not 20.00")
    facts = facts_of(error)
    assert (facts["total"], facts["currency"], facts["items"][0]["unit_price"]) == (198, "EUR", 99)
    assert "id" not in facts, "no order was placed"
    assert shop.stock(lamp) == STOCK
    assert shop.value("select count(*) from public.orders where buyer_id = %s", buyer) == 0
    again = place(shop, buyer, {lamp: 2}, mine, expected_total=str(facts["total"]), expected_currency=facts["currency"])
    assert (again["total"], shop.stock(lamp)) == (198, STOCK - 2), "with what was then seen, and the same key"


@pytest.mark.parametrize("seen", [{"expected_total": "20.00"}, {"unit_price": "10.00"}, {}])
def test_a_lower_price_is_charged(shop: Shop, lamp: uuid.UUID, seen: dict[str, str]) -> None:
    reprice(shop, lamp, "7.50")
    item = {"product_id": str(lamp), "quantity": 2} | {name: seen[name] for name in seen if name == "unit_price"}
    total = {name: seen[name] for name in seen if name != "unit_price"}
    order = place(shop, shop.buyer(), [item], key(), **total)
    charge = "select amount from private.payment_jobs where order_id = %s"
    assert (order["total"], shop.value(charge, order["id"])) == (15, Decimal("15.00"))


def test_a_line_that_rose_is_refused_though_the_total_fell(shop: Shop, lamp: uuid.UUID) -> None:
    rope = shop.product(STOCK, "50.00", name="Rope")
    items = [
        {"product_id": str(lamp), "quantity": 1, "unit_price": 10},
        {"product_id": str(rope), "quantity": 1, "unit_price": "50.00"},
        {"product_id": str(rope), "quantity": 1, "unit_price": "49.99"},
    ]
    error = refusal(shop, shop.buyer(), items, key())
    assert str(error).startswith('"Rope" costs 50.00 EUR, not 49.99'), "the lowest of what was seen counts"
    reprice(shop, rope, "1.00")
    reprice(shop, lamp, "10.01")
    error = refusal(shop, shop.buyer(), items, key(), expected_total="110.00")
    assert str(error).startswith('"Anchor lamp" costs 10.01 EUR, not 10')


def test_another_currency_is_refused_though_the_number_is_lower(shop: Shop) -> None:
    lamp = shop.product(STOCK, "10.00", currency="USD")
    error = refusal(shop, shop.buyer(), {lamp: 1}, key(), expected_total="10.00", expected_currency="EUR")
    assert (status_of(error), str(error).splitlines()[0]) == (409, "the order is in USD, not in EUR")


def test_a_repeated_order_is_returned_at_its_price_and_refused_at_a_lower(shop: Shop, lamp: uuid.UUID) -> None:
    buyer, mine = shop.buyer(), key()
    order = place(shop, buyer, {lamp: 1}, mine, expected_total=10)
    reprice(shop, lamp, "99.00")
    assert place(shop, buyer, {lamp: 1}, mine, expected_total=10) == order
    error = refusal(shop, buyer, {lamp: 1}, mine, expected_total="9.99")
    assert facts_of(error) == order, "it says which order there is"
    assert "show it, or cancel it" in str(error.diag.message_hint)


def test_purchase_takes_what_was_seen(shop: Shop, lamp: uuid.UUID) -> None:
    buyer = shop.buyer()
    with pytest.raises(psycopg.Error, match=r"the order costs 30\.00 EUR, not 20"):
        shop.call(buyer, "purchase", product_id=lamp, quantity=3, idempotency_key=key(), expected_total=20)
    seen = {"expected_total": 30, "expected_currency": "EUR"}
    assert shop.call(buyer, "purchase", product_id=lamp, quantity=3, idempotency_key=key(), **seen)["total"] == 30


@pytest.mark.parametrize("total", ["0", "-1", "NaN", "Infinity"])
def test_what_is_no_total_is_said_so(shop: Shop, lamp: uuid.UUID, total: str) -> None:
    error = refusal(shop, shop.buyer(), {lamp: 1}, key(), expected_total=total)
    assert (status_of(error), "above 0" in str(error)) == (422, True)


@pytest.mark.parametrize("price", [-1, 1e300, "NaN", "1e3", "ten", True, {}])
def test_what_is_no_price_is_said_so(shop: Shop, lamp: uuid.UUID, price: object) -> None:
    error = refusal(shop, shop.buyer(), [{"product_id": str(lamp), "quantity": 1, "unit_price": price}], key())
    assert (status_of(error), "unit_price, a decimal" in str(error)) == (422, True)
