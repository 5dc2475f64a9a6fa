"""Payments: charged once and for what was ordered, whoever dies in between, and whatever the provider does."""

import asyncio
import json
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from gateway.clients.payments import create_payments
from gateway.embeddings import EmbedderChoice, create_embedder
from gateway.worker.payments.processor import process_payments
from tests.support import Process, ScratchCluster, Stack, as_caller, wait_until
from tests.support.embedders import FaultyEmbedder
from tests.support.fake_embedder import FakeEmbedder
from tests.support.fake_payments import FakePayments
from tests.support.gateway_app import OPERATIONS, client_of, make_app, make_settings
from tests.support.ports import free_port
from tests.support.shop import Shop
from tests.support.tokens import Project
from tests.support.waiting import PATIENCE_S, until


class Counter:
    """A shop with a provider, and workers that a test starts."""

    def __init__(self, shop: Shop, stack: Stack, provider: FakePayments, embedder: dict[str, str]) -> None:
        self.shop = shop
        self.stack = stack
        self.provider = provider
        self._embedder = embedder
        self._paying: list[tuple[threading.Thread, Callable[[], object]]] = []
        self.buyer = shop.buyer()
        self.lamp = shop.product(10, "19.99")

    def pay(self, **changes: Any) -> None:
        """Make payments as the worker does, in a thread, until `stop_paying`; `changes` are settings."""
        settings = make_settings(**{"worker_backoff_s": 0.05, **self.provider.settings, **changes})
        stop, loop = asyncio.Event(), asyncio.new_event_loop()

        async def pay() -> None:
            payments = create_payments(settings.payment_url, settings.payment_api_key, settings.policies.payment)
            assert payments is not None
            await process_payments(self.shop.database.url_for("tidegate_worker"), payments, settings, stop)
            await payments.aclose()

        def run() -> None:
            loop.run_until_complete(pay())
            loop.close()

        thread = threading.Thread(target=run)
        thread.start()
        self._paying.append((thread, lambda: loop.call_soon_threadsafe(stop.set)))

    def stop_paying(self) -> None:
        """What was begun is finished."""
        while self._paying:
            thread, stop = self._paying.pop()
            stop()
            thread.join()

    def start_worker(self, **environment: str) -> Process:
        """A worker as a process, to be killed."""
        worker = self.stack.start_worker(
            WORKER_BACKOFF_S="0.05", **self._embedder, **self.provider.environment, **environment
        )
        wait_until(lambda: "payments are made" in worker.output(), "the worker being at work")
        return worker

    def order(self, quantity: int = 2) -> str:
        return str(self.shop.place(self.buyer, {self.lamp: quantity}, str(uuid.uuid4()))["id"])

    def wait(self, order: str, status: str) -> None:
        wait_until(lambda: self.shop.status(order) == status, f"the order being {status}")

    def end_leases(self) -> None:
        """As if what dead workers had taken had been left alone for the time of a lease."""
        self.shop.admin.execute("update private.payment_jobs set available_at = now() where available_at > now()")

    def waiting(self) -> int:
        return int(self.shop.value("select waiting from private.payment_queue_status()"))


@pytest.fixture(scope="module")
def embedder() -> Iterator[dict[str, str]]:
    with FakeEmbedder().running() as server:
        yield server.environment


@pytest.fixture
def counter(cluster: ScratchCluster, logs: Path, embedder: dict[str, str]) -> Iterator[Counter]:
    database = cluster.clone("payments")
    stack = Stack(database, logs, logs)
    with (
        FakePayments().running() as provider,
        database.connect("supabase_admin") as admin,
        database.connect() as people,
    ):
        counter = Counter(Shop(database, admin, people), stack, provider, embedder)
        try:
            yield counter
        finally:
            provider.gate.set()
            counter.stop_paying()
            stack.stop()
    cluster.drop(database)


