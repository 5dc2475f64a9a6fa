"""What people do with products: who may note and see it, what it makes of popularity, and that no sale waits for it."""

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg import errors

from tests.support import Database, ScratchCluster, as_caller, make_user
from tests.support.storefront import Storefront
from tests.support.waiting import PATIENCE_S, wait_until

BUYERS = 64
PURCHASE = 10.0


@pytest.fixture
def shop(cluster: ScratchCluster) -> Iterator[Storefront]:
    """A shop with nobody in it yet."""
    database = cluster.clone("shop")
    with database.connect("supabase_admin") as admin, database.connect() as door:
        shop = Storefront(admin, door)
        shop.stock(["rope", "lamp", "anchor"])
        shop.stock(["relic"], active=False)
        yield shop
    cluster.drop(database)


@pytest.fixture
def ann(shop: Storefront) -> uuid.UUID:
    return make_user(shop.admin, "ann@example.org")


@pytest.fixture
def bob(shop: Storefront) -> uuid.UUID:
    return make_user(shop.admin, "bob@example.org")


def database_of(shop: Storefront) -> Database:
    return Database(shop.admin.info.dbname, shop.admin.info.port)


def test_people_note_and_see_their_own(shop: Storefront, ann: uuid.UUID, bob: uuid.UUID) -> None:
    shop.note(ann, "view", "rope", "lamp")
    shop.note(bob, "cart", "rope")
    for person, wanted in ((ann, {"view"}), (bob, {"cart"})):
        with as_caller(shop.door, person) as connection:
            rows = connection.execute("select user_id, kind from public.interactions").fetchall()
        assert {row[0] for row in rows} == {person}
        assert {row[1] for row in rows} == wanted


@pytest.mark.parametrize(("kind", "product"), [("purchase", "rope"), ("view", "relic")])
def test_nobody_claims_a_purchase_or_what_is_not_on_sale(
    shop: Storefront, ann: uuid.UUID, kind: str, product: str
) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        shop.note(ann, kind, product)


@pytest.mark.parametrize("column", ["user_id", "created_at", "order_id"])
def test_nobody_writes_who_or_when(shop: Storefront, ann: uuid.UUID, column: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege), as_caller(shop.door, ann) as connection:
        connection.execute(
            f"insert into public.interactions (product_id, kind, {column}) values (%s, 'view', null)".encode(),
            (shop.products["rope"],),
        )


def test_visitors_note_nothing(shop: Storefront) -> None:
    with pytest.raises(errors.InsufficientPrivilege), as_caller(shop.door, None) as connection:
        connection.execute("insert into public.interactions (product_id, kind) values (%s, 'view')", (uuid.uuid4(),))


def test_accounts_and_products_take_what_was_done_along(shop: Storefront, ann: uuid.UUID, bob: uuid.UUID) -> None:
    shop.note(ann, "view", "rope", "lamp")
    shop.order(bob, "rope")
    shop.fold()
    shop.admin.execute("delete from auth.users where id = %s", (ann,))
    assert shop.admin.execute("select count(*) from public.interactions").fetchone() == (1,)
    shop.admin.execute("delete from public.products where id = %s", (shop.products.pop("rope"),))
    assert shop.admin.execute("select count(*) from public.interactions").fetchone() == (0,)
    assert shop.pairs() == {}
    shop.fold()


# Popularity ------------------------------------------------------------------------------------------------------


def test_a_new_product_begins_with_a_tenth_of_a_purchase(shop: Storefront) -> None:
    with shop.admin.transaction():  # within which it stays the same day
        shop.admin.execute(
            "insert into public.products (category_id, sku, name, price)"
            " select id, 'NEW', 'new', 1 from public.categories"
        )
        (row,) = shop.admin.execute(
            "select private.popularity_now(y.score) from public.product_popularity y"
            " join public.products p on p.id = y.product_id where p.name = 'new'"
        ).fetchall()
    assert row[0] == pytest.approx(PURCHASE / 10)


def test_what_was_done_fades_by_half_in_a_week_without_being_touched(shop: Storefront, ann: uuid.UUID) -> None:
    shop.order(ann, "rope")
    shop.age(7)
    shop.order(ann, "lamp")
    shop.fold()
    assert shop.popularity("lamp") == pytest.approx(PURCHASE, rel=1e-6)
    assert shop.popularity("rope") == pytest.approx(PURCHASE / 2, rel=1e-6)
    # Two purchases of today weigh as much as four of a week ago, whenever they are compared.
    assert shop.score("lamp") - shop.score("rope") == pytest.approx(1, abs=1e-6)


