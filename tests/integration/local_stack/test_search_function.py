"""The search function in front of the real gateway: the same answer as the gateway's own, refusals included."""

import json
import os
import subprocess
import time
import uuid
from pathlib import Path
from typing import Any

import httpx2
import jwt
import pytest

from gateway.local.bootstrap import deno_command
from tests.integration.local_stack.support import PASSWORD, Client, anonymous, person
from tests.support.databases import Database
from tests.support.filters import PASSING, REFUSED
from tests.support.stack import Process, Stack
from tests.support.waiting import wait_until

PRODUCTS = """
    with category as (
      insert into public.categories (slug, name, description)
      values ('kitchen', 'Kitchen', 'For cooking') returning id
    )
    insert into public.products (category_id, sku, name, description, price, currency, stock)
    select id, 'KET-1', 'Copper kettle', 'A kettle that whistles.', 49.50, 'EUR', 3 from category
"""
QUESTION = {"query": "kettle", "mode": "keyword", "in": ["products"]}


@pytest.fixture(scope="module")
def reachable(database: Database, stack: Stack, api: Process, gateway: Process, worker: Process) -> Stack:
    """API and gateway on a database with one product, which the worker has made searchable."""
    with database.connect() as connection:
        connection.execute(PRODUCTS.encode())
    caller = anonymous(stack)
    wait_until(lambda: directly(caller, stack, QUESTION).json()["results"], "the product being found")
    return stack


def ask(caller: Client, question: object) -> httpx2.Response:
    """Ask through the function."""
    return caller.post("/functions/v1/search", json=question)


def directly(caller: Client, stack: Stack, question: object) -> httpx2.Response:
    """Ask the gateway itself as the same caller."""
    headers = {name: value for name, value in caller.headers.items() if name == "Authorization"}
    return httpx2.post(f"{stack.gateway_url}/v1/search", json=question, headers=headers, timeout=60, trust_env=False)


@pytest.mark.parametrize("who", [anonymous, person], ids=["anonymous", "person"])
def test_the_function_answers_what_the_gateway_answers(reachable: Stack, who: object) -> None:
    assert callable(who)
    caller: Client = who(reachable)
    through, direct = ask(caller, QUESTION), directly(caller, reachable, QUESTION)
    assert through.status_code == direct.status_code == 200, through.text
    assert through.json()["results"] == direct.json()["results"]
    assert [result["title"] for result in through.json()["results"]] == ["Copper kettle"]
    assert through.headers["access-control-allow-origin"] == "*"


def filtered(metadata: dict[str, Any]) -> dict[str, object]:
    """A question with this filter."""
    return {"query": "x", "mode": "keyword", "filters": {"metadata": metadata}}


# Each is refused where it arrives, in the same words.
WRONG: tuple[object, ...] = (
    [],
    {},
    {"query": ""},
    {"query": " \n\x1c\x85"},
    {"query": 5},
    {"query": None},
    {"query": "x" * 4_001},
    {"query": "🌊" * 4_001},
    {"query": "a\0b"},
    {"query": "x", "unknown": 1},
    {"query": "x", "a/b~": 1, "b": 2},
    {"query": "", "limit": 0},
    {"query": "x", "limit": 101},
    {"query": "x", "limit": "3"},
    {"query": "x", "limit": 2.5},
    {"query": "x", "limit": True},
    {"query": "x", "limit": None},
    {"query": "x", "mode": "fast"},
    {"query": "x", "effort": "most"},
    {"query": "x", "syntax": "lucene"},
    {"query": "x", "in": "documents"},
    {"query": "x", "in": []},
    {"query": "x", "in": ["cats"]},
    {"query": "x", "in": ["documents", "documents"]},
    {"query": "x", "passages_per_result": 11},
    {"query": "x", "include": ["content", "content"]},
    {"query": "x", "include": ["cats"]},
    {"query": "x", "filters": 5},
    {"query": "x", "filters": {"unknown": 1}},
    {"query": "x", "filters": {"organization_ids": []}},
    {"query": "x", "filters": {"organization_ids": [str(uuid.UUID(int=0))] * 101}},
    {"query": "x", "filters": {"category": ""}},
    {"query": "x", "filters": {"category": "A b"}},
    {"query": "x", "filters": {"category": "a" * 64}},
    {"query": "x", "filters": {"price_min": -1}},
    {"query": "x", "filters": {"price_max": 1e300}},
    {"query": "x", "filters": {"price_min": 5, "price_max": 1}},
    {"query": "x", "filters": {"in_stock": 1}},
    {"query": "x", "filters": {"metadata": []}},
    {"query": "x", "filters": {"metadata": {"a": "x" * 4_000}}},
    {"query": "x", "filters": {"metadata": {"a": "\0"}}},
    {"query": "x", "in": ["documents"], "filters": {"category": "a", "in_stock": False}},
    {"query": "x", "filters": {"languages": ["x"]}},
    {"query": "x", "filters": {"created_after": "2026-02-30"}},
    *map(filtered, REFUSED),
    {"query": "x", "in": ["products"], "filters": {"organization_ids": [str(uuid.UUID(int=0))]}},
)
# Each is at the end of what is taken.
RIGHT: tuple[dict[str, object], ...] = (
    {"query": "🌊" * 4_000},
    {"query": f"\t{'x' * 4_000}\n"},
    {"query": "x", "limit": 10.0},
    {"query": "x", "filters": {"category": None, "price_min": 0, "price_max": 0, "metadata": {"a": "\\u0000"}}},
    {"query": "x", "filters": {"organization_ids": [str(uuid.UUID(int=0)), str(uuid.UUID(int=1)).upper()]}},
    *(filtered(metadata) for metadata, _ in PASSING.values()),
    {"query": "x", "include": ["content", "neighbours"], "passages_per_result": 10, "limit": 100},
)


