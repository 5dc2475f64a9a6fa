"""Clearing files while Storage fails: it is asked again for what may pass, and not for what it refuses."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gateway.local.clear_files import clear_files
from gateway.local.errors import LocalError
from tests.support import Database

pytestmark = pytest.mark.anyio


@contextmanager
def storage_that_says(*statuses: int) -> Iterator[tuple[str, list[int]]]:
    """The address of a Storage that answers with these one after the other, then with the last; and what it said."""
    said: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_DELETE(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            said.append(statuses[min(len(said), len(statuses) - 1)])
            self.send_response(said[-1])
            self.end_headers()
            self.wfile.write(b"[]" if said[-1] == 200 else b'{"statusCode":"%d","error":"e","message":"m"}' % said[-1])

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", said
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def orphan(database: Database) -> None:
    """A file whose document is gone."""
    with database.connect("supabase_admin") as admin:
        admin.execute("insert into storage.buckets (id, name) values ('documents', 'documents') on conflict do nothing")
        admin.execute(
            "insert into storage.objects (bucket_id, name) values ('documents', %s)", (f"{uuid.uuid4()}/paper.txt",)
        )


def env(database: Database, url: str) -> dict[str, str]:
    return {"SUPABASE_URL": url, "SUPABASE_SECRET_KEY": "sb_secret_x", "DATABASE_URL": database.url}


@pytest.mark.parametrize("statuses", [(200,), (503, 200), (500, 429, 200)])
async def test_what_may_pass_is_tried_again(orphan: None, database: Database, statuses: tuple[int, ...]) -> None:
    with storage_that_says(*statuses) as (url, said):
        assert await clear_files(env(database, url), lambda _message: None) == 1
    assert said == list(statuses)


@pytest.mark.parametrize(("status", "times"), [(503, 3), (403, 1)])
async def test_what_does_not_pass_is_said(orphan: None, database: Database, status: int, times: int) -> None:
    with storage_that_says(status) as (url, said):
        with pytest.raises(LocalError, match="removing files: Storage refused"):
            await clear_files(env(database, url), lambda _message: None)
        assert said == [status] * times


@pytest.mark.parametrize(
    ("resilience", "times"), [('{"storage": {"attempts": 1}}', 1), ('{"embedder": {"attempts": 1}}', 3), (" ", 3)]
)
async def test_how_often_is_a_setting(orphan: None, database: Database, resilience: str, times: int) -> None:
    with storage_that_says(503) as (url, said):
        with pytest.raises(LocalError, match="removing files: Storage refused"):
            await clear_files({**env(database, url), "RESILIENCE": resilience}, lambda _message: None)
        assert said == [503] * times


@pytest.mark.parametrize(
    "resilience",
    [
        "{",
        '{"storage": 3}',
        '{"storages": {}}',
        '{"storage": {"attempts": 0}}',
        '{"storage": {"attempts": 1e999}}',
        '{"embedder": {"nope": 0}}',
        '{"payment": {"attempts": 0}}',
    ],
)
async def test_a_setting_that_cannot_be_followed_is_said(database: Database, resilience: str) -> None:
    with storage_that_says(200) as (url, said):
        with pytest.raises(LocalError, match="RESILIENCE"):
            await clear_files({**env(database, url), "RESILIENCE": resilience}, lambda _message: None)
        assert said == []


async def test_a_storage_that_is_not_there_is_said(orphan: None, database: Database) -> None:
    with pytest.raises(LocalError, match="removing files: ConnectError"):
        await clear_files(env(database, "http://127.0.0.1:1"), lambda _message: None)
