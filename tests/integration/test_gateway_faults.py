"""The gateway when the database is down, frozen, restarted, busy or unsafe: quick 503s, and well again by itself."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from gateway.app.container import Services
from gateway.embeddings import EmbedderChoice, create_embedder
from gateway.errors import DatabaseBusyError, NotReadyError
from gateway.local.paths import REPOSITORY
from gateway.status.service import StatusService
from tests.support import Database, ScratchCluster
from tests.support.clock import Clock
from tests.support.embedders import FaultyEmbedder
from tests.support.gateway_app import OPERATIONS, client_of, make_app
from tests.support.ports import free_port
from tests.support.proxy import Proxy
from tests.support.tokens import Project
from tests.support.waiting import PATIENCE_S, until, until_true

pytestmark = pytest.mark.anyio
DEADLINE_S = 1.0
"""Of a query, where the database hangs."""
KEYWORDS = {"query": "storm", "mode": "keyword"}

# What otherwise gives every table row level security at once.
UNGUARD = "alter event trigger enforce_row_level_security disable"


class Behind:
    """A started gateway behind a proxy."""

    def __init__(self, client: httpx2.AsyncClient, proxy: Proxy, project: Project, services: Services) -> None:
        self.client = client
        self.services = services
        self.proxy = proxy
        self.project = project

    async def search(self) -> httpx2.Response:
        return await self.client.post("/v1/search", json=KEYWORDS)

    async def until_well(self) -> None:
        """Search until it succeeds; readiness has its grace."""

        async def is_well() -> bool:
            return (await self.search()).status_code == 200

        await until(is_well, "a search that succeeds", every_s=0.05)
        await self.until("/health/ready", 200, "ready")

    async def until(self, path: str, status: int, words: str) -> None:
        """Ask `path` until it answers `status` and these words."""

        async def is_so() -> bool:
            response = await self.client.get(path)
            return response.status_code == status and words in response.text

        await until(is_so, f"{path} answering {status} {words}", every_s=0.05)


@asynccontextmanager
async def gateway_behind(database: Database, *, refusing: bool = False, **changes: Any) -> AsyncIterator[Behind]:
    project = Project()
    async with Proxy(database.port).running() as proxy:
        if refusing:
            proxy.refuse()
        url = f"postgresql://tidegate_gateway@127.0.0.1:{proxy.port}/{database.name}"
        embedder = FaultyEmbedder(create_embedder(EmbedderChoice("onnx")))
        app = make_app(project, url, embedder=embedder, **{"stale_answers_mb": 0, **changes})
        async with client_of(app, connected=not refusing) as client:
            yield Behind(client, proxy, project, app.state.services)


def assert_unavailable(response: httpx2.Response) -> dict[str, Any]:
    assert response.status_code == 503, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    assert int(response.headers["Retry-After"]) > 0
    problem: dict[str, Any] = response.json()
    return problem


async def test_a_database_that_is_down_at_the_start_is_waited_for(database: Database) -> None:
    async with gateway_behind(database, refusing=True) as gateway:
        assert (await gateway.client.get("/health/live")).status_code == 200
        assert_unavailable(await gateway.search())
        assert assert_unavailable(await gateway.client.get("/health/ready"))["type"].endswith(":not-ready")
        status = (await gateway.client.get(f"{OPERATIONS}/status")).json()
        assert status["status"] == "degraded"
        assert status["dependencies"]["database"]["state"] == "down"
        assert status["dependencies"]["data_api"]["state"] == "up"
        assert (status["queue"], status["files"], status["model"]) == (None, None, None)
        assert "tidegate_queue_jobs{" not in (await gateway.client.get(f"{OPERATIONS}/metrics")).text
        gateway.proxy.heal()
        await gateway.until_well()
        await gateway.until(f"{OPERATIONS}/metrics", 200, "tidegate_queue_jobs{")  # they wait for a moment only
        metrics = (await gateway.client.get(f"{OPERATIONS}/metrics")).text
        for queue, state in (("embedding", "waiting"), ("files", "running"), ("payments", "failed")):
            assert f'tidegate_queue_jobs{{queue="{queue}",state="{state}"}} 0.0' in metrics
            assert f'tidegate_queue_oldest_seconds{{queue="{queue}"}} 0.0' in metrics
        assert (await gateway.client.get("/health/ready")).status_code == 200


async def test_a_restart_costs_no_request(database: Database) -> None:
    async with gateway_behind(database) as gateway:
        for _ in range(5):
            assert (await gateway.search()).status_code == 200
            gateway.proxy.drop()
        assert (await gateway.search()).status_code == 200


async def test_an_outage_is_answered_quickly_and_ends_by_itself(database: Database) -> None:
    async with gateway_behind(database) as gateway:
        assert (await gateway.search()).status_code == 200
        gateway.proxy.refuse()
        for _ in range(3):
            started = time.monotonic()
            assert_unavailable(await gateway.search())
            assert time.monotonic() - started < 15  # half of the time that a query has
        gateway.proxy.heal()
        await gateway.until_well()


async def test_a_frozen_database_holds_nobody_longer_than_the_deadline(database: Database) -> None:
    async with gateway_behind(database, database_timeout_s=DEADLINE_S) as gateway:
        await gateway.until_well()
        gateway.proxy.freeze()
        started = time.monotonic()
        answers = await asyncio.gather(*(gateway.search() for _ in range(10)))
        assert time.monotonic() - started < 30  # half of the time that a request has
        for answer in answers:
            assert_unavailable(answer)
        status = await gateway.client.get(f"{OPERATIONS}/status")
        assert status.json()["dependencies"]["database"]["state"] == "down"
        gateway.proxy.heal()
        await gateway.until_well()


async def test_a_hiccup_between_two_questions_leaves_it_ready_and_an_outage_does_not(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.status.service.DEADLINE_S", 30.0)
    clock = Clock()
    async with gateway_behind(database, refusing=True) as gateway:
        service = StatusService(
            gateway.services.database, gateway.services.status._probes, gateway.services.limiter, clock=clock
        )
        with pytest.raises(NotReadyError):  # it never was
            await service.ready()
        for _ in range(2):
            gateway.proxy.heal()
            await gateway.until_well()
            await service.ready()
            clock.advance(60)  # however seldom it is asked
            gateway.proxy.refuse()
            await service.ready()
            clock.advance(2.9)
            await service.ready()
            clock.advance(0.2)
            for _ in range(2):
                with pytest.raises(NotReadyError):
                    await service.ready()


async def test_a_database_with_much_to_do_is_no_less_ready(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.status.service.DEADLINE_S", 30.0)
    clock = Clock()
    changes = {"database": {"concurrency": 1}}
    async with gateway_behind(database, database_pool_size=1, resilience=changes) as gateway:
        services = gateway.services
        service = StatusService(services.database, services.status._probes, services.limiter, clock=clock)
        # The gateway checks the database as it starts, by the only call that there may be.
        await until_true(lambda: not services.database.pipeline.running, "the check at the start being over")
        await service.ready()
        gateway.proxy.freeze()
        search = asyncio.create_task(gateway.search())
        while not services.database.pipeline.running:
            assert not search.done()
            await asyncio.sleep(0)
        clock.advance(60)
        for _ in range(2):
            with pytest.raises(DatabaseBusyError):
                await services.database.fetch("active_embedding_model")
            await service.ready()
            clock.advance(60)
        gateway.proxy.heal()
        await search


async def test_more_than_the_pool_can_serve_is_refused_at_once(database: Database) -> None:
    async with gateway_behind(database, database_pool_size=1, database_timeout_s=DEADLINE_S) as gateway:
        await gateway.until_well()
        gateway.proxy.freeze()
        answers = await asyncio.gather(*(gateway.search() for _ in range(20)))
        kinds = [assert_unavailable(answer)["type"].rpartition(":")[2] for answer in answers]
        assert set(kinds) <= {"database-busy", "overloaded", "database-timeout", "database-unavailable"}
        assert {"database-busy", "overloaded"} & set(kinds)
        gateway.proxy.heal()
        await gateway.until_well()


async def test_status_answers_when_everything_is_down(database: Database) -> None:
    async with gateway_behind(database, refusing=True) as gateway:
        gateway.project.is_down = True
        token = gateway.project.key.token("6b1f6f4e-2f0e-4a51-9d7c-3d7f6a1f0b11")
        started = time.monotonic()
        response = await gateway.client.get("/v1/status", headers={"Authorization": f"Bearer {token}"})
        assert time.monotonic() - started < 30  # half of the time that a request has
        assert response.status_code == 200
        assert {"search and recommendations", "sign-in"} <= {each["what"] for each in response.json()["impairments"]}
        dependencies = (await gateway.client.get(f"{OPERATIONS}/status")).json()["dependencies"]
        assert {name for name, d in dependencies.items() if d["state"] == "down"} >= {
            "database",
            "data_api",
            "auth_keys",
        }
        assert response.json()["failed_documents"] is None
        search = await gateway.client.post("/v1/search", json=KEYWORDS, headers={"Authorization": f"Bearer {token}"})
        assert assert_unavailable(search)["type"].endswith(":auth-keys-unavailable")


@pytest.fixture
def scratch(cluster: ScratchCluster) -> Iterator[Database]:
    """A database that a test may spoil."""
    clone = cluster.clone("spoiled")
    yield clone
    cluster.drop(clone)


async def test_an_unsafe_database_that_appears_later_is_not_asked(
    scratch: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with scratch.connect("supabase_admin") as admin:
        admin.execute("alter event trigger enforce_row_level_security disable")
        admin.execute("alter table public.documents no force row level security")
    async with gateway_behind(scratch, refusing=True) as gateway:
        gateway.proxy.heal()
        await gateway.until("/health/ready", 503, "The database is not set up safely")
        problem = assert_unavailable(await gateway.search())
        assert problem["type"].endswith(":database-unsafe")
        assert "row_level_security_forced: public.documents: The table does not have row level security" in caplog.text
        # The Data API may still serve that table: nobody is told which it is.
        for path in ("/health/ready", "/v1/status", f"{OPERATIONS}/status"):
            assert "public.documents" not in (await gateway.client.get(path)).text
        assert "breaks row_level_security_forced:" in problem["detail"]
        assert "documents" not in problem["detail"]
        with scratch.connect("supabase_admin") as admin:
            admin.execute("alter table public.documents force row level security")
        await gateway.until_well()


async def test_a_database_without_the_migrations_is_said(cluster: ScratchCluster) -> None:
    empty = cluster.empty()
    try:
        async with gateway_behind(empty) as gateway:
            assert "migrations are not applied" in assert_unavailable(await gateway.search())["detail"]
            assert_unavailable(await gateway.client.get("/health/ready"))
    finally:
        await asyncio.to_thread(cluster.drop, empty)


def start(url: str, **changes: str) -> "subprocess.CompletedProcess[str]":
    environment = {
        "PATH": os.environ["PATH"],
        "SUPABASE_URL": "http://127.0.0.1:1",
        "SUPABASE_PUBLISHABLE_KEY": "sb_publishable_x",
        "GATEWAY_DATABASE_URL": url,
        "GATEWAY_PORT": str(free_port()),
        "OPERATIONS_PORT": str(free_port()),
        **changes,
    }
    return subprocess.run(
        [sys.executable, "-m", "gateway.app"],
        check=False,
        env=environment,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


@pytest.mark.parametrize(
    ("role", "spoil", "words"),
    [
        ("supabase_admin", "select", "The role supabase_admin is a superuser"),
        ("postgres", "select", "The role postgres bypasses row level security"),
        ("authenticator", "select", "The role authenticator may become service_role, which bypasses"),
        (
            "tidegate_gateway",
            f"{UNGUARD}; alter table public.chunks disable row level security",
            "row_level_security_forced: public.chunks",
        ),
        (
            "tidegate_gateway",
            f"{UNGUARD}; create table public.forgotten (id int)",
            "row_level_security_forced: public.forgotten",
        ),
        (
            "tidegate_gateway",
            "alter table public.categories owner to tidegate_gateway",
            "The role tidegate_gateway owns the table public.categories",
        ),
    ],
)
async def test_the_process_refuses_an_unsafe_database(scratch: Database, role: str, spoil: str, words: str) -> None:
    with scratch.connect("supabase_admin") as admin:
        admin.execute(spoil.encode())
    run = await asyncio.to_thread(start, scratch.url_for(role))
    assert run.returncode == 2, run.stderr
    assert "The gateway refuses to serve this database:" in run.stderr
    assert words in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://u:hush@127.0.0.1/x?no_such=1", "not one that PostgreSQL's client library can read"),
        ("", "is not set"),
    ],
)
async def test_the_process_refuses_an_unreadable_address(url: str, words: str) -> None:
    run = await asyncio.to_thread(start, url)
    assert run.returncode == 2
    assert words in run.stderr
    assert "hush" not in run.stderr
    assert "Traceback" not in run.stderr


async def test_a_taken_port_is_said(database: Database) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        run = await asyncio.to_thread(start, database.url_for("tidegate_gateway"), GATEWAY_PORT=port)
    assert run.returncode == 2
    assert f"port {port}" in run.stderr
    assert "GATEWAY_PORT" in run.stderr
    assert "Traceback" not in run.stderr
