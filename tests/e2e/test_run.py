"""`make run` from nothing to ready, through crashes, to a stop that leaves nothing. The tests build on one another."""

import os
import signal
import socket
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from gateway.local.ports import HOST, is_taken
from gateway.migrations.passwords import set_passwords
from tests.support import wait_until
from tests.support.runs import Run, descendants, is_alive
from tests.support.waiting import PATIENCE_S

VARIABLES = {
    "GATEWAY_URL",
    "OPERATIONS_URL",
    "SUPABASE_URL",
    "LOCAL_SUPABASE_URL",
    "SUPABASE_PUBLISHABLE_KEY",
    "SUPABASE_SECRET_KEY",
    "DATABASE_URL",
    "GATEWAY_DATABASE_URL",
    "WORKER_DATABASE_URL",
    "DEMO_PASSWORD",
    "DEMO_OWNER_EMAIL",
    "DEMO_MEMBER_EMAIL",
    "DEMO_OUTSIDER_EMAIL",
    "DEMO_STAFF_EMAIL",
}
SERVERS = {"postgres": "/postgres -D", "api": "server.ts", "worker": "-m gateway.worker", "gateway": "-m gateway.app"}


@pytest.fixture(scope="module")
def run(logs: Path) -> Iterator[Run]:
    run = Run(logs)
    yield run
    run.dispose()


@pytest.fixture(scope="module")
def env(run: Run) -> dict[str, str]:
    """The stack's values after its first start, which creates, migrates and seeds."""
    run.start()
    return run.wait_ready()


def servers(run: Run) -> dict[str, int]:
    """The process id of each server of the running stack."""
    assert run.popen is not None
    running = descendants(run.popen.pid)
    return {
        name: next(pid for pid, line in running.items() if line.endswith(mark) or f"{mark} " in f"{line} ")
        for name, mark in SERVERS.items()
    }


def get(url: str) -> int:
    try:
        return httpx2.get(url, timeout=60, trust_env=False).status_code
    except httpx2.TransportError:
        return 0


def all_ready(env: dict[str, str]) -> bool:
    return get(f"{env['GATEWAY_URL']}/health/ready") == 200 and get(f"{env['SUPABASE_URL']}/auth/v1/health") == 200


def test_the_first_start_makes_everything(run: Run, env: dict[str, str]) -> None:
    assert set(env) == VARIABLES
    assert all(env.values())
    for name in ("env", "secrets.json"):
        assert stat.S_IMODE((run.home / name).stat().st_mode) == 0o600, name
    assert all_ready(env)
    assert str(run.ports["GATEWAY_PORT"]) in env["GATEWAY_URL"]
    assert set(servers(run)) == set(SERVERS)


def test_it_prints_where_and_with_what_to_come_in_and_no_other_secret(run: Run, env: dict[str, str]) -> None:
    wait_until(lambda: "Ctrl-C stops everything" in run.output(), "the banner")
    output = run.output()
    for name in VARIABLES - {"GATEWAY_DATABASE_URL", "WORKER_DATABASE_URL"}:
        assert env[name] in output, name
    assert output.count("curl ") == 4
    assert "\x1b[" not in output, "colours belong on a terminal"
    for name in ("GATEWAY_DATABASE_URL", "WORKER_DATABASE_URL"):
        assert env[name] not in output


def test_every_log_line_says_who_wrote_it(run: Run, env: dict[str, str]) -> None:
    before_banner = run.output().split("\nReady in")[0].splitlines()
    assert {line[:8].strip() for line in before_banner if line} <= {"tidegate", *SERVERS}


def test_the_seed_is_searchable(run: Run, env: dict[str, str]) -> None:
    query = {"query": "warm clothes for cold weather", "mode": "semantic"}
    found = httpx2.post(f"{env['GATEWAY_URL']}/v1/search", json=query, timeout=60, trust_env=False).raise_for_status()
    assert found.json()["results"]
    assert found.json()["complete"] is True


def test_a_second_start_is_refused(run: Run, env: dict[str, str]) -> None:
    second = run.command("run")
    assert second.returncode == 1
    assert run.popen is not None
    assert f"already running, as process {run.popen.pid}" in second.stderr
    assert "Traceback" not in second.stderr
    assert run.command("reset").returncode == 1
    assert run.env_file.exists()


