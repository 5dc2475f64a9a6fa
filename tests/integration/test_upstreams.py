"""Existing applications behind the gateway: what they are sent, what comes back, and what happens without them."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import jwt
import pytest

from gateway.resilience.metrics import REGISTRY
from tests.support.fake_application import OK, Asked, FakeApplication, fake_application, saying
from tests.support.served import World, bearer, served
from tests.support.waiting import until, until_true

pytestmark = pytest.mark.anyio
SECRET = "a secret of the shop that is long enough"
ANNA = str(uuid.UUID(int=7))


PROXY = "127.0.0.2"
OPTIONS: dict[str, dict[str, Any]] = {
    "shop": {},
    "members": {"callers": "signed_in", "authorization": "pass"},
    "own": {"authorization": "ignore"},
    "late": {"timeout_s": 0.2},
    "small": {"concurrency": 2},
    "stale": {"stale_s": 3600},
    # A third of it is what its health may take, on a machine that others keep busy.
    "healthy": {"health": "/healthz", "timeout_s": 3},
    "gone": {"url": "http://127.0.0.1:1"},
}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@asynccontextmanager
async def behind(**changes: Any) -> AsyncIterator[tuple[World, FakeApplication]]:
    """A gateway before an application under several names, each with options of its own."""
    async with fake_application() as application:
        upstreams = {name: {"url": application.url, **options} for name, options in OPTIONS.items()}
        changes = {"rate_limit": "", "rate_limit_address": "", "trusted_proxies": [f"{PROXY}/32"], **changes}
        async with served(upstreams=upstreams, upstream_secrets={"shop": SECRET}, **changes) as world:
            yield world, application


@pytest.fixture(scope="module")
async def pair() -> AsyncIterator[tuple[World, FakeApplication]]:
    async with behind() as pair:
        yield pair


@pytest.fixture
def world(pair: tuple[World, FakeApplication]) -> World:
    return pair[0]


@pytest.fixture
def application(pair: tuple[World, FakeApplication]) -> FakeApplication:
    pair[1].asked.clear()
    pair[1].answering = saying(OK)
    return pair[1]


def get(path: str, *headers: bytes, method: str = "GET") -> bytes:
    lines = b"".join(header + b"\r\n" for header in headers)
    return f"{method} {path} HTTP/1.1\r\nHost: www.example\r\n".encode() + lines + b"Connection: close\r\n\r\n"


async def ask(world: World, request: bytes, address: str = "127.0.0.1") -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers and what follows them until the connection ends."""
    client = await world.connect(address)
    await client.send(request)
    head, _, rest = (await client.read_all()).partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = [(name.lower(), value) for name, _, value in (line.partition(": ") for line in lines)]
    return int(status.split()[1]), headers, rest


async def problem(world: World, request: bytes, status: int) -> dict[str, Any]:
    got, headers, body = await ask(world, request)
    assert (got, dict(headers)["content-type"]) == (status, "application/problem+json"), body
    found: dict[str, Any] = json.loads(body)
    return found


async def test_an_application_is_asked_as_it_always_was(world: World, application: FakeApplication) -> None:
    sent = get("/app/shop/a%2Fb//c?q=%2e%2e&x", b"Cookie: s=1", b"X-Own: 1", b"Accept-Encoding: br")
    status, headers, body = await ask(world, sent)
    assert (status, body) == (200, b"ok")
    asked = application.last
    assert asked.line == "GET /a%2Fb//c?q=%2e%2e&x HTTP/1.1"
    kept = {"cookie": "s=1", "x-own": "1", "accept-encoding": "br", "host": "www.example", "connection": "close"}
    assert {name: asked.value(name) for name in kept} == kept
    assert asked.values("content-length") == asked.values("transfer-encoding") == []
    assert not {"cache-control", "ratelimit", "access-control-allow-origin"} & {name for name, _ in headers}


async def test_the_application_learns_how_it_was_asked(world: World, application: FakeApplication) -> None:
    forged = (b"X-Forwarded-For: 192.0.2.9", b"X-Forwarded-Proto: https", b"X-Forwarded-Prefix: /evil")
    others = (b"Forwarded: for=1.2.3.4", b"X-Real-IP: 1.2.3.4", b"Proxy: http://x")
    await ask(world, get("/app/shop/", *forged, *others), PROXY)
    said = application.last
    assert said.value("x-forwarded-for") == f"192.0.2.9, {PROXY}"
    assert said.value("forwarded") == f'for="192.0.2.9";host="www.example";proto=https, for="{PROXY}"'
    assert [said.value(f"x-forwarded-{name}") for name in ("host", "proto", "prefix")] == [
        "www.example",
        "https",
        "/app/shop",
    ]
    assert said.values("x-real-ip") == said.values("proxy") == []


