"""The Deno code: formatted, linted, typed, tested, and locked to modules that are there without the network."""

import json
import re
import subprocess
from pathlib import Path

import deno
import pytest

from gateway.local.paths import REPOSITORY

LOCAL = REPOSITORY / "supabase" / "local"
FUNCTIONS = REPOSITORY / "supabase" / "functions"
DEPLOYED = sorted(path.parent.name for path in FUNCTIONS.glob("*/index.ts"))


def run(directory: Path, *arguments: str) -> str:
    """What Deno prints there; AssertionError with that when it fails."""
    command = [deno.find_deno_bin(), *arguments]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, f"deno {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


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


def imports(config: Path) -> dict[str, str]:
    """The import map of a configuration of Deno."""
    found: dict[str, str] = json.loads(config.read_text(encoding="utf-8"))["imports"]
    return found


@pytest.mark.parametrize("name", DEPLOYED)
def test_a_function_is_deployed_with_the_modules_that_were_tested(name: str) -> None:
    of_function = imports(FUNCTIONS / name / "deno.json")
    assert of_function == imports(FUNCTIONS / "deno.json")
    assert of_function.items() <= imports(LOCAL / "deno.json").items()
    assert all(re.fullmatch(r"npm:[a-z-]+@\d+\.\d+\.\d+", module) for module in of_function.values())
    run(FUNCTIONS, "check", "--cached-only", "--frozen", "--config=deno.json", f"{name}/index.ts")
    assert "://" not in (FUNCTIONS / "tests" / "deno.lock").read_text(encoding="utf-8")
    # Supabase's bundler may be older than the format of a lock file, and reads one that lies beside a function.
    assert [path.parent.name for path in FUNCTIONS.rglob("deno.lock")] == ["tests"]


@pytest.mark.parametrize("name", DEPLOYED)
def test_a_function_fits_into_a_hosted_project(name: str) -> None:
    """At most 20 MB; this counts whole packages, of which a bundle has what is imported."""
    told = run(FUNCTIONS, "info", "--config=deno.json", f"{name}/index.ts")
    size = re.search(r"^\W*size:\W*([\d.]+)(KB|MB)", re.sub(r"\x1b\[[\d;]*m", "", told), re.MULTILINE)
    assert size is not None, told
    assert float(size[1]) / {"KB": 1000, "MB": 1}[size[2]] < 20


@pytest.mark.parametrize("path", sorted([*LOCAL.glob("*.ts"), *FUNCTIONS.rglob("*.ts")]), ids=lambda path: path.name)
def test_a_module_stays_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < 300
