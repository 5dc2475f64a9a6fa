"""Search by words: BM25 to the last digit in every state of the postings, and the operators of a query."""

import random
import threading
import uuid
from typing import Any

import psycopg
import pytest

from tests.support import Database, as_caller
from tests.support.tenants import Tenants, populate
from tests.support.waiting import PATIENCE_S
from tests.support.words import gather, organization, titles, write

WORDS = [
    "anchor",
    "berth",
    "cleat",
    "dinghy",
    "ebb",
    "fender",
    "gale",
    "harbour",
    "inlet",
    "jetty",
    "keel",
    "lamp",
    "mooring",
]
# What keyword search must score: Robertson and Zaragoza 2009 over what the caller sees, and the best passage of each.
REFERENCE = """
    with seen as materialized (
      select c.source_id, c.id, c.stemmer, c.token_count, c.search_vector from public.chunks c
    ), extent as (
      select count(*)::float as n, avg(token_count)::float as mean from seen
    ), terms as (
      select s.stemmer, v.lexeme as word, cardinality(v.positions) as times,
             (select count(*) from seen x
              where x.stemmer = s.stemmer and x.search_vector @@ private.word_query(v.lexeme)) as df
      from (select distinct stemmer from seen) s
      cross join lateral unnest(to_tsvector(('pg_catalog.' || s.stemmer)::regconfig, %(query)s)) v
    ), weighed as (
      select t.*, t.times * ln(1 + greatest(n - df + 0.5, 0.5) / (df + 0.5)) as idf from terms t, extent
    ), scored as (
      select s.source_id, sum(w.idf / (select sum(idf) from weighed y where y.stemmer = s.stemmer)
               * cardinality(v.positions) / (cardinality(v.positions) + 0.3 + 0.9 * s.token_count / mean)) as score
      from seen s cross join extent
      cross join lateral unnest(s.search_vector) v
      join weighed w on w.stemmer = s.stemmer and w.word = v.lexeme
      group by s.source_id, s.id)
    select source_id, max(score) from scored group by source_id"""
KEYWORD = "select id, score from public.search(%(query)s, mode => 'keyword', max_results => 100) s, unnest(s.results)"


@pytest.fixture(scope="module")
def tenants(database: Database) -> Tenants:
    return populate(database)


OUT_OF_DATE = """
    select exists (
      select from private.postings p cross join lateral unnest(p.postings) u (posting)
      where not exists (select from private.posted_chunks x where x.posting_id = u.posting >> 16))"""
GATHER_ANEW = """
    delete from private.posting_segments;
    delete from private.posted_chunks;
    insert into private.chunks_to_post (chunk_id, scope_id) select id, scope_id from public.chunks
    on conflict do nothing"""


def assert_scores(
    connection: psycopg.Connection[Any], person: uuid.UUID | None, query: str, *, exactly: bool = True
) -> int:
    """Keyword search finds what the reference finds, with its scores; how many.

    What is out of date in the postings counts in how frequent a word is, until maintenance removes it: a fifth at most.
    """
    with as_caller(connection, person):
        wanted = dict(connection.execute(REFERENCE.encode(), {"query": query}).fetchall())
        found = dict(connection.execute(KEYWORD, {"query": query}).fetchall())
    assert found == pytest.approx(wanted, abs=1e-9 if exactly else 0.1), query
    return len(found)


def test_scores_are_those_of_bm25_whatever_was_gathered(
    database: Database, connection: psycopg.Connection[Any], tenants: Tenants
) -> None:
    generator = random.Random(11)
    people = [tenants.person(name) for name in ("owner", "editor", "stranger", "guest")]
    ids: list[uuid.UUID] = []
    asked = exact = 0
    with database.connect("supabase_admin") as admin:
        for step in range(24):
            for _ in range(4):
                text = " ".join(generator.choices(WORDS, k=generator.randint(1, 14)))
                place = generator.choice([None, tenants.harbour, tenants.meadow])
                visibility = generator.choice(["public", "private", "organization"] if place else ["public", "private"])
                language = generator.choice(["en", "en", "de"])
                values = {"visibility": visibility, "language": language, "organization_id": place}
                ids.append(write(admin, generator.choice(people), "note", text, **values))
            change = generator.choice(["visibility = 'private'", "visibility = 'public'", "title = 'keel'", None])
            victim = generator.choice(ids)
            if change:
                admin.execute(f"update public.documents set {change} where id = %s".encode(), (victim,))
            else:
                admin.execute("delete from public.documents where id = %s", (victim,))
            if step == 12:
                admin.execute(
                    "insert into public.document_shares (document_id, user_id)"
                    " select id, %s from public.documents where owner_id <> %s limit 20 on conflict do nothing",
                    (people[3], people[3]),
                )
            if generator.random() < 0.6:
                gather(database, generator.choice([2, 5, 1000]))
            query = " ".join(generator.choices(WORDS, k=generator.randint(1, 5)))
            (out_of_date,) = admin.execute(OUT_OF_DATE).fetchone() or (None,)
            if out_of_date and step % 2:
                admin.execute(GATHER_ANEW)
                gather(database, generator.choice([7, 1000]))
            exactly = not out_of_date or step % 2 == 1
            exact += exactly
            for person in (*people, None):
                asked += assert_scores(connection, person, query, exactly=exactly)
            assert admin.execute("select private.repair_chunk_counts()").fetchone() == (0,)
    assert asked > 500
    assert exact > 10


