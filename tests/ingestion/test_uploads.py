"""An upload becomes searchable text: by a real worker, through real Storage, with the client library."""

import time

from tests.ingestion.content import Section, make
from tests.ingestion.harbour import Harbour, Row
from tests.ingestion.pdfs import pdf
from tests.support import wait_until

# Long enough to be chunks of their own.
LIGHT = (
    "The keeper lights the lamp at dusk and puts it out at sunrise. It burns all night, and in fog by day as well. The"
    " lamp turns once in ten seconds, so that ships at sea know which tower they see. "
) * 8


def test_a_text_file_becomes_the_text_of_its_document(harbour: Harbour) -> None:
    document = harbour.document("Notes")
    harbour.upload(document, "notes.md", b"# Tides\n\nThe ebb runs for six hours.")
    settled = harbour.settled(document)
    assert (settled["status"], settled["error"]) == ("ready", None)
    file = harbour.files(document)["notes.md"]
    assert (file["status"], file["error"], file["size"]) == ("ready", None, 36)
    (chunk,) = harbour.chunks(document)
    assert (str(chunk["file_id"]), chunk["heading_path"]) == (file["id"], ["Tides"])
    (text,) = harbour.rows("select content from public.file_texts where file_id = %s", file["id"])
    assert text["content"][chunk["start_offset"] : chunk["end_offset"]] == chunk["content"]


def test_a_text_is_read_in_the_charset_that_its_upload_declares(harbour: Harbour) -> None:
    document = harbour.document("Stores")
    for name, charset in (("a.txt", "windows-1250"), ("b.csv", "iso-8859-5")):
        kind = f"text/{'csv' if name.endswith('csv') else 'plain'}; charset={charset}"
        # By its looks alone it would be taken for Western European.
        data = "Ľ 12" if charset == "windows-1250" else "Ё,12"
        harbour.upload(document, name, data.encode(charset), kind)
        assert harbour.files(document)[name]["content_type"] == kind
    assert harbour.settled(document)["status"] == "ready"
    assert [chunk["content"] for chunk in harbour.chunks(document)] == ["Ľ 12", "| Ё | 12 |\n| --- | --- |"]


def test_several_files_are_told_apart_and_stand_beside_the_documents_own_text(harbour: Harbour) -> None:
    document = harbour.document("Log", content="---\nport: Aarhus\n---\nOwn words.")
    harbour.upload(document, "ports.csv", b"port,depth\nAarhus,7\n")
    harbour.upload(document, "deep/er/crew.json", b'[{"name": "Ann", "role": "mate"}]')
    harbour.upload(document, "lamp.sh", b"# not a heading\nlamp --on\n")
    assert harbour.settled(document)["status"] == "ready"
    found = {chunk["file_name"]: chunk["content"] for chunk in harbour.chunks(document)}
    assert found == {
        None: "Own words.",
        "ports.csv": "| port | depth |\n| --- | --- |\n| Aarhus | 7 |",
        "deep/er/crew.json": "| name | role |\n| --- | --- |\n| Ann | mate |",
        "lamp.sh": "# not a heading\nlamp --on",
    }
    assert len({chunk["position"] for chunk in harbour.chunks(document)}) == 4
    assert [chunk["heading_path"] for chunk in harbour.chunks(document)] == [[]] * 4
    row = harbour.settled(document)
    assert (row["chunks_done"], row["chunks_total"]) == (4, 4)


def test_a_file_may_have_any_name_that_storage_takes(harbour: Harbour) -> None:
    names = ["a,b.txt", "Q&A.txt", "a;b.txt", "costs $5 + 3 = 8: yes?.txt", "me@home!-_*'(1).txt"]
    document = harbour.document("Names")
    for name in names[:3]:
        harbour.upload(document, name, b"A bowline holds.")
    assert (harbour.settled(document)["error"], sorted(harbour.files(document))) == (None, sorted(names[:3]))
    address = f"{harbour.stack.gateway_url}/v1/documents"
    files = [("files", (name, b"A bowline holds.", "text/plain")) for name in names]
    headers = {"authorization": f"Bearer {harbour.session['access_token']}"}
    document = harbour.http.post(address, files=files, headers=headers).json()["id"]
    assert harbour.settled(document)["error"] is None
    assert {file["name"]: file["key"] for file in harbour.files(document).values()} == {name: name for name in names}


def test_the_front_matter_of_files_is_metadata_and_goes_with_them(harbour: Harbour) -> None:
    document = harbour.document("Fleet", content="---\nport: Aarhus\n---\nOwn words.")
    harbour.upload(document, "a.md", b"---\nport: Skagen\nmaster: Ann\n---\nThe ketch leaks.")
    harbour.upload(document, "b.md", b"+++\nmaster = 'Bo'\nhulls = 2\n+++\nThe other does not.")
    settled = harbour.settled(document)
    assert settled["front_matter"] == {"port": "Aarhus", "master": "Ann", "hulls": 2}
    assert "The ketch leaks." in [chunk["content"] for chunk in harbour.chunks(document)]
    harbour.bucket.remove([f"{document}/a.md"])
    (emptied,) = harbour.rows("select front_matter from public.documents where id = %s", document)
    assert "Ann" not in emptied["front_matter"].values()
    assert harbour.settled(document)["front_matter"] == {"port": "Aarhus", "master": "Bo", "hulls": 2}


