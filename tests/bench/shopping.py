"""A shop with planted structure, for measuring recommendations.

Products belong to clusters of things that are alike (their vectors say so) and to bundles of things that go together,
which cut across the clusters (only what people buy says so). People have a few clusters that they like, browse, and buy
from, most of all what is in fashion, which drifts; some products are new, and bought with nothing yet. One part of what
people do is noise.
"""

import struct
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

DIMENSIONS = 384
DAYS = 90.0
SPLIT = DAYS * 5 / 6  # what comes before is known
OF_BUNDLE, OF_TASTE = 0.4, 0.4  # of sessions; the rest are noise
NEW = 0.1  # of products come shortly before the split
BUNDLE = 6
MAX_BOUGHT = 20  # of one person: as far as the counts remember
Event = tuple[float, int, int, str]  # day, person, product, kind


@dataclass
class Shop:
    """Products by number; what each person likes."""

    generator: np.random.Generator
    cluster_of: NDArray[np.int64]
    vectors: NDArray[np.float32]
    bundles: NDArray[np.int64]
    since: NDArray[np.float64]  # the day from which each is on sale
    ids: list[uuid.UUID]
    people: list[uuid.UUID] = field(default_factory=list)


def make_shop(products: int, clusters: int, bundles: int, seed: int) -> Shop:
    """Clusters of equal size, vectors around their centres, bundles at random across clusters that go together."""
    generator = np.random.default_rng(seed)
    cluster_of = np.arange(products) % clusters
    centres = generator.normal(size=(clusters, DIMENSIONS)).astype(np.float32)
    vectors = centres[cluster_of] + generator.normal(size=(products, DIMENSIONS)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    since = np.where(generator.uniform(size=products) < NEW, generator.uniform(DAYS * 2 / 3, SPLIT, products), 0.0)
    old = np.flatnonzero(since == 0)
    chosen = np.array([generator.choice(old, BUNDLE, replace=False) for _ in range(bundles)])
    return Shop(generator, cluster_of, vectors, chosen, since, [uuid.uuid4() for _ in range(products)])


class Fashion:
    """How much a product is wanted on a day: by Zipf's law, each in waves of its own."""

    def __init__(self, shop: Shop) -> None:
        """Ranks are drawn once, and so is where each one's wave begins."""
        count = len(shop.ids)
        self._since = shop.since
        self._base = 1 / (shop.generator.permutation(count) + 10.0)
        self._base[shop.since > 0] = self._base.mean() * 3  # what is new is looked at
        self._phase = shop.generator.uniform(0, 2 * np.pi, count)

    def on(self, day: float) -> NDArray[np.float64]:
        """Of every product."""
        wanted: NDArray[np.float64] = self._base * np.exp(1.2 * np.sin(self._phase + 2 * np.pi * day / 60))
        return np.where(self._since <= day, wanted, 0.0)


def shopping(shop: Shop, people: int, sessions_each: float) -> list[Event]:
    """What people do, in the order of time: looks before purchases, things of a bundle over two sessions."""
    g, fashion = shop.generator, Fashion(shop)
    clusters = int(shop.cluster_of.max()) + 1
    likes = g.integers(0, clusters, size=(people, 3))
    events: list[Event] = []
    members = [np.flatnonzero(shop.cluster_of == cluster) for cluster in range(clusters)]
    waiting: dict[int, list[int]] = {}
    bought = [0] * people
    days = np.sort(g.uniform(0, DAYS, int(people * sessions_each)))
    wanted = fashion.on(0.0)
    for number, day in enumerate(days):
        if number % 500 == 0:
            wanted = fashion.on(float(day))
        person = int(g.integers(people))
        if bought[person] + 2 > MAX_BOUGHT:
            continue
        bought[person] += 2
        basket = waiting.pop(person, None)
        if basket is None:
            basket = _basket(shop, likes[person], wanted)
            if len(basket) > 2:  # some now, the rest the next time
                waiting[person], basket = basket[2:], basket[:2]
        liked = np.flatnonzero(np.isin(shop.cluster_of, likes[person]) & (shop.since <= day))
        events += [(float(day), person, int(other), "view") for other in g.choice(liked, 3)]
        for product in basket:
            alike = members[shop.cluster_of[product]]
            events += [
                (float(day), person, int(other), "view") for other in g.choice(alike[shop.since[alike] <= day], 2)
            ]
            events += [(float(day), person, product, kind) for kind in ("view", "purchase")]
    return events


def _basket(shop: Shop, likes: NDArray[np.int64], wanted: NDArray[np.float64]) -> list[int]:
    g = shop.generator
    draw = g.uniform()
    if draw < OF_BUNDLE:
        near = np.flatnonzero(np.isin(shop.cluster_of[shop.bundles[:, 0]], likes))
        bundle = shop.bundles[g.choice(near) if len(near) else g.integers(len(shop.bundles))]
        return [int(product) for product in g.choice(bundle, 4, replace=False)]
    among = np.arange(len(shop.ids))
    if draw < OF_BUNDLE + OF_TASTE:
        among = np.flatnonzero(np.isin(shop.cluster_of, likes))
    weights = wanted[among] / wanted[among].sum()
    return [int(product) for product in g.choice(among, 2, p=weights)]


# Into the database -------------------------------------------------------------------------------------------------


def load_products(admin: psycopg.Connection[Any], shop: Shop, end: datetime, categories: int = 20) -> None:
    """Products in stock, each a chunk with its vector, as the worker would write them; large scopes get their index."""
    admin.execute("insert into public.categories (slug, name) select 'c' || n, 'C' from generate_series(0, %s) n", (
        categories - 1,))  # fmt: skip
    slugs = dict(admin.execute("select slug, id from public.categories").fetchall())
    with admin.cursor() as cursor, cursor.copy(
        "copy public.products (id, category_id, sku, name, price, stock, created_at) from stdin") as copy:  # fmt: skip
        for number, product in enumerate(shop.ids):
            slug = f"c{int(shop.cluster_of[number]) % categories}"
            since = end - timedelta(days=SPLIT - shop.since[number])
            copy.write_row((product, slugs[slug], f"P-{number}", f"Product {number}", 10, 5, since))
    admin.execute("truncate private.embedding_jobs")
    admin.execute(
        "insert into public.chunks (product_id, scope_id, position, title, content, start_offset, end_offset,"
        " token_count, language, input_hash) select id, scope_id, 0, name, name, 0, 1, 1, 'en', '' from public.products"
    )
    admin.execute("create temp table vectors (id uuid primary key, embedding extensions.halfvec)")
    with admin.cursor() as cursor, cursor.copy("copy vectors from stdin (format binary)") as copy:
        copy.write(b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0))
        for product, vector in zip(shop.ids, shop.vectors, strict=True):
            data = struct.pack("!hh", DIMENSIONS, 0) + vector.astype(">f2").tobytes()
            copy.write(struct.pack("!hi16si", 2, 16, product.bytes, len(data)) + data)
        copy.write(struct.pack("!h", -1))
    _index(admin)


