"""What one person asks of files does not take longer because others have many."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from gateway.database.connection import connect
from gateway.worker.maintenance.loop import STEPS, Maintenance
from gateway.worker.session import Session
from tests.support import Database, as_caller, make_user
from tests.support.yardstick import taking_at_most

FOREIGN = 100_000
# Of the server's processor. Asked of every file, the policies of documents took 16 s of it.
REQUEST_S = 2.0
FOLDER = "select name from storage.objects where bucket_id = 'documents' and name like %s order by name"


@pytest.fixture(scope="module")
def foreign(database: Database) -> uuid.UUID:
    """A stranger with very many files, planted as a restored backup would."""
    with database.connect("supabase_admin") as admin, admin.transaction():
        stranger = make_user(admin, "stranger@example.org")
        admin.execute("set local session_replication_role = replica")
        admin.execute(
            "with d as (insert into public.documents (owner_id, title) select %(stranger)s, 'Paper'"
            " from generate_series(1, %(many)s / 20) returning id)"
            " insert into storage.objects (bucket_id, name, owner, owner_id)"
            " select 'documents', d.id || '/' || n, %(stranger)s, %(stranger)s::text from d, generate_series(1, 20) n",
            {"stranger": stranger, "many": FOREIGN},
        )
    with database.connect("supabase_admin") as admin:
        admin.execute("analyze storage.objects, public.documents")
    return stranger


def person_with_files(database: Database, others: uuid.UUID) -> tuple[uuid.UUID, uuid.UUID]:
    """Somebody, and their document with two files; a file at a document of others is theirs too."""
    with database.connect("supabase_admin") as admin:
        person = make_user(admin, f"{uuid.uuid4()}@example.org")
        document = uuid.uuid4()
        admin.execute("insert into public.documents (id, owner_id, title) values (%s, %s, 'Mine')", (document, person))
        put = "insert into storage.objects (bucket_id, name, owner, owner_id) values ('documents', %s, %s, %s)"
        for name in ("a.pdf", "b.pdf"):
            admin.execute(put, (f"{document}/{name}", person, str(person)))
        row = admin.execute("select id from public.documents where owner_id = %s limit 1", (others,)).fetchone()
        assert row is not None
        admin.execute(put, (f"{row[0]}/{person}.pdf", person, str(person)))
    return person, document


@contextmanager
def in_time(database: Database, person: uuid.UUID | None) -> Iterator[psycopg.Connection[Any]]:
    """One request, which must take little of the processor."""
    with database.connect() as connection, taking_at_most(REQUEST_S, connection), as_caller(connection, person):
        yield connection


def test_a_folder_is_listed_beside_very_many_files(database: Database, foreign: uuid.UUID) -> None:
    person, document = person_with_files(database, foreign)
    with in_time(database, person) as connection:
        found = [name for (name,) in connection.execute(FOLDER, (f"{document}/%",)).fetchall()]
    assert found == [f"{document}/a.pdf", f"{document}/b.pdf"]
    with in_time(database, None) as connection:
        assert connection.execute(FOLDER, (f"{document}/%",)).fetchall() == []
    with in_time(database, person) as connection:
        assert len(connection.execute(FOLDER, ("%",)).fetchall()) == 2


def test_people_with_very_many_documents_read_their_files(database: Database, foreign: uuid.UUID) -> None:
    """Beyond ten thousand documents each file is looked up by itself."""
    with database.connect("supabase_admin") as admin, admin.transaction():
        person = make_user(admin, "archivist@example.org")
        admin.execute("set local session_replication_role = replica")
        (document,) = admin.execute(
            "insert into public.documents (owner_id, title) select %s, 'Paper' from generate_series(1, 10001)"
            " returning id",
            (person,),
        ).fetchone() or (None,)
        admin.execute("insert into storage.objects (bucket_id, name) values ('documents', %s)", (f"{document}/a.pdf",))
        (other,) = admin.execute(
            "select id from public.documents where owner_id = %s limit 1", (foreign,)
        ).fetchone() or (None,)
    with database.connect() as connection, as_caller(connection, person):
        equals = "select count(*) from storage.objects where bucket_id = 'documents' and name = %s"
        assert connection.execute(equals, (f"{document}/a.pdf",)).fetchone() == (1,)
        assert connection.execute(equals, (f"{other}/1",)).fetchone() == (0,)


@pytest.mark.anyio
async def test_an_account_is_closed_beside_very_many_files(database: Database, foreign: uuid.UUID) -> None:
    person, _ = person_with_files(database, foreign)
    with in_time(database, person) as connection:
        row = connection.execute("select public.close_account()").fetchone()
    assert row is not None
    assert {item["what"]: item["count"] for item in row[0]["kept"]} == {"files of removed documents": 2}
    worker = await connect(database.url_for("tidegate_worker"), "test")
    try:
        removals = [step for step in STEPS if step.query == "process_removals"]
        maintenance, session = Maintenance(removals, lambda: 0.0), Session(worker)
        while await maintenance.round(session):
            pass
    finally:
        await worker.close()
    named = "select count(*) from storage.objects where owner = %s or owner_id = %s"
    with database.connect("supabase_admin") as admin:
        assert admin.execute(named, (person, str(person))).fetchone() == (0,)
        assert admin.execute(named, (foreign, str(foreign))).fetchone() == (FOREIGN,)
        assert admin.execute("select count(*) from private.removals").fetchone() == (0,)
