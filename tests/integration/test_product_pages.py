"""Pages of products come from an index under row level security: no sorting, and nothing read that stands before."""

import uuid
from collections.abc import Iterator
from itertools import product
from typing import Any

import psycopg
import pytest

from tests.support import Database, as_caller, make_user

PRODUCTS = 20_000
FILL = """
    insert into public.categories (slug, name) select 'c' || n, 'C' || n from generate_series(1, 20) n;
    insert into public.products (category_id, sku, name, description, price, stock, is_active, created_at)
    select c.id, 'P-' || n, 'Product ' || lpad((n * 7919 % 20000)::text, 5, '0'), '', (1 + n * 7907 % 5000) / 100.0,
           n % 7, n % 20 <> 0, now() - n * interval '1 minute'
    from generate_series(1, 20000) n join public.categories c on c.slug = 'c' || (1 + n % 20);
    analyze public.products;
"""
# column: a value in the middle
KEYS = {"price_cents": "2500", "created_at": "(now() - interval '10000 minutes')", "name": "'Product 10000'"}


@pytest.fixture(scope="module")
def shop(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """A connection to a database with many products."""
    with database.connect("supabase_admin") as connection:
        # Words and embeddings are no concern here, and would take most of the time.
        connection.execute("set session_replication_role = replica")
        connection.execute(FILL.encode())
        connection.execute("reset session_replication_role")
        yield connection


@pytest.fixture(scope="module")
def somebody(shop: psycopg.Connection[Any]) -> uuid.UUID:
    """Somebody with an account that may act as staff."""
    return make_user(shop, "somebody@example.org", app_metadata={"staff": True})


def leaves(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of a plan that reads products, and every one that sorts."""
    if plan.get("Relation Name") == "products" or "Sort" in plan["Node Type"]:
        yield plan
    for below in plan.get("Plans", ()):
        yield from leaves(below)


def explained(connection: psycopg.Connection[Any], caller: uuid.UUID | None, staff: bool, query: str) -> dict[str, Any]:
    """The only node that reads products when the caller asks, with what it did."""
    with as_caller(connection, caller, {"staff": staff}):
        row = connection.execute(f"explain (analyze, format json) {query}".encode()).fetchone()
    assert row is not None
    (node,) = leaves(row[0][0]["Plan"])
    return node


@pytest.mark.parametrize("actor", ["visitor", "person", "staff"])
@pytest.mark.parametrize("page", list(product(KEYS, [False, True], [False, True])), ids=str)
def test_a_keyset_page_reads_little_more_than_itself(
    shop: psycopg.Connection[Any], somebody: uuid.UUID, actor: str, page: tuple[str, bool, bool]
) -> None:
    column, is_reversed, in_category = page
    value, order, beyond = KEYS[column], "desc" if is_reversed else "asc", "<" if is_reversed else ">"
    where = f"{column} {beyond}= {value} and ({column} {beyond} {value} or id {beyond} '{uuid.UUID(int=1 << 127)}')"
    if in_category:
        where += " and category_id = (select id from public.categories where slug = 'c7')"
    query = f"select * from public.products where {where} order by {column} {order}, id {order} limit 20"
    node = explained(shop, None if actor == "visitor" else somebody, actor == "staff", query)
    prefix = "category_id_" if in_category else ""
    assert node["Node Type"] == "Index Scan"
    assert node["Index Name"] == f"products_{prefix}{column}_idx"
    assert f"{column} {beyond}=" in node["Index Cond"]
    assert node["Actual Rows"] == 20
    # What is not on sale, and what stands just before the page at the same price.
    assert node.get("Rows Removed by Filter", 0) < 60


@pytest.mark.parametrize("column", ["price", "price_cents", "created_at", "name"])
@pytest.mark.parametrize("in_category", [False, True])
def test_the_first_pages_need_no_sorting(shop: psycopg.Connection[Any], column: str, in_category: bool) -> None:
    where = "where category_id = (select id from public.categories where slug = 'c7')" if in_category else ""
    query = f"select * from public.products {where} order by {column}, id limit 20 offset 40"
    node = explained(shop, None, False, query)
    assert node["Node Type"] == "Index Scan"
    assert node["Actual Rows"] == 60


def test_why_there_is_a_column_for_pages_by_price(shop: psycopg.Connection[Any]) -> None:
    """Under row level security no index answers a comparison of numeric: it is not leakproof."""
    query = "select * from public.products where price >= 25 order by price, id limit 20"
    node = explained(shop, None, False, query)
    assert "Index Cond" not in node
    assert node["Rows Removed by Filter"] > PRODUCTS / 3
    row = shop.execute(f"explain (format json) {query}".encode()).fetchone()  # as the superuser, who is above it
    assert row is not None
    assert "Index Cond" in next(leaves(row[0][0]["Plan"]))


def test_the_price_in_hundredths_is_the_price(shop: psycopg.Connection[Any]) -> None:
    query = "select count(*) from public.products where price_cents <> price * 100"
    assert shop.execute(query).fetchone() == (0,)


def test_a_change_of_stock_touches_no_index(shop: psycopg.Connection[Any]) -> None:
    """Or each sale would write ten of them, and the words again."""
    with shop.transaction(force_rollback=True):
        updated = "select n_tup_upd, n_tup_hot_upd from pg_stat_xact_user_tables where relname = %s"
        # A row of its own page has room for its next version.
        row = shop.execute(
            "insert into public.products (category_id, sku, name, price, stock)"
            " select id, 'HOT', 'Hot', 1, 50 from public.categories limit 1 returning id"
        ).fetchone()
        assert row is not None
        for _ in range(20):
            shop.execute("update public.products set stock = stock - 1 where id = %s", row)
        assert shop.execute(updated, ("products",)).fetchone() == (20, 20)
        assert shop.execute(updated, ("product_words",)).fetchone() == (0, 0)


def test_a_search_asks_the_index_of_words(shop: psycopg.Connection[Any]) -> None:
    """Under row level security it could not: that is why the words have a table and a function of their own."""
    scans = "select pg_stat_get_xact_numscans('private.product_words_words_idx'::regclass)"
    by_text = "select id from public.products where to_tsvector('english', name) @@ 'd00042'"
    with shop.transaction(force_rollback=True):
        shop.execute(
            "insert into private.product_words (product_id, stemmer, words)"
            " select id, 'english', private.search_vector('en', name, array[sku], '') from public.products"
        )
        shop.execute("select gin_clean_pending_list('private.product_words_words_idx')")  # as vacuum does
        shop.execute("analyze private.product_words")
        # The same index on the table itself, for comparison.
        shop.execute("create index by_text on public.products using gin (to_tsvector('english', name))")
        shop.execute(
            "select set_config('role', 'anon', true), set_config('request.jwt.claims', '{\"role\": \"anon\"}', true)"
        )
        before = shop.execute(scans).fetchone()
        found = shop.execute("select name from public.search_products('product 00042')").fetchall()
        after = shop.execute(scans).fetchone()
        row = shop.execute(f"explain (format json) {by_text}".encode()).fetchone()
    assert found == [("Product 00042",)]
    assert before == (0,)
    assert after is not None
    assert after[0] > 0
    assert row is not None
    assert next(leaves(row[0][0]["Plan"]))["Node Type"] == "Seq Scan"
