"""What docs/differences.md says of the local stack, where a request shows it."""

import uuid

import pytest

from tests.integration.local_stack.support import PASSWORD, Client, anonymous, define, person, service
from tests.support.databases import Database
from tests.support.stack import Process, Stack

EXACT = 2**53 + 1
SCRIPT = """
    create table public.numbers (id bigint primary key);
    grant all on public.numbers to service_role;
    create function public.same(number bigint) returns bigint language sql immutable as 'select number';
    grant execute on function public.same(bigint) to service_role;
"""


@pytest.fixture(scope="module")
def client(database: Database, stack: Stack, api: Process) -> Client:
    """The holder of the secret key."""
    define(database, stack, SCRIPT, "numbers")
    return service(stack)


def test_only_an_argument_in_a_query_string_rounds_a_large_integer(client: Client) -> None:
    assert client.insert("numbers", {"id": EXACT}).json() == [{"id": EXACT}]
    assert client.rows(f"numbers?id=eq.{EXACT}") == [{"id": EXACT}]
    assert client.rows(f"numbers?id=eq.{EXACT - 1}") == []
    assert client.call("same", number=EXACT).json() == EXACT
    assert client.get(f"/rest/v1/rpc/same?number={EXACT}").json() == EXACT - 1


def test_every_address_counts_as_confirmed(client: Client, stack: Stack) -> None:
    session = stack.sign_up(f"{uuid.uuid4()}@example.com", PASSWORD)
    assert session["user"]["email_confirmed_at"]


def test_anonymous_sign_in_is_off(client: Client, stack: Stack) -> None:
    response = anonymous(stack).post("/auth/v1/signup", json={"data": {}})
    assert (response.status_code, response.json()["error_code"]) == (422, "anonymous_provider_disabled")
    provider = anonymous(stack).get("/auth/v1/authorize?provider=github")
    assert (provider.status_code, provider.json()["error_code"]) == (400, "validation_failed")


def test_the_description_of_the_api_names_no_table(client: Client) -> None:
    assert "definitions" not in client.get("/rest/v1/").json()


def test_a_change_of_a_whole_table_is_left_to_functions(client: Client, database: Database, stack: Stack) -> None:
    define(
        database,
        stack,
        """create function public.forget_numbers() returns void language sql as 'delete from public.numbers';
           create table public.forgetting (id integer);
           grant execute on function public.forget_numbers() to service_role;""",
        "forgetting",
    )
    assert client.call("forget_numbers").status_code == 204


def test_files_lie_in_a_folder(client: Client, stack: Stack) -> None:
    client.post("/storage/v1/bucket", json={"id": "files", "name": "files"}).raise_for_status()
    client.post("/storage/v1/object/files/a.txt", content=b"hello").raise_for_status()
    folder = stack.state
    assert any(path.is_file() and path.read_bytes() == b"hello" for path in folder.rglob("*"))


def test_an_unknown_relationship_is_looked_for_in_the_schema_of_the_request(client: Client, stack: Stack) -> None:
    response = person(stack).get("/rest/v1/products?select=sku,profiles(id)")
    assert response.json()["code"] == "PGRST200"
    assert "in the schema 'public'" in response.json()["details"]
