"""The short cut of `make chaos`: the faults that break most, with time to spare for slow machines."""

import asyncio
import time
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import httpx2
import pytest

from gateway.app.application import create_operations
from gateway.http.error_forms import MCP
from gateway.local.ports import HOST
from tests.chaos.fault import Fault
from tests.chaos.faults import all_faults
from tests.chaos.load import suffer
from tests.chaos.machine import BUSY, Pace
from tests.chaos.routes import CONSTANT, PASSED_ON, ROUTES
from tests.chaos.world import World
from tests.support.dashboard import Panel, lines, panels
from tests.support.gateway_app import make_app
from tests.support.ports import free_port
from tests.support.prometheus import Prometheus, has_prometheus, prometheus
from tests.support.tokens import Project
from tests.support.waiting import PATIENCE_S, wait_until
from tests.support.yardstick import slowness

STRAINED = 3.0
"""What else runs beside the suite is not to matter."""
PACE = Pace(4.0)
EVERY, RATE_INTERVAL, STEP_S = "500ms", "4s", 0.5
pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def world(logs: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with World(logs, tmp_path_factory.mktemp("chaos")).running() as world:
        yield world


@pytest.fixture(scope="module")
async def observer(world: World, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Prometheus | None]:
    """Prometheus, which scrapes the gateway, and finds no worker."""
    if not has_prometheus():
        yield None
        return
    targets = {
        "tidegate-gateway": f"{HOST}:{world.stack.operations_port}",
        "tidegate-worker": f"{HOST}:{free_port()}",
    }
    with prometheus(targets, tmp_path_factory.mktemp("prometheus"), EVERY) as observer:
        yield observer


def test_every_route_is_asked_while_things_break() -> None:
    app = make_app(Project())
    served = {*app.openapi()["paths"], "/openapi.json", "/docs", MCP}
    assert served - PASSED_ON - CONSTANT == {
        route.path.partition("?")[0] for route in ROUTES if not route.is_of_operations
    }
    watched = create_operations(app.state.services).openapi()["paths"]
    assert set(watched) - served == {route.path for route in ROUTES if route.is_of_operations}


@pytest.mark.usefixtures("observer")
@pytest.mark.parametrize("fault", [fault for fault in all_faults() if fault.short], ids=lambda fault: fault.name)
async def test_what_breaks_is_lived_with_and_left_behind(world: World, fault: Fault) -> None:
    slow = slowness()
    outcome = await suffer(world, fault, PACE, slack_s=1.0, least_strain=STRAINED * slow)
    assert outcome.broken_promises == [], world.gateway.tail()
    # A machine that has no time for the gateway says nothing about how soon it answers and recovers. One that is slow
    # for all that runs on it does not show in its strain.
    assert outcome.delays == [] or outcome.strain * max(slow, slowness()) >= BUSY, world.gateway.tail()


@pytest.mark.skipif(not has_prometheus(), reason="Prometheus is not installed")
async def test_every_query_of_the_dashboard_finds_something(world: World, observer: Prometheus) -> None:
    started, words = time.time(), count()

    def search() -> bool:
        """Whether a search does without something."""
        response = httpx2.post(
            f"{world.stack.gateway_url}/v1/search",
            json={"query": f"mooring {next(words)}"},
            timeout=PATIENCE_S,
            trust_env=False,
        )
        return response.status_code == 200 and bool(response.json()["degraded"])

    def is_shown(panel: Panel) -> bool:
        return bool(lines(observer, panel, started, time.time(), STEP_S))

    def searched_until(expression: str) -> None:
        wait_until(lambda: (search(), observer.query(expression))[1], expression)

    await asyncio.to_thread(searched_until, "tidegate_recall")
    world.to_database.refuse()
    await asyncio.to_thread(wait_until, search, "an answer through the Data API")
    world.to_database.heal()
    for panel in panels(RATE_INTERVAL):
        for query in panel.queries:
            part = Panel(f"{panel.title}: {query.legend}", panel.unit, (query,))
            await asyncio.to_thread(wait_until, lambda part=part: is_shown(part), part.title)
