"""One database with everybody's documents for each module."""

from collections.abc import AsyncIterator

import pytest

from tests.answers.world import World, fill, world_on
from tests.support import Database
from tests.support.tenants import Tenants


@pytest.fixture(scope="module")
def tenants(database: Database) -> Tenants:
    return fill(database)


@pytest.fixture(scope="module")
async def world(database: Database, tenants: Tenants) -> AsyncIterator[World]:
    async with world_on(database, tenants) as world:
        yield world
