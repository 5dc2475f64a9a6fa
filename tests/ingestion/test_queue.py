"""The queue of files: tickets, turns, leases, and what no trigger has seen."""

import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.ingestion.harbour import Harbour, open_harbour
from tests.support import Database, Process, Stack, make_user

CLAIM = "select * from private.claim_file(%s)"
ACCEPT = "select private.accept_file_text(%s, %s, 'The text.', '{}', true, null, 9, 'characters')"


@pytest.fixture(scope="module")
def harbour(stack: Stack, api: Process, database: Database) -> Iterator[Harbour]:
    with open_harbour(stack, database) as harbour:
        yield harbour


@pytest.fixture
def worker_login(harbour: Harbour, database: Database) -> Iterator[psycopg.Connection[Any]]:
    """The worker's own login, with an empty queue."""
    harbour.admin.execute("delete from private.file_jobs")
    with database.connect("tidegate_worker") as connection:
        yield connection


def claim(login: psycopg.Connection[Any], lease_s: float = 60) -> dict[str, Any] | None:
    """The file whose turn is next."""
    cursor = login.execute(CLAIM, (lease_s,))
    assert cursor.description is not None
    row = cursor.fetchone()
    named = dict(zip((column.name for column in cursor.description), row or (), strict=True))
    return named if named["file_id"] is not None else None


def download(harbour: Harbour, path: str, ticket: str | None) -> int:
    """The status of a visitor's download."""
    headers = {"apikey": harbour.stack.keys.publishable_key}
    if ticket is not None:
        headers["x-tidegate-ticket"] = ticket
    return harbour.http.get(
        f"{harbour.stack.supabase_url}/storage/v1/object/documents/{path}", headers=headers
    ).status_code


def test_a_ticket_opens_one_file_while_it_is_held(harbour: Harbour, worker_login: psycopg.Connection[Any]) -> None:
    document = harbour.document()
    for name in ("a.txt", "b.txt"):
        harbour.upload(document, name, b"words")
    first = claim(worker_login)
    assert first is not None
    other = next(f"{document}/{name}" for name in ("a.txt", "b.txt") if not first["path"].endswith(name))
    assert download(harbour, first["path"], first["ticket"]) == 200
    assert download(harbour, other, first["ticket"]) >= 400
    assert download(harbour, first["path"], None) >= 400
    assert download(harbour, first["path"], uuid.uuid4().hex * 2) >= 400
    worker_login.execute("select private.release_file(%s, %s)", (first["file_id"], first["revision"]))
    assert download(harbour, first["path"], first["ticket"]) >= 400


def test_a_ticket_ends_with_its_lease(harbour: Harbour, worker_login: psycopg.Connection[Any]) -> None:
    harbour.upload(harbour.document(), "a.txt", b"words")
    held = claim(worker_login, 0)
    assert held is not None
    assert download(harbour, held["path"], held["ticket"]) >= 400
    again = claim(worker_login)
    assert again is not None
    assert (again["file_id"], again["attempts"]) == (held["file_id"], 2)


def test_a_tenant_has_one_file_read_at_a_time(harbour: Harbour, worker_login: psycopg.Connection[Any]) -> None:
    mine = harbour.document()
    for number in range(3):
        harbour.upload(mine, f"{number}.txt", b"words")
    other = Harbour(harbour.stack, harbour.http, harbour.admin)
    other.upload(theirs := other.document(), "theirs.txt", b"words")
    first, second = claim(worker_login), claim(worker_login)
    assert first is not None and second is not None
    assert {first["path"][:36], second["path"][:36]} == {mine, theirs}
    assert claim(worker_login) is None
    assert worker_login.execute(ACCEPT, (first["file_id"], first["revision"])).fetchone() == (True,)
    assert claim(worker_login) is not None


def test_the_queue_says_how_far_it_is(harbour: Harbour, worker_login: psycopg.Connection[Any]) -> None:
    state = "select waiting, reading, failed, oldest_waiting_seconds > 0 from private.file_queue_status()"
    harbour.admin.execute("update public.document_files set status = 'ready'")
    assert worker_login.execute(state).fetchone() == (0, 0, 0, False)
    for name in ("a.txt", "b.txt"):
        harbour.upload(harbour.document(), name, b"words")
    held = claim(worker_login)
    assert held is not None
    assert worker_login.execute(state).fetchone() == (1, 1, 0, True)
    fail = "select private.fail_file(%s, %s, 'It is damaged.', 0, true)"
    worker_login.execute(fail, (held["file_id"], held["revision"]))
    assert worker_login.execute(state).fetchone() == (1, 0, 1, True)
    claim(worker_login, 0)
    assert worker_login.execute(state).fetchone() == (1, 0, 1, True), "a lease that is over holds nothing"


def test_progress_is_of_the_version_that_is_read(harbour: Harbour, worker_login: psycopg.Connection[Any]) -> None:
    harbour.upload(document := harbour.document(), "a.pdf", b"%PDF-1.4")
    held = claim(worker_login)
    assert held is not None
    report = "select private.report_file_progress(%s, %s, 3, 10, 'pages')"
    worker_login.execute(report, (held["file_id"], held["revision"]))

    def progress() -> tuple[object, ...]:
        row = harbour.files(document)["a.pdf"]
        return row["progress_done"], row["progress_total"], row["progress_unit"]

    assert progress() == (3, 10, "pages")
    harbour.bucket.update(f"{document}/a.pdf", b"%PDF-1.5", {"content-type": "application/pdf"})
    assert progress() == (0, None, None)
    worker_login.execute(report, (held["file_id"], held["revision"]))
    assert progress() == (0, None, None)


