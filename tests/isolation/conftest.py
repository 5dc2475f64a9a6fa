"""The database under proof, with the matrix's world in it."""

from collections.abc import Iterator

import pytest

from tests.isolation.database import ATTEMPT, Prover, put
from tests.isolation.matrix import world
from tests.isolation.world import World
from tests.support import ScratchCluster


@pytest.fixture(scope="session")
def cast() -> World:
    """The world of the matrix."""
    return world()


@pytest.fixture(scope="package")
def proving(cluster: ScratchCluster, cast: World) -> Iterator[Prover]:
    """A prover on a database that holds the cast, in a transaction that is never committed."""
    clone = cluster.clone("proof")
    with clone.connect("supabase_admin") as connection:
        connection.execute(ATTEMPT.encode())
        put(connection, cast)
        with connection.transaction(force_rollback=True):
            yield Prover(connection)
    cluster.drop(clone)