def test_looks_and_carts_change_nobody_elses_popularity(shop: Storefront, ann: uuid.UUID, bob: uuid.UUID) -> None:
    """They are free to make, so they say nothing to others: not even those of somebody who paid for something."""
    shop.order(ann, "lamp")
    shop.fold()
    before = shop.score("rope"), shop.score("lamp"), shop.score("anchor")
    for person in (ann, bob):
        shop.note(person, "view", "rope", "anchor")
        shop.note(person, "cart", "rope", "rope")
    assert shop.admin.execute("select private.roll_up_interactions(100)").fetchone() == (0,)
    assert (shop.score("rope"), shop.score("lamp"), shop.score("anchor")) == before
    shop.admin.execute("select private.rebuild_popularity()")
    assert (shop.score("rope"), shop.score("lamp"), shop.score("anchor")) == pytest.approx(before, abs=1e-9)


def test_a_purchase_counts_once_a_day_for_each_person_whatever_the_quantity(
    shop: Storefront, ann: uuid.UUID, bob: uuid.UUID
) -> None:
    shop.order(ann, "anchor", quantity=40)
    shop.order(ann, "anchor")
    shop.fold()
    assert shop.popularity("anchor") == pytest.approx(PURCHASE, rel=1e-6)
    shop.order(bob, "anchor")
    shop.fold()
    assert shop.popularity("anchor") == pytest.approx(2 * PURCHASE, rel=1e-6)


@pytest.mark.parametrize("how", ["withdrawn", "refunded"])
@pytest.mark.parametrize("folded_before", [True, False])
def test_what_is_not_bought_after_all_is_taken_back(
    shop: Storefront, ann: uuid.UUID, bob: uuid.UUID, how: str, folded_before: bool
) -> None:
    shop.order(bob, "rope", "lamp")
    shop.fold()
    before = shop.popularity("rope"), shop.popularity("lamp"), shop.pairs()
    orders = [shop.order(ann, "rope", "lamp"), shop.order(ann, "rope")]
    if folded_before:
        shop.fold()
        assert shop.pairs()["lamp", "rope"] == 2
    shop.end(orders[0], how)
    if folded_before:
        shop.fold()
        assert shop.popularity("rope") == pytest.approx(before[0] + PURCHASE, rel=1e-9), "the other order stands"
        assert shop.pairs()["rope", "rope"] == 2
        assert shop.pairs()["lamp", "rope"] == 1
    shop.end(orders[1], how)
    shop.fold()
    assert (shop.popularity("rope"), shop.popularity("lamp")) == pytest.approx(before[:2], rel=1e-9)
    assert shop.pairs() == before[2]


@pytest.mark.parametrize("status", ["cancelled", "refunded"])
def test_an_order_counts_from_payment_on_and_is_taken_back_once(shop: Storefront, ann: uuid.UUID, status: str) -> None:
    """Also where it is shipped and comes back, and where a withdrawn one is refunded in the end."""
    order = shop.place(ann, "rope", "lamp")
    shop.fold()
    untouched = shop.popularity("rope")
    assert shop.pairs() == {}
    if status == "cancelled":
        shop.admin.execute("update public.orders set status = 'cancelled' where id = %s", (order,))
    else:
        shop.pay(order)
        shop.fold()
        assert shop.pairs()["lamp", "rope"] == 1
        assert shop.popularity("rope") == pytest.approx(untouched + PURCHASE)
        shop.admin.execute("update public.orders set status = 'shipped' where id = %s", (order,))
        shop.end(order)
        shop.end(order, "refunded")
    shop.fold()
    assert shop.pairs() == {}
    assert shop.popularity("rope") == pytest.approx(untouched)
    assert shop.admin.execute("select count(*) from public.interactions").fetchone() == (0,)


def test_what_was_paid_after_it_was_withdrawn_counts_nothing(shop: Storefront, ann: uuid.UUID) -> None:
    """The charge was under way when the buyer withdrew: the money goes back."""
    order = shop.place(ann, "rope")
    shop.end(order)
    shop.pay(order)
    assert shop.admin.execute("select count(*) from public.interactions").fetchone() == (0,)


