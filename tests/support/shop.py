"""A shop with buyers, staff and products: what tests of orders begin with."""

import json
import uuid
from collections.abc import Mapping
from typing import Any, LiteralString

import psycopg

from tests.support.callers import as_caller, make_user
from tests.support.databases import Database

Json = dict[str, Any]

# What units that were there at first have become: on the shelf, in an order that holds them, or in a parcel.
HELD = """
    select coalesce(sum(i.quantity), 0)::integer from public.order_items i join public.orders o on o.id = i.order_id
    where i.product_id = %s
      and (o.status in ('pending', 'paid', 'shipped') or (o.status = 'refunded' and o.shipped_at is not null))"""


class Shop:
    """People act by functions, as the Data API lets them; `admin` looks behind the scenes."""

    def __init__(self, database: Database, admin: psycopg.Connection[Any], people: psycopg.Connection[Any]) -> None:
        """`admin` is the superuser's, `people` of a role that may become anybody."""
        self.database = database
        self.admin = admin
        self.people = people
        self.staff = make_user(admin, f"{uuid.uuid4()}@shop.example", app_metadata={"staff": True})

    def buyer(self) -> uuid.UUID:
        """Somebody new with an account."""
        return make_user(self.admin, f"{uuid.uuid4()}@example.org")

    def product(
        self, stock: int, price: str = "19.99", *, name: str = "Anchor lamp", currency: str = "EUR", active: bool = True
    ) -> uuid.UUID:
        """A new product."""
        product = uuid.uuid4()
        self.admin.execute(
            "insert into public.categories (slug, name) values ('lamps', 'Lamps') on conflict (slug) do nothing"
        )
        self.admin.execute(
            "insert into public.products (id, category_id, sku, name, price, currency, stock, is_active)"
            " select %s, c.id, %s, %s, %s::numeric, %s, %s, %s from public.categories c where c.slug = 'lamps'",
            (product, f"SKU-{product.hex[:12].upper()}", name, price, currency, stock, active),
        )
        return product

    def call(self, person: uuid.UUID | None, function: LiteralString, **arguments: object) -> Any:
        """What a public function gives `person`, staff or nobody; psycopg.Error."""
        named = ", ".join(f"{name} => %({name})s" for name in arguments)
        with as_caller(self.people, person, {"staff": person == self.staff}):
            row = self.people.execute(f"select public.{function}({named})".encode(), arguments).fetchone()
        assert row is not None
        return row[0]

    def place(self, person: uuid.UUID | None, items: object, key: str | None) -> Json:
        """Place an order; `items` are quantities by product, or whatever a client may send."""
        answer: Json = self.call(person, "place_order", items=as_items(items), idempotency_key=key)
        return answer

    def paid_order(self, buyer: uuid.UUID, items: Mapping[uuid.UUID, int]) -> str:
        """The id of an order that was paid by hand."""
        order = str(self.place(buyer, items, str(uuid.uuid4()))["id"])
        assert self.call(self.staff, "mark_paid", order_id=order)["status"] == "paid"
        return order

    def stock(self, product: uuid.UUID) -> int:
        """Units on the shelf."""
        return int(self.value("select stock from public.products where id = %s", product))

    def held(self, product: uuid.UUID) -> int:
        """Units in orders that hold them, and in parcels."""
        return int(self.value(HELD, product))

    def status(self, order: str) -> str:
        """Where an order stands."""
        return str(self.value("select status from public.orders where id = %s", order))

    def age(self, order: str, minutes: float) -> None:
        """As if the order had been placed so long ago, which the books of a real shop do not allow."""
        with self.admin.transaction():
            self.admin.execute("set local session_replication_role = replica")
            self.admin.execute(
                "update public.orders set created_at = now() - %s * interval '1 minute' where id = %s", (minutes, order)
            )

    def limit(self, name: str, allowed: int) -> None:
        """As an operator changes a limit."""
        done = self.people.execute("update private.limits set allowed = %s where name = %s", (allowed, name))
        assert done.rowcount == 1, name

    def expire(self, most: int = 100) -> int:
        """The worker's step; how many orders it cancelled."""
        with self.database.connect("tidegate_worker") as worker:
            row = worker.execute("select private.expire_orders(%s)", (most,)).fetchone()
        assert row is not None
        return int(row[0])

    def value(self, query: LiteralString, *parameters: object) -> Any:
        """The only value of a query of the superuser's."""
        row = self.admin.execute(query, parameters).fetchone()
        assert row is not None
        return row[0]


def as_items(items: object) -> str:
    """The parameter of place_order."""
    if isinstance(items, Mapping):
        items = [{"product_id": str(product), "quantity": quantity} for product, quantity in items.items()]
    return json.dumps(items)


def status_of(error: psycopg.Error) -> int:
    """The HTTP status that the Data API gives for an error that a function raised."""
    state = str(error.sqlstate)
    assert state.startswith("PT"), error
    return int(state[2:])


def facts_of(error: psycopg.Error) -> Json:
    """What an error's details say."""
    facts: Json = json.loads(error.diag.message_detail or "{}")
    return facts
