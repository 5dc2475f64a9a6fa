"""Divergence 5: what PostgreSQL refuses gets the status that PostgREST gives it; and the same for bad tokens."""

import base64
import json
import time

import jwt
import pytest

from tests.integration.local_stack.support import Client, anonymous, define, person, service
from tests.support.databases import Database
from tests.support.stack import Process, Stack

SCRIPT = """
    create function public.refuse(state text) returns void language plpgsql set search_path = '' as $$
      begin raise exception using errcode = state, message = 'on purpose', detail = 'why', hint = 'what next'; end $$;
    create table public.parents (id integer primary key, amount integer check (amount > 0));
    create table public.children (id integer primary key, parent_id integer references public.parents);
    grant all on public.parents, public.children to authenticated, service_role;
    create policy "anyone" on public.parents for all to authenticated using (true) with check (true);
    create policy "anyone" on public.children for all to authenticated using (true) with check (true);
    create function public.write_on_read() returns void language sql volatile set search_path = '' as
      'insert into public.parents values (99, 1)';
    grant execute on all functions in schema public to anon, authenticated, service_role;
"""
STATUS_BY_SQLSTATE = {
    "08006": 503,
    "0L000": 403,
    "21000": 500,
    "22012": 400,
    "22023": 400,
    "23502": 400,
    "23503": 409,
    "23505": 409,
    "23514": 400,
    "25006": 405,
    "28000": 403,
    "40001": 500,
    "40P01": 500,
    "42501": 403,
    "42601": 400,
    "42883": 404,
    "42P01": 404,
    "42P17": 500,
    "53300": 503,
    "53400": 500,
    "54001": 413,
    "55P03": 500,
    "57014": 500,
    "P0001": 400,
    "P0002": 500,
    "PT402": 402,
    "XX000": 500,
}


@pytest.fixture(scope="module")
def api(database: Database, stack: Stack) -> Process:
    """The API on a database with the tables of this module."""
    process = stack.start_api()
    define(database, stack, SCRIPT, "parents")
    return process


@pytest.fixture(scope="module")
def signed_in(stack: Stack, api: Process) -> Client:
    """A person."""
    return person(stack)


@pytest.mark.parametrize(("state", "status"), STATUS_BY_SQLSTATE.items())
def test_a_sqlstate_has_the_status_of_postgrest(signed_in: Client, state: str, status: int) -> None:
    response = signed_in.call("refuse", state=state)
    expected = {"code": state, "message": "on purpose", "details": "why", "hint": "what next"}
    assert (response.status_code, response.json()) == (status, expected)


def test_lack_of_privilege_is_401_for_the_anonymous_and_403_for_a_person(stack: Stack, signed_in: Client) -> None:
    assert anonymous(stack).call("refuse", state="42501").status_code == 401
    assert signed_in.call("refuse", state="42501").status_code == 403


def test_broken_constraints(signed_in: Client) -> None:
    assert signed_in.insert("parents", {"id": 1, "amount": 1}).status_code == 201
    duplicate = signed_in.insert("parents", {"id": 1, "amount": 1})
    assert (duplicate.status_code, duplicate.json()["code"]) == (409, "23505")
    orphan = signed_in.insert("children", {"id": 1, "parent_id": 404})
    assert (orphan.status_code, orphan.json()["code"]) == (409, "23503")
    negative = signed_in.insert("parents", {"id": 2, "amount": -1})
    assert (negative.status_code, negative.json()["code"]) == (400, "23514")
    malformed = signed_in.get("/rest/v1/parents?id=eq.one")
    assert (malformed.status_code, malformed.json()["code"]) == (400, "22P02")


def test_one_bad_row_undoes_the_whole_request(signed_in: Client) -> None:
    response = signed_in.insert("parents", [{"id": 50, "amount": 1}, {"id": 51, "amount": -1}])
    assert response.status_code == 400
    assert signed_in.rows("parents?id=in.(50,51)") == []


def test_an_answer_that_is_refused_undoes_the_write(signed_in: Client) -> None:
    signed_in.insert("parents", [{"id": 60, "amount": 1}, {"id": 61, "amount": 1}])
    single = {"Accept": "application/vnd.pgrst.object+json", "Prefer": "return=representation"}
    response = signed_in.send("PATCH", "/rest/v1/parents?id=in.(60,61)", single, json={"amount": 2})
    assert (response.status_code, response.json()["code"]) == (406, "PGRST116")
    assert [row["amount"] for row in signed_in.rows("parents?id=in.(60,61)")] == [1, 1]


