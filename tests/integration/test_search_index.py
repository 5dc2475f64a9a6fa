"""Searches of many passages: the indexes, what waits for them, and that no way to the nearest loses a row."""

import random
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.support import Database, as_caller
from tests.support.passages import as_literal, unit_vector
from tests.support.tenants import Tenants, populate

EXACT = """
    select source_id from (
      select distinct on (source_id) source_id, embedding operator(extensions.<=>) %s::extensions.halfvec as distance
      from public.chunk_embeddings order by source_id, distance) s
    order by distance limit %s"""
SEARCH = "select id from public.search('', %s::extensions.halfvec, 'semantic', max_results => %s) s, unnest(s.results)"


@pytest.fixture(scope="module")
def tenants(database: Database) -> Tenants:
    return populate(database)


@pytest.fixture(scope="module")
def crowd(database: Database, tenants: Tenants) -> list[list[float]]:
    """1,200 passages of 400 documents around thirty topics: 300 public, 100 of an organization. Their topics."""
    generator = random.Random(7)
    topics = [unit_vector(1000 + number) for number in range(30)]
    with database.connect("supabase_admin") as admin, admin.transaction():
        for number in range(400):
            _add(admin, tenants, number, [_near(generator, topics[number % 30]) for _ in range(3)])
        # Some in the index, some still waiting for it: a search must find both.
        admin.execute("update public.chunk_embeddings set is_indexed = chunk_id % 10 < 7")
    return topics


def _near(generator: random.Random, topic: list[float]) -> list[float]:
    return [x + generator.gauss(0, 0.04) for x in topic]


def _add(admin: psycopg.Connection[Any], tenants: Tenants, number: int, vectors: list[list[float]]) -> None:
    row = admin.execute(
        "insert into public.documents (owner_id, organization_id, visibility, title)"
        " values (%s, %s, %s::public.document_visibility, %s) returning id, scope_id",
        (
            tenants.people["stranger"],
            tenants.meadow,
            "public" if number < 300 else "organization",
            f"crowd {number}",
        ),
    ).fetchone()
    assert row is not None
    document, scope = row
    for position, vector in enumerate(vectors):
        admin.execute(
            "with chunk as ("
            " insert into public.chunks (document_id, scope_id, position, title, content, start_offset, end_offset,"
            "  token_count, language, input_hash) values (%s, %s, %s, 'crowd', %s, 0, 0, 4, 'en', '') returning id)"
            " insert into public.chunk_embeddings (chunk_id, model_id, source_id, scope_id, embedding)"
            " select id, 1, %s, %s, %s::extensions.halfvec from chunk",
            (document, scope, position, f"word{number % 30} common", document, scope, as_literal(vector)),
        )


def _hits(connection: psycopg.Connection[Any], topics: list[list[float]], limit: int) -> float:
    """Share of what an exact scan finds that the search finds; each search must be full and name no document twice."""
    hits = total = 0
    for topic in topics:
        found, wanted = (
            [row[0] for row in connection.execute(statement.encode(), (as_literal(topic), limit)).fetchall()]
            for statement in (SEARCH, EXACT)
        )
        assert len(found) == len(set(found)) == limit
        hits += len(set(found) & set(wanted))
        total += limit
    return hits / total


def test_few_passages_are_compared_one_by_one(
    connection: psycopg.Connection[Any], tenants: Tenants, crowd: list[list[float]]
) -> None:
    for actor in ("anonymous", "stranger"):
        with as_caller(connection, tenants.people[actor]):
            assert _hits(connection, crowd, 10) == _hits(connection, crowd[:3], 100) == 1


@pytest.fixture
def low_limits(database: Database) -> Iterator[None]:
    """The same functions, taking 100 or 400 chunks for many and for a large scope."""
    replace = "create or replace function private.{}() returns integer language sql immutable as 'select {}'"
    limits = {
        "exact_search_limit": (400, 40_000),
        "scope_index_threshold": (400, 20_000),
        "replanning_limit": (100, 10_000),
    }
    with database.connect() as connection:
        for function, (low, _) in limits.items():
            connection.execute(replace.format(function, low).encode())
        yield
        for function, (_, usual) in limits.items():
            connection.execute(replace.format(function, usual).encode())


