"""Auth under races, with values of the wrong type, for people who are banned, and where something is missing."""

import hashlib
import json
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from tests.integration.local_stack.support import PASSWORD, Client, anonymous, person, service
from tests.support.databases import Database
from tests.support.stack import Process, Stack

AT_ONCE = 6
REFRESH = "/auth/v1/token?grant_type=refresh_token"


@pytest.fixture(scope="module")
def client(stack: Stack, api: Process) -> Client:
    """Somebody without a session."""
    return anonymous(stack)


def address() -> str:
    """An address that nobody has yet."""
    return f"{uuid.uuid4()}@example.com"


def at_once(request: Callable[[int], httpx2.Response]) -> list[httpx2.Response]:
    """The same request several times at the same moment."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(request, range(AT_ONCE)))


def error(response: httpx2.Response) -> tuple[int, Any]:
    """Status and code of a refusal."""
    return response.status_code, response.json().get("error_code")


def signed_up(client: Client, **more: object) -> dict[str, Any]:
    """The session of somebody new."""
    response = client.post("/auth/v1/signup", json={"email": address(), "password": PASSWORD, **more})
    assert response.status_code == 200, response.text
    session: dict[str, Any] = response.json()
    return session


def test_of_simultaneous_sign_ups_one_succeeds(client: Client) -> None:
    email = address()
    # The case of an address does not tell people apart.
    answers = at_once(
        lambda number: client.post(
            "/auth/v1/signup", json={"email": email.upper() if number % 2 else email, "password": PASSWORD}
        )
    )
    refused = [error(each) for each in answers if each.status_code != 200]
    assert refused == [(422, "user_already_exists")] * (AT_ONCE - 1)


def test_simultaneous_codes_of_one_address_are_one_account(client: Client, database: Database) -> None:
    email = address()
    answers = at_once(lambda _number: client.post("/auth/v1/otp", json={"email": email}))
    assert {each.status_code for each in answers} == {200}
    with database.connect("supabase_admin") as connection:
        found = connection.execute("select count(*) from auth.users where email = %s", [email]).fetchone()
    assert found == (1,)


def test_an_account_of_the_admin_and_a_sign_up_are_one(client: Client, stack: Stack) -> None:
    email, admin = address(), service(stack)
    body = {"email": email, "password": PASSWORD}
    paths = ["/auth/v1/signup", "/auth/v1/admin/users"]
    answers = at_once(lambda number: (client, admin)[number % 2].post(paths[number % 2], json=body))
    codes = sorted(each.status_code for each in answers)
    assert codes == [200, *[422] * (AT_ONCE - 1)]


def test_simultaneous_changes_of_one_person_all_remain(stack: Stack, api: Process) -> None:
    somebody = person(stack)
    at_once(lambda number: somebody.send("PUT", "/auth/v1/user", json={"data": {f"key{number}": number}}))
    kept = somebody.get("/auth/v1/user").json()["user_metadata"]
    assert {f"key{number}": number for number in range(AT_ONCE)}.items() <= kept.items()


def test_simultaneous_refreshes_of_one_token_all_give_a_session_that_lives(client: Client) -> None:
    token = signed_up(client)["refresh_token"]
    path = "/auth/v1/token?grant_type=refresh_token"
    answers = at_once(lambda _number: client.post(path, json={"refresh_token": token}))
    assert {each.status_code for each in answers} == {200}
    latest = answers[0].json()["refresh_token"]
    assert client.post(path, json={"refresh_token": latest}).status_code == 200


def refreshed(client: Client, tokens: list[str], apart_s: float) -> tuple[list[httpx2.Response], float]:
    """Four refreshes of each token, so far apart; and the seconds that all took."""
    start = time.monotonic()
    begun: list[Future[httpx2.Response]] = []
    with ThreadPoolExecutor(4 * len(tokens)) as pool:
        for number in range(4):
            time.sleep(apart_s if number else 0)
            begun += [pool.submit(client.post, REFRESH, json={"refresh_token": token}) for token in tokens]
    return [each.result() for each in begun], time.monotonic() - start


@pytest.mark.parametrize("apart_s", [0.04, 0.4])
def test_refreshes_of_one_token_some_time_apart_all_give_a_session_that_lives(client: Client, apart_s: float) -> None:
    # So do tabs of one browser: hosted takes a used token again for ten seconds, which a busy machine may let pass.
    answers, took_s = refreshed(client, [signed_up(client)["refresh_token"] for _ in range(5)], apart_s)
    while took_s > 8:
        answers, took_s = refreshed(client, [signed_up(client)["refresh_token"] for _ in range(5)], apart_s)
    assert {each.status_code for each in answers} == {200}
    latest = [each.json()["refresh_token"] for each in answers[-5:]]
    assert {client.post(REFRESH, json={"refresh_token": each}).status_code for each in latest} == {200}


def test_a_soft_deletion_keeps_a_row_that_says_nothing_and_frees_the_address(
    client: Client, stack: Stack, database: Database
) -> None:
    email, admin = address(), service(stack)
    session = signed_up(client, email=email, data={"name": "Ann"})
    path = f"/auth/v1/admin/users/{session['user']['id']}"
    assert admin.send("DELETE", path, json={"should_soft_delete": True}).status_code == 200
    assert admin.send("DELETE", path, json={"should_soft_delete": True}).status_code == 404
    refresh = {"refresh_token": session["refresh_token"]}
    assert client.post(REFRESH, json=refresh).status_code == 400
    with database.connect("supabase_admin") as connection:
        row = connection.execute(
            "select u.email, u.raw_user_meta_data, i.identity_data, p.id from auth.users u"
            " join auth.identities i on i.user_id = u.id left join public.profiles p on p.id = u.id"
            " where u.id = %s and u.deleted_at is not null",
            [session["user"]["id"]],
        ).fetchone()
    assert row is not None
    assert "@" not in row[0]
    assert row[1:] == ({}, {}, None)
    again = signed_up(client, email=email)
    assert again["user"]["id"] != session["user"]["id"]
    assert admin.send("DELETE", path).status_code == 200


WRONG: list[tuple[str, object]] = [
    ("signup", {"email": "a@example.com", "password": 5}),
    ("signup", {"email": ["a"], "password": PASSWORD}),
    ("signup", {"email": "a@example.com", "password": PASSWORD, "data": "text"}),
    ("signup", {"email": "a@example.com", "password": PASSWORD, "data": ["list"]}),
    ("signup", []),
    ("signup", "text"),
    ("otp", {"email": 5}),
    ("otp", {"email": "a@example.com", "create_user": "yes"}),
    ("recover", {"email": 5}),
    ("magiclink", {"email": {}}),
    ("token?grant_type=password", {"email": "a@example.com", "password": {}}),
    ("token?grant_type=refresh_token", {"refresh_token": 5}),
    ("verify", {"type": 5}),
]


@pytest.mark.parametrize(("path", "body"), WRONG, ids=repr)
def test_a_value_of_the_wrong_type_is_refused(client: Client, path: str, body: object) -> None:
    assert error(client.post(f"/auth/v1/{path}", json=body)) == (400, "bad_json")


@pytest.mark.parametrize("body", [{"email": 5}, {"password": 5}, {"data": "text"}, {"data": 5}], ids=repr)
def test_a_change_of_the_wrong_type_is_refused(stack: Stack, api: Process, body: object) -> None:
    assert error(person(stack).send("PUT", "/auth/v1/user", json=body)) == (400, "bad_json")


@pytest.mark.parametrize(
    "body",
    [{"email": 5}, {"email": "a@example.com", "user_metadata": "text"}, {"email": "a@example.com", "email_confirm": 1}],
    ids=repr,
)
def test_an_account_of_the_wrong_type_is_refused(stack: Stack, api: Process, body: object) -> None:
    assert error(service(stack).post("/auth/v1/admin/users", json=body)) == (400, "bad_json")


@pytest.mark.parametrize("text", ["a\0@example.com", "not mail", "a@b"])
def test_what_is_no_address_is_refused(client: Client, stack: Stack, text: str) -> None:
    body = {"email": text, "password": PASSWORD}
    for path in ("signup", "otp", "recover"):
        assert error(client.post(f"/auth/v1/{path}", json=body)) == (400, "validation_failed"), path
    assert error(service(stack).post("/auth/v1/admin/users", json=body)) == (400, "validation_failed")


@pytest.mark.parametrize("text", ["\0", "half \ud800 a pair"])
def test_text_that_no_table_can_hold_is_refused(client: Client, text: str) -> None:
    for data in ({"name": text}, {text: 1}, {"deep": [{"er": text}]}):
        content = json.dumps({"email": address(), "password": PASSWORD, "data": data})
        assert error(client.post("/auth/v1/signup", content=content)) == (400, "validation_failed")


def test_the_project_says_how_short_a_password_may_be(client: Client) -> None:
    short, enough = "5" * 5, "6" * 6  # config.toml says nothing, and the CLI then takes six
    assert error(client.post("/auth/v1/signup", json={"email": address(), "password": short})) == (422, "weak_password")
    assert client.post("/auth/v1/signup", json={"email": address(), "password": enough}).status_code == 200


def test_a_banned_person_gets_no_session_and_keeps_none(client: Client, stack: Stack) -> None:
    session, admin = signed_up(client), service(stack)
    credentials = {"email": session["user"]["email"], "password": PASSWORD}
    holder = Client(stack.supabase_url, stack.keys.publishable_key, session["access_token"])
    user = f"/auth/v1/admin/users/{session['user']['id']}"
    sign_in, refresh = "/auth/v1/token?grant_type=password", "/auth/v1/token?grant_type=refresh_token"
    token = {"refresh_token": session["refresh_token"]}
    assert admin.send("PUT", user, json={"ban_duration": "24h"}).status_code == 200
    assert error(client.post(sign_in, json=credentials)) == (400, "user_banned")
    assert error(client.post(refresh, json=token)) == (400, "user_banned")
    assert error(holder.get("/auth/v1/user")) == (403, "user_banned")
    assert admin.send("PUT", user, json={"ban_duration": "none"}).status_code == 200
    assert client.post(sign_in, json=credentials).status_code == 200
    assert client.post(refresh, json=token).status_code == 200


def test_a_new_password_ends_the_other_sessions(client: Client, stack: Stack) -> None:
    first = signed_up(client)
    credentials = {"email": first["user"]["email"], "password": PASSWORD}
    second = client.post("/auth/v1/token?grant_type=password", json=credentials).json()
    holders = [Client(stack.supabase_url, stack.keys.publishable_key, each["access_token"]) for each in (first, second)]
    changed = holders[1].send("PUT", "/auth/v1/user", json={"password": f"{PASSWORD}, and new"})
    assert changed.status_code == 200, changed.text
    assert [each.get("/auth/v1/user").status_code for each in holders] == [403, 200]
    tokens = [{"refresh_token": each["refresh_token"]} for each in (first, second)]
    answers = [client.post("/auth/v1/token?grant_type=refresh_token", json=each) for each in tokens]
    assert [each.status_code for each in answers] == [400, 200]


@pytest.mark.parametrize("kind", ["email", "magiclink"])
def test_the_code_of_a_mail_signs_in(client: Client, database: Database, kind: str) -> None:
    email, code = address(), "123456"
    client.post("/auth/v1/otp", json={"email": email}).raise_for_status()
    hashed = hashlib.sha256(f"{email}{code}".encode()).hexdigest()
    with database.connect("supabase_admin") as connection:
        connection.execute("update auth.users set recovery_token = %s where email = %s", [hashed, email])
    verify = {"email": email, "token": code, "type": kind}
    assert client.post("/auth/v1/verify", json=verify).json()["user"]["email"] == email
    assert client.post("/auth/v1/verify", json=verify).status_code == 403  # a code is good once


ABSENT = [
    ("POST", "signup", {"phone": "+15550100", "password": PASSWORD}),
    ("POST", "otp", {"phone": "+15550100"}),
    ("POST", "sso", {"domain": "example.com"}),
    ("POST", "invite", {"email": "a@example.com"}),
    ("POST", "factors", {"factor_type": "totp"}),
    ("POST", "token?grant_type=id_token", {"provider": "google"}),
    ("GET", "user/identities/authorize?provider=github", None),
    ("DELETE", "user/identities/5", None),
    ("POST", "admin/generate_link", {"type": "signup", "email": "a@example.com"}),
    ("GET", "anything", None),
]


@pytest.mark.parametrize(("method", "path", "body"), ABSENT)
def test_what_auth_lacks_says_so(stack: Stack, api: Process, method: str, path: str, body: object) -> None:
    for caller in (service(stack), person(stack)):
        if path.startswith("admin") and "Authorization" in caller.headers:
            continue
        response = caller.send(method, f"/auth/v1/{path}", json=body)
        assert error(response) == (501, "not_implemented"), response.text
        assert "local stack does not offer" in response.json()["msg"]
