"""A shop with people in it, and gateways that recommend from it, whose doors can be closed."""

import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from gateway.app.application import create_app
from gateway.app.container import Services
from gateway.auth.caller import ANONYMOUS
from gateway.recommendations.schemas import RecommendationsRequest
from tests.support import Database, make_user
from tests.support.gateway_app import Door, client_of, make_settings
from tests.support.proxy import Proxy
from tests.support.stack import Stack
from tests.support.storefront import Storefront, around
from tests.support.waiting import until, until_true

SEA, HILL = 1, 2
ROPES = [f"rope {number}" for number in range(5)]
TENTS = [f"tent {number}" for number in range(5)]
STALE, NOTHING = "a stale answer", "an empty list"


@dataclass
class People:
    """Of the shop: tokens and ids by name."""

    shop: Storefront
    tokens: dict[str, str]
    ids: dict[str, uuid.UUID]


@contextmanager
def opened(stack: Stack, database: Database) -> Iterator[People]:
    """Everybody buys rope 0; alice looked at a tent, bob bought rope 1, carol has done nothing."""
    with database.connect("supabase_admin") as admin, database.connect() as door:
        shop = Storefront(admin, door)
        shop.stock(ROPES, "ropes")
        shop.stock(TENTS, "tents")
        shop.stock(["sold out"], "ropes", units=0)
        shop.stock(["withdrawn"], "tents", active=False)
        shop.embed({name: around(SEA, number) for number, name in enumerate([*ROPES, "sold out"])})
        shop.embed({name: around(HILL, number) for number, name in enumerate([*TENTS, "withdrawn"])})
        for number in range(4):
            shop.order(make_user(admin, f"b{number}@example.org"), "rope 0", "rope 1")
        sessions = {name: stack.sign_up(f"{name}@example.org") for name in ("alice", "bob", "carol")}
        ids = {name: uuid.UUID(session["user"]["id"]) for name, session in sessions.items()}
        shop.note(ids["alice"], "view", "tent 0")
        shop.order(ids["bob"], "rope 1")
        shop.fold()
        yield People(shop, {name: session["access_token"] for name, session in sessions.items()}, ids)


@dataclass
class Gateway:
    """A gateway whose doors can be closed."""

    client: httpx2.AsyncClient
    to_database: Proxy
    to_replica: Proxy
    to_api: Door
    people: People
    services: Services

    async def get(self, person: str = "nobody", **query: Any) -> httpx2.Response:
        """The answer to a person."""
        token = self.people.tokens.get(person)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return await self.client.get("/v1/recommendations", params=query, headers=headers)

    async def ask(self, person: str = "nobody", *, used: set[str] | None = None, **query: Any) -> dict[str, Any]:
        """The answer, when so much was used in place of something else."""
        response = await self.get(person, **query)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        assert {degradation["used"] for degradation in answer["degradations"]} == (used or set()), answer
        assert answer["degraded"] == bool(used)
        assert all(degradation["reason"] for degradation in answer["degradations"])
        return answer

    async def until_well(self) -> None:
        """Ask until nothing is missing."""

        async def is_well() -> bool:
            return not (await self.get("alice")).json()["degraded"]

        await until(is_well, "nothing being missing", every_s=0.05)


def named(answer: dict[str, Any]) -> list[str]:
    return [each["name"] for each in answer["recommendations"]]


@asynccontextmanager
async def gateway_of(
    stack: Stack,
    database: Database,
    people: People,
    *,
    starts_closed: bool = False,
    replica: bool = False,
    **changes: Any,
) -> AsyncIterator[Gateway]:
    async with Proxy(database.port).running() as to_database, Proxy(database.port).running() as to_replica:

        def url(door: Proxy) -> str:
            return f"postgresql://tidegate_gateway@127.0.0.1:{door.port}/{database.name}"

        settings = make_settings(
            url(to_database),
            replica_database_url=url(to_replica) if replica else None,
            supabase_url=stack.supabase_url,
            supabase_publishable_key=stack.keys.publishable_key,
            **changes,
        )
        to_api = Door()
        if starts_closed:
            to_database.refuse()
            to_api.is_closed = True
        app = create_app(settings, transport=to_api)
        async with client_of(app, connected=not starts_closed) as client:
            if not starts_closed:
                await _asked_for_what_is_most_popular(app.state.services)
            yield Gateway(client, to_database, to_replica, to_api, people, app.state.services)


async def _asked_for_what_is_most_popular(services: Services) -> None:
    # Which it does by itself, soon after it has started, and what is known in the end must not depend on how soon.
    known = services.recommendations.stale
    await until_true(lambda: known.get(RecommendationsRequest(), ANONYMOUS) is not None, "what is most popular")
