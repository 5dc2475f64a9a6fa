"""The state machine of orders, charges and refunds: no dead end, and no money lost or moved twice."""

import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from gateway.local.paths import REPOSITORY
from tests.support import Database
from tests.support.order_histories import run_histories
from tests.support.order_search import Graph, search
from tests.support.order_world import STOCK, People
from tests.support.shop import Shop

HISTORIES = 200
PAGE = REPOSITORY / "docs" / "orders.md"


@pytest.fixture(scope="module")
def shop(database: Database) -> Iterator[tuple[psycopg.Connection[Any], People]]:
    """A connection, and who acts on it."""
    with database.connect("supabase_admin") as admin, database.connect() as people:
        shop = Shop(database, admin, people)
        yield admin, People(shop.staff, shop.buyer(), shop.product(STOCK))


@pytest.fixture(scope="module")
def searched(shop: tuple[psycopg.Connection[Any], People]) -> Graph:
    """Each worker notes at once what the provider answers; `make prove-orders` has others act in between."""
    return search(*shop, workers=0)


def test_every_state_has_a_way_to_an_end_without_the_buyer(searched: Graph) -> None:
    assert len(searched.ends) > 50
    stuck = [searched.paths[key] for key in searched.without_way(besides="buyer")]
    assert not stuck, min(stuck, key=len)


@pytest.mark.parametrize(("table", "what"), [("order", "status"), ("charge", "charge"), ("refund", "refund")])
def test_the_page_lists_every_change_and_no_other(searched: Graph, table: str, what: str) -> None:
    assert listed(table) == searched.changes[what]


def test_random_histories_come_to_an_end_with_the_money_where_it_belongs(
    shop: tuple[psycopg.Connection[Any], People],
) -> None:
    ends = run_histories(*shop, range(HISTORIES))
    for status in ("cancelled", "refunded", "paid"):
        assert any(end.startswith(status) for end in ends), ends


def listed(what: str) -> set[tuple[str, str]]:
    """The rows of the page's table of that name: `state` | `next`, `next` | …."""
    (table,) = re.findall(rf"^\| {what} \| .*\n\|.*\n((?:\|.*\n)+)", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    rows = [[re.findall(r"`([^`]+)`", cell) for cell in row.split("|")[1:3]] for row in table.splitlines()]
    return {(before[0], after) for before, later in rows for after in later}