def test_an_order_is_charged_what_it_costs_and_refunded_when_it_is_cancelled(counter: Counter) -> None:
    counter.pay()
    order = counter.order()
    counter.wait(order, "paid")
    assert [(key, body) for key, body in counter.provider.asked] == [
        (
            f"charge-{order}",
            {"amount": "39.98", "currency": "EUR", "order_id": order, "customer_id": str(counter.buyer)},
        )
    ]
    withdrawn = counter.shop.call(counter.buyer, "cancel_order", order_id=order)
    assert (withdrawn["status"], withdrawn["withdrawn_at"] is None) == ("paid", False)
    counter.wait(order, "refunded")
    assert counter.provider.asked[-1][1]["charge"] == counter.provider.made[f"charge-{order}"]["id"]
    assert (counter.provider.accepted("refund"), counter.shop.stock(counter.lamp)) == ([order], 10)
    assert counter.shop.call(counter.buyer, "cancel_order", order_id=order)["status"] == "refunded"
    assert counter.waiting() == 0


def test_the_worker_shows_its_numbers_where_a_port_is_set(counter: Counter) -> None:
    port = free_port()
    counter.provider.failure = (503, {})
    worker = counter.start_worker(WORKER_METRICS_PORT=str(port))
    counter.order(1)
    breaker = 'tidegate_breaker_state{dependency="payment",state="open"} 1.0'

    def numbers() -> str:
        return httpx2.get(f"http://127.0.0.1:{port}/metrics", timeout=60, trust_env=False).text

    assert 'tidegate_policy{dependency="payment",number="attempts"} 1.0' in numbers()
    for _ in range(5):
        counter.order(1)
    wait_until(lambda: breaker in numbers(), "the breaker being open")
    second = counter.stack.start_worker(WORKER_METRICS_PORT=str(port))
    assert second.popen.wait(PATIENCE_S) == 2
    assert f"cannot show its numbers on 127.0.0.1 port {port} (" in second.output()
    assert worker.stop() == 0


def test_a_declined_charge_cancels_the_order_and_says_why(counter: Counter) -> None:
    counter.provider.declines.add("charge")
    counter.pay()
    order = counter.order()
    counter.wait(order, "cancelled")
    reason = counter.shop.value("select reason from public.orders where id = %s", order)
    assert (reason, counter.shop.stock(counter.lamp)) == ("The card is empty.", 10)


def test_a_worker_killed_while_the_provider_answers_charges_once(counter: Counter) -> None:
    counter.provider.gate.clear()
    worker = counter.start_worker()
    order = counter.order()
    wait_until(lambda: counter.provider.charged(order) == 1, "the charge being asked for")
    worker.kill()
    counter.provider.gate.set()
    assert counter.shop.status(order) == "pending"
    counter.end_leases()
    counter.pay()
    counter.wait(order, "paid")
    assert counter.provider.charged(order) == 2, "asked again, since nobody knew"
    assert counter.provider.accepted("charge") == [order]


def test_a_worker_killed_before_it_notes_the_answer_charges_once(counter: Counter) -> None:
    worker = counter.start_worker()
    order = counter.order()
    waits = (
        "select count(*) from pg_stat_activity where usename = 'tidegate_worker' and wait_event_type = 'Lock'"
        " and datname = current_database()"
    )
    with counter.shop.database.connect("supabase_admin") as other, other.transaction():
        other.execute("select from public.orders for update")
        wait_until(lambda: counter.shop.value(waits) == 1, "the worker noting the answer")
        worker.kill()
    assert counter.provider.accepted("charge") == [order]
    counter.end_leases()
    counter.pay()
    counter.wait(order, "paid")
    assert counter.provider.accepted("charge") == [order]


def test_workers_that_are_killed_lose_and_double_nothing(counter: Counter) -> None:
    counter.provider.gate.clear()
    orders = [counter.order(1) for _ in range(10)]
    workers = [counter.start_worker() for _ in range(2)]
    wait_until(lambda: len(counter.provider.asked) >= 5, "charges being asked for")
    workers[0].kill()
    counter.provider.gate.set()
    workers[1].kill()
    counter.end_leases()
    counter.pay()
    counter.pay()
    wait_until(lambda: counter.waiting() == 0, "every charge being made")
    assert sorted(counter.provider.accepted("charge")) == sorted(orders)
    assert {counter.shop.status(order) for order in orders} == {"paid"}


def test_a_pending_order_that_the_provider_never_heard_of_is_cancelled_at_once(counter: Counter) -> None:
    order = counter.order()
    assert counter.shop.call(counter.buyer, "cancel_order", order_id=order)["status"] == "cancelled"
    counter.pay()
    other = counter.order()
    counter.wait(other, "paid")
    assert counter.provider.charged(order) == 0


