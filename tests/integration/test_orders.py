"""Orders by SQL: who may place, see and end them, what is refused in which words, and that nothing is done twice."""

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg import errors
from psycopg.types.json import Jsonb

from tests.support import Database, as_caller, wait_until
from tests.support.shop import Shop, facts_of, status_of
from tests.support.waiting import PATIENCE_S

UUID = str(uuid.uuid4())


@pytest.fixture(scope="module")
def shop(database: Database) -> Iterator[Shop]:
    with database.connect("supabase_admin") as admin, database.connect() as people:
        yield Shop(database, admin, people)


def refused(action: Callable[[], object]) -> psycopg.Error:
    """The refusal of `action`."""
    with pytest.raises(psycopg.Error) as raised:
        action()
    return raised.value


def key() -> str:
    return str(uuid.uuid4())


# Placing -------------------------------------------------------------------------------------------------------------


def test_an_order_has_the_prices_of_its_moment_and_takes_the_stock(shop: Shop) -> None:
    buyer, lamp, rope = shop.buyer(), shop.product(7, "19.99"), shop.product(40, "0.05", name="Rope")
    order = shop.place(buyer, {lamp: 2, rope: 3}, key())
    assert (order["status"], order["currency"], Decimal(str(order["total"]))) == ("pending", "EUR", Decimal("40.13"))
    lines = {line["product_id"]: line for line in order["items"]}
    assert lines[str(lamp)] | {"sku": ""} == {
        "product_id": str(lamp), "sku": "", "name": "Anchor lamp", "unit_price": 19.99, "quantity": 2,
    }  # fmt: skip
    assert (shop.stock(lamp), shop.stock(rope)) == (5, 37)
    assert shop.value("select private.order_json_by_id(%s)", order["id"]) == order, "it looks the same later"
    shop.admin.execute("update public.products set price = 99 where id = %s", (lamp,))
    assert shop.value("select total from public.orders where id = %s", order["id"]) == Decimal("40.13")


def test_a_shelf_that_is_full_to_the_brim_keeps_no_order_from_being_cancelled(shop: Shop) -> None:
    buyer, lamp = shop.buyer(), shop.product(2_147_483_647)
    order = shop.place(buyer, {lamp: 1}, key())
    shop.admin.execute("update public.products set stock = 2147483647 where id = %s", (lamp,))
    assert shop.call(buyer, "cancel_order", order_id=order["id"])["status"] == "cancelled"
    assert shop.stock(lamp) == 2_147_483_647


def test_whoever_loses_against_a_change_of_the_same_products_is_told_to_send_again(
    shop: Shop, database: Database
) -> None:
    """Staff change two products in another order than that of their ids: PostgreSQL ends the one who notices first."""
    first, second = sorted((shop.product(5), shop.product(5)))
    buyer, idempotency_key = shop.buyer(), key()
    raise_price = "update public.products set price = price + 1 where id = %s"

    def waits(connection: psycopg.Connection[Any]) -> bool:
        waiting = "select from pg_stat_activity where pid = %s and wait_event_type = 'Lock'"
        return shop.admin.execute(waiting, (connection.info.backend_pid,)).fetchone() is not None

    with (
        database.connect("supabase_admin") as staff,
        database.connect("supabase_admin") as other,
        ThreadPoolExecutor() as pool,
    ):
        staff.execute("set deadlock_timeout = '60s'")  # so that it is the order that notices
        with staff.transaction():
            staff.execute(raise_price, (second,))
            # The order looks once, a second after it has to wait for staff: they must be waiting by then.
            with other.transaction():
                other.execute(raise_price, (first,))
                placing = pool.submit(refused, lambda: shop.place(buyer, {first: 1, second: 1}, idempotency_key))
                wait_until(lambda: waits(shop.people), "the order waiting for the first product")
                changing = pool.submit(staff.execute, raise_price, (first,))
                wait_until(lambda: waits(staff), "staff waiting behind it")
            assert status_of(placing.result(PATIENCE_S)) == 503
            changing.result(PATIENCE_S)
    assert shop.place(buyer, {first: 1, second: 1}, idempotency_key)["status"] == "pending"
    assert (shop.stock(first), shop.stock(second)) == (4, 4)


