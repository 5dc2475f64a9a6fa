"""Workers that were suspended past their leases: what they say late neither loses a charge nor hides one."""

import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.support import Database
from tests.support.shop import Shop

CLAIM = "select order_id, attempts, tries, was_sent from private.claim_payments(1, 0)"
POSTPONE = "select private.postpone_payment(%s, 'charge', %s, 'no connection', 0, %s, false)"
SETTLE = "select private.settle_payment(%s, 'charge', true, %s, null)"
JOBS = (
    "select kind, outcome, reference, failed_at is not null from private.payment_jobs where order_id = %s order by kind"
)


@pytest.fixture
def shop(database: Database) -> Iterator[Shop]:
    with database.connect("supabase_admin") as admin, database.connect() as people:
        yield Shop(database, admin, people)


@pytest.fixture
def worker(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with database.connect("tidegate_worker") as connection:
        yield connection


@pytest.fixture
def order(shop: Shop) -> str:
    """The only one that is due."""
    shop.admin.execute("delete from private.payment_jobs")
    return str(shop.place(shop.buyer(), {shop.product(5): 1}, str(uuid.uuid4()))["id"])


def claim(worker: psycopg.Connection[Any]) -> tuple[int, int]:
    """The number of the attempt, and how many count."""
    row = worker.execute(CLAIM).fetchone()
    assert row is not None
    return row[1], row[2]


def buyer_of(shop: Shop, order: str) -> uuid.UUID:
    return uuid.UUID(str(shop.value("select buyer_id from public.orders where id = %s", order)))


def test_who_comes_too_late_does_not_give_back_what_another_has(
    shop: Shop, worker: psycopg.Connection[Any], order: str
) -> None:
    first = claim(worker)
    second = claim(worker)
    assert worker.execute(POSTPONE, (order, second[0], second[1])).fetchone() == (True,)  # given up
    shop.call(shop.staff, "retry_payment", order_id=order)
    third = claim(worker)
    assert third[0] > second[0] > first[0]
    assert third[1] == 1, "what staff replay begins anew"
    assert worker.execute(POSTPONE, (order, first[0], 5)).fetchone() == (False,)
    shop.call(buyer_of(shop, order), "cancel_order", order_id=order)
    assert shop.status(order) == "pending", "the third is at the provider"
    assert worker.execute(SETTLE, (order, "ch_3")).fetchone() == (True,)
    assert shop.admin.execute(JOBS, (order,)).fetchall() == [
        ("charge", "succeeded", "ch_3", False),
        ("refund", None, None, False),
    ]


def test_what_the_breaker_refused_does_not_count(worker: psycopg.Connection[Any], order: str) -> None:
    for number in range(1, 5):
        assert claim(worker) == (number, 1)
        worker.execute(POSTPONE, (order, number, None))


def test_money_that_came_for_a_cancelled_order_goes_back(
    shop: Shop, worker: psycopg.Connection[Any], order: str
) -> None:
    shop.call(buyer_of(shop, order), "cancel_order", order_id=order)
    assert worker.execute(SETTLE, (order, "ch_1")).fetchone() == (True,)
    assert worker.execute(SETTLE, (order, "ch_1")).fetchone() == (False,)
    assert shop.admin.execute(JOBS, (order,)).fetchall() == [
        ("charge", "succeeded", "ch_1", False),
        ("refund", None, None, False),
    ]
    assert shop.status(order) == "cancelled"


def test_a_refund_that_no_request_caused_is_of_the_trace_of_its_charge(
    shop: Shop, worker: psycopg.Connection[Any], order: str
) -> None:
    shop.admin.execute("update private.payment_jobs set traceparent = 'a trace' where order_id = %s", (order,))
    shop.call(buyer_of(shop, order), "cancel_order", order_id=order)
    worker.execute(SETTLE, (order, "ch_1"))
    row = shop.admin.execute("select kind, traceparent from private.payment_jobs where done_at is null")
    assert row.fetchall() == [("refund", "a trace")]


def test_money_that_came_beside_a_payment_by_hand_is_for_staff_to_see(
    shop: Shop, worker: psycopg.Connection[Any], order: str
) -> None:
    shop.call(shop.staff, "mark_paid", order_id=order)
    assert worker.execute(SETTLE, (order, "ch_1")).fetchone() == (True,)
    assert worker.execute(SETTLE, (order, "ch_1")).fetchone() == (False,)
    assert shop.admin.execute(JOBS, (order,)).fetchall() == [("charge", "by hand", "ch_1", True)]
    assert shop.status(order) == "paid"


def test_a_payment_that_is_done_after_its_account_was_closed_has_no_name(
    shop: Shop, worker: psycopg.Connection[Any], order: str
) -> None:
    attempt, _ = claim(worker)
    shop.admin.execute("update private.payment_jobs set traceparent = 'a trace' where order_id = %s", (order,))
    shop.call(buyer_of(shop, order), "close_account")
    worker.execute(POSTPONE, (order, attempt, None))
    row = shop.admin.execute(
        "select outcome, customer_id, traceparent from private.payment_jobs where order_id = %s", (order,)
    )
    assert row.fetchall() == [("never sent", None, None)]
    assert shop.status(order) == "cancelled"