def test_a_get_cannot_write(signed_in: Client) -> None:
    response = signed_in.get("/rest/v1/rpc/write_on_read")
    assert (response.status_code, response.json()["code"]) == (405, "25006")


def test_what_does_not_exist_is_404(signed_in: Client) -> None:
    table = signed_in.get("/rest/v1/parentz")
    assert (table.status_code, table.json()["code"]) == (404, "PGRST205")
    function = signed_in.call("no_such_function")
    assert (function.status_code, function.json()["code"]) == (404, "PGRST202")


def test_a_failure_of_the_server_is_one_line_in_the_log(signed_in: Client, api: Process) -> None:
    before = len(api.log.read_text().splitlines())
    signed_in.call("refuse", state="P0001")
    signed_in.call("refuse", state="XX000")
    added = api.log.read_text().splitlines()[before:]
    assert added == ["POST /rest/v1/rpc/refuse 500 PostgresError XX000: on purpose"]


def token(stack: Stack, **changes: object) -> str:
    """A token signed with the shared secret."""
    claims = {"sub": "6f1c4e0a-6b1d-4c39-9a55-0f4a3c1f9d10", "role": "authenticated", "aud": "authenticated"}
    return jwt.encode({**claims, "exp": int(time.time()) + 60, **changes}, stack.keys.jwt_secret, algorithm="HS256")


def unsigned(good: str) -> str:
    """The same claims under `alg: none`."""
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).rstrip(b"=").decode()
    return f"{header}.{good.split('.')[1]}."


def bad_tokens(stack: Stack) -> dict[str, str]:
    """Everything that proves nothing."""
    good = token(stack)
    claims = {"role": "service_role", "exp": int(time.time()) + 60}
    return {
        "expired": token(stack, exp=int(time.time()) - 60),
        "not yet valid": token(stack, nbf=int(time.time()) + 600),
        "of a future": token(stack, iat=int(time.time()) + 600),
        "another secret": jwt.encode(claims, "another secret of at least 32 bytes!", algorithm="HS256"),
        "changed claims": ".".join(
            [good.split(".")[0], jwt.encode(claims, "x" * 32).split(".")[1], good.split(".")[2]]
        ),
        "unsigned": unsigned(good),
        "unknown role": token(stack, role="supabase_admin"),
        "garbage": "garbage",
        "two parts": "a.b",
        "three parts of garbage": "a.b.c",
        "somebody's key": stack.keys.secret_key,
    }


def test_a_token_that_proves_nothing_is_401_and_never_anonymous(stack: Stack, api: Process) -> None:
    assert (
        Client(stack.supabase_url, stack.keys.publishable_key, token(stack)).get("/rest/v1/parents").status_code == 200
    )
    for name, bad in bad_tokens(stack).items():
        client = Client(stack.supabase_url, stack.keys.publishable_key, bad)
        for path in ("/rest/v1/parents", "/rest/v1/rpc/refuse?state=P0001"):
            response = client.get(path)
            assert response.status_code == 401, (name, path, response.text)
            assert response.json()["code"] in {"PGRST301", "PGRST303"}
        assert client.get("/auth/v1/user").status_code == 403, name
        assert client.get("/storage/v1/bucket").status_code == 401, name


def test_a_header_that_is_no_bearer_token_is_401(stack: Stack, api: Process) -> None:
    client = Client(stack.supabase_url, stack.keys.publishable_key)
    assert client.get("/rest/v1/parents", Authorization="Basic dXNlcjpwYXNz").status_code == 401


def test_no_key_and_a_wrong_key_are_401(stack: Stack, api: Process) -> None:
    assert Client(stack.supabase_url, "sb_publishable_wrong").get("/rest/v1/parents").status_code == 401
    assert Client(stack.supabase_url, "").get("/rest/v1/parents").status_code == 401
    assert service(stack).get("/rest/v1/parents").status_code == 200


def test_tokens_verify_by_the_public_keys(stack: Stack, api: Process) -> None:
    session = stack.sign_up("jwks@example.com")
    keys = jwt.PyJWKClient(f"{stack.supabase_url}/auth/v1/.well-known/jwks.json")
    signing_key = keys.get_signing_key_from_jwt(session["access_token"]).key
    claims = jwt.decode(
        session["access_token"],
        signing_key,
        algorithms=["ES256"],
        audience="authenticated",
        issuer=f"{stack.supabase_url}/auth/v1",
    )
    assert (claims["sub"], claims["role"]) == (session["user"]["id"], "authenticated")
    published = anonymous(stack).get("/auth/v1/.well-known/jwks.json").json()["keys"]
    assert [sorted(key) for key in published] == [["alg", "crv", "key_ops", "kid", "kty", "use", "x", "y"]]
