"""Many fresh accounts of one person: what they can do to what everybody is recommended, which is nothing unpaid."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import ScratchCluster, as_caller
from tests.support.shop import Shop

TOGETHER = "select other_id from private.bought_together(array[%s]::uuid[], 10)"
POPULAR = "select product_id from public.recommend(max_results => 10) s, unnest(s.recommendations) r"
COUNTS = """
    select (select jsonb_object_agg(product_id, score) from public.product_popularity),
           (select jsonb_agg(p order by p.product_id, p.other_id) from private.product_pairs p),
           (select jsonb_agg(b order by b.product_id) from private.product_buyers b)"""


@pytest.fixture
def shop(cluster: ScratchCluster) -> Iterator[Shop]:
    database = cluster.clone("farm")
    with database.connect("supabase_admin") as admin, database.connect() as people:
        yield Shop(database, admin, people)
    cluster.drop(database)


def order(shop: Shop, person: uuid.UUID, *products: uuid.UUID) -> str:
    """An unpaid order of one of each."""
    return str(shop.place(person, dict.fromkeys(products, 1), str(uuid.uuid4()))["id"])


def fold(shop: Shop) -> None:
    """As the worker counts, until nothing is left."""
    with shop.database.connect("tidegate_worker") as worker:
        for step in ("roll_up_interactions", "revert_purchases"):
            while (row := worker.execute(f"select private.{step}(100)".encode()).fetchone()) and row[0]:
                pass


def counts(shop: Shop) -> Any:
    """Everything that is counted of everybody."""
    return shop.admin.execute(COUNTS).fetchone()


def assert_counts(shop: Shop, wanted: Any) -> None:
    """What was added and taken back leaves a score as it was but for its last digits."""
    scores, *others = counts(shop)
    assert scores == pytest.approx(wanted[0], abs=1e-9)
    assert others == [*wanted[1:]]


def together(shop: Shop, product: uuid.UUID) -> list[uuid.UUID]:
    return [row[0] for row in shop.admin.execute(TOGETHER, (product,)).fetchall()]


def first_for_everybody(shop: Shop) -> uuid.UUID:
    with as_caller(shop.people, None) as visitor:
        row = visitor.execute(POPULAR).fetchone()
    assert row is not None
    return uuid.UUID(str(row[0]))


def settle(shop: Shop, order_id: str, *, accepted: bool) -> None:
    """As the payment provider decides of an order."""
    with shop.database.connect("tidegate_worker") as worker:
        worker.execute("select private.claim_payments(100, 60)")
        worker.execute("select private.settle_payment(%s, 'charge', %s, 'ch_1', 'declined')", (order_id, accepted))


def test_three_accounts_that_do_not_pay_put_nothing_anywhere(shop: Shop) -> None:
    lamp, rope = shop.product(100), shop.product(100)
    before = counts(shop)
    farm = [shop.buyer() for _ in range(5)]
    orders = [order(shop, person, lamp, rope) for person in farm]
    fold(shop)
    assert_counts(shop, before)
    assert together(shop, lamp) == []
    shop.call(farm[0], "cancel_order", order_id=orders[0])
    shop.age(orders[1], 31)
    assert shop.expire() == 1
    settle(shop, orders[2], accepted=False)
    fold(shop)
    assert [shop.status(each) for each in orders] == ["cancelled"] * 3 + ["pending"] * 2
    assert_counts(shop, before)
    assert together(shop, lamp) == []


def test_the_third_payment_tells_of_a_pair_and_its_withdrawal_hides_it(shop: Shop) -> None:
    """By hand or by a provider; the fourth account, which does not pay, is none of the three."""
    lamp, rope = shop.product(100), shop.product(100)
    people = [shop.buyer() for _ in range(4)]
    orders = [order(shop, person, lamp, rope) for person in people]
    for each in orders[:2]:
        shop.call(shop.staff, "mark_paid", order_id=each)
    fold(shop)
    before = counts(shop)
    assert together(shop, lamp) == []
    settle(shop, orders[2], accepted=True)
    fold(shop)
    assert together(shop, lamp) == [rope]
    # At once, while the money is still on its way back.
    assert shop.call(people[2], "cancel_order", order_id=orders[2])["status"] == "paid"
    fold(shop)
    assert_counts(shop, before)
    assert together(shop, lamp) == []
    shop.call(shop.staff, "mark_refunded", order_id=orders[2])
    fold(shop)
    assert_counts(shop, before)


CLOSE = {
    "closed by its owner": None,
    "deleted by an administrator": "delete from auth.users where id = %s",
    "marked as deleted": "update auth.users set deleted_at = now() where id = %s",
}


@pytest.mark.parametrize("how", CLOSE)
@pytest.mark.parametrize("is_counted", [True, False], ids=["counted before", "not counted yet"])
def test_who_pays_withdraws_and_is_gone_leaves_no_trace_in_the_counts(shop: Shop, how: str, is_counted: bool) -> None:
    """Before the worker comes to take it back."""
    lamp, rope, bell = shop.product(100), shop.product(100), shop.product(100)
    honest = order(shop, shop.buyer(), lamp, rope)
    shop.call(shop.staff, "mark_paid", order_id=honest)
    fold(shop)
    before = counts(shop)
    for _ in range(3):
        person = shop.buyer()
        orders = [order(shop, person, lamp, rope), order(shop, person, rope, bell)]
        for each in orders:
            shop.call(shop.staff, "mark_paid", order_id=each)
        if is_counted:
            fold(shop)
        for each in orders:
            shop.call(person, "cancel_order", order_id=each)
        statement = CLOSE[how]
        if statement is None:
            shop.call(person, "close_account")
        else:
            shop.admin.execute(statement.encode(), (person,))
        fold(shop)
    assert_counts(shop, before)


def test_looks_and_carts_of_a_farm_put_nothing_first(shop: Shop) -> None:
    """Neither those of accounts that never paid, nor those of one that did."""
    best, pushed = shop.product(100), shop.product(100)
    customer = shop.buyer()
    shop.call(shop.staff, "mark_paid", order_id=order(shop, customer, best))
    fold(shop)
    before = counts(shop)
    assert first_for_everybody(shop) == best
    for person in [*(shop.buyer() for _ in range(40)), customer]:
        with as_caller(shop.people, person) as connection:
            connection.execute(
                "insert into public.interactions (product_id, kind)"
                " select %s, k from unnest('{view,cart}'::public.interaction_kind[]) k, generate_series(1, 20)",
                (pushed,),
            )
    fold(shop)
    assert_counts(shop, before)
    assert first_for_everybody(shop) == best


# Once a day: for the test it is that of the first product, also past midnight.
SAME_DAY = "update public.interactions set created_at = (select min(created_at) from public.products)"
POPULARITY = """
    select private.popularity_now(y.score) / private.popularity_now(private.popularity_exponent(p.created_at))
    from public.product_popularity y join public.products p on p.id = y.product_id where p.id = %s"""


def test_one_account_counts_once_however_often_it_pays(shop: Shop) -> None:
    lamp, rope = shop.product(100), shop.product(100)
    person = shop.buyer()
    for _ in range(5):
        shop.call(shop.staff, "mark_paid", order_id=order(shop, person, lamp, rope))
        shop.admin.execute(SAME_DAY)
        fold(shop)
    assert together(shop, lamp) == []
    assert shop.value("select max(people) from private.product_pairs") == 1
    shop.admin.execute("select private.rebuild_popularity()")
    assert shop.value(POPULARITY, lamp) == pytest.approx(11)
