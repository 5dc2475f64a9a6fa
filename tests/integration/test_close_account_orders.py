"""What becomes of orders, and of what people looked at, when an account is closed, deleted, or marked as deleted."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from tests.support import Database, as_caller, wait_until
from tests.support.shop import Shop, status_of
from tests.support.waiting import PATIENCE_S

DELETED = pytest.param("delete from auth.users where id = %s", id="deleted")
MARKED = pytest.param("update auth.users set deleted_at = now() where id = %s", id="marked as deleted")


@pytest.fixture
def shop(database: Database) -> Iterator[Shop]:
    with database.connect("supabase_admin") as admin, database.connect() as people:
        yield Shop(database, admin, people)


class Buyer:
    """Somebody with a pending order, a paid one, and something that they looked at."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.id = shop.buyer()
        self.lamp, self.rope = shop.product(10), shop.product(10)
        self.paid = shop.paid_order(self.id, {self.lamp: 2})
        self.pending = shop.place(self.id, {self.rope: 3}, "pending")["id"]
        with as_caller(shop.people, self.id) as connection:
            connection.execute("insert into public.interactions (product_id, kind) values (%s, 'view')", (self.lamp,))

    def assert_gone(self) -> None:
        """The books stand, and nothing says whose they were."""
        orders = self.shop.admin.execute(
            "select id::text, buyer_id, status, reason from public.orders where id in (%s, %s)",
            (self.paid, self.pending),
        ).fetchall()
        assert {row[0]: row[1:] for row in orders} == {
            self.paid: (None, "paid", None),
            self.pending: (None, "cancelled", "The account was closed."),
        }
        assert (self.shop.stock(self.lamp), self.shop.stock(self.rope)) == (8, 10)
        for query in (
            "select from public.interactions where user_id = %s",
            "select from private.order_requests where buyer_id = %s",
            "select from private.payment_jobs where customer_id = %s",
        ):
            assert self.shop.admin.execute(query.encode(), (self.id,)).fetchall() == [], query


def _counts(report: dict[str, Any], outcome: str) -> dict[str, int]:
    return {item["what"]: item["count"] for item in report[outcome]}


def test_closing_tells_of_orders(shop: Shop) -> None:
    buyer, other = Buyer(shop), Buyer(shop)
    report = shop.call(buyer.id, "close_account")
    assert _counts(report, "kept") == {"orders": 1, "orders not paid yet": 1}
    assert _counts(report, "removed") == {"profile": 1, "what you looked at, put into the cart and bought": 2}
    assert _counts(report, "anonymised") == {}
    buyer.assert_gone()
    # Nobody else's are touched, and staff still read those without a name.
    rows = shop.admin.execute("select status from public.orders where buyer_id = %s order by 1", (other.id,)).fetchall()
    assert rows == [("paid",), ("pending",)]
    with as_caller(shop.people, shop.staff, {"staff": True}) as staff:
        assert staff.execute("select from public.orders where id = %s", (buyer.paid,)).fetchone() is not None
    with as_caller(shop.people, other.id) as stranger:
        assert stranger.execute("select from public.orders where id = %s", (buyer.paid,)).fetchone() is None


@pytest.mark.parametrize("statement", [DELETED, MARKED])
def test_when_auth_deletes(shop: Shop, database: Database, statement: str) -> None:
    buyer = Buyer(shop)
    with database.connect("supabase_auth_admin") as auth:
        auth.execute(statement.encode(), (buyer.id,))
    buyer.assert_gone()


def test_an_account_that_is_marked_as_deleted_orders_nothing_more(shop: Shop) -> None:
    buyer = Buyer(shop)
    shop.admin.execute("update auth.users set deleted_at = now() where id = %s", (buyer.id,))
    with pytest.raises(psycopg.Error) as refused:
        shop.place(buyer.id, {buyer.lamp: 1}, "late")
    assert status_of(refused.value) == 401


@pytest.mark.parametrize("statement", [DELETED, MARKED])
def test_an_order_under_way_is_seen_by_whoever_closes_its_account(
    shop: Shop, database: Database, statement: str
) -> None:
    """Neither waits in a circle, and the order does not stay pending for ever."""
    buyer = Buyer(shop)
    with (
        database.connect() as ordering,
        database.connect("supabase_auth_admin") as auth,
        ThreadPoolExecutor() as pool,
    ):
        with as_caller(ordering, buyer.id):
            placed = ordering.execute("select public.purchase(%s, 1, 'now') ->> 'id'", (buyer.rope,)).fetchone()
            closing = pool.submit(auth.execute, statement.encode(), (buyer.id,))
            waiting = "select from pg_stat_activity where pid = %s and wait_event_type = 'Lock'"
            wait_until(lambda: shop.admin.execute(waiting, (auth.info.backend_pid,)).fetchone() is not None)
        closing.result(PATIENCE_S)
    row = shop.admin.execute("select status, buyer_id from public.orders where id = %s", placed).fetchone()
    assert row == ("cancelled", None)
    buyer.assert_gone()
