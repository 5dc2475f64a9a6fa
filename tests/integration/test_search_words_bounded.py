"""Searches by words that many passages have: what is read has a bound, and scores are the same."""

import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support import Database, as_caller
from tests.support.tenants import Tenants, populate
from tests.support.words import gather, write

FREQUENT = ["tide", "harbour", "vessel", "anchor"]
LIMIT = 40
POSTING_LIMIT = """
    create or replace function private.posting_limit(chunks bigint) returns bigint language sql immutable
    as 'select {}::bigint'"""
ROW_LIMIT = (
    "create or replace function private.posting_row_limit() returns integer language sql immutable as 'select 1'"
)
SOURCE_LIMIT = "create or replace function private.source_limit() returns integer language sql immutable as 'select 5'"
Scores = dict[uuid.UUID, float]


@pytest.fixture(scope="module")
def person(database: Database) -> uuid.UUID | None:
    """Somebody who reads 300 passages, most of them with every frequent word; every hundredth has a rare one."""
    tenants: Tenants = populate(database)
    generator = random.Random(5)
    author = tenants.people["stranger"]
    with database.connect("supabase_admin") as admin, admin.transaction():
        for number in range(300):
            words = [word for word in FREQUENT if generator.random() < 0.7] * generator.randint(1, 3)
            rare = ["bittern"] if number % 100 == 0 else []
            write(admin, author, f"passage {number}", " ".join([*words, *rare, "plain"]), visibility="private")
    gather(database)
    return author


@contextmanager
def replaced(database: Database, signature: str, definition: str) -> Iterator[None]:
    """Another definition of one of the functions that say the bounds."""
    with database.connect() as connection:
        usual = connection.execute("select pg_get_functiondef(%s::regprocedure)", (signature,)).fetchone()
        assert usual is not None
        connection.execute(definition.encode())
        yield
        connection.execute(usual[0].encode())


@pytest.fixture
def low_limit(database: Database) -> Iterator[None]:
    """As if reading 40 postings took all the time there is."""
    with replaced(database, "private.posting_limit(bigint)", POSTING_LIMIT.format(LIMIT)):
        yield


def scores(
    database: Database, person: uuid.UUID | None, query: str, **arguments: int | str
) -> tuple[Scores, set[bool]]:
    names = "".join(f", {name} => %({name})s" for name in arguments)
    statement = (
        f"select r.id, r.score, s.complete from public.search(%(query)s, mode => 'keyword'{names}) s"
        " cross join unnest(s.results) r"
    )
    with database.connect("supabase_admin") as connection, as_caller(connection, person):
        rows = connection.execute(statement.encode(), {"query": query, **arguments}).fetchall()
    return {row[0]: row[1] for row in rows}, {row[2] for row in rows}


def test_the_rarest_words_find_the_passages_and_all_words_score(
    database: Database, person: uuid.UUID | None, low_limit: None
) -> None:
    query = "bittern " + " ".join(FREQUENT)
    bounded, complete = scores(database, person, query)
    assert len(bounded) == 3, "those that have the rare word"
    assert complete == {False}, "others have the frequent ones"
    with database.connect() as connection:
        connection.execute(POSTING_LIMIT.format(100_000).encode())
    everything, complete = scores(database, person, query)
    assert complete == {True}
    best = dict(sorted(everything.items(), key=lambda pair: -pair[1])[:3])
    assert best.keys() == bounded.keys()
    assert all(bounded[document] == pytest.approx(score, abs=1e-9) for document, score in best.items())


def test_one_word_that_too_many_have_still_fills_the_list(
    database: Database, person: uuid.UUID | None, low_limit: None
) -> None:
    found, complete = scores(database, person, "tide")
    assert len(found) == 10
    assert complete == {True}


def test_a_list_that_is_longer_than_what_was_read_says_so(
    database: Database, person: uuid.UUID | None, low_limit: None
) -> None:
    found, complete = scores(database, person, "tide", max_results=100)
    assert len(found) == LIMIT
    assert complete == {False}


KEYWORD_MATCHES = """
    select cardinality(m.matches), m.is_complete
    from private.keyword_matches(
      'tide', private.query_terms(private.parse_query('tide'), '{documents}'), '{documents}', null, null, null, %s,
      100, %s) m"""


def test_one_search_of_two_reads_its_share(database: Database, person: uuid.UUID | None, low_limit: None) -> None:
    with database.connect("supabase_admin") as connection, as_caller(connection, person):
        for share, read in ((1, LIMIT), (0.5, LIMIT / 2)):
            assert connection.execute(KEYWORD_MATCHES, ([], share)).fetchone() == (read, False), share


def test_nothing_is_said_of_chunks_of_others(database: Database, person: uuid.UUID | None, low_limit: None) -> None:
    with database.connect("supabase_admin") as connection:
        rows = connection.execute("select id from public.chunks where content ~ 'tide'").fetchall()
        chunks = [row[0] for row in rows]
        assert len(chunks) > LIMIT
        with as_caller(connection, person):
            assert (connection.execute(KEYWORD_MATCHES, (chunks, 1)).fetchone() or (0,))[0] > LIMIT
        with as_caller(connection, None):
            assert (connection.execute(KEYWORD_MATCHES, (chunks, 1)).fetchone() or (0,))[0] == 0


