"""Files in Storage follow their document: the same people, through the client library and real HTTP."""

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import httpx
import psycopg
import pytest
from storage3.exceptions import StorageApiError
from supabase import Client, ClientOptions, create_client

from tests.support import Database, Process, Stack

PDF = b"%PDF-1.4 a few bytes that nobody parses"
TYPE = {"content-type": "application/pdf"}
PEOPLE = ("owner", "editor", "viewer", "guest", "stranger")


class Cast:
    """People with sessions, an organization of three of them, and one client each; `nobody` is not signed in."""

    def __init__(self, stack: Stack, http: httpx.Client, database: Database) -> None:
        self.stack, self.http = stack, http
        self.ids: dict[str, str] = {}
        self.clients: dict[str, Client] = {"nobody": self._client(None)}
        for name in PEOPLE:
            session = stack.sign_up(f"{name}@example.org")
            self.ids[name] = session["user"]["id"]
            self.clients[name] = self._client(session["access_token"])
        self.harbour = self.insert("owner", "organizations", name="Harbour", slug="harbour")
        with database.connect() as connection:
            connection.execute("update public.organizations set may_publish = true")
        for name in ("editor", "viewer"):
            self.invite("owner", name, organization_id=self.harbour, role=name)

    def invite(self, sender: str, person: str, **offer: object) -> None:
        """`sender` invites `person`, who accepts."""
        invitation = self.insert(sender, "invitations", user_id=self.ids[person], **offer)
        self.clients[person].rpc("accept_invitation", {"invitation_id": invitation}).execute()

    def insert(self, author: str, table: str, **row: object) -> str:
        """Insert a row as `author`; its id."""
        answer: Any = self.clients[author].table(table).insert(row).execute().data[0]
        return str(answer["id"])

    def document(self, author: str, visibility: str, *, filed: bool = True) -> str:
        """A new document of `author`, filed in the organization or personal."""
        place = self.harbour if filed else None
        return self.insert(author, "documents", title="Paper", organization_id=place, visibility=visibility)

    def files(self, name: str) -> Any:
        """The bucket as `name` sees it."""
        return self.clients[name].storage.from_("documents")

    def readers(self, path: str) -> set[str]:
        """Who can download the file at `path`; each refusal is the one of a file that is not there."""
        found = set()
        for name in self.clients:
            try:
                assert self.files(name).download(path) == PDF
                found.add(name)
            except StorageApiError as refusal:
                assert "not found" in str(refusal).lower()
        return found

    def _client(self, token: str | None) -> Client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        options = ClientOptions(httpx_client=self.http, headers=headers)
        return create_client(self.stack.supabase_url, self.stack.keys.publishable_key, options)


@pytest.fixture(scope="module")
def cast(stack: Stack, api: Process, database: Database) -> Iterator[Cast]:
    with httpx.Client(trust_env=False, timeout=60) as http:
        yield Cast(stack, http, database)


EVERYBODY = {"nobody", *PEOPLE}
MEMBERS = {"owner", "editor", "viewer"}


@pytest.mark.parametrize(
    ("author", "visibility", "readers", "writers"),
    [
        ("editor", "organization", MEMBERS, {"owner", "editor"}),
        ("editor", "private", {"editor"}, {"editor"}),
        ("editor", "public", EVERYBODY, {"owner", "editor"}),
    ],
)
def test_files_are_read_and_written_by_those_who_read_and_write_the_document(
    cast: Cast, author: str, visibility: str, readers: set[str], writers: set[str]
) -> None:
    document = cast.document(author, visibility)
    cast.files(author).upload(f"{document}/paper.pdf", PDF, TYPE)
    assert cast.readers(f"{document}/paper.pdf") == readers
    added = set()
    for name in cast.clients:
        try:
            cast.files(name).upload(f"{document}/by-{name}.pdf", PDF, TYPE)
            added.add(name)
        except StorageApiError as refusal:
            assert "row-level security" in str(refusal)
    assert added == writers
    for name in cast.clients:
        listed = {entry["name"] for entry in cast.files(name).list(document)}
        assert bool(listed) == (name in readers)
    for name in sorted(cast.clients.keys() - writers):
        cast.files(name).remove([f"{document}/paper.pdf"])
        assert cast.readers(f"{document}/paper.pdf") == readers, name
    cast.files(sorted(writers)[0]).remove([f"{document}/paper.pdf"])
    assert cast.readers(f"{document}/paper.pdf") == set()