@pytest.mark.parametrize("actor", ["anonymous", "stranger"])
def test_a_walk_is_as_complete_as_comparing(
    connection: psycopg.Connection[Any], tenants: Tenants, crowd: list[list[float]], low_limits: None, actor: str
) -> None:
    with as_caller(connection, tenants.people[actor]):
        plan = connection.execute(
            "select scope_indexes, walks from private.plan_search(1::smallint, private.search_scopes('{documents}'))"
        ).fetchone()
        assert plan == ([], True)
        assert _hits(connection, crowd, 10) >= 0.99
        assert _hits(connection, crowd[:10], 100) >= 0.99


def _scans(connection: psycopg.Connection[Any], index: str) -> int:
    row = connection.execute("select pg_stat_get_xact_numscans(%s::regclass)", (f"public.{index}",)).fetchone()
    assert row is not None
    return int(row[0])


def test_each_way_uses_its_index(
    database: Database, tenants: Tenants, crowd: list[list[float]], low_limits: None
) -> None:
    """A person who sees little, by the audiences' index; one who sees much, by the common HNSW index."""
    with database.connect() as connection:
        connection.execute("analyze public.chunk_embeddings")
        common, audiences = "chunk_embeddings_model_1_idx", "chunk_embeddings_scope_id_idx"
        for limit, used, unused in ((200, common, audiences), (100_000, audiences, common)):
            connection.execute(
                "create or replace function private.exact_search_limit() returns integer language sql immutable"
                f" as 'select {limit}'".encode()
            )
            with connection.transaction():
                # Everybody sees three quarters of this small table: reading all of it would be right.
                connection.execute("select set_config('role', 'anon', true), set_config('enable_seqscan', 'off', true)")
                before = {index: _scans(connection, index) for index in (used, unused)}
                connection.execute(SEARCH.encode(), (as_literal(crowd[0]), 10))
                assert _scans(connection, used) > before[used], limit
                assert _scans(connection, unused) == before[unused], limit


FOREIGN = [unit_vector(seed) for seed in range(50, 80)]
WALK = """
    select cardinality(private.walk_index(
      %s::extensions.halfvec, 1::smallint, 384, 0::smallint, private.search_scopes('{documents}'), null, null,
      200, 14000, 1, %s))"""


def test_a_walk_goes_on_where_a_question_is_about_something_else(
    connection: psycopg.Connection[Any], tenants: Tenants, crowd: list[list[float]], low_limits: None
) -> None:
    """Far from every topic, all is about as far, and the first 200 are not the nearest."""

    def walked(vector: list[float], tenth_best: float | None = None) -> int:
        return int((connection.execute(WALK, (as_literal(vector), tenth_best)).fetchone() or (0,))[0])

    with as_caller(connection, None):
        assert all(walked(vector) > 200 for vector in FOREIGN)
        # Some topics wait, all of their passages: these are about something else than what is indexed.
        assert sum(walked(topic) == 200 for topic in crowd) >= 25
        # Where other walks have found ten that are much nearer, this one adds nothing.
        assert {walked(vector, 0.9) for vector in FOREIGN} == {60}
        assert _hits(connection, FOREIGN, 10) >= 0.95


@pytest.fixture
def short_walks(database: Database) -> Iterator[None]:
    """Walks that may meet 100 passages, of 630."""
    replace = "create or replace function private.walk_limit() returns integer language sql stable as 'select {}'"
    with database.connect() as connection:
        usual = connection.execute("select pg_get_functiondef('private.walk_limit()'::regprocedure)").fetchone()
        connection.execute(replace.format(100).encode())
        yield
        assert usual is not None
        connection.execute(usual[0].encode())


