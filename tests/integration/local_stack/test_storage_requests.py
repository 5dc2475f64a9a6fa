"""Storage under races, with bodies and files that it must refuse, and where something is missing."""

import resource
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from tests.integration.local_stack.support import Client, anonymous, person, service
from tests.support.stack import Process, Stack

AT_ONCE = 6
LARGEST = 50 * 2**20


@pytest.fixture(scope="module")
def client(stack: Stack, api: Process) -> Client:
    """The holder of the secret key, with a bucket for anything and one for little files."""
    client = service(stack)
    for bucket in ({"id": "any", "name": "any"}, {"id": "small", "name": "small", "file_size_limit": 1000}):
        assert client.post("/storage/v1/bucket", json=bucket).status_code == 200
    return client


def upload(client: Client, path: str, content: object = b"x", **headers: str) -> httpx2.Response:
    """Store bytes, or what an iterator gives."""
    sent = {"Content-Type": "text/plain", **headers}
    return client.send("POST", f"/storage/v1/object/{path}", sent, content=content)


def error(response: httpx2.Response) -> tuple[int, Any, Any]:
    """Status, and the status and code that the body holds."""
    body = response.json()
    return response.status_code, body["statusCode"], body["code"]


def at_once(request: Callable[[int], httpx2.Response]) -> list[httpx2.Response]:
    """The same request several times at the same moment."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(request, range(AT_ONCE)))


def test_of_simultaneous_uploads_to_one_path_one_succeeds(client: Client) -> None:
    answers = at_once(lambda number: upload(client, "any/race.txt", str(number).encode()))
    refused = [error(each) for each in answers if each.status_code != 200]
    assert refused == [(400, "409", "KeyAlreadyExists")] * (AT_ONCE - 1)


def test_simultaneous_replacements_of_one_file_all_succeed(client: Client) -> None:
    answers = at_once(lambda number: upload(client, "any/again.txt", str(number).encode(), **{"x-upsert": "true"}))
    assert [each.status_code for each in answers] == [200] * AT_ONCE
    assert client.get("/storage/v1/object/any/again.txt").text in set(map(str, range(AT_ONCE)))


def zeros(size: int) -> Iterator[bytes]:
    """So many bytes, a piece at a time, and of no stated length."""
    piece = bytes(2**20)
    for start in range(0, size, len(piece)):
        yield piece[: size - start]


def form(size: int) -> dict[str, Any]:
    """A file of so many bytes as client libraries send one."""
    return {"files": {"": ("big.bin", bytes(size), "application/octet-stream")}}


def test_a_file_larger_than_the_project_allows_is_refused(client: Client) -> None:
    refused = (400, "413", "EntityTooLarge")
    assert error(upload(client, "any/big.bin", zeros(LARGEST + 1))) == refused
    assert error(client.post("/storage/v1/object/any/big.bin", **form(LARGEST + 1))) == refused
    assert error(client.get("/storage/v1/object/any/big.bin")) == (400, "404", "NoSuchKey")
    assert upload(client, "any/big.bin", zeros(LARGEST)).status_code == 200
    assert len(client.get("/storage/v1/object/any/big.bin").content) == LARGEST


def test_a_file_larger_than_its_bucket_allows_is_refused(client: Client) -> None:
    for size, expected in [(1000, 200), (1001, 400)]:
        assert upload(client, f"small/{size}.bin", zeros(size)).status_code == expected
        assert client.post(f"/storage/v1/object/small/form{size}.bin", **form(size)).status_code == expected
        assert client.send("PUT", "/storage/v1/object/small/1000.bin", content=bytes(size)).status_code == expected
    body = upload(client, "small/new.bin", bytes(1001)).json()
    assert (body["error"], body["message"]) == ("Payload too large", "The object exceeded the maximum allowed size")


def resident(process: Process) -> int:
    """Bytes of memory that a process has."""
    pages = Path(f"/proc/{process.pid}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * resource.getpagesize()


def test_a_refused_file_is_not_kept_in_memory(client: Client, api: Process) -> None:
    upload(client, "small/flood.bin", zeros(LARGEST))  # the runtime's own buffers
    before = resident(api)
    assert upload(client, "small/flood.bin", zeros(12 * LARGEST)).status_code == 400
    assert resident(api) - before < 4 * LARGEST


WRONG_LISTS: list[bytes] = [
    b"{bad",
    b"",
    b"[]",
    b"5",
    b"{}",
    b'{"prefix": 5}',
    b'{"prefix": "", "limit": -1}',
    b'{"prefix": "", "limit": 0}',
    b'{"prefix": "", "limit": 1.5}',
    b'{"prefix": "", "offset": -1}',
    b'{"prefix": "", "sortBy": {"column": "id; drop"}}',
    b'{"prefix": "", "sortBy": {"column": "name", "order": "up"}}',
    b'{"prefix": "\\u0000"}',
]


@pytest.mark.parametrize("content", WRONG_LISTS)
def test_a_list_of_something_else_is_refused(client: Client, content: bytes) -> None:
    response = client.send("POST", "/storage/v1/object/list/any", {"Content-Type": "application/json"}, content=content)
    assert error(response) == (400, "400", "InvalidRequest")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("sign/any/a.txt", {"expiresIn": 0}),
        ("sign/any/a.txt", {"expiresIn": "60"}),
        ("sign/any", {"expiresIn": 60, "paths": []}),
        ("copy", {"bucketId": "any", "sourceKey": "a.txt"}),
        ("move", {"bucketId": 5, "sourceKey": "a.txt", "destinationKey": "b.txt"}),
    ],
)
def test_a_body_of_the_wrong_shape_is_refused(client: Client, path: str, body: object) -> None:
    assert error(client.post(f"/storage/v1/object/{path}", json=body)) == (400, "400", "InvalidRequest")


@pytest.mark.parametrize("name", ["%00.txt", "%C3%BC.txt", "a%25b.txt", "%5Bx%5D.txt", "%zz"])
def test_a_name_that_hosted_storage_refuses_is_refused(client: Client, name: str) -> None:
    assert error(upload(client, f"any/{name}")) == (400, "400", "InvalidKey")
    copy = {"bucketId": "any", "sourceKey": "again.txt", "destinationKey": httpx2.URL(f"http://x/{name}").path[1:]}
    if name != "%zz":
        assert client.post("/storage/v1/object/copy", json=copy).status_code == 400


def test_a_name_of_all_signs_is_the_same_by_every_door(client: Client, stack: Stack) -> None:
    """Escaped in an address or not, as clients differ."""
    name = "a!-_.*'() &$@=;:+,?.txt"
    escaped, plain = quote(name, safe=""), quote(name, safe="!-_.*'()&$@=;:+,")
    upload(client, f"any/in/{plain}", b"signs").raise_for_status()
    for address in (plain, escaped):
        assert client.get(f"/storage/v1/object/any/in/{address}").text == "signs"
        assert client.get(f"/storage/v1/object/info/any/in/{address}").status_code == 200
        assert error(upload(client, f"any/in/{address}")) == (400, "409", "KeyAlreadyExists")
        signed = client.post(f"/storage/v1/object/sign/any/in/{address}", json={"expiresIn": 60}).json()["signedURL"]
        with httpx2.Client(timeout=60, trust_env=False) as nobody:
            assert nobody.get(f"{stack.supabase_url}/storage/v1{signed}").text == "signs"
    listed = client.post("/storage/v1/object/list/any", json={"prefix": "in"}).json()
    assert [each["name"] for each in listed] == [name]
    moved = {"bucketId": "any", "sourceKey": f"in/{name}", "destinationKey": f"in/b{name}"}
    assert client.post("/storage/v1/object/move", json=moved).status_code == 200
    assert client.send("DELETE", "/storage/v1/object/any", json={"prefixes": [f"in/b{name}"]}).json() != []


def test_a_folder_lists_names_and_folders(client: Client, stack: Stack) -> None:
    for path in ("tree/b.txt", "tree/a.txt", "tree/deep/c.txt", "tree/deep/er/d.txt", "tree/Other/e.txt", "treetop"):
        assert upload(client, f"any/{path}").status_code == 200

    def names(**listing: object) -> list[tuple[str, bool]]:
        response = client.post("/storage/v1/object/list/any", json={"prefix": "tree", **listing})
        assert response.status_code == 200, response.text
        return [(entry["name"], entry["id"] is None) for entry in response.json()]

    everything = [("Other", True), ("deep", True), ("a.txt", False), ("b.txt", False)]
    assert sorted(names()) == sorted(everything)
    assert names() == names(prefix="tree/")
    assert names(prefix="tree/deep") == [("er", True), ("c.txt", False)]
    assert names(search="A") == [("a.txt", False)]
    assert names(limit=2, offset=2, sortBy={"column": "name", "order": "desc"}) == [("b.txt", False), ("a.txt", False)]
    assert [name for name, _ in names(prefix="", search="tree")] == ["tree", "treetop"]
    for stranger in (anonymous(stack), person(stack)):
        assert stranger.post("/storage/v1/object/list/any", json={"prefix": "tree"}).json() == []
    unknown = client.post("/storage/v1/object/list/nothing", json={"prefix": ""})
    assert error(unknown) == (400, "404", "NoSuchBucket")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "object/list-v2/any"),
        ("POST", "upload/resumable"),
        ("PATCH", "upload/resumable/5"),
        ("GET", "render/image/public/any/a.png"),
        ("GET", "s3/any/a.txt"),
        ("POST", "vector/CreateIndex"),
    ],
)
def test_what_storage_lacks_says_so(client: Client, method: str, path: str) -> None:
    response = client.send(method, f"/storage/v1/{path}", json={})
    assert error(response) == (501, "501", "NotImplemented")
    assert "local stack does not offer" in response.json()["message"]


def test_signed_addresses_are_good_for_one_file_until_they_expire(client: Client, stack: Stack) -> None:
    upload(client, "any/signed.txt", b"signed").raise_for_status()
    address = client.post("/storage/v1/object/sign/any/signed.txt", json={"expiresIn": 60}).json()["signedURL"]
    root = f"{stack.supabase_url}/storage/v1"
    with httpx2.Client(timeout=60, trust_env=False) as nobody:
        assert nobody.get(root + address).text == "signed"
        saved = nobody.get(f"{root}{address}&download=my%20file.txt")
        assert saved.headers["content-disposition"] == "attachment; filename*=UTF-8''my%20file.txt"
        other = nobody.get(root + address.replace("signed.txt", "again.txt"))
        assert error(other) == (400, "400", "InvalidSignature")
        assert error(nobody.get(f"{root}{address}x")) == (400, "400", "InvalidJWT")
        assert error(nobody.get(root + address.split("?")[0])) == (400, "400", "InvalidJWT")
        assert nobody.put(root + address.replace("object/", "object/upload/"), content=b"y").status_code == 400
    missing = client.post("/storage/v1/object/sign/any", json={"expiresIn": 60, "paths": ["signed.txt", "none.txt"]})
    assert [(each["signedURL"] is None, each["error"] is None) for each in missing.json()] == [
        (False, True),
        (True, False),
    ]
    stranger = person(stack).post("/storage/v1/object/sign/any/signed.txt", json={"expiresIn": 60})
    assert error(stranger) == (400, "404", "NoSuchKey")


@pytest.mark.parametrize(
    ("asked", "status", "content", "range_"),
    [
        ("bytes=0-2", 206, b"hel", "bytes 0-2/5"),
        ("bytes=3-", 206, b"lo", "bytes 3-4/5"),
        ("bytes=-2", 206, b"lo", "bytes 3-4/5"),
        ("bytes=1-99", 206, b"ello", "bytes 1-4/5"),
        ("bytes=5-", 416, b"", "bytes */5"),
        ("lines=1-2", 200, b"hello", None),
    ],
)
def test_a_part_of_a_file_can_be_read(
    client: Client, asked: str, status: int, content: bytes, range_: str | None
) -> None:
    client.post("/storage/v1/object/any/ranges.txt", content=b"hello", headers={"x-upsert": "true"})
    part = client.get("/storage/v1/object/authenticated/any/ranges.txt", Range=asked)
    assert (part.status_code, part.content, part.headers.get("content-range")) == (status, content, range_)