def test_a_product_that_is_named_twice_is_one_line(shop: Shop) -> None:
    lamp = shop.product(7)
    twice = [{"product_id": str(lamp), "quantity": 2}, {"product_id": str(lamp).upper(), "quantity": 3}]
    order = shop.place(shop.buyer(), twice, key())
    assert [line["quantity"] for line in order["items"]] == [5]
    assert shop.stock(lamp) == 2


def test_purchase_is_an_order_of_one_product(shop: Shop) -> None:
    buyer, lamp = shop.buyer(), shop.product(7)
    order = shop.call(buyer, "purchase", product_id=lamp, idempotency_key="mine")
    assert [line["quantity"] for line in order["items"]] == [1]
    assert shop.place(buyer, {lamp: 1}, "mine") == order
    assert shop.stock(lamp) == 6


@pytest.mark.parametrize(
    ("items", "words"),
    [
        (None, "items must be a list"),
        ({"product_id": UUID}, "items must be a list"),
        ("lamp", "items must be a list"),
        ([], "1 to 100 entries, not 0"),
        ([{"product_id": UUID, "quantity": 1}] * 101, "1 to 100 entries, not 101"),
        ([UUID], "items[0] must have exactly"),
        ([None], "items[0] must have exactly"),
        ([{"product_id": UUID, "quantity": 1}, {"product_id": UUID}], "items[1] must have exactly"),
        ([{"quantity": 1}], "items[0] must have exactly"),
        ([{"product_id": UUID, "quantity": 1, "price": 0.01}], "items[0] must have exactly"),
        ([{"product_id": "lamp", "quantity": 1}], "items[0] must have exactly"),
        ([{"product_id": None, "quantity": 1}], "items[0] must have exactly"),
        ([{"product_id": UUID, "quantity": "1"}], "items[0] must have exactly"),
        ([{"product_id": UUID, "quantity": None}], "items[0] must have exactly"),
        ([{"product_id": UUID, "quantity": 0}], "items[0] must have exactly"),
        ([{"product_id": UUID, "quantity": -3}], "items[0] must have exactly"),
        ([{"product_id": UUID, "quantity": 1.5}], "items[0] must have exactly"),
        ([{"product_id": UUID, "quantity": 10001}], "items[0] must have exactly"),
        ([{"product_id": UUID, "quantity": 1e300}], "items[0] must have exactly"),
        ([{"product_id": UUID, "quantity": 6000}] * 2, f"more than 10000 of product {UUID}"),
    ],
)
def test_what_is_no_order_is_said_so(shop: Shop, items: object, words: str) -> None:
    buyer = shop.buyer()
    by_name = {"items": None if items is None else Jsonb(items), "idempotency_key": key()}
    error = refused(lambda: shop.call(buyer, "place_order", **by_name))
    assert status_of(error) == 422
    assert words in str(error)
    assert "product_id" in (error.diag.message_hint or "")


@pytest.mark.parametrize("wrong", [None, "", "x" * 256])
def test_an_order_needs_a_key(shop: Shop, wrong: str | None) -> None:
    buyer, lamp = shop.buyer(), shop.product(7)
    error = refused(lambda: shop.place(buyer, {lamp: 1}, wrong))
    assert (status_of(error), "1 to 255 characters" in str(error)) == (422, True)
    assert shop.place(buyer, {lamp: 1}, "é" * 255)["status"] == "pending"


def test_what_is_not_on_sale_is_named(shop: Shop) -> None:
    buyer, lamp, hidden = shop.buyer(), shop.product(7), shop.product(7, active=False)
    for missing in (hidden, uuid.uuid4()):
        error = refused(lambda missing=missing: shop.place(buyer, {lamp: 1, missing: 1}, key()))  # type: ignore[misc]
        assert (status_of(error), f"product {missing} is not on sale" in str(error)) == (404, True)
        error = refused(lambda missing=missing: shop.place(buyer, {lamp: 8, missing: 1}, key()))  # type: ignore[misc]
        assert status_of(error) == 404, "though there are too few lamps as well"
    assert shop.stock(lamp) == 7


