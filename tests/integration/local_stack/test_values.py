"""Divergence 3, and the values that a client library must be able to read: jsonb, vectors, arrays, numbers, times."""

import re
from datetime import datetime
from typing import Any

import httpx2
import pytest

from tests.integration.local_stack.support import PASSWORD, Client, define, service, value
from tests.support.databases import Database
from tests.support.stack import Process, Stack

SCRIPT = """
    create type public.mood as enum ('calm', 'stormy');
    create table public.samples (
      id uuid primary key default gen_random_uuid(),
      label text not null,
      length integer generated always as (char_length(label)) stored,
      data jsonb not null default '{}',
      tags text[] not null default '{}',
      price numeric(12, 2),
      precise numeric,
      large bigint,
      mood public.mood,
      embedding extensions.vector(3),
      seen_at timestamptz not null default now(),
      rank integer not null default 7
    );
    create table public.remarks (
      id bigint generated always as identity primary key,
      sample_id uuid not null references public.samples on delete cascade,
      body text not null
    );
    grant select, delete, insert (id, label, data, tags, price, precise, large, mood, embedding, seen_at, rank),
      update (id, label, data, tags, price, precise, large, mood, embedding) on public.samples to service_role;
    grant all on public.remarks to service_role;
    create function public.echo(given jsonb) returns jsonb language sql immutable as 'select given';
    create function public.same_amount(amount numeric) returns numeric language sql immutable as 'select amount';
    create function public.nearest(wanted extensions.vector, most integer) returns setof public.samples
      language sql stable set search_path = '' as
      'select * from public.samples where embedding is not null
        order by embedding operator(extensions.<->) wanted limit most';
    create function public.count_tags(tags text[]) returns integer language sql immutable as 'select cardinality(tags)';
    grant execute on all functions in schema public to service_role;
"""
JSON_VALUES: list[Any] = [{"a": [1, {"b": "c"}]}, [1, "2"], "text", "5", '{"quoted": true}', 5, 1.5, True, {}, []]


@pytest.fixture(scope="module")
def client(database: Database, stack: Stack, api: Process) -> Client:
    """The holder of the secret key, on the sample tables."""
    define(database, stack, SCRIPT, "samples")
    return service(stack)


def inserted(client: Client, **columns: object) -> dict[str, Any]:
    """One new sample as the API answers it."""
    response = client.insert("samples", {"label": "x", **columns})
    assert response.status_code == 201, response.text
    row: dict[str, Any] = response.json()[0]
    return row


@pytest.mark.parametrize("given", JSON_VALUES, ids=repr)
def test_jsonb_comes_back_as_it_went_in(client: Client, given: object) -> None:
    row = inserted(client, data=given)
    assert row["data"] == given
    assert client.rows(f"samples?id=eq.{row['id']}")[0]["data"] == given
    changed = client.update(f"samples?id=eq.{row['id']}", {"data": {"now": given}})
    assert changed.json()[0]["data"] == {"now": given}
    back = client.update(f"samples?id=eq.{row['id']}", {"data": given})
    assert back.json()[0]["data"] == given


@pytest.mark.parametrize("given", JSON_VALUES, ids=repr)
def test_a_jsonb_argument_comes_back_as_it_went_in(client: Client, given: object) -> None:
    assert client.call("echo", given=given).json() == given


def test_the_metadata_of_a_person_is_an_object_in_the_table(client: Client, database: Database, stack: Stack) -> None:
    metadata = {"display_name": "Ada", "nested": {"n": 1}}
    body = {"email": "ada@example.com", "password": PASSWORD, "data": metadata}
    response = client.post("/auth/v1/signup", json=body)
    assert response.status_code == 200, response.text
    assert response.json()["user"]["user_metadata"].items() >= metadata.items()
    with database.connect("supabase_admin") as connection:
        users = "from auth.users where email = 'ada@example.com'"
        assert value(connection, f"select jsonb_typeof(raw_user_meta_data) {users}") == "object"
        assert value(connection, f"select raw_user_meta_data -> 'nested' ->> 'n' {users}") == "1"
        assert value(connection, f"select jsonb_typeof(raw_app_meta_data) {users}") == "object"


