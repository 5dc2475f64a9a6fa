"""The short cut of `make chaos`: the faults that break most, with time to spare for slow machines."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.app.application import create_operations
from tests.chaos.fault import Fault
from tests.chaos.faults import all_faults
from tests.chaos.load import suffer
from tests.chaos.routes import CONSTANT, PASSED_ON, ROUTES
from tests.chaos.world import World
from tests.support.gateway_app import make_app
from tests.support.tokens import Project

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def world(logs: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with World(logs, tmp_path_factory.mktemp("chaos")).running() as world:
        yield world


def test_every_route_is_asked_while_things_break() -> None:
    app = make_app(Project())
    served = {*app.openapi()["paths"], "/openapi.json", "/docs"}
    assert served - PASSED_ON - CONSTANT == {
        route.path.partition("?")[0] for route in ROUTES if not route.is_of_operations
    }
    watched = create_operations(app.state.services).openapi()["paths"]
    assert set(watched) - served == {route.path for route in ROUTES if route.is_of_operations}


@pytest.mark.parametrize("fault", [fault for fault in all_faults() if fault.short], ids=lambda fault: fault.name)
async def test_what_breaks_is_lived_with_and_left_behind(world: World, fault: Fault) -> None:
    outcome = await suffer(world, fault, slack_s=1.0, patience=3, has_room=False)
    assert outcome.problems == [], world.gateway.tail()
