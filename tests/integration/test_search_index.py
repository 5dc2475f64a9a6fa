"""Searches of many passages: the index, what waits for it, and that neither loses a row."""

import random
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.support import Database, as_caller
from tests.support.passages import as_literal, unit_vector
from tests.support.tenants import Tenants, populate


@pytest.fixture(scope="module")
def tenants(database: Database) -> Tenants:
    return populate(database)


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
