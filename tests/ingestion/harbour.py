"""A person who uploads files to documents, and what becomes of them."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, LiteralString

import httpx
import psycopg
from psycopg.rows import dict_row
from supabase import Client, ClientOptions, create_client

from tests.support import Database, Stack, wait_until

Row = dict[str, Any]
TYPES = {
    "pdf": "application/pdf",
    "md": "text/markdown",
    "txt": "text/plain",
    "csv": "text/csv",
    "json": "application/json",
    "html": "text/html",
}
# What a slow machine needs for what takes a second here.


class Harbour:
    """One person with documents; `rows` reads them as the superuser."""

    def __init__(self, stack: Stack, http: httpx.Client, admin: psycopg.Connection[Row]) -> None:
        self.stack, self.http, self.admin = stack, http, admin
        self.session = stack.sign_up(f"{uuid.uuid4().hex}@example.org")
        self.client = self.as_person(self.session["access_token"])

    def as_person(self, token: str) -> Client:
        """A client of whoever holds the token."""
        options = ClientOptions(httpx_client=self.http, headers={"Authorization": f"Bearer {token}"})
        return create_client(self.stack.supabase_url, self.stack.keys.publishable_key, options)

    def document(self, title: str = "Harbour", **columns: object) -> str:
        """A new document; its id."""
        answer: Any = self.client.table("documents").insert({"title": title, **columns}).execute().data[0]
        return str(answer["id"])

    @property
    def bucket(self) -> Any:
        """Where files are uploaded."""
        return self.client.storage.from_("documents")

    def upload(self, document: str, name: str, data: bytes, content_type: str | None = None, **options: str) -> None:
        """Upload as the client library does."""
        kind = content_type or TYPES.get(name.rpartition(".")[2], "application/octet-stream")
        self.bucket.upload(f"{document}/{name}", data, {"content-type": kind, **options})

    def rows(self, query: LiteralString, *parameters: object) -> list[Row]:
        """What is in the database."""
        return self.admin.execute(query, parameters).fetchall()

    def files(self, document: str) -> Mapping[str, Row]:
        """The files of a document as its owner sees them, by name."""
        answer = self.client.table("document_files").select("*").eq("document_id", document).execute()
        rows: Any = answer.data
        return {row["name"]: row for row in rows}

    def chunks(self, document: str) -> list[Row]:
        """The chunks of a document in order, with the name of their file."""
        return self.rows(
            "select c.*, f.name as file_name from public.chunks c left join public.document_files f on f.id = c.file_id"
            " where c.document_id = %s order by c.position",
            document,
        )

    def settled(self, document: str) -> Row:
        """The document once nothing of it waits any more."""

        def is_settled() -> bool:
            (row,) = self.rows("select status from public.documents where id = %s", document)
            return bool(row["status"] != "pending")

        wait_until(is_settled, "the document being read and embedded")
        (row,) = self.rows("select * from public.documents where id = %s", document)
        return row


@contextmanager
def open_harbour(stack: Stack, database: Database) -> Iterator[Harbour]:
    """A harbour on a running stack."""
    with (
        httpx.Client(trust_env=False, timeout=60) as http,
        psycopg.connect(database.admin_url, autocommit=True, row_factory=dict_row) as admin,
    ):
        yield Harbour(stack, http, admin)
