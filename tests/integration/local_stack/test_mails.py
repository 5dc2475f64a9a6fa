"""The links of Auth's mails: where they lead, what they sign in with, and PKCE, from supabase-py and by hand."""

import re
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import httpx2
import jwt
import pytest
from supabase import Client as SupabaseClient
from supabase import ClientOptions, create_client
from supabase_auth.errors import AuthApiError

from tests.integration.local_stack.support import PASSWORD, Client, anonymous, service
from tests.support.stack import Process, Stack

PAGE = "http://localhost:5173/welcome"


@pytest.fixture(scope="module")
def client(stack: Stack, api: Process) -> Client:
    """Somebody without a session."""
    return anonymous(stack)


@pytest.fixture
def python(stack: Stack, api: Process) -> Iterator[SupabaseClient]:
    """supabase-py, which asks by PKCE."""
    with httpx.Client(timeout=60, trust_env=False) as http:
        options = ClientOptions(httpx_client=http, auto_refresh_token=False, flow_type="pkce")
        yield create_client(stack.supabase_url, stack.keys.publishable_key, options)


def address() -> str:
    """An address that nobody has yet."""
    return f"{uuid.uuid4()}@example.com"


def link_to(stack: Stack, email: str) -> str:
    """The link of the last mail to an address."""
    texts = [path.read_text() for path in sorted((stack.state / "mails").iterdir())]
    (*_, last) = (text for text in texts if text.startswith(f"To: {email}\n"))
    (link,) = {found[0] for found in re.finditer(r"https?://\S+/auth/v1/verify\?\S+", last)}
    return link


def opened(client: Client, link: str) -> httpx2.Response:
    """What a browser gets that opens the link, as hosted Auth answers it without an API key."""
    response = httpx2.get(link, follow_redirects=False, timeout=60, trust_env=False)
    assert response.status_code == 303, response.text
    return response


def fragment(response: httpx2.Response) -> dict[str, str]:
    """What stands behind the # of the place that an answer leads to."""
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["location"]).fragment).items()}


def test_a_link_signs_in_with_a_token_that_the_gateway_can_verify(client: Client, stack: Stack) -> None:
    email = address()
    user = {"email": email, "password": PASSWORD, "email_confirm": True, "app_metadata": {"staff": True}}
    service(stack).post("/auth/v1/admin/users", json=user).raise_for_status()
    asked = client.send("POST", f"/auth/v1/otp?redirect_to={PAGE}", json={"email": email})
    assert asked.status_code == 200, asked.text
    link = link_to(stack, email)
    followed = opened(client, link)
    assert followed.headers["location"].startswith(f"{PAGE}#")
    session = fragment(followed)
    assert jwt.get_unverified_header(session["access_token"])["alg"] == "ES256"
    claims = jwt.decode(session["access_token"], options={"verify_signature": False})
    assert (claims["email"], claims["app_metadata"]["staff"]) == (email, True)
    holder = Client(stack.supabase_url, stack.keys.publishable_key, session["access_token"])
    assert holder.get("/auth/v1/user").json()["email"] == email
    assert fragment(opened(client, link))["error_code"] == "otp_expired"  # a link is good once


def test_a_link_of_a_new_password_leads_to_the_page(client: Client, stack: Stack) -> None:
    email = stack.sign_up(address())["user"]["email"]
    client.send("POST", f"/auth/v1/recover?redirect_to={PAGE}", json={"email": email}).raise_for_status()
    session = fragment(opened(client, link_to(stack, email)))
    assert session["type"] == "recovery"
    holder = Client(stack.supabase_url, stack.keys.publishable_key, session["access_token"])
    assert holder.send("PUT", "/auth/v1/user", json={"password": f"{PASSWORD}, and new"}).status_code == 200


def test_a_link_leads_to_no_page_of_strangers(client: Client, stack: Stack) -> None:
    email = address()
    client.send("POST", "/auth/v1/otp?redirect_to=https://evil.example/", json={"email": email}).raise_for_status()
    assert opened(client, link_to(stack, email)).headers["location"].startswith(stack.supabase_url)


def test_what_somebody_new_says_with_a_first_code_is_kept(client: Client, stack: Stack) -> None:
    email = address()
    for name in ("Ada", "Grace"):  # only the first time is a sign-up
        client.post("/auth/v1/otp", json={"email": email, "data": {"name": name}}).raise_for_status()
    token = fragment(opened(client, link_to(stack, email)))["access_token"]
    user: dict[str, Any] = Client(stack.supabase_url, stack.keys.publishable_key, token).get("/auth/v1/user").json()
    assert user["user_metadata"]["name"] == "Ada"


def test_a_link_by_pkce_gives_a_code_that_only_its_client_can_use(
    client: Client, stack: Stack, python: SupabaseClient
) -> None:
    email = address()
    python.auth.sign_in_with_otp({"email": email, "options": {"email_redirect_to": f"{PAGE}?from=mail"}})
    link = link_to(stack, email)
    assert "token=pkce_" in link
    place = urlsplit(opened(client, link).headers["location"])
    assert (f"{place.scheme}://{place.netloc}{place.path}", place.fragment) == (PAGE, "")
    query = parse_qs(place.query)
    assert query["from"] == ["mail"]
    code = query["code"][0]
    stolen = {"auth_code": code, "code_verifier": "a" * 56}
    for wanted in ((400, "bad_code_verifier"), (404, "flow_state_not_found")):  # a code is good once
        answer = client.post("/auth/v1/token?grant_type=pkce", json=stolen)
        assert (answer.status_code, answer.json()["error_code"]) == wanted
    with pytest.raises(AuthApiError):
        python.auth.exchange_code_for_session({"auth_code": code, "code_verifier": "", "redirect_to": ""})

    python.auth.sign_in_with_otp({"email": email, "options": {"email_redirect_to": PAGE}})
    code = parse_qs(urlsplit(opened(client, link_to(stack, email)).headers["location"]).query)["code"][0]
    session = python.auth.exchange_code_for_session({"auth_code": code, "code_verifier": "", "redirect_to": ""})
    assert session.user is not None
    assert session.user.email == email
    claims = python.auth.get_claims()
    assert claims is not None
    assert claims["headers"]["alg"] == "ES256"


@pytest.mark.parametrize("challenge", [{"code_challenge": "a" * 43}, {"code_challenge_method": "s256"}])
def test_half_a_challenge_is_refused(client: Client, challenge: dict[str, str]) -> None:
    answer = client.post("/auth/v1/otp", json={"email": address(), **challenge})
    assert (answer.status_code, answer.json()["error_code"]) == (400, "validation_failed")
