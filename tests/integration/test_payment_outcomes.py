"""What a provider has not decided: the buyer acts, an event comes, time passes, or staff settle it."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.support import Database, as_caller
from tests.support.shop import Shop, status_of

STOCK = 5
Json = dict[str, Any]


@pytest.fixture
def shop(database: Database) -> Iterator[Shop]:
    with database.connect("supabase_admin") as admin, database.connect() as people:
        admin.execute("delete from private.payment_jobs")
        yield Shop(database, admin, people)


@pytest.fixture
def product(shop: Shop) -> uuid.UUID:
    return shop.product(STOCK)


@pytest.fixture
def buyer(shop: Shop) -> uuid.UUID:
    return shop.buyer()


@pytest.fixture
def order(shop: Shop, product: uuid.UUID, buyer: uuid.UUID) -> str:
    """One unit for 19.99 EUR, of which the provider is asked."""
    order = str(shop.place(buyer, {product: 1}, str(uuid.uuid4()))["id"])
    shop.admin.execute("select from private.claim_payments(10, 60)")
    return order


def hold(shop: Shop, order: str, waits_for: str, **said: object) -> bool:
    """The worker notes that the provider has not decided."""
    told = {"kind": "charge", "reference": "ch_1", "url": None, "client_secret": None, "decide_by": None} | said
    with shop.database.connect("tidegate_worker") as worker:
        row = worker.execute(
            "select private.hold_payment(%(order)s, %(kind)s, %(waits_for)s, %(reference)s, %(url)s, %(client_secret)s,"
            " %(decide_by)s)",
            {"order": order, "waits_for": waits_for, **told},
        ).fetchone()
    assert row is not None
    return bool(row[0])


def tell(shop: Shop, type_: str, order: str, **data: object) -> str:
    """An event of the provider."""
    told = {"id": f"evt_{uuid.uuid4().hex}", "type": type_, "data": {"order_id": order, "id": "ch_1", **data}}
    return str(shop.value("select private.receive_payment_event(%s)", json.dumps(told)))


def action(shop: Shop, person: uuid.UUID, order: str) -> Json | None:
    """What a person reads as the order's payment_action."""
    with as_caller(shop.people, person, {"staff": person == shop.staff}):
        row = shop.people.execute(
            "select public.payment_action(o) from public.orders o where id = %s", (order,)
        ).fetchone()
    found: Json | None = row[0] if row else None
    return found


def payments(shop: Shop, order: str) -> list[tuple[str, str]]:
    """Kind and state, as staff read them."""
    return [(each["kind"], each["state"]) for each in rows(shop, order)]


def rows(shop: Shop, order: str) -> list[Json]:
    with as_caller(shop.people, shop.staff, {"staff": True}) as staff, staff.cursor(row_factory=dict_row) as cursor:
        return cursor.execute("select * from public.payments_of_order(%s)", (order,)).fetchall()


def let_time_pass(shop: Shop) -> None:
    """As if what is waited for had been waited for long enough."""
    shop.admin.execute("update private.payment_jobs set decide_by = now() - interval '1 s' where undecided is not null")


def test_the_buyer_alone_reads_what_the_payment_needs(shop: Shop, order: str, buyer: uuid.UUID) -> None:
    assert action(shop, buyer, order) is None
    before = shop.value("select updated_at from public.orders where id = %s", order)
    assert hold(shop, order, "needs action", url="https://bank.example/3ds", client_secret="a\nb")
    asked = action(shop, buyer, order)
    assert asked is not None
    minutes = shop.value("select extract(epoch from %s::timestamptz - now()) / 60", asked.pop("expires_at"))
    assert (asked, 29 < minutes <= 30) == ({"url": "https://bank.example/3ds", "client_secret": "a b"}, True)
    assert [action(shop, other, order) for other in (shop.staff, shop.buyer())] == [None, None]
    assert shop.value("select updated_at from public.orders where id = %s", order) > before, "Realtime tells of it"
    assert shop.value("select waiting from private.payment_queue_status()") == 0
    assert shop.admin.execute("select from private.claim_payments(10, 60)").rowcount == 0, "it is not asked for again"
    assert tell(shop, "charge.succeeded", order) == "settled"
    assert (shop.status(order), action(shop, buyer, order)) == ("paid", None)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://a b", "https://" + "a" * 3000, "data:text/html,x"])
