"""public.search against what it must find, computed apart, as each person and in each mode."""

import json
import random
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import errors

from tests.integration.test_access import ACTORS, READABLE
from tests.support import Database, as_caller
from tests.support.passages import as_literal, index_documents, unit_vector
from tests.support.tenants import DOCUMENTS, Tenants, populate

VECTORS = {title: unit_vector(number) for number, title in enumerate(DOCUMENTS)}
SEARCH_AS = "select * from private.search_as(%s, %s, %s::extensions.halfvec, %s, %s, %s, null, null, null, null, null)"


@pytest.fixture(scope="module")
def tenants(database: Database) -> Tenants:
    tenants = populate(database)
    with database.connect("tidegate_worker") as worker:
        index_documents(worker, VECTORS)
    return tenants


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with database.connect() as connection:
        yield connection


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
        assert all(0 < row[6] <= 1 for row in rows)
    titles = [row[3] for row in rows]
    assert sorted(titles) == sorted(READABLE[actor])
    assert [row[6] for row in rows] == sorted((row[6] for row in rows), reverse=True)
    assert all(row[8] for row in rows)
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
    } | change
    with as_caller(connection, None), pytest.raises(errors.InvalidParameterValue, match=message):
        connection.execute(
            "select * from public.search(query => %(query)s,"
            " query_embedding => %(query_embedding)s::extensions.halfvec,"
            " mode => %(mode)s, kinds => %(kinds)s, max_results => %(max_results)s)",
            arguments,
        )


@pytest.mark.parametrize(
    "query", ["", "the of and", "'", "\\", "a & | ! b:*", "'; drop table x; --", "😀 שלום", "x" * 3000]
)
def test_odd_queries_are_answered(connection: psycopg.Connection[Any], tenants: Tenants, query: str) -> None:
    with as_caller(connection, tenants.people["owner"]):
        for mode in ("keyword", "hybrid"):
            rows = connection.execute(
                "select title from public.search(%s, %s::extensions.halfvec, %s)",
                (query, as_literal(unit_vector(1)), mode),
            ).fetchall()
            assert len(rows) == (0 if mode == "keyword" else len(READABLE["owner"]))


def test_a_long_query_in_many_languages_is_answered_in_time(
    database: Database, connection: psycopg.Connection[Any], tenants: Tenants
) -> None:
    """Any person may name thousands of languages; the 3 s of an anonymous statement must still do."""
    with database.connect("supabase_admin") as admin:
        admin.execute(
            "insert into public.documents (owner_id, title, content, language)"
            " select %s, 'x', 'stands', chr(97 + i / 676) || chr(97 + i / 26 %% 26) || chr(97 + i %% 26)"
            " from generate_series(0, 2999) i",
            (tenants.people["guest"],),
        )
        with admin.transaction(), database.connect("tidegate_worker") as worker:
            index_documents(worker, {})
    words = " ".join(f"{a}{b}{c}ing" for a in "bcdfg" for b in "aeiou" for c in "lmnrst" * 6)[:4000]
    with as_caller(connection, None):
        connection.execute("set local statement_timeout = '3s'")
        for mode in ("keyword", "hybrid"):
            rows = connection.execute(
                "select title from public.search(%s, %s::extensions.halfvec, %s)",
                ("stands " + words, as_literal(unit_vector(1)), mode),
            ).fetchall()
            assert {row[0] for row in rows} == {"harbour leaflet", "meadow leaflet"}


@pytest.mark.parametrize(
    ("content", "snippet"),
    [
        ("## Berths\n\nDouble the **lines** on `every` berth.", "Double the lines on every berth."),
        ("| when | what |\n| --- | --- |\n| dusk | light the lamp |", "when what dusk light the lamp"),
        ("- first\n- second\n\n1. third", "first second third"),
        ("## Only a heading", "## Only a heading"),
        ("a snake_case_name and 2 * 3 * 4", "a snake_case_name and 2 * 3 * 4"),
    ],
)
def test_snippets_are_text_without_its_markup(connection: psycopg.Connection[Any], content: str, snippet: str) -> None:
    assert connection.execute("select private.snippet(%s, 'english', null)", (content,)).fetchone() == (snippet,)


