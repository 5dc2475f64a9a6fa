"""POST /v1/documents: a document and its files in one request, as the caller; GET says how far it is."""

import re
import uuid
from typing import Any

import httpx
import pytest

from tests.ingestion.harbour import Harbour
from tests.ingestion.pdfs import Page, assembled
from tests.support import wait_until

Files = list[tuple[str, tuple[str, bytes, str]]]


def post(harbour: Harbour, files: Files, *, signed_in: bool = True, **fields: str) -> httpx.Response:
    headers = {"authorization": f"Bearer {harbour.session['access_token']}"} if signed_in else {}
    return harbour.http.post(f"{harbour.stack.gateway_url}/v1/documents", files=files, data=fields, headers=headers)


def state(harbour: Harbour, address: str, *, signed_in: bool = True) -> httpx.Response:
    headers = {"authorization": f"Bearer {harbour.session['access_token']}"} if signed_in else {}
    return harbour.http.get(f"{harbour.stack.gateway_url}{address}", headers=headers)


NOTES: tuple[str, tuple[str, bytes, str]] = ("files", ("notes.md", b"# Tides\n\nThe ebb runs long.", "text/markdown"))
TIMES: tuple[str, tuple[str, bytes, str]] = ("files", ("C:\\logs\\times.csv", b"a,b\n1,2\n", "text/csv"))


def test_a_document_and_its_files_in_one_request(harbour: Harbour) -> None:
    answer = post(harbour, [NOTES, TIMES], title="Almanac")
    assert answer.status_code == 202, answer.text
    made = answer.json()
    assert (made["title"], made["status"]) == ("Almanac", "pending")
    assert [file["name"] for file in made["files"]] == ["notes.md", "times.csv"]
    address = answer.headers["location"]

    wait_until(lambda: state(harbour, address).json()["status"] != "pending", "the document being ready")
    now: dict[str, Any] = state(harbour, address).json()
    assert now["status"] == "ready"
    assert {file["status"] for file in now["files"]} == {"ready"}
    assert {chunk["file_name"] for chunk in harbour.chunks(made["id"])} == {"notes.md", "times.csv"}
    assert state(harbour, address, signed_in=False).status_code == 404


def test_a_file_has_the_type_that_its_part_declares(harbour: Harbour) -> None:
    kind = "text/plain; charset=windows-1250"
    answer = post(harbour, [("files", ("a.txt", "Ľ 12".encode("cp1250"), kind))])
    assert [file["content_type"] for file in answer.json()["files"]] == [kind]
    harbour.settled(answer.json()["id"])
    assert [chunk["content"] for chunk in harbour.chunks(answer.json()["id"])] == ["Ľ 12"]


def test_a_failed_file_is_said(harbour: Harbour) -> None:
    answer = post(harbour, [("files", ("scan.pdf", b"%PDF-1.4 nothing", "application/pdf"))])
    assert answer.json()["title"] == "scan.pdf"
    address = answer.headers["location"]
    wait_until(lambda: state(harbour, address).json()["status"] == "failed", "the failure")
    assert "scan.pdf: The file is damaged" in state(harbour, address).json()["error"]


def test_nothing_stays_of_what_is_refused(harbour: Harbour) -> None:
    before = harbour.rows("select count(*) as n from public.documents")
    limit = "update private.limits set allowed = %s where name = 'files_of_document'"
    harbour.admin.execute(limit, (1,))
    try:
        refused = post(harbour, [NOTES, ("files", ("more.md", b"More.", "text/markdown"))], title="Both")
    finally:
        harbour.admin.execute(limit, (20,))
    assert refused.status_code == 403, refused.text
    assert harbour.rows("select count(*) as n from public.documents") == before
    elsewhere = post(harbour, [NOTES], visibility="organization", organization_id=str(uuid.uuid4()))
    assert elsewhere.status_code == 403
    assert post(harbour, [NOTES], visibility="organization").status_code == 422
    assert post(harbour, [NOTES], signed_in=False).status_code == 401
    assert post(harbour, []).status_code == 422
    assert harbour.rows("select count(*) as n from public.documents") == before