def test_a_newer_version_wins(harbour: Harbour, worker_login: psycopg.Connection[Any]) -> None:
    harbour.upload(document := harbour.document(), "a.txt", b"old")
    held = claim(worker_login)
    assert held is not None
    harbour.bucket.update(f"{document}/a.txt", b"new", {"content-type": "text/plain"})
    assert worker_login.execute(ACCEPT, (held["file_id"], held["revision"])).fetchone() == (False,)
    again = claim(worker_login)
    assert again is not None
    assert again["revision"] > held["revision"]


def test_a_file_that_is_given_back_waits_again(harbour: Harbour, worker_login: psycopg.Connection[Any]) -> None:
    harbour.upload(document := harbour.document(), "a.txt", b"words")
    held = claim(worker_login)
    assert held is not None
    assert harbour.files(document)["a.txt"]["status"] == "reading"
    worker_login.execute("select private.release_file(%s, %s)", (held["file_id"], held["revision"]))
    assert harbour.files(document)["a.txt"]["status"] == "queued"
    again = claim(worker_login)
    assert again is not None
    assert (again["file_id"], again["attempts"]) == (held["file_id"], 1)


@pytest.mark.parametrize("gone", ["document", "file"])
def test_what_is_deleted_while_it_is_read_leaves_nothing(
    harbour: Harbour, worker_login: psycopg.Connection[Any], gone: str
) -> None:
    document = harbour.document()
    for name in ("a.txt", "b.txt"):
        harbour.upload(document, name, b"words")
    held = claim(worker_login)
    assert held is not None
    if gone == "document":
        harbour.client.table("documents").delete().eq("id", document).execute()
    else:
        harbour.bucket.remove([f"{document}/a.txt", f"{document}/b.txt"])
    job = (held["file_id"], held["revision"])
    worker_login.execute("select private.report_file_progress(%s, %s, 1, 2, 'characters')", job)
    assert worker_login.execute(ACCEPT, job).fetchone() == (False,)
    worker_login.execute("select private.fail_file(%s, %s, 'It is damaged.', 0, true)", job)
    worker_login.execute("select private.release_file(%s, %s)", job)
    assert claim(worker_login) is None
    left = "select 1 from public.document_files where document_id = %s"
    assert harbour.rows(left, document) == []


def test_the_text_of_a_documents_files_is_bounded(harbour: Harbour, worker_login: psycopg.Connection[Any]) -> None:
    harbour.upload(harbour.document(), "a.txt", b"words")
    held = claim(worker_login)
    assert held is not None
    change = "update private.limits set allowed = %s where name = 'file_text_bytes_of_document'"
    harbour.admin.execute(change, (8,))
    with pytest.raises(psycopg.Error, match="At most 8 bytes of text in the files of one document") as refused:
        worker_login.execute(ACCEPT, (held["file_id"], held["revision"]))
    harbour.admin.execute(change, (10_000_000,))
    assert refused.value.sqlstate == "PT413"


def test_files_that_no_trigger_has_seen_are_found(harbour: Harbour, worker_login: psycopg.Connection[Any]) -> None:
    reconcile = "select * from private.reconcile_files(100)"
    document = harbour.document()
    harbour.upload(document, "gone.txt", b"words")
    harbour.admin.execute("alter table storage.objects disable trigger watch_files")
    assert worker_login.execute(reconcile).fetchone() == (0, False)
    harbour.upload(document, "new.txt", b"words")
    harbour.bucket.remove([f"{document}/gone.txt"])
    assert set(harbour.files(document)) == {"gone.txt"}
    assert worker_login.execute(reconcile).fetchone() == (2, False)
    assert set(harbour.files(document)) == {"new.txt"}
    harbour.admin.execute("alter table storage.objects enable trigger watch_files")
    assert worker_login.execute(reconcile).fetchone() == (0, True)


def test_a_file_moves_with_its_text(harbour: Harbour, worker_login: psycopg.Connection[Any]) -> None:
    first, second = harbour.document(), harbour.document()
    harbour.upload(first, "a.txt", b"words")
    harbour.bucket.move(f"{first}/a.txt", f"{second}/b.txt")
    assert harbour.files(first) == {}
    assert harbour.files(second)["b.txt"]["status"] == "queued"


def test_uploads_of_servers_under_no_document_are_left_alone(harbour: Harbour, database: Database) -> None:
    with database.connect("supabase_admin") as admin:
        insert = "insert into storage.objects (bucket_id, name) values ('documents', %s)"
        admin.execute(insert, (f"{uuid.uuid4()}/a.txt",))
        admin.execute(insert, ("a.txt",))
        make_user(admin, "nobody")
    assert (
        harbour.rows(
            "select 1 from public.document_files f where not exists (select from public.documents d"
            " where d.id = f.document_id)"
        )
        == []
    )


def test_others_see_nothing_of_a_file(harbour: Harbour) -> None:
    harbour.upload(document := harbour.document(), "a.txt", b"words")
    stranger = Harbour(harbour.stack, harbour.http, harbour.admin)
    assert stranger.files(document) == {}
    with pytest.raises(Exception, match="permission denied"):
        harbour.client.table("document_files").update({"status": "ready"}).eq("document_id", document).execute()


def test_the_header_alone_opens_nothing(harbour: Harbour) -> None:
    """Nor does it break a download of something else."""
    assert download(harbour, "a.txt", "'; select 1") >= 400
