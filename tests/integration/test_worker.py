"""Embeddings follow their texts: what is written, kept and removed, by a real worker on a real database."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.support import ScratchCluster, as_caller, wait_until
from tests.support.fake_embedder import FakeEmbedder, vector_of
from tests.support.waiting import PATIENCE_S
from tests.support.workshop import Row, Workshop, open_workshop

PARAGRAPHS = {
    topic: " ".join(f"Rule {n} of {topic} is kept by the crew of the boatyard every day." for n in range(12))
    for topic in ("mooring", "fuel", "waste", "guests")
}


@pytest.fixture
def workshop(cluster: ScratchCluster, logs: Path) -> Iterator[Workshop]:
    with open_workshop(cluster, logs) as opened:
        yield opened


@pytest.fixture
def fake() -> Iterator[FakeEmbedder]:
    with FakeEmbedder().running() as server:
        yield server


def handbook(**paragraphs: str) -> str:
    return "\n\n".join(f"## About {topic}\n\n{text}" for topic, text in paragraphs.items())


def vector(row: Row) -> np.ndarray:
    return np.array([float(number) for number in row["embedding"].strip("[]").split(",")])


def test_a_new_document_becomes_searchable_by_meaning(workshop: Workshop) -> None:
    workshop.start_worker()
    near = workshop.add("Login help", "# Passwords\n\nSteps to recover a forgotten login.")
    far = workshop.add("Cats", "The cat slept on the mat.")
    wait_until(lambda: workshop.document(near)["status"] == "ready", "the document being ready")
    workshop.wait_until_done()
    (chunk,) = workshop.chunks(near)
    (other,) = workshop.chunks(far)
    assert chunk["content"] == "# Passwords\n\nSteps to recover a forgotten login."
    assert chunk["heading_path"] == ["Passwords"]
    assert (chunk["title"], chunk["language"], chunk["start_offset"], chunk["end_offset"]) == (
        "Login help",
        "en",
        0,
        48,
    )
    assert chunk["scope_id"] == chunk["vector_scope_id"] == workshop.person
    query = workshop.add("How do I reset my password?", "")
    workshop.wait_until_done()
    (asked,) = workshop.chunks(query)
    assert np.linalg.norm(vector(asked)) == pytest.approx(1, abs=1e-3)
    assert vector(asked) @ vector(chunk) > 0.5
    assert vector(asked) @ vector(other) < 0.2


def test_a_long_document_is_cut_with_exact_positions(workshop: Workshop, fake: FakeEmbedder) -> None:
    workshop.start_worker(**fake.environment)
    content = "Boatyard 🌊\n========\n\n" + handbook(**PARAGRAPHS)
    document = workshop.add("Handbook", content)
    workshop.wait_until_done()
    chunks = workshop.chunks(document)
    assert [chunk["position"] for chunk in chunks] == list(range(len(chunks)))
    assert len(chunks) >= 4
    for chunk in chunks:
        assert content[chunk["start_offset"] : chunk["end_offset"]] == chunk["content"]
        assert chunk["heading_path"][0] == "Boatyard 🌊"
        assert chunk["token_count"] <= 256
    database_agrees = (
        "select 1 from public.chunks c join public.documents d on d.id = c.document_id"
        " where substr(d.content, c.start_offset + 1, c.end_offset - c.start_offset) = c.content"
    )
    assert workshop.count(database_agrees) == len(chunks)


def test_an_update_keeps_the_passages_that_did_not_change(workshop: Workshop, fake: FakeEmbedder) -> None:
    workshop.start_worker(**fake.environment)
    document = workshop.add("Handbook", handbook(**PARAGRAPHS))
    workshop.wait_until_done()
    before = {chunk["content"]: chunk for chunk in workshop.chunks(document)}
    fake.seen.clear()
    changed = {"arrivals": "Ring the bell twice.", **PARAGRAPHS, "waste": "Waste goes into the blue bin."}
    workshop.write("update public.documents set content = %s where id = %s", handbook(**changed), document)
    gone = [text for text in before if text not in handbook(**changed)]
    assert not {chunk["content"] for chunk in workshop.chunks(document)} & set(gone), "retracted at once"
    workshop.wait_until_done()
    after = {chunk["content"]: chunk for chunk in workshop.chunks(document)}
    kept = before.keys() & after.keys()
    assert kept
    assert gone
    for text in kept:
        assert after[text]["id"] == before[text]["id"]
        assert after[text]["embedding"] == before[text]["embedding"]
        assert handbook(**changed)[after[text]["start_offset"] : after[text]["end_offset"]] == text
    assert len(fake.seen) == len(after) - len(kept), "only new chunks are embedded"
    assert [chunk["position"] for chunk in workshop.chunks(document)] == list(range(len(after)))
    assert workshop.document(document)["status"] == "ready"


def test_a_new_language_stems_anew_without_embedding(workshop: Workshop, fake: FakeEmbedder) -> None:
    workshop.start_worker(**fake.environment)
    document = workshop.add("Notiz", "Die Boote liegen im Hafen.")
    workshop.wait_until_done()
    (before,) = workshop.chunks(document)
    fake.seen.clear()
    workshop.write("update public.documents set language = 'nl' where id = %s", document)
    workshop.wait_until_done()
    (after,) = workshop.chunks(document)
    assert (before["language"], after["id"], after["language"]) == ("de", before["id"], "nl")
    assert after["search_vector"] != before["search_vector"]
    assert fake.seen == []


def test_equal_passages_each_have_a_row(workshop: Workshop, fake: FakeEmbedder) -> None:
    workshop.start_worker(**fake.environment)
    twice = f"{PARAGRAPHS['fuel']}\n\n{PARAGRAPHS['fuel']}"
    document = workshop.add("Fuel", PARAGRAPHS["fuel"] + "\n\n" + PARAGRAPHS["waste"])
    workshop.wait_until_done()
    workshop.write("update public.documents set content = %s where id = %s", twice, document)
    workshop.wait_until_done()
    chunks = workshop.chunks(document)
    assert [chunk["content"] for chunk in chunks] == [PARAGRAPHS["fuel"]] * 2
    assert chunks[0]["embedding"] == chunks[1]["embedding"] is not None


def test_a_deleted_document_leaves_nothing(workshop: Workshop, fake: FakeEmbedder) -> None:
    workshop.start_worker(**fake.environment)
    document = workshop.add("Handbook", handbook(**PARAGRAPHS))
    workshop.wait_until_done()
    assert workshop.chunks(document)
    workshop.write("delete from public.documents where id = %s", document)
    assert workshop.chunks(document) == []
    assert workshop.count("select 1 from public.chunk_embeddings") == 0
    assert workshop.count("select 1 from private.embedding_jobs") == 0


def test_a_document_deleted_while_it_is_embedded_leaves_nothing(workshop: Workshop, fake: FakeEmbedder) -> None:
    workshop.start_worker(**fake.environment)
    fake.gate.clear()
    document = workshop.add("Short-lived", "Here and gone.")
    assert fake.waiting.wait(PATIENCE_S)
    workshop.write("delete from public.documents where id = %s", document)
    fake.gate.set()
    later = workshop.add("Next", "The worker goes on.")
    workshop.wait_until_done()
    workshop.assert_each_once([later])
    assert workshop.chunks(document) == []


def test_passages_follow_the_visibility_of_their_document(workshop: Workshop, fake: FakeEmbedder) -> None:
    workshop.start_worker(**fake.environment)
    document = workshop.add("Notice", "The gate is closed on Monday.")
    workshop.wait_until_done()
    place = workshop.publish(document)
    (chunk,) = workshop.chunks(document)
    assert str(chunk["scope_id"]) == str(chunk["vector_scope_id"]) == place


def test_a_visibility_changed_while_it_is_embedded_holds(workshop: Workshop, fake: FakeEmbedder) -> None:
    workshop.start_worker(**fake.environment)
    workshop.write("select 1")
    fake.gate.clear()
    document = workshop.add("Notice", "The gate is closed on Monday.")
    assert fake.waiting.wait(PATIENCE_S)
    place = workshop.publish(document)
    fake.gate.set()
    workshop.wait_until_done()
    (chunk,) = workshop.chunks(document)
    assert str(chunk["scope_id"]) == str(chunk["vector_scope_id"]) == place


def test_products_are_embedded_and_follow_their_text(workshop: Workshop, fake: FakeEmbedder) -> None:
    workshop.start_worker(**fake.environment)
    (product,) = workshop.rows(
        "with c as (insert into public.categories (slug, name) values ('lamps', 'Lamps') returning id)"
        " insert into public.products (category_id, sku, name, description, price)"
        " select c.id, 'LAMP-1', 'Storm lamp', '# 1 in a gale', 30 from c returning id, updated_at"
    )
    workshop.wait_until_done()
    (chunk,) = workshop.chunks(product["id"])
    assert (chunk["title"], chunk["content"], chunk["heading_path"]) == ("Storm lamp", "# 1 in a gale", [])
    assert fake.seen[-1] == "Storm lamp\n# 1 in a gale"
    (untouched,) = workshop.rows("select updated_at from public.products where id = %s", product["id"])
    assert untouched["updated_at"] == product["updated_at"], "embedding is no change of the product"
    workshop.rows("update public.products set name = 'Gale lamp' where id = %s returning 1", product["id"])
    workshop.wait_until_done()
    (renamed,) = workshop.chunks(product["id"])
    assert renamed["title"] == "Gale lamp"
    assert fake.seen[-1] == "Gale lamp\n# 1 in a gale"


def test_a_text_changed_while_it_is_embedded_gets_vectors_of_the_new_one(
    workshop: Workshop, fake: FakeEmbedder
) -> None:
    workshop.start_worker(**fake.environment)
    fake.gate.clear()
    document = workshop.add("Hours", "We open at nine.")
    assert fake.waiting.wait(PATIENCE_S)
    workshop.write("update public.documents set content = 'We open at ten.' where id = %s", document)
    fake.gate.set()
    workshop.wait_until_done()
    (chunk,) = workshop.chunks(document)
    assert chunk["content"] == "We open at ten."
    expected = np.array(vector_of("Hours\nWe open at ten."))
    np.testing.assert_allclose(vector(chunk), expected / np.linalg.norm(expected), atol=1e-3)
    assert fake.seen[-2:] == ["Hours\nWe open at nine.", "Hours\nWe open at ten."]


def test_a_document_that_is_being_written_is_left_alone(workshop: Workshop, fake: FakeEmbedder) -> None:
    workshop.start_worker(**fake.environment)
    fake.gate.clear()
    busy, free = workshop.add_many([("Busy", "Being written."), ("Free", "At rest.")])
    assert fake.waiting.wait(PATIENCE_S)
    with as_caller(workshop.writer, workshop.person) as connection:
        connection.execute("update public.documents set metadata = '{\"pages\": 1}' where id = %s", (busy,))
        fake.gate.set()
        wait_until(lambda: workshop.document(free)["status"] == "ready", "the free one being ready")
        assert workshop.chunks(busy) == []
        # The writer goes on to what the worker holds: a deadlock, if the worker waited for the document.
        connection.execute("update public.documents set content = 'Written.' where id = %s", (busy,))
    workshop.wait_until_done()
    workshop.assert_each_once([busy, free])
    assert workshop.chunks(busy)[0]["content"] == "Written."
