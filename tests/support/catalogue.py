"""A few products, put in place and indexed as staff and the worker would."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg

from tests.support.passages import as_literal

# sku: (category, name, description, price, stock, active)
PRODUCTS = {
    "ROPE-12": (
        "ropes",
        "Mooring rope 12 mm",
        "A line of polyester to make a boat fast to the quay.",
        "19.99",
        40,
        True,
    ),
    "ROPE-20": ("ropes", "Mooring rope 20 mm", "A heavy line to make a ship fast to the quay.", "59.00", 0, True),
    "LAMP-01": ("lamps", "Anchor lamp", "A white light that is seen all around at night.", "35.50", 7, True),
    "LAMP-00": ("lamps", "Oil lamp, discontinued", "Burns paraffin; no longer on sale.", "12.00", 3, False),
}


def stock_shop(
    connection: psycopg.Connection[Any], worker: psycopg.Connection[Any], vectors: Mapping[str, Sequence[float]]
) -> dict[str, uuid.UUID]:
    """Insert PRODUCTS and make them searchable; their ids by SKU. `vectors` has one for each name."""
    for slug in ("ropes", "lamps"):
        connection.execute("insert into public.categories (slug, name) values (%s, initcap(%s))", (slug, slug))
    for sku, (slug, name, description, price, stock, active) in PRODUCTS.items():
        connection.execute(
            "insert into public.products (category_id, sku, name, description, price, stock, is_active)"
            " select c.id, %s, %s, %s, %s::numeric, %s, %s from public.categories c where c.slug = %s",
            (sku, name, description, price, stock, active, slug),
        )
    with worker.transaction():
        rows = worker.execute(
            "select p.id, p.scope_id, p.sku, p.name, p.description from public.products p"
            " join private.embedding_jobs j on j.product_id = p.id"
        ).fetchall()
        for product, scope, _sku, name, description in rows:
            chunk = worker.execute(
                "insert into public.chunks (product_id, scope_id, position, title, content, start_offset, end_offset,"
                " token_count, language, input_hash) values (%s, %s, 0, %s, %s, 0, %s, 1, 'en', '') returning id",
                (product, scope, name, description, len(description)),
            ).fetchone()
            assert chunk is not None
            worker.execute(
                "insert into public.chunk_embeddings (chunk_id, model_id, source_id, scope_id, embedding)"
                " values (%s, 1, %s, %s, %s::extensions.halfvec)",
                (chunk[0], product, scope, as_literal(vectors[name])),
            )
        worker.execute("delete from private.embedding_jobs where product_id is not null")
    return {row[2]: row[0] for row in rows}
