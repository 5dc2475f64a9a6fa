"""The rules of a product in Python and in the database: the same values get the same verdict from both."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, seed, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from gateway.products import MAX_PRICE, SLUG, Slug
from tests.support import Database
from tests.support import product_model as rules
from tests.support.product_model import CURRENCIES, NewProduct

GOOD: dict[str, Any] = {"sku": "GOOD-1", "name": "Good", "price": Decimal("1.50"), "currency": "EUR", "stock": 1}
# As the Data API inserts: from JSON.
INSERT = """
    insert into public.products (category_id, sku, name, description, price, currency, stock)
    select (select id from public.categories), r.sku, r.name, coalesce(r.description, ''), r.price, r.currency, r.stock
    from json_populate_record(null::public.products, %s::json) r
"""
spaces = st.sampled_from(" \t\n\v\f\r\x1c\x1f\x85\xa0\u1680\u2000\u200a\u200b\u2028\u2029\u202f\u205f\u3000\ufeff")
edges = st.sampled_from([Decimal(0), Decimal("9999999999.99")])
names = st.one_of(
    st.text(max_size=5),
    st.text(spaces, max_size=4),
    st.builds(lambda text, times: text * times, st.text(min_size=1, max_size=2), st.integers(99, 201)),
)
prices = st.one_of(
    st.decimals(-1, 20, places=3),
    st.decimals(0, 10, places=2),
    st.builds(
        lambda cents, step: cents + step, st.sampled_from([Decimal(0), Decimal("9999999999.99")]), st.decimals(-1, 1)
    ),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15),
    st.integers(-1, 10**11),
)
currencies = st.one_of(
    st.sampled_from([*CURRENCIES]),
    st.sampled_from(["eur", "EURO", "", "XXX", "XAU", "EU", "\u20ac"]),
    st.text(max_size=3),
)
stocks = st.one_of(st.integers(-2, 5), st.integers(2**31 - 2, 2**31 + 1), st.integers())
skus = st.one_of(st.from_regex(rules.SKU, fullmatch=True), st.text(max_size=4), st.text("AB1-", max_size=42))
slugs = st.one_of(st.from_regex(SLUG, fullmatch=True), st.text("ab1-\n", max_size=65), st.text(max_size=4))
products = st.fixed_dictionaries(
    {},
    optional={
        "sku": skus, "name": names, "price": prices, "currency": currencies, "stock": stocks, "description": st.text(),
    },
)  # fmt: skip


@pytest.fixture(scope="module")
def shelf(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """A connection to a shop with one category."""
    with database.connect() as connection:
        connection.execute("insert into public.categories (slug, name) values ('shelf', 'Shelf')")
        yield connection


def written(value: Any) -> str:
    """As JSON, a decimal with the digits that it has."""
    members = (
        (json.dumps(key), f"{one:f}" if isinstance(one, Decimal) else json.dumps(one)) for key, one in value.items()
    )
    return "{" + ", ".join(f"{key}: {one}" for key, one in members) + "}"


def database_takes(connection: psycopg.Connection[Any], product: str) -> bool:
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(INSERT, (product,))
    except (psycopg.IntegrityError, psycopg.DataError):
        return False
    return True


def gateway_takes(product: str) -> bool:
    try:
        NewProduct.model_validate(json.loads(product, parse_float=Decimal))
    except ValidationError:
        return False
    return True


@seed(20_261_124)
@settings(max_examples=1_500, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(changes={"name": "\u2003"})
@example(changes={"name": "\u200b"})
@example(changes={"name": "a\x00"})
@example(changes={"name": "\U0001f6a2" * 200})
@example(changes={"name": "\U0001f6a2" * 201})
@example(changes={"price": Decimal("19.999")})
@example(changes={"price": Decimal("19.990")})
@example(changes={"price": Decimal("0.005")})
@example(changes={"price": Decimal("9999999999.99")})
@example(changes={"price": Decimal("9999999999.995")})
@example(changes={"price": Decimal("0.30000000000000000000000000000004")})
@example(changes={"price": True})
@example(changes={"price": None})
@example(changes={"price": Decimal("1.5"), "currency": "JPY"})
@example(changes={"price": Decimal("1.125"), "currency": "KWD"})
@example(changes={"price": Decimal("1.12"), "currency": "KWD"})
@example(changes={"stock": True})
@example(changes={"stock": None})
@given(changes=products)
def test_both_judge_alike(shelf: psycopg.Connection[Any], changes: dict[str, Any]) -> None:
    product = written({**GOOD, **changes})
    assert database_takes(shelf, product) == gateway_takes(product), product


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "", "ten", "0", "0.00", "19.90", "1e2", "-1"])
def test_both_judge_a_price_in_words_alike(shelf: psycopg.Connection[Any], text: str) -> None:
    product = written({**GOOD, "price": text})
    assert database_takes(shelf, product) == gateway_takes(product)


def test_both_take_a_good_one_and_refuse_a_bad_one(shelf: psycopg.Connection[Any]) -> None:
    """Or agreement would prove nothing."""
    for changes, verdict in [
        ({}, True),
        *(({key: bad}, False) for key, bad in [("name", " "), ("price", 0), ("stock", -1)]),
    ]:
        product = written({**GOOD, **changes})
        assert (database_takes(shelf, product), gateway_takes(product)) == (verdict, verdict)


def test_the_currencies_are_those_of_the_table(shelf: psycopg.Connection[Any]) -> None:
    rows = shelf.execute("select code, minor_digits from public.currencies").fetchall()
    assert dict(rows) == CURRENCIES


@seed(20_261_124)
@settings(max_examples=300, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(slug=st.one_of(st.from_regex(SLUG, fullmatch=True), st.text("ab1-\n", max_size=65), st.text(max_size=4)))
def test_both_judge_a_slug_alike(shelf: psycopg.Connection[Any], slug: str) -> None:
    try:
        with shelf.transaction(force_rollback=True):
            shelf.execute("insert into public.categories (slug, name) values (%s, 'x')", (slug,))
        taken = True
    except psycopg.errors.UniqueViolation:
        taken = True
    except (psycopg.IntegrityError, psycopg.DataError):
        taken = False
    try:
        TypeAdapter(Slug).validate_python(slug)
        judged = True
    except ValidationError:
        judged = False
    assert taken == judged, slug


def test_the_patterns_and_limits_stand_in_the_constraints(shelf: psycopg.Connection[Any]) -> None:
    rows = shelf.execute(
        "select string_agg(pg_get_constraintdef(oid), ' ') from pg_constraint"
        " where conrelid in ('public.products'::regclass, 'public.categories'::regclass) and contype = 'c'"
    ).fetchone()
    assert rows is not None
    for rule in (rules.VISIBLE, rules.SKU, SLUG, rules.MAX_NAME, rules.PRICE_BELOW):
        assert str(rule) in rows[0]
    assert rules.PRICE_BELOW - Decimal(str(MAX_PRICE)) == Decimal("0.01")