def _index(admin: psycopg.Connection[Any]) -> None:
    while (admin.execute("select private.create_scope_index()").fetchone() or (None,))[0]:
        pass
    # Built at once, an index is made ten times faster.
    found = admin.execute(
        "select indexrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index"
        " where indrelid = 'public.chunk_embeddings'::regclass and pg_get_indexdef(indexrelid) like '%USING hnsw%'"
    ).fetchall()
    for name, _ in found:
        admin.execute(f"drop index {name}".encode())
    admin.execute(
        "insert into public.chunk_embeddings (chunk_id, model_id, source_id, scope_id, embedding, scope_index_id)"
        " select c.id, 1, c.source_id, c.scope_id, v.embedding, coalesce((select s.id from private.scope_indexes s), 0)"
        " from public.chunks c join vectors v on v.id = c.product_id"
    )
    admin.execute("set maintenance_work_mem = '2GB'; set max_parallel_maintenance_workers = 2")
    for _, definition in found:
        admin.execute(definition.encode())
    admin.execute("update private.scope_indexes set is_complete = true; drop table vectors; analyze")


def load_people(admin: psycopg.Connection[Any], shop: Shop, count: int) -> None:
    """Accounts."""
    shop.people = [uuid.uuid4() for _ in range(count)]
    with admin.transaction(), admin.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        with cursor.copy("copy auth.users (id, email) from stdin") as copy:
            for number, person in enumerate(shop.people):
                copy.write_row((person, f"p{number}@example.org"))


def load_events(admin: psycopg.Connection[Any], shop: Shop, events: Iterable[Event], end: datetime) -> None:
    """What people did, as if day DAYS * 5/6 were `end`: noted, and waiting to be counted."""
    with admin.cursor() as cursor, cursor.copy(
        "copy public.interactions (user_id, product_id, kind, order_id, created_at) from stdin") as copy:  # fmt: skip
        for day, person, product, kind in events:
            order = uuid.uuid4() if kind == "purchase" else None
            at = end - timedelta(days=SPLIT - day)
            copy.write_row((shop.people[person], shop.ids[product], kind, order, at))
