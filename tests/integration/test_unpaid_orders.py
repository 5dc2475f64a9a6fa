"""Orders that nobody pays for do not hold their goods for ever."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from psycopg import errors

from tests.support import Database, ScratchCluster, as_caller
from tests.support.shop import Shop
from tests.support.waiting import wait_until
from tests.support.workshop import open_workshop

EXPIRE = "select private.expire_orders(100)"


@pytest.fixture
def shop(cluster: ScratchCluster) -> Iterator[Shop]:
    """Its orders are the only ones."""
    database = cluster.clone("unpaid")
    with database.connect("supabase_admin") as admin, database.connect() as people:
        yield Shop(database, admin, people)
    cluster.drop(database)


def placed(shop: Shop, product: uuid.UUID, minutes: float, units: int = 1) -> str:
    """An order of so many minutes ago."""
    order = str(shop.place(shop.buyer(), {product: units}, str(uuid.uuid4()))["id"])
    shop.age(order, minutes)
    return order


def test_after_half_an_hour_the_goods_are_on_sale_again(shop: Shop) -> None:
    lamp = shop.product(9)
    old, young = placed(shop, lamp, 30.5, 4), placed(shop, lamp, 29, 2)
    paid = shop.paid_order(shop.buyer(), {lamp: 1})
    shop.age(paid, 60)
    assert [shop.expire(), shop.expire()] == [1, 0]
    assert [shop.status(order) for order in (old, young, paid)] == ["cancelled", "pending", "paid"]
    assert shop.value("select reason from public.orders where id = %s", old) == "Not paid in time."
    assert (shop.stock(lamp), shop.held(lamp)) == (6, 3)


@pytest.mark.parametrize(("minutes", "expired"), [(0, 0), (120, 1), (2, 2), (0.5, 3), (None, 2)])
def test_how_long_is_a_setting(shop: Shop, minutes: float | None, expired: int) -> None:
    """The one who owns the database sets it; a worker that is at work follows."""
    lamp = shop.product(9)
    for age in (1, 60, 150):
        placed(shop, lamp, age)
    with shop.database.connect("tidegate_worker") as worker:
        shop.people.execute("update private.settings set unpaid_order_minutes = 0")
        assert worker.execute(EXPIRE).fetchone() == (0,)
        shop.people.execute("update private.settings set unpaid_order_minutes = %s", (minutes,))
        assert worker.execute(EXPIRE).fetchone() == (expired,)


@pytest.mark.parametrize("minutes", ["-1", "'NaN'", "'Infinity'", "1e9"])
def test_a_setting_that_makes_no_sense_is_refused(shop: Shop, minutes: str) -> None:
    with pytest.raises(errors.CheckViolation):
        shop.people.execute(f"update private.settings set unpaid_order_minutes = {minutes}".encode())


def test_buyers_see_until_when_they_may_pay(shop: Shop) -> None:
    """In the answer, and as a computed column; staff too, a stranger not."""
    buyer, lamp = shop.buyer(), shop.product(9)
    order = shop.place(buyer, {lamp: 1}, "mine")
    expires_at = datetime.fromisoformat(order["expires_at"])
    assert expires_at - datetime.fromisoformat(order["created_at"]) == timedelta(minutes=30)

    def seen(person: uuid.UUID, *, staff: bool = False) -> object:
        with as_caller(shop.people, person, {"staff": staff}) as connection:
            query = "select o.expires_at from public.orders o where o.id = %s"
            row = connection.execute(query, (order["id"],)).fetchone()
        return row and row[0]

    assert seen(buyer) == seen(shop.staff, staff=True) == expires_at
    assert seen(shop.buyer()) is None
    shop.people.execute("update private.settings set unpaid_order_minutes = 5")
    assert seen(buyer) == expires_at - timedelta(minutes=25)
    shop.people.execute("update private.settings set unpaid_order_minutes = 0")
    assert seen(buyer) is None, "for ever"
    shop.people.execute("update private.settings set unpaid_order_minutes = null")
    assert shop.place(buyer, {lamp: 1}, "mine") == order, "the same answer to the letter"
    assert shop.call(shop.staff, "mark_paid", order_id=order["id"])["expires_at"] is None
    assert seen(buyer) is None


def test_nobody_but_people_computes_it(shop: Shop) -> None:
    with as_caller(shop.people, None) as visitor, pytest.raises(errors.InsufficientPrivilege):
        visitor.execute("select public.expires_at(null::public.orders)")


def test_what_the_provider_may_have_charged_is_left_to_what_it_says(shop: Shop) -> None:
    lamp = shop.product(9)
    asked = placed(shop, lamp, 100)
    with shop.database.connect("tidegate_worker") as worker:
        worker.execute("select private.claim_payments(1, 60)")
        other = placed(shop, lamp, 90)
        assert [shop.expire(), shop.expire()] == [1, 0]
        assert (shop.status(asked), shop.status(other), shop.stock(lamp)) == ("pending", "cancelled", 8)
        assert worker.execute(
            "select private.settle_payment(%s, 'charge', true, 'ch_1', null)", (asked,)
        ).fetchone() == (True,)
    assert shop.status(asked) == "paid"
    assert shop.value("select withdrawn_at from public.orders where id = %s", asked) is None


LOCKED = {
    "the order": "select id from public.orders where id = %(order)s for update",
    "its payment": "select order_id from private.payment_jobs where order_id = %(order)s for update",
    "its goods": "select id from public.products where id = %(product)s for update",
}


@pytest.mark.parametrize("what", LOCKED)
def test_who_is_paying_cancelling_or_selling_goes_first(shop: Shop, what: str) -> None:
    """Nobody waits for anybody: what is locked is left to the next time, and keeps no other order."""
    lamp, rope = shop.product(90), shop.product(9)
    order, other = placed(shop, lamp, 100), placed(shop, rope, 90)
    with shop.database.connect("supabase_admin") as holder, holder.transaction():
        holder.execute(LOCKED[what].encode(), {"order": order, "product": lamp})
        # Not even where the oldest, more than a step takes, are all kept back.
        assert shop.expire(1) == 1
        assert (shop.status(order), shop.status(other)) == ("pending", "cancelled")
        assert shop.expire() == 0
    assert shop.expire() == 1


def test_an_order_whose_product_is_gone_is_cancelled(shop: Shop) -> None:
    lamp, rope = shop.product(9), shop.product(9)
    order = str(shop.place(shop.buyer(), {lamp: 2, rope: 1}, str(uuid.uuid4()))["id"])
    shop.age(order, 31)
    shop.admin.execute("delete from public.products where id = %s", (rope,))
    assert shop.expire() == 1
    assert (shop.status(order), shop.stock(lamp)) == ("cancelled", 9)


def test_an_order_of_which_nothing_is_left_is_cancelled(shop: Shop) -> None:
    """It stayed pending for ever unless an order of something else was due at the same time."""
    lamp = shop.product(9)
    order = placed(shop, lamp, 31)
    shop.admin.execute("delete from public.products where id = %s", (lamp,))
    assert shop.expire() == 1
    assert shop.status(order) == "cancelled"


def test_workers_at_once_return_nothing_twice(shop: Shop) -> None:
    lamp = shop.product(900)
    for _ in range(150):
        placed(shop, lamp, 31)
    with ThreadPoolExecutor(4) as workers:
        for _ in range(50):
            if not sum(workers.map(lambda _: shop.expire(20), range(4))):
                break
    assert (shop.stock(lamp), shop.held(lamp)) == (900, 0)


@pytest.mark.parametrize("person", ["nobody", "buyer", "staff"])
def test_only_the_worker_may_do_it(shop: Shop, person: str) -> None:
    who = {"nobody": None, "buyer": shop.buyer(), "staff": shop.staff}[person]
    with as_caller(shop.people, who, {"staff": person == "staff"}), pytest.raises(errors.InsufficientPrivilege):
        shop.people.execute("select private.expire_orders(1)")
    with shop.database.connect("tidegate_gateway") as gateway, pytest.raises(errors.InsufficientPrivilege):
        gateway.execute("select private.expire_orders(1)")


def test_a_worker_does_it_by_itself(cluster: ScratchCluster, logs: Path) -> None:
    with open_workshop(cluster, logs) as workshop:
        database = Database(workshop.writer.info.dbname, workshop.writer.info.port)
        with database.connect("supabase_admin") as admin:
            shop = Shop(database, admin, workshop.writer)
            lamp = shop.product(9000)
            # Many steps' worth, and one that comes due while the worker is at work.
            plant(shop, lamp, 1500)
            workshop.start_worker()
            wait_until(lambda: shop.stock(lamp) == 9000, "the goods being on sale again")
            assert shop.held(lamp) == 0
            order = str(shop.place(shop.buyer(), {lamp: 7}, "late")["id"])
            assert shop.stock(lamp) == 8993
            shop.age(order, 29.95)
            wait_until(lambda: shop.stock(lamp) == 9000, "the last order's goods being on sale again")


def plant(shop: Shop, product: uuid.UUID, orders: int) -> None:
    """So many unpaid orders of yesterday, of one unit each, with their charge, as place_order writes them."""
    shop.admin.execute(PLANT, {"buyer": shop.buyer(), "product": product, "orders": orders})


PLANT = """
    with o as (
      insert into public.orders (buyer_id, currency, total, created_at)
      select %(buyer)s, 'EUR', 1, now() - interval '1 day' from generate_series(1, %(orders)s) returning id
    ), j as (
      insert into private.payment_jobs (order_id, kind, amount, currency) select o.id, 'charge', 1, 'EUR' from o
    ), i as (
      insert into public.order_items (order_id, position, product_id, sku, name, unit_price, quantity)
      select o.id, 1, %(product)s, 'A', 'A', 1, 1 from o
    )
    update public.products set stock = stock - %(orders)s where id = %(product)s"""
