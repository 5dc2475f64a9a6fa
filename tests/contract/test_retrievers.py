"""The retrievers of tidegate-client in LangChain and LlamaIndex themselves; `make test-retrievers` installs both."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.local.paths import REPOSITORY
from tests.support import Stack
from tests.support.waiting import PATIENCE_S
from tidegate_client import Tidegate

PYTHON = REPOSITORY / ".venv" / "retrievers" / "bin" / "python"
SOURCES = REPOSITORY / "supabase" / "clients" / "python" / "src"
PROGRAM = Path(__file__).parent / "retrievers" / "retrieve.py"
QUESTION = 'Where does the "spare" anchor -lie-?'
TEXT = "The spare anchor lies under the port bench."

pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="make test-retrievers installs LangChain and LlamaIndex")


@pytest.fixture(scope="module")
def token(served: Stack) -> Iterator[str]:
    """The token of a person with a document."""
    token = str(served.sign_up("lin@example.com")["access_token"])
    with Tidegate(served.gateway_url, lambda: token, timeout_s=PATIENCE_S) as client:
        added = client.add_document(("anchor.md", TEXT.encode(), "text/markdown"), title="Spare anchor")
        client.wait_for_document(added["id"], timeout_s=PATIENCE_S)
        yield token


def run(*command: str, **environment: str) -> str:
    """What a program of that environment prints."""
    done = subprocess.run(
        [str(PYTHON), *command],
        cwd=PROGRAM.parent,
        env={"PYTHONPATH": str(SOURCES), "MYPYPATH": str(SOURCES), **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S * 4,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_person_finds_their_own_by_each_of_them(served: Stack, token: str) -> None:
    found: dict[str, list[Any]] = json.loads(run(str(PROGRAM), served.gateway_url, QUESTION, TOKEN=token))
    assert len(found) == 6
    assert {json.dumps(each) for each in found.values()} == {json.dumps([["Spare anchor", TEXT]])}


def test_a_visitor_finds_nothing_of_theirs(served: Stack, token: str) -> None:
    found: dict[str, list[Any]] = json.loads(run(str(PROGRAM), served.gateway_url, QUESTION))
    assert [each for each in found.values() if each] == []


def test_they_are_typed_as_these_frameworks_are() -> None:
    modules = ("-p", "tidegate_client")
    run("-m", "mypy", "--strict", "--config-file=", "--cache-dir=/dev/null", *modules)
