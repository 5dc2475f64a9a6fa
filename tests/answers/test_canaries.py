"""A secret in each document: whatever is asked and whatever is broken, nobody is told one that is not theirs.

A small part of `make prove-answers`, which asks 300 questions of everybody; and that it finds what it looks for.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.answers.findings import NOTHING, PLACES, STATES
from tests.answers.proof import Proof
from tests.isolation.mutants import PLANTED
from tests.support import ScratchCluster
from tests.support.broken_functions import replaced

pytestmark = pytest.mark.anyio

ASKED = 4


@pytest.fixture(scope="module")
async def proof(cluster: ScratchCluster, logs: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Proof]:
    database = cluster.clone("canaries")
    async with Proof(database, logs, tmp_path_factory.mktemp("canaries")).running() as proof:
        yield proof
    cluster.drop(database)


@pytest.fixture
def leaks(proof: Proof) -> list[str]:
    """What is found from now on."""
    proof.found.leaks.clear()
    return proof.found.leaks


@pytest.mark.parametrize("name", STATES)
async def test_nobody_is_told_another_ones_secret(proof: Proof, leaks: list[str], name: str) -> None:
    async with proof.state(name):
        await proof.ask(name, ASKED)
    assert leaks == []


async def test_nor_one_that_was_theirs(proof: Proof, leaks: list[str]) -> None:
    await proof.end_rights([("harbour", "bob"), ("harbour", "cat"), ("harbour", "dan")], "gus", ASKED)
    await proof.stop_gateway()
    assert leaks == []
    assert proof.found.missing() == []


async def test_a_gateway_with_leaks_is_found_out(proof: Proof, leaks: list[str]) -> None:
    await proof.start_gateway("tests.answers.leaky_gateway")
    await proof.end_rights([("harbour", "mia"), ("meadow", "oli")], "dan", ASKED)
    await proof.stop_gateway()
    assert [where for where in PLACES if not any(leak.startswith(where) for leak in leaks)] == []
    assert [leak for leak in leaks if leak.startswith("rights ended") and "is told of" in leak]


async def test_a_law_that_lets_more_through_is_found_out(proof: Proof, leaks: list[str]) -> None:
    (mutant,) = (each for each in PLANTED if each.name == "everybody belongs everywhere")
    await proof.start_gateway()
    with replaced(proof.database, "private.my_scopes", mutant.statement):
        await proof.ask(NOTHING, ASKED)
    assert [leak for leak in leaks if "is told of" in leak]
    assert [leak for leak in leaks if "the model is told" in leak]
