"""What a page on another origin needs of every answer, seen as plain HTTP; a real browser does it all in tests/e2e."""

import subprocess
from pathlib import Path

import httpx2
import pytest

from gateway.local.bootstrap import deno_command
from tests.integration.local_stack.support import Client, anonymous
from tests.support.stack import Stack

ORIGIN = "https://shop.example"
# Whatever a client may send, known today or not; none of it may depend on a list.
WANTED = "authorization,apikey,content-type,prefer,x-client-info,x-region,x-upsert,traceparent,x-of-next-year"
PATHS = [
    *("auth/v1/" + path for path in ("signup", "token", "user", "logout", "otp", "verify", "recover", "admin/users")),
    *("rest/v1/" + path for path in ("products", "documents", "nothing", "rpc/place_order", "rpc/search_products")),
    *("rest/v1/" + path for path in ("rpc/close_account", "rpc/recommend", "rpc/nothing", "")),
    *("storage/v1/" + path for path in ("object/documents/a/b.pdf", "object/list/documents", "bucket", "nothing")),
    *("functions/v1/" + path for path in ("search", "recommend", "nothing", "_shared", "search/deeper")),
]

pytestmark = pytest.mark.usefixtures("api")


def preflight(stack: Stack, path: str, method: str = "POST") -> httpx2.Response:
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": WANTED}
    return httpx2.options(f"{stack.supabase_url}/{path}", headers=headers, timeout=60, trust_env=False)


def names(response: httpx2.Response, header: str) -> set[str]:
    return {name.strip().lower() for name in response.headers.get(header, "").split(",")}


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", PATHS)
def test_every_preflight_is_answered(stack: Stack, path: str, method: str) -> None:
    response = preflight(stack, path, method)
    assert response.status_code in {200, 204}, response.text
    assert response.headers["access-control-allow-origin"] in {"*", ORIGIN}
    # `*` stands for every header but authorization.
    assert {"*", "authorization"} <= names(response, "access-control-allow-headers")
    assert method.lower() in names(response, "access-control-allow-methods")


@pytest.mark.parametrize("path", PATHS)
def test_credentials_are_never_allowed_beside_everybody(stack: Stack, path: str) -> None:
    answers = [preflight(stack, path), anonymous(stack).send("GET", f"/{path}", {"Origin": ORIGIN})]
    for answer in answers:
        assert answer.headers.get_list("access-control-allow-origin") == ["*"], path
        assert "access-control-allow-credentials" not in answer.headers, path


def test_an_address_that_asks_for_a_preflight_is_looked_up_by_the_request_alone(stack: Stack) -> None:
    assert (
        httpx2.options(f"{stack.supabase_url}/rest/v1/rpc/place_order", timeout=60, trust_env=False).status_code == 204
    )
    assert anonymous(stack).post("/rest/v1/rpc/nothing", json={}).json()["code"] == "PGRST202"
    assert anonymous(stack).post("/functions/v1/nothing", json={}).json()["code"] == "NOT_FOUND"


def refused(stack: Stack) -> dict[str, httpx2.Response]:
    """Refusals of every service, each made by another part of it."""
    caller, forged = anonymous(stack), Client(stack.supabase_url, stack.keys.publishable_key, "a.b.c")
    nobody = {"email": "nobody@tidegate.example", "password": "wrong password"}
    return {
        "no key": httpx2.get(
            f"{stack.supabase_url}/rest/v1/products", headers={"Origin": ORIGIN}, timeout=60, trust_env=False
        ),
        "bad key": Client(stack.supabase_url, "sb_publishable_wrong").get("/rest/v1/products"),
        "forged, data": forged.get("/rest/v1/products"),
        "forged, auth": forged.get("/auth/v1/user"),
        "forged, storage": forged.post("/storage/v1/object/list/documents", json={"prefix": ""}),
        "no table": caller.get("/rest/v1/nothing"),
        "no function": caller.post("/rest/v1/rpc/nothing", json={}),
        "not allowed": caller.insert("documents", {"title": "x"}),
        "no JSON": caller.send("POST", "/rest/v1/products", {"Content-Type": "application/json"}, content=b"{"),
        "wrong password": caller.post("/auth/v1/token?grant_type=password", json=nobody),
        "admin": caller.get("/auth/v1/admin/users"),
        "no address": caller.get("/nothing"),
        "no edge function": caller.post("/functions/v1/nothing", json={}),
    }


def test_a_page_may_read_every_refusal(stack: Stack) -> None:
    for name, answer in refused(stack).items():
        assert 400 <= answer.status_code < 500, (name, answer.status_code)
        assert answer.headers["access-control-allow-origin"] == "*", name
        assert names(answer, "access-control-expose-headers") == {"*"}, name
        assert answer.content, name


def test_the_search_function_hands_on_what_the_sdk_sends() -> None:
    script = Path(__file__).with_name("sdk_headers.ts")
    done = subprocess.run(deno_command(script, "-A"), capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("function", "arguments", "range_"),
    [("search_products", {"query": "kettle"}, "*/0"), ("recommend", {"max_results": "3"}, "0-0/1")],
)
def test_a_function_with_arguments_can_be_counted_without_its_rows(
    stack: Stack, function: str, arguments: dict[str, str], range_: str
) -> None:
    """`rpc(name, arguments, { head: true, count: "exact" })` of supabase-js."""
    url = httpx2.URL(f"{stack.supabase_url}/rest/v1/rpc/{function}", params=arguments)
    path = url.raw_path.decode()
    answer = anonymous(stack).send("HEAD", path, {"Prefer": "count=exact"})
    assert (answer.status_code, answer.headers["content-range"]) == (200, range_)
    assert anonymous(stack).send("HEAD", f"{url.path}?nonsense=1").status_code == 404