def test_a_bad_question_is_refused_as_the_gateway_refuses_it(reachable: Stack) -> None:
    caller = anonymous(reachable)
    for question in WRONG:
        through, direct = ask(caller, question), directly(caller, reachable, question)
        assert through.status_code == direct.status_code == 422, (question, through.text, direct.text)
        assert through.headers["content-type"] == "application/problem+json"
        for name in ("type", "title", "detail", "errors"):
            assert through.json()[name] == direct.json()[name], question


def test_what_is_no_question_is_refused_as_the_gateway_refuses_it(reachable: Stack) -> None:
    caller = anonymous(reachable)
    for content, kind in ((b"{", "application/json"), (b"{}", "text/plain"), (b" " * 65_537, "application/json")):
        through = caller.send("POST", "/functions/v1/search", {"Content-Type": kind}, content=content)
        url = f"{reachable.gateway_url}/v1/search"
        direct = httpx2.post(url, headers={"Content-Type": kind}, content=content, timeout=60, trust_env=False)
        assert through.status_code == direct.status_code, (content[:9], through.text)
        assert (through.json()["type"], through.json()["title"]) == (direct.json()["type"], direct.json()["title"])


def test_half_a_surrogate_pair_is_refused(reachable: Stack) -> None:
    caller, content = anonymous(reachable), rb'{"query": "x\ud800"}'
    through = caller.send("POST", "/functions/v1/search", {"Content-Type": "application/json"}, content=content)
    assert through.status_code == 422
    assert through.json()["errors"][0]["code"] == "string_unicode"


def test_whatever_the_gateway_takes_the_function_takes(reachable: Stack) -> None:
    caller = anonymous(reachable)
    for question in RIGHT:
        asked = {**question, "mode": "keyword"}
        assert directly(caller, reachable, asked).status_code == 200, asked
        assert ask(caller, asked).status_code == 200, asked


def bad_tokens(stack: Stack) -> dict[str, str]:
    """What proves nothing, each a temptation to take it for an API key and its sender for nobody."""
    anonymous_role = {"role": "anon", "exp": int(time.time()) + 600}
    return {
        "garbage": "a.b.c",
        "another project's key": "sb_publishable_wrong",
        "a key cut short": stack.keys.publishable_key[:-1],
        "the secret key": stack.keys.secret_key,
        "another project's legacy key": jwt.encode(anonymous_role, "x" * 32, algorithm="HS256"),
    }


def test_a_bad_token_is_never_anonymous(reachable: Stack) -> None:
    for name, bad in bad_tokens(reachable).items():
        for key in (reachable.keys.publishable_key, bad):
            caller = Client(reachable.supabase_url, key, bad)
            through, direct = ask(caller, QUESTION), directly(caller, reachable, QUESTION)
            assert (through.status_code, direct.status_code) == (401, 401), (name, through.text)
            assert through.headers["content-type"] == "application/problem+json"
            assert through.headers["www-authenticate"] == direct.headers["www-authenticate"]
            assert through.json()["detail"] == direct.json()["detail"], name


def test_the_publishable_key_in_place_of_a_token_is_nobody(reachable: Stack) -> None:
    key = reachable.keys.publishable_key
    response = ask(Client(reachable.supabase_url, key, key), QUESTION)
    assert (response.status_code, len(response.json()["results"])) == (200, 1), response.text


def test_supabase_js_searches_with_a_session_and_without(reachable: Stack) -> None:
    email, word = f"{uuid.uuid4()}@example.com", "zeppelin"
    session = reachable.sign_up(email, PASSWORD)
    owner = Client(reachable.supabase_url, reachable.keys.publishable_key, session["access_token"])
    made = owner.insert("documents", {"title": "Airships", "content": f"A {word} is an airship."}, "return=minimal")
    assert made.status_code == 201, made.text
    question = {"query": word, "mode": "keyword", "in": ["documents"]}
    wait_until(lambda: directly(owner, reachable, question).json()["results"], "the document being found")
    script = Path(__file__).with_name("invoke.ts")
    environment = {
        **os.environ,
        "SUPABASE_URL": reachable.supabase_url,
        "PUBLISHABLE_KEY": reachable.keys.publishable_key,
        "EMAIL": email,
        "PASSWORD": PASSWORD,
        "QUERY": word,
    }
    done = subprocess.run(
        deno_command(script, "-A"), env=environment, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"before": [], "signedIn": ["Airships"], "after": []}
