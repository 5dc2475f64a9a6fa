"""A profile for every account, however it signs up; people read and change their own; addresses cannot be doubled."""

import json
import re
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import httpx2
import psycopg
import pytest
from hypothesis import HealthCheck, example, given, seed, settings
from hypothesis import strategies as st
from psycopg import errors
from supabase import Client, ClientOptions, create_client
from supabase_auth.errors import AuthApiError

from tests.integration.local_stack.support import PASSWORD, anonymous, service, staff
from tests.support import Database, Process, Stack

# As private.deceptive_characters().
DECEPTIVE = re.compile("[\x01-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
# What Auth writes for each kind of sign-up: columns of auth.users, and the profile that they give.
KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "e-mail and password": (
        {"email": "ada@example.org", "raw_user_meta_data": {"display_name": " Ada "}},
        {"email": "ada@example.org", "display_name": "Ada", "phone": None},
    ),
    "telephone": ({"phone": "4915112345678"}, {"email": None, "display_name": None, "phone": "+4915112345678"}),
    "identity provider": (
        {
            "email": "grace@example.org",
            "raw_app_meta_data": {"provider": "github", "providers": ["github"]},
            "raw_user_meta_data": {"full_name": "Grace Hopper", "user_name": "grace", "avatar_url": "https://x.test/g"},
        },
        {"email": "grace@example.org", "display_name": "Grace Hopper", "phone": None},
    ),
    "identity provider that tells no address": (
        {"raw_app_meta_data": {"provider": "twitter"}, "raw_user_meta_data": {"name": "Alan", "email_verified": False}},
        {"email": None, "display_name": "Alan", "phone": None},
    ),
    "anonymous": (
        {"is_anonymous": True, "email": "", "phone": None},
        {"email": None, "display_name": None, "phone": None},
    ),
    "invitation": (
        {"email": "Edith@Example.org", "invited_at": "2026-01-01T00:00:00Z"},
        {"email": "edith@example.org", "display_name": None, "phone": None},
    ),
    "single sign-on": (
        {"email": "ken@example.org", "is_sso_user": True},
        {"email": "ken@example.org", "display_name": None, "phone": None},
    ),
}
NEVER: tuple[Any, ...] = (None, 5, True, "text", [], ["display_name"], {"display_name": None})


@pytest.fixture(scope="module")
def auth(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """A connection as the login that Auth has on hosted projects, without any right to public."""
    with database.connect("supabase_auth_admin") as connection:
        yield connection


def account(auth: psycopg.Connection[Any], **columns: Any) -> uuid.UUID:
    """A new row of auth.users, as Auth inserts it."""
    person = uuid.uuid4()
    row = {"id": str(person), "is_sso_user": False, "is_anonymous": False, **columns}
    auth.execute(
        "insert into auth.users"
        " (id, email, phone, invited_at, raw_app_meta_data, raw_user_meta_data, is_sso_user, is_anonymous)"
        " select id, email, phone, invited_at, raw_app_meta_data, raw_user_meta_data, is_sso_user, is_anonymous"
        " from jsonb_populate_record(null::auth.users, %s::jsonb)",
        (json.dumps(row),),
    )
    return person


def profile(database: Database, person: uuid.UUID | str) -> dict[str, Any] | None:
    """What stands in the profile."""
    with database.connect() as connection:
        query = "select email, display_name, phone from public.profiles where id = %s"
        row = connection.execute(query, (person,)).fetchone()
    return None if row is None else dict(zip(("email", "display_name", "phone"), row, strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_sign_up_makes_a_profile(database: Database, auth: psycopg.Connection[Any], kind: str) -> None:
    columns, wanted = KINDS[kind]
    assert profile(database, account(auth, **columns)) == wanted


@pytest.mark.parametrize("metadata", NEVER, ids=repr)
def test_metadata_of_any_shape_lets_one_in(database: Database, auth: psycopg.Connection[Any], metadata: Any) -> None:
    person = account(auth, raw_user_meta_data=metadata)
    assert profile(database, person) == {"email": None, "display_name": None, "phone": None}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_characters="\0", codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["display_name", "name"]), inner),
    max_leaves=5,
)


