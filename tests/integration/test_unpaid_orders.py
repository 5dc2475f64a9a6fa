"""Orders that nobody pays for do not hold their goods for ever."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg import errors

from tests.support import Database, ScratchCluster, as_caller
from tests.support.shop import Shop
from tests.support.waiting import wait_until
from tests.support.workshop import open_workshop


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


@pytest.mark.parametrize(("days", "expired"), [("0", 0), ("30", 1), ("0.5", 2), ("", 1)])
def test_how_long_is_a_setting(shop: Shop, days: str, expired: int) -> None:
    lamp = shop.product(9)
    placed(shop, lamp, 1)
    placed(shop, lamp, 40)
    shop.admin.execute(f"alter database {shop.database.name} set tidegate.unpaid_order_days = '{days}'".encode())
    assert shop.expire() == expired


def test_what_the_provider_may_have_charged_is_decided_by_what_it_says(shop: Shop) -> None:
    lamp = shop.product(9)
    asked = placed(shop, lamp, 10)
    with shop.database.connect("tidegate_worker") as worker:
        worker.execute("select private.claim_payments(1, 60)")
        assert [shop.expire(), shop.expire()] == [1, 0]
        assert (shop.status(asked), shop.stock(lamp)) == ("pending", 8)
        assert shop.value("select withdrawn_at is not null from public.orders where id = %s", asked)
        worker.execute("select private.settle_payment(%s, 'charge', true, 'ch_1', null)", (asked,))
    kinds = "select array_agg(kind order by kind) from private.payment_jobs where order_id = %s and done_at is null"
    assert shop.value(kinds, asked) == ["refund"]


def test_who_is_paying_or_cancelling_goes_first(shop: Shop) -> None:
    """Nobody waits for anybody: what is locked is left to the next time."""
    lamp = shop.product(9)
    order = placed(shop, lamp, 10)
    with shop.database.connect("supabase_admin") as other, other.transaction():
        other.execute("select id from public.orders where id = %s for update", (order,))
        assert shop.expire() == 0
    assert shop.expire() == 1


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
            lamp = shop.product(9)
            orders = [placed(shop, lamp, 10) for _ in range(3)]
            workshop.start_worker()
            wait_until(lambda: shop.stock(lamp) == 9, 20, "the goods being on sale again")
            assert {shop.status(order) for order in orders} == {"cancelled"}