def test_a_snippet_says_where_it_was_cut(connection: psycopg.Connection[Any]) -> None:
    words = [f"word{number}" for number in range(300)]
    row = connection.execute("select private.snippet(%s, 'english', 'word150'::tsquery)", (" ".join(words),)).fetchone()
    assert row is not None
    assert row[0].startswith("… word")
    assert row[0].endswith(" …")
    assert "word150" in row[0]


def test_a_filter_holds_for_every_result(connection: psycopg.Connection[Any], tenants: Tenants) -> None:
    query = (
        "select title from public.search('stands', %s::extensions.halfvec, organization_id => %s, category => %s,"
        " max_results => 100)"
    )
    vector = as_literal(unit_vector(1))
    with as_caller(connection, tenants.people["stranger"]):
        meadow = connection.execute(query, (vector, tenants.meadow, None)).fetchall()
        assert {row[0] for row in meadow} == {"meadow handbook", "meadow draft", "meadow leaflet"}
        harbour = connection.execute(query, (vector, tenants.harbour, None)).fetchall()
        assert {row[0] for row in harbour} == {"harbour leaflet"}
        assert connection.execute(query, (vector, None, "no-such-category")).fetchall() == []


def test_removed_text_is_not_found_while_its_embeddings_are_late(
    connection: psycopg.Connection[Any], tenants: Tenants
) -> None:
    with as_caller(connection, tenants.people["stranger"], commit=False):
        connection.execute("update public.documents set content = 'Redacted.' where title = 'meadow leaflet'")
        rows = connection.execute("select title from public.search('stands', mode => 'keyword')").fetchall()
        assert "meadow leaflet" not in {row[0] for row in rows}
        status = connection.execute("select status from public.documents where title = 'meadow leaflet'").fetchone()
        assert status == ("pending",)


@pytest.fixture(scope="module")
def crowd(database: Database, tenants: Tenants) -> list[list[float]]:
    """900 passages of 300 public documents around thirty topics, and their vectors' topics."""
    generator = random.Random(7)
    topics = [unit_vector(1000 + number) for number in range(30)]
    with database.connect("supabase_admin") as admin, admin.transaction():
        for number in range(300):
            row = admin.execute(
                "insert into public.documents (owner_id, visibility, title) values (%s, 'public', %s)"
                " returning id, scope_id",
                (tenants.people["stranger"], f"crowd {number}"),
            ).fetchone()
            assert row is not None
            document, scope = row
            for position in range(3):
                vector = [x + generator.gauss(0, 0.04) for x in topics[number % 30]]
                chunk = admin.execute(
                    "insert into public.chunks (document_id, scope_id, position, title, content, start_offset,"
                    " end_offset, token_count, language, input_hash)"
                    " values (%s, %s, %s, 'crowd', '', 0, 0, 1, 'en', '')"
                    " returning id",
                    (document, scope, position),
                ).fetchone()
                assert chunk is not None
                # Some in the index, some still waiting for it: a search must find both.
                admin.execute(
                    "insert into public.chunk_embeddings"
                    " (chunk_id, model_id, source_id, scope_id, embedding, is_indexed)"
                    " values (%s, 1, %s, %s, %s::extensions.halfvec, %s)",
                    (chunk[0], document, scope, as_literal(vector), generator.random() < 0.7),
                )
    return topics


