"""Nobody waits for somebody else's texts: a sentence is searchable at once, whatever another tenant has waiting.

The model is the real one. The sentence's time on the idle worker is measured right before each flood.
"""

import os
import random
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest

from gateway.worker.embedding.jobs import CHUNKS_PER_TURN
from tests.bench.corpus import short_texts
from tests.bench.processes import cost_of
from tests.support import Process, ScratchCluster, as_caller, make_user, wait_until
from tests.support.fake_embedder import FakeEmbedder
from tests.support.workshop import Workshop, open_workshop

SENTENCE = "The night watch keeps the keys of the north gate."
SAMPLES = 3
CORES = len(os.sched_getaffinity(0))
Flood = Callable[[Workshop], None]


@pytest.fixture
def workshop(cluster: ScratchCluster, logs: Path) -> Iterator[Workshop]:
    with open_workshop(cluster, logs) as opened:
        yield opened


@pytest.fixture
def worker(workshop: Workshop) -> Iterator[Process]:
    running = workshop.start_worker()
    yield running
    running.kill()


def long_text(characters: int, seed: int) -> str:
    """Prose of this length in paragraphs, no two of which are alike."""
    generator = random.Random(seed)
    sentences = [content for _, content in short_texts(500)]
    text = ""
    while len(text) < characters:
        text += f"Day {len(text)}. " + " ".join(generator.sample(sentences, 5)) + "\n\n"
    return text[:characters]


class Bystander:
    """Another tenant, who writes one sentence at a time."""

    def __init__(self, workshop: Workshop, worker: Process, connection: psycopg.Connection[Any]) -> None:
        self._workshop = workshop
        self._worker = worker
        self._connection = connection
        self._person = make_user(workshop.admin, f"bystander-{time.monotonic_ns()}@example.org")

    def wait_s(self) -> tuple[float, float]:
        """Seconds from the commit of a sentence until it is searchable, and those of all cores that the worker used."""
        with as_caller(self._connection, self._person):
            (row,) = self._connection.execute(
                "insert into public.documents (title, content) values ('Keys', %s) returning id", (SENTENCE,)
            ).fetchall()
        began, used = time.perf_counter(), cost_of([self._worker.pid]).cpu_s
        found = "select 1 from public.chunk_embeddings where source_id = %s"
        wait_until(lambda: self._workshop.count(found, row[0]), "the sentence being searchable", every_s=0.01)
        spent = cost_of([self._worker.pid]).cpu_s - used
        return time.perf_counter() - began, spent / CORES

    def waits_s(self, samples: int) -> tuple[float, float]:
        """The medians of several."""
        walls, cores = zip(*(self.wait_s() for _ in range(samples)), strict=True)
        return statistics.median(walls), statistics.median(cores)


@pytest.fixture
def bystander(workshop: Workshop, worker: Process) -> Iterator[Bystander]:
    with workshop.stack.database.connect() as connection:
        yield Bystander(workshop, worker, connection)


def five_long(workshop: Workshop) -> None:
    workshop.add_many([(f"Log {n}", long_text(50_000, n)) for n in range(5)])


def very_long(workshop: Workshop) -> None:
    workshop.add("Chronicle", long_text(400_000, 9))


def many_short(workshop: Workshop) -> None:
    for start in range(0, 3000, 500):
        workshop.add_many(short_texts(3000)[start : start + 500])


def headings(workshop: Workshop) -> None:
    workshop.add("Standard", "\n\n".join(f"## Section {n}\n\n{long_text(800, n)}" for n in range(512)))


@pytest.mark.parametrize("flood", [five_long, very_long, many_short, headings])
def test_a_sentence_does_not_wait_for_what_another_has_waiting(
    workshop: Workshop, bystander: Bystander, flood: Flood
) -> None:
    idle_s, _ = bystander.waits_s(SAMPLES)
    flood(workshop)
    busy = bystander.waits_s(SAMPLES)
    assert workshop.count("select 1 from private.embedding_jobs") > 0, "the flood was over before it was measured"
    assert_soon(flood.__name__, idle_s, *busy)


def test_a_sentence_does_not_wait_for_a_text_that_changes_again_and_again(
    workshop: Workshop, bystander: Bystander
) -> None:
    document = workshop.add("Draft", long_text(50_000, 1))

    def change(stop: threading.Event) -> None:
        number = 0
        while not stop.wait(0.05):
            number += 1
            statement: LiteralString = "update public.documents set content = %s where id = %s"
            workshop.write(statement, long_text(50_000, number), document)

    workshop.wait_until_done()
    idle_s, _ = bystander.waits_s(SAMPLES)
    stop = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        changing = threads.submit(change, stop)
        try:
            busy = bystander.waits_s(SAMPLES)
        finally:
            stop.set()
        changing.result()
    assert_soon("changes", idle_s, *busy)
    workshop.wait_until_done()
    assert workshop.document(document)["status"] == "ready"


