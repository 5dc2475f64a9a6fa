"""Rates that several gateways count together in a real Redis, and what they do without it."""

import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from gateway.local.ports import HOST
from tests.support.gateway_app import OPERATIONS, client_of, make_app
from tests.support.ports import free_port
from tests.support.redis import MISSING, SERVER, Redis
from tests.support.tokens import Project
from tests.support.waiting import PATIENCE_S, until, until_true

pytestmark = pytest.mark.anyio
BODY = {"query": "a berth", "mode": "keyword"}


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    if SERVER is None:
        pytest.skip(MISSING)
    server = Redis(tmp_path)
    server.start()
    yield server
    server.stop()


@asynccontextmanager
async def gateway(url: str, project: Project | None = None) -> AsyncIterator[httpx2.AsyncClient]:
    app = make_app(project or Project(), rate_limit_address="6 per day", rate_limit_storage=url)
    # A busy machine may take longer than the second after which the gateway counts for itself.
    patient = {"socket_timeout": PATIENCE_S, "socket_connect_timeout": PATIENCE_S}
    app.state.services.admission.shared._client.connection_pool.connection_kwargs.update(patient)
    async with client_of(app) as client:
        yield client


async def statuses(client: httpx2.AsyncClient, times: int) -> list[int]:
    return [(await client.post("/v1/search", json=BODY)).status_code for _ in range(times)]


async def test_gateways_count_together(redis: Redis) -> None:
    async with gateway(redis.url) as one, gateway(redis.url) as other:
        assert await statuses(one, 4) == [503] * 4  # there is no database
        assert await statuses(other, 4) == [503, 503, 429, 429]
        refused = await one.post("/v1/search", json=BODY)
        assert refused.status_code == 429
        assert int(refused.headers["Retry-After"]) >= 1
        assert refused.headers["RateLimit-Policy"] == '"address";q=6;w=86400'
        assert refused.headers["RateLimit"].startswith('"address";r=0;t=')

        async def is_up() -> bool:
            status = (await one.get(f"{OPERATIONS}/status")).json()
            return bool(status["dependencies"]["rate_limits"]["state"] == "up")

        await until(is_up, "the status saying so")


async def test_who_comes_from_a_busy_address_is_let_in_by_a_gateway_that_does_not_know_them(redis: Redis) -> None:
    project = Project()
    async with gateway(redis.url, project) as one, gateway(redis.url, project) as other:
        for client in (one, other):
            for number in range(8):  # more than the address may
                headers = {"Authorization": f"Bearer {project.key.token(uuid.UUID(int=number))}"}
                assert (await client.post("/v1/search", json=BODY, headers=headers)).status_code == 503


async def test_without_redis_each_counts_for_itself_and_says_so(redis: Redis, caplog: pytest.LogCaptureFixture) -> None:
    async with gateway(redis.url) as one, gateway(redis.url) as other:
        assert await statuses(one, 1) == [503]
        redis.stop()
        assert await statuses(one, 7) == [503] * 5 + [429] * 2
        assert await statuses(other, 7) == [503] * 6 + [429]
        details = (await one.get(f"{OPERATIONS}/status")).json()
        assert details["dependencies"]["rate_limits"]["state"] == "down"
        assert (
            details["dependencies"]["rate_limits"]["breaker"]["policy"]["fallback"] == "each gateway counts for itself"
        )
        await until_true(lambda: "rate_limits: left alone" in caplog.text)
        redis.start()
        await until_true(lambda: "rate_limits: works again" in caplog.text)


async def test_a_redis_that_was_never_there_costs_no_service() -> None:
    async with gateway(f"redis://{HOST}:{free_port()}") as client:
        assert await statuses(client, 7) == [503] * 6 + [429]
