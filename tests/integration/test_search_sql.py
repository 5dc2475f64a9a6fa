"""public.search against what it must find, computed apart, as each person and in each mode."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import errors
from psycopg.types.json import Jsonb

from tests.integration.test_access import ACTORS, READABLE
from tests.support import Database, as_caller
from tests.support.passages import as_literal, index_documents, unit_vector
from tests.support.tenants import DOCUMENTS, Tenants, populate
from tests.support.yardstick import taking_at_most

VECTORS = {title: unit_vector(number) for number, title in enumerate(DOCUMENTS)}
SEARCH_AS = (
    "select r.* from private.search_as(%s, %s, %s::extensions.halfvec, %s, %s, %s, null, null) s, unnest(s.results) r"
)


@pytest.fixture(scope="module")
def tenants(database: Database) -> Tenants:
    tenants = populate(database)
    with database.connect("tidegate_worker") as worker:
        index_documents(worker, VECTORS)
    return tenants


@pytest.fixture
def gateway_login(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with database.connect("tidegate_gateway") as connection:
        yield connection


def claims_of(person: uuid.UUID | None) -> str:
    return json.dumps({"role": "anon"} if person is None else {"role": "authenticated", "sub": str(person)})


@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize("mode", ["semantic", "keyword", "hybrid"])
def test_everything_readable_is_found_and_nothing_else(
    gateway_login: psycopg.Connection[Any], tenants: Tenants, actor: str, mode: str
) -> None:
    wanted = "meadow handbook"
    values = (claims_of(tenants.people[actor]), "what stands", as_literal(VECTORS[wanted]), mode, ["documents"], 100)
    rows = gateway_login.execute(SEARCH_AS, values).fetchall()
    if mode == "keyword":  # "what" is a stop word, and every text has "stands"
        assert all(0 < row[7] <= 1 for row in rows)
    titles = [row[3] for row in rows]
    assert sorted(titles) == sorted(READABLE[actor])
    assert [row[7] for row in rows] == sorted((row[7] for row in rows), reverse=True)
    assert all(row[9] for row in rows)
    if wanted in READABLE[actor] and mode != "keyword":
        assert titles[0] == wanted


def test_the_role_does_not_outlive_the_statement(gateway_login: psycopg.Connection[Any], tenants: Tenants) -> None:
    values = (claims_of(tenants.people["owner"]), "x", as_literal(unit_vector(1)), "semantic", ["documents"], 10)
    for statement_fails in (False, True):
        if statement_fails:
            with pytest.raises(errors.InvalidParameterValue):
                gateway_login.execute(SEARCH_AS, (*values[:3], "psychic", *values[4:]))
        else:
            gateway_login.execute(SEARCH_AS, values)
        state = gateway_login.execute("select current_user, current_setting('request.jwt.claims', true)").fetchone()
        assert state in {("tidegate_gateway", ""), ("tidegate_gateway", None)}


@pytest.mark.parametrize("role", ["service_role", "postgres", "tidegate_worker", "supabase_admin"])
def test_the_gateway_acts_as_nobody_powerful(gateway_login: psycopg.Connection[Any], role: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        gateway_login.execute(SEARCH_AS, (json.dumps({"role": role}), "x", None, "keyword", ["documents"], 10))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mode": "psychic"}, "mode"),
        ({"kinds": ["people"]}, "kinds"),
        ({"kinds": []}, "kinds"),
        ({"max_results": 0}, "max_results"),
        ({"max_results": 101}, "max_results"),
        ({"query": "x" * 10_001}, "10,000"),
        ({"query_embedding": None}, "query_embedding"),
        ({"query_embedding": "[1,0,0]"}, "384"),
        ({"query_embedding": as_literal([0.0] * 384)}, "zero"),
        ({"effort": "heroic"}, "effort"),
        ({"effort": None}, "effort"),
        ({"passages_per_result": 0}, "passages_per_result"),
        ({"passages_per_result": 11}, "passages_per_result"),
        ({"passages_per_result": None}, "passages_per_result"),
        ({"include": ["content", "everything"]}, "include"),
        ({"include": None}, "include"),
        ({"include": [None]}, "include"),
    ],
)
def test_bad_arguments_say_what_is_wrong(
    connection: psycopg.Connection[Any], change: dict[str, Any], message: str
) -> None:
    arguments = {
        "query": "x",
        "query_embedding": as_literal(unit_vector(1)),
        "mode": "hybrid",
        "kinds": ["documents"],
        "max_results": 10,
        "effort": "bounded",
        "passages_per_result": 1,
        "include": [],
    } | change
    with as_caller(connection, None), pytest.raises(errors.InvalidParameterValue, match=message):
        connection.execute(
            "select * from public.search(query => %(query)s,"
            " query_embedding => %(query_embedding)s::extensions.halfvec,"
            " mode => %(mode)s, kinds => %(kinds)s, max_results => %(max_results)s,"
            " effort => %(effort)s,"
            " passages_per_result => %(passages_per_result)s, include => %(include)s)",
            arguments,
        )


@pytest.mark.parametrize(
    "query", ["", "the of and", "'", "\\", "a & | ! b:*", "'; drop table x; --", "😀 שלום", "x" * 3000]
)
def test_odd_queries_are_answered(connection: psycopg.Connection[Any], tenants: Tenants, query: str) -> None:
    with as_caller(connection, tenants.people["owner"]):
        for mode in ("keyword", "hybrid"):
            rows = connection.execute(
                "select title from public.search(%s, %s::extensions.halfvec, %s) s, unnest(s.results) r",
                (query, as_literal(unit_vector(1)), mode),
            ).fetchall()
            assert len(rows) == (0 if mode == "keyword" else len(READABLE["owner"]))


def test_a_long_query_in_many_languages_is_answered_in_time(
    database: Database, connection: psycopg.Connection[Any], tenants: Tenants
) -> None:
    """Any person may name thousands of language tags; an anonymous search has 3 s."""
    with database.connect("supabase_admin") as admin:
        admin.execute(
            "insert into public.documents (owner_id, title, content, language)"
            " select %s, 'x', 'stands', 'en-x-n' || i from generate_series(0, 2999) i",
            (tenants.people["guest"],),
        )
        with admin.transaction(), database.connect("tidegate_worker") as worker:
            index_documents(worker, {})
    words = " ".join(f"{a}{b}{c}ing" for a in "bcdfg" for b in "aeiou" for c in "lmnrst" * 6)[:4000]
    with as_caller(connection, None):
        for mode in ("keyword", "hybrid"):
            with taking_at_most(3.0, connection):
                rows = connection.execute(
                    "select title from public.search(%s, %s::extensions.halfvec, %s) s, unnest(s.results) r",
                    ("stands " + words, as_literal(unit_vector(1)), mode),
                ).fetchall()
            assert {row[0] for row in rows} == {"harbour leaflet", "meadow leaflet"}


def test_a_filter_holds_for_every_result(connection: psycopg.Connection[Any], tenants: Tenants) -> None:
    query = (
        "select title from public.search('stands', %s::extensions.halfvec, filters => %s, max_results => 100) s,"
        " unnest(s.results) r"
    )
    vector = as_literal(unit_vector(1))
    with as_caller(connection, tenants.people["stranger"]):
        meadow = connection.execute(query, (vector, Jsonb({"organization_ids": [str(tenants.meadow)]}))).fetchall()
        assert {row[0] for row in meadow} == {"meadow handbook", "meadow draft", "meadow leaflet"}
        harbour = connection.execute(query, (vector, Jsonb({"organization_ids": [str(tenants.harbour)]}))).fetchall()
        assert {row[0] for row in harbour} == {"harbour leaflet"}
        assert connection.execute(query, (vector, Jsonb({"category": "no-such-category"}))).fetchall() == []


def test_removed_text_is_not_found_while_its_embeddings_are_late(
    connection: psycopg.Connection[Any], tenants: Tenants
) -> None:
    with as_caller(connection, tenants.people["stranger"], commit=False):
        connection.execute("update public.documents set content = 'Redacted.' where title = 'meadow leaflet'")
        rows = connection.execute(
            "select title from public.search('stands', mode => 'keyword') s, unnest(s.results) r"
        ).fetchall()
        assert "meadow leaflet" not in {row[0] for row in rows}
        status = connection.execute("select status from public.documents where title = 'meadow leaflet'").fetchone()
        assert status == ("pending",)


@pytest.mark.parametrize(
    ("query", "mode", "done"),
    [
        ("meadow", "hybrid", "11111"),
        ("meadow", "keyword", "10111"),
        ("meadow", "semantic", "11011"),
        # What is excluded leaves nothing, and gives way.
        ('"no such phrase"', "keyword", "100010111"),
    ],
)
def test_a_search_tells_when_its_parts_ended(
    gateway_login: psycopg.Connection[Any], tenants: Tenants, query: str, mode: str, done: str
) -> None:
    values = (claims_of(tenants.people["owner"]), query, as_literal(unit_vector(1)), mode, ["documents"], 10)
    statement = SEARCH_AS.replace("select r.*", "select clock_timestamp(), s.moments").partition(", unnest(")[0]
    row = gateway_login.execute(statement, values).fetchone()
    assert row is not None
    after, (began, *moments) = row
    assert "".join("01"[moment is not None] for moment in moments) == done
    told = [began, *(moment for moment in moments if moment is not None)]
    assert told == sorted(told)
    assert told[-1] <= after