def test_an_order_has_one_currency(shop: Shop) -> None:
    buyer, lamp, foreign = shop.buyer(), shop.product(7), shop.product(7, currency="USD")
    error = refused(lambda: shop.place(buyer, {lamp: 1, foreign: 1}, key()))
    assert (status_of(error), "not EUR and USD" in str(error)) == (422, True)


def test_a_total_beyond_the_books_is_refused(shop: Shop) -> None:
    """Which staff alone come near to: others may not hold so much."""
    ship = shop.product(10_000, "9999999999.99")
    assert status_of(refused(lambda: shop.place(shop.staff, {ship: 10_000}, key()))) == 422
    assert shop.place(shop.staff, {ship: 100}, key())["total"] == pytest.approx(999_999_999_999)


def test_too_little_stock_names_the_product_and_what_is_left(shop: Shop) -> None:
    buyer, lamp, rope = shop.buyer(), shop.product(3), shop.product(9)
    error = refused(lambda: shop.place(buyer, {lamp: 4, rope: 1}, "mine"))
    assert status_of(error) == 409
    assert 'not enough of "Anchor lamp": 4 wanted, 3 left' in str(error)
    assert facts_of(error) == {"product_id": str(lamp), "name": "Anchor lamp", "requested": 4, "available": 3}
    assert (shop.stock(lamp), shop.stock(rope)) == (3, 9)
    assert shop.place(buyer, {lamp: 3, rope: 1}, "mine")["status"] == "pending", "the key was not used up"
    assert '"Anchor lamp" is out of stock' in str(refused(lambda: shop.place(buyer, {lamp: 1}, key())))


# Once --------------------------------------------------------------------------------------------------------------


def test_the_same_key_gives_the_same_answer_whatever_happened_since(shop: Shop) -> None:
    buyer, lamp, rope = shop.buyer(), shop.product(7), shop.product(7)
    order = shop.place(buyer, {lamp: 1, rope: 2}, "mine")
    shop.call(buyer, "cancel_order", order_id=order["id"])
    shop.admin.execute("update public.products set price = 5, name = 'New', is_active = false where id = %s", (lamp,))
    shop.admin.execute("delete from public.products where id = %s", (rope,))
    assert shop.place(buyer, {rope: 2, lamp: 1}, "mine") == order, "in another order of lines as well"
    assert shop.value("select count(*) from public.orders where buyer_id = %s", buyer) == 1


def test_a_key_is_its_buyers_own(shop: Shop) -> None:
    lamp = shop.product(7)
    assert shop.place(shop.buyer(), {lamp: 1}, "mine")["id"] != shop.place(shop.buyer(), {lamp: 1}, "mine")["id"]


def test_the_same_key_for_another_order_is_a_conflict(shop: Shop) -> None:
    buyer, lamp = shop.buyer(), shop.product(7)
    order = shop.place(buyer, {lamp: 1}, "mine")
    error = refused(lambda: shop.place(buyer, {lamp: 2}, "mine"))
    assert (status_of(error), facts_of(error)) == (409, {"order_id": order["id"]})
    assert shop.stock(lamp) == 6


def test_a_second_request_with_the_key_waits_for_the_first(shop: Shop) -> None:
    buyer, lamp = shop.buyer(), shop.product(50)

    def place(connection: psycopg.Connection[Any]) -> Any:
        with as_caller(connection, buyer):
            row = connection.execute("select public.purchase(%s, 1, 'mine')", (lamp,)).fetchone()
        assert row is not None
        return row[0]

    waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    with ExitStack() as open_connections, ThreadPoolExecutor(8) as pool:
        first, *connections = [open_connections.enter_context(shop.database.connect()) for _ in range(9)]
        with as_caller(first, buyer):
            answer = first.execute("select public.purchase(%s, 1, 'mine')", (lamp,)).fetchone()
            others = [pool.submit(place, connection) for connection in connections]
            wait_until(lambda: shop.value(waiting) == 8, "all waiting for the first")
        assert answer is not None
        assert [other.result() for other in others] == [answer[0]] * 8
    assert shop.stock(lamp) == 49


# Who -----------------------------------------------------------------------------------------------------------------


def test_nobody_orders_without_an_account(shop: Shop) -> None:
    lamp = shop.product(7)
    with pytest.raises(errors.InsufficientPrivilege):
        shop.place(None, {lamp: 1}, key())
    assert status_of(refused(lambda: shop.place(uuid.uuid4(), {lamp: 1}, key()))) == 401


