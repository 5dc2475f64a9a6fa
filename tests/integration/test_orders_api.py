"""Orders through the Data API: the statuses a client can act on, the same bytes for the same key, and supabase-py."""

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import httpx
import httpx2
import jwt
import pytest
from postgrest.exceptions import APIError
from supabase import ClientOptions, create_client

from tests.integration.local_stack.support import Client, anonymous, person, service
from tests.support import Database, Process, Stack
from tests.support.shop import Shop
from tests.support.tokens import claims_for


@pytest.fixture(scope="module")
def shop(database: Database) -> Iterator[Shop]:
    with database.connect("supabase_admin") as admin, database.connect() as people:
        yield Shop(database, admin, people)


@pytest.fixture(scope="module")
def buyer(stack: Stack, api: Process) -> Client:
    return person(stack)


@pytest.fixture(scope="module")
def staff(stack: Stack, api: Process, shop: Shop) -> Client:
    claims = claims_for(shop.staff, iss=f"{stack.supabase_url}/auth/v1", app_metadata={"staff": True})
    return Client(stack.supabase_url, stack.keys.publishable_key, jwt.encode(claims, stack.keys.jwt_secret, "HS256"))


def items(product: uuid.UUID, quantity: int = 1) -> list[dict[str, Any]]:
    return [{"product_id": str(product), "quantity": quantity}]


def place(client: Client, product: uuid.UUID, quantity: int = 1, key: str | None = None) -> httpx2.Response:
    return client.call("place_order", items=items(product, quantity), idempotency_key=key or str(uuid.uuid4()))


def test_the_same_key_gives_the_same_bytes(shop: Shop, buyer: Client) -> None:
    lamp = shop.product(7, "20.00")
    first = place(buyer, lamp, 2, "mine")
    assert (first.status_code, first.json()["status"], first.json()["total"]) == (200, "pending", 40)
    assert buyer.call("cancel_order", order_id=first.json()["id"]).json()["status"] == "cancelled"
    again = place(buyer, lamp, 2, "mine")
    assert (again.status_code, again.content) == (200, first.content)
    conflict = place(buyer, lamp, 3, "mine")
    assert (conflict.status_code, json.loads(conflict.json()["details"])) == (409, {"order_id": first.json()["id"]})


def test_requests_with_one_key_at_once_give_one_order(shop: Shop, buyer: Client) -> None:
    lamp = shop.product(50)
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: place(buyer, lamp, 1, f"at once {lamp}"), range(24)))
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, answers[0].content)}
    assert shop.stock(lamp) == 49


def test_too_little_stock_is_a_conflict_with_the_facts(shop: Shop, buyer: Client) -> None:
    lamp = shop.product(3)
    refused = place(buyer, lamp, 4)
    assert refused.status_code == 409
    assert refused.json()["message"] == 'not enough of "Anchor lamp": 4 wanted, 3 left'
    assert json.loads(refused.json()["details"]) == {
        "product_id": str(lamp), "name": "Anchor lamp", "requested": 4, "available": 3,
    }  # fmt: skip
    assert place(buyer, lamp, 3).status_code == 200


def test_purchase_takes_one_product(shop: Shop, buyer: Client) -> None:
    lamp = shop.product(3)
    order = buyer.call("purchase", product_id=str(lamp), idempotency_key=str(uuid.uuid4()))
    assert (order.status_code, order.json()["items"][0]["quantity"]) == (200, 1)


def test_what_cannot_be_an_order_says_why(shop: Shop, buyer: Client, stack: Stack) -> None:
    lamp = shop.product(3)
    wrong: list[tuple[int, dict[str, object]]] = [
        (422, {"items": [], "idempotency_key": "a"}),
        (422, {"items": "lamp", "idempotency_key": "a"}),
        (422, {"items": items(lamp, 0), "idempotency_key": "a"}),
        (422, {"items": items(lamp)}),
        (422, {"items": items(lamp), "idempotency_key": ""}),
        (404, {"items": items(uuid.uuid4()), "idempotency_key": "a"}),
    ]
    for status, arguments in wrong:
        answer = buyer.call("place_order", **arguments)
        assert (answer.status_code, bool(answer.json()["hint"])) == (status, True), answer.text
    assert anonymous(stack).call("place_order", items=items(lamp), idempotency_key="a").status_code == 401
    assert service(stack).call("place_order", items=items(lamp), idempotency_key="a").status_code == 403


