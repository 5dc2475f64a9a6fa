"""The API as a process: it survives a restart of PostgreSQL, starts fast, stops at once, and refuses a half setting."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.integration.local_stack.support import anonymous, define, person, service
from tests.support.databases import Database, ScratchCluster
from tests.support.stack import Stack
from tests.support.waiting import wait_until

TABLE = "create table public.notes (id integer primary key); grant all on public.notes to service_role;"


@pytest.fixture(scope="module")
def own_cluster(logs: Path) -> Iterator[ScratchCluster]:
    """A server of this module's own, since it is stopped."""
    directory = logs / "restarted"
    directory.mkdir()
    scratch = ScratchCluster(directory)
    try:
        scratch.start()
        yield scratch
    finally:
        scratch.stop()


@pytest.fixture(scope="module")
def database(own_cluster: ScratchCluster) -> Database:
    """Roles, auth and storage, no migrations."""
    return own_cluster.empty()


def test_it_reconnects_by_itself_when_postgresql_restarts(
    own_cluster: ScratchCluster, database: Database, stack: Stack, logs: Path
) -> None:
    api = stack.start_api()
    define(database, stack, TABLE, "notes")
    client, visitor = service(stack), person(stack)
    assert client.insert("notes", {"id": 1}).status_code == 201

    own_cluster.server.stop()
    away = client.get("/rest/v1/notes")
    assert (away.status_code, away.json()["code"]) == (503, "PGRST000")
    assert away.headers["retry-after"] == "1"
    assert away.headers["access-control-allow-origin"] == away.headers["access-control-expose-headers"] == "*"
    signed_in = visitor.get("/rest/v1/notes")
    assert (signed_in.status_code, signed_in.json()["code"]) == (503, "PGRST000")
    assert anonymous(stack).get("/auth/v1/health").status_code == 503
    assert visitor.get("/auth/v1/user").status_code == 503

    with (logs / "restarted" / "postgres.log").open("ab") as log:
        own_cluster.server.start(log)
    wait_until(lambda: client.get("/rest/v1/notes").status_code == 200, "the Data API answering again")
    assert client.rows("notes") == [{"id": 1}]
    wait_until(lambda: visitor.get("/auth/v1/user").status_code == 200, "Auth answering again")
    # It listens again too: what changes from now on is noticed.
    define(database, stack, TABLE.replace("notes", "later"), "later")
    assert client.rows("later") == []
    assert api.popen.poll() is None
    assert all("\n" not in line and len(line) < 600 for line in api.log.read_text().splitlines())


def test_it_stops_at_once_and_cleanly(stack: Stack) -> None:
    api = stack.start_api() if not stack.processes else stack.processes[-1]
    with httpx2.Client(
        base_url=stack.supabase_url, timeout=60, trust_env=False
    ) as idle:  # a connection that is kept alive must not hold it
        assert idle.get("/auth/v1/health").status_code == 200
        assert api.stop() == 0
    stack.processes.clear()


def test_it_listens_soon(stack: Stack) -> None:
    api = stack.start_api()
    match = re.search(r"listening on port \d+ after (\d+) ms", api.log.read_text())
    assert match is not None
    assert int(match[1]) < 20_000  # 60 are usual; thousands were seen where others kept the machine busy


def test_the_signing_keys_are_kept_and_private(stack: Stack) -> None:
    path = stack.state / "signing_keys.json"
    assert path.stat().st_mode & 0o077 == 0
    before = path.read_bytes()
    stack.stop()
    stack.start_api()
    assert path.read_bytes() == before


def test_a_missing_setting_is_named_in_one_line(stack: Stack) -> None:
    if not stack.processes:
        stack.start_api()
    running = stack.processes[-1].service
    environment = {**running.environment, "JWT_SECRET": "short"}
    del environment["DATABASE_URL"]
    done = subprocess.run(running.command, env=environment, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "cannot start: DATABASE_URL is not set; JWT_SECRET must have at least 32 characters"
    ]


def test_an_edge_function_runs_and_an_unknown_one_is_404(stack: Stack, tmp_path: Path) -> None:
    functions = tmp_path / "functions"
    (functions / "hello").mkdir(parents=True)
    (functions / "open").mkdir()
    source = "Deno.serve(async (request) => Response.json({ path: new URL(request.url).pathname, "
    source += "method: request.method, body: await request.text() }));"
    (functions / "hello" / "index.ts").write_text(source)
    shutil.copy(functions / "hello" / "index.ts", functions / "open" / "index.ts")
    (tmp_path / "config.toml").write_text("[functions.open]\nverify_jwt = false\n\n[functions.hello]\n")
    stack.stop()
    stack.start_api(FUNCTIONS_DIR=str(functions))
    somebody, nobody = person(stack), anonymous(stack)
    answer = somebody.post("/functions/v1/hello/deeper", content="hi")
    assert answer.json() == {"path": "/hello/deeper", "method": "POST", "body": "hi"}
    assert nobody.post("/functions/v1/hello").status_code == 401
    assert nobody.post("/functions/v1/hello", headers={"Authorization": "Bearer a.b.c"}).status_code == 401
    assert nobody.post("/functions/v1/open").status_code == 200
    assert somebody.post("/functions/v1/nothing").status_code == 404
    assert somebody.post("/functions/v1/_shared").status_code == 404
