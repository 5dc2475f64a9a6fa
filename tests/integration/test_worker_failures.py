"""Nothing is lost, doubled or left unsaid when workers die, texts are refused, embedders and databases go."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString

import pytest

from gateway.local.ports import HOST
from gateway.worker.embedding.pipeline import BATCH_JOBS
from tests.support import Process, ScratchCluster, wait_until
from tests.support.fake_embedder import FakeEmbedder
from tests.support.waiting import PATIENCE_S
from tests.support.workshop import Workshop, open_workshop

# A worker has six connections: so many attempts are not the first of each.
ATTEMPTS = 7
CONNECTIONS: LiteralString = (
    "select pid from pg_stat_activity where usename = 'tidegate_worker' and datname = current_database()"
)


@pytest.fixture
def workshop(cluster: ScratchCluster, logs: Path) -> Iterator[Workshop]:
    with open_workshop(cluster, logs) as opened:
        yield opened


@pytest.fixture
def fake() -> Iterator[FakeEmbedder]:
    with FakeEmbedder().running() as server:
        yield server


def texts(count: int) -> list[tuple[str, str]]:
    return [(f"Note {n}", f"Boat {n} came in with the tide.") for n in range(count)]


def retry(worker: Process) -> str:
    """What `python -m gateway.worker retry` prints."""
    command = [*worker.service.command, "retry"]
    done = subprocess.run(command, env=worker.service.environment, capture_output=True, text=True, check=True)
    return done.stdout


def waits_for_lock(workshop: Workshop) -> bool:
    waiting = "select 1 from pg_stat_activity where usename = 'tidegate_worker' and wait_event_type = 'Lock'"
    return workshop.count(waiting + " and datname = current_database()") > 0


def test_a_worker_killed_while_it_embeds_loses_and_doubles_nothing(workshop: Workshop, fake: FakeEmbedder) -> None:
    fake.close_after = 256  # the first batch gets through
    worker = workshop.start_worker(**fake.environment)
    documents = workshop.add_many(texts(300))
    wait_until(lambda: workshop.count("select 1 from public.chunks") == 256, "the first batch being written")
    wait_until(lambda: len(fake.seen) > 256, "the second batch being embedded")
    worker.kill()
    fake.gate.set()
    workshop.end_leases()
    workshop.start_worker(**fake.environment)
    workshop.wait_until_done()
    workshop.assert_each_once(documents)


def test_a_worker_killed_while_it_writes_loses_and_doubles_nothing(workshop: Workshop, fake: FakeEmbedder) -> None:
    worker = workshop.start_worker(**fake.environment)
    with workshop.admin.transaction():
        workshop.admin.execute("lock table public.chunk_embeddings in share mode")
        documents = workshop.add_many(texts(300))
        wait_until(lambda: waits_for_lock(workshop), "the worker being in the middle of writing")
        worker.kill()
    workshop.end_leases()
    workshop.start_worker(**fake.environment)
    workshop.wait_until_done()
    workshop.assert_each_once(documents)


def test_a_worker_that_comes_back_late_changes_nothing(workshop: Workshop, fake: FakeEmbedder) -> None:
    fake.gate.clear()
    late = workshop.start_worker(**fake.environment)
    (document,) = workshop.add_many(texts(1))
    assert fake.waiting.wait(PATIENCE_S)
    os.kill(late.pid, signal.SIGSTOP)
    try:
        fake.gate.set()
        workshop.end_leases()
        workshop.start_worker(**fake.environment)
        workshop.wait_until_done()
        (before,) = workshop.chunks(document)
    finally:
        os.kill(late.pid, signal.SIGCONT)
    wait_until(lambda: "0 of 1 texts embedded" in late.output(), "the late worker dropping its result")
    assert workshop.chunks(document) == [before]
    workshop.assert_each_once([document])


def test_two_workers_at_once_double_nothing(workshop: Workshop, fake: FakeEmbedder) -> None:
    workers = [workshop.start_worker(**fake.environment) for _ in range(2)]
    fake.gate.clear()
    documents = workshop.add_many(texts(3 * BATCH_JOBS + 1))  # one more than a worker takes before it has written any
    taken: LiteralString = "select 1 from private.embedding_jobs where attempts = 1 and available_at > now()"
    wait_until(lambda: workshop.count(taken) == len(documents), "both having something")
    fake.gate.set()
    workshop.wait_until_done()
    workshop.assert_each_once(documents)
    for worker in workers:
        wait_until(lambda: "texts embedded" in worker.output(), "each saying what it did")  # noqa: B023


def test_a_slow_text_is_not_taken_by_another_worker(workshop: Workshop, fake: FakeEmbedder) -> None:
    fake.gate.clear()
    for _ in range(2):  # four of the six seconds are for a machine that is busy with other things
        workshop.start_worker(**fake.environment, WORKER_LEASE_S="6")
    (document,) = workshop.add_many(texts(1))
    assert fake.waiting.wait(PATIENCE_S)
    later = "select 1 from private.embedding_jobs where available_at > created_at + interval '13 s'"
    wait_until(lambda: workshop.count(later) == 1, "the lease being renewed after it would have ended")
    fake.gate.set()
    workshop.wait_until_done()
    workshop.assert_each_once([document])
    assert len(fake.seen) == 1


def test_a_worker_told_to_stop_gives_back_what_it_holds(workshop: Workshop, fake: FakeEmbedder) -> None:
    fake.gate.clear()
    worker = workshop.start_worker(**fake.environment)
    (document,) = workshop.add_many(texts(1))
    assert fake.waiting.wait(PATIENCE_S)
    assert worker.stop() == 0
    released = "select 1 from private.embedding_jobs where attempts = 0 and available_at <= now()"
    assert workshop.count(released) == 1
    fake.gate.set()
    workshop.start_worker(**fake.environment)
    workshop.wait_until_done()
    workshop.assert_each_once([document])


def test_a_refused_text_fails_is_shown_and_retried(workshop: Workshop, fake: FakeEmbedder) -> None:
    worker = workshop.start_worker(**fake.environment, WORKER_MAX_ATTEMPTS="3")
    fake.rejects = lambda text: "Boat 7 " in text
    documents = workshop.add_many(texts(20))
    poison = documents.pop(7)
    wait_until(lambda: workshop.document(poison)["status"] == "failed", "the text being given up")
    workshop.wait_until_done()
    workshop.assert_each_once(documents)
    assert "this text is refused" in workshop.document(poison)["error"]
    (job,) = workshop.rows("select * from private.embedding_jobs")
    assert (job["document_id"], job["attempts"], job["failed_at"] is None) == (poison, 3, False)
    assert "this text is refused" in job["last_error"]
    assert workshop.rows("select pending, failed from private.embedding_queue_status()") == [
        {"pending": 0, "failed": 1}
    ]
    fake.rejects = lambda _text: False
    assert retry(worker) == "1 failed texts will be tried again.\n"
    workshop.wait_until_done()
    workshop.assert_each_once([poison])
    assert workshop.document(poison)["error"] is None
    assert retry(worker) == "0 failed texts will be tried again.\n"


def test_a_changed_text_is_tried_afresh(workshop: Workshop, fake: FakeEmbedder) -> None:
    workshop.start_worker(**fake.environment, WORKER_MAX_ATTEMPTS="1")
    fake.rejects = lambda text: "bad" in text
    document = workshop.add("Note", "A bad text.")
    wait_until(lambda: workshop.document(document)["status"] == "failed", "the text being given up")
    workshop.write("update public.documents set content = 'A good text.' where id = %s", document)
    workshop.wait_until_done()
    workshop.assert_each_once([document])


def test_a_text_that_never_finishes_is_given_up(workshop: Workshop, fake: FakeEmbedder) -> None:
    document = workshop.add("Note", "Kills whoever embeds it.")
    workshop.rows("update private.embedding_jobs set attempts = 5 returning 1")
    workshop.start_worker(**fake.environment)
    wait_until(lambda: workshop.document(document)["status"] == "failed", "the text being given up")
    assert "begun 5 times and never finished" in workshop.document(document)["error"]
    assert "Note\nKills whoever embeds it." not in fake.seen


@pytest.mark.parametrize("status", [401, 429, 503])
def test_an_embedder_that_is_down_parks_nothing(workshop: Workshop, fake: FakeEmbedder, status: int) -> None:
    worker = workshop.start_worker(**fake.environment, WORKER_MAX_ATTEMPTS="2")
    fake.failure = (status, {})
    documents = workshop.add_many(texts(3))
    wait_until(lambda: len(fake.seen) > 15, "the embedder being asked again and again")
    assert workshop.count("select 1 from private.embedding_jobs where attempts <= 1 and failed_at is null") == 3
    assert {workshop.document(document)["status"] for document in documents} == {"pending"}
    fake.failure = None
    workshop.wait_until_done()
    workshop.assert_each_once(documents)
    assert f"answered {status}" in worker.log.read_text()


def test_a_worker_outlives_its_connections(workshop: Workshop, fake: FakeEmbedder) -> None:
    worker = workshop.start_worker(**fake.environment)
    fake.gate.clear()
    documents = workshop.add_many(texts(5))
    assert fake.waiting.wait(PATIENCE_S)
    end_connections = CONNECTIONS.replace("select pid", "select pg_terminate_backend(pid)")
    wait_until(lambda: workshop.count(CONNECTIONS) == 7, "every loop being connected")
    assert len(workshop.rows(end_connections)) == 7
    wait_until(lambda: worker.output().count("at work") == 2, "the worker being connected again")
    fake.gate.set()
    workshop.wait_until_done()
    workshop.assert_each_once(documents)
    assert worker.popen.poll() is None


def test_another_active_model_is_said_and_waited_for(workshop: Workshop, fake: FakeEmbedder) -> None:
    workshop.rows("select private.register_embedding_model('another', 8)")
    workshop.rows("select private.activate_embedding_model('another')")
    worker = workshop.start_worker(**fake.environment)
    wait_until(lambda: "the active model of the database is another with 8" in worker.output(), "it being said")
    (document,) = workshop.add_many(texts(1))
    assert "switch to the model (tidegate-models)" in worker.output()
    workshop.rows("select private.activate_embedding_model('all-MiniLM-L6-v2')")
    workshop.wait_until_done()
    workshop.assert_each_once([document])


def test_a_new_active_model_gets_vectors_beside_the_old_ones(workshop: Workshop, fake: FakeEmbedder) -> None:
    workshop.start_worker(**fake.environment)
    (document,) = workshop.add_many(texts(1))
    workshop.wait_until_done()
    (before,) = workshop.chunks(document)
    workshop.rows("update private.embedding_models set is_active = false returning 1")
    workshop.rows("select private.register_embedding_model('old', 384)")
    workshop.rows("update public.chunk_embeddings set model_id = 2 returning 1")
    workshop.rows("select private.activate_embedding_model('all-MiniLM-L6-v2')")
    workshop.write("select public.retry_document(%s)", document)
    workshop.wait_until_done()
    chunks = workshop.chunks(document)
    assert {chunk["id"] for chunk in chunks} == {before["id"]}
    assert sorted(chunk["model_id"] for chunk in chunks) == [1, 2]


def test_a_worker_without_a_database_waits_for_it(workshop: Workshop) -> None:
    with socket.create_server((HOST, 0)) as door:
        door.settimeout(PATIENCE_S)
        url = f"postgresql://tidegate_worker@{HOST}:{door.getsockname()[1]}/postgres?sslmode=disable"
        nowhere = workshop.stack.start_worker(WORKER_DATABASE_URL=url)
        for _ in range(ATTEMPTS):
            door.accept()[0].close()
    wait_until(lambda: "the database does not work" in nowhere.output(), "the reason being said")
    assert nowhere.stop() == 0
