"""What a result shows of its text: passages whose offsets hold, best first, of what the caller may read."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.integration.test_access import ACTORS, READABLE
from tests.support import Database, as_caller
from tests.support.passages import Part, as_literal, index_documents, towards, unit_vector, write_parts
from tests.support.tenants import Tenants, populate
from tests.support.words import gather

MODES = ("keyword", "semantic", "hybrid")
COSINES = {(): 0.1, ("Flooding",): 0.3, ("Fire",): 0.9, ("Power cut",): 0.6, ("Thieves",): 0.5}
# Questions about everybody's runbooks, about the one that is published for all, and about animals.
FIRE, FLAME, ANIMALS = unit_vector(1), unit_vector(2), unit_vector(3)


def runbook_about(question: list[float], word: str, after: str = "") -> list[Part]:
    """Five sections, each as near to the question as COSINES says."""
    texts = (
        "Intro text. 🧯",
        "## Flooding\n\nClose the sluice gate.",
        f"## {word.title()}\n\n{word.title()}! Leave the building.",
        f"## Power cut\n\nStart the generator far from {word}.",
        "## Thieves\n\nCall the watch.",
    )
    return [
        Part(text + after, ("Runbook", *heading), towards(question, cosine, 100 + number))
        for number, (text, (heading, cosine)) in enumerate(zip(texts, COSINES.items(), strict=True))
    ]


RUNBOOK = runbook_about(FLAME, "flame")
TEXT = "\n\n".join(part.content for part in RUNBOOK)
BY_SCORE = {"keyword": [2, 3], "semantic": [2, 3, 4, 1, 0], "hybrid": [2, 3, 4, 1, 0]}


@pytest.fixture(scope="module")
def tenants(database: Database) -> Tenants:
    """The cast, each with a runbook of several chunks beside every document, in the same scope."""
    tenants = populate(database)
    with database.connect("tidegate_worker") as worker:
        index_documents(worker, {})
    with database.connect("supabase_admin") as admin:
        for document in tenants.documents.values():
            row = admin.execute(
                "select owner_id, organization_id, visibility::text, title from public.documents where id = %s",
                (document,),
            ).fetchone()
            assert row is not None
            owner, organization, visibility, title = row
            parts = runbook_about(FIRE, "fire", f" {title}")
            made = write_parts(admin, owner, title, parts, visibility=visibility, organization_id=organization)
            admin.execute(
                "insert into public.document_shares (document_id, user_id)"
                " select %s, s.user_id from public.document_shares s where s.document_id = %s",
                (made, document),
            )
    gather(database)
    return tenants


@pytest.fixture(scope="module")
def runbook(database: Database, tenants: Tenants) -> uuid.UUID:
    """A published document whose words no other has."""
    with database.connect("supabase_admin") as admin:
        made = write_parts(admin, None, "Runbook", RUNBOOK, organization_id=tenants.meadow)
    gather(database)
    return made


def search(
    connection: psycopg.Connection[Any],
    person: uuid.UUID | None,
    query: str,
    mode: str,
    vector: list[float] = FLAME,
    **arguments: Any,
) -> tuple[list[dict[str, Any]], bool]:
    """The results as JSON, and whether they are complete."""
    values = {"query": query, "mode": mode, "vector": as_literal(vector), **arguments}
    named = "".join(f", {name} => %({name})s" for name in arguments)
    with as_caller(connection, person):
        row = connection.execute(
            "select to_jsonb(s.results), s.complete from public.search("
            f"%(query)s, %(vector)s::extensions.halfvec, %(mode)s{named}) s".encode(),
            values,
        ).fetchone()
    assert row is not None
    results, complete = row
    return results, complete


@pytest.mark.parametrize("mode", MODES)
def test_the_section_that_matched_is_shown(connection: psycopg.Connection[Any], runbook: uuid.UUID, mode: str) -> None:
    (result, *_), _ = search(connection, None, "flame", mode)
    assert result["id"] == str(runbook)
    (passage,) = result["passages"]
    assert passage["heading_path"] == result["heading_path"] == ["Runbook", "Fire"]
    assert passage["content"] == "## Flame\n\nFlame! Leave the building."
    assert [passage["content"][start:end] for start, end in passage["highlights"]] == ["Flame", "Flame"]
    assert (result["snippet"], result["highlights"]) == (passage["content"], passage["highlights"])
    assert passage["score"] == result["score"]
    assert (passage["file_id"], passage["file_name"], passage["page"]) == (None, None, None)
    assert (passage["before"], passage["after"], result["content"]) == (None, None, None)


@pytest.mark.parametrize("mode", MODES)
def test_further_passages_come_by_their_score(
    connection: psycopg.Connection[Any], runbook: uuid.UUID, mode: str
) -> None:
    alone, is_complete = search(connection, None, "flame", mode)
    for most in (1, 2, 3, 10):
        results, complete = search(connection, None, "flame", mode, passages_per_result=most)
        assert complete == is_complete
        assert [{**result, "passages": result["passages"][:1]} for result in results] == alone
        assert all(len(result["passages"]) <= most for result in results)
        passages = results[0]["passages"]
        headings = [passage["heading_path"] for passage in passages]
        assert headings == [list(RUNBOOK[place].heading_path) for place in BY_SCORE[mode][:most]]
        scores = [passage["score"] for passage in passages]
        assert scores == sorted(scores, reverse=True)
        assert scores[0] == results[0]["score"]
        assert all(score > 0 for score in scores)


def test_the_score_of_a_further_passage_is_what_it_would_rank_by(
    connection: psycopg.Connection[Any], runbook: uuid.UUID
) -> None:
    (result, *_), _ = search(connection, None, "generator", "hybrid", passages_per_result=10)
    scores = {tuple(passage["heading_path"]): passage["score"] for passage in result["passages"]}
    found, _ = search(connection, None, "generator", "keyword")
    words = next(each for each in found if each["id"] == str(runbook))
    assert scores == pytest.approx(
        {
            ("Runbook", *heading): 0.5 * cosine + 0.5 * (words["score"] if heading == ("Power cut",) else 0)
            for heading, cosine in COSINES.items()
        },
        abs=2e-3,
    )


@pytest.mark.parametrize("mode", MODES)
def test_offsets_hold_in_the_text_of_the_document(
    connection: psycopg.Connection[Any], runbook: uuid.UUID, mode: str
) -> None:
    (result, *_), _ = search(connection, None, "flame", mode, passages_per_result=10, include=["content", "neighbours"])
    assert result["content"] == TEXT
    assert len(result["passages"]) > 1
    for passage in result["passages"]:
        for chunk in (passage, passage["before"], passage["after"]):
            assert chunk is None or TEXT[chunk["start"] : chunk["end"]] == chunk["content"]
            assert chunk is None or chunk["page"] is None


def test_neighbours_stand_before_and_after(connection: psycopg.Connection[Any], runbook: uuid.UUID) -> None:
    (result, *_), _ = search(connection, None, "x", "semantic", passages_per_result=10, include=["neighbours"])
    assert result["content"] is None
    ids = [passage["chunk_id"] for passage in sorted(result["passages"], key=lambda passage: passage["start"])]
    assert len(set(ids)) == len(RUNBOOK)
    for passage in result["passages"]:
        place = ids.index(passage["chunk_id"])
        around = [None if chunk is None else chunk["chunk_id"] for chunk in (passage["before"], passage["after"])]
        assert around == [ids[place - 1] if place else None, ids[place + 1] if place + 1 < len(ids) else None]


def test_a_passage_of_a_file_names_it_and_its_page(
    database: Database, connection: psycopg.Connection[Any], tenants: Tenants
) -> None:
    texts = ("A covering letter.", "Tend the aqueduct.", "Grease the aqueduct.", "Close the aqueduct.")
    file = uuid.uuid4()
    with database.connect("supabase_admin") as admin:
        document = write_parts(admin, None, "Manual", [Part(text) for text in texts], organization_id=tenants.meadow)
        admin.execute(
            "insert into public.document_files (id, document_id, scope_id, name, key, version)"
            " select %s, d.id, d.scope_id, 'manual.pdf', 'manual.pdf', '1' from public.documents d where d.id = %s",
            (file, document),
        )
        admin.execute(
            "insert into public.file_texts (file_id, document_id, scope_id, content)"
            " select %s, d.id, d.scope_id, %s from public.documents d where d.id = %s",
            (file, "\n\n".join(texts[1:]), document),
        )
        start = len(texts[0]) + 2
        admin.execute(
            "update public.chunks set file_id = %s, page = position, start_offset = start_offset - %s,"
            " end_offset = end_offset - %s where document_id = %s and position > 0",
            (file, start, start, document),
        )
    gather(database)
    (result,), _ = search(
        connection, None, "aqueduct", "keyword", passages_per_result=10, include=["content", "neighbours"]
    )
    assert result["content"] == "\n\n".join(texts)
    passages = sorted(result["passages"], key=lambda passage: passage["page"])
    assert [(passage["file_id"], passage["file_name"], passage["page"]) for passage in passages] == [
        (str(file), "manual.pdf", page) for page in (1, 2, 3)
    ]
    with as_caller(connection, None):
        row = connection.execute("select content from public.file_texts where file_id = %s", (file,)).fetchone()
    assert row is not None
    for passage, text in zip(passages, texts[1:], strict=True):
        assert row[0][passage["start"] : passage["end"]] == passage["content"] == text
    # The letter is not of the file.
    assert passages[0]["before"] is None
    assert (passages[0]["after"]["page"], passages[2]["before"]["page"], passages[2]["after"]) == (2, 2, None)


def test_offsets_are_of_the_text_as_it_stands_or_null(
    database: Database, connection: psycopg.Connection[Any], tenants: Tenants
) -> None:
    texts = ("The heron waits.", "The heron dives.", "The heron eats.")
    places: dict[str, Any] = {"include": ["content", "neighbours"], "passages_per_result": 10}

    def pieces(whole: str | None = None) -> list[tuple[Any, ...]]:
        (result,), _ = search(connection, None, "heron", "keyword", **places)
        text = result["content"] if whole is None else whole
        found = sorted(result["passages"], key=lambda passage: passage["content"])
        every = [each for passage in found for each in (passage, passage["before"], passage["after"]) if each]
        for each in every:
            assert (each["start"] is None) == (each["end"] is None)
            assert each["start"] is None or text[each["start"] : each["end"]] == each["content"]
        return [(passage["content"], passage["start"] is not None) for passage in found]

    with database.connect("supabase_admin") as admin:
        document = write_parts(admin, None, "Heron", [Part(text) for text in texts], organization_id=tenants.meadow)
        gather(database)
        admin.execute("update public.documents set status = 'ready' where id = %s", (document,))
        in_place = [(text, True) for text in sorted(texts)]
        assert pieces() == in_place
        # Its chunks are still those of the old text.
        admin.execute("update public.documents set content = content || ' Then it sleeps.' where id = %s", (document,))
        assert pieces() == in_place
        admin.execute("update public.documents set content = 'Dusk. ' || content where id = %s", (document,))
        assert pieces() == [(text, False) for text in sorted(texts)]
        admin.execute("update public.documents set content = substr(content, 7) where id = %s", (document,))
        assert pieces() == in_place
        # The same of a file, whose other version was read.
        file = uuid.uuid4()
        admin.execute(
            "insert into public.document_files (id, document_id, scope_id, name, key, version)"
            " select %s, d.id, d.scope_id, 'heron.md', 'heron.md', '2' from public.documents d where d.id = %s",
            (file, document),
        )
        read = f"{texts[0]}\n\nThe egret dives.\n\n{texts[2]}"
        admin.execute(
            "insert into public.file_texts (file_id, document_id, scope_id, content)"
            " select %s, d.id, d.scope_id, %s from public.documents d where d.id = %s",
            (file, read, document),
        )
        admin.execute("update public.chunks set file_id = %s where document_id = %s", (file, document))
        assert pieces(read) == [("The heron dives.", False), ("The heron eats.", True), ("The heron waits.", True)]
        admin.execute("update public.file_texts set content = repeat('x', 262145) where file_id = %s", (file,))
        assert pieces(read) == [(text, False) for text in sorted(texts)]
        admin.execute("delete from public.documents where id = %s", (document,))


@pytest.fixture
def changed(database: Database) -> Iterator[Any]:
    """Sets a limit for one test."""
    with database.connect("supabase_admin") as admin:
        allowed = "update private.limits set allowed = %s where name = 'search_answer_bytes'"
        yield lambda count: admin.execute(allowed, (count,))
        admin.execute(allowed, (1_000_000,))


def test_whole_texts_count_in_the_limit_of_an_answer(
    connection: psycopg.Connection[Any], tenants: Tenants, runbook: uuid.UUID, changed: Any
) -> None:
    person = tenants.people["owner"]
    results, complete = search(connection, person, "x", "semantic", max_results=5)
    assert (len(results), complete) == (5, True)
    size = len(json.dumps(search(connection, person, "x", "semantic", include=["content"], max_results=1)[0]))
    changed(3 * size)
    fewer, complete = search(connection, person, "x", "semantic", include=["content"], max_results=5)
    assert 1 < len(fewer) < 5
    assert not complete
    assert all(result["content"] for result in fewer)
    # A text that is longer than an answer may be is left out; its result stays.
    changed(1)
    (alone,), complete = search(connection, person, "x", "semantic", include=["content"], max_results=5)
    assert alone["id"] == results[0]["id"]
    assert (alone["content"], complete) == (None, False)


def test_further_passages_of_a_long_text_are_chosen_around_the_best(
    database: Database, connection: psycopg.Connection[Any], tenants: Tenants
) -> None:
    parts = [Part(f"zebra {number}", (), towards(ANIMALS, 0.2, 200 + number)) for number in range(40)]
    parts[20] = Part("zebra zebra", (), towards(ANIMALS, 0.95, 300))
    with database.connect("supabase_admin") as admin:
        write_parts(admin, None, "Zoo", parts, organization_id=tenants.meadow)
        gather(database)
        admin.execute(
            "create or replace function private.passage_limit() returns integer language sql immutable"
            " set search_path = pg_catalog, pg_temp as 'select 6'"
        )
        for mode in MODES:
            results, _ = search(connection, None, "zebra", mode, ANIMALS, passages_per_result=10, max_results=1)
            numbers = [passage["content"] for passage in results[0]["passages"]]
            assert numbers[0] == "zebra zebra"
            assert sorted(numbers[1:]) == [f"zebra {number}" for number in (17, 18, 19, 21, 22)]
        admin.execute(
            "create or replace function private.passage_limit() returns integer language sql immutable"
            " set search_path = pg_catalog, pg_temp as 'select 2000'"
        )


@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize("mode", MODES)
def test_a_passage_shows_nobody_what_is_not_theirs(
    connection: psycopg.Connection[Any], tenants: Tenants, actor: str, mode: str
) -> None:
    results, _ = search(
        connection,
        tenants.people[actor],
        "fire sluice generator watch",
        mode,
        FIRE,
        max_results=100,
        passages_per_result=10,
        include=["content", "neighbours"],
    )
    shown = set()
    for result in results:
        chunks = [
            chunk
            for passage in result["passages"]
            for chunk in (passage, passage["before"], passage["after"])
            if chunk is not None
        ]
        texts = {chunk["content"] for chunk in chunks}
        assert all(text in result["content"] for text in texts)
        if result["title"] in tenants.documents:
            assert all(result["title"] in text for text in texts)
            shown |= {result["title"]}
    assert shown == READABLE[actor]


def test_words_are_counted_in_nobody_elses_chunks(connection: psycopg.Connection[Any], tenants: Tenants) -> None:
    """Definer functions are told chunks by number: of others' the answer is the same as of none."""
    hidden = connection.execute(
        "select array_agg(c.id) from public.chunks c where c.title = 'meadow draft' and c.content like '%Fire%'"
    ).fetchone()
    assert hidden is not None
    assert hidden[0]
    terms = "array[('english', 'fire', 'fire', 1, 1, 1, 10, null)::private.query_term]"
    for actor, found in (("stranger", 1), ("owner", 0), ("anonymous", 0)):
        with as_caller(connection, tenants.people[actor]):
            scores = connection.execute(
                f"select * from private.word_scores({terms}, '{{documents}}', %s)".encode(), (hidden[0],)
            ).fetchall()
        assert len(scores) == found


def test_a_passage_brings_what_its_chunk_needs_from_further_up(
    database: Database, connection: psycopg.Connection[Any], runbook: uuid.UUID
) -> None:
    put = "update public.chunks set context = %s where source_id = %s and position = 2"
    with database.connect("supabase_admin") as admin:
        admin.execute(put, ("| Case | Answer |", runbook))
        try:
            (result, *_), _ = search(connection, None, "flame", "keyword", passages_per_result=2)
        finally:
            admin.execute(put, ("", runbook))
    assert [passage["context"] for passage in result["passages"]] == ["| Case | Answer |", ""]
    assert result["passages"][0]["content"] == "## Flame\n\nFlame! Leave the building."
