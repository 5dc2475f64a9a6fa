"""Orders that nobody pays for do not hold their goods for ever."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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


def placed(shop: Shop, product: uuid.UUID, days: float, units: int = 1) -> str:
    """An order of so many days ago."""
    order = str(shop.place(shop.buyer(), {product: units}, str(uuid.uuid4()))["id"])
    shop.age(order, days)
    return order


def test_after_a_week_the_goods_are_on_sale_again(shop: Shop) -> None:
    lamp = shop.product(9)
    old, young = placed(shop, lamp, 7.1, 4), placed(shop, lamp, 6.9, 2)
    paid = shop.paid_order(shop.buyer(), {lamp: 1})
    shop.age(paid, 30)
    assert [shop.expire(), shop.expire()] == [1, 0]
    assert [shop.status(order) for order in (old, young, paid)] == ["cancelled", "pending", "paid"]
    assert shop.value("select reason from public.orders where id = %s", old) == "Not paid in time."
    assert (shop.stock(lamp), shop.held(lamp)) == (6, 3)


@pytest.mark.parametrize(("days", "expired"), [(0, 0), (30, 1), (0.5, 2), (None, 1)])
def test_how_long_is_a_setting(shop: Shop, days: float | None, expired: int) -> None:
    """The one who owns the database sets it; a worker that is at work follows."""
    lamp = shop.product(9)
    placed(shop, lamp, 1)
    placed(shop, lamp, 40)
    with shop.database.connect("tidegate_worker") as worker:
        shop.people.execute("update private.settings set unpaid_order_days = 0")
        assert worker.execute(EXPIRE).fetchone() == (0,)
        shop.people.execute("update private.settings set unpaid_order_days = %s", (days,))
        assert worker.execute(EXPIRE).fetchone() == (expired,)


@pytest.mark.parametrize("days", ["-1", "'NaN'", "1e9"])
def test_a_setting_that_makes_no_sense_is_refused(shop: Shop, days: str) -> None:
    with pytest.raises(errors.CheckViolation):
        shop.people.execute(f"update private.settings set unpaid_order_days = {days}".encode())


def test_what_the_provider_may_have_charged_is_left_to_what_it_says(shop: Shop) -> None:
    lamp = shop.product(9)
    asked = placed(shop, lamp, 10)
    with shop.database.connect("tidegate_worker") as worker:
        worker.execute("select private.claim_payments(1, 60)")
        other = placed(shop, lamp, 9)
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
    "what was noted of it": "delete from public.interactions where order_id = %(order)s",
}


@pytest.mark.parametrize("what", LOCKED)
def test_who_is_paying_cancelling_or_selling_goes_first(shop: Shop, what: str) -> None:
    """Nobody waits for anybody: what is locked is left to the next time, and keeps no other order."""
    lamp, rope = shop.product(9), shop.product(9)
    order, other = placed(shop, lamp, 10), placed(shop, rope, 9)
    assert shop.value("select count(*) from public.interactions where order_id = %s", order) == 1
    with shop.database.connect("supabase_admin") as holder, holder.transaction():
        holder.execute(LOCKED[what].encode(), {"order": order, "product": lamp})
        assert shop.expire() == 1
        assert (shop.status(order), shop.status(other)) == ("pending", "cancelled")
    assert shop.expire() == 1


def test_an_order_whose_product_is_gone_is_cancelled(shop: Shop) -> None:
    lamp, rope = shop.product(9), shop.product(9)
    order = str(shop.place(shop.buyer(), {lamp: 2, rope: 1}, str(uuid.uuid4()))["id"])
    shop.age(order, 10)
    shop.admin.execute("delete from public.products where id = %s", (rope,))
    assert shop.expire() == 1
    assert (shop.status(order), shop.stock(lamp)) == ("cancelled", 9)


def test_workers_at_once_return_nothing_twice(shop: Shop) -> None:
    lamp = shop.product(900)
    for _ in range(150):
        placed(shop, lamp, 10)
    with ThreadPoolExecutor(4) as workers:
        for _ in range(20):
            if not sum(workers.map(lambda _: shop.expire(), range(4))):
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
            lamp = shop.product(25)
            # More than a step takes, which comes once a minute when there is nothing to do.
            orders = [placed(shop, lamp, 10) for _ in range(25)]
            workshop.start_worker()
            wait_until(lambda: shop.stock(lamp) == 25, 20, "the goods being on sale again")
            assert {shop.status(order) for order in orders} == {"cancelled"}