async def test_a_stranger_does_not_say_where_it_comes_from() -> None:
    async with behind(gateway_public_url="https://api.example/root") as (world, application):
        await ask(world, get("/root/app/shop/", b"X-Forwarded-For: 1.2.3.4", b"X_Forwarded_For: 1.2.3.4"))
        said = application.last
        assert (said.value("x-forwarded-for"), said.values("x_forwarded_for")) == ("127.0.0.1", [])
        assert (said.value("host"), said.value("x-forwarded-proto")) == ("api.example", "https")
        assert said.value("x-forwarded-prefix") == "/root/app/shop"


async def test_the_caller_is_signed_for_the_application(world: World, application: FakeApplication) -> None:
    forged = (b"X-Tidegate-Identity: forged", b"x_tidegate_identity: forged")
    await ask(world, get("/app/shop/", bearer(world, ANNA), *forged))
    token = application.last.value("x-tidegate-identity")
    said = jwt.decode(token, SECRET, algorithms=["HS256"], audience="shop", issuer="tidegate")
    assert (said["sub"], said["claims"]["role"]) == (ANNA, "authenticated")
    assert said["exp"] - said["iat"] == 60
    assert application.last.values("authorization") == application.last.values("x_tidegate_identity") == []
    await ask(world, get("/app/shop/", *forged))
    assert application.last.values("x-tidegate-identity") == application.last.values("x_tidegate_identity") == []


async def test_a_token_that_does_not_hold_is_never_nobody(world: World, application: FakeApplication) -> None:
    found = await problem(world, get("/app/shop/", b"Authorization: Bearer x.y.z"), 401)
    assert "JSON Web Token" in found["detail"]
    assert application.asked == []


async def test_visitors_are_refused_where_people_alone_may_ask(world: World, application: FakeApplication) -> None:
    assert "Sign in" in (await problem(world, get("/app/members/"), 401))["detail"]
    assert application.asked == []
    token = bearer(world, ANNA)
    assert (await ask(world, get("/app/members/", token)))[0] == 200
    assert f"Authorization: {application.last.value('authorization')}".encode() == token


async def test_a_browser_asks_before_anybody_has_signed_in(world: World, application: FakeApplication) -> None:
    preflight = (b"Origin: https://a.example", b"Access-Control-Request-Method: PUT")
    assert (await ask(world, get("/app/members/", *preflight, method="OPTIONS")))[0] == 200
    assert application.last.values("x-tidegate-identity") == []
    await problem(world, get("/app/members/", method="OPTIONS"), 401)


async def test_a_token_of_the_applications_own_is_passed_on_unread(world: World, application: FakeApplication) -> None:
    assert (await ask(world, get("/app/own/", b"Authorization: Token abc")))[0] == 200
    assert application.last.value("authorization") == "Token abc"
    assert application.last.values("x-tidegate-identity") == []


async def test_headers_of_one_connection_end_there(world: World, application: FakeApplication) -> None:
    application.answering = saying(
        b"HTTP/1.1 200 OK\r\nConnection: X-Inner, close\r\nX-Inner: 1\r\nX-Outer: 2\r\nKeep-Alive: timeout=5\r\n"
        b"Proxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"
    )
    named = b"GET /app/shop/ HTTP/1.1\r\nHost: h\r\nConnection: close, X-Hop, X-Tidegate-Identity\r\n"
    one_way = b"X-Hop: 1\r\nTE: trailers\r\nProxy-Authorization: x\r\nKeep-Alive: 1\r\nUpgrade: h2c\r\n"
    _, headers, _ = await ask(world, named + one_way + bearer(world, ANNA) + b"\r\n\r\n")
    for name in ("x-hop", "te", "proxy-authorization", "keep-alive", "upgrade", "http2-settings"):
        assert application.last.values(name) == []
    assert application.last.value("x-tidegate-identity")
    names = [name for name, _ in headers]
    assert "x-outer" in names
    assert not {"x-inner", "keep-alive", "proxy-authenticate"} & set(names)
    assert names.count("date") == 1


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("/login?next=/x", "/app/shop/login?next=/x"),
        ("/app/shop/login", "/app/shop/login"),
        ("/app/other/", "/app/other/"),
        ("http://127.0.0.1:{port}/a?b#c", "http://www.example/app/shop/a?b#c"),
        ("https://www.example/a", "http://www.example/app/shop/a"),
        ("https://elsewhere.example/a", "https://elsewhere.example/a"),
        ("//elsewhere.example/a", "//elsewhere.example/a"),
        ("next", "next"),
        ("http://[bad", "http://[bad"),
    ],
)
async def test_redirects_lead_where_the_client_can_follow(
    world: World, application: FakeApplication, given: str, told: str
) -> None:
    place = given.format(port=application.port).encode()
    application.answering = saying(b"HTTP/1.1 302 Found\r\nLocation: " + place + b"\r\nContent-Length: 0\r\n\r\n")
    status, headers, _ = await ask(world, get("/app/shop/"))
    assert (status, dict(headers)["location"]) == (302, told)


