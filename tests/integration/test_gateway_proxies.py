"""The gateway behind a proxy: paths, schemes, connections that are kept, HEAD, compression, the drain."""

import gzip
from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.support.served import Client, World, search, served

pytestmark = pytest.mark.anyio
LIVE = b"GET %b/health/live HTTP/1.1\r\nHost: gateway.test\r\n\r\n"
METADATA = "/.well-known/oauth-protected-resource"
FORWARDED = {"X-Forwarded-Proto": "https, http", "X-Forwarded-Host": "api.example.com"}
QUOTA = 4


def client_of(world: World) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(base_url=f"http://127.0.0.1:{world.port}", timeout=60, trust_env=False)


async def ask(client: Client, path: bytes) -> int:
    return (await client.ask(LIVE % path)).status


@pytest.fixture
async def published() -> AsyncIterator[World]:
    """A gateway that a proxy publishes under a path."""
    async with served(gateway_public_url="https://example.com/api", rate_limit_address=f"{QUOTA} per day") as world:
        yield world


async def test_a_proxy_may_take_the_path_off_or_leave_it(published: World) -> None:
    client = await published.connect()
    assert [await ask(client, path) for path in (b"", b"/api", b"/apis", b"/other")] == [200, 200, 404, 404]
    kept = search().replace(b"POST /v1", b"POST /api/v1")
    statuses = [(await client.ask(request)).status for request in (search(), kept, search(), kept)]
    # Both count: two questions were asked before these.
    assert statuses == [503, 503, 429, 429]


async def test_the_document_says_where_the_gateway_is(published: World) -> None:
    async with client_of(published) as client:
        assert (await client.get("/openapi.json")).json()["servers"] == [{"url": "https://example.com/api"}]
        assert "'/api/openapi.json'" in (await client.get("/docs")).text


@pytest.mark.parametrize(
    ("trusted", "address"), [(["127.0.0.0/8"], "https://api.example.com"), ([], "http://127.0.0.1")]
)
async def test_a_trusted_proxy_says_what_it_was_asked(trusted: list[str], address: str) -> None:
    async with served(trusted_proxies=trusted) as world, client_of(world) as client:
        resource = (await client.get(METADATA, headers=FORWARDED)).json()["resource"]
        assert resource.removesuffix("/mcp").removesuffix(f":{world.port}") == address
        assert (await client.get("/openapi.json")).json()["servers"] == [{"url": "/"}]


@pytest.mark.parametrize(
    "path", ["/health/live", "/health/ready", "/openapi.json", METADATA, "/v1/status", "/v1/search"]
)
async def test_head_is_get_without_the_body(path: str) -> None:
    async with served(rate_limit_address="") as world, client_of(world) as client:
        got, head = await client.get(path), await client.head(path)
        assert (head.status_code, head.content) == (got.status_code, b"")
        assert head.headers["content-type"] == got.headers["content-type"]
        assert head.headers.get("allow") == got.headers.get("allow")
        # And the connection goes on.
        assert (await client.get("/health/live")).status_code == 200


async def test_a_connection_without_a_request_is_closed_after_the_time_of_the_setting() -> None:
    async with served(keep_alive_s=1) as world:
        client = await world.connect()
        assert await ask(client, b"") == 200
        assert await client.is_closed()


async def test_answers_are_compressed_for_those_who_can_read_it() -> None:
    async with served() as world, client_of(world) as client:
        plain = await client.get("/openapi.json", headers={"Accept-Encoding": "identity"})
        short = await client.get("/health/live", headers={"Accept-Encoding": "gzip"})
        assert not {"content-encoding"} & (plain.headers.keys() | short.headers.keys())
        assert "Accept-Encoding" in plain.headers["vary"]
        async with client.stream("GET", "/openapi.json", headers={"Accept-Encoding": "gzip"}) as packed:
            raw = b"".join([part async for part in packed.aiter_raw()])
        assert packed.headers["content-encoding"] == "gzip"
        assert gzip.decompress(raw) == plain.content
        assert len(raw) < len(plain.content) / 4
    async with served(compress_from_bytes=0) as world, client_of(world) as client:
        assert "content-encoding" not in (await client.get("/openapi.json")).headers


async def test_a_gateway_that_drains_says_so_and_answers_on() -> None:
    async with served(rate_limit_address="") as world:
        client, other = await world.connect(), await world.connect()
        assert [await ask(each, b"") for each in (client, other)] == [200, 200]
        world.services.status.drain()
        ready = await client.ask(LIVE.replace(b"live", b"ready") % b"")
        assert (ready.status, "stops soon" in ready.body["detail"]) == (503, True)
        assert await client.is_closed()
        found = await other.ask(search())
        assert (found.status, found.headers["connection"]) == (503, "close")  # there is no database
        assert await other.is_closed()
        assert await ask(await world.connect(), b"") == 200
