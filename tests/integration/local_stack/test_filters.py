"""Filters of the Data API: all of them count, whatever column they name, and what is no filter is refused."""

import random
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from psycopg.sql import SQL, Composable
from psycopg.types.json import Json

from tests.integration.local_stack.filter_cases import NAMES, Case, conjunctions
from tests.integration.local_stack.support import Client, define, person
from tests.support.databases import Database
from tests.support.stack import Process, Stack

SCRIPT = """
    create table public.shelves (id integer primary key, name text not null);
    create table public.goods (
      id integer primary key, shelf_id integer references public.shelves, name text, size integer, price numeric,
      fresh boolean, tags text[], data jsonb, mark integer
    );
    alter table public.goods enable row level security;
    create policy "not every fifth" on public.goods for all to authenticated using (id % 5 > 0) with check (true);
    create policy "all" on public.shelves for all to authenticated using (true);
    create function public.all_goods(lowest integer) returns setof public.goods
      language sql stable set search_path = '' as 'select * from public.goods g where g.id >= lowest';
    grant all on public.shelves, public.goods to authenticated, service_role;
    grant execute on function public.all_goods(integer) to authenticated;
    insert into public.shelves values (1, 'upper'), (2, 'lower');
"""
REFILL = """
    insert into public.goods select * from json_populate_recordset(null::public.goods, %s) on conflict do nothing
"""
SEED, CONJUNCTIONS = 2026, 60


def goods() -> list[dict[str, Any]]:
    """Sixty rows of which every filter finds some and misses some."""
    pick = random.Random(SEED)
    return [
        {
            "id": number,
            "shelf_id": pick.choice([1, 2, None]),
            "name": pick.choice([*NAMES, None]),
            "size": pick.choice([None, 1, 2, 3, 5, 8]),
            "price": pick.choice([None, 0.5, 19.9, 100]),
            "fresh": pick.choice([True, False, None]),
            "tags": pick.sample(["a", "b", "c,d", 'e"f'], pick.randint(0, 4)),
            "data": pick.choice([None, {}, {"brand": "Tar"}, {"brand": "Oak", "n": [1, 2]}]),
        }
        for number in range(1, 61)
    ]


@pytest.fixture(scope="module")
def client(database: Database, stack: Stack, api: Process) -> Client:
    """A person who may see four of five goods."""
    define(database, stack, SCRIPT, "goods")
    with database.connect("supabase_admin") as connection:
        connection.execute(REFILL, [Json(goods())])
    return person(stack)


class Oracle:
    """What PostgreSQL itself finds as the same person."""

    def __init__(self, database: Database) -> None:
        self.connection = database.connect("supabase_admin")

    def ids(self, cases: list[Case]) -> list[int]:
        """The rows that all the filters let through."""
        conditions: Composable = SQL(" and ").join(SQL("({})").format(case.sql) for case in cases)
        with self.connection.transaction():
            self.connection.execute("set local role authenticated")
            query = SQL("select id from public.goods where {} order by id").format(conditions)
            return [row[0] for row in self.connection.execute(query).fetchall()]


@pytest.fixture(scope="module")
def oracle(database: Database, client: Client) -> Any:
    """The judge, on the goods of the client."""
    judge = Oracle(database)
    yield judge
    judge.connection.close()


def query(cases: list[Case], **more: str) -> str:
    """The query string of filters, and of whatever else."""
    return urlencode([*(case.parameter for case in cases), *more.items()])


def profile(number: int) -> dict[str, str]:
    """Headers that name the schema, as the client libraries send them, or none."""
    return {"Accept-Profile": "public", "Content-Profile": "public"} if number % 2 else {}


def ids(response: httpx2.Response) -> list[int]:
    """The keys of the rows of an answer."""
    assert response.status_code == 200, (str(response.url), response.text)
    return sorted(row["id"] for row in response.json())


def error(response: httpx2.Response) -> tuple[int, str]:
    """Status and code of a refusal."""
    return response.status_code, response.json()["code"]


def test_a_read_gives_the_rows_of_all_filters(client: Client, oracle: Oracle) -> None:
    found = []
    for number, cases in enumerate(conjunctions(SEED, CONJUNCTIONS)):
        expected = oracle.ids(cases)
        path = f"/rest/v1/goods?{query(cases, select='id')}"
        assert ids(client.get(path, **profile(number))) == expected, query(cases)
        found.append(len(expected))
    assert sum(0 < count < 48 for count in found) > CONJUNCTIONS / 3  # the cases tell right from wrong