def test_buyers_see_their_orders_and_staff_all(shop: Shop) -> None:
    buyer, other, lamp = shop.buyer(), shop.buyer(), shop.product(7)
    order = shop.place(buyer, {lamp: 1}, key())["id"]
    seen = "select count(*) from public.orders o join public.order_items i on i.order_id = o.id where o.id = %s"
    for person, count in ((buyer, 1), (other, 0), (shop.staff, 1)):
        with as_caller(shop.people, person, {"staff": person == shop.staff}):
            assert shop.people.execute(seen, (order,)).fetchone() == (count,)


@pytest.mark.parametrize(
    "statement",
    [
        "insert into public.orders (currency, total) values ('EUR', 1)",
        "update public.orders set total = 1",
        "delete from public.orders",
        "insert into public.order_items (order_id, position, sku, name, unit_price, quantity)"
        " values (gen_random_uuid(), 1, 'A', 'A', 1, 1)",
        "update public.order_items set quantity = 1",
        "delete from public.order_items",
        "select * from private.payment_jobs",
        "select * from private.order_requests",
    ],
)
def test_nobody_writes_rows_directly(shop: Shop, statement: str) -> None:
    for person in (None, shop.buyer(), shop.staff):
        with (
            as_caller(shop.people, person, {"staff": person == shop.staff}, commit=False),
            pytest.raises(errors.InsufficientPrivilege),
        ):
            shop.people.execute(statement.encode())


# What becomes of it ----------------------------------------------------------------------------------------------


def test_a_pending_order_is_cancelled_once(shop: Shop) -> None:
    buyer, lamp = shop.buyer(), shop.product(7)
    order = shop.place(buyer, {lamp: 3}, key())["id"]
    cancelled = shop.call(buyer, "cancel_order", order_id=order)
    assert (cancelled["status"], cancelled["reason"], shop.stock(lamp)) == ("cancelled", "Cancelled.", 7)
    assert shop.call(buyer, "cancel_order", order_id=order) == cancelled
    assert shop.stock(lamp) == 7


def test_an_order_is_cancelled_by_its_buyer_or_staff(shop: Shop) -> None:
    lamp = shop.product(7)
    order = shop.place(shop.buyer(), {lamp: 3}, key())["id"]
    stranger = shop.buyer()
    assert status_of(refused(lambda: shop.call(stranger, "cancel_order", order_id=order))) == 404
    assert shop.status(order) == "pending"
    assert shop.call(shop.staff, "cancel_order", order_id=order)["status"] == "cancelled"


def test_what_was_shipped_is_not_cancelled_and_its_goods_stay_away(shop: Shop) -> None:
    buyer, lamp = shop.buyer(), shop.product(7)
    order = shop.paid_order(buyer, {lamp: 2})
    assert shop.call(shop.staff, "ship_order", order_id=order)["status"] == "shipped"
    assert shop.call(shop.staff, "ship_order", order_id=order)["status"] == "shipped"
    assert status_of(refused(lambda: shop.call(buyer, "cancel_order", order_id=order))) == 409
    assert shop.call(shop.staff, "refund_order", order_id=order)["status"] == "refunded"
    assert (shop.stock(lamp), shop.held(lamp)) == (5, 2)


def test_what_was_paid_by_hand_is_refunded_by_hand(shop: Shop) -> None:
    buyer, lamp = shop.buyer(), shop.product(7)
    order = shop.paid_order(buyer, {lamp: 2})
    withdrawn = shop.call(buyer, "cancel_order", order_id=order)
    assert (withdrawn["status"], withdrawn["withdrawn_at"] is None) == ("paid", False)
    assert status_of(refused(lambda: shop.call(shop.staff, "ship_order", order_id=order))) == 409
    assert shop.call(shop.staff, "refund_order", order_id=order)["status"] == "refunded"
    assert shop.stock(lamp) == 7


