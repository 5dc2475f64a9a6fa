"""A shop whose products have vectors, and people who look, buy and withdraw; orders are rows, as functions write."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import psycopg

from tests.support.callers import as_caller
from tests.support.passages import as_literal, unit_vector


class Storefront:
    """What happens in a shop, on one connection of the superuser and one of the people.

    Popularity is counted by days (UTC). All that is bought here is bought on the day on which the shop opened, also
    where a test runs past midnight.
    """

    def __init__(self, admin: psycopg.Connection[Any], door: psycopg.Connection[Any]) -> None:
        """`admin` is the superuser's, `door` may become anybody."""
        self.admin = admin
        self.door = door
        self.products: dict[str, uuid.UUID] = {}
        row = admin.execute("select date_trunc('day', now(), 'utc') + interval '1 day' - interval '1 us'").fetchone()
        assert row is not None
        self.closes: datetime = row[0]

    def on(self, connection: psycopg.Connection[Any]) -> "Storefront":
        """The same shop on another connection of the superuser."""
        shop = Storefront(connection, connection)
        shop.products, shop.closes = self.products, self.closes
        return shop

    def stock(self, names: Iterable[str], category: str = "things", *, units: int = 100, active: bool = True) -> None:
        """Put products on the shelf of a category, which is made if need be; all older than any interaction."""
        self.admin.execute(
            "insert into public.categories (slug, name) values (%s, %s) on conflict do nothing", (category, category)
        )
        for name in names:
            row = self.admin.execute(
                "insert into public.products (category_id, sku, name, price, stock, is_active, created_at)"
                " select id, %s, %s, 9.99, %s, %s, '2026-01-01' from public.categories where slug = %s returning id",
                (name.upper().replace(" ", "-"), name, units, active, category),
            ).fetchone()
            assert row is not None
            self.products[name] = row[0]

    def embed(self, vectors: Mapping[str, Sequence[float]]) -> None:
        """Give products their vectors, as the worker would."""
        for name, vector in vectors.items():
            chunk = self.admin.execute(
                "insert into public.chunks (product_id, scope_id, position, title, content, start_offset, end_offset,"
                " token_count, language, input_hash) select id, scope_id, 0, name, name, 0, 1, 1, 'en', ''"
                " from public.products where id = %s returning id, scope_id",
                (self.products[name],),
            ).fetchone()
            assert chunk is not None
            self.admin.execute(
                "insert into public.chunk_embeddings (chunk_id, model_id, source_id, scope_id, embedding)"
                " values (%s, 1, %s, %s, %s::extensions.halfvec)",
                (chunk[0], self.products[name], chunk[1], as_literal(vector)),
            )
        self.admin.execute("delete from private.embedding_jobs where product_id is not null")

    def note(self, person: uuid.UUID, kind: str, *names: str) -> None:
        """Somebody looks at products or puts them into the cart."""
        with as_caller(self.door, person) as connection:
            for name in names:
                connection.execute(
                    "insert into public.interactions (product_id, kind) values (%s, %s)", (self.products[name], kind)
                )

    def place(self, person: uuid.UUID, *names: str, quantity: int = 1) -> uuid.UUID:
        """Somebody orders products, and has not paid."""
        with self.admin.transaction():
            row = self.admin.execute(
                "insert into public.orders (buyer_id, status, currency, total) values (%s, 'pending', 'EUR', 1)"
                " returning id",
                (person,),
            ).fetchone()
            assert row is not None
            self.admin.execute(
                "insert into public.order_items (order_id, position, product_id, sku, name, unit_price, quantity)"
                " select %s, row_number() over (order by p.name), p.id, p.sku, p.name, p.price, %s"
                " from public.products p where p.id = any (%s)",
                (row[0], quantity, [self.products[name] for name in names]),
            )
        return uuid.UUID(str(row[0]))

    def pay(self, order: uuid.UUID) -> None:
        """An order is paid."""
        with self.admin.transaction():
            self.admin.execute("update public.orders set status = 'paid' where id = %s", (order,))
            self.admin.execute(
                "update public.interactions set created_at = %(closes)s"
                " where order_id = %(order)s and created_at > %(closes)s",
                {"order": order, "closes": self.closes},
            )

    def order(self, person: uuid.UUID, *names: str, quantity: int = 1) -> uuid.UUID:
        """Somebody orders products and pays."""
        with self.admin.transaction():
            order = self.place(person, *names, quantity=quantity)
            self.pay(order)
        return order

    def end(self, order: uuid.UUID, how: str = "withdrawn") -> None:
        """A paid order comes to nothing: it is withdrawn, or refunded at once."""
        change = "status = 'refunded'" if how == "refunded" else "withdrawn_at = now()"
        self.admin.execute(f"update public.orders set {change} where id = %s".encode(), (order,))

    def fold(self, max_rows: int = 1000) -> None:
        """Count what is not counted, in steps of `max_rows`."""
        for step in ("roll_up_interactions", "revert_purchases"):
            while self._number(f"select private.{step}({max_rows})"):
                pass

    def age(self, days: float) -> None:
        """Everything noted so far happened so many days earlier; before it is counted."""
        self.admin.execute(
            "update public.interactions set created_at = created_at - make_interval(secs => %s)", (86_400 * days,)
        )

    def score(self, name: str) -> float:
        """Of a product."""
        row = self.admin.execute(
            "select score from public.product_popularity where product_id = %s", (self.products[name],)
        ).fetchone()
        assert row is not None
        return float(row[0])

    def popularity(self, name: str) -> float:
        """A product's popularity on the shop's day: 10 for every purchase of that day that would make the same."""
        row = self.admin.execute(
            "select private.popularity_now(%s) / private.popularity_now(private.popularity_exponent(%s))",
            (self.score(name), self.closes),
        ).fetchone()
        assert row is not None
        return float(row[0])

    def pairs(self) -> dict[tuple[str, str], int]:
        """People who bought both, each pair once; those who bought a product as its pair with itself."""
        names = {product: name for name, product in self.products.items()}
        rows = self.admin.execute("select product_id, other_id, people from private.product_pairs").fetchall()
        found = {(names[one], names[two]): people for one, two, people in rows}
        assert all(found[two, one] == people for (one, two), people in found.items()), "both directions agree"
        rows = self.admin.execute("select product_id, people from private.product_buyers").fetchall()
        buyers = {(names[product], names[product]): people for product, people in rows}
        return buyers | {(one, two): people for (one, two), people in found.items() if one <= two}

    def _number(self, query: str) -> int:
        row = self.admin.execute(query.encode()).fetchone()
        assert row is not None
        return int(row[0])


def around(seed: int, number: int, spread: float = 0.2) -> list[float]:
    """A vector near the direction of `seed`; `number` says which of them."""
    base, noise = unit_vector(seed), unit_vector(1_000 * (seed + 1) + number)
    return [b + spread * n for b, n in zip(base, noise, strict=True)]