def _looked_at(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute(
        # What an index finds is counted with the index.
        "select pg_stat_get_xact_tuples_returned(c.oid) + sum(pg_stat_get_xact_tuples_fetched(r.oid))"
        " from pg_class c join pg_class r on r.oid = c.oid or r.oid in ("
        "   select i.indexrelid from pg_index i where i.indrelid = c.oid)"
        " where c.oid = 'public.chunk_embeddings'::regclass group by c.oid"
    ).fetchone()
    assert row is not None
    return int(row[0])


def test_no_question_looks_at_more_passages_than_others(
    database: Database, tenants: Tenants, crowd: list[list[float]], low_limits: None, short_walks: None
) -> None:
    """Of the 900 that everybody sees: no more than the comparison and the walk may, whatever is asked."""
    opposite = [-x for x in crowd[0]]
    seen = {}
    with database.connect() as connection:
        connection.execute("analyze public.chunk_embeddings")
        for name, asked in {"own": crowd, "foreign": FOREIGN, "opposite": [opposite]}.items():
            seen[name] = 0
            for vector in asked:
                with connection.transaction():
                    connection.execute("select set_config('role', 'anon', true)")
                    before = _looked_at(connection)
                    connection.execute(SEARCH.encode(), (as_literal(vector), 10))
                    seen[name] = max(seen[name], _looked_at(connection) - before)
    # What is walked, what is compared, and what either reads again.
    assert max(seen.values()) < 900 + 300, seen


def test_one_search_of_two_walks_less_far(
    database: Database, tenants: Tenants, crowd: list[list[float]], low_limits: None
) -> None:
    search = (
        "select cardinality(m.matches) from private.semantic_matches("
        "%s::extensions.halfvec, '{documents}', null, null, 10, false, %s) m"
    )
    less = 0
    with database.connect() as connection:
        for vector in (*crowd[:5], *FOREIGN[:5]):
            looked_at = []
            with connection.transaction():
                connection.execute("select set_config('role', 'anon', true)")
                for share in (1, 0.5):
                    before = _looked_at(connection)
                    connection.execute(search, (as_literal(vector), share))
                    looked_at.append(_looked_at(connection) - before)
            less += looked_at[1] < looked_at[0]
            assert looked_at[1] <= looked_at[0]
    assert less >= 8


def test_a_walk_that_comes_up_short_is_filled_up(
    connection: psycopg.Connection[Any], tenants: Tenants, crowd: list[list[float]], low_limits: None, short_walks: None
) -> None:
    """Where nearly all that the walk meets is left out, other chunks are compared, and the list is full."""
    connection.execute("set tidegate.comparison_limit = 300")
    excluded = "array(select d.id from public.documents d where d.title < 'crowd 28')"
    with as_caller(connection, None):
        for topic in crowd[:5]:
            rows = connection.execute(
                "select cardinality(m.matches), m.is_complete from private.semantic_matches("
                f"%s::extensions.halfvec, '{{documents}}', null, {excluded}, 10) m".encode(),
                (as_literal(topic),),
            ).fetchone()
            assert rows is not None
            assert rows[0] >= 10


SOURCE_LIMIT = "create or replace function private.source_limit() returns integer language sql immutable as 'select {}'"
FILTERED = SEARCH.replace("max_results", """filters => '{"metadata": {"even": true}}', max_results""")
FILTERED_EXACT = EXACT.replace(
    "order by source_id,",
    """where source_id in (select d.id from public.documents d where d.metadata @> '{"even": true}')
      order by source_id,""",
)


@pytest.fixture
def even(database: Database, crowd: list[list[float]]) -> Iterator[list[list[float]]]:
    """Every other document passes a filter, and these are very many; some topics to ask about."""
    mark = "update public.documents set metadata = %s where title ~ '^crowd [0-9]*[02468]$'"
    with database.connect("supabase_admin") as admin:
        admin.execute(SOURCE_LIMIT.format(20).encode())
        admin.execute(mark, ('{"even": true}',))
        yield crowd[:10]
        admin.execute(SOURCE_LIMIT.format(5000).encode())
        admin.execute(mark, ("{}",))


def _filtered_hits(connection: psycopg.Connection[Any], topics: list[list[float]]) -> int:
    hits = 0
    for topic in topics:
        found, wanted = (
            {row[0] for row in connection.execute(statement.encode(), (as_literal(topic), 10)).fetchall()}
            for statement in (FILTERED, FILTERED_EXACT)
        )
        assert len(found) == 10
        hits += len(found & wanted)
    return hits


@pytest.mark.parametrize("actor", ["anonymous", "stranger"])
def test_a_filter_that_many_pass_holds_where_indexes_are_walked(
    connection: psycopg.Connection[Any], tenants: Tenants, low_limits: None, even: list[list[float]], actor: str
) -> None:
    with as_caller(connection, tenants.people[actor]):
        assert _filtered_hits(connection, even) >= 97


def test_a_filter_that_many_pass_holds_where_all_is_compared(
    connection: psycopg.Connection[Any], tenants: Tenants, even: list[list[float]]
) -> None:
    with as_caller(connection, tenants.people["stranger"]):
        assert _filtered_hits(connection, even) == 100


def test_every_passage_is_compared_for_who_asks_for_it(
    database: Database, tenants: Tenants, crowd: list[list[float]], low_limits: None
) -> None:
    exact = SEARCH.replace("max_results", "effort => 'exact', max_results")
    with database.connect() as connection, as_caller(connection, tenants.people["stranger"]):
        for vector in (*FOREIGN[:5], *crowd[:5]):
            found, wanted = (
                [row[0] for row in connection.execute(statement.encode(), (as_literal(vector), 10)).fetchall()]
                for statement in (exact, EXACT)
            )
            assert set(found) == set(wanted)


def test_a_small_collection_is_not_indexed(database: Database, crowd: list[list[float]]) -> None:
    with database.connect("tidegate_worker") as worker:
        assert worker.execute("select private.index_embeddings(10, 0)").fetchone() == (0,)
        assert worker.execute("select private.create_scope_index()").fetchone() == (None,)


def test_a_large_collection_is_indexed_step_by_step(
    database: Database, crowd: list[list[float]], low_limits: None
) -> None:
    waiting = "select count(*) from public.chunk_embeddings where not is_indexed"
    with database.connect("supabase_admin") as admin, database.connect("tidegate_worker") as worker:
        (before,) = admin.execute(waiting).fetchone() or (0,)
        assert worker.execute("select private.index_embeddings(10, %s)", (before,)).fetchone() == (0,)
        assert worker.execute("select private.index_embeddings(10, %s)", (before - 1,)).fetchone() == (10,)
        assert admin.execute(waiting).fetchone() == (before - 10,)


def test_a_large_scope_gets_an_index_of_its_own_and_loses_it(
    database: Database,
    connection: psycopg.Connection[Any],
    tenants: Tenants,
    crowd: list[list[float]],
    low_limits: None,
) -> None:
    """The public documents are the large scope; every search is complete before, while and after its vectors move."""
    (everyone,) = connection.execute("select private.public_scope(%s)", (tenants.meadow,)).fetchone() or (None,)
    held = (
        "select count(*) filter (where scope_index_id > 0), count(*) from public.chunk_embeddings where scope_id = %s"
    )
    with database.connect("tidegate_worker") as worker, database.connect("supabase_admin") as admin:
        assert worker.execute("select private.create_scope_index()").fetchone() == (everyone,)
        assert worker.execute("select private.create_scope_index()").fetchone() == (None,)
        steps = 0
        while (worker.execute("select private.index_embeddings(150, 0)").fetchone() or (0,))[0]:
            steps += 1
            for actor in ("anonymous", "stranger"):
                with as_caller(connection, tenants.people[actor]):
                    assert _hits(connection, crowd[steps::7], 10) >= 0.99
        moved, total = admin.execute(held, (everyone,)).fetchone() or (0, 0)
        assert moved == total == 900
        (scope_index, complete) = admin.execute("select id, is_complete from private.scope_indexes").fetchone() or (
            0,
            False,
        )
        assert complete
        index = f"chunk_embeddings_scope_index_{scope_index}_idx"
        with admin.transaction():
            admin.execute("select set_config('role', 'anon', true)")
            admin.execute(SEARCH.encode(), (as_literal(crowd[0]), 10))
            assert _scans(admin, index) == 1
            assert _scans(admin, "chunk_embeddings_model_1_idx") == 0

        # A document that leaves the audience leaves its index; one that comes is found before it is in it.
        with admin.transaction(force_rollback=True):
            admin.execute("update public.documents set visibility = 'organization' where title = 'crowd 0'")
            left = admin.execute(
                "select count(*) from public.chunk_embeddings where scope_index_id = 0 and not is_indexed"
            )
            assert left.fetchone() == (3,)
            admin.execute("select set_config('role', 'anon', true)")
            rows = admin.execute(SEARCH.encode(), (as_literal(crowd[0]), 10)).fetchall()
            assert len(rows) == 10

        admin.execute("delete from public.documents where title ~ '^crowd [12]?[0-9][0-9]$'")
        assert worker.execute("select private.drop_scope_index()").fetchone() == (everyone,)
        assert admin.execute("select to_regclass(%s)", (f"public.{index}",)).fetchone() == (None,)
        assert admin.execute("select count(*) from public.chunk_embeddings where scope_index_id > 0").fetchone() == (0,)
    with as_caller(connection, None):
        assert _hits(connection, crowd[:10], 10) == 1