def test_a_worker_killed_in_the_middle_of_a_long_text_goes_on_where_it_was(cluster: ScratchCluster, logs: Path) -> None:
    with FakeEmbedder().running() as fake, open_workshop(cluster, logs) as workshop:
        fake.close_after = 2 * CHUNKS_PER_TURN
        worker = workshop.start_worker(**fake.environment)
        document = workshop.add("Chronicle", long_text(400_000, 11))
        staged: LiteralString = "select 1 from private.staged_embeddings"
        wait_until(lambda: workshop.count(staged) == 2 * CHUNKS_PER_TURN, "two pieces being staged")
        wait_until(lambda: len(fake.seen) > 2 * CHUNKS_PER_TURN, "the third piece being embedded")
        worker.kill()
        assert workshop.chunks(document) == []  # found as a whole, or not at all
        half = workshop.document(document)
        assert (half["chunks_done"], half["status"]) == (2 * CHUNKS_PER_TURN, "pending")
        fake.gate.set()
        before = len(fake.seen)
        workshop.end_leases()
        workshop.start_worker(**fake.environment)
        workshop.wait_until_done()
        chunks = workshop.chunks(document)
        assert len(fake.seen) - before == len(chunks) - 2 * CHUNKS_PER_TURN
        assert [chunk["position"] for chunk in chunks] == list(range(len(chunks)))
        assert all(chunk["embedding"] is not None for chunk in chunks)
        whole = workshop.document(document)
        assert (whole["chunks_done"], whole["status"]) == (len(chunks), "ready")
        assert half["chunks_total"] == whole["chunks_total"] == len(chunks)
        assert workshop.count(staged) == 0


def test_a_long_text_gives_way_and_is_not_starved(cluster: ScratchCluster, logs: Path) -> None:
    """What takes one turn of three tenants is done before what takes six, though that was noted first."""
    with FakeEmbedder().running() as fake, open_workshop(cluster, logs) as workshop:
        workshop.add("Book", long_text(400_000, 1))
        others = [make_user(workshop.admin, f"{name}@example.org") for name in ("one", "two")]
        for person in others:
            workshop.person = person
            workshop.add("Report", long_text(60_000, 2))
        workshop.start_worker(**fake.environment)
        workshop.wait_until_done()
        embedded = [text.partition("\n")[0] for text in fake.seen]
        last = {title: max(n for n, each in enumerate(embedded) if each == title) for title in ("Book", "Report")}
        assert last["Book"] > last["Report"]  # noted first, but it has six turns to the others' one


def turns(workshop: Workshop) -> list[str]:
    """Titles in the order in which they are served."""
    rows = workshop.rows(
        "select d.title from private.embedding_jobs j join public.documents d on d.id = j.document_id"
        " order by j.turn, j.revision"
    )
    return [row["title"] for row in rows]


def test_turns_go_round_tenants_small_before_large_and_those_who_come_are_next(
    cluster: ScratchCluster, logs: Path
) -> None:
    with open_workshop(cluster, logs) as workshop:
        first = workshop.person
        workshop.add_many(
            [("first, long", "word " * 8_000), ("first, short 2", "word " * 200), ("first, short 1", "a word")]
        )
        workshop.add("first, short 3", "word")
        workshop.person = make_user(workshop.admin, "second@example.org")
        workshop.add("second, short 1", "word")
        workshop.add("second, short 2", "word")
        served = turns(workshop)
        assert set(served[:3]) == {"first, long", "first, short 1", "second, short 1"}
        assert served[3:] == ["second, short 2", "first, short 2", "first, short 3"]
        workshop.person = first
        workshop.write("update public.documents set content = 'words' where title = 'first, short 3'")
        assert turns(workshop)[-1] == "first, short 3"  # what waits keeps its place
        workshop.write("update public.documents set content = %s where title = 'first, short 1'", "word " * 100)
        assert turns(workshop)[-1] == "first, short 1"  # unless it takes longer


def assert_soon(flood: str, idle_s: float, wall_s: float, cores_s: float) -> None:
    """Assert that a sentence was searchable soon; the times are shown by pytest -rP.

    Where the machine does other things too, the worker's own time counts: it is at work all the time.
    """
    print(
        f"{flood}: a sentence waits {wall_s:.2f} s, {idle_s:.2f} s on the idle worker;"
        f" meanwhile the worker uses {cores_s:.2f} s of all cores"
    )
    assert min(wall_s, cores_s) <= 2 * idle_s + 1