@pytest.mark.parametrize(("declines", "status"), [(False, "refunded"), (True, "cancelled")])
def test_a_charge_under_way_decides_what_a_cancelled_order_becomes(
    counter: Counter, declines: bool, status: str
) -> None:
    counter.provider.gate.clear()
    if declines:
        counter.provider.declines.add("charge")
    counter.pay()
    order = counter.order()
    wait_until(lambda: counter.provider.charged(order) == 1, "the charge being asked for")
    withdrawn = counter.shop.call(counter.buyer, "cancel_order", order_id=order)
    assert (withdrawn["status"], withdrawn["withdrawn_at"] is None) == ("pending", False)
    assert counter.shop.call(counter.buyer, "cancel_order", order_id=order) == withdrawn
    counter.provider.gate.set()
    counter.wait(order, status)
    assert counter.shop.stock(counter.lamp) == 10
    assert counter.provider.accepted("refund") == ([] if declines else [order])


def test_an_account_that_is_closed_while_its_order_is_charged_gets_the_money_back(counter: Counter) -> None:
    counter.provider.gate.clear()
    counter.pay()
    order = counter.order()
    wait_until(lambda: counter.provider.charged(order) == 1, "the charge being asked for")
    counter.shop.admin.execute("delete from auth.users where id = %s", (counter.buyer,))
    counter.provider.gate.set()
    counter.wait(order, "refunded")
    traces = "select count(*) from private.payment_jobs where customer_id is not null"
    assert (counter.shop.value(traces), counter.shop.stock(counter.lamp)) == (0, 10)


@pytest.mark.parametrize("after", [False, True], ids=["and did nothing", "after it had charged"])
@pytest.mark.parametrize("status", [429, 500])
def test_a_provider_that_fails_is_asked_again_and_charges_once(
    counter: Counter, caplog: pytest.LogCaptureFixture, status: int, after: bool
) -> None:
    counter.provider.failure, counter.provider.after_failure = (status, {"Retry-After": "0"}), after
    counter.pay()
    orders = [counter.order(1) for _ in range(3)]
    wait_until(lambda: len(counter.provider.asked) > 6, "the provider being asked again")
    assert {counter.shop.status(order) for order in orders} == {"pending"}
    assert f"answered {status}" in caplog.text
    counter.provider.failure = None
    for order in orders:
        counter.wait(order, "paid")
    assert sorted(counter.provider.accepted("charge")) == sorted(orders)