def test_files_follow_their_document_at_once(cast: Cast) -> None:
    document = cast.document("owner", "private", filed=False)
    path = f"{document}/deep/er/paper.pdf"
    cast.files("owner").upload(path, PDF, TYPE)
    assert cast.readers(path) == {"owner"}
    cast.invite("owner", "guest", document_id=document)
    assert cast.readers(path) == {"owner", "guest"}
    mine = cast.clients["owner"].table("documents")
    mine.update({"visibility": "public", "organization_id": cast.harbour}).eq("id", document).execute()
    assert cast.readers(path) == EVERYBODY
    mine.update({"visibility": "organization"}).eq("id", document).execute()
    assert cast.readers(path) == MEMBERS | {"guest"}
    mine.delete().eq("id", document).execute()
    assert cast.readers(path) == set()


def test_a_document_holds_a_bounded_number_of_files(cast: Cast, database: Database) -> None:
    with database.connect("supabase_admin") as admin:
        admin.execute("update private.limits set allowed = 2 where name = 'files_of_document'")
    document, other = (cast.document("owner", "organization") for _ in range(2))
    for author in ("owner", "editor"):
        cast.files(author).upload(f"{document}/by-{author}.pdf", PDF, TYPE)
    for author in ("owner", "editor"):
        with pytest.raises(StorageApiError, match="row-level security") as refused:
            cast.files(author).upload(f"{document}/one-more.pdf", PDF, TYPE)
        assert int(refused.value.status) == 403
    cast.files("owner").update(f"{document}/by-editor.pdf", PDF, TYPE)  # in its own place
    cast.files("owner").upload(f"{other}/paper.pdf", PDF, TYPE)
    with pytest.raises(StorageApiError, match="row-level security"):
        cast.files("owner").move(f"{other}/paper.pdf", f"{document}/moved.pdf")
    cast.files("editor").remove([f"{document}/by-owner.pdf"])
    cast.files("editor").upload(f"{document}/one-more.pdf", PDF, TYPE)
    with database.connect("supabase_admin") as admin:
        admin.execute("update private.limits set allowed = 20 where name = 'files_of_document'")


def test_simultaneous_uploads_do_not_pass_the_limit(cast: Cast) -> None:
    document = cast.document("owner", "private", filed=False)

    def upload(number: int) -> bool:
        try:
            cast.files("owner").upload(f"{document}/{number}.pdf", PDF, TYPE)
        except StorageApiError as refusal:
            assert "row-level security" in str(refusal)
            return False
        return True

    with ThreadPoolExecutor(40) as pool:
        assert sum(pool.map(upload, range(40))) == 20
    assert len(cast.files("owner").list(document)) == 20


def test_who_holds_a_document_has_room_for_bounded_bytes(cast: Cast, database: Database) -> None:
    for limit, filed in (("file_bytes_of_person", False), ("file_bytes_of_organization", True)):
        document = cast.document("owner", "private" if not filed else "organization", filed=filed)
        cast.files("owner").upload(f"{document}/first.pdf", PDF, TYPE)
        with database.connect("supabase_admin") as admin, ExitStack() as undo:
            change = "update private.limits set allowed = %s where name = %s"
            (allowed,) = admin.execute("select private.limit_of(%s)", (limit,)).fetchone() or (None,)
            undo.callback(admin.execute, change, (allowed, limit))
            admin.execute(change, (1, limit))
            with pytest.raises(StorageApiError, match="row-level security"):
                cast.files("owner").upload(f"{document}/second.pdf", PDF, TYPE)
        cast.files("owner").upload(f"{document}/second.pdf", PDF, TYPE)


def test_the_files_of_a_removed_document_are_not_inherited(cast: Cast) -> None:
    document = cast.document("owner", "private", filed=False)
    cast.files("owner").upload(f"{document}/paper.pdf", PDF, TYPE)
    cast.clients["owner"].table("documents").delete().eq("id", document).execute()
    cast.insert("stranger", "documents", id=document, title="An id used before")
    assert cast.readers(f"{document}/paper.pdf") == set()


@pytest.mark.parametrize("name", ["paper.pdf", "{id}", "{upper}/paper.pdf", "x/{id}/paper.pdf", "{id}x/paper.pdf"])
def test_a_file_outside_a_documents_folder_is_refused(cast: Cast, name: str) -> None:
    document = cast.document("owner", "private", filed=False)
    path = name.format(id=document, upper=document.upper())
    with pytest.raises(StorageApiError, match="row-level security"):
        cast.files("owner").upload(path, PDF, TYPE)


def test_a_file_cannot_be_moved_into_somebody_elses_document(cast: Cast) -> None:
    mine, theirs = cast.document("stranger", "private", filed=False), cast.document("owner", "public")
    cast.files("stranger").upload(f"{mine}/paper.pdf", PDF, TYPE)
    for method in ("move", "copy"):
        with pytest.raises(StorageApiError):
            getattr(cast.files("stranger"), method)(f"{mine}/paper.pdf", f"{theirs}/planted.pdf")
    assert cast.readers(f"{theirs}/planted.pdf") == set()