async def test_cookies_of_two_applications_do_not_meet(world: World, application: FakeApplication) -> None:
    cookies = (b"s=1; Path=/; HttpOnly", b"t=2; path=/app/shop/x", b"u=3", b"__Host-v=4; Secure; Path=/")
    lines = b"".join(b"Set-Cookie: " + cookie + b"\r\n" for cookie in cookies)
    application.answering = saying(b"HTTP/1.1 200 OK\r\n" + lines + b"Content-Length: 0\r\n\r\n")
    _, headers, _ = await ask(world, get("/app/shop/"))
    assert [value for name, value in headers if name == "set-cookie"] == [
        "s=1; Path=/app/shop/; HttpOnly",
        "t=2; path=/app/shop/x",
        "u=3",
        "__Host-v=4; Secure; Path=/",
    ]


async def test_cross_origin_answers_are_the_applications(world: World, application: FakeApplication) -> None:
    application.answering = saying(
        b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: https://a.example\r\nContent-Length: 0\r\n\r\n"
    )
    asked = (b"Origin: https://a.example", b"Access-Control-Request-Method: PUT")
    _, headers, _ = await ask(world, get("/app/shop/", *asked, method="OPTIONS"))
    assert application.last.line.startswith("OPTIONS / ")
    assert [value for name, value in headers if name.startswith("access-control")] == ["https://a.example"]


async def test_a_page_may_read_why_nothing_answers(world: World) -> None:
    asked = get("/app/gone/", b"Origin: https://a.example", b"Authorization: Bearer x")
    _, headers, _ = await ask(world, asked)
    assert dict(headers)["access-control-allow-origin"] == "*"


async def test_a_path_without_its_slash_is_shown_the_way(world: World, application: FakeApplication) -> None:
    status, headers, _ = await ask(world, get("/app/shop?a=b"))
    assert (status, dict(headers)["location"]) == (308, "/app/shop/?a=b")


async def test_what_is_no_application_is_not_found(world: World, application: FakeApplication) -> None:
    for path in ("/app/other/", "/app/", "/%61pp/shop/"):
        await problem(world, get(path), 404)


async def test_an_answer_is_retried_where_nothing_can_happen_twice(world: World, application: FakeApplication) -> None:

    async def fail_once(asked: Asked) -> None:
        application.answering = saying(OK)

    for request, times in ((get("/app/shop/"), 2), (get("/app/shop/", method="DELETE"), 2)):
        application.asked.clear()
        application.answering = fail_once
        assert (await ask(world, request))[0] == 200
        assert len(application.asked) == times
    for request in (get("/app/shop/", method="POST"), get("/app/shop/", b"Content-Length: 1", method="PUT") + b"x"):
        application.asked.clear()
        application.answering = fail_once
        found = await problem(world, request, 502)
        assert (found["type"], len(application.asked)) == ("urn:tidegate:problem:application-answer", 1)


async def test_one_that_is_gone_is_named_and_not_where_it_was(world: World) -> None:
    texts = []

    async def is_left_alone() -> bool:
        texts.append(json.dumps(await problem(world, get("/app/gone/", method="POST"), 503)))
        return "left alone" in texts[-1]

    await until(is_left_alone, "the breaker refusing")
    assert "The application gone does not answer." in texts[0]
    assert not any("127.0.0.1" in text for text in texts)
    labels = {"dependency": "app/gone", "state": "open"}
    assert REGISTRY.get_sample_value("tidegate_breaker_state", labels) == 1
    snapshot = await world.services.status.details()
    assert snapshot.applications["app/gone"].state == "down"


async def test_one_that_does_not_begin_to_answer_is_given_up(world: World, application: FakeApplication) -> None:
    application.answering = Asked.left
    found = await problem(world, get("/app/late/"), 504)
    assert found["type"] == "urn:tidegate:problem:application-timeout"


