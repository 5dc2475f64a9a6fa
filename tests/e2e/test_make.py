"""What make adds to the local stack: signals that reach it in every way, and targets that explain themselves."""

import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.local.paths import REPOSITORY
from tests.support import wait_until
from tests.support.runs import Run, descendants, is_alive
from tests.support.waiting import PATIENCE_S


@pytest.fixture(scope="module")
def run(logs: Path) -> Iterator[Run]:
    run = Run(logs)
    # What the targets depend on is installed, or this test would not run.
    run.program = ["make", *(f"--assume-old=.venv/{name}.stamp" for name in ("run", "deno")), "run"]
    yield run
    run.dispose()


@pytest.mark.parametrize(
    "interrupt",
    [
        pytest.param(lambda pid: os.killpg(pid, signal.SIGINT), id="SIGINT to the group, as a terminal does"),
        pytest.param(lambda pid: os.kill(pid, signal.SIGINT), id="SIGINT to make alone"),
        pytest.param(lambda pid: os.killpg(pid, signal.SIGTERM), id="SIGTERM to the group"),
        pytest.param(lambda pid: os.kill(pid, signal.SIGKILL), id="SIGKILL to make alone"),
    ],
)
def test_interrupting_make_stops_the_stack(run: Run, interrupt: Callable[[int], None]) -> None:
    make = run.start()
    wait_until(lambda: "listening on IPv4" in run.output() or make.poll() is not None, "PostgreSQL being up")
    assert make.poll() is None, run.output()
    everything = descendants(make.pid)
    assert len(everything) > 1
    interrupt(make.pid)
    make.wait(PATIENCE_S)
    wait_until(lambda: not [pid for pid in everything if is_alive(pid)], "every process being gone")
    output = run.output()
    assert output.rstrip().endswith("tidegate | stopped")
    assert "Traceback" not in output
    assert "***" not in output


def test_help_lists_every_target() -> None:
    listed = subprocess.run(["make"], cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    phony = set(re.findall(r"^\.PHONY: (\S+)$", makefile, re.MULTILINE))
    assert set(re.findall(r"^  make (\S+)", listed, re.MULTILINE)) == phony
    assert all(name in listed for name in ("TIDEGATE_HOME", "GATEWAY_PORT", "SUPABASE_PORT", "POSTGRES_PORT"))