@pytest.mark.parametrize("actor", ["anonymous", "stranger"])
def test_the_index_finds_what_comparing_everything_finds(
    connection: psycopg.Connection[Any], tenants: Tenants, crowd: list[list[float]], actor: str
) -> None:
    hits = total = 0
    with as_caller(connection, tenants.people[actor]):
        for topic in crowd:
            arguments = {"query": as_literal(topic), "limit": 10}
            exact, indexed = (
                {row[0] for row in connection.execute(statement, arguments).fetchall()}
                for statement in (
                    "select chunk_id from private.nearest_of_scopes(%(query)s::extensions.halfvec, 1::smallint,"
                    " private.search_scopes('{documents}'), '{}', %(limit)s, false)",
                    "select chunk_id from private.nearest_of_index(%(query)s::extensions.halfvec, 1::smallint, 384,"
                    " private.search_scopes('{documents}'), '{}', %(limit)s)",
                )
            )
            assert len(exact) == len(indexed) == 10
            hits += len(exact & indexed)
            total += 10
    assert hits / total >= 0.99


def test_one_long_document_does_not_crowd_out_the_others(
    connection: psycopg.Connection[Any], tenants: Tenants, crowd: list[list[float]]
) -> None:
    with as_caller(connection, None):
        rows = connection.execute(
            "select id from public.search('', %s::extensions.halfvec, 'semantic', '{documents}', 100)",
            (as_literal(crowd[0]),),
        ).fetchall()
    assert len({row[0] for row in rows}) == len(rows) == 100


def test_the_walk_uses_the_models_index(database: Database, crowd: list[list[float]]) -> None:
    scans = "select pg_stat_get_xact_numscans('public.chunk_embeddings_model_1_idx'::regclass)"
    with database.connect() as connection, connection.transaction():
        assert connection.execute(scans).fetchone() == (0,)
        connection.execute(
            "select from private.nearest_of_index(%s::extensions.halfvec, 1::smallint, 384,"
            " private.search_scopes('{documents}'), '{}', 10)",
            (as_literal(crowd[0]),),
        )
        assert connection.execute(scans).fetchone() == (1,)


def test_a_small_collection_is_not_indexed(database: Database, crowd: list[list[float]]) -> None:
    with database.connect("tidegate_worker") as worker:
        assert worker.execute("select private.index_embeddings(10, 0)").fetchone() == (0,)


@pytest.fixture
def low_limit(database: Database) -> Iterator[None]:
    """The same functions, taking 200 passages for many."""
    replace = (
        "create or replace function private.exact_search_limit() returns integer language sql immutable as 'select {}'"
    )
    with database.connect() as connection:
        connection.execute(replace.format(200).encode())
        yield
        connection.execute(replace.format(20_000).encode())


def test_a_large_collection_is_indexed_step_by_step(
    database: Database, crowd: list[list[float]], low_limit: None
) -> None:
    waiting = "select count(*) from public.chunk_embeddings where not is_indexed"
    with database.connect("supabase_admin") as admin, database.connect("tidegate_worker") as worker:
        (before,) = admin.execute(waiting).fetchone() or (0,)
        assert worker.execute("select private.index_embeddings(10, %s)", (before,)).fetchone() == (0,)
        assert worker.execute("select private.index_embeddings(10, %s)", (before - 1,)).fetchone() == (10,)
        assert admin.execute(waiting).fetchone() == (before - 10,)


@pytest.mark.parametrize("actor", ["anonymous", "stranger"])
def test_a_search_of_many_passages_is_as_complete_as_one_of_few(
    connection: psycopg.Connection[Any], tenants: Tenants, crowd: list[list[float]], low_limit: None, actor: str
) -> None:
    search = "select id from public.search('', %s::extensions.halfvec, 'semantic', '{documents}', %s)"
    exact = (
        "select source_id from (select distinct on (source_id) source_id, embedding operator(extensions.<=>)"
        " %s::extensions.halfvec as distance from public.chunk_embeddings order by source_id, distance) s"
        " order by distance limit %s"
    )
    with as_caller(connection, tenants.people[actor]):
        for limit in (10, 100):
            hits = total = 0
            for topic in crowd[:10]:
                found, wanted = (
                    [row[0] for row in connection.execute(statement.encode(), (as_literal(topic), limit)).fetchall()]
                    for statement in (search, exact)
                )
                assert len(found) == len(set(found)) == limit
                hits += len(set(found) & set(wanted))
                total += limit
            assert hits / total >= 0.99
