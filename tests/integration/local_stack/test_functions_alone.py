"""The Edge Functions while nothing listens where the gateway should: the same rows, and answers that say so."""

import copy
import time
import uuid
from typing import Any

import httpx2
import jwt
import pytest

from tests.integration.local_stack.support import PASSWORD, Client
from tests.support import as_caller
from tests.support.databases import Database
from tests.support.joining import join
from tests.support.ports import free_port
from tests.support.stack import Process, Stack
from tests.support.waiting import wait_until

ACTORS = ("owner", "member", "stranger", "anonymous")
QUESTION = {"query": "mooring", "passages_per_result": 2, "include": ["content"]}
SHOP = """
    with category as (
      insert into public.categories (slug, name, description)
      values ('deck', 'Deck', 'For boats') returning id
    )
    insert into public.products (category_id, sku, name, description, price, currency, stock)
    select id, sku, name, description, 49.50, 'EUR', 3 from category, (values
      ('MOO-1', 'Mooring line', 'A line for mooring.'),
      ('FEN-1', 'Round fender', 'It keeps a boat from the quay.')) p (sku, name, description)
"""
DOCUMENT = """
    insert into public.documents (title, content, organization_id, visibility, metadata)
    values (%s, 'How we do the mooring here.', %s, %s, '{"number": 12345678901234567890, "price": 1.50}')
"""


def beside(stack: Stack, **environment: str) -> Stack:
    """The same project by another address, whose functions find no gateway. Its tokens are of the first address."""
    other = copy.copy(stack)
    other.supabase_port, other.gateway_port = free_port(), free_port()
    other.start_api(API_EXTERNAL_URL=stack.supabase_url, **environment)
    return other


class Alone:
    """A stack whose functions find no gateway, beside the same one with a gateway."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.without = beside(stack)
        self.tokens: dict[str, str | None] = {"anonymous": None}
        self.ids: dict[str, uuid.UUID] = {}

    def caller(self, actor: str) -> Client:
        """Somebody at the API whose functions find no gateway."""
        return self.with_token(self.tokens[actor])

    def with_token(self, token: str | None) -> Client:
        """The same with any token."""
        return Client(self.without.supabase_url, self.stack.keys.publishable_key, token)

    def gateway(self, actor: str, question: object) -> httpx2.Response:
        """The gateway's own answer to a search."""
        token = self.tokens[actor]
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = f"{self.stack.gateway_url}/v1/search"
        return httpx2.post(url, json=question, headers=headers, timeout=60, trust_env=False)


@pytest.fixture(scope="module")
def alone(database: Database, stack: Stack, api: Process, gateway: Process, worker: Process) -> Alone:
    alone = Alone(stack)
    for name in ACTORS[:3]:
        session = stack.sign_up(f"{name}@example.org", PASSWORD)
        alone.tokens[name], alone.ids[name] = session["access_token"], uuid.UUID(session["user"]["id"])
    with database.connect() as connection:
        connection.execute(SHOP.encode())
        with as_caller(connection, alone.ids["owner"]):
            founded = connection.execute(
                "insert into public.organizations (name, slug) values ('Harbour', 'harbour') returning id"
            ).fetchone()
        assert founded is not None
        connection.execute("update public.organizations set may_publish = true")
        join(connection, founded[0], alone.ids["owner"], alone.ids["member"], "viewer")
        with as_caller(connection, alone.ids["owner"]):
            for place, visibility in ((None, "private"), (founded[0], "organization"), (founded[0], "public")):
                connection.execute(DOCUMENT.encode(), (f"{visibility} paper", place, visibility))
    asked = {**QUESTION, "mode": "keyword"}
    wait_until(lambda: len(alone.gateway("owner", asked).json()["results"]) == 4, "everything being found")
    return alone


@pytest.fixture(scope="module")
def impatient(alone: Alone) -> Client:
    """Nobody, at an API whose functions wait for the database only shortly."""
    stack = beside(alone.stack, DATA_API_TIMEOUT_MS="300")
    return Client(stack.supabase_url, stack.keys.publishable_key)