def test_a_provider_that_is_slow_is_asked_again_and_charges_once(
    counter: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    counter.provider.gate.clear()
    counter.pay(payment_timeout_s=1)
    order = counter.order()
    wait_until(lambda: counter.provider.charged(order) >= 2, "the provider being asked again")
    assert "did not answer within 1 s" in caplog.text
    counter.provider.gate.set()
    counter.wait(order, "paid")
    assert counter.provider.accepted("charge") == [order]


def test_a_provider_that_is_dead_is_waited_for_and_orders_may_still_be_cancelled(
    counter: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    counter.pay(payment_url="http://127.0.0.1:1/v1", worker_backoff_s=0.01)
    orders = [counter.order(1) for _ in range(2)]
    wait_until(lambda: "left alone" in caplog.text, "the breaker being open")

    def cancelled() -> bool:
        order = counter.shop.call(counter.buyer, "cancel_order", order_id=orders[0])
        return bool(order["status"] == "cancelled")

    wait_until(cancelled, "the order being cancelled")
    counter.stop_paying()
    counter.pay()
    counter.wait(orders[1], "paid")
    assert counter.provider.accepted("charge") == [orders[1]]


def test_a_charge_that_keeps_failing_is_shown_and_retried(counter: Counter) -> None:
    counter.provider.failure = (409, {})
    counter.pay(payment_max_attempts=3)
    order = counter.order()
    failed = "select failed from private.payment_queue_status()"
    wait_until(lambda: counter.shop.value(failed) == 1, "the charge being given up")
    assert counter.provider.charged(order) == 3
    (stuck,) = counter.shop.admin.execute(
        "select kind, amount::text, attempts, last_error from private.payment_jobs where failed_at is not null"
    ).fetchall()
    assert stuck == ("charge", "39.98", 3, 'The payment provider answered 409: {"error": "told to fail"}')
    assert order in str(counter.shop.call(counter.shop.staff, "failed_payments"))
    counter.provider.failure = None
    counter.shop.call(counter.shop.staff, "retry_payment", order_id=order)
    counter.wait(order, "paid")


def test_a_definite_refusal_ends_the_order_at_once(counter: Counter) -> None:
    counter.provider.failure = (400, {})
    counter.pay()
    order = counter.order()
    counter.wait(order, "cancelled")
    reason = counter.shop.value("select reason from public.orders where id = %s", order)
    assert (reason, counter.provider.charged(order)) == ("The payment provider refused it (400).", 1)
    assert counter.shop.stock(counter.lamp) == 10


def test_a_charge_that_the_buyer_has_to_confirm_waits_for_the_event(counter: Counter) -> None:
    counter.provider.undecided = {"status": "requires_action", "url": "https://bank.example/3ds"}
    counter.pay()
    order = counter.order()
    action = "select private.payment_action(%s)"

    def asked() -> dict[str, str] | None:
        with as_caller(counter.shop.people, counter.buyer):
            row = counter.shop.people.execute(action, (order,)).fetchone()
        assert row is not None
        found: dict[str, str] | None = row[0]
        return found

    wait_until(lambda: asked() is not None, "the buyer being asked")
    assert (asked() or {})["url"] == "https://bank.example/3ds"
    assert (counter.shop.status(order), counter.provider.charged(order), counter.waiting()) == ("pending", 1, 0)
    told = {"id": "evt", "type": "charge.succeeded", "data": {"order_id": order, "amount": "39.98"}}
    counter.shop.admin.execute("select private.receive_payment_event(%s)", (json.dumps(told),))
    assert (counter.shop.status(order), asked()) == ("paid", None)


def test_a_refused_refund_fails_and_is_settled_by_hand(counter: Counter) -> None:
    counter.provider.declines.add("refund")
    counter.pay()
    order = counter.order()
    counter.wait(order, "paid")
    counter.shop.call(counter.shop.staff, "refund_order", order_id=order)
    failed = "select failed from private.payment_queue_status()"
    wait_until(lambda: counter.shop.value(failed) == 1, "the refund being given up")
    assert counter.shop.status(order) == "paid"
    assert counter.shop.call(counter.shop.staff, "mark_refunded", order_id=order)["status"] == "refunded"
    assert (counter.shop.value(failed), counter.shop.stock(counter.lamp)) == (0, 10)


def test_a_worker_told_to_stop_finishes_the_charge(counter: Counter) -> None:
    counter.provider.gate.clear()
    worker = counter.start_worker()
    order = counter.order()
    wait_until(lambda: counter.provider.charged(order) == 1, "the charge being asked for")
    worker.popen.terminate()
    wait_until(lambda: "stopping" in worker.output(), "the worker being told")
    counter.provider.gate.set()
    assert worker.stop() == 0
    assert counter.shop.status(order) == "paid"


@pytest.mark.anyio
async def test_status_shows_the_provider_its_policy_and_what_waits(counter: Counter) -> None:
    counter.order()
    settings = {**counter.provider.settings, "resilience": {"payment": {"failures_to_open": 3}}}
    url = counter.shop.database.url_for("tidegate_gateway")
    embedder = FaultyEmbedder(create_embedder(EmbedderChoice("onnx")))
    async with client_of(make_app(Project(), url, embedder=embedder, **settings)) as client:

        async def answered() -> dict[str, Any] | None:
            status: dict[str, Any] = (await client.get(f"{OPERATIONS}/status")).json()
            return status if status["payments"] and status["dependencies"]["payment"]["state"] == "up" else None

        status = await until(answered, "the provider being up")
        assert status["dependencies"]["payment"]["breaker"]["policy"]["failures_to_open"] == 3
        assert (status["payments"]["waiting"], status["payments"]["failed"]) == (1, 0)
    counter.provider.failure = (500, {})
    async with client_of(make_app(Project(), url, embedder=embedder, **settings)) as client:
        status = (await client.get(f"{OPERATIONS}/status")).json()
        assert status["dependencies"]["payment"]["state"] == "down"
        assert "answered 500" in status["dependencies"]["payment"]["detail"]