@seed(20_261_124)
@settings(max_examples=300, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(name="x" * 100_000, phone="")
@example(name="\u2003 \t", phone="+")
@example(name="\u2003 \tAnn", phone="0049151")
@example(name={"display_name": "nested"}, phone="1" * 40)
@example(name="\U0001f6a2" * 300, phone="49 151 12345678")
@given(name=json_values, phone=st.none() | st.text("0123456789+ ", max_size=17))
def test_no_name_and_no_number_keeps_anybody_out(
    database: Database, auth: psycopg.Connection[Any], name: Any, phone: str | None
) -> None:
    with auth.transaction():
        auth.execute("delete from auth.users where phone = %s", (phone,))
        person = account(auth, phone=phone, raw_user_meta_data={"display_name": name})
    found = profile(database, person)
    assert found is not None
    assert found["display_name"] is None or found["display_name"] in DECEPTIVE.sub(" ", str(name))
    assert found["phone"] is None or found["phone"].lstrip("+") == (phone or "").lstrip("+")


def test_auth_itself_signs_people_up(database: Database, stack: Stack, api: Process) -> None:
    session = anonymous(stack).post(
        "/auth/v1/signup",
        json={"email": "Signed.Up@Example.org", "password": PASSWORD, "data": {"full_name": "Signed Up"}},
    )
    assert session.status_code == 200, session.text
    wanted = {"email": "signed.up@example.org", "display_name": "Signed Up", "phone": None}
    assert profile(database, session.json()["user"]["id"]) == wanted
    made = service(stack).post("/auth/v1/admin/users", json={"phone": "+49 151 7654321", "user_metadata": {"name": 5}})
    assert made.status_code == 200, made.text
    assert profile(database, made.json()["id"]) == {"email": None, "display_name": None, "phone": "+491517654321"}


@pytest.mark.parametrize("name", ["x" * 5_000, ["a", "list"], {"an": "object"}, 5, "", " ", "\u0001"], ids=repr)
def test_auth_lets_in_who_has_an_odd_name(stack: Stack, api: Process, name: Any) -> None:
    body = {"email": f"{uuid.uuid4()}@example.org", "password": PASSWORD, "data": {"display_name": name}}
    answer = anonymous(stack).post("/auth/v1/signup", json=body)
    assert answer.status_code == 200, answer.text


# Addresses ----------------------------------------------------------------------------------------------------------


def test_an_address_signs_up_once_whatever_its_case(stack: Stack, api: Process) -> None:
    def sign_up(email: str) -> httpx2.Response:
        return anonymous(stack).post("/auth/v1/signup", json={"email": email, "password": PASSWORD})

    assert sign_up("once@example.org").status_code == 200
    again = sign_up("ONCE@Example.org")
    assert (again.status_code, again.json()["error_code"]) == (422, "user_already_exists")
    body = {"email": "Once@example.org", "password": PASSWORD}
    made = service(stack).post("/auth/v1/admin/users", json=body)
    assert (made.status_code, made.json()["error_code"]) == (422, "email_exists")


def test_no_two_profiles_have_one_address(database: Database, auth: psycopg.Connection[Any]) -> None:
    # Auth lets single sign-on share an address; the profile of the first has it.
    first = account(auth, email="both@example.org")
    second = account(auth, email="Both@example.org", is_sso_user=True)
    assert [(profile(database, person) or {})["email"] for person in (first, second)] == ["both@example.org", None]
    with database.connect() as connection, pytest.raises(errors.UniqueViolation):
        connection.execute("update public.profiles set email = 'both@example.org' where id = %s", (second,))
    with database.connect() as connection, pytest.raises(errors.CheckViolation):
        connection.execute("update public.profiles set email = 'BOTH@example.org' where id = %s", (second,))


def test_those_who_come_at_once_with_one_address_all_get_in(database: Database) -> None:
    def come(_: int) -> uuid.UUID:
        with database.connect("supabase_auth_admin") as auth:
            return account(auth, email="crowd@example.org", is_sso_user=True)

    with ThreadPoolExecutor(8) as pool:
        people = list(pool.map(come, range(24)))
    found = [profile(database, person) for person in people]
    assert None not in found
    assert sorted(str(one and one["email"]) for one in found) == ["None"] * 23 + ["crowd@example.org"]


def test_the_profile_follows_the_account(database: Database, auth: psycopg.Connection[Any]) -> None:
    person = account(auth, is_anonymous=True)
    change = "update auth.users set email = %s, phone = %s, is_anonymous = false where id = %s"
    auth.execute(change, ("New@example.org", "4915100001", person))  # an anonymous person who stays
    assert profile(database, person) == {"email": "new@example.org", "display_name": None, "phone": "+4915100001"}
    auth.execute(change, ("newer@example.org", "4915100002", person))
    assert profile(database, person) == {"email": "newer@example.org", "display_name": None, "phone": "+4915100002"}
    with database.connect() as connection:
        connection.execute("update public.profiles set phone = '+15550001111' where id = %s", (person,))
    auth.execute(change, (None, "4915100003", person))  # the number that was chosen stays
    assert profile(database, person) == {"email": None, "display_name": None, "phone": "+15550001111"}
    other = account(auth, email="taken@example.org")
    auth.execute("update auth.users set email = 'taken@example.org', is_sso_user = true where id = %s", (person,))
    assert (profile(database, person) or {})["email"] is None
    assert (profile(database, other) or {})["email"] == "taken@example.org"


# Self-service -------------------------------------------------------------------------------------------------------


@pytest.fixture
def people(stack: Stack, api: Process) -> Iterator[tuple[Client, Client]]:
    """supabase-py, signed in as two persons."""
    with httpx.Client(timeout=60, trust_env=False) as first, httpx.Client(timeout=60, trust_env=False) as second:
        clients = []
        for http in (first, second):
            options = ClientOptions(httpx_client=http, auto_refresh_token=False, persist_session=False)
            client = create_client(stack.supabase_url, stack.keys.publishable_key, options)
            client.auth.sign_up({"email": f"{uuid.uuid4()}@example.org", "password": PASSWORD})
            clients.append(client)
        yield clients[0], clients[1]


def test_people_read_and_change_their_own_profile(people: tuple[Client, Client]) -> None:
    mine, theirs = people
    user = mine.auth.get_user()
    assert user is not None
    change = {"display_name": "Captain", "phone": "+4915112345678"}
    changed: Any = mine.table("profiles").update(change).eq("id", user.user.id).execute().data
    assert [(row["id"], row["email"], row["display_name"]) for row in changed] == [
        (user.user.id, user.user.email, "Captain")
    ]
    assert mine.table("profiles").select("*").execute().data == changed
    seen: Any = theirs.table("profiles").select("*").execute().data
    assert len(seen) == 1
    assert seen[0]["id"] != user.user.id
    assert theirs.table("profiles").update({"display_name": "x"}).eq("id", user.user.id).execute().data == []
    # Several may be called at one number.
    same: Any = theirs.table("profiles").update({"phone": "+4915112345678"}).eq("id", seen[0]["id"]).execute().data
    assert same[0]["phone"] == "+4915112345678"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"phone": "015112345678"}, 400, "23514"),
        ({"phone": "+0151123456"}, 400, "23514"),
        ({"phone": "+49 151 1234567"}, 400, "23514"),
        ({"phone": "+1234567890123456"}, 400, "23514"),
        ({"display_name": ""}, 400, "23514"),
        ({"display_name": "\u2003"}, 400, "23514"),
        ({"display_name": "x" * 201}, 400, "23514"),
        ({"email": "other@example.org"}, 403, "42501"),
        ({"id": str(uuid.uuid4())}, 403, "42501"),
    ],
)
def test_what_a_profile_cannot_say(stack: Stack, api: Process, change: dict[str, str], status: int, code: str) -> None:
    session = stack.sign_up(f"{uuid.uuid4()}@example.org")
    client = anonymous(stack)
    client.headers["Authorization"] = f"Bearer {session['access_token']}"
    answer = client.update(f"profiles?id=eq.{session['user']['id']}", change)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert client.insert("profiles", {"id": str(uuid.uuid4())}).status_code == 403
    assert client.send("DELETE", "/rest/v1/profiles?id=not.is.null").status_code == 403


def test_visitors_see_no_profile_and_staff_see_all(stack: Stack, api: Process, people: tuple[Client, Client]) -> None:
    assert anonymous(stack).get("/rest/v1/profiles").status_code == 401
    seen = {row["id"] for row in staff(stack).rows("profiles?select=id")}
    for client in people:
        user = client.auth.get_user()
        assert user is not None
        assert user.user.id in seen


def test_a_wrong_password_says_nothing_of_who_is_there(people: tuple[Client, Client]) -> None:
    mine, _ = people
    user = mine.auth.get_user()
    assert user is not None
    messages = set()
    for email in (str(user.user.email), "nobody@example.org"):
        with pytest.raises(AuthApiError) as refused:
            mine.auth.sign_in_with_password({"email": email, "password": "not the password"})
        messages.add((refused.value.code, refused.value.message))
    assert len(messages) == 1
