"""Events of the payment provider: each counts once, in any order, and what cannot be settled is kept for staff."""

import hashlib
import hmac
import itertools
import json
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import psycopg
import pytest
from psycopg.rows import dict_row

from tests.support import Database, as_caller
from tests.support.shop import Shop
from tests.support.stack import Stack

STOCK = 5
SECRETS = ("whsec_the_new_secret", "whsec_the_old_secret")
Json = dict[str, Any]


@pytest.fixture
def shop(database: Database) -> Iterator[Shop]:
    with database.connect("supabase_admin") as admin, database.connect() as people:
        yield Shop(database, admin, people)


@pytest.fixture
def product(shop: Shop) -> uuid.UUID:
    return shop.product(STOCK)


@pytest.fixture
def order(shop: Shop, product: uuid.UUID) -> str:
    """One unit for 19.99 EUR, of which the provider has heard."""
    order = str(shop.place(shop.buyer(), {product: 1}, str(uuid.uuid4()))["id"])
    shop.admin.execute("update private.payment_jobs set is_sent = true where order_id = %s", (order,))
    return order


def event(type_: str, order: str | None, **data: object) -> Json:
    return {"id": f"evt_{uuid.uuid4().hex}", "type": type_, "data": {"order_id": order, "id": "ch_1", **data}}


def tell(shop: Shop, told: Json) -> str:
    """What becomes of an event that the function hands on."""
    return tell_on(shop.people, told)


def tell_on(connection: psycopg.Connection[Any], told: Json) -> str:
    """The same on another connection."""
    with connection.transaction():
        connection.execute(
            "select set_config('role', 'service_role', true), set_config('request.jwt.claims', %s, true)",
            (json.dumps({"role": "service_role"}),),
        )
        row = connection.execute("select public.receive_payment_event(%s)", (json.dumps(told),)).fetchone()
    assert row is not None
    return str(row[0]["outcome"])


def to_review(shop: Shop) -> list[Json]:
    """What staff have to look at."""
    with as_caller(shop.people, shop.staff, {"staff": True}) as staff, staff.cursor(row_factory=dict_row) as cursor:
        return cursor.execute("select * from public.payment_events_to_review()").fetchall()


def jobs(shop: Shop, order: str) -> list[tuple[Any, ...]]:
    statement = "select kind, outcome, reference from private.payment_jobs where order_id = %s order by kind"
    return shop.admin.execute(statement, (order,)).fetchall()


def test_a_charge_that_succeeds_pays_the_order_once(shop: Shop, order: str) -> None:
    told = event("charge.succeeded", order, id=7, amount="19.99", currency="EUR")
    assert [tell(shop, told), tell(shop, told)] == ["settled", "known"]
    assert tell(shop, event("charge.succeeded", order)) == "known"
    assert shop.status(order) == "paid"
    assert jobs(shop, order) == [("charge", "succeeded", "7")]
    kept = shop.admin.execute(
        "select outcome, body from private.payment_events where order_id = %s", (order,)
    ).fetchall()
    assert sorted(kept) == [("known", None), ("settled", None)]


def test_a_charge_that_is_declined_cancels_the_order_in_plain_words(shop: Shop, order: str, product: uuid.UUID) -> None:
    assert tell(shop, event("charge.declined", order, reason=" No\nmoney\x1b[31m ")) == "settled"
    assert (shop.status(order), shop.stock(product)) == ("cancelled", STOCK)
    assert shop.value("select reason from public.orders where id = %s", order) == "No money [31m"


def test_events_of_a_refund_end_alike_in_any_order(shop: Shop) -> None:
    types = ("charge.succeeded", "charge.declined", "refund.succeeded", "refund.succeeded")
    for types_in_order in sorted(set(itertools.permutations(types))):
        product = shop.product(STOCK)
        order = str(shop.place(shop.buyer(), {product: 1}, str(uuid.uuid4()))["id"])
        for type_ in types_in_order:
            tell(shop, event(type_, order, amount="19.99"))
        ends = (
            "cancelled"
            if types_in_order.index("charge.declined") < types_in_order.index("charge.succeeded")
            else "refunded"
        )
        assert (shop.status(order), shop.stock(product)) == (ends, STOCK), types_in_order
        assert [job[:2] for job in jobs(shop, order)] == [("charge", "succeeded"), ("refund", "succeeded")], (
            types_in_order
        )
    assert to_review(shop) == []


def test_a_refund_waits_for_the_charge_that_the_worker_settles(shop: Shop, order: str, product: uuid.UUID) -> None:
    assert tell(shop, event("refund.succeeded", order, amount="19.99", currency="EUR")) == "waiting"
    assert [each["outcome"] for each in to_review(shop)] == ["waiting"]
    shop.admin.execute("select private.settle_payment(%s, 'charge', true, 'ch_1', null)", (order,))
    assert (shop.status(order), shop.stock(product)) == ("refunded", STOCK)
    assert shop.value("select reason from public.orders where id = %s", order) == "Refunded by the shop."
    assert to_review(shop) == []


