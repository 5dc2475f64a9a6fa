"""An answer of the Data API has a bound in bytes, whatever was asked for, and the connection serves the next caller."""

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from gateway.local.bootstrap import deno_command
from tests.integration.local_stack.support import anonymous, define, service, value
from tests.support.databases import Database
from tests.support.stack import Process, Stack

BOUND = 100_000
ROW = 10_000
SCRIPT = f"""
    create table public.notes (id integer primary key, body text not null, tags jsonb not null default '[]');
    alter table public.notes enable row level security;
    create policy "all" on public.notes for all to anon using (true) with check (true);
    grant select, insert, update on public.notes to anon;
    grant all on public.notes to service_role;
    insert into public.notes select id, repeat('x', {ROW}) from generate_series(1, 30) as id;
    create table public.remarks (id integer primary key, note_id integer not null references public.notes);
    alter table public.remarks enable row level security;
    create policy "all" on public.remarks for select to anon using (true);
    grant select on public.remarks to anon;
    insert into public.remarks select id, id from generate_series(1, 30) as id;
    create function public.all_notes(how_many integer) returns setof public.notes
      language sql stable set search_path = '' as 'select * from public.notes order by id limit how_many';
    grant execute on function public.all_notes(integer) to anon;
    create function public.one_text(size integer) returns text
      language sql immutable set search_path = '' as $$ select repeat(chr(1), size) $$;
    grant execute on function public.one_text(integer) to anon;
"""


@pytest.fixture(scope="module", autouse=True)
def api(database: Database, stack: Stack) -> Iterator[Process]:
    process = stack.start_api(DATA_API_MAX_BYTES=str(BOUND))
    define(database, stack, SCRIPT, "notes")
    yield process


def names(column: str, count: int) -> str:
    return ",".join(f"c{number}:{column}" for number in range(count))


def assert_refused(response: httpx2.Response) -> None:
    assert response.status_code == 413, (response.status_code, response.text[:200])
    problem = response.json()
    assert problem["code"] == "PT413"
    assert "100,000 bytes" in problem["message"]
    assert "DATA_API_MAX_BYTES" in problem["hint"]


@pytest.mark.parametrize(
    "query",
    [
        "notes?select=id,body",
        f"notes?select={names('body', 20)}&limit=1",
        f"notes?select={names('body', 2)}&limit=6",
        "remarks?select=id,notes(body)",
        f"remarks?select=id,{','.join(f'n{number}:notes(body)' for number in range(20))}&limit=1",
        "rpc/all_notes?how_many=30",
        "rpc/one_text?size=17000",  # 17 kB in the database, six characters for each of them in JSON
        f"notes?select={names('id', 1000)}&limit=30",  # names, rather than values
    ],
)
@pytest.mark.parametrize("accept", ["application/json", "text/csv"])
def test_an_answer_beyond_the_bound_is_refused(stack: Stack, query: str, accept: str) -> None:
    response = anonymous(stack).get(f"/rest/v1/{query}", Accept=accept)
    if accept == "text/csv" and response.status_code == 200:
        assert len(response.content) <= BOUND  # without names and escapes it fits
    else:
        assert_refused(response)


@pytest.mark.parametrize("query", ["notes?select=id,body&limit=9", "notes?select=id", "rpc/all_notes?how_many=9"])
def test_an_answer_within_the_bound_is_given(stack: Stack, query: str) -> None:
    response = anonymous(stack).get(f"/rest/v1/{query}")
    assert response.status_code == 200
    assert len(response.content) <= BOUND


def test_rows_are_counted_however_much_they_hold(stack: Stack) -> None:
    """`select("*", { count: "exact", head: true })` reads no row that it would not send."""
    response = anonymous(stack).send("HEAD", "/rest/v1/notes?select=*", {"Prefer": "count=exact"})
    assert (response.status_code, response.headers["content-range"]) == (200, "0-29/30")


def test_what_cannot_be_answered_is_not_done(stack: Stack, database: Database) -> None:
    caller = anonymous(stack)
    rows = [{"id": number, "body": "y" * ROW} for number in range(100, 120)]
    assert_refused(caller.insert("notes", rows))
    assert_refused(caller.update("notes?id=lte.30", {"tags": ["changed"]}))
    with database.connect() as connection:
        assert value(connection, "select count(*) from notes where id >= 100 or tags <> '[]'") == 0
    assert caller.insert("notes", rows, prefer="return=minimal").status_code == 201


def test_refusals_leave_the_connections_as_they_were(stack: Stack) -> None:
    """Three times as many at once as there are connections; each is in a transaction that ends."""
    caller, query = anonymous(stack), f"/rest/v1/notes?select={names('body', 20)}"
    with ThreadPoolExecutor(30) as pool:
        for response in pool.map(lambda _: caller.get(query), range(60)):
            assert_refused(response)
        for response in pool.map(lambda _: caller.get("/rest/v1/notes?select=id&limit=3&order=id"), range(60)):
            assert response.json() == [{"id": 1}, {"id": 2}, {"id": 3}]


def test_the_secret_key_has_the_same_bound(stack: Stack) -> None:
    assert_refused(service(stack).get("/rest/v1/notes"))


def test_rows_are_followed_however_the_network_cuts_them() -> None:
    script = Path(__file__).with_name("bounded_rows.ts")
    done = subprocess.run(deno_command(script, "-A"), capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