def test_text_is_uploaded_with_no_word_on_its_type(cast: Cast) -> None:
    """As the library sends it then: with a charset, which belongs to the type that is compared."""
    document = cast.document("owner", "private", filed=False)
    cast.files("owner").upload(f"{document}/notes.txt", b"A bowline.")
    assert cast.files("owner").download(f"{document}/notes.txt") == b"A bowline."


@pytest.mark.parametrize("kind", ["text/plain", "text/markdown", "text/html", "application/yaml", "text/x-python"])
def test_a_type_may_name_its_charset(cast: Cast, kind: str) -> None:
    document = cast.document("owner", "private", filed=False)
    for number, charset in enumerate(("", ";charset=utf-8", "; charset=UTF-8")):
        cast.files("owner").upload(f"{document}/{number}", b"x", {"content-type": f"{kind}{charset}"})
    cast.files("owner").upload(f"{document}/other", b"x", {"content-type": f"{kind};charset=koi8-r"})


def test_a_file_of_any_type_is_taken_up_to_a_size(cast: Cast, database: Database) -> None:
    document = cast.document("owner", "private", filed=False)
    cast.files("owner").upload(f"{document}/run.exe", PDF, {"content-type": "application/x-msdownload"})
    with database.connect() as connection:
        bucket = connection.execute("select public, file_size_limit from storage.buckets where id = 'documents'")
        assert bucket.fetchone() == (False, 50 * 1024 * 1024)


def test_an_age_that_a_client_claims_does_not_open_a_file(connection: psycopg.Connection[Any], cast: Cast) -> None:
    insert = "insert into storage.objects (bucket_id, name, created_at) values ('documents', %s, 'infinity')"
    claims = json.dumps({"sub": cast.ids["stranger"], "role": "authenticated"})
    document = cast.document("owner", "private", filed=False)
    for name in (f"{document}/planted.pdf", f"{uuid.uuid4()}/planted.pdf"):
        with connection.transaction(force_rollback=True):
            connection.execute(
                "select set_config('role', 'authenticated', true), set_config('request.jwt.claims', %s, true)",
                (claims,),
            )
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(insert, (name,))


@pytest.mark.parametrize(
    "ending",
    [
        "update public.memberships set role = 'viewer' where user_id = %(person)s",
        "delete from public.memberships where user_id = %(person)s",
        "update auth.users set banned_until = now() + interval '1 day' where id = %(person)s",
        "update auth.users set deleted_at = now() where id = %(person)s",
        "delete from public.documents where id = %(document)s",
        "update public.documents set visibility = 'private' where id = %(document)s",
    ],
)
def test_an_upload_that_was_signed_is_refused_once_its_signer_may_not_write(
    cast: Cast, database: Database, ending: str
) -> None:
    name = f"signer-{uuid.uuid4()}"
    session = cast.stack.sign_up(f"{name}@example.org")
    cast.ids[name] = session["user"]["id"]
    cast.clients[name] = cast._client(session["access_token"])
    document = cast.document("owner", "organization")
    with database.connect("supabase_admin") as admin:
        admin.execute(
            "insert into public.memberships (organization_id, user_id, role) values (%s, %s, 'editor')",
            (cast.harbour, cast.ids[name]),
        )
        tickets = [cast.files(name).create_signed_upload_url(f"{document}/{n}.pdf") for n in range(2)]
        cast.files("nobody").upload_to_signed_url(tickets[0]["path"], tickets[0]["token"], PDF, TYPE)
        admin.execute(ending.encode(), {"person": cast.ids[name], "document": document})
        with pytest.raises(StorageApiError) as refusal:
            cast.files("nobody").upload_to_signed_url(tickets[1]["path"], tickets[1]["token"], PDF, TYPE)
        left = admin.execute("select count(*) from storage.objects where name = %s", (f"{document}/1.pdf",)).fetchone()
    del cast.clients[name]
    assert str(refusal.value.status) == "403"
    assert left == (0,)


def test_signed_uploads_together_keep_within_the_limit(cast: Cast, database: Database) -> None:
    document = cast.document("owner", "organization")
    with database.connect("supabase_admin") as admin:
        admin.execute("update private.limits set allowed = 3 where name = 'files_of_document'")
        try:
            tickets = [cast.files("owner").create_signed_upload_url(f"{document}/{n}.pdf") for n in range(5)]
            for ticket in tickets[:3]:
                cast.files("nobody").upload_to_signed_url(ticket["path"], ticket["token"], PDF, TYPE)
            for ticket in tickets[3:]:
                with pytest.raises(StorageApiError):
                    cast.files("nobody").upload_to_signed_url(ticket["path"], ticket["token"], PDF, TYPE)
        finally:
            admin.execute("update private.limits set allowed = 20 where name = 'files_of_document'")
    assert len(cast.files("owner").list(document)) == 3