def test_where_no_more_rows_may_be_read_the_rarest_words_find_the_passages(
    database: Database, person: uuid.UUID | None
) -> None:
    everything, complete = scores(database, person, "bittern tide")
    assert complete == {True}
    with replaced(database, "private.posting_row_limit()", ROW_LIMIT):
        bounded, complete = scores(database, person, "bittern tide")
    assert len(bounded) == 3, "those that have the rare word"
    assert complete == {False}
    assert all(bounded[document] == pytest.approx(everything[document], abs=1e-9) for document in bounded)


def test_a_filter_that_many_pass_finds_the_same(database: Database, person: uuid.UUID | None) -> None:
    usual = scores(database, person, "bittern tide harbour")
    with replaced(database, "private.source_limit()", SOURCE_LIMIT):
        assert scores(database, person, "bittern tide harbour", filters='{"metadata": {}}') == usual
        assert scores(database, person, "bittern tide harbour", filters='{"metadata": {"no": 1}}') == ({}, set())


LOOK_UP_LIMIT = (
    "create or replace function private.look_up_limit() returns integer language sql immutable as 'select 250'"
)


def test_where_not_all_can_be_looked_at_a_filter_holds(database: Database, person: uuid.UUID | None) -> None:
    """Of 300 documents 250 are looked at; of the others only those that the words find."""
    with database.connect("supabase_admin") as admin:
        marked = admin.execute(
            "update public.documents set metadata = '{\"rare\": true}' where content like '%bittern%' returning id"
        ).fetchall()
    ids = {row[0] for row in marked}
    assert len(ids) == 3
    usual = scores(database, person, "bittern tide", filters='{"metadata": {"rare": true}}')
    assert usual[0].keys() == ids
    assert usual[1] == {True}
    with replaced(database, "private.look_up_limit()", LOOK_UP_LIMIT):
        assert scores(database, person, "bittern", filters='{"metadata": {"rare": true}}')[0].keys() == ids
        assert scores(database, person, "plain", filters='{"metadata": {"rare": true}}')[0].keys() <= ids
        assert scores(database, person, "bittern", filters='{"metadata": {"no": 1}}') == ({}, set())


PHRASE_LIMIT = "create or replace function private.phrase_limit() returns integer language sql immutable as 'select 10'"


def having(database: Database, word: str) -> set[uuid.UUID]:
    with database.connect("supabase_admin") as admin:
        rows = admin.execute("select id from public.documents where content ~ %s", (word,)).fetchall()
    return {row[0] for row in rows}


def test_a_phrase_that_too_many_have_is_cut_and_says_so(
    database: Database, person: uuid.UUID | None, low_limit: None
) -> None:
    found, complete = scores(database, person, '"tide"', max_results=100)
    assert len(found) == LIMIT / 2
    assert found.keys() <= having(database, "tide")
    assert complete == {False}
    # The rarer word finds those that have both.
    found, _ = scores(database, person, '"bittern plain"', max_results=100)
    assert found.keys() == having(database, "bittern plain")


def test_of_several_phrases_each_has_its_share(database: Database, person: uuid.UUID | None) -> None:
    with replaced(database, "private.phrase_limit()", PHRASE_LIMIT):
        found, complete = scores(database, person, '"tide"', max_results=100)
        assert (len(found), complete) == (5, {False})
        found, complete = scores(database, person, '"bittern" "bittern plain"', max_results=100)
        assert found.keys() == having(database, "bittern plain")
        assert complete == {True}, "three have each, of five that two phrases share"


LOOK_UP_LIMIT_OF_PREFIXES = """
    create or replace function private.look_up_limit_of_prefixes() returns integer language sql immutable
    as 'select 1'"""


def test_prefixes_are_looked_up_in_the_largest_parts_of_the_index(database: Database, person: uuid.UUID | None) -> None:
    with database.connect("supabase_admin") as admin, admin.transaction():
        write(admin, person, "of another part", "curlew", visibility="private")
    gather(database)
    usual, complete = scores(database, person, "bitter* curle*", max_results=100)
    assert (set(usual), complete) == (having(database, "bittern|curlew"), {True})
    with replaced(database, "private.look_up_limit_of_prefixes()", LOOK_UP_LIMIT_OF_PREFIXES):
        found, complete = scores(database, person, "bitter* curle*", max_results=100)
        assert (set(found), complete) == (having(database, "bittern"), {False})


def test_nothing_excluded_is_shown_where_not_all_of_it_was_found(
    database: Database, person: uuid.UUID | None, low_limit: None
) -> None:
    wanted = having(database, "plain") - having(database, "tide")
    assert len(wanted) > LIMIT
    for limit in (10, 100):
        found, complete = scores(database, person, "harbour -tide", max_results=limit)
        assert found
        assert found.keys() <= wanted, limit
        assert limit == 10 or complete == {False}
    with replaced(database, "private.phrase_limit()", PHRASE_LIMIT):
        found, _ = scores(database, person, "harbour -tide -vessel")
        assert found.keys() <= wanted - having(database, "vessel")


def test_one_search_of_the_index_finds_a_word_in_all_audiences(database: Database, person: uuid.UUID | None) -> None:
    """The cost of a person in many organizations: from PostgreSQL 17 on."""
    with database.connect("supabase_admin") as admin:
        admin.execute("vacuum analyze private.postings")
        plan = admin.execute(
            "explain select sum(p.size) from private.postings p"
            " where p.scope_id = any (array(select gen_random_uuid() from generate_series(1, 800)))"
            " and p.word = 'tide' and p.stemmer = 'english'"
        ).fetchall()
    assert any("postings_word_idx" in row[0] for row in plan), plan
