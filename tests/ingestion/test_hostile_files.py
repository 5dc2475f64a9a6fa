"""Two hundred hostile files: each is read or refused in words, within the limits, and nothing is called."""

import json
import subprocess
import sys
from typing import Any

import pytest

from gateway.ingestion.limits import Limits
from gateway.local.paths import REPOSITORY

# Of the interpreter and its libraries, which the limit on what a file takes does not count, and of what comes between
# two looks at a process that grows.
BESIDE = 256 * 2**20


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.ingestion.measure"]
    run = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=900, check=False)
    assert run.returncode == 0, run.stderr[-4_000:]
    result: dict[str, Any] = json.loads(run.stdout)
    return result


def test_every_one_is_read_or_refused(measured: dict[str, Any]) -> None:
    outcomes = measured["outcomes"]
    assert len(outcomes) >= 200
    assert [one for one in outcomes if "bug" in one] == []
    refused = sum("error" in one for one in outcomes)
    print(f"{len(outcomes)} files: {refused} refused, {len(outcomes) - refused} read")


def test_errors_say_what_is_wrong(measured: dict[str, Any]) -> None:
    wrong = [one for one in measured["outcomes"] if one["says"] and one["says"] not in one.get("error", "")]
    assert wrong == []


def test_nothing_is_over_the_limits(measured: dict[str, Any]) -> None:
    assert [one for one in measured["outcomes"] if one.get("read", 0) > Limits().text_bytes] == []
    print(f"the largest process had {measured['memory'] / 2**20:.0f} MB")
    assert measured["memory"] < Limits().memory_bytes + BESIDE


def test_nobody_is_called(measured: dict[str, Any]) -> None:
    assert measured["calls"] == 1, "this test's own"
