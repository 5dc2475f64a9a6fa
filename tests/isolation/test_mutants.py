"""A proof that cannot fail proves nothing: each weakened law must be noticed."""

from collections.abc import Callable

import psycopg
import pytest

from tests.isolation.catalog import misgranted, unspecified
from tests.isolation.database import Prover
from tests.isolation.matrix import ACTORS, disagreements
from tests.isolation.mutants import EQUIVALENT, PLANTED, Mutant, policy_mutants
from tests.isolation.world import World


def noticed(proving: Prover, cast: World, mutant: Mutant) -> list[str]:
    """What the prover says of the spoiled law: the first actor's disagreements, which are enough."""
    with proving.connection.transaction(force_rollback=True):
        proving.connection.execute(mutant.statement.encode())
        if found := [*unspecified(proving), *misgranted(proving, mutant.table)]:
            return found
        for actor in sorted(ACTORS, key=lambda actor: actor.name != mutant.first):
            if found := disagreements(proving, cast, mutant.table, [actor], mutant.actions):
                return found
    return []


@pytest.mark.parametrize("mutant", PLANTED, ids=lambda mutant: mutant.name)
def test_a_planted_weakening_is_noticed(proving: Prover, cast: World, mutant: Mutant) -> None:
    assert noticed(proving, cast, mutant)


def test_every_policy_matters(proving: Prover, cast: World, record_property: Callable[[str, object], None]) -> None:
    mutants = list(policy_mutants(proving.connection))
    survivors = []
    for mutant in mutants:
        try:
            if not noticed(proving, cast, mutant):
                survivors.append(mutant.name)
        except psycopg.Error as error:  # a mutant that PostgreSQL refuses is a mistake of this test
            raise AssertionError(f"{mutant.name}: {error}") from error
    record_property("mutants", len(mutants))
    print(f"{len(mutants)} weakened policies, {len(survivors)} change nothing, the others noticed")
    assert sorted(survivors) == sorted(EQUIVALENT), "\n".join(EQUIVALENT.keys() ^ set(survivors))
