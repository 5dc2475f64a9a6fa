"""Limits of the shop: what one person may hold without paying, how often they may order, and note what they look at."""

import re
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import psycopg
import pytest

from gateway.local.paths import REPOSITORY
from tests.support import ScratchCluster, as_caller
from tests.support.race import Answer, Attempt, DataApiDoor, Race, SqlDoor, closing
from tests.support.shop import Json, Shop, facts_of, status_of
from tests.support.stack import Stack

ORDERS, UNITS, OF_PRODUCT, A_MINUTE = 10, 100, 20, 120
DOCUMENTED = (REPOSITORY / "docs" / "orders.md").read_text(encoding="utf-8")


@pytest.fixture
def shop(cluster: ScratchCluster) -> Iterator[Shop]:
    """With the limits as they come."""
    database = cluster.clone("limits")
    with database.connect("supabase_admin") as admin, database.connect() as people:
        yield Shop(database, admin, people)
    cluster.drop(database)


def key() -> str:
    return str(uuid.uuid4())


def refused(act: Callable[[], object], status: int, limit: str, allowed: int) -> Json:
    """What the error says; it must name the limit and what sets it."""
    with pytest.raises(psycopg.Error) as raised:
        act()
    assert status_of(raised.value) == status
    facts = facts_of(raised.value)
    assert (facts["limit"], facts["allowed"]) == (limit, allowed)
    assert facts["actual"] > allowed
    assert str(allowed) in (raised.value.diag.message_primary or "")
    assert f"private.limits set allowed = … where name = '{limit}'" in (raised.value.diag.message_hint or "")
    return facts


# What is held without having been paid ---------------------------------------------------------------------------