def search(caller: Client, question: object) -> httpx2.Response:
    return caller.post("/functions/v1/search", json=question)


@pytest.mark.parametrize("actor", ACTORS)
def test_search_finds_by_words_what_the_gateway_finds_by_words(alone: Alone, actor: str) -> None:
    wanted = alone.gateway(actor, {**QUESTION, "mode": "keyword"}).json()
    answer = search(alone.caller(actor), QUESTION)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert len(found["results"]) == {"owner": 4, "member": 3, "stranger": 2, "anonymous": 2}[actor]
    assert found["results"] == wanted["results"]
    assert found.keys() == wanted.keys()
    assert (found["mode"], found["complete"], found["degraded"]) == ("keyword", wanted["complete"], True)
    (degradation,) = found["degradations"]
    assert degradation["dependency"] == "gateway"
    assert degradation["used"] == "keyword search through the Data API"


def test_filters_mean_the_same_without_the_gateway(alone: Alone) -> None:
    for question in (
        {"query": "mooring", "in": ["products"], "filters": {"category": "deck", "price_max": 49.5, "in_stock": True}},
        {"query": "mooring", "filters": {"price_min": 49.51}},
        {"query": "mooring", "filters": {"metadata": {"price": 1.5}}, "limit": 1},
        {"query": "  mooring -line\n"},
        {"query": "mooring -line", "syntax": "plain"},
        {"query": '"round fender"', "include": ["neighbours"]},
    ):
        wanted = alone.gateway("owner", {**question, "mode": "keyword"}).json()
        found = search(alone.caller("owner"), {**question, "mode": "keyword"}).json()
        assert (found["results"], found["complete"]) == (wanted["results"], wanted["complete"]), question
        assert found["degradations"][0]["used"] == "the Data API"


def test_a_bad_token_is_never_anonymous_without_the_gateway(alone: Alone) -> None:
    keys = alone.stack.keys
    person = alone.tokens["owner"]
    assert person is not None
    expired = {"role": "authenticated", "sub": str(alone.ids["owner"]), "aud": "authenticated"}
    for token in (
        "a.b.c",
        "sb_publishable_wrong",
        keys.secret_key,
        person[:-4] + "AAAA",
        jwt.encode({"role": "anon", "exp": int(time.time()) + 600}, "x" * 32, algorithm="HS256"),
        jwt.encode({"role": "service_role", "exp": int(time.time()) + 600}, keys.jwt_secret, algorithm="HS256"),
        jwt.encode({**expired, "exp": int(time.time()) - 600}, keys.jwt_secret, algorithm="HS256"),
    ):
        answer = search(alone.with_token(token), QUESTION)
        assert answer.status_code == 401, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["access-control-allow-origin"] == "*"


def test_an_exact_search_is_for_people_without_the_gateway_as_well(alone: Alone) -> None:
    exact = {**QUESTION, "effort": "exact"}
    refused, wanted = search(alone.caller("anonymous"), exact), alone.gateway("anonymous", exact)
    assert (refused.status_code, refused.json()["type"]) == (wanted.status_code, wanted.json()["type"])
    assert search(alone.caller("owner"), exact).status_code == 200


def test_a_closed_account_is_refused_without_the_gateway(alone: Alone) -> None:
    session = alone.stack.sign_up(f"{uuid.uuid4()}@example.org", PASSWORD)
    leaver = alone.with_token(session["access_token"])
    assert leaver.call("close_account").status_code in {200, 204}
    answer = search(leaver, QUESTION)
    assert (answer.status_code, answer.json()["detail"]) == (401, "This account is closed.")


def test_a_database_that_is_stuck_is_a_503_that_says_when_to_come_back(impatient: Client, database: Database) -> None:
    with database.connect() as connection, connection.transaction():
        connection.execute("lock table public.chunks in access exclusive mode")
        answer = search(impatient, QUESTION)
    assert answer.status_code == 503, answer.text
    assert answer.headers["retry-after"] == "2"
    assert answer.headers["content-type"] == "application/problem+json"
    assert "The Data API: It did not answer within 0.3 s." in answer.json()["detail"]


def recommend(caller: Client, wish: object) -> httpx2.Response:
    return caller.post("/functions/v1/recommend", json=wish)


