"""A search is over before a server with LLVM has compiled one of its statements, so it has none compiled.

The wheel's server cannot compile; but every server says with a plan what was set when it was made.
"""

import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.integration.test_search_sql import SEARCH_AS, claims_of
from tests.support import Database
from tests.support.passages import as_literal, index_documents, unit_vector
from tests.support.tenants import DOCUMENTS, Tenants, populate

VECTORS = {title: unit_vector(number) for number, title in enumerate(DOCUMENTS)}
EXPLAIN = ("log_min_duration = 0", "log_nested_statements = on", "log_settings = on")


@pytest.fixture(scope="module")
def tenants(database: Database) -> Tenants:
    tenants = populate(database)
    with database.connect("tidegate_worker") as worker:
        index_documents(worker, VECTORS)
    return tenants


@pytest.fixture
def plans(explained: psycopg.Connection[Any]) -> list[str]:
    """The plans of what `explained` runs."""
    plans: list[str] = []
    explained.add_notice_handler(lambda notice: plans.append(notice.message_primary or ""))
    return plans


@pytest.fixture
def explained(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """The gateway's login, told the plan of every statement, also of those within functions."""
    with database.connect("supabase_admin") as connection:
        connection.execute("load 'auto_explain'")
        for setting in EXPLAIN:
            connection.execute(f"set auto_explain.{setting}".encode())
        connection.execute("set client_min_messages = log")
        connection.execute("set session authorization tidegate_gateway")
        yield connection


@pytest.mark.parametrize("mode", ["semantic", "keyword", "hybrid"])
def test_no_statement_of_a_search_is_compiled(
    explained: psycopg.Connection[Any], plans: list[str], tenants: Tenants, mode: str
) -> None:
    vector = as_literal(VECTORS["meadow handbook"])
    claims = claims_of(tenants.people["owner"])
    explained.execute(SEARCH_AS, (claims, "what stands", vector, mode, ["documents", "products"], 100)).fetchall()
    of_search = [plan for plan in plans if "plan_cache_mode = 'force_generic_plan'" in plan]
    assert len(of_search) > 10
    assert [plan for plan in of_search if not re.search(r"^Settings: .*\bjit = 'off'", plan, re.MULTILINE)] == []
