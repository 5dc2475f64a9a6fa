"""Who is staff no longer has the rights of a person with the next statement, whatever the token says."""

import uuid
from collections.abc import Iterator
from typing import LiteralString

import psycopg
import pytest

from tests.support import Database, as_caller, make_user
from tests.support.shop import Shop, status_of

STAFF = {"staff": True}
# Rows that staff reads or changes: of others, or of the shop.
READS: dict[str, LiteralString] = {
    "orders of others": "select 1 from public.orders where buyer_id is distinct from auth.uid()",
    "profiles of others": "select 1 from public.profiles where id <> auth.uid()",
    "products not on sale": "select 1 from public.products where not is_active",
    "products changed": "update public.products set stock = stock + 1",
    "products removed": "delete from public.products where not is_active",
    "categories changed": "update public.categories set name = name",
}
CALLS = ("mark_paid", "ship_order", "refund_order", "mark_refunded", "retry_payment")
DEMOTIONS: dict[str, LiteralString] = {
    "false": """update auth.users set raw_app_meta_data = raw_app_meta_data || '{"staff": false}' where id = %s""",
    "taken out": "update auth.users set raw_app_meta_data = raw_app_meta_data - 'staff' where id = %s",
    "a text": """update auth.users set raw_app_meta_data = '{"staff": "true"}' where id = %s""",
    "nothing": "update auth.users set raw_app_meta_data = null where id = %s",
}


@pytest.fixture
def shop(database: Database) -> Iterator[Shop]:
    with database.connect("supabase_admin") as admin, database.connect() as people:
        yield Shop(database, admin, people)


def rows(shop: Shop, person: uuid.UUID, statement: LiteralString) -> int:
    with as_caller(shop.people, person, STAFF, commit=False):
        return shop.people.execute(statement).rowcount


@pytest.mark.parametrize("demotion", DEMOTIONS)
def test_every_door_is_shut_with_the_next_statement(shop: Shop, demotion: str) -> None:
    lamp = shop.product(9)
    shop.product(9, active=False)
    order = shop.place(shop.buyer(), {lamp: 1}, str(uuid.uuid4()))["id"]
    press = shop.value("insert into public.organizations (name, slug) values ('P', %s) returning id", uuid.uuid4().hex)
    assert all(rows(shop, shop.staff, statement) > 0 for statement in READS.values())
    shop.admin.execute(DEMOTIONS[demotion], (shop.staff,))
    assert {what: rows(shop, shop.staff, statement) for what, statement in READS.items()} == dict.fromkeys(READS, 0)
    for statement in (
        "insert into public.categories (slug, name) values ('new', 'New')",
        "insert into public.products (category_id, sku, name, price)"
        " select id, 'NEW-1', 'New', 1 from public.categories limit 1",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            rows(shop, shop.staff, statement)
    refused = {}
    for function in CALLS:
        with pytest.raises(psycopg.Error) as error:
            shop.call(shop.staff, function, order_id=order)
        refused[function] = status_of(error.value)
    for function, arguments in (
        ("failed_payments", {}),
        ("payment_events_to_review", {}),
        ("close_payment_event", {"event_id": "evt_1"}),
        ("set_publishing", {"organization_id": press, "may_publish": True}),
    ):
        with pytest.raises(psycopg.Error) as error:
            shop.call(shop.staff, function, **arguments)
        refused[function] = status_of(error.value)
    with pytest.raises(psycopg.Error) as error:
        shop.call(shop.staff, "cancel_order", order_id=order)  # nobody's business but the buyer's
    assert status_of(error.value) == 404
    assert refused == dict.fromkeys(refused, 403)
    assert shop.status(order) == "pending"


def test_within_a_session_as_well(shop: Shop) -> None:
    """A prepared statement keeps its plan, and not what the plan once answered."""
    product = shop.product(1, active=False)
    with shop.database.connect() as session:
        for demoted in (False, True):
            for _ in range(7):
                with as_caller(session, shop.staff, STAFF):
                    seen = session.execute("select from public.products where id = %s", (product,), prepare=True)
                    assert seen.rowcount == (0 if demoted else 1)
            shop.admin.execute(DEMOTIONS["false"], (shop.staff,))


def test_an_account_alone_is_no_staff_until_its_token_says_so(shop: Shop) -> None:
    promoted = make_user(shop.admin, f"{uuid.uuid4()}@example.org", app_metadata=STAFF)
    for claims, answer in (({}, False), ({"staff": "true"}, False), (STAFF, True)):
        with as_caller(shop.people, promoted, claims):
            assert shop.people.execute("select private.is_staff()").fetchone() == (answer,)


def test_a_token_alone_is_no_staff(shop: Shop) -> None:
    for person in (shop.buyer(), uuid.uuid4()):
        with as_caller(shop.people, person, STAFF):
            assert shop.people.execute("select private.is_staff()").fetchone() == (False,)


def test_only_who_claims_it_pays_for_the_look(shop: Shop) -> None:
    """Nobody else reads the table of accounts for it."""
    shop.admin.execute("set track_functions = 'all'")
    for claims, calls in (({}, None), (STAFF, 1)):
        with as_caller(shop.admin, shop.staff, claims):
            shop.admin.execute("select private.is_staff()")
            counted = shop.admin.execute(
                "select pg_stat_get_xact_function_calls('private.is_staff_account()'::regprocedure)"
            ).fetchone()
        assert counted == (calls,)
