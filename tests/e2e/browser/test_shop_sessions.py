"""The shop of docs/examples/shop, when somebody's session ends: they are told why, and can sign in again."""

import re
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

import psycopg
import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.e2e.browser.shop_page import (
    ELSEWHERE,
    assert_for_people,
    assert_no_error,
    cards,
    is_catalogue,
    press,
    sign_up,
)
from tests.e2e.browser.support import Traffic


def forge_signature(shop: Page) -> None:
    """As after a change of the project's keys."""
    shop.evaluate("""() => {
      const [key] = Object.keys(localStorage).filter((name) => name.endsWith("-auth-token"));
      const session = JSON.parse(localStorage[key]);
      session.access_token = session.access_token.replace(/[^.]+$/, (given) => given.split("").reverse().join(""));
      localStorage[key] = JSON.stringify(session);
    }""")


def close(project: dict[str, str], change: str, email: str) -> None:
    with psycopg.connect(project["DATABASE_URL"]) as admin:
        admin.execute(f"{change} where email = %s", (email,))


CLOSINGS = {
    "its key was changed": ("", "Please sign in again."),
    "its account is deleted": ("delete from auth.users", "Please sign in again."),
    "its account is closed": ("update auth.users set deleted_at = now()", "Please sign in again."),
    "its account is banned": ("update auth.users set banned_until = 'infinity'", "This account is banned."),
}


def start_as_visitor(shop: Page) -> None:
    if shop.locator("#signed-in").is_visible():
        press(shop, "Sign out")
    expect(shop.locator("#sign-in")).to_be_visible()


@pytest.mark.parametrize("closing", CLOSINGS)
def test_a_session_that_is_no_longer_accepted_ends(shop: Page, project: dict[str, str], closing: str) -> None:
    """Who comes back sees what a visitor sees, is told why, and can sign in."""
    change, why = CLOSINGS[closing]
    start_as_visitor(shop)
    email, address = sign_up(shop), shop.url
    # While the page is open, it may be the one that finds out, and tells what the next one cannot know.
    shop.goto(urljoin(address, ELSEWHERE))
    if change:
        close(project, change, email)
    else:
        forge_signature(shop)
    shop.goto(address)
    expect(shop.locator("#message")).to_have_text(why)
    expect(shop.get_by_label("E-mail")).to_be_visible()
    expect(cards(shop)).to_have_count(12)
    expect(shop.locator("#categories button").first).to_be_visible()
    expect(shop.locator("#recommendations .product")).to_have_count(4)
    expect(shop.locator("#orders li")).to_have_count(0)
    sign_up(shop)


def is_categories(url: str) -> bool:
    return urlsplit(url).path == "/rest/v1/categories"


def is_theirs(request: Request) -> bool:
    """Whether it asks for the categories as somebody who is signed in: a visitor's may still be on its way."""
    token = request.headers.get("authorization", "")
    return is_categories(request.url) and request.method == "GET" and token.count(".") == 2


def test_a_session_that_ends_while_the_page_fills(shop: Page, project: dict[str, str]) -> None:
    """Part of what somebody who has just signed in is to see was answered, and part is refused."""
    start_as_visitor(shop)
    held: list[Route] = []

    def hold_theirs(route: Route) -> None:
        if is_theirs(route.request):
            held.append(route)
        else:
            route.continue_()

    shop.route(is_categories, hold_theirs)
    with shop.expect_request(is_theirs):
        email = sign_up(shop)
    expect(cards(shop)).to_have_count(12)
    close(project, CLOSINGS["its account is closed"][0], email)
    (theirs,) = held
    theirs.continue_()
    expect(shop.locator("#message")).to_have_text("Please sign in again.")
    expect(shop.get_by_label("E-mail")).to_be_visible()
    shop.unroute(is_categories)
    shop.reload()
    expect(cards(shop)).to_have_count(12)
    expect(shop.get_by_label("E-mail")).to_be_visible()
    expect(shop.locator("#message")).to_have_text("")


def is_doubt(url: str) -> bool:
    """Whether it asks for what everybody may read, to find out what a refusal means."""
    return is_categories(url) and urlsplit(url).query == "select=id&limit=1"


def test_a_late_answer_about_a_session_ends_no_other(shop: Page, project: dict[str, str]) -> None:
    """All that a banned person's page asks is refused, and each refusal is looked into; one answer comes very late."""
    start_as_visitor(shop)
    email, address = sign_up(shop), shop.url
    shop.goto(urljoin(address, ELSEWHERE))
    change, why = CLOSINGS["its account is banned"]
    close(project, change, email)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)
        if len(held) == 2:
            held[0].continue_()

    shop.route(is_doubt, hold)
    shop.goto(address)
    expect(shop.locator("#message")).to_have_text(why)
    email = sign_up(shop)
    for late in held[1:]:
        with shop.expect_response(lambda response: is_doubt(response.url)) as answered:
            late.continue_()
        answered.value.finished()
    shop.unroute(is_doubt)
    assert answered.value.status == 403
    assert shop.evaluate("client.auth.getSession().then(({ data }) => data.session?.user.email)") == email
    expect(shop.locator("#message")).to_have_text("Welcome.")
    expect(shop.locator("#signed-in span")).to_have_text(email)


def close_before(shop: Page, is_first: Callable[[str], bool], project: dict[str, str], change: str, email: str) -> None:
    """Let the next request to such a URL be the first that the account may not make."""

    def meanwhile(route: Route) -> None:
        close(project, change, email)
        route.continue_()

    shop.route(is_first, meanwhile, times=1)


def test_a_session_that_ends_while_the_page_is_open(shop: Page, project: dict[str, str]) -> None:
    press(shop, "Sign out")
    email = sign_up(shop)
    expect(cards(shop)).to_have_count(12)
    # Not one of the first page, which is asked for again once somebody has signed in.
    close_before(shop, lambda url: is_catalogue(url) and "offset=12" in url, project, "delete from auth.users", email)
    press(shop, "Next")
    expect(shop.locator("#message")).to_have_text("Please sign in again.")
    expect(shop.locator("#pages span")).to_have_text(re.compile("Page 2 of"))
    expect(cards(shop)).to_have_count(12)
    email = sign_up(shop)
    shop.locator("#products button:enabled").first.click()
    banned = "update auth.users set banned_until = 'infinity'"
    close_before(shop, lambda url: urlsplit(url).path == "/rest/v1/rpc/place_order", project, banned, email)
    press(shop, "Place order")
    expect(shop.locator("#message")).to_have_text("This account is banned.")
    expect(shop.locator("#basket li")).to_have_count(1)
    shop.locator("#basket").get_by_role("button").click()
    sign_up(shop)


def test_no_message_is_one_for_developers(shop: Page, said: list[str]) -> None:
    expect(cards(shop)).to_have_count(12)
    assert_for_people(said)


def test_the_page_meets_no_error_of_its_own(shop: Page, traffic: Traffic) -> None:
    expect(cards(shop)).to_have_count(12)
    assert_no_error(traffic)