async def test_a_slow_application_takes_no_place_of_the_gateway(world: World, application: FakeApplication) -> None:
    held = asyncio.Event()

    async def hold(asked: Asked) -> None:
        await held.wait()
        await asked.write(OK)

    application.answering = hold
    waiting = [asyncio.create_task(ask(world, get("/app/small/"))) for _ in range(2)]
    await until_true(lambda: len(application.asked) == 2, "both at the application")
    assert world.services.limiter.in_flight == 0
    found = await problem(world, get("/app/small/"), 503)
    assert found["type"] == "urn:tidegate:problem:application-busy"
    held.set()
    assert [status for status, _, _ in await asyncio.gather(*waiting)] == [200, 200]


async def test_a_stale_answer_is_given_to_whom_it_was_given_before(world: World, application: FakeApplication) -> None:
    anna, berta = bearer(world, ANNA), bearer(world, str(uuid.UUID(int=8)))
    application.answering = saying(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-Of: anna\r\n\r\nanna")
    await ask(world, get("/app/stale/me", anna, b"Cookie: s=1"))
    application.answering = saying(b"HTTP/1.1 503 Gone\r\nContent-Length: 4\r\n\r\ngone")
    status, headers, body = await ask(world, get("/app/stale/me", anna, b"Cookie: s=1"))
    assert (status, body, dict(headers)["x-of"]) == (200, b"anna", "anna")
    age = int(dict(headers)["age"])
    assert dict(headers)["cache-status"] == f"tidegate; hit; ttl=-{age}; detail=status-503"
    others = [
        (anna, b"Cookie: s=1", b"X-Api-Key: of-berta"),
        (anna, b"Cookie: s=2"),
        (berta, b"Cookie: s=1"),
        (b"Cookie: s=1",),
        (anna,),
    ]
    for headers_of_others in others:
        assert (await ask(world, get("/app/stale/me", *headers_of_others)))[0] == 503
    assert (await ask(world, get("/app/stale/me", anna, b"Cookie: s=1", method="POST")))[0] == 503


@pytest.mark.parametrize(
    "header",
    [
        b"Cache-Control: no-store",
        b"Set-Cookie: s=1",
        b"Vary: Cookie, Range",
        b"Vary: *",
        b"Cache-Control: max-age=1, must-revalidate",
    ],
)
async def test_an_answer_that_must_not_be_kept_is_not(
    world: World, application: FakeApplication, header: bytes
) -> None:
    application.answering = saying(b"HTTP/1.1 200 OK\r\n" + header + b"\r\nContent-Length: 2\r\n\r\nok")
    await ask(world, get("/app/stale/"))
    application.answering = saying(b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n")
    assert (await ask(world, get("/app/stale/")))[0] == 500


async def test_only_its_health_opens_the_breaker_where_it_has_one(world: World, application: FakeApplication) -> None:

    async def poisoned(asked: Asked) -> None:
        if "/healthz" in asked.line:
            await asked.write(OK)

    application.answering = poisoned
    for _ in range(6):
        await problem(world, get("/app/healthy/poison", method="POST"), 502)
    client = world.services.applications["healthy"].client
    assert client.pipeline.state == "closed"
    application.answering = saying(b"")

    async def is_open() -> bool:
        await ask(world, get("/app/healthy/x", method="POST"))
        return client.pipeline.state == "open"

    await until(is_open, "the breaker opening without its health")
    application.answering = saying(OK)
    await until_true(lambda: client.pipeline.state == "closed", "the breaker closing with its health")


async def test_requests_count_by_the_name_of_the_application(world: World, application: FakeApplication) -> None:
    labels = {"route": "/app/shop", "status": "2xx"}
    before = REGISTRY.get_sample_value("tidegate_request_seconds_count", labels) or 0
    await ask(world, get("/app/shop/x"))
    assert REGISTRY.get_sample_value("tidegate_request_seconds_count", labels) == before + 1
    calls = {"dependency": "app/shop", "outcome": "ok"}
    assert (REGISTRY.get_sample_value("tidegate_calls_total", calls) or 0) >= 1


async def test_a_trace_goes_on_in_the_application(world: World, application: FakeApplication) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    await ask(world, get("/app/shop/", f"traceparent: {trace}".encode(), b"X-Request-Id: plain-1"))
    assert application.last.value("traceparent").split("-")[1] == trace.split("-")[1]
    assert application.last.value("x-request-id") == "plain-1"


async def test_a_gateway_does_not_ask_itself(world: World, application: FakeApplication) -> None:

    async def back_to_the_gateway(asked: Asked) -> None:
        via = asked.values("via")[-1].encode()
        status, _, _ = await ask(world, get("/app/shop/", b"Via: " + via))
        await asked.write(b"HTTP/1.1 %d Seen\r\nContent-Length: 0\r\n\r\n" % status)

    application.answering = back_to_the_gateway
    assert (await ask(world, get("/app/shop/")))[0] == 400