@pytest.mark.parametrize("function", ["ship_order", "refund_order", "mark_paid", "mark_refunded", "retry_payment"])
def test_only_staff_serve_the_shop(shop: Shop, function: Any) -> None:
    buyer = shop.buyer()
    order = shop.paid_order(buyer, {shop.product(7): 1})
    assert status_of(refused(lambda: shop.call(buyer, function, order_id=order))) == 403
    assert status_of(refused(lambda: shop.call(buyer, "failed_payments"))) == 403
    with pytest.raises(errors.InsufficientPrivilege):
        shop.call(None, function, order_id=order)


STATES = ("pending", "paid", "shipped", "cancelled", "refunded")
ALLOWED = {
    ("pending", "paid"), ("pending", "cancelled"), ("paid", "shipped"), ("paid", "refunded"), ("shipped", "refunded"),
}  # fmt: skip
WAYS = {
    "pending": (), "paid": ("paid",), "shipped": ("paid", "shipped"), "cancelled": ("cancelled",),
    "refunded": ("paid", "refunded"),
}  # fmt: skip


@pytest.mark.parametrize("role", ["postgres", "service_role", "supabase_admin"])
def test_the_database_holds_every_role_to_the_order_of_states(shop: Shop, role: str) -> None:
    order = shop.place(shop.buyer(), {shop.product(7): 1}, key())["id"]
    to = "update public.orders set status = %s where id = %s"
    with shop.admin.transaction(force_rollback=True):
        shop.admin.execute("grant update on public.orders to service_role")
        shop.admin.execute("select set_config('role', %s, true)", (role,))
        for old in STATES:
            for new in STATES:
                with shop.admin.transaction(force_rollback=True):
                    for step in WAYS[old]:
                        shop.admin.execute(to, (step, order))
                    if old == new or (old, new) in ALLOWED:
                        assert shop.admin.execute(to, (new, order)).rowcount == 1
                    else:
                        error = refused(lambda new=new: shop.admin.execute(to, (new, order)))  # type: ignore[misc]
                        assert (status_of(error), f"{old} cannot become {new}" in str(error)) == (409, True)


def test_the_books_are_not_rewritten(shop: Shop) -> None:
    order = shop.place(shop.buyer(), {shop.product(7): 1}, key())["id"]
    for statement in (
        "update public.orders set total = 1 where id = %s",
        "update public.orders set buyer_id = (select id from auth.users limit 1) where id = %s",
        "update public.order_items set unit_price = 1 where order_id = %s",
        "update public.order_items set quantity = 5 where order_id = %s",
    ):
        with pytest.raises(errors.InsufficientPrivilege):
            shop.admin.execute(statement.encode(), (order,))
    insert = "insert into public.orders (status, currency, total) values ('paid', 'EUR', 1)"
    assert "begins as pending" in str(refused(lambda: shop.admin.execute(insert.encode())))


def test_a_closed_account_leaves_what_was_paid_and_nothing_else(shop: Shop) -> None:
    buyer, lamp = shop.buyer(), shop.product(9)
    paid, pending = shop.paid_order(buyer, {lamp: 2}), shop.place(buyer, {lamp: 3}, key())["id"]
    shop.admin.execute("delete from auth.users where id = %s", (buyer,))
    assert (shop.status(paid), shop.status(pending), shop.stock(lamp)) == ("paid", "cancelled", 7)
    traces = "select count(*) from private.payment_jobs where customer_id = %s"
    assert shop.value(traces, buyer) == 0
    assert shop.value("select count(*) from private.order_requests where buyer_id = %s", buyer) == 0
    with as_caller(shop.people, shop.staff, {"staff": True}):
        seen = shop.people.execute("select status from public.orders where buyer_id is null").fetchall()
    assert sorted(seen) == [("cancelled",), ("paid",)]
    assert shop.call(shop.staff, "ship_order", order_id=paid)["status"] == "shipped"


def test_a_deleted_product_stays_in_the_books(shop: Shop) -> None:
    buyer, lamp, rope = shop.buyer(), shop.product(9), shop.product(9)
    order = shop.place(buyer, {lamp: 2, rope: 1}, key())["id"]
    shop.admin.execute("delete from public.products where id = %s", (lamp,))
    cancelled = shop.call(buyer, "cancel_order", order_id=order)
    assert sorted(line["product_id"] or "" for line in cancelled["items"]) == ["", str(rope)]
    assert shop.stock(rope) == 9