def test_times_are_iso_8601(client: Client) -> None:
    text = inserted(client)["seen_at"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00", text), text
    assert datetime.fromisoformat(text).tzinfo is not None
    given = inserted(client, seen_at="2026-03-29T02:30:00+02:00")
    assert datetime.fromisoformat(given["seen_at"]) == datetime.fromisoformat("2026-03-29T00:30:00+00:00")


def test_a_vector_is_given_as_a_json_array_and_read_as_text(client: Client) -> None:
    row = inserted(client, label="near", embedding=[1, 2.5, 3])
    assert row["embedding"] == "[1,2.5,3]"
    changed = client.update(f"samples?id=eq.{row['id']}", {"embedding": [9, 9, 9]})
    assert changed.json()[0]["embedding"] == "[9,9,9]"
    inserted(client, label="far", embedding="[-9,-9,-9]")
    found = client.call("nearest", wanted=[8, 9, 9], most=1)
    assert [sample["label"] for sample in found.json()] == ["near"]


def test_arrays_numbers_and_enums(client: Client) -> None:
    tags = ["plain", "with,comma", 'with"quote', "{braces}", ""]
    row = inserted(client, tags=tags, price=12.5, large=2**53 + 1, mood="stormy")
    assert (row["tags"], row["price"], row["large"], row["mood"]) == (tags, 12.5, 2**53 + 1, "stormy")
    assert isinstance(row["price"], float)
    assert row["length"] == 1
    assert client.call("count_tags", tags=tags).json() == len(tags)
    assert client.rows(f"samples?id=eq.{row['id']}&tags=cs.{{plain}}&select=tags")[0]["tags"] == tags


def test_a_number_keeps_all_its_digits(client: Client) -> None:
    digits = "1234567890.12345678901234567890"
    response = client.post(
        "/rest/v1/samples",
        content=f'{{"label": "x", "precise": {digits}}}',
        headers={"Content-Type": "application/json", "Prefer": "return=representation"},
    )
    assert f'"precise":{digits}' in response.text


@pytest.mark.parametrize("digits", ["19.90", "0.10", "100.00", "-3.50", "9999999999.99", "7", "0.30"])
def test_money_keeps_its_decimals_on_every_way(client: Client, digits: str) -> None:
    def send(method: str, path: str, body: str) -> str:
        headers = {"Content-Type": "application/json", "Prefer": "return=representation"}
        return client.send(method, path, headers, content=body).text

    two = digits if "." in digits else f"{digits}.00"
    created = send("POST", "/rest/v1/samples", f'{{"label": "x", "price": {digits}, "precise": {digits}}}')
    assert f'"price":{two},"precise":{digits},' in created
    row = client.rows("samples?select=id&order=seen_at.desc&limit=1")[0]["id"]
    assert f'"price":{two},' in send("PATCH", f"/rest/v1/samples?id=eq.{row}", f'{{"price": {digits}}}')
    assert f'"price":{two},' in send("PATCH", f"/rest/v1/samples?id=eq.{row}", f'{{"price": "{digits}"}}')
    client.insert("remarks", {"sample_id": row, "body": "one"})
    embedded = client.get(f"/rest/v1/remarks?select=samples(price)&sample_id=eq.{row}").text
    assert embedded == f'[{{"samples":{{"price":{two}}}}}]'
    csv = client.get(f"/rest/v1/samples?select=price&id=eq.{row}", Accept="text/csv").text
    assert csv.split() == ["price", two]
    assert send("POST", "/rest/v1/rpc/same_amount", f'{{"amount": {digits}}}') == digits
    assert send("POST", "/rest/v1/rpc/echo", f'{{"given": {{"price": [{digits}]}}}}').replace(" ", "") == (
        f'{{"price":[{digits}]}}'
    )


def test_a_row_without_a_key_gets_null_or_on_request_the_default(client: Client) -> None:
    rows = [{"label": "a", "price": 1, "rank": 1}, {"label": "b", "price": 2}]
    path = "samples?columns=label,price,rank"
    refused = client.insert(path, rows)
    assert (refused.status_code, refused.json()["code"]) == (400, "23502")
    accepted = client.insert(path, rows, "return=representation,missing=default")
    assert [row["rank"] for row in accepted.json()] == [1, 7]
    assert sorted(row["rank"] for row in client.rows("samples?price=not.is.null&label=in.(a,b)")) == [1, 7]


def test_an_upsert_replaces_what_is_there(client: Client) -> None:
    row = inserted(client, label="before", data={"kept": True})
    changed = {"id": row["id"], "label": "after"}
    response = client.insert("samples", changed, "return=representation,resolution=merge-duplicates")
    assert response.status_code == 200, response.text
    assert (response.json()[0]["label"], response.json()[0]["data"]) == ("after", {"kept": True})
    ignored = client.insert("samples", {**changed, "label": "x"}, "return=minimal,resolution=ignore-duplicates")
    assert ignored.status_code in {200, 201}
    assert client.rows(f"samples?id=eq.{row['id']}")[0]["label"] == "after"


def test_related_rows_and_counts(client: Client) -> None:
    row = inserted(client, label="parent")
    client.insert("remarks", [{"sample_id": row["id"], "body": body} for body in ("one", "two")])
    found = client.rows(f"samples?id=eq.{row['id']}&select=label,seen_at,remarks(body)&remarks.order=body")
    assert found[0]["remarks"] == [{"body": "one"}, {"body": "two"}]
    counted = client.get(f"/rest/v1/remarks?sample_id=eq.{row['id']}&select=id", Prefer="count=exact", Range="0-0")
    assert (counted.status_code, counted.headers["content-range"]) == (206, "0-0/2")


def test_columns_that_may_not_be_written_are_refused(client: Client) -> None:
    def code(response: httpx2.Response) -> tuple[int, str]:
        return response.status_code, response.json()["code"]

    row = inserted(client)
    assert code(client.insert("samples", {"label": "x", "length": 1})) == (400, "428C9")
    assert code(client.insert("samples", {"label": "x", "unknown": 1})) == (400, "PGRST204")
    assert code(client.update(f"samples?id=eq.{row['id']}", {"rank": 1})) == (403, "42501")
