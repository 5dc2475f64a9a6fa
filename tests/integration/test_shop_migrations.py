"""The migrations of the shop find a database in use: what stands in it stays, and is held to the rules from then on."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors

from gateway.local.errors import MigrationError
from gateway.local.migrate import migrate, read_migrations
from tests.support import Database, ScratchCluster

FIRST = "20261124090000"  # of the shop


def quiet(_message: str) -> None:
    """A report that nobody reads."""


@pytest.fixture
def before(cluster: ScratchCluster, tmp_path: Path) -> Iterator[Database]:
    """A database as it was, with a category."""
    for migration in read_migrations():
        if migration.version < FIRST:
            (tmp_path / migration.path.name).write_bytes(migration.path.read_bytes())
    database = cluster.empty()
    migrate(database.url, quiet, tmp_path)
    with database.connect() as connection:
        connection.execute("insert into public.categories (slug, name) values ('shelf', 'Shelf')")
    yield database
    cluster.drop(database)


def add(connection: psycopg.Connection[Any], **columns: str) -> None:
    """A product as it could be then."""
    row = {"sku": uuid.uuid4().hex.upper(), "name": "Rope", "price": "19.9", "currency": "EUR", **columns}
    connection.execute(
        "insert into public.products (category_id, sku, name, price, currency)"
        " select (select id from public.categories), %(sku)s, %(name)s, %(price)s::numeric, %(currency)s",
        row,
    )


def test_products_of_before_stay(before: Database) -> None:
    with before.connect() as connection:
        add(connection, sku="PLAIN", price="19.9")
        add(connection, sku="BLANK", name=" \t")
        add(connection, sku="POINTS", currency="PTS")
        add(connection, sku="YEN", currency="JPY", price="1.50")
        migrate(before.url, quiet)
        rows = connection.execute(
            "select sku, name, price::text, price_cents, currency from public.products order by sku"
        ).fetchall()
        assert rows == [
            ("BLANK", "BLANK", "19.90", 1990, "EUR"),
            ("PLAIN", "Rope", "19.90", 1990, "EUR"),
            ("POINTS", "Rope", "19.90", 1990, "PTS"),
            ("YEN", "Rope", "1.50", 150, "JPY"),
        ]
        found = connection.execute("select sku from public.search_products('rope') order by sku").fetchall()
        assert found == [("PLAIN",), ("POINTS",), ("YEN",)]
        unvalidated = (
            "select conname from pg_constraint where not convalidated and connamespace = 'public'::regnamespace"
        )
        assert connection.execute(unvalidated).fetchall() == []
        connection.execute("update public.products set stock = 5 where sku = 'YEN'")  # sold on as it is
        with pytest.raises(errors.CheckViolation):
            connection.execute("update public.products set price = 2.50 where sku = 'YEN'")


def test_a_price_that_is_no_number_must_be_mended_first(before: Database) -> None:
    with before.connect() as connection:
        add(connection, price="NaN")
        with pytest.raises(MigrationError):
            migrate(before.url, quiet)
        connection.execute("update public.products set price = 1")
        migrate(before.url, quiet)


def test_accounts_of_before_have_their_profiles(before: Database) -> None:
    with before.connect("supabase_admin") as admin:
        people = [uuid.uuid4() for _ in range(4)]
        rows: list[tuple[str | None, str | None, bool, dict[str, str]]] = [
            ("Ada@example.org", None, False, {"display_name": "Ada"}),
            ("ada@example.org", None, True, {}),  # single sign-on may share an address
            (None, "4915112345678", False, {}),
            ("lost@example.org", "4915112345679", False, {"full_name": "Lost"}),
        ]
        for person, (email, phone, sso, metadata) in zip(people, rows, strict=True):
            admin.execute(
                "insert into auth.users (id, email, phone, is_sso_user, raw_user_meta_data, created_at)"
                " values (%s, %s, %s, %s, %s, now())",
                (person, email, phone, sso, json.dumps(metadata)),
            )
        admin.execute("update public.profiles set display_name = E' \\t' where id = %s", (people[1],))
        admin.execute("delete from public.profiles where id = %s", (people[3],))
    migrate(before.url, quiet)
    with before.connect() as connection:
        found = {
            row[0]: row[1:]
            for row in connection.execute("select id, email, display_name, phone from public.profiles").fetchall()
        }
    assert [found[person] for person in people] == [
        ("ada@example.org", "Ada", None),
        (None, None, None),
        (None, None, None),  # the number of an account of before is the person's to say
        ("lost@example.org", "Lost", "+4915112345679"),
    ]
