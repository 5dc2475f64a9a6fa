"""The search function in front of the real gateway: the same answer as the gateway's own, refusals included."""

import json
import os
import subprocess
import time
import uuid
from pathlib import Path

import httpx2
import jwt
import pytest

from gateway.local.bootstrap import deno_command
from tests.integration.local_stack.support import PASSWORD, Client, anonymous, person
from tests.support.databases import Database
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
    wait_until(lambda: directly(caller, stack, QUESTION).json()["results"], 30, "the product being found")
    return stack


def ask(caller: Client, question: object) -> httpx2.Response:
    """Ask through the function."""
    return caller.post("/functions/v1/search", json=question)


def directly(caller: Client, stack: Stack, question: object) -> httpx2.Response:
    """Ask the gateway itself as the same caller."""
    headers = {name: value for name, value in caller.headers.items() if name == "Authorization"}
    return httpx2.post(f"{stack.gateway_url}/v1/search", json=question, headers=headers, timeout=30, trust_env=False)


@pytest.mark.parametrize("who", [anonymous, person], ids=["anonymous", "person"])
def test_the_function_answers_what_the_gateway_answers(reachable: Stack, who: object) -> None:
    assert callable(who)
    caller: Client = who(reachable)
    through, direct = ask(caller, QUESTION), directly(caller, reachable, QUESTION)
    assert through.status_code == direct.status_code == 200, through.text
    assert through.json()["results"] == direct.json()["results"]
    assert [result["title"] for result in through.json()["results"]] == ["Copper kettle"]
    assert through.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("question", [{"query": ""}, {"query": "x", "unknown": 1}, [], {"query": "x", "limit": 0}])
def test_a_bad_question_is_refused_as_the_gateway_refuses_it(reachable: Stack, question: object) -> None:
    caller = anonymous(reachable)
    through, direct = ask(caller, question), directly(caller, reachable, question)
    assert through.status_code == direct.status_code
    assert 400 <= through.status_code < 500
    assert through.headers["content-type"] == "application/problem+json"
    assert through.json()["detail"] == direct.json()["detail"]


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
    wait_until(lambda: directly(owner, reachable, question).json()["results"], 30, "the document being found")
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
        deno_command(script, "-A"), env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"before": [], "signedIn": ["Airships"], "after": []}
