"""Reading by id: each caller reads what search would find for them, and their own orders, whichever way it is asked."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg import errors

from gateway.auth.caller import ANONYMOUS
from gateway.auth.tokens import caller_of
from gateway.clients.data_api import DataApi
from gateway.clients.http import create_client
from gateway.database.pool import Database as GatewayDatabase
from gateway.errors import NotFoundError, UnauthenticatedError
from gateway.reading.service import ReadingService
from gateway.resilience import Policy
from tests.integration.test_access import ACTORS, READABLE
from tests.support import Database, Process, Stack, as_caller
from tests.support.gateway_app import NOWHERE
from tests.support.shop import Shop
from tests.support.tenants import Tenants, populate

FILE = "Berths are let by the week."


@pytest.fixture(scope="module")
def tenants(database: Database) -> Tenants:
    """Each document has a file."""
    tenants = populate(database)
    with database.connect("supabase_admin") as admin:
        for document in tenants.documents.values():
            file = uuid.uuid4()
            admin.execute(
                "insert into public.document_files (id, document_id, scope_id, name, key, version)"
                " select %s, d.id, d.scope_id, 'berths.csv', 'berths.csv', '1' from public.documents d where d.id = %s",
                (file, document),
            )
            admin.execute(
                "insert into public.file_texts (file_id, document_id, scope_id, content)"
                " select %s, d.id, d.scope_id, %s from public.documents d where d.id = %s",
                (file, FILE, document),
            )
    return tenants


@pytest.fixture(scope="module")
def shop(database: Database) -> Iterator[Shop]:
    with database.connect("supabase_admin") as admin, database.connect() as people:
        yield Shop(database, admin, people)


def read(connection: psycopg.Connection[Any], source: uuid.UUID, **arguments: int) -> dict[str, Any] | None:
    named = "".join(f", {name} => {value}" for name, value in arguments.items())
    row = connection.execute(f"select public.read_source(%s{named})".encode(), (source,)).fetchone()
    assert row is not None
    found: dict[str, Any] | None = row[0]["source"]
    return found


@pytest.mark.parametrize("actor", ACTORS)
def test_people_read_what_they_may(connection: psycopg.Connection[Any], tenants: Tenants, actor: str) -> None:
    with as_caller(connection, tenants.people[actor], {"staff": actor == "staff"}):
        found = {title: read(connection, document) for title, document in tenants.documents.items()}
    assert {title for title, source in found.items() if source is not None} == READABLE[actor]
    for title, source in found.items():
        if source is not None:
            text = f"What stands in the {title}.\n\n# berths.csv\n\n{FILE}"
            assert (source["title"], source["text"], source["characters"]) == (title, text, len(text))


def test_a_long_text_is_read_part_by_part(connection: psycopg.Connection[Any], tenants: Tenants) -> None:
    document = tenants.documents["harbour leaflet"]
    with as_caller(connection, None):
        whole = read(connection, document)
        assert whole is not None
        parts = [read(connection, document, skip=skip, max_characters=20) for skip in range(0, 100, 20)]
        assert "".join(part["text"] for part in parts if part) == whole["text"]
        for wrong in ({"skip": -1}, {"max_characters": 0}, {"max_characters": 100_001}):
            with pytest.raises(errors.InvalidParameterValue), connection.transaction():
                read(connection, document, **wrong)


def test_a_product_is_read_while_it_is_on_sale(
    connection: psycopg.Connection[Any], tenants: Tenants, shop: Shop
) -> None:
    lamp, old = shop.product(3, "20.50"), shop.product(3, active=False)
    with as_caller(connection, None):
        source = read(connection, lamp)
        assert source is not None
        assert (source["kind"], source["title"], source["metadata"]["price"]) == ("product", "Anchor lamp", 20.5)
        assert read(connection, old) is None
    with as_caller(connection, tenants.people["staff"], {"staff": True}):
        assert read(connection, old) is not None


def test_orders_are_the_callers_own(connection: psycopg.Connection[Any], shop: Shop) -> None:
    lamp = shop.product(30)
    buyer, other = shop.buyer(), shop.buyer()
    mine = [shop.place(buyer, {lamp: quantity}, f"order {quantity}")["id"] for quantity in (1, 2, 3)]
    theirs = shop.place(other, {lamp: 1}, "theirs")["id"]
    first_two = shop.call(buyer, "my_orders", order_id=None, max_orders=2)
    assert ([order["id"] for order in first_two["orders"]], first_two["complete"]) == (mine[:0:-1], False)
    every = shop.call(buyer, "my_orders", order_id=None, max_orders=3)
    assert ([order["id"] for order in every["orders"]], every["complete"]) == (mine[::-1], True)
    assert [item["quantity"] for order in every["orders"] for item in order["items"]] == [3, 2, 1]
    for person in (buyer, shop.staff):
        assert shop.call(person, "my_orders", order_id=theirs, max_orders=1)["orders"] == []
    assert shop.call(other, "my_orders", order_id=theirs, max_orders=1)["orders"][0]["id"] == theirs
    with pytest.raises(errors.InsufficientPrivilege):
        shop.call(None, "my_orders", order_id=None, max_orders=1)


@pytest.mark.anyio
async def test_it_is_the_same_through_the_data_api(
    database: Database, stack: Stack, api: Process, tenants: Tenants, shop: Shop
) -> None:
    session = stack.sign_up("reader@example.org")
    person = uuid.UUID(session["user"]["id"])
    order = shop.place(person, {shop.product(5, "20.50"): 2}, "mine")["id"]
    caller = replace(caller_of({"sub": str(person), "role": "authenticated"}), token=session["access_token"])
    answers = []
    async with create_client() as client:
        way = DataApi(stack.supabase_url, stack.keys.publishable_key, client, Policy("data_api", 60.0))
        for url, used in ((database.url_for("tidegate_gateway"), []), (NOWHERE, ["the Data API"])):
            gateway = GatewayDatabase(url, Policy("database", 60.0))
            await gateway.open()
            reading = ReadingService(gateway, data_api=way)
            try:
                found = await reading.source(tenants.documents["harbour leaflet"], caller, 5)
                orders = await reading.orders(caller, 5)
                one = await reading.order(uuid.UUID(order), caller)
                with pytest.raises(NotFoundError):
                    await reading.source(tenants.documents["owner's diary"], caller)
                with pytest.raises(NotFoundError):
                    await reading.order(uuid.uuid4(), caller)
                with pytest.raises(UnauthenticatedError):
                    await reading.orders(ANONYMOUS, 5)
            finally:
                await gateway.close()
            assert [each.used for each in (*found.degradations, *orders.degradations, *one.degradations)] == 3 * used
            assert (float(one.orders[0].total), one.orders[0].items[0].quantity) == (41.0, 2)
            answers.append((found.source, orders.orders, orders.complete, one.orders))
    assert answers[0] == answers[1]