def test_an_address_that_no_browser_should_follow_is_left_out(
    shop: Shop, order: str, buyer: uuid.UUID, url: str
) -> None:
    hold(shop, order, "needs action", url=url)
    assert set(action(shop, buyer, order) or {}) == {"expires_at"}


def test_who_does_not_confirm_in_time_loses_the_order_and_never_the_money(
    shop: Shop, order: str, product: uuid.UUID
) -> None:
    hold(shop, order, "needs action")
    assert (shop.expire(), shop.status(order)) == (0, "pending")
    let_time_pass(shop)
    assert (shop.expire(), shop.status(order), shop.stock(product)) == (1, "cancelled", STOCK)
    assert payments(shop, order) == [("charge", "not confirmed")]
    assert tell(shop, "charge.succeeded", order) == "settled"
    assert payments(shop, order) == [("charge", "succeeded"), ("refund", "waiting")], "it goes back"


def test_the_provider_may_give_less_time_and_a_repeated_event_gives_no_more(shop: Shop, order: str) -> None:
    hold(shop, order, "needs action", decide_by="2026-01-01T00:00:00Z")
    assert tell(shop, "charge.requires_action", order) == "settled"
    assert (shop.expire(), shop.status(order)) == (1, "cancelled")


def test_a_buyer_who_need_not_confirm_any_more_cancels_at_once(
    shop: Shop, order: str, buyer: uuid.UUID, product: uuid.UUID
) -> None:
    hold(shop, order, "needs action")
    assert shop.call(buyer, "cancel_order", order_id=order)["status"] == "cancelled"
    assert shop.stock(product) == STOCK
    assert not hold(shop, order, "needs action"), "what the worker says late"


def test_a_buyer_who_cancels_while_the_provider_is_asked_is_not_asked_to_confirm(
    shop: Shop, order: str, buyer: uuid.UUID
) -> None:
    assert shop.call(buyer, "cancel_order", order_id=order)["status"] == "pending"
    assert hold(shop, order, "needs action", url="https://bank.example/3ds")
    assert shop.status(order) == "cancelled"


def test_a_transfer_under_way_is_waited_for_and_decides(
    shop: Shop, order: str, buyer: uuid.UUID, product: uuid.UUID
) -> None:
    assert tell(shop, "charge.pending", order) == "settled"
    assert tell(shop, "charge.requires_action", order, url="https://bank.example") == "known", "which came late"
    shop.age(order, 600)
    assert (shop.expire(), action(shop, buyer, order)) == (0, None)
    assert shop.call(buyer, "cancel_order", order_id=order)["status"] == "pending", "the money may be on its way"
    assert tell(shop, "charge.declined", order, reason="No\nmoney") == "settled"
    assert (shop.status(order), shop.stock(product)) == ("cancelled", STOCK)
    assert rows(shop, order)[0]["last_error"] == "No money"


def test_what_stays_pending_is_left_to_staff_who_may_say_that_it_was_never_made(
    shop: Shop, order: str, product: uuid.UUID
) -> None:
    hold(shop, order, "pending")
    let_time_pass(shop)
    shop.expire()
    assert payments(shop, order) == [("charge", "failed")]
    assert order in str(shop.call(shop.staff, "failed_payments"))
    why = "The provider's records have\nno such charge."
    cancelled = shop.call(shop.staff, "mark_never_charged", order_id=order, reason=why)
    assert (cancelled["status"], cancelled["reason"]) == ("cancelled", "The payment was not made.")
    (charge,) = rows(shop, order)
    told = (charge["state"], charge["settled_by"], charge["settled_reason"])
    assert told == ("never made", shop.staff, "The provider's records have no such charge.")
    assert shop.call(shop.staff, "mark_never_charged", order_id=order, reason="Again.") == cancelled
    assert (rows(shop, order), shop.stock(product)) == ([charge], STOCK)
    assert shop.value("select failed from private.payment_queue_status()") == 0
    assert tell(shop, "charge.succeeded", order) == "settled"
    assert payments(shop, order) == [("charge", "succeeded"), ("refund", "waiting")], "it was made after all"