def test_one_account_cannot_empty_the_shop(shop: Shop) -> None:
    """Everything that there is, in one order, in one a product, and unit by unit: nearly all of it stays on sale."""
    attacker, stock = shop.buyer(), {shop.product(30): 30 for _ in range(84)}
    shop.limit("orders_per_hour", 10_000)
    orders = [stock, *({product: units} for product, units in stock.items())]
    orders += [{product: units} for product in stock for units in (20, 10, 5, 1)]
    for order in orders:
        try:
            shop.place(attacker, order, key())
        except psycopg.Error as error:
            assert status_of(error) == 403
    held = sum(shop.held(product) for product in stock)
    assert 0 < held <= UNITS
    assert max(shop.held(product) for product in stock) <= OF_PRODUCT
    someone = shop.buyer()
    assert all(shop.place(someone, {product: 10}, key()) for product in list(stock)[: UNITS // 10])


def test_open_orders_are_counted_until_they_are_paid_or_cancelled(shop: Shop) -> None:
    buyer, lamp = shop.buyer(), shop.product(500)
    orders = [shop.place(buyer, {lamp: 1}, f"number {number}") for number in range(ORDERS)]
    refused(lambda: shop.place(buyer, {lamp: 1}, "one more"), 403, "open_orders", ORDERS)
    assert shop.place(buyer, {lamp: 1}, "number 0") == orders[0], "what was accepted is acknowledged again"
    assert shop.place(shop.buyer(), {lamp: 1}, key())["status"] == "pending", "others are not concerned"
    shop.call(shop.staff, "mark_paid", order_id=orders[0]["id"])
    assert shop.place(buyer, {lamp: 1}, "one more")["status"] == "pending"
    refused(lambda: shop.place(buyer, {lamp: 1}, key()), 403, "open_orders", ORDERS)
    shop.call(buyer, "cancel_order", order_id=orders[1]["id"])
    assert shop.place(buyer, {lamp: 1}, key())["status"] == "pending"
    shop.age(orders[2]["id"], 31)
    assert shop.expire() == 1
    assert shop.place(buyer, {lamp: 1}, key())["status"] == "pending"


def test_units_of_a_product_and_of_all_are_counted(shop: Shop) -> None:
    buyer = shop.buyer()
    lamp, *others = (shop.product(500) for _ in range(6))
    assert refused(lambda: shop.place(buyer, {lamp: 21}, key()), 403, "reserved_units_of_product", OF_PRODUCT) == {
        "limit": "reserved_units_of_product", "allowed": 20, "actual": 21, "product_id": str(lamp)}  # fmt: skip
    shop.place(buyer, {lamp: 19, others[0]: 1}, key())
    refused(lambda: shop.place(buyer, {others[0]: 1, lamp: 2}, key()), 403, "reserved_units_of_product", OF_PRODUCT)
    shop.place(buyer, {lamp: 1}, key())
    shop.place(buyer, dict.fromkeys(others[1:4], 20), key())
    facts = refused(lambda: shop.place(buyer, {others[4]: 20}, key()), 403, "reserved_units", UNITS)
    assert facts["actual"] == 101
    shop.place(buyer, {others[4]: 19}, key())
    assert sum(shop.held(product) for product in (lamp, *others)) == UNITS


def test_a_product_that_is_ordered_twice_in_one_order_counts_together(shop: Shop) -> None:
    lamp = shop.product(500)
    twice = [{"product_id": str(lamp), "quantity": 11}] * 2
    refused(lambda: shop.place(shop.buyer(), twice, key()), 403, "reserved_units_of_product", OF_PRODUCT)


def test_orders_an_hour_are_counted_whatever_became_of_them(shop: Shop) -> None:
    shop.limit("orders_per_hour", 5)
    buyer, lamp = shop.buyer(), shop.product(500)
    orders = [shop.place(buyer, {lamp: 1}, f"number {number}") for number in range(5)]
    for order in orders[1:]:
        shop.call(buyer, "cancel_order", order_id=order["id"])
    refused(lambda: shop.place(buyer, {lamp: 1}, key()), 429, "orders_per_hour", 5)
    assert shop.place(buyer, {lamp: 1}, "number 3") == orders[3]
    shop.age(orders[1]["id"], 61)
    assert shop.place(buyer, {lamp: 1}, key())["status"] == "pending"


def test_what_is_held_again_and_again_without_being_paid_is_counted_for_a_day(shop: Shop) -> None:
    shop.limit("unpaid_units_per_day", 50)
    buyer, lamp, other = shop.buyer(), shop.product(500), shop.product(500)
    kept = shop.place(buyer, {other: 15}, key())
    let_go = [shop.call(buyer, "cancel_order", order_id=shop.place(buyer, {lamp: 15}, key())["id"]) for _ in range(2)]
    refused(lambda: shop.place(buyer, {lamp: 6}, key()), 429, "unpaid_units_per_day", 50)
    shop.place(shop.buyer(), {lamp: 6}, key())
    shop.call(shop.staff, "mark_paid", order_id=kept["id"])
    shop.place(buyer, {lamp: 15}, key())
    refused(lambda: shop.place(buyer, {other: 6}, key()), 429, "unpaid_units_per_day", 50)
    shop.age(let_go[0]["id"], 24 * 60 + 1)
    assert shop.place(buyer, {other: 6}, key())["status"] == "pending"


def test_staff_hold_as_much_as_they_like(shop: Shop) -> None:
    lamp = shop.product(500)
    for _ in range(ORDERS + 1):
        shop.place(shop.staff, {lamp: 40}, key())
    assert shop.stock(lamp) == 500 - 40 * (ORDERS + 1)


def test_an_operator_changes_a_limit_from_the_next_order_on(shop: Shop) -> None:
    buyer, lamp = shop.buyer(), shop.product(500)
    shop.limit("reserved_units_of_product", 60)
    shop.place(buyer, {lamp: 60}, key())
    shop.limit("open_orders", 0)
    refused(lambda: shop.place(buyer, {lamp: 1}, key()), 403, "open_orders", 0)
    shop.people.execute("delete from private.limits where name = 'open_orders'")
    with pytest.raises(psycopg.errors.UndefinedObject):
        shop.place(buyer, {lamp: 1}, key())


def test_a_limit_is_said_before_what_is_left(shop: Shop) -> None:
    """So that nobody finds out how much there is by asking for more than they may hold."""
    lamp = shop.product(3)
    refused(lambda: shop.place(shop.buyer(), {lamp: 10_000}, key()), 403, "reserved_units_of_product", OF_PRODUCT)


@pytest.mark.anyio
@pytest.mark.parametrize("door", ["sql", "data api"])
async def test_fifty_orders_of_one_person_at_once_do_not_pass_together(
    shop: Shop, tmp_path: Any, logs: Any, door: str
) -> None:
    """Of different goods, so that no lock of theirs keeps them apart; each sent twice, and each key one order."""
    buyer, goods = shop.buyer(), [shop.product(50) for _ in range(50)]
    shop.limit("open_orders", 7)
    attempts = [Attempt(buyer, {product: 1}, f"of {product}") for product in goods] * 2
    race, stack = Race(), Stack(shop.database, tmp_path, logs)
    try:
        if door == "data api":
            stack.start_api()
        async with closing(SqlDoor(shop.database.url, 40) if door == "sql" else DataApiDoor(stack)) as opened:
            await race.run(opened, attempts)
    finally:
        stack.stop()
    assert race.failures == 0
    assert len(race.bought) == 7
    assert all(orders == orders[:1] * 2 for orders in race.bought.values()), "sent twice, and answered alike"
    assert {answer.status for _, answer in race.answers} == {200, 403}
    assert sum(shop.held(product) for product in goods) == 7
    told: list[Answer] = [answer for _, answer in race.answers if answer.status == 403]
    assert all("open_orders" in str(answer.body["details"]) for answer in told)


# What is looked at -------------------------------------------------------------------------------------------------

NOTE = "insert into public.interactions (product_id, kind) select %s, 'view' from generate_series(1, %s)"


def note(shop: Shop, person: uuid.UUID, product: uuid.UUID, times: int) -> None:
    """Somebody looks at a product so many times, in one statement."""
    with as_caller(shop.people, person) as connection:
        connection.execute(NOTE, (product, times))


def noted(shop: Shop, person: uuid.UUID) -> int:
    return int(shop.value("select count(*) from public.interactions where user_id = %s", person))


def test_looks_a_minute_have_a_bound_one_by_one_and_by_the_hundred(shop: Shop) -> None:
    busy, other, lamp = shop.buyer(), shop.buyer(), shop.product(5)
    too_many = partial(refused, status=429, limit="interactions_per_minute", allowed=A_MINUTE)
    assert too_many(lambda: note(shop, busy, lamp, A_MINUTE + 1))["actual"] == A_MINUTE + 1
    note(shop, busy, lamp, A_MINUTE - 1)
    too_many(lambda: note(shop, busy, lamp, 2))
    note(shop, busy, lamp, 1)
    too_many(lambda: note(shop, busy, lamp, 1))
    note(shop, other, lamp, 1)
    assert (noted(shop, busy), noted(shop, other)) == (A_MINUTE, 1)
    shop.admin.execute("update private.interaction_rates set began_at = began_at - interval '1 minute'")
    note(shop, busy, lamp, A_MINUTE)
    too_many(lambda: note(shop, busy, lamp, 1))


def test_looks_at_once_do_not_pass_together(shop: Shop) -> None:
    busy, lamp = shop.buyer(), shop.product(5)

    def look(_: int) -> int:
        with shop.database.connect() as connection, as_caller(connection, busy):
            try:
                connection.execute(NOTE, (lamp, 10))
            except psycopg.Error as error:
                assert status_of(error) == 429
                return 0
        return 10

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(look, range(48))) == A_MINUTE
    assert noted(shop, busy) == A_MINUTE


def test_servers_and_purchases_are_not_bounded(shop: Shop) -> None:
    """A server notes for many people; what staff mark as paid is no look of theirs."""
    buyer, lamp = shop.buyer(), shop.product(5)
    shop.limit("interactions_per_minute", 0)
    with shop.admin.transaction():
        shop.admin.execute("select set_config('role', 'service_role', true)")
        shop.admin.execute("select set_config('request.jwt.claims', '{\"role\": \"service_role\"}', true)")
        shop.admin.execute(
            "insert into public.interactions (user_id, product_id, kind)"
            " select %s, %s, 'cart' from generate_series(1, 500)",
            (buyer, lamp),
        )
    shop.paid_order(buyer, {lamp: 1})
    assert noted(shop, buyer) == 501


def test_rates_of_minutes_that_are_over_are_removed(shop: Shop) -> None:
    lamp = shop.product(5)
    for _ in range(3):
        note(shop, shop.buyer(), lamp, 1)
    shop.admin.execute(
        "update private.interaction_rates set began_at = now() - interval '2 hours' where ctid in"
        " (select ctid from private.interaction_rates limit 2)"
    )
    with shop.database.connect("tidegate_worker") as worker:
        worker.execute("select private.purge_counted_interactions()")
    assert shop.value("select count(*) from private.interaction_rates") == 1


def test_accounts_that_go_leave_no_rate(shop: Shop) -> None:
    person, lamp = shop.buyer(), shop.product(5)
    note(shop, person, lamp, 1)
    shop.admin.execute("delete from auth.users where id = %s", (person,))
    assert shop.value("select count(*) from private.interaction_rates") == 0


# What is documented ------------------------------------------------------------------------------------------------


def test_every_limit_is_documented_as_it_is(shop: Shop) -> None:
    names = ["open_orders", "reserved_units", "reserved_units_of_product", "orders_per_hour", "unpaid_units_per_day"]
    names.append("interactions_per_minute")
    rows = shop.admin.execute(
        "select l.name, l.allowed, l.what from unnest(%s::text[]) with ordinality n (name, place)"
        " join private.limits l on l.name = n.name order by n.place",
        (names,),
    ).fetchall()
    table = [row.split(" | ") for row in DOCUMENTED.splitlines() if row.startswith("| `") and row.count(" | ") == 3]
    assert [(row[0].strip("| `"), int(row[1]), row[3].strip(" |")) for row in table] == rows


@pytest.mark.parametrize("statement", re.findall(r"```sql\n(.*?)\n```", DOCUMENTED, re.DOTALL))
def test_what_operators_are_told_to_run_runs(shop: Shop, statement: str) -> None:
    assert shop.people.execute(statement.encode()).rowcount == 1


@pytest.mark.parametrize("statement", re.findall(r"`(update private[^`]*)`", DOCUMENTED))
def test_what_operators_are_told_in_passing_runs(shop: Shop, statement: str) -> None:
    assert shop.people.execute(statement.encode()).rowcount == 1
