"""A database with a person who writes, and workers on it: what tests of the worker begin with."""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row

from tests.support.callers import as_caller, make_user
from tests.support.databases import ScratchCluster
from tests.support.stack import Process, Stack
from tests.support.waiting import wait_until

Row = dict[str, Any]


class Workshop:
    """Everything of one test: it is thrown away after it."""

    def __init__(self, stack: Stack, admin: psycopg.Connection[Row], writer: psycopg.Connection[Any]) -> None:
        self.stack = stack
        self.admin = admin
        self.writer = writer
        self.person = make_user(admin, "writer@example.org")

    def start_worker(self, **environment: str) -> Process:
        """Start a worker whose waits are short, and wait until it is at work."""
        worker = self.stack.start_worker(WORKER_BACKOFF_S="0.05", **environment)
        wait_until(lambda: "at work" in worker.output(), "the worker being at work")
        return worker

    def end_leases(self) -> None:
        """As if what dead workers had taken had been left alone for the time of a lease."""
        self.admin.execute("update private.embedding_jobs set available_at = now() where available_at > now()")

    def rows(self, query: LiteralString, *parameters: object) -> list[Row]:
        """What the superuser reads."""
        return self.admin.execute(query, parameters).fetchall()

    def count(self, query: LiteralString, *parameters: object) -> int:
        """Rows of a query."""
        return len(self.rows(query, *parameters))

    def write(self, statement: LiteralString, *parameters: object) -> list[Any]:
        """Run a statement as the person; its rows."""
        with as_caller(self.writer, self.person) as connection:
            cursor = connection.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    def add(self, title: str, content: str) -> uuid.UUID:
        """Add a private document; its id."""
        return self.add_many([(title, content)])[0]

    def add_many(self, texts: list[tuple[str, str]]) -> list[uuid.UUID]:
        """Add private documents in one statement; their ids."""
        rows = self.write(
            "insert into public.documents (title, content) select * from unnest(%s::text[], %s::text[]) returning id",
            [title for title, _ in texts],
            [content for _, content in texts],
        )
        return [row[0] for row in rows]

    def publish(self, document_id: uuid.UUID) -> str:
        """Make a document everybody's, in an organization of the person's that may publish; its audience."""
        (organization,) = self.rows(
            "insert into public.organizations (name, slug, created_by, may_publish) values ('Press', 'press', %s, true)"
            " returning id, private.public_scope(id) as scope",
            self.person,
        )
        change: LiteralString = "update public.documents set visibility = 'public', organization_id = %s where id = %s"
        self.write(change, organization["id"], document_id)
        return str(organization["scope"])

    def chunks(self, source_id: uuid.UUID) -> list[Row]:
        """Passages of a source in order, each with its vector (None without one)."""
        return self.rows(
            "select c.*, e.embedding::text, e.model_id, e.scope_id as vector_scope_id from public.chunks c"
            " left join public.chunk_embeddings e on e.chunk_id = c.id where c.source_id = %s order by c.position",
            source_id,
        )

    def document(self, document_id: uuid.UUID) -> Row:
        """A document's row."""
        (row,) = self.rows("select * from public.documents where id = %s", document_id)
        return row

    def wait_until_done(self) -> None:
        """Wait until every job that is left has failed."""
        unfinished: LiteralString = "select 1 from private.embedding_jobs where failed_at is null"
        wait_until(lambda: self.count(unfinished) == 0, "every job being done")

    def assert_each_once(self, documents: list[uuid.UUID]) -> None:
        """Every document is ready, with one passage that has one vector."""
        per_document = self.rows(
            "select d.status, (select count(*) from public.chunks c where c.document_id = d.id) as chunks,"
            " (select count(*) from public.chunk_embeddings e where e.source_id = d.id) as vectors"
            " from public.documents d where d.id = any (%s)",
            documents,
        )
        assert per_document == [{"status": "ready", "chunks": 1, "vectors": 1}] * len(documents)


@contextmanager
def open_workshop(cluster: ScratchCluster, logs: Path) -> Iterator[Workshop]:
    """A workshop on a database of its own."""
    database = cluster.clone("worker")
    with ExitStack() as cleanup:
        cleanup.callback(cluster.drop, database)
        admin = cleanup.enter_context(psycopg.connect(database.admin_url, autocommit=True, row_factory=dict_row))
        writer = cleanup.enter_context(database.connect())
        stack = Stack(database, logs, logs)
        cleanup.callback(stack.stop)
        yield Workshop(stack, admin, writer)
