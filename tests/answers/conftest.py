"""One database with everybody's documents for each module, and a gateway on it without models and with two of them."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.answers.double import MODEL, Double
from tests.answers.world import World, fill, world_on
from tests.support import Database
from tests.support.shop import Shop
from tests.support.tenants import Tenants


@pytest.fixture(scope="module")
def tenants(database: Database) -> Tenants:
    return fill(database)


@pytest.fixture(scope="module")
async def world(database: Database, tenants: Tenants) -> AsyncIterator[World]:
    async with world_on(database, tenants) as world:
        yield world


@pytest.fixture(scope="module")
def doubles() -> Iterator[tuple[Double, Double]]:
    with Double().running() as first, Double().running() as second:
        yield first, second


@pytest.fixture
def first(doubles: tuple[Double, Double]) -> Iterator[Double]:
    yield doubles[0]
    doubles[0].gate.set()
    doubles[0].reset()


@pytest.fixture
def second(doubles: tuple[Double, Double]) -> Iterator[Double]:
    yield doubles[1]
    doubles[1].gate.set()
    doubles[1].reset()


@pytest.fixture(scope="module")
async def written(database: Database, tenants: Tenants, doubles: tuple[Double, Double]) -> AsyncIterator[World]:
    models: dict[str, Any] = {
        "llm_url": doubles[0].url, "llm_model": MODEL, "llm_api_key": "a secret",
        "llm_fallback_url": doubles[1].url, "llm_fallback_model": MODEL,
        # What goes wrong here is counted elsewhere.
        "resilience": {name: {"failures_to_open": 1000, "window": 1000} for name in ("llm", "llm_fallback")},
    }  # fmt: skip
    async with world_on(database, tenants, **models) as world:
        yield world


@pytest.fixture(scope="module")
def orders(database: Database, tenants: Tenants) -> dict[str, str]:
    """An order of each of two people."""
    with database.connect("supabase_admin") as admin, database.connect() as people:
        shop = Shop(database, admin, people)
        lamp = shop.product(10, "20.50")
        return {
            actor: shop.place(tenants.people[actor], {lamp: quantity}, actor)["id"]
            for actor, quantity in (("owner", 2), ("stranger", 1))
        }
