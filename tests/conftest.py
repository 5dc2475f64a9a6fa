"""Fixtures: a scratch PostgreSQL per session, a migrated database per module, and the project's processes on it."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

from gateway.local.paths import REPOSITORY
from tests.support.databases import Database, ScratchCluster
from tests.support.stack import Process, Stack

LOGS = REPOSITORY / ".test-logs"
KEPT_RUNS = 5


def pytest_configure() -> None:
    """Let SIGINT end what tests start: a shell ignores it in what it puts into the background, children included."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Hypothesis draws the constants of whatever modules of the project are loaded, too. One seed shall mean the same
    # draws when a file is run alone, in the suite, and after a module was added somewhere else.
    providers._get_local_constants = Constants
    # A test without a seed of its own draws by its own text: the same in every run, whoever changed something else.
    settings.register_profile("suite", derandomize=True, database=None, deadline=None)
    settings.load_profile("suite")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Asynchronous tests (`@pytest.mark.anyio`) run on asyncio, as the gateway does."""
    return "asyncio"


@pytest.fixture
def lasting_rights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stale answers are given for as long as the test takes, not only seconds after the last heartbeat."""
    monkeypatch.setattr("gateway.database.rights.RIGHTS_S", 600.0)


@pytest.fixture(scope="session")
def logs() -> Path:
    """The directory of this run's logs, kept after it; the oldest runs are removed."""
    LOGS.mkdir(exist_ok=True)
    for old in sorted(LOGS.iterdir(), key=lambda path: path.stat().st_mtime)[: -KEPT_RUNS + 1]:
        shutil.rmtree(old, ignore_errors=True)
    directory = LOGS / f"run-{os.getpid()}"
    directory.mkdir(exist_ok=True)
    return directory


@pytest.fixture(scope="session")
def cluster(logs: Path) -> Iterator[ScratchCluster]:
    """A running scratch server whose template database has every migration."""
    scratch = ScratchCluster(logs)
    try:
        scratch.start()
        scratch.build_template()
        yield scratch
    finally:
        scratch.stop()


@pytest.fixture(scope="module")
def database(cluster: ScratchCluster) -> Iterator[Database]:
    """A database of this module's own, with every migration and no rows."""
    clone = cluster.clone()
    yield clone
    cluster.drop(clone)


@pytest.fixture(scope="module")
def stack(database: Database, logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The module's processes, none of them started: ask for `api`, `gateway` or `worker`, or start them yourself."""
    processes = Stack(database, tmp_path_factory.mktemp("stack"), logs)
    yield processes
    processes.stop()


@pytest.fixture(scope="module")
def api(stack: Stack) -> Process:
    """Data API, Auth and Functions on the module's database."""
    return stack.start_api()


@pytest.fixture(scope="module")
def worker(stack: Stack) -> Process:
    """A worker on the module's database."""
    return stack.start_worker()


@pytest.fixture(scope="module")
def gateway(stack: Stack, api: Process) -> Process:
    """The gateway on the module's database, which verifies tokens by the API's public keys."""
    return stack.start_gateway()
