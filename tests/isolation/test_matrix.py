"""The access matrix, cell by cell: the database does exactly what the specification says."""

import pytest

from tests.isolation.catalog import misgranted, unspecified
from tests.isolation.database import Prover
from tests.isolation.matrix import ACTIONS, ACTORS, disagreements
from tests.isolation.tables import TABLES
from tests.isolation.world import Actor, World


def test_every_table_and_view_has_its_rules(proving: Prover) -> None:
    assert unspecified(proving) == []


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("actor", ACTORS, ids=lambda actor: actor.name)
@pytest.mark.parametrize("action", ACTIONS)
def test_the_database_does_what_the_rules_say(
    proving: Prover, cast: World, table: str, actor: Actor, action: str
) -> None:
    assert disagreements(proving, cast, table, [actor], [action]) == []


@pytest.mark.parametrize("table", TABLES)
def test_columns_are_granted_as_the_specification_has_them(proving: Prover, table: str) -> None:
    assert misgranted(proving, table) == []
