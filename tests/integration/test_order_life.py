"""The whole life of orders at random, against a model of forty lines: the database must do what the model does."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, ClassVar, LiteralString

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from tests.support import Database, ScratchCluster
from tests.support.order_model import Bought, Goods, Shelves
from tests.support.shop import Json, Shop, status_of

SEED = 20_261_124
EXAMPLES, STEPS = 50, 30

PRODUCTS = ("lamp", "rope", "anchor")
BUYERS = ("ann", "bob", "cat")
KEYS = ("first", "second", "third", "fourth")

products = st.sampled_from(PRODUCTS)
buyers = st.sampled_from(BUYERS)
baskets = st.dictionaries(products, st.integers(1, 4), min_size=1)
which = st.integers(0, 99)


class OrderLife(RuleBasedStateMachine):
    """One shop; a subclass names the `shop`, whose database this history adds to."""

    shop: ClassVar[Shop]
    steps: ClassVar[int] = 0

    def __init__(self) -> None:
        """Products with few units, and buyers with accounts."""
        super().__init__()
        self.model = Shelves({name: Goods(Decimal("9.99"), 5) for name in PRODUCTS})
        self.products = {name: self.shop.product(5, "9.99", name=name) for name in PRODUCTS}
        self.buyers = {name: self.shop.buyer() for name in BUYERS}
        self.came = dict.fromkeys(PRODUCTS, 5)
        self.ids: list[str] = []
        self.requests: list[tuple[str, str, dict[str, int]]] = []
        self.answers: dict[int, Json] = {}

    def ask(self, person: uuid.UUID, function: LiteralString, **arguments: Any) -> tuple[int, Json]:
        """HTTP status and answer of a function."""
        try:
            return 200, self.shop.call(person, function, **arguments)
        except psycopg.Error as error:
            return status_of(error), {}

    @rule(buyer=buyers, key=st.sampled_from(KEYS), basket=baskets)
    def place(self, buyer: str, key: str, basket: dict[str, int]) -> None:
        """Somebody orders; perhaps the same again, perhaps something else under the same key."""
        if buyer not in self.buyers:
            return
        self.requests.append((buyer, key, basket))
        wanted, number = self.model.place(buyer, key, basket)
        try:
            answer = self.shop.place(self.buyers[buyer], {self.products[n]: q for n, q in basket.items()}, key)
            status = 200
        except psycopg.Error as error:
            status, answer = status_of(error), {}
        assert status == wanted
        if number is not None:
            if number == len(self.ids):
                self.ids.append(answer["id"])
            assert answer["id"] == self.ids[number]
            assert self.answers.setdefault(number, answer) == answer, "a key gives its first answer"

    @precondition(lambda self: self.requests)
    @rule(number=which)
    def place_again(self, number: int) -> None:
        """A client asks a second time, word for word: chance alone draws one basket twice too seldom."""
        self.place(*self.requests[number % len(self.requests)])

    @precondition(lambda self: self.ids)
    @rule(number=which)
    def cancel(self, number: int) -> None:
        """A buyer changes their mind."""
        order, order_id = self._pick(number)
        if order.buyer is not None:
            status, _ = self.ask(self.buyers[order.buyer], "cancel_order", order_id=order_id)
            assert status == self.model.cancel(order)

    @precondition(lambda self: self.ids)
    @rule(number=which, buyer=buyers)
    def meddle(self, number: int, buyer: str) -> None:
        """Somebody tries to cancel what others bought."""
        order, order_id = self._pick(number)
        if buyer in self.buyers and order.buyer != buyer:
            assert self.ask(self.buyers[buyer], "cancel_order", order_id=order_id)[0] == 404

    @precondition(lambda self: self.ids)
    @rule(number=which)
    def pay(self, number: int) -> None:
        """Staff have the money."""
        order, order_id = self._pick(number)
        assert self.ask(self.shop.staff, "mark_paid", order_id=order_id)[0] == self.model.pay(order)

    @precondition(lambda self: self.ids)
    @rule(number=which)
    def wait_in_vain(self, number: int) -> None:
        """A week goes by."""
        order, order_id = self._pick(number)
        self.shop.age(order_id, 31)
        assert self.shop.expire() == (order.status == "pending")
        self.model.expire(order)

    @precondition(lambda self: self.ids)
    @rule(number=which)
    def ship(self, number: int) -> None:
        """Staff send a parcel."""
        order, order_id = self._pick(number)
        assert self.ask(self.shop.staff, "ship_order", order_id=order_id)[0] == self.model.ship(order)

    @precondition(lambda self: self.ids)
    @rule(number=which)
    def refund(self, number: int) -> None:
        """Staff give the money back."""
        order, order_id = self._pick(number)
        assert self.ask(self.shop.staff, "refund_order", order_id=order_id)[0] == self.model.refund(order)

    @rule(product=products, cents=st.integers(1, 10_000))
    def change_price(self, product: str, cents: int) -> None:
        """Prices change; those of orders do not."""
        if product in self.model.products:
            self.model.products[product].price = price = Decimal(cents) / 100
            self._write("update public.products set price = %s where id = %s", price, self.products[product])

    @rule(product=products, units=st.integers(0, 9))
    def deliver(self, product: str, units: int) -> None:
        """New goods come."""
        if product in self.model.products:
            self.model.products[product].stock += units
            self.came[product] += units
            self._write("update public.products set stock = stock + %s where id = %s", units, self.products[product])

    @rule(product=products)
    def take_off_sale(self, product: str) -> None:
        """A product is hidden, or shown again."""
        if product in self.model.products:
            goods = self.model.products[product]
            goods.active = not goods.active
            self._write("update public.products set is_active = %s where id = %s", goods.active, self.products[product])

    @precondition(lambda self: self.ids)
    @rule(product=products)
    def delete_product(self, product: str) -> None:
        """A product goes for good."""
        if product in self.model.products:
            self.model.delete(product)
            self._write("delete from public.products where id = %s", self.products[product])

    @precondition(lambda self: self.ids)
    @rule(buyer=buyers)
    def close_account(self, buyer: str) -> None:
        """A buyer leaves."""
        if buyer in self.buyers:
            self.model.close_account(buyer)
            self._write("delete from auth.users where id = %s", self.buyers.pop(buyer))

    @invariant()
    def agree(self) -> None:
        """Stock and orders are what the model says, to the cent."""
        type(self).steps += 1
        stock = dict(self._read("select id, stock from public.products where id = any (%s)", [*self.products.values()]))
        assert stock == {self.products[name]: goods.stock for name, goods in self.model.products.items()}
        found = {row[0]: row[1:] for row in self._read(
            "select o.id::text, o.status, o.buyer_id, o.total, o.withdrawn_at is not null and o.status = 'paid'"
            " from public.orders o where o.id::text = any (%s)", self.ids)}  # fmt: skip
        assert found == {
            order_id: (o.status, self.buyers.get(o.buyer or ""), o.total, o.withdrawn and o.status == "paid")
            for order_id, o in zip(self.ids, self.model.orders, strict=True)
        }

    @invariant()
    def nothing_is_lost(self) -> None:
        """Units on the shelf, in orders and in parcels are those that ever came; the model is not asked."""
        for name in self.model.products:
            product = self.products[name]
            assert self.shop.stock(product) + self.shop.held(product) == self.came[name]

    def _pick(self, number: int) -> tuple[Bought, str]:
        place = number % len(self.ids)
        return self.model.orders[place], self.ids[place]

    def _write(self, statement: LiteralString, *parameters: object) -> None:
        assert self.shop.admin.execute(statement, parameters).rowcount == 1

    def _read(self, query: LiteralString, *parameters: object) -> list[Any]:
        return self.shop.admin.execute(query, parameters).fetchall()


@contextmanager
def opened(database: Database) -> Iterator[Shop]:
    """A shop in `database`."""
    with database.connect("supabase_admin") as admin, database.connect() as people:
        yield Shop(database, admin, people)


def told(shop: Shop, *, shrink: bool = True) -> int:
    """Compare random histories; how many steps they had. AssertionError with the shortest that disagrees."""
    life: Any = type("OrderLife", (OrderLife,), {"shop": shop})
    how = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        print_blob=False,
        report_multiple_bugs=False,
        phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(SEED)(life), settings=how)
    return int(life.steps)


def test_the_database_does_what_the_model_does(database: Database) -> None:
    with opened(database) as shop:
        steps = told(shop)
    print(f"{steps} steps agree")
    assert steps > EXAMPLES * STEPS / 3


SPOILED = {
    "stock is not returned": "create or replace function private.return_stock(order_ids uuid[]) returns void"
    " language sql as 'select'",
    "any status may follow": "drop trigger require_status_order on public.orders",
    "closed accounts keep goods": "drop trigger cancel_pending_orders on auth.users",
    "a request is not recognised": "create function private.forget() returns trigger language plpgsql as"
    " $$ begin new.request_hash := ''; return new; end $$; create trigger forget before insert on"
    " private.order_requests for each row execute function private.forget()",
}


@pytest.mark.parametrize("spoiled", SPOILED)
def test_a_spoiled_shop_is_noticed(cluster: ScratchCluster, spoiled: str) -> None:
    clone = cluster.clone("spoiled")
    with opened(clone) as shop, pytest.raises(AssertionError):
        shop.admin.execute(SPOILED[spoiled].encode())
        told(shop, shrink=False)
    cluster.drop(clone)
