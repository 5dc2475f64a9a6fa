"""A payment that comes while the buyer's account goes: neither waits for the other in a circle, and nothing is lost."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any, LiteralString

import psycopg
import pytest

from tests.support import Database, ScratchCluster, wait_until
from tests.support.shop import Shop, status_of
from tests.support.waiting import PATIENCE_S

WAITING = "select from pg_stat_activity where pid = %s and wait_event_type = 'Lock'"
SETTLE = "select private.settle_payment(%s, 'charge', true, 'ch_1', null)"
LOCK = "select from auth.users where id = %s for update"
DELETE = "delete from auth.users where id = %s"
MARK = "update auth.users set deleted_at = now() where id = %s"
ENDS = (None, None, "closed", DELETE, MARK)
FOLD = "select private.roll_up_interactions(100)"


@pytest.fixture
def shop(cluster: ScratchCluster) -> Iterator[Shop]:
    database = cluster.clone("closing")
    with database.connect("supabase_admin") as admin, database.connect() as people:
        yield Shop(database, admin, people)
    cluster.drop(database)


def is_waiting(other: psycopg.Connection[Any], asking: psycopg.Connection[Any]) -> bool:
    return asking.execute(WAITING, (other.info.backend_pid,)).fetchone() is not None


def test_a_charge_that_succeeds_while_the_account_is_deleted_is_refunded(shop: Shop) -> None:
    buyer, lamp = shop.buyer(), shop.product(9)
    order = str(shop.place(buyer, {lamp: 2}, "mine")["id"])
    with shop.database.connect("tidegate_worker") as worker, shop.database.connect("supabase_admin") as auth:
        worker.execute("select private.claim_payments(10, 60)")
        with ThreadPoolExecutor(1) as pool:
            with auth.transaction():
                auth.execute(LOCK, (buyer,))
                settling = pool.submit(worker.execute, SETTLE, (order,))
                wait_until(lambda: is_waiting(worker, auth), "the payment waiting")
                auth.execute(DELETE, (buyer,))
            settling.result(PATIENCE_S)
    row = shop.admin.execute("select status, buyer_id, withdrawn_at is null from public.orders where id = %s", (order,))
    assert row.fetchone() == ("paid", None, False)
    assert shop.value("select count(*) from private.payment_jobs where order_id = %s and kind = 'refund'", order) == 1
    assert shop.value("select count(*) from public.interactions") == 0


def test_what_staff_mark_as_paid_while_the_account_is_deleted_is_cancelled(shop: Shop) -> None:
    buyer, lamp = shop.buyer(), shop.product(9)
    order = str(shop.place(buyer, {lamp: 2}, "mine")["id"])

    with shop.database.connect("supabase_admin") as auth, ThreadPoolExecutor(1) as pool:
        with auth.transaction():
            auth.execute(LOCK, (buyer,))
            marking = pool.submit(shop.call, shop.staff, "mark_paid", order_id=order)
            wait_until(lambda: is_waiting(shop.people, auth), "staff waiting")
            auth.execute(DELETE, (buyer,))
        with pytest.raises(psycopg.Error) as refused:
            marking.result(PATIENCE_S)
    assert status_of(refused.value) == 409
    assert (shop.status(order), shop.stock(lamp)) == ("cancelled", 9)


def bought_together(shop: Shop) -> uuid.UUID:
    """Somebody who has paid for two products, which are not counted yet."""
    buyer = shop.buyer()
    order = str(shop.place(buyer, {shop.product(9): 1, shop.product(9): 1}, "mine")["id"])
    shop.call(shop.staff, "mark_paid", order_id=order)
    return buyer


def paired(shop: Shop) -> set[uuid.UUID]:
    return {row[0] for row in shop.admin.execute("select user_id from private.paired_purchases")}


def test_purchases_of_an_account_that_is_being_deleted_keep_nobody_elses_from_being_counted(shop: Shop) -> None:
    leaving, staying = bought_together(shop), bought_together(shop)
    with shop.database.connect("tidegate_worker") as worker, shop.database.connect("supabase_admin") as auth:
        with auth.transaction():
            auth.execute(LOCK, (leaving,))
            assert worker.execute(FOLD).fetchone() == (2,)
            assert paired(shop) == {staying}
            assert worker.execute(FOLD).fetchone() == (0,)
            auth.execute(DELETE, (leaving,))
            assert worker.execute(FOLD).fetchone() == (0,)
        assert worker.execute(FOLD).fetchone() == (2,)
        assert worker.execute(FOLD).fetchone() == (0,)
    assert paired(shop) == {staying}
    assert shop.value("select count(*) from private.product_buyers") == 2


def test_what_an_account_bought_is_counted_in_the_end_if_it_stays(shop: Shop) -> None:
    buyer = bought_together(shop)
    with shop.database.connect("tidegate_worker") as worker, shop.database.connect("supabase_admin") as auth:
        with auth.transaction(force_rollback=True):
            auth.execute(DELETE, (buyer,))
            assert worker.execute(FOLD).fetchone() == (0,)
        assert worker.execute(FOLD).fetchone() == (2,)
    assert paired(shop) == {buyer}


@pytest.mark.parametrize("end", [DELETE, MARK], ids=["deleted", "marked as deleted"])
def test_an_account_that_goes_while_it_is_counted_leaves_nothing_behind(shop: Shop, end: LiteralString) -> None:
    buyer = bought_together(shop)
    connect = shop.database.connect
    with connect("tidegate_worker") as worker, connect("supabase_admin") as auth, ThreadPoolExecutor(1) as pool:
        with worker.transaction():
            assert worker.execute(FOLD).fetchone() == (2,)
            closing = pool.submit(auth.execute, end, (buyer,))
            wait_until(lambda: is_waiting(auth, shop.admin), "the closing waiting")
        closing.result(PATIENCE_S)
    assert paired(shop) == set()
    assert shop.value("select count(*) from public.interactions") == 0


def test_purchases_of_a_closed_account_count_for_nothing(shop: Shop) -> None:
    """As of one so large that it is emptied in pieces."""
    buyer = bought_together(shop)
    shop.admin.execute("set session_replication_role = replica")
    shop.admin.execute(MARK, (buyer,))
    shop.admin.execute("reset session_replication_role")
    with shop.database.connect("tidegate_worker") as worker:
        assert worker.execute(FOLD).fetchone() == (2,)
        assert worker.execute(FOLD).fetchone() == (0,)
    assert paired(shop) == set()
    assert shop.value("select count(*) from private.product_buyers") == 0


def test_everything_at_once_ends_and_the_counts_are_right(shop: Shop) -> None:
    """People order, pay, withdraw and leave while two workers count, settle and expire: no deadlock anywhere."""
    products = [shop.product(100_000) for _ in range(3)]
    buyers = [shop.buyer() for _ in range(12)]
    for name in ("open_orders", "reserved_units", "reserved_units_of_product", "orders_per_hour"):
        shop.limit(name, 1_000_000)
    database, staff = shop.database, shop.staff

    def live(number: int, buyer: uuid.UUID) -> None:
        dice = Random(number)
        with database.connect("supabase_admin") as admin, database.connect() as people:
            mine = Shop.__new__(Shop)
            mine.database, mine.admin, mine.people, mine.staff = database, admin, people, staff
            for step in range(8):
                basket = dict.fromkeys(dice.sample(products, dice.randint(1, 3)), 1)
                order = str(mine.place(buyer, basket, f"number {step}")["id"])
                if dice.random() < 0.8:
                    mine.call(staff, "mark_paid", order_id=order)
                if dice.random() < 0.5:
                    mine.call(buyer, "cancel_order", order_id=order)
            end = dice.choice(ENDS)
            if end == "closed":
                mine.call(buyer, "close_account")
            elif end is not None:
                admin.execute(end, (buyer,))

    def work(number: int, ended: list[bool]) -> None:
        with database.connect("tidegate_worker") as worker:
            while not ended:
                for step in ("roll_up_interactions", "revert_purchases", "expire_orders"):
                    try:
                        worker.execute(f"select private.{step}({5 + number})".encode())
                    except psycopg.errors.LockNotAvailable:
                        continue  # as the worker does: the next time

    ended: list[bool] = []
    with ThreadPoolExecutor(len(buyers) + 2) as pool:
        workers = [pool.submit(work, number, ended) for number in range(2)]
        people = [pool.submit(live, number, buyer) for number, buyer in enumerate(buyers)]
        try:
            for person in people:
                person.result(PATIENCE_S)
        finally:
            ended.append(True)
        for worker in workers:
            worker.result(PATIENCE_S)
    settle_counts(database)
    assert_counted(shop)


def settle_counts(database: Database) -> None:
    """Until nothing is left to count."""
    with database.connect("tidegate_worker") as worker:
        for step in ("roll_up_interactions", "revert_purchases"):
            while (row := worker.execute(f"select private.{step}(1000)".encode()).fetchone()) and row[0]:
                pass


STAYING = """
    select i.product_id, count(distinct i.user_id)::integer
    from public.interactions i where i.kind = 'purchase' group by 1"""


def assert_counted(shop: Shop) -> None:
    """People who are there are all counted; those who left with a paid order still are."""
    counted = dict(shop.admin.execute("select product_id, people from private.product_buyers").fetchall())
    staying = dict(shop.admin.execute(STAYING.encode()).fetchall())
    left = shop.admin.execute(
        "select i.product_id, count(*)::integer from public.orders o join public.order_items i on i.order_id = o.id"
        " where o.buyer_id is null and o.status = 'paid' and o.withdrawn_at is null group by 1"
    ).fetchall()
    most = {product: staying.get(product, 0) + people for product, people in left}
    for product, people in counted.items():
        assert staying.get(product, 0) <= people <= most.get(product, staying.get(product, 0))
    assert shop.value("select count(*) from private.product_pairs where people <= 0") == 0
    assert shop.value("select count(*) from private.purchases_to_revert") == 0
    closed = "select count(*) from private.paired_purchases p join auth.users u on u.id = p.user_id"
    assert shop.value(f"{closed} where u.deleted_at is not null") == 0
