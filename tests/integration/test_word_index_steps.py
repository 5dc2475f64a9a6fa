"""Steps of the word index end soon, whatever is in the texts: other people's texts wait for each."""

import random
import uuid
from typing import Any

import psycopg
import pytest

from tests.support import Database
from tests.support.tenants import Tenants, populate
from tests.support.words import titles, write

HANGUL = [chr(code) for code in range(0xAC00, 0xD7A4)]
CHUNKS = 60


@pytest.fixture(scope="module")
def tenants(database: Database) -> Tenants:
    return populate(database)


def steps_of(worker: psycopg.Connection[Any]) -> list[int]:
    """Chunks that each step posted, until none waits."""
    posted = []
    while (row := worker.execute("select private.post_chunks(512, 0)").fetchone()) and row[0]:
        posted.append(row[0])
    return posted


def test_chunks_with_many_words_are_posted_few_at_a_time(
    database: Database, tenants: Tenants, connection: psycopg.Connection[Any]
) -> None:
    """A chunk of 2,000 syllables has as many stems as thirty usual ones; 512 of them took a minute."""
    generator = random.Random(3)
    texts = ["".join(generator.choices(HANGUL, k=2_000)) for _ in range(CHUNKS)]
    with database.connect("supabase_admin") as admin, database.connect("tidegate_worker") as worker:
        steps_of(worker)
        author = tenants.people["stranger"]
        document = write(admin, author, "Syllables", "Of every kind.", visibility="private")
        admin.execute(
            "insert into public.chunks (document_id, scope_id, position, title, content, start_offset, end_offset,"
            " token_count, language, input_hash)"
            " select c.document_id, c.scope_id, n, c.title, t, 0, 0, 2000, 'ko', ''"
            " from public.chunks c, unnest(%s::text[]) with ordinality u (t, n) where c.document_id = %s",
            (texts, document),
        )
        steps = steps_of(worker)
        assert sum(steps) == CHUNKS + 1
        assert len(steps) > 1 and max(steps) < CHUNKS
        assert admin.execute("select count(*) from private.chunks_to_post").fetchone() == (0,)
        sizes = "select sum(s.size) = (select sum(16 + p.size) from private.postings p) from private.posting_segments s"
        assert admin.execute(sizes).fetchone() == (True,)
    assert titles(connection, author, texts[-1][500:504]) == ["Syllables"]


def test_segments_with_many_postings_are_not_merged_into_larger_ones(database: Database, tenants: Tenants) -> None:
    author = uuid.UUID(str(tenants.people["owner"]))
    with database.connect("supabase_admin") as admin, database.connect("tidegate_worker") as worker:
        for number in range(8):
            write(admin, author, f"Note {number}", "A word each.", visibility="private")
            steps_of(worker)
        while (worker.execute("select private.merge_postings()").fetchone() or (False,))[0]:
            pass
        segments = "select array_agg(size) from private.posting_segments where scope_id = %s"
        row = admin.execute(segments, (author,)).fetchone()
        assert row is not None and len(row[0]) == 1
        merged_size = row[0][0]
        for number in range(7):
            write(admin, author, f"Further note {number}", "A word each.", visibility="private")
            steps_of(worker)
        admin.execute("update private.posting_segments set size = 2000000 where scope_id = %s", (author,))
        assert worker.execute("select private.merge_postings()").fetchone() == (False,)
        assert merged_size > 0
