"""`make run` with a project that runs elsewhere: only gateway and worker are started, on a migrated database."""

import signal
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from gateway.local.ports import is_taken
from tests.support import Database, ScratchCluster, Stack
from tests.support.runs import Run, descendants


@pytest.fixture(scope="module")
def empty(cluster: ScratchCluster) -> Iterator[Database]:
    """A project before its first migration."""
    database = cluster.empty()
    yield database
    cluster.drop(database)


@pytest.fixture(scope="module")
def project(empty: Database, logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(empty, tmp_path_factory.mktemp("project"), logs)
    yield stack
    stack.stop()


@pytest.fixture(scope="module")
def run(project: Stack, logs: Path) -> Iterator[Run]:
    run = Run(
        logs,
        SUPABASE_URL=project.supabase_url,
        SUPABASE_PUBLISHABLE_KEY=project.keys.publishable_key,
        SUPABASE_SECRET_KEY=project.keys.secret_key,
        DATABASE_URL=project.database.url,
    )
    yield run
    run.dispose()


def test_a_database_without_the_migrations_is_refused(run: Run) -> None:
    refused = run.command("run")
    assert refused.returncode == 1
    assert "run `make migrate`" in refused.stderr
    assert "_roles.sql" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_half_a_project_is_refused_by_name(run: Run) -> None:
    refused = run.command("run", DATABASE_URL="")
    assert refused.returncode == 1
    assert "DATABASE_URL is not" in refused.stderr


def test_once_migrated_gateway_and_worker_run_on_it(run: Run, project: Stack) -> None:
    migrated = run.command("migrate")
    assert migrated.returncode == 0, migrated.stderr
    project.start_api()
    process = run.start()
    env = run.wait_ready()
    assert env["SUPABASE_URL"] == project.supabase_url
    assert env["DATABASE_URL"] == project.database.url
    assert env["GATEWAY_DATABASE_URL"].startswith("postgresql://tidegate_gateway:")
    lines = list(descendants(process.pid).values())
    assert len([line for line in lines if " -m gateway." in line]) == 2
    assert not [line for line in lines if "postgres" in line or "deno" in line]
    assert not is_taken(run.ports["POSTGRES_PORT"])

    session = project.sign_up("somebody@tidegate.example")
    found = httpx2.post(
        f"{env['GATEWAY_URL']}/v1/search",
        json={"query": "anything"},
        headers={"authorization": f"Bearer {session['access_token']}"},
        timeout=60,
        trust_env=False,
    )
    assert found.status_code == 200, found.text
    assert found.json()["results"] == []
    assert run.stop(signal.SIGINT) == 0
