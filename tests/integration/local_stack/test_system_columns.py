"""Columns that are nobody's to read stay so in every part of a request; and how far casts are an oracle."""

import pytest

from tests.integration.local_stack.support import Client, anonymous, person
from tests.support import Database, Process, Stack

SYSTEM_COLUMNS = ("xmin", "xmax", "cmin", "cmax", "ctid", "tableoid")
EVERYWHERE = ("select={}", "select=*,{}::text", "order={}", "{}=is.null")
"""The parts of a request that name columns."""
TABLES = """
    select c.relname from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v')
      and has_any_column_privilege(%s, c.oid, 'select') order by 1"""


@pytest.fixture(scope="module")
def callers(stack: Stack, api: Process) -> dict[str, Client]:
    """Nobody, and somebody."""
    return {"anon": anonymous(stack), "authenticated": person(stack)}


@pytest.mark.parametrize("role", ["anon", "authenticated"])
def test_no_part_of_a_request_reads_them(database: Database, callers: dict[str, Client], role: str) -> None:
    """PostgreSQL judges table and column, the Data API reads the parts: one table has them all, the others one."""
    with database.connect() as connection:
        tables = [row[0] for row in connection.execute(TABLES, (role,)).fetchall()]
    assert len(tables) > 5
    for table in tables:
        assert callers[role].get(f"/rest/v1/{table}?select=*&limit=1").status_code == 200, "all other columns are read"
    asked = [f"documents?{part.format(column)}" for column in SYSTEM_COLUMNS for part in EVERYWHERE]
    asked += [f"{table}?select={column}" for table in tables for column in ("xmin", "ctid")]
    answered = [query for query in asked if callers[role].get(f"/rest/v1/{query}&limit=1").status_code < 400]
    assert answered == []


@pytest.mark.parametrize("role", ["anon", "authenticated"])
def test_no_embedded_table_shows_them(callers: dict[str, Client], role: str) -> None:
    # A table is embedded without being named in the path.
    response = callers[role].get("/rest/v1/products?select=name,categories(xmin)&limit=1")
    assert response.status_code >= 400


def test_a_cast_tells_which_names_the_schema_has_and_no_more(callers: dict[str, Client]) -> None:
    # PostgREST lets callers cast what they read; PostgreSQL looks names up for whoever asks. See docs/access.md.
    me = callers["authenticated"]
    answers = {}
    for name in ("private.settings", "private.nothing"):
        assert me.insert("documents", {"title": name}).status_code == 201
        answers[name] = me.get(f"/rest/v1/documents?title=eq.{name}&select=title::regclass")
    assert answers["private.settings"].status_code == 200
    assert answers["private.nothing"].status_code == 404
    assert answers["private.nothing"].json()["code"] == "42P01"
    assert len(answers["private.settings"].text) < 100, "a name, and nothing of what stands in the table"