def test_what_is_out_of_date_in_the_postings_goes(
    database: Database, connection: psycopg.Connection[Any], tenants: Tenants
) -> None:
    held = "select count(*) from private.postings where scope_id = %s and word = 'zanzibar'"
    person = tenants.person("guest")
    with database.connect("supabase_admin") as admin:
        write(admin, person, "secret", "zanzibar", visibility="private")
        gather(database)
        assert admin.execute(held, (person,)).fetchone() == (1,)
        admin.execute("delete from public.documents where owner_id = %s and visibility = 'private'", (person,))
        gather(database)
        assert admin.execute(held, (person,)).fetchone() == (0,)


def test_changed_passages_keep_nothing_better_out(database: Database, connection: psycopg.Connection[Any]) -> None:
    """More passages have changed since their words were gathered than are read at first, and are worse now."""
    with database.connect("supabase_admin") as admin:
        for _ in range(210):
            write(admin, None, "changed", "yardarm yardarm yardarm", organization_id=organization(admin))
        for _ in range(12):
            write(admin, None, "good", "yardarm yardarm care", organization_id=organization(admin))
        gather(database)
        admin.execute(
            "update public.chunks set content = 'yardarm ' || repeat('otherwise ', 60), token_count = 64"
            " where title = 'changed'"
        )
    assert titles(connection, None, "yardarm") == ["good"] * 10
    gather(database)
    assert titles(connection, None, "yardarm") == ["good"] * 10


def test_counts_and_postings_stay_right_under_concurrent_writes(
    database: Database, connection: psycopg.Connection[Any], tenants: Tenants
) -> None:
    """Writers, movers and deleters at once, with maintenance in between: nothing is lost, doubled or in the way."""
    people = [tenants.person(name) for name in ("owner", "editor", "stranger")]
    failures: list[BaseException] = []

    def act(seed: int) -> None:
        generator = random.Random(seed)
        mine: list[uuid.UUID] = []
        try:
            with database.connect("supabase_admin") as admin:
                for _ in range(40):
                    mine.append(write(admin, people[seed % 3], "busy", " ".join(generator.choices(WORDS, k=5))))
                    if generator.random() < 0.5:
                        scope = generator.choice(["public", "private"])
                        admin.execute(
                            "update public.documents set visibility = %s::public.document_visibility"
                            " where id = any (%s)",
                            (scope, generator.sample(mine, len(mine) // 2)),
                        )
                    if generator.random() < 0.2:
                        admin.execute("delete from public.documents where id = %s", (mine.pop(),))
        except BaseException as error:
            failures.append(error)

    def keep_up() -> None:
        try:
            while any(writer.is_alive() for writer in writers):
                gather(database, 50)
                with database.connect("tidegate_worker") as worker:
                    worker.execute("select private.roll_up_chunk_counts()")
        except BaseException as error:
            failures.append(error)

    writers = [threading.Thread(target=act, args=(seed,)) for seed in range(6)]
    keepers = [threading.Thread(target=keep_up) for _ in range(2)]
    for thread in (*writers, *keepers):
        thread.start()
    for thread in (*writers, *keepers):
        thread.join(PATIENCE_S)
    assert not any(thread.is_alive() for thread in (*writers, *keepers))
    assert failures == []
    gather(database)  # how far maintenance has come with what was written last depends on the machine
    with database.connect("supabase_admin") as admin:
        assert admin.execute("select private.repair_chunk_counts()").fetchone() == (0,)
        for person in (*people, None):  # whatever is left out of date
            assert_first_hundred(connection, person, "anchor keel", tolerance=0.1)
        admin.execute(GATHER_ANEW)
        gather(database)
    for person in (*people, None):
        for query in ("anchor keel", "gale"):
            assert_first_hundred(connection, person, query, tolerance=1e-9)


def assert_first_hundred(
    connection: psycopg.Connection[Any], person: uuid.UUID | None, query: str, tolerance: float
) -> None:
    """As assert_scores, where there are more matches than a search returns."""
    with as_caller(connection, person):
        wanted = sorted((row[1] for row in connection.execute(REFERENCE.encode(), {"query": query})), reverse=True)
        found = [row[1] for row in connection.execute(KEYWORD, {"query": query})]
    assert found == pytest.approx(wanted[:100], abs=tolerance)


def test_wrong_counts_are_noticed_and_repaired(database: Database) -> None:
    with database.connect("supabase_admin") as admin, database.connect("tidegate_worker") as worker:
        admin.execute("insert into private.chunk_counts (scope_id, chunks, tokens) values (gen_random_uuid(), 3, 9)")
        assert worker.execute("select private.repair_chunk_counts()").fetchone() == (1,)
        assert worker.execute("select private.repair_chunk_counts()").fetchone() == (0,)


# Operators ---------------------------------------------------------------------------------------------------------