def test_a_function_gives_the_rows_of_all_filters(client: Client, oracle: Oracle) -> None:
    for number, cases in enumerate(conjunctions(SEED + 1, CONJUNCTIONS // 4)):
        expected, headers = oracle.ids(cases), profile(number)
        path = f"/rest/v1/rpc/all_goods?{query(cases)}"
        assert ids(client.get(f"{path}&lowest=0", **headers)) == expected, query(cases)
        assert ids(client.post(path, json={"lowest": 0}, headers=headers)) == expected, query(cases)


def test_an_update_changes_the_rows_of_all_filters(client: Client, oracle: Oracle) -> None:
    for number, cases in enumerate(conjunctions(SEED + 2, CONJUNCTIONS // 4)):
        expected = oracle.ids(cases)
        headers = {"Prefer": "return=representation", **profile(number)}
        path = f"/rest/v1/goods?{query(cases, select='id')}"
        changed = client.send("PATCH", path, headers, json={"mark": number})
        assert ids(changed) == expected, query(cases)
        assert [row["id"] for row in client.rows(f"goods?mark=eq.{number}&order=id")] == expected, query(cases)


def test_a_delete_removes_the_rows_of_all_filters(client: Client, oracle: Oracle) -> None:
    for number, cases in enumerate(conjunctions(SEED + 3, CONJUNCTIONS // 4)):
        before, expected = client.rows("goods?select=id&order=id"), oracle.ids(cases)
        removed = client.send("DELETE", f"/rest/v1/goods?{query(cases)}", profile(number))
        assert removed.status_code == 204, query(cases)
        after = [row["id"] for row in client.rows("goods?select=id&order=id")]
        assert after == [row["id"] for row in before if row["id"] not in expected], query(cases)
        oracle.connection.execute(REFILL, [Json(goods())])


def test_filters_of_an_embedded_resource(client: Client) -> None:
    wanted = "goods?order=id&select=id,shelf:shelves!inner(name)"
    upper = client.rows(f"{wanted}&shelves.name=eq.upper")
    assert {row["shelf"]["name"] for row in upper} == {"upper"}
    assert client.rows(f"{wanted}&shelves.name=eq.upper&shelves.name=eq.lower") == []
    assert client.rows(f"{wanted}&shelf.name=neq.upper&shelf.name=neq.lower") == []
    assert client.rows(f"{wanted}&shelves.or=(name.eq.upper,name.eq.none)&shelves.id=gt.0") == upper
    assert client.rows(f"{wanted}&shelves.not.and=(id.eq.2)&id=lt.1000") == upper
    shelves = client.rows("shelves?select=id,goods(id)&goods.size=gt.1&goods.size=lt.5&goods.size=not.eq.3&order=id")
    expected = client.rows("goods?select=id,shelf_id&size=eq.2")
    for shelf in shelves:
        assert {row["id"] for row in shelf["goods"]} == {
            row["id"] for row in expected if row["shelf_id"] == shelf["id"]
        }
    whole = client.rows("goods?select=id,shelves(id)&shelves=not.is.null&size=gt.1&size=lt.5")
    assert whole == client.rows("goods?select=id,shelves(id)&shelf_id=not.is.null&size=in.(2,3)") != []
    refused = client.get("/rest/v1/goods?select=id&shelves.name=eq.upper")
    assert error(refused) == (400, "PGRST108")


def test_a_count_and_an_address_know_the_filters(client: Client, oracle: Oracle) -> None:
    head = client.send("HEAD", "/rest/v1/goods?size=gt.1&size=lt.5", {"Prefer": "count=exact"})
    some = client.get("/rest/v1/goods?size=gt.1&size=lt.5&limit=2&select=id", Prefer="count=exact")
    size = len(client.rows("goods?size=in.(2,3)"))
    assert (head.headers["content-range"], some.headers["content-range"]) == (f"0-{size - 1}/{size}", f"0-1/{size}")
    assert some.headers["content-location"] == "/goods?limit=2&select=id&size=gt.1&size=lt.5"


def test_of_a_repeated_parameter_the_same_one_counts_as_in_postgrest(client: Client) -> None:
    assert client.rows("goods?order=id.asc&order=id.desc&limit=5&limit=1&select=id&select=name") == [{"id": 1}]
    assert client.rows("goods?order=id&limit=1&offset=5&offset=1&select=id") == [{"id": 2}]


def test_a_select_without_a_name_selects_everything_as_in_postgrest(client: Client) -> None:
    # Its parser takes as many names as there are, and none is a number as well.
    everything = client.rows("goods?order=id&limit=1")
    for select in ("", "(", "(id)"):
        assert client.rows(f"goods?order=id&limit=1&select={select}") == everything


@pytest.mark.parametrize(
    "text",
    [
        "name=eq",
        "name=rope",
        "name=",
        "data->>brand=eq",
        "name=equals.rope",
        "name=not.rope",
        "name=is.rope",
        "size=in.1",
        "size=in.(1,2",
        "name=neq(any).{a}",
        "or=()",
        "or=(name.eq.rope",
        "or=(name.eq.rope,)",
        "and=(or(name))",
        "*=eq.1",
        "order=id.up",
    ],
)
def test_what_is_no_filter_is_refused(client: Client, text: str) -> None:
    assert error(client.get(f"/rest/v1/goods?{text}")) == (400, "PGRST100")
    assert error(client.post(f"/rest/v1/rpc/all_goods?{text}", json={"lowest": 0})) == (400, "PGRST100")
    if not text.startswith("order"):
        assert error(client.update(f"goods?{text}", {"mark": 1})) == (400, "PGRST100")
        assert error(client.send("DELETE", f"/rest/v1/goods?{text}")) == (400, "PGRST100")


def test_what_is_no_filter_is_an_argument_of_a_function_that_is_read(client: Client) -> None:
    assert ids(client.get("/rest/v1/rpc/all_goods?lowest=59&id=neq.59&id=neq.60")) == []
    assert error(client.get("/rest/v1/rpc/all_goods?lowest=59&id=60")) == (404, "PGRST202")


def test_a_change_of_a_whole_table_is_refused(client: Client) -> None:
    before = client.rows("goods?order=id")
    for method, statement in [("PATCH", "UPDATE"), ("DELETE", "DELETE")]:
        for search in ("", "?select=id", "?limit=1&order=id"):
            response = client.send(method, f"/rest/v1/goods{search}", json={"mark": -1} if method == "PATCH" else None)
            message = f"{statement} requires a WHERE clause"
            assert response.json() == {"code": "21000", "details": None, "hint": None, "message": message}
            assert response.status_code == 400
    assert client.update("goods", {}).json() == []
    assert client.rows("goods?order=id") == before
    assert error(client.send("DELETE", "/rest/v1/nothing"))[0] == 404
