"""The Deno code: formatted, linted, typed, tested, and locked to modules that are there without the network."""

import subprocess
from pathlib import Path

import deno
import pytest

from gateway.local.paths import REPOSITORY

LOCAL = REPOSITORY / "supabase" / "local"
FUNCTIONS = REPOSITORY / "supabase" / "functions"


def run(directory: Path, *arguments: str) -> None:
    """Run Deno there; AssertionError with what it printed when it fails."""
    command = [deno.find_deno_bin(), *arguments]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"deno {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("directory", [LOCAL, FUNCTIONS], ids=lambda path: path.name)
def test_the_code_is_formatted_linted_and_typed(directory: Path) -> None:
    run(directory, "fmt", "--check")
    run(directory, "lint")
    run(directory, "check", "--cached-only", ".")


def test_the_functions_pass_their_own_tests() -> None:
    run(FUNCTIONS, "test", "--cached-only", "--allow-net=127.0.0.1")


def test_every_module_of_the_local_api_is_pinned_and_names_no_registry() -> None:
    run(LOCAL, "check", "--cached-only", "--frozen", "server.ts")
    assert "://" not in (LOCAL / "deno.lock").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted([*LOCAL.glob("*.ts"), *FUNCTIONS.rglob("*.ts")]), ids=lambda path: path.name)
def test_a_module_stays_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < 300
