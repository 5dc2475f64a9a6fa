"""What a chunk has from further up its text, and what a text says of itself, by a real worker on a real database."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from gateway.worker.embedding.queue import CHUNKS_PER_WRITE
from tests.support import ScratchCluster
from tests.support.fake_embedder import FakeEmbedder
from tests.support.workshop import Row, Workshop, open_workshop

HEADER = "| Part | Shelf |\n| --- | --- |"
ROWS = "\n".join(f"| shackle {n} | rack {n} |" for n in range(200))
STOCK = f"# Stock\n\nWhere things are.\n\n{HEADER}\n{ROWS}\n"
FRONT = "---\nkind: guide\ntags: [tents, care]\nreviewed: 2026-04-11\n---\n"


@pytest.fixture
def workshop(cluster: ScratchCluster, logs: Path) -> Iterator[Workshop]:
    with open_workshop(cluster, logs) as opened:
        yield opened


@pytest.fixture
def fake() -> Iterator[FakeEmbedder]:
    with FakeEmbedder().running() as server:
        yield server


def found(workshop: Workshop, query: str, metadata: str | None = None) -> list[Row]:
    """Results of a search by words, as the person."""
    (answer,) = workshop.write(
        "select to_jsonb(results) from public.search(%s, mode => 'keyword',"
        " filters => jsonb_build_object('metadata', %s::jsonb))",
        query,
        metadata,
    )
    results: list[Row] = answer[0]
    return results


def test_the_header_of_a_table_is_embedded_and_found_with_every_chunk(workshop: Workshop, fake: FakeEmbedder) -> None:
    workshop.start_worker(**fake.environment)
    document = workshop.add("Stores", STOCK)
    workshop.wait_until_done()
    first, *others = workshop.chunks(document)
    assert first["context"] == ""
    assert len(others) > 3
    for chunk in others:
        assert chunk["context"] == HEADER
        assert STOCK[chunk["start_offset"] : chunk["end_offset"]] == chunk["content"]
        assert f"Stores\nStock\n{HEADER}\n{chunk['content']}" in fake.seen
        assert "'shelf':" in chunk["search_vector"]


def test_chunks_whose_context_is_taken_out_are_not_found_any_more(workshop: Workshop, fake: FakeEmbedder) -> None:
    worker = workshop.start_worker(**fake.environment)
    document = workshop.add("Stores", STOCK)
    workshop.wait_until_done()
    kept = [chunk for chunk in workshop.chunks(document) if not chunk["context"] and HEADER not in chunk["content"]]
    worker.stop()
    changed = STOCK.replace("| Part | Shelf |", "| Part | Place |")
    workshop.write("update public.documents set content = %s where id = %s", changed, document)
    assert [chunk["id"] for chunk in workshop.chunks(document)] == [chunk["id"] for chunk in kept]


def test_front_matter_is_metadata_that_explicit_metadata_overrides(workshop: Workshop, fake: FakeEmbedder) -> None:
    workshop.start_worker(**fake.environment)
    document = workshop.add("Tents", f"{FRONT}# Care\n\nDry it.")
    workshop.wait_until_done()
    front = {"kind": "guide", "tags": ["tents", "care"], "reviewed": "2026-04-11"}
    assert workshop.document(document)["front_matter"] == front
    assert [chunk["content"] for chunk in workshop.chunks(document)] == ["# Care\n\nDry it."]
    assert [result["metadata"] for result in found(workshop, "dry", '{"tags": ["care"]}')] == [front]
    assert found(workshop, "reviewed") == []
    workshop.write("""update public.documents set metadata = '{"kind": "note", "a": 1}' where id = %s""", document)
    assert found(workshop, "dry")[0]["metadata"] == {**front, "kind": "note", "a": 1}
    assert found(workshop, "dry", '{"kind": "guide"}') == []


def test_front_matter_goes_with_its_text(workshop: Workshop, fake: FakeEmbedder) -> None:
    worker = workshop.start_worker(**fake.environment)
    document = workshop.add("Tents", f"{FRONT}Dry it.")
    workshop.wait_until_done()
    worker.stop()
    workshop.write("update public.documents set content = 'Dry it.' where id = %s", document)
    assert workshop.document(document)["front_matter"] == {}
    assert found(workshop, "dry")[0]["metadata"] == {}


def test_clients_do_not_write_front_matter(workshop: Workshop) -> None:
    document = workshop.add("Tents", "Dry it.")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        workshop.write("update public.documents set front_matter = '{}' where id = %s", document)


def test_a_long_text_is_replaced_in_several_writes(workshop: Workshop, fake: FakeEmbedder) -> None:
    """With another title each chunk is embedded again; until the last is there, the old ones are."""
    content = "\n\n".join(f"# Part {number}\n\nIt is number {number}." for number in range(300))
    workshop.start_worker(**fake.environment)
    document = workshop.add("First title", content)
    workshop.wait_until_done()
    before = workshop.chunks(document)
    assert len(before) > 2 * CHUNKS_PER_WRITE
    workshop.write("update public.documents set title = 'Second title' where id = %s", document)
    workshop.wait_until_done()
    after = workshop.chunks(document)
    assert [chunk["content"] for chunk in after] == [chunk["content"] for chunk in before]
    assert [chunk["position"] for chunk in after] == list(range(len(after)))
    assert not {chunk["id"] for chunk in after} & {chunk["id"] for chunk in before}
    assert {chunk["title"] for chunk in after} == {"Second title"}