def test_commands_on_the_running_stack(run: Run, env: dict[str, str]) -> None:
    migrated = run.command("migrate", POSTGRES_PORT="")  # another terminal knows TIDEGATE_HOME alone
    assert (migrated.returncode, migrated.stdout) == (0, "nothing to do: every migration is applied\n")
    seeded = run.command("seed")
    assert seeded.returncode == 0, seeded.stderr


@pytest.mark.parametrize("name", ["worker", "gateway", "api", "postgres"])
def test_a_child_that_dies_is_started_again(run: Run, env: dict[str, str], name: str) -> None:
    victim = servers(run)[name]
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: f"{name} was ended by SIGKILL; starting it again in" in run.output(), "the notice")

    def back() -> bool:
        try:
            return servers(run)[name] != victim and all_ready(env)
        except StopIteration:  # not there yet
            return False

    wait_until(back, f"{name} being back", every_s=0.1)


def test_ctrl_c_stops_everything(run: Run, env: dict[str, str]) -> None:
    assert run.popen is not None
    everything = descendants(run.popen.pid)
    assert run.stop(signal.SIGINT) == 0
    assert not {pid: line for pid, line in everything.items() if is_alive(pid)}
    assert not [port for port in run.ports.values() if is_taken(port)]
    assert not run.env_file.exists()
    output = run.output()
    assert "Traceback" not in output
    assert output.rstrip().endswith("tidegate | stopped")
    order = [output.rindex(mark) for mark in ("tidegate | stopping", "database system is shut down", "| stopped")]
    assert order == sorted(order)


def test_the_next_start_is_quick_and_keeps_keys_and_data(run: Run, env: dict[str, str]) -> None:
    run.start()
    assert run.wait_ready() == env  # under five seconds on an idle machine; other tests may share this one
    assert all_ready(env)
    assert "seeding" not in run.output()


def test_logins_that_a_gateway_elsewhere_took_over_come_back_with_the_next_start(run: Run, env: dict[str, str]) -> None:
    set_passwords(env["DATABASE_URL"], {"tidegate_gateway": "another", "tidegate_worker": "another"})
    assert run.stop() == 0
    run.start()
    assert run.wait_ready() == env
    assert all_ready(env)


def test_killing_the_supervisor_leaves_no_process_and_does_no_harm(run: Run, env: dict[str, str]) -> None:
    assert run.popen is not None
    everything = descendants(run.popen.pid)
    assert run.stop(signal.SIGKILL) == -signal.SIGKILL
    # At once, while the children may still be ending.
    run.start()
    run.wait_ready()
    assert all_ready(env)
    wait_until(lambda: not [pid for pid in everything if is_alive(pid)], "the children of the killed one ending")
    assert run.stop(signal.SIGTERM) == 0


def test_a_child_that_cannot_start_shows_its_last_lines(
    run: Run, env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(run.environment, "EMBEDDER", "abacus")
    assert run.start().wait(PATIENCE_S) == 1
    output = run.output()
    assert "could not be started" in output
    assert "EMBEDDER" in output.rpartition("Its last lines:")[2]
    assert "Traceback" not in output.rpartition("Its last lines:")[2]
    assert not [port for port in run.ports.values() if is_taken(port)]


@pytest.mark.parametrize("variable", ["GATEWAY_PORT", "SUPABASE_PORT", "POSTGRES_PORT"])
def test_a_taken_port_is_named_with_its_variable(logs: Path, variable: str) -> None:
    run = Run(logs)
    try:
        with socket.create_server((HOST, run.ports[variable])):
            refused = run.command("run")
        assert refused.returncode == 1
        assert f"port {run.ports[variable]}" in refused.stderr
        assert f"set {variable}" in refused.stderr
        assert "Traceback" not in refused.stderr
        assert not (run.home / "postgres").exists(), "nothing is made before the ports are known to be free"
    finally:
        run.dispose()


def test_a_port_that_is_none_is_refused_without_a_traceback(logs: Path) -> None:
    run = Run(logs)
    try:
        refused = run.command("run", GATEWAY_PORT="eighty")
        assert refused.returncode == 1
        assert refused.stderr.strip() == "GATEWAY_PORT must be a port between 1 and 65535, not 'eighty'"
    finally:
        run.dispose()


def test_it_does_not_start_when_the_process_to_stop_with_is_gone(logs: Path) -> None:
    run = Run(logs)
    ended = subprocess.Popen(["true"])
    ended.wait()
    run.program = [*run.program, f"--stop-with={ended.pid}"]
    try:
        assert run.start().wait(PATIENCE_S) == -signal.SIGTERM
        assert list(run.home.iterdir()) == []
    finally:
        run.dispose()