@pytest.mark.parametrize("state", ["waiting", "sent", "failed", "pending", "needs action"])
def test_staff_end_a_charge_wherever_it_stands(shop: Shop, product: uuid.UUID, buyer: uuid.UUID, state: str) -> None:
    order = str(shop.place(buyer, {product: 1}, str(uuid.uuid4()))["id"])
    if state != "waiting":
        shop.admin.execute("select from private.claim_payments(10, 60)")
    if state == "failed":
        shop.admin.execute("select private.postpone_payment(%s, 'charge', 1, 'no', 0, 1, true)", (order,))
    elif state in ("pending", "needs action"):
        hold(shop, order, state)
    assert payments(shop, order) == [("charge", state)]
    shop.call(shop.staff, "mark_never_charged", order_id=order, reason="Their records.")
    assert (shop.status(order), shop.stock(product)) == ("cancelled", STOCK)


def test_only_staff_settle_by_hand_with_a_reason_and_never_what_was_paid(
    shop: Shop, order: str, buyer: uuid.UUID
) -> None:
    for person, reason, status in ((buyer, "x", 403), (shop.staff, " \n", 422), (shop.staff, None, 422)):
        with pytest.raises(psycopg.Error) as refused:
            shop.call(person, "mark_never_charged", order_id=order, reason=reason)
        assert status_of(refused.value) == status
    with pytest.raises(psycopg.Error, match="only staff may do this"):
        shop.call(buyer, "payments_of_order", order_id=order)
    tell(shop, "charge.succeeded", order)
    with pytest.raises(psycopg.Error, match="the order was paid: it is paid"):
        shop.call(shop.staff, "mark_never_charged", order_id=order, reason="x")


def test_a_refund_under_way_is_waited_for(shop: Shop, order: str) -> None:
    tell(shop, "charge.succeeded", order)
    shop.call(shop.staff, "refund_order", order_id=order)
    assert hold(shop, order, "pending", kind="refund", reference="re_1")
    assert payments(shop, order) == [("charge", "succeeded"), ("refund", "pending")]
    assert tell(shop, "refund.declined", order, reason="The account is closed.") == "settled"
    assert payments(shop, order) == [("charge", "succeeded"), ("refund", "failed")]
    assert tell(shop, "refund.pending", order) == "known", "which came late"
    assert tell(shop, "refund.succeeded", order) == "settled"
    assert shop.status(order) == "refunded"


def test_what_was_charged_beside_a_payment_by_hand_is_refunded_by_the_provider(shop: Shop, order: str) -> None:
    shop.admin.execute("select private.postpone_payment(%s, 'charge', 1, 'no', 0, 1, true)", (order,))
    shop.call(shop.staff, "mark_paid", order_id=order)
    assert tell(shop, "charge.succeeded", order) == "settled"
    assert payments(shop, order) == [("charge", "charged as well")]
    shop.call(shop.staff, "refund_order", order_id=order)
    assert payments(shop, order) == [("charge", "succeeded"), ("refund", "waiting")]


def test_staff_who_close_their_account_leave_the_reason_behind(shop: Shop, order: str) -> None:
    shop.call(shop.staff, "mark_never_charged", order_id=order, reason="Their records.")
    closed = shop.call(shop.staff, "close_account")
    assert "payments you settled for the shop" in [each["what"] for each in closed["anonymised"]]
    settled = "select settled_by, settled_reason from private.payment_jobs where order_id = %s"
    assert shop.admin.execute(settled, (order,)).fetchone() == (None, "Their records.")