def test_a_new_version_replaces_and_a_removed_file_is_gone(harbour: Harbour) -> None:
    document = harbour.document("Watch")
    harbour.upload(document, "bill.txt", b"The first watch ends at midnight.")
    harbour.settled(document)
    harbour.bucket.update(f"{document}/bill.txt", b"The dog watch is short.", {"content-type": "text/plain"})
    wait_until(
        lambda: [c["content"] for c in harbour.chunks(document) if c["file_name"]] == ["The dog watch is short."],
        "the new version being found",
    )
    harbour.bucket.remove([f"{document}/bill.txt"])
    assert [c["file_name"] for c in harbour.chunks(document) if c["file_name"]] == []
    assert harbour.files(document) == {}
    assert harbour.settled(document)["status"] == "ready"


def test_a_file_that_cannot_be_read_says_why_and_keeps_what_was_found_before(harbour: Harbour) -> None:
    document = harbour.document("Chart")
    harbour.upload(document, "chart.txt", b"Shoals to the north.")
    harbour.settled(document)
    harbour.bucket.update(f"{document}/chart.txt", b"\x7fELF\0\0\0", {"content-type": "text/plain"})
    wait_until(lambda: harbour.files(document)["chart.txt"]["status"] == "failed", "the failure")
    settled = harbour.settled(document)
    assert settled["status"] == "failed"
    assert settled["error"] == "chart.txt: This format cannot be read. It is a program."
    assert "Shoals to the north." in [chunk["content"] for chunk in harbour.chunks(document)]
    harbour.client.rpc("retry_document", {"document_id": document}).execute()
    wait_until(lambda: harbour.settled(document)["status"] == "failed", "the second failure")
    harbour.bucket.update(f"{document}/chart.txt", b"Shoals to the south.", {"content-type": "text/plain"})
    wait_until(lambda: harbour.files(document)["chart.txt"]["status"] == "ready", "the new version")
    assert harbour.settled(document)["status"] == "ready"


def test_a_file_of_any_type_is_taken_and_says_why_it_cannot_be_read(harbour: Harbour) -> None:
    document = harbour.document("Odds and ends")
    files = {
        "a.doc": ("application/msword", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)),
        "b.png": ("image/png", b"\x89PNG\r\n\x1a\n" + bytes(64)),
        "c.rtf": ("application/rtf", b"{\\rtf1 Shoals}"),
        "d.7z": ("application/x-7z-compressed", b"7z\xbc\xaf\x27\x1c" + bytes(64)),
    }
    for name, (kind, data) in files.items():
        harbour.upload(document, name, data, kind)
    assert harbour.settled(document)["status"] == "failed"
    found = harbour.files(document)
    assert {name: file["status"] for name, file in found.items()} == dict.fromkeys(files, "failed")
    assert {name for name, file in found.items() if "Save it as" in file["error"]} == {"a.doc", "c.rtf"}
    assert {entry["name"] for entry in harbour.bucket.list(document)} == set(files)


def test_a_document_changes_its_own_text_without_losing_its_files(harbour: Harbour) -> None:
    document = harbour.document("Manual", content="# Old\n\nWords.")
    harbour.upload(document, "annex.txt", b"The annex stays.")
    harbour.settled(document)
    harbour.client.table("documents").update({"content": "# New\n\nOther words."}).eq("id", document).execute()
    assert "The annex stays." in [chunk["content"] for chunk in harbour.chunks(document)]
    assert harbour.settled(document)["status"] == "ready"
    assert [chunk["content"] for chunk in harbour.chunks(document)] == ["# New\n\nOther words.", "The annex stays."]


def test_a_pdf_of_ten_pages_is_found_by_meaning_soon(harbour: Harbour) -> None:
    content = make(7, sections=10)
    content.sections[6] = Section("Hours of the light", [LIGHT])
    document = harbour.document("Service")
    started = time.monotonic()
    harbour.upload(document, "service.pdf", pdf(content))

    def found() -> Row | None:
        answer = harbour.http.post(
            f"{harbour.stack.gateway_url}/v1/search",
            headers={"authorization": f"Bearer {harbour.session['access_token']}"},
            json={"query": "when does the beacon shine", "in": ["documents"], "mode": "semantic", "limit": 1},
        ).json()
        (best,) = answer["results"] or [None]
        return best if best and "lamp" in best["snippet"] else None

    wait_until(found, "the page being found by its meaning")
    print(f"found by meaning {time.monotonic() - started:.2f} s after the upload began")
    harbour.settled(document)
    file = harbour.files(document)["service.pdf"]
    assert (file["progress_done"], file["progress_total"], file["progress_unit"]) == (10, 10, "pages")
    pages = {chunk["page"] for chunk in harbour.chunks(document) if "lamp at dusk" in chunk["content"]}
    assert 7 in pages and pages <= {6, 7}, "the page on which a chunk begins"
