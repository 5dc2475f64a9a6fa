"""How clients of the MCP server sign people in: from the 401 to Supabase Auth and back, by the library's own client."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import jwt
import pytest
from mcp import Client
from mcp.client.auth import OAuthClientProvider, OAuthFlowError
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import (
    AuthorizationCodeResult,
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthToken,
)
from pydantic import AnyUrl

from tests.answers.mcp_client import METADATA, URL, VERSIONS, call, calling, post
from tests.answers.world import World
from tests.support.oauth_server import OAuthServer
from tests.support.tokens import ISSUER, SUPABASE_URL

pytestmark = pytest.mark.anyio

CALLBACK = "http://127.0.0.1:33418/callback"
SIGN_IN = [
    "/.well-known/oauth-authorization-server/auth/v1",
    "/auth/v1/oauth/clients/register",
    "/auth/v1/oauth/authorize",
    "/auth/v1/oauth/token",
]


class Kept:
    """Where a client keeps what it got."""

    def __init__(self) -> None:
        self.tokens: OAuthToken | None = None
        self.client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


class Person:
    """Somebody who has signed in on the consent page, and decides there."""

    def __init__(self, world: World, auth: OAuthServer, actor: str, action: str) -> None:
        self._headers, self._action = world.headers(actor), action
        self._auth = auth
        self._back = ""
        self.told: dict[str, Any] = {}

    async def decide(self, address: str) -> None:
        """Open the address that a client gives, and consent or not."""
        async with httpx2.AsyncClient(transport=self._auth.transport, headers=self._headers) as browser:
            query = dict(parse_qsl(urlsplit((await browser.get(address)).headers["location"]).query))
            place = f"{ISSUER}/oauth/authorizations/{query['authorization_id']}"
            self.told = (await browser.get(place)).json()
            decided = await browser.post(f"{place}/consent", json={"action": self._action})
        self._back = decided.json()["redirect_url"]

    async def come_back(self) -> AuthorizationCodeResult:
        """What the client hears at its own address."""
        assert self._back.startswith(f"{CALLBACK}?")
        query = dict(parse_qsl(urlsplit(self._back).query))
        return AuthorizationCodeResult(code=query.get("code", ""), state=query["state"])


@pytest.fixture
def auth(world: World) -> OAuthServer:
    return OAuthServer(world.project.key)


@asynccontextmanager
async def signing_in(
    world: World, auth: OAuthServer, person: Person, kept: Kept, *, mode: str = "auto", method: Any = None
) -> AsyncIterator[Client]:
    """A client that knows nothing but the address of the MCP server."""
    itself = OAuthClientMetadata(
        redirect_uris=[AnyUrl(CALLBACK)], client_name="A chat client", token_endpoint_auth_method=method
    )
    flow = OAuthClientProvider(URL, itself, kept, person.decide, person.come_back)
    gateway = httpx2.ASGITransport(world.app, raise_app_exceptions=False)
    async with (
        httpx2.AsyncClient(transport=gateway, mounts={SUPABASE_URL: auth.transport}, auth=flow) as http,
        Client(streamable_http_client(URL, http_client=http), mode=mode) as client,
    ):
        yield client


@pytest.mark.parametrize("mode", VERSIONS)
@pytest.mark.parametrize("method", [None, "client_secret_post", "none"])
async def test_two_people_sign_in_and_see_their_own_orders(
    world: World, auth: OAuthServer, orders: dict[str, str], mode: str, method: str | None
) -> None:
    for actor in ("owner", "stranger"):
        person, kept = Person(world, auth, actor, "approve"), Kept()
        auth.paths.clear()
        async with signing_in(world, auth, person, kept, mode=mode, method=method) as client:
            assert (await client.list_tools()).tools
            assert auth.paths == []  # what is public needs no sign-in
            found = await call(client, "list_orders")
        assert [order["id"] for order in found["orders"]] == [orders[actor]]
        assert [path for path in auth.paths if "authorizations" not in path] == SIGN_IN
        assert kept.tokens is not None
        assert kept.client is not None
        claims = jwt.decode(kept.tokens.access_token, options={"verify_signature": False})
        assert (claims["client_id"], claims["sub"]) == (kept.client.client_id, str(world.tenants.people[actor]))


async def test_people_are_asked_for_no_more_than_is_needed(world: World, auth: OAuthServer, orders: object) -> None:
    person = Person(world, auth, "owner", "approve")
    async with signing_in(world, auth, person, Kept()) as client:
        await call(client, "list_orders")
    assert person.told["client"]["name"] == "A chat client"
    assert set(person.told["scope"].split()) == {"email", "offline_access"}


async def test_a_token_that_ends_is_renewed(world: World, auth: OAuthServer, orders: dict[str, str]) -> None:
    auth.expires_in_s = 0
    kept = Kept()
    async with signing_in(world, auth, Person(world, auth, "owner", "approve"), kept) as client:
        await call(client, "list_orders")
        first, auth.expires_in_s = kept.tokens, 3600
        auth.paths.clear()
        found = await call(client, "list_orders")
    assert [order["id"] for order in found["orders"]] == [orders["owner"]]
    assert set(auth.paths) == {"/auth/v1/oauth/token"}
    assert kept.tokens != first


async def test_who_does_not_consent_is_not_signed_in(world: World, auth: OAuthServer) -> None:
    kept = Kept()
    with pytest.RaisesGroup(OAuthFlowError, flatten_subgroups=True, allow_unwrapped=True):
        async with signing_in(world, auth, Person(world, auth, "owner", "deny"), kept) as client:
            await client.call_tool("list_orders", {})
    assert kept.tokens is None
    assert "/auth/v1/oauth/token" not in auth.paths


@pytest.mark.parametrize("version", VERSIONS.values())
async def test_who_must_sign_in_is_told_where(world: World, version: str) -> None:
    message, headers = calling("list_orders", version)
    visitor = await post(world, message, **headers)
    forged = await post(world, message, Authorization="Bearer a.b.c", **headers)
    for response in (visitor, forged):
        assert (response.status_code, response.headers["content-type"]) == (401, "application/json")
    challenge = f'Bearer resource_metadata="{METADATA}/mcp"'
    assert visitor.headers["www-authenticate"] == challenge
    assert forged.headers["www-authenticate"].startswith(f'{challenge}, error="invalid_token"')
    for address in (METADATA, f"{METADATA}/mcp"):
        metadata = (await world.client.get(address)).json()
        assert (metadata["resource"], metadata["authorization_servers"]) == (URL, [ISSUER])