def test_money_that_arrives_after_it_was_declined_goes_back(shop: Shop, order: str) -> None:
    assert tell(shop, event("charge.declined", order)) == "settled"
    assert tell(shop, event("charge.succeeded", order)) == "settled"
    assert shop.status(order) == "cancelled"
    assert jobs(shop, order) == [("charge", "succeeded", "ch_1"), ("refund", None, None)]


def test_a_refund_that_is_declined_is_for_staff(shop: Shop, order: str) -> None:
    tell(shop, event("charge.succeeded", order))
    shop.call(shop.staff, "refund_order", order_id=order)
    assert tell(shop, event("refund.declined", order, reason="The account is closed.")) == "settled"
    assert shop.value(
        "select last_error from private.payment_jobs where order_id = %s and failed_at is not null", order
    ) == ("The account is closed.")
    assert tell(shop, event("refund.succeeded", order)) == "settled"
    assert shop.status(order) == "refunded"


def test_what_cannot_be_settled_is_kept_for_staff_until_they_close_it(shop: Shop, order: str) -> None:
    kept = {
        "What it says is not known here.": event("payout.paid", order),
        "A dispute: answer it at the provider.": event("dispute.opened", order, amount="5.00"),
        "It names no order for which money was to be charged.": event("charge.succeeded", str(uuid.uuid4())),
        "It is about 1999 EUR, not about 19.99 EUR.": event("charge.succeeded", order, amount=1999, currency="EUR"),
        "It is about 19.99 USD, not about 19.99 EUR.": event("charge.succeeded", order, amount="19.99", currency="USD"),
        "It is about free, not about 19.99 EUR.": event("charge.succeeded", order, amount="free"),
    }
    for told in kept.values():
        assert [tell(shop, told), tell(shop, told)] == ["review", "known"]
    assert tell(shop, {"id": "evt_bare", "type": "x"}) == "review"
    assert shop.status(order) == "pending"
    assert {each["note"]: each["body"] for each in to_review(shop)[:-1]} == kept
    with pytest.raises(psycopg.Error, match="only staff may do this"):
        shop.call(shop.buyer(), "close_payment_event", event_id="evt_bare")
    for each in to_review(shop):
        shop.call(shop.staff, "close_payment_event", event_id=each["id"])
    assert to_review(shop) == []
    assert shop.value("select count(*) from private.payment_events where body is not null") == 0


def test_money_that_nobody_asked_to_give_back_must_be_counted(shop: Shop, order: str) -> None:
    tell(shop, event("charge.succeeded", order))
    assert tell(shop, event("refund.succeeded", order)) == "review"
    assert tell(shop, event("refund.succeeded", order, amount="5.00")) == "review"
    assert shop.status(order) == "paid"
    for each in to_review(shop):
        shop.call(shop.staff, "close_payment_event", event_id=each["id"])


def test_one_event_told_by_many_at_once_counts_once(shop: Shop, order: str, database: Database) -> None:
    told = event("charge.succeeded", order)

    def once(_number: int) -> str:
        with database.connect() as people:
            return tell_on(people, told)

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(once, range(8)))
    assert sorted(outcomes) == ["known"] * 7 + ["settled"]


def test_nobody_but_the_function_tells_of_payments(shop: Shop, order: str) -> None:
    for person in (shop.staff, shop.buyer(), None):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            shop.call(person, "receive_payment_event", event=json.dumps(event("charge.succeeded", order)))


def test_a_signed_event_arrives_through_the_function(shop: Shop, order: str, stack: Stack) -> None:
    stack.start_api(PAYMENT_WEBHOOK_SECRETS=",".join(SECRETS))
    body = json.dumps(event("charge.succeeded", order, amount="19.99")).encode()
    assert send(stack, body, "whsec_somebody_elses").status_code == 401
    assert shop.status(order) == "pending"
    answers = [send(stack, body, secret) for secret in (SECRETS[1], SECRETS[0])]
    assert [(answer.status_code, answer.json()) for answer in answers] == [
        (200, {"outcome": "settled"}),
        (200, {"outcome": "known"}),
    ]
    assert shop.status(order) == "paid"


def send(stack: Stack, body: bytes, secret: str) -> httpx2.Response:
    """Tell the webhook, signed."""
    at = str(int(time.time()))
    signature = hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "Payment-Signature": f"t={at},v1={signature}"}
    url = f"{stack.supabase_url}/functions/v1/payment-webhook"
    return httpx2.post(url, content=body, headers=headers, timeout=60, trust_env=False)
