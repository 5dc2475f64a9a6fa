"""Divergence 7: an upsert sets every column of its body, the key as well, and so needs the right to update them all."""

from typing import Any

import httpx2
import pytest

from tests.integration.local_stack.support import Client, define, person
from tests.support.databases import Database
from tests.support.stack import Process, Stack

COLUMNS = "first integer, second integer, label text not null default 'unnamed'"
SCRIPT = f"""
    create table public.keyed ({COLUMNS}, primary key (first, second));
    create table public.keyless_update ({COLUMNS}, primary key (first, second));
    grant select, insert on public.keyed, public.keyless_update to authenticated;
    grant update (first, second, label) on public.keyed to authenticated;
    grant update (first, label) on public.keyless_update to authenticated;
    create policy "anyone" on public.keyed for all to authenticated using (true) with check (true);
    create policy "anyone" on public.keyless_update for all to authenticated using (true) with check (true);
    create table public.audited (id integer primary key, label text, "dotted.name" text, sets text not null default '');
    create function public.note_set_key() returns trigger language plpgsql set search_path = '' as
      $$ begin new.sets := old.sets || 'key'; return new; end $$;
    create trigger note before update of id on public.audited for each row execute function public.note_set_key();
    create table public.single (id integer primary key default 1, label text not null default 'unnamed');
    grant all on public.audited, public.single to authenticated;
    create policy "anyone" on public.single for all to authenticated using (true) with check (true);
    create policy "anyone" on public.audited for all to authenticated using (true) with check (true);
"""
MERGE = "return=representation,resolution=merge-duplicates"
IGNORE = "return=representation,resolution=ignore-duplicates"


@pytest.fixture(scope="module")
def client(database: Database, stack: Stack, api: Process) -> Client:
    """A person, on tables that differ in what may be updated."""
    define(database, stack, SCRIPT, "keyed")
    return person(stack)


def code(response: httpx2.Response) -> tuple[int, Any]:
    """Status and error code."""
    return response.status_code, response.json()["code"]


@pytest.mark.parametrize("number", [1, 2], ids=["new", "another"])
def test_a_key_without_the_right_to_update_it_is_refused_even_for_a_new_row(client: Client, number: int) -> None:
    row = {"first": number, "second": 1, "label": "x"}
    assert code(client.insert("keyless_update", row, MERGE)) == (403, "42501")
    assert code(client.insert("keyless_update", [row], MERGE)) == (403, "42501")
    path = f"/rest/v1/keyless_update?first=eq.{number}&second=eq.1"
    assert code(client.send("PUT", path, {"Prefer": "return=representation"}, json=row)) == (403, "42501")
    csv = {"Content-Type": "text/csv", "Prefer": MERGE}
    assert code(client.post("/rest/v1/keyless_update", content=f"first,second\n{number},1", headers=csv)) == (
        403,
        "42501",
    )
    assert client.rows("keyless_update") == []


def test_an_insert_and_an_ignored_duplicate_need_no_such_right(client: Client) -> None:
    row = {"first": 7, "second": 7, "label": "kept"}
    assert client.insert("keyless_update", row).status_code == 201
    ignored = client.insert("keyless_update", {**row, "label": "x"}, IGNORE)
    assert (ignored.status_code, ignored.json()) == (201, [])
    assert client.rows("keyless_update?first=eq.7") == [row]


def test_with_the_right_a_row_is_made_and_then_replaced(client: Client) -> None:
    row = {"first": 1, "second": 1, "label": "before"}
    assert client.insert("keyed", row, MERGE).status_code == 201
    changed = client.insert("keyed", {**row, "label": "after"}, MERGE)
    assert (changed.status_code, changed.json()) == (200, [{**row, "label": "after"}])
    only_keys = client.insert("keyed", {"first": 1, "second": 1}, MERGE)
    assert (only_keys.status_code, only_keys.json()) == (200, [{**row, "label": "after"}])


def test_the_key_is_set_and_so_are_columns_with_a_dot(client: Client) -> None:
    row = {"id": 1, "label": "before", "dotted.name": "a"}
    assert client.insert("audited", row, MERGE).json() == [{**row, "sets": ""}]
    changed = {**row, "label": "after", "dotted.name": "b"}
    assert client.insert("audited", changed, MERGE).json() == [{**changed, "sets": "key"}]


def test_an_upsert_of_nothing_but_defaults_leaves_what_is_there(client: Client) -> None:
    assert client.insert("single", {}, MERGE).json() == [{"id": 1, "label": "unnamed"}]
    assert client.update("single?id=eq.1", {"label": "named"}).status_code == 200
    assert client.insert("single", {}, MERGE).json() == []
    assert client.rows("single") == [{"id": 1, "label": "named"}]
