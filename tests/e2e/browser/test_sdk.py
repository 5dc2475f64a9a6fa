"""A page on another origin calls everything that a Supabase project offers, by supabase-js as it comes.

The browser decides: it sends what the SDK sends, asks each server whether it may, and shows the page what it may see. A
call that CORS forbids ends in `TypeError: Failed to fetch`, whatever the server said.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psycopg
import pytest
from playwright.sync_api import Page

from gateway.local.paths import REPOSITORY
from tests.e2e.browser.support import Traffic, bundle, evaluate, site
from tests.support.documentation import pages

HERE = Path(__file__).parent
HTML = b"<!doctype html><title>A shop elsewhere</title><script type=module src=page.js></script>"
CALLS = re.findall(r'^  "(.+?)": \[', (HERE / "calls.ts").read_text(encoding="utf-8"), re.MULTILINE)
# What a page may send to anybody without asking (Fetch: forbidden and CORS-safelisted request headers).
UNASKED = {"accept", "accept-encoding", "accept-language", "content-language", "connection", "host", "origin"}
UNASKED |= {"content-length", "cookie", "referer", "user-agent"}

# What a person gets for the arguments of world.ts.
STATUSES = {"search_products": 200, "search": 200, "recommend": 200, "place_order": 200, "purchase": 200}
STATUSES |= {"cancel_order": 404, "retry_document": 404}
STATUSES |= dict.fromkeys(("failed_payments", "ship_order", "refund_order"), 403)
STATUSES |= dict.fromkeys(("mark_paid", "mark_refunded", "retry_payment"), 403)
COUNTED = {"search_products", "search", "recommend"}


@pytest.fixture(scope="module")
def elsewhere(
    page: Page, project: dict[str, str], traffic: Traffic, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Page]:
    """The page, on another origin than every server, with somebody signed in who owns a document."""
    assert traffic.requests == []
    script = bundle(HERE / "page.ts", tmp_path_factory.mktemp("bundle"))
    with site({"/index.html": HTML, "/page.js": script}) as origin:
        page.goto(f"{origin}/")
        url, key = project["SUPABASE_URL"], project["SUPABASE_PUBLISHABLE_KEY"]
        evaluate(page, "await enter(url, key)", url=url, key=key)
        yield page


@pytest.mark.parametrize("name", CALLS)
def test_a_page_calls(elsewhere: Page, name: str) -> None:
    answer = evaluate(elsewhere, "return await call(name)", name=name)
    assert answer["given"] == answer["expected"]


def offered_functions(project: dict[str, str]) -> dict[str, list[str]]:
    """The functions that the Data API offers to visitors or people, with the names of their arguments."""
    query = b"""
        select proname, coalesce(proargnames[1:pronargs], '{}') from pg_proc
         where pronamespace = 'public'::regnamespace and prorettype <> 'trigger'::regtype
           and (has_function_privilege('anon', oid, 'execute')
                or has_function_privilege('authenticated', oid, 'execute'))
    """
    with psycopg.connect(project["DATABASE_URL"]) as connection:
        return {name: list(arguments) for name, arguments in connection.execute(query).fetchall()}


def test_a_page_calls_every_function(elsewhere: Page, project: dict[str, str]) -> None:
    """Those of the documentation and all others, in every way that there is; what is refused is said in words."""
    offered = offered_functions(project)
    documented = {name for page in pages() for name in re.findall(r'rpc\(\s*"(\w+)"', page.read_text(encoding="utf-8"))}
    assert documented | set(STATUSES) <= set(offered)
    for name, parameters in offered.items():
        answers = evaluate(elsewhere, "return await callFunction(name, parameters)", name=name, parameters=parameters)
        seen = {(answer["who"], answer["given"], answer["how"]): answer for answer in answers}
        assert len(seen) in {6, 12}
        for how, answer in seen.items():
            assert 200 <= answer["status"] < 500, (name, answer)
            assert "fetch" not in (answer["message"] or ""), (name, answer)
            assert answer["message"] or answer["status"] < 300 or how[2] == "head", (name, answer)
        if name in STATUSES:
            assert seen["person", "arguments", "post"]["status"] == STATUSES[name], name
        if name in COUNTED:
            assert seen["visitor", "arguments", "head"]["count"] > 0, name


def test_nothing_was_forbidden_to_the_page(elsewhere: Page, traffic: Traffic) -> None:
    """By CORS, or with a warning of the SDK, in all of the above."""
    evaluate(elsewhere, "return await call(name)", name="from.select, only counted")
    assert traffic.complaints == []


def test_whatever_the_sdk_sends_is_allowed_by_every_service(
    elsewhere: Page, project: dict[str, str], traffic: Traffic
) -> None:
    """A header of a newer SDK fails here by its name, rather than in a page as `Failed to fetch`."""
    for name in ("from.select, only counted", "functions.invoke, with a trace and a region"):
        evaluate(elsewhere, "return await call(name)", name=name)
    sent = {name for _, _, headers in traffic.sent_to(project["SUPABASE_URL"]) for name in headers}
    sent = {name for name in sent - UNASKED if not name.startswith("sec-")}
    assert {"authorization", "apikey", "x-client-info", "traceparent", "tracestate", "baggage", "x-region"} <= sent
    for path in ("auth/v1/token", "rest/v1/rpc/place_order", "storage/v1/object/documents/a", "functions/v1/search"):
        assert not_allowed(project, path, sent) == set(), path


def not_allowed(project: dict[str, str], path: str, names: set[str]) -> set[str]:
    """The headers among `names` that the answer to a preflight leaves out."""
    asked = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": ",".join(sorted(names)),
    }
    response = httpx2.options(f"{project['SUPABASE_URL']}/{path}", headers=asked, timeout=60, trust_env=False)
    assert response.is_success, response.text
    allowed = {name.strip().lower() for name in response.headers["access-control-allow-headers"].split(",")}
    return (names & {"authorization"} if "*" in allowed else names) - allowed


def test_the_documentation_lists_these_calls() -> None:
    text = (REPOSITORY / "docs" / "browser.md").read_text(encoding="utf-8")
    assert [name for name in CALLS if f"`{name}`" not in text] == []
