"""Thousands of rows in one request, where a parameter per value would exceed PostgreSQL's 65,535."""

import httpx2
import pytest

from tests.integration.local_stack.support import Client, define, person, service
from tests.support.databases import Database
from tests.support.stack import Process, Stack

ROWS = 10_000
SCRIPT = """
    create table public.entries (
      id uuid primary key default gen_random_uuid(),
      owner_id uuid not null default auth.uid(),
      number integer not null,
      title text not null,
      content text not null,
      language text not null default 'en',
      data jsonb not null default '{}',
      tags text[] not null default '{}',
      price numeric(12, 2),
      unique (owner_id, number)
    );
    create policy "people read their own" on public.entries for select to authenticated
      using (owner_id = (select auth.uid()));
    create policy "people insert their own" on public.entries for insert to authenticated
      with check (owner_id = (select auth.uid()));
    create policy "people update their own" on public.entries for update to authenticated
      using (owner_id = (select auth.uid())) with check (owner_id = (select auth.uid()));
    grant select, insert (number, title, content, language, data, tags, price), update (title)
      on public.entries to authenticated;
    grant all on public.entries to service_role;
"""


@pytest.fixture(scope="module")
def writer(database: Database, stack: Stack, api: Process) -> Client:
    """A person who may write entries."""
    define(database, stack, SCRIPT, "entries")
    return person(stack)


def entries(count: int) -> list[dict[str, object]]:
    """Rows of seven columns, all different."""
    return [
        {
            "number": number,
            "title": f"Entry {number}",
            "content": f"What entry {number} says. " * 5,
            "language": "en",
            "data": {"number": number, "nested": {"even": number % 2 == 0}},
            "tags": [f"t{number % 10}", "all"],
            "price": number / 100,
        }
        for number in range(count)
    ]


def test_ten_thousand_rows_go_in_at_once(writer: Client, stack: Stack) -> None:
    response = writer.insert("entries", entries(ROWS), "return=representation")
    assert response.status_code == 201, response.text[:500]
    returned = response.json()
    assert [row["number"] for row in returned] == list(range(ROWS))
    assert returned[-1]["data"] == {"number": ROWS - 1, "nested": {"even": False}}
    counted = writer.get("/rest/v1/entries?select=id&limit=1", Prefer="count=exact")
    assert counted.headers["content-range"] == f"0-0/{ROWS}"


def test_one_bad_row_among_thousands_undoes_all(stack: Stack, writer: Client) -> None:
    other = person(stack)
    rows = entries(2_000)
    rows[1_999]["price"] = "not a number"
    assert other.insert("entries", rows, "return=minimal").status_code == 400
    assert other.rows("entries?select=id") == []


def test_a_read_returns_a_thousand_rows_at_most_and_ranges_page_through(writer: Client) -> None:
    assert len(writer.rows("entries?select=number")) == 1_000
    page = writer.get("/rest/v1/entries?select=number&order=number", Range="2500-2502")
    assert [row["number"] for row in page.json()] == [2500, 2501, 2502]
    page = writer.get("/rest/v1/entries?select=number&order=number.desc&limit=2&offset=1")
    assert [row["number"] for row in page.json()] == [ROWS - 2, ROWS - 3]


def test_columns_without_a_grant_are_refused_even_in_bulk(writer: Client, stack: Stack) -> None:
    rows = [{**row, "owner_id": "6f1c4e0a-6b1d-4c39-9a55-0f4a3c1f9d10"} for row in entries(10)]
    assert writer.insert("entries", rows).status_code == 403


def test_an_upsert_of_a_thousand_rows(stack: Stack, writer: Client) -> None:
    client = service(stack)
    found = writer.rows("entries?select=id,owner_id,number,content&order=number&limit=1000")
    changed = [{**row, "title": f"Changed {row['number']}"} for row in found]
    response: httpx2.Response = client.insert(
        "entries?on_conflict=owner_id,number", changed, "return=minimal,resolution=merge-duplicates"
    )
    assert response.status_code in {200, 201}, response.text
    assert [row["title"] for row in writer.rows("entries?select=title&number=in.(0,999,1000)&order=number")] == [
        "Changed 0",
        "Changed 999",
        "Entry 1000",
    ]
