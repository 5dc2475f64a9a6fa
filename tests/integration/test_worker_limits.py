"""A text that is over a limit fails with the reason, at once, and nothing else is lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import ScratchCluster, wait_until
from tests.support.fake_embedder import FakeEmbedder
from tests.support.workshop import Workshop, open_workshop

RULES = [
    f"Rule {n} is kept by the crew of the boatyard every day of the year, in fog as in sunshine." for n in range(400)
]


@pytest.fixture
def workshop(cluster: ScratchCluster, logs: Path) -> Iterator[Workshop]:
    with open_workshop(cluster, logs) as opened:
        yield opened


@pytest.fixture
def fake() -> Iterator[FakeEmbedder]:
    with FakeEmbedder().running() as server:
        yield server


def test_a_text_of_too_many_chunks_fails_at_once_and_keeps_what_was_searchable(
    workshop: Workshop, fake: FakeEmbedder
) -> None:
    workshop.rows("update private.limits set allowed = 10 where name = 'chunks_per_text' returning 1")
    workshop.start_worker(**fake.environment)
    document = workshop.add("Rules", "\n\n".join(RULES[:20]))
    workshop.wait_until_done()
    before = workshop.chunks(document)
    workshop.write("update public.documents set content = %s where id = %s", "\n\n".join(RULES), document)
    wait_until(lambda: workshop.document(document)["status"] == "failed", "the text being given up")
    error = workshop.document(document)["error"]
    assert error.startswith("The text makes more than 10 chunks.")
    assert "private.limits: chunks_per_text" in error
    (job,) = workshop.rows("select attempts, last_error from private.embedding_jobs where failed_at is not null")
    assert job == {"attempts": 1, "last_error": error}
    # What stood in the text before and still does is found as before: failed says that the rest is not.
    assert before
    assert workshop.chunks(document) == before
    other = workshop.add("Note", "The worker goes on.")
    wait_until(lambda: workshop.document(other)["status"] == "ready", "another text being ready")
    workshop.rows("update private.limits set allowed = 100 where name = 'chunks_per_text' returning 1")
    workshop.write("select public.retry_document(%s)", document)
    workshop.wait_until_done()
    assert workshop.document(document)["status"] == "ready"
    assert len(workshop.chunks(document)) > 10


def test_a_text_that_takes_too_long_to_cut_fails_at_once(workshop: Workshop, fake: FakeEmbedder) -> None:
    workshop.rows("update private.limits set allowed = 0 where name = 'chunking_seconds_per_text' returning 1")
    workshop.start_worker(**fake.environment)
    document = workshop.add("Rules", "\n\n".join(RULES))
    wait_until(lambda: workshop.document(document)["status"] == "failed", "the text being given up")
    assert "private.limits: chunking_seconds_per_text" in workshop.document(document)["error"]
    short = workshop.add("Note", "Short texts are not timed.")
    wait_until(lambda: workshop.document(short)["status"] == "ready", "a short text being ready")