def test_a_file_keeps_its_name_whatever_storage_takes(harbour: Harbour) -> None:
    """Storage has it under a key of ASCII."""
    kept = ("Übersicht Q3 \u2013 final.md", "отчёт.md", "a#b?c%20.md", "dots....", "文件.md", "a|b.txt", "a\u200cb.md")
    given = {name: name for name in kept} | {"\u202etxt.exe": "_txt.exe", "é" * 300 + ".md": "é" * 255}
    answer = post(harbour, [("files", (name, b"A bowline holds.", "text/plain")) for name in given])
    assert answer.status_code == 202, answer.text
    assert {file["name"] for file in answer.json()["files"]} == set(given.values())
    document = answer.json()["id"]
    assert harbour.settled(document)["status"] == "ready"
    assert {chunk["file_name"] for chunk in harbour.chunks(document)} == set(given.values())
    files = harbour.files(document)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+(\.[a-z]+)?", file["key"]) for file in files.values()), files
    assert harbour.bucket.download(f"{document}/{files['отчёт.md']['key']}") == b"A bowline holds."


def test_names_are_told_apart_and_types_that_clients_guess_are_taken(harbour: Harbour) -> None:
    names = ["a/README.md", "b/README.md", "README (2).md", "quote%22s.txt", "orders.sql", "x.proto"]
    kinds = dict.fromkeys(names, "text/plain") | {"orders.sql": "application/sql", "x.proto": "application/x-protobuf"}
    answer = post(harbour, [("files", (name, b"A bowline holds.", kind)) for name, kind in kinds.items()])
    assert answer.status_code == 202, answer.text
    kept = {"README.md", "README (2).md", "README (2) (2).md", 'quote"s.txt', "orders.sql", "x.proto"}
    assert {file["name"] for file in answer.json()["files"]} == kept
    assert harbour.settled(answer.json()["id"])["status"] == "ready"
    nameless = post(harbour, [("files", ("", b"A bowline holds.", "text/plain"))])
    assert (nameless.status_code, "Give the file a name" in nameless.json()["detail"]) == (422, True)


def test_what_was_not_read_of_a_file_is_said(harbour: Harbour) -> None:
    page = Page()
    page.paragraph("The ebb runs long.")
    answer = post(harbour, [("files", ("scan.pdf", assembled([page.stream(), b""]), "application/pdf"))])
    assert harbour.settled(answer.json()["id"])["status"] == "ready"
    (file,) = state(harbour, answer.headers["location"]).json()["files"]
    says = "Page 2 has no text: a picture of text, such as a scan, needs OCR."
    assert (file["status"], file["error"], file["remark"]) == ("ready", None, says)


def test_an_upload_to_storage_gives_a_name_in_its_metadata(harbour: Harbour) -> None:
    document = harbour.document()

    def put(text: bytes, name: str) -> None:
        metadata = {"name": name}
        options = {"content-type": "text/markdown", "metadata": metadata, "upsert": "true"}
        harbour.bucket.upload(f"{document}/q3.md", text, options)

    put(b"A bowline holds.", "Übersicht.md")
    assert [(file["name"], file["key"]) for file in harbour.files(document).values()] == [("Übersicht.md", "q3.md")]
    harbour.settled(document)
    put(b"A hitch slips.", "Übersicht 2.md")
    assert list(harbour.files(document)) == ["Übersicht 2.md"]
    harbour.settled(document)
    (chunk,) = harbour.chunks(document)
    assert (chunk["file_name"], chunk["content"]) == ("Übersicht 2.md", "A hitch slips.")


def test_a_path_is_no_name(harbour: Harbour) -> None:
    for name, kept in (
        ("../../x.txt", "x.txt"),
        ("C:\\y\\z.txt", "z.txt"),
        (".", "file 1"),
        ("..", "file 1"),
        ("n" * 190, "n" * 190),
    ):
        assert [
            file["name"] for file in post(harbour, [("files", (name, b"A bowline.", "text/plain"))]).json()["files"]
        ] == [kept]


