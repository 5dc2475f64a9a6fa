"""The shop of docs/examples/shop, as a visitor looks around: its pages, its search, and answers that never come."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from gateway.local.paths import REPOSITORY
from tests.e2e.browser.shop_page import (
    SHOP,
    UNANSWERED,
    assert_for_people,
    assert_no_error,
    cards,
    expect_catalogue,
    is_catalogue,
    names,
    press,
    serve_sdk,
)
from tests.e2e.browser.support import Traffic, site

TYPE = """(field, text) => {
  for (let length = 1; length <= text.length; length++) {
    field.value = text.slice(0, length);
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
}"""


def test_a_visitor_turns_the_pages_of_the_catalogue(shop: Page) -> None:
    expect(cards(shop)).to_have_count(12)
    expect(shop.locator("#pages span")).to_have_text(re.compile(r"Page 1 of [5-9]"))
    first = names(shop)
    expect(shop.get_by_role("button", name="Previous")).to_be_disabled()
    press(shop, "Next")
    expect(shop.locator("#pages span")).to_have_text(re.compile(r"Page 2 of"))
    expect(shop.locator("#products h3").first).not_to_have_text(first[0])
    assert not set(first) & set(names(shop))
    press(shop, "Previous")
    expect(shop.locator("#products h3").first).to_have_text(first[0])


def test_a_visitor_keeps_to_a_category(shop: Page) -> None:
    press(shop, "Care and Repair")
    expect(shop.locator("#pages span")).to_have_text(re.compile(r"Page 1 of [12]"))
    assert 0 < len(names(shop)) <= 12
    press(shop, "All")
    expect(shop.locator("#pages span")).to_have_text(re.compile(r"Page 1 of [5-9]"))


def test_search_follows_what_is_typed(shop: Page, project: dict[str, str], traffic: Traffic) -> None:
    """Letters that come fast are asked about once, when there are no more."""
    before = len(traffic.requests)
    # In one go: however busy the machine is, no pause between two letters is a long one.
    shop.get_by_label("Search the shop").evaluate(TYPE, "something to keep coffee hot")
    expect(shop.locator("#heading")).to_have_text("Results for “something to keep coffee hot”")
    assert names(shop)[0] == "Emberline Vacuum Flask 1 L"
    asked = [request for request in traffic.requests[before:] if request.url == f"{project['GATEWAY_URL']}/v1/search"]
    assert len([request for request in asked if request.method == "POST"]) == 1
    shop.get_by_label("Search the shop").fill("")
    expect(shop.locator("#heading")).to_have_text(re.compile(r"\d+ products"))


def test_a_slow_answer_does_not_replace_a_newer_one(shop: Page, project: dict[str, str]) -> None:
    """The answer to the first question is held back until the second has been shown."""
    held: list[Route] = []

    def hold_first(route: Route) -> None:
        if "tent" in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    url = f"{project['GATEWAY_URL']}/v1/search"
    shop.route(url, hold_first)
    field = shop.get_by_label("Search the shop")
    with shop.expect_request(lambda request: "tent" in (request.post_data or "")) as tent:
        field.fill("tent")
    field.fill("paddle")
    expect(shop.locator("#heading")).to_have_text("Results for “paddle”")
    shop.unroute(url, hold_first)
    assert tent.value.failure is not None, "the page still waits for what nobody wants to know"
    expect(shop.locator("#message")).to_have_text("")
    field.fill("")
    expect(shop.locator("#heading")).to_have_text(re.compile(r"\d+ products"))


def test_quick_clicks_and_letters_meet_no_error(shop: Page, said: list[str]) -> None:
    """Each ends the request before it, which is nothing that a person should read of."""
    before = len(said)
    shop.get_by_role("button", name="Next").dblclick()
    expect(shop.locator("#pages span")).to_have_text(re.compile("Page 3 of"))
    shop.evaluate("for (const button of document.querySelectorAll('#categories button')) button.click()")
    expect(shop.locator("#pages span")).to_have_text(re.compile("Page 1 of"))
    press(shop, "All")
    shop.route(is_catalogue, lambda _: None)
    with shop.expect_request(lambda request: is_catalogue(request.url)):
        shop.reload()
    shop.get_by_label("Search the shop").press_sequentially("tent", delay=5)
    shop.unroute(is_catalogue)
    expect(shop.locator("#heading")).to_have_text("Results for “tent”")
    expect(shop.locator("#pages")).to_be_hidden()
    shop.get_by_label("Search the shop").fill("")
    expect(shop.locator("#heading")).to_have_text(re.compile(r"\d+ products"))
    expect(shop.locator("#pages")).to_be_visible()
    assert set(said[before:]) <= {"said: "}


def test_nobody_turns_beyond_the_last_page(shop: Page) -> None:
    """Not even by clicks that come faster than the answers."""
    click = "(value) => { for (let i = 0; i < 50; i++) document.querySelector(`#pages [value='${value}']`).click(); }"
    shop.evaluate(click, "1")
    expect(shop.locator("#pages span")).to_have_text(re.compile(r"Page (\d+) of \1$"))
    shop.evaluate(click, "-1")
    expect(shop.locator("#pages span")).to_have_text(re.compile("Page 1 of"))
    expect(cards(shop)).to_have_count(12)


FAULTS: dict[str, Callable[[Route], None]] = {
    "a connection that breaks": lambda route: route.abort("connectionreset"),
    "a proxy's page": lambda route: route.fulfill(status=502, body="<html>", content_type="text/html"),
    "a filter's page": lambda route: route.fulfill(status=403, body="<html>", content_type="text/html"),
    "a page in place of rows": lambda route: route.fulfill(body="<html>", content_type="text/html"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_answer_of_no_server_is_told_in_plain_words(shop: Page, fault: str) -> None:
    for path, query in (("/rest/v1/products", ""), ("/v1/search", "tent")):
        shop.get_by_label("Search the shop").fill(query)
        expect(shop.locator("#heading")).to_have_text(re.compile("tent" if query else "products"))
        shop.route(re.compile(re.escape(path)), FAULTS[fault])
        press(shop, "Care and Repair")
        # supabase-js asks again three times before it gives up.
        expect(shop.locator("#message")).to_have_text(f"{UNANSWERED} Check your connection, and try again.")
        shop.unroute_all()
        shop.get_by_label("Search the shop").fill("")
        press(shop, "All")
        expect(shop.locator("#message")).to_have_text("")
        expect_catalogue(shop)


def test_no_message_is_one_for_developers(shop: Page, said: list[str]) -> None:
    expect(cards(shop)).to_have_count(12)
    assert_for_people(said)


def test_the_page_meets_no_error_of_its_own(shop: Page, traffic: Traffic) -> None:
    expect(cards(shop)).to_have_count(12)
    assert_no_error(traffic)


def test_the_page_shows_texts_as_texts(shop: Page) -> None:
    """Names of products are other people's input."""
    script = (SHOP / "shop.js").read_text(encoding="utf-8")
    assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|eval\(", script)


def test_the_first_page_of_the_documentation_works(page: Page, project: dict[str, str]) -> None:
    text = (REPOSITORY / "docs" / "browser.md").read_text(encoding="utf-8")
    (snippet,) = re.findall(r"```html\n(.*?)```", text, re.DOTALL)
    html = re.sub(
        r'createClient\(".*?", ".*?"\)',
        f'createClient("{project["SUPABASE_URL"]}", "{project["SUPABASE_PUBLISHABLE_KEY"]}")',
        snippet,
    )
    other = page.context.new_page()
    other.route("https://cdn.jsdelivr.net/npm/@supabase/supabase-js@2", serve_sdk)
    with site({"/index.html": html.encode()}) as origin, other.expect_console_message() as said:
        other.goto(f"{origin}/")
    assert said.value.type == "table"
    assert len(said.value.args[0].json_value()) == 5
    other.close()