@pytest.mark.parametrize("actor", ACTORS)
def test_recommendations_are_the_gateways_with_it_and_without(alone: Alone, actor: str) -> None:
    shop = alone.caller("anonymous").rows("products?select=id&sku=eq.MOO-1")
    wishes: tuple[dict[str, Any], ...] = ({}, {"like": shop[0]["id"]}, {"category": "deck", "limit": 1})
    token = alone.tokens[actor]
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with_gateway = Client(alone.stack.supabase_url, alone.stack.keys.publishable_key, token)
    for wish in wishes:
        url = f"{alone.stack.gateway_url}/v1/recommendations"
        direct = httpx2.get(url, params=wish, headers=headers, timeout=60, trust_env=False).json()
        assert direct["recommendations"], wish
        through, without = (recommend(caller, wish) for caller in (with_gateway, alone.caller(actor)))
        assert through.status_code == without.status_code == 200, (through.text, without.text)
        for answer in (through.json(), without.json()):
            assert answer.keys() == direct.keys()
            assert (answer["recommendations"], answer["source"]) == (direct["recommendations"], direct["source"]), wish
        assert (through.json()["degraded"], without.json()["degraded"]) == (False, True)


def test_recommendations_refuse_a_bad_token_without_the_gateway(alone: Alone) -> None:
    for token in ("a.b.c", alone.stack.keys.secret_key):
        assert recommend(alone.with_token(token), {}).status_code == 401


def test_recommendations_of_a_database_that_is_stuck_are_an_empty_list(impatient: Client, database: Database) -> None:
    with database.connect() as connection, connection.transaction():
        connection.execute("lock table public.products in access exclusive mode")
        answer = recommend(impatient, {})
    assert (answer.status_code, answer.json()["recommendations"], answer.json()["source"]) == (200, [], None)
    assert [each["used"] for each in answer.json()["degradations"]] == ["an empty list", "an empty list"]


def ask(caller: Client, **question: object) -> httpx2.Response:
    return caller.post("/functions/v1/answers", json={"question": "How do we do the mooring?", **question})


@pytest.mark.parametrize("actor", ACTORS)
def test_answers_without_the_gateway_quote_what_the_caller_may_read(alone: Alone, actor: str) -> None:
    answer = ask(alone.caller(actor))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert len(found["passages"]) == {"owner": 4, "member": 3, "stranger": 2, "anonymous": 2}[actor]
    contents = {passage["chunk_id"]: passage["content"] for passage in found["passages"]}
    assert found["citations"][0]["quote"] == "How we do the mooring here."
    for citation in found["citations"]:
        quoted = contents[citation["chunk_id"]][citation["passage_start"] : citation["passage_end"]]
        assert quoted == citation["quote"] == found["answer"][citation["start"] : citation["end"]]
    assert (found["kind"], found["grounded"], found["degraded"]) == ("quoted", True, True)
    assert found["degradations"][0]["used"] == "quotations, found by words through the Data API"


def test_answers_with_the_gateway_are_its_own(alone: Alone) -> None:
    caller = Client(alone.stack.supabase_url, alone.stack.keys.publishable_key, alone.tokens["owner"])
    body = {"question": "How do we do the mooring?"}
    headers = {"Authorization": f"Bearer {alone.tokens['owner']}"}
    url = f"{alone.stack.gateway_url}/v1/answers"
    direct = httpx2.post(url, json=body, headers=headers, timeout=60, trust_env=False).json()
    through = ask(caller).json()
    assert through.keys() == direct.keys()
    assert {**through, "took_ms": 0} == {**direct, "took_ms": 0}
    events = ask(caller, stream=True)
    assert events.headers["content-type"] == "text/event-stream"
    names = [line for line in events.text.splitlines() if line.startswith("event: ")]
    assert (names[0], names[-1]) == ("event: search", "event: done")


def test_answers_refuse_a_bad_token_without_the_gateway(alone: Alone) -> None:
    for token in ("a.b.c", alone.stack.keys.secret_key):
        assert ask(alone.with_token(token)).status_code == 401