def test_a_payment_waits_for_whoever_deletes_the_product(shop: Storefront, ann: uuid.UUID) -> None:
    order = shop.place(ann, "rope", "lamp")
    with database_of(shop).connect("supabase_admin") as staff, ThreadPoolExecutor(1) as pool:
        with staff.transaction():
            staff.execute("delete from public.products where id = %s", (shop.products["rope"],))
            paying = pool.submit(shop.pay, order)
            waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and pid = %s"
            pid = shop.admin.info.backend_pid
            wait_until(lambda: staff.execute(waiting, (pid,)).fetchone() == (1,), "the payment waiting")
        paying.result(PATIENCE_S)
    rows = shop.admin.execute("select product_id from public.interactions where order_id = %s", (order,)).fetchall()
    assert rows == [(shop.products["lamp"],)]


def test_popularity_follows_its_product(shop: Storefront) -> None:
    rope = shop.products["rope"]
    shop.stock(["bell"], "bells")
    shop.admin.execute(
        "update public.products p set is_active = false, category_id = c.id from public.categories c"
        " where p.id = %s and c.slug = 'bells'",
        (rope,),
    )
    row = shop.admin.execute(
        "select y.scope_id = p.scope_id and y.category_id = p.category_id from public.product_popularity y"
        " join public.products p on p.id = y.product_id where p.id = %s",
        (rope,),
    ).fetchone()
    assert row == (True,)
    with as_caller(shop.door, None) as connection:
        seen = {row[0] for row in connection.execute("select product_id from public.product_popularity").fetchall()}
    assert rope not in seen
    assert shop.products["bell"] in seen


def test_keys_are_forgotten_when_the_same_cannot_come_again(shop: Storefront, ann: uuid.UUID) -> None:
    shop.order(ann, "lamp")
    shop.age(3)
    shop.fold()
    assert shop.admin.execute("select private.purge_counted_interactions()").fetchone() == (0,)
    shop.admin.execute("update private.counted_interactions set counted_at = counted_at - interval '91 days'")
    assert shop.admin.execute("select private.purge_counted_interactions()").fetchone() == (1,)


# Nobody waits ------------------------------------------------------------------------------------------------------


def test_buyers_of_one_product_do_not_wait_for_each_other_here(shop: Storefront) -> None:
    """All of them hold their order open at the same moment, which they could not if one waited for another."""
    people = [make_user(shop.admin, f"buyer{number}@example.org") for number in range(BUYERS)]
    at_once = threading.Barrier(BUYERS, timeout=PATIENCE_S)
    database = database_of(shop)

    def buy(person: uuid.UUID) -> None:
        with psycopg.connect(database.admin_url, autocommit=True) as connection, connection.transaction():
            connection.execute("set local lock_timeout = '60s'")
            shop.on(connection).order(person, "rope")
            at_once.wait()

    with ThreadPoolExecutor(BUYERS) as pool:
        list(pool.map(buy, people))
    shop.fold(10)
    assert shop.popularity("rope") == pytest.approx(BUYERS * PURCHASE, rel=1e-6)
    assert shop.pairs() == {("rope", "rope"): BUYERS}


def test_a_sale_does_not_wait_for_the_counting_nor_the_counting_for_a_sale(shop: Storefront, ann: uuid.UUID) -> None:
    shop.order(ann, "rope")
    with (
        database_of(shop).connect("supabase_admin") as counting,
        database_of(shop).connect("supabase_admin") as selling,
    ):
        selling.execute("set lock_timeout = '60s'")
        counting.execute("set lock_timeout = '60s'")
        with counting.transaction():
            assert counting.execute("select private.roll_up_interactions(10)").fetchone() == (1,)
            with selling.transaction():
                # As whoever sells would hold the product's row.
                selling.execute("update public.products set stock = stock - 1 where id = %s", (shop.products["rope"],))
                shop.on(selling).order(ann, "rope")
        with selling.transaction():
            selling.execute("update public.products set stock = stock - 1 where id = %s", (shop.products["rope"],))
            assert counting.execute("select private.roll_up_interactions(10)").fetchone() == (1,)


def test_two_workers_count_nothing_twice(shop: Storefront) -> None:
    for number in range(40):
        shop.order(make_user(shop.admin, f"p{number}@example.org"), "rope", "lamp")
    database = database_of(shop)

    def count(_: int) -> int:
        total = 0
        with database.connect("tidegate_worker") as worker:
            for _step in range(60):
                row = worker.execute("select private.roll_up_interactions(3)").fetchone()
                assert row is not None
                total += row[0]
        return total

    with ThreadPoolExecutor(3) as pool:
        counted = sum(pool.map(count, range(3)))
    shop.fold()
    assert counted <= 80
    assert shop.popularity("rope") == pytest.approx(40 * PURCHASE, rel=1e-6)
    assert shop.pairs()["lamp", "rope"] == 40