def test_buyers_and_staff_lead_an_order_through_its_life(
    shop: Shop, buyer: Client, staff: Client, stack: Stack
) -> None:
    lamp = shop.product(9)
    order = place(buyer, lamp, 2).json()["id"]
    stranger = person(stack)
    assert stranger.call("cancel_order", order_id=order).status_code == 404
    assert buyer.call("ship_order", order_id=order).status_code == 403
    assert staff.call("ship_order", order_id=order).status_code == 409
    assert staff.call("mark_paid", order_id=order).json()["status"] == "paid"
    assert staff.call("ship_order", order_id=order).json()["status"] == "shipped"
    assert buyer.call("cancel_order", order_id=order).status_code == 409
    assert service(stack).call("refund_order", order_id=order).json()["status"] == "refunded"
    assert anonymous(stack).call("cancel_order", order_id=order).status_code == 401
    (seen,) = buyer.rows(f"orders?id=eq.{order}&select=id,status,order_items(name,quantity)")
    assert seen == {"id": order, "status": "refunded", "order_items": [{"name": "Anchor lamp", "quantity": 2}]}
    assert stranger.rows("orders") == []
    assert [row["id"] for row in staff.rows(f"orders?id=eq.{order}")] == [order]
    assert staff.call("failed_payments").json() == []


def test_who_holds_too_much_or_does_too_much_is_told_the_limit(shop: Shop, stack: Stack, api: Process) -> None:
    greedy, lamp = person(stack), shop.product(90)
    looks = [{"product_id": str(lamp), "kind": "view"}] * 121
    for refused, status, limit, allowed in (
        (place(greedy, lamp, 21), 403, "reserved_units_of_product", 20),
        (greedy.insert("interactions", looks), 429, "interactions_per_minute", 120),
    ):
        assert refused.status_code == status, refused.text
        facts = {"limit": limit, "allowed": allowed, "actual": allowed + 1}
        assert json.loads(refused.json()["details"]).items() >= facts.items()
        assert str(allowed) in refused.json()["message"]
        assert limit in refused.json()["hint"]
    assert place(greedy, lamp, 20).status_code == 200
    assert greedy.insert("interactions", looks[1:]).status_code == 201


def test_until_when_it_may_be_paid_is_a_column(shop: Shop, buyer: Client, staff: Client) -> None:
    order = place(buyer, shop.product(9)).json()
    expires_at = datetime.fromisoformat(order["created_at"]) + timedelta(minutes=30)
    assert datetime.fromisoformat(order["expires_at"]) == expires_at
    (seen,) = buyer.rows(f"orders?id=eq.{order['id']}&select=*,expires_at")
    assert (seen["id"], datetime.fromisoformat(seen["expires_at"])) == (order["id"], expires_at)
    staff.call("mark_paid", order_id=order["id"])
    assert buyer.rows(f"orders?id=eq.{order['id']}&select=expires_at") == [{"expires_at": None}]


def test_rows_are_written_by_functions_alone(shop: Shop, buyer: Client, staff: Client) -> None:
    order = place(buyer, shop.product(9)).json()["id"]
    for client in (buyer, staff):
        assert client.insert("orders", {"currency": "EUR", "total": 1}).status_code == 403
        assert client.update(f"orders?id=eq.{order}", {"status": "paid"}).status_code == 403
        assert client.send("DELETE", f"/rest/v1/orders?id=eq.{order}").status_code == 403
        assert client.update(f"order_items?order_id=eq.{order}", {"quantity": 9}).status_code == 403


def test_who_closed_the_account_orders_nothing(shop: Shop, stack: Stack, api: Process) -> None:
    leaver, lamp = person(stack), shop.product(9)
    order = place(leaver, lamp, 2).json()["id"]
    shop.admin.execute("delete from auth.users where id = (select buyer_id from public.orders where id = %s)", (order,))
    assert place(leaver, lamp).status_code == 401
    assert shop.stock(lamp) == 9


def test_supabase_py_places_and_cancels(shop: Shop, stack: Stack, api: Process) -> None:
    lamp = shop.product(9)
    with httpx.Client(timeout=60, trust_env=False) as http:
        options = ClientOptions(httpx_client=http, auto_refresh_token=False, persist_session=False)
        client = create_client(stack.supabase_url, stack.keys.publishable_key, options)
        client.auth.sign_up({"email": f"{uuid.uuid4()}@example.com", "password": "a long enough password"})
        request: dict[str, Any] = {"items": items(lamp, 2), "idempotency_key": str(uuid.uuid4())}
        order: Any = client.rpc("place_order", request).execute().data
        assert client.rpc("place_order", request).execute().data == order
        rows: Any = client.table("orders").select("id, status, order_items(quantity)").execute().data
        assert rows == [{"id": order["id"], "status": "pending", "order_items": [{"quantity": 2}]}]
        with pytest.raises(APIError) as refused:
            client.rpc("purchase", {"product_id": str(lamp), "quantity": 8, "idempotency_key": "x"}).execute()
        assert (refused.value.code, json.loads(str(refused.value.details))["available"]) == ("PT409", 7)
        cancelled: Any = client.rpc("cancel_order", {"order_id": order["id"]}).execute().data
        assert (cancelled["status"], shop.stock(lamp)) == ("cancelled", 9)
