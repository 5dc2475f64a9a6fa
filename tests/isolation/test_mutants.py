"""A proof that cannot fail proves nothing: each weakened law must be noticed."""

import psycopg
import pytest

from tests.isolation.catalog import misgranted, unspecified
from tests.isolation.database import Prover
from tests.isolation.matrix import ACTORS, Known, disagreements
from tests.isolation.mutants import EQUIVALENT, PLANTED, Mutant, policy_mutants
from tests.isolation.tables import TABLES
from tests.isolation.world import World


@pytest.fixture(scope="module")
def known() -> Known:
    """What the specification says does not depend on the mutant."""
    return {}


def noticed(proving: Prover, cast: World, mutant: Mutant, known: Known) -> list[str]:
    """What the prover says of the spoiled law: the first actor's disagreements, which are enough."""
    with proving.connection.transaction(force_rollback=True):
        proving.connection.execute(mutant.statement.encode())
        if found := [*unspecified(proving), *misgranted(proving, mutant.table)]:
            return found
        for actor in sorted(ACTORS, key=lambda actor: actor.name != mutant.first):
            if found := disagreements(proving, cast, mutant.table, [actor], mutant.actions, known=known):
                return found
    return []


@pytest.mark.parametrize("mutant", PLANTED, ids=lambda mutant: mutant.name)
def test_a_planted_weakening_is_noticed(proving: Prover, cast: World, known: Known, mutant: Mutant) -> None:
    assert noticed(proving, cast, mutant, known)


@pytest.mark.parametrize("table", TABLES)
def test_every_policy_matters(proving: Prover, cast: World, known: Known, table: str) -> None:
    mutants = [mutant for mutant in policy_mutants(proving.connection) if mutant.table == table]
    survivors = set()
    for mutant in mutants:
        try:
            if not noticed(proving, cast, mutant, known):
                survivors.add(mutant.name)
        except psycopg.Error as error:  # a mutant that PostgreSQL refuses is a mistake of this test
            raise AssertionError(f"{mutant.name}: {error}") from error
    assert survivors == EQUIVALENT.keys() & {mutant.name for mutant in mutants}


def test_every_policy_is_weakened_and_every_reason_is_of_a_mutant(proving: Prover) -> None:
    mutants = list(policy_mutants(proving.connection))
    assert {mutant.table for mutant in mutants} <= TABLES.keys()
    assert EQUIVALENT.keys() - {mutant.name for mutant in mutants} == set()