def test_a_document_has_the_columns_that_the_form_names(harbour: Harbour) -> None:
    metadata = '{"shelf": {"row": 3}, "tags": ["tide"]}'
    answer = post(harbour, [NOTES], title="Tafel", language="de", metadata=metadata, source_uri="https://a.example/t")
    assert answer.status_code == 202, answer.text
    (row,) = harbour.rows("select * from public.documents where id = %s", answer.json()["id"])
    assert (row["title"], row["language"], row["source_uri"]) == ("Tafel", "de", "https://a.example/t")
    assert row["metadata"] == {"shelf": {"row": 3}, "tags": ["tide"]}


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"visiblity": "public"}, "#/visiblity"),
        ({"owner_id": str(uuid.uuid4())}, "#/owner_id"),
        ({"language": "German"}, "#/language"),
        ({"metadata": "{"}, "#/metadata"),
        ({"metadata": "[1]"}, "#/metadata"),
        ({"metadata": '{"a": NaN}'}, "#/metadata"),
        ({"metadata": '{"a": 1e999}'}, "#/metadata"),
    ],
)
def test_a_field_that_does_not_hold_is_named_and_nothing_is_stored(
    harbour: Harbour, fields: dict[str, str], pointer: str
) -> None:
    before = harbour.rows("select count(*) as n from public.documents")
    refused = post(harbour, [NOTES], signed_in=True, **fields)
    assert refused.status_code == 422
    assert [each["pointer"] for each in refused.json()["errors"]] == [pointer]
    assert harbour.rows("select count(*) as n from public.documents") == before


def test_a_file_in_a_field_of_another_name_is_not_lost(harbour: Harbour) -> None:
    refused = post(harbour, [NOTES, ("file", NOTES[1])])
    assert refused.status_code == 422
    assert [each["pointer"] for each in refused.json()["errors"]] == ["#/file"]


def test_a_long_body_is_for_files_alone(harbour: Harbour) -> None:
    long = ("files", ("long.txt", b"word " * 30_000, "text/plain"))
    assert post(harbour, [long]).status_code == 202
    longer = ("files", ("longer.txt", b"word " * 50_000, "text/plain"))
    refused = post(harbour, [longer])
    assert refused.status_code == 413
    assert "200,000 bytes are read (MAX_UPLOAD_BYTES)" in refused.json()["detail"]
    search = harbour.http.post(f"{harbour.stack.gateway_url}/v1/search", json={"query": "x" * 100_000})
    assert search.status_code == 413


def test_a_document_of_others_is_as_one_that_is_not_there(harbour: Harbour) -> None:
    mine = post(harbour, [NOTES]).headers["location"]
    stranger = Harbour(harbour.stack, harbour.http, harbour.admin)
    theirs, nobodys = state(stranger, mine), state(stranger, f"/v1/documents/{uuid.uuid4()}")
    assert (theirs.status_code, nobodys.status_code) == (404, 404)
    assert theirs.json()["title"] == nobodys.json()["title"]
    assert state(stranger, "/v1/documents/x").status_code == 422


@pytest.mark.parametrize(
    ("change", "status", "says"),
    [
        ("deleted_at = now()", 401, "This account is closed."),
        ("banned_until = 'infinity'", 403, "This account is banned."),
    ],
)
def test_an_account_without_rights_is_told_why(harbour: Harbour, change: str, status: int, says: str) -> None:
    guest = Harbour(harbour.stack, harbour.http, harbour.admin)
    address = post(guest, [NOTES]).headers["location"]
    update = f"update auth.users set {change} where id = %s"
    harbour.admin.execute(update.encode(), (guest.session["user"]["id"],))
    for answer in (post(guest, [NOTES]), state(guest, address)):
        assert (answer.status_code, answer.json()["detail"]) == (status, says)
