"""The shop of docs/examples/shop, as a person uses it. With SCREENSHOT=file it leaves a picture of itself there."""

import os
import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import psycopg
import pytest
from playwright.sync_api import Locator, Page, Request, Route, expect

from gateway.local.paths import REPOSITORY
from tests.e2e.browser.support import SDK, Traffic, sdk_file, sdk_version, site

# A busy machine may take seconds for what takes a moment.
expect.set_options(timeout=20_000)
SHOP = REPOSITORY / "docs" / "examples" / "shop"
CDN = f"https://cdn.jsdelivr.net/npm/{SDK}@{sdk_version()}/dist/umd/supabase.js"
PASSWORD = "correct horse battery"
SCREENSHOT = os.environ.get("SCREENSHOT")
# Tells the tests of every message, also of one that another replaces at once.
TELL = """addEventListener("DOMContentLoaded", () => {
  const message = document.getElementById("message");
  if (!message) return;
  new MutationObserver(() => console.debug(`said: ${message.textContent}`)).observe(message, { childList: true });
})"""
TYPE = """(field, text) => {
  for (let length = 1; length <= text.length; length++) {
    field.value = text.slice(0, length);
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
}"""
# What SDKs, browsers and PostgreSQL say to developers.
NOT_FOR_PEOPLE = re.compile(r"Error\b|abort|fetch|JSON|token|JWT|permission|function|undefined|\{|<")
UNANSWERED = "The shop did not answer."
# A page of the same origin, with the shop's storage and without its script.
ELSEWHERE = "/elsewhere.html"


def edited(html: str, project: dict[str, str]) -> str:
    """The page with the three lines that its reader edits."""
    settings = {
        "supabase-url": project["SUPABASE_URL"],
        "supabase-key": project["SUPABASE_PUBLISHABLE_KEY"],
        "gateway-url": project["GATEWAY_URL"],
    }
    for name, value in settings.items():
        html, count = re.subn(rf'(<meta name="{name}" content=")[^"]*', rf"\g<1>{value}", html)
        assert count == 1, name
    return html


def serve_sdk(route: Route) -> None:
    """The CDN's answer, from the package itself: no test asks the internet. The page checks it by its hash."""
    headers = {"access-control-allow-origin": "*", "content-type": "text/javascript"}
    route.fulfill(body=sdk_file(), headers=headers)


@pytest.fixture(scope="module")
def traffic(page: Page) -> Traffic:
    return Traffic(page)


@pytest.fixture(scope="module")
def said(page: Page) -> list[str]:
    """All messages that the page has shown."""
    said: list[str] = []
    page.add_init_script(TELL)
    page.on("console", lambda message: said.append(message.text) if message.text.startswith("said: ") else None)
    return said


@pytest.fixture(scope="module")
def shop(page: Page, project: dict[str, str], traffic: Traffic, said: list[str]) -> Iterator[Page]:
    """The shop, opened by a visitor."""
    assert traffic.requests == []
    assert said == []
    page.context.route(CDN, serve_sdk)
    html = edited((SHOP / "index.html").read_text(encoding="utf-8"), project)
    files = {"/index.html": html.encode(), "/shop.js": (SHOP / "shop.js").read_bytes(), ELSEWHERE: b""}
    with site(files) as origin:
        page.goto(f"{origin}/")
        yield page


def cards(shop: Page) -> Locator:
    return shop.locator("#products .product")


def names(shop: Page) -> list[str]:
    return shop.locator("#products h3").all_text_contents()


def press(shop: Page, name: str) -> None:
    shop.get_by_role("button", name=name, exact=True).click()


def add(shop: Page, name: str) -> None:
    cards(shop).filter(has_text=name).get_by_role("button").click()


def sign_up(shop: Page) -> str:
    """A person who is new, and signed in; their address."""
    email = f"{secrets.token_hex(6)}@tidegate.example"
    shop.get_by_label("E-mail").fill(email)
    shop.get_by_label("Password").fill(PASSWORD)
    press(shop, "Sign up")
    expect(shop.locator("#signed-in span")).to_have_text(email)
    expect(shop.locator("#message")).to_have_text("Welcome.")
    return email


def expect_catalogue(shop: Page) -> None:
    """Its first page, of all categories: not what was found or chosen a moment ago."""
    expect(shop.locator("#pages")).to_be_visible()
    expect(shop.locator("#pages span")).to_have_text(re.compile(r"Page 1 of [5-9]"))
    expect(cards(shop)).to_have_count(12)


def is_catalogue(url: str) -> bool:
    return urlsplit(url).path == "/rest/v1/products"


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
        expect(shop.locator("#message")).to_have_text(
            f"{UNANSWERED} Check your connection, and try again.", timeout=30_000
        )
        shop.unroute_all()
        shop.get_by_label("Search the shop").fill("")
        press(shop, "All")
        expect(shop.locator("#message")).to_have_text("")
        expect_catalogue(shop)


def test_a_visitor_is_told_to_sign_in(shop: Page) -> None:
    expect_catalogue(shop)
    add(shop, names(shop)[0])
    expect(shop.locator("#basket li")).to_have_count(1)
    press(shop, "Place order")
    expect(shop.locator("#message")).to_have_class("error")
    expect(shop.locator("#message")).to_have_text("Sign in to order.")
    shop.locator("#basket").get_by_role("button").click()
    expect(shop.locator("#total")).to_have_text("Nothing yet")
    expect(shop.locator("#order")).to_be_disabled()


def test_a_person_signs_up_out_and_in(shop: Page) -> None:
    email = sign_up(shop)
    press(shop, "Sign out")
    expect(shop.get_by_label("E-mail")).to_be_visible()
    expect(shop.locator("#message")).to_have_text("You are signed out.")
    shop.get_by_label("Password").fill("another password")
    press(shop, "Sign in")
    expect(shop.locator("#message")).to_have_text("Invalid login credentials")
    shop.get_by_label("Password").fill(PASSWORD)
    press(shop, "Sign in")
    expect(shop.locator("#signed-in span")).to_have_text(email)
    expect(shop.locator("#message")).to_have_text("Welcome.")
    shop.reload()
    expect(shop.locator("#signed-in span")).to_have_text(email)


def test_a_person_orders_and_cancels(shop: Page) -> None:
    expect_catalogue(shop)
    available = [name for name in names(shop) if cards(shop).filter(has_text=name).get_by_role("button").is_enabled()]
    for name in (available[0], available[0], available[1]):
        add(shop, name)
    expect(shop.locator("#basket li").first).to_contain_text(f"2 \N{MULTIPLICATION SIGN} {available[0]}")
    press(shop, "Place order")
    expect(shop.locator("#message")).to_have_text("Thank you for your order.")
    expect(shop.locator("#orders li")).to_have_count(1)
    expect(shop.locator("#orders li")).to_contain_text("pending")
    expect(shop.locator("#orders .text")).to_contain_text(f"2 \N{MULTIPLICATION SIGN} {available[0]}")
    expect(shop.locator("#basket li")).to_have_count(0)
    press(shop, "Cancel")
    expect(shop.locator("#orders .status")).to_have_text("cancelled")


def test_an_order_whose_answer_is_lost_is_placed_once(shop: Page, project: dict[str, str]) -> None:
    url = f"{project['SUPABASE_URL']}/rest/v1/rpc/place_order"

    def lose_answer(route: Route) -> None:
        route.fetch()
        route.abort("connectionreset")

    add(shop, names(shop)[0])
    shop.route(url, lose_answer, times=1)
    press(shop, "Place order")
    expect(shop.locator("#message")).to_have_class("error")
    expect(shop.locator("#message")).to_contain_text(f"{UNANSWERED} Your order may have arrived")
    press(shop, "Place order")
    expect(shop.locator("#message")).to_have_text("Thank you for your order.")
    expect(shop.locator("#orders li")).to_have_count(2)


def test_products_are_recommended(shop: Page) -> None:
    recommended = shop.locator("#recommendations .product")
    expect(recommended).to_have_count(4)
    for text in recommended.locator(".text").all_text_contents():
        assert text


def test_a_picture_for_the_documentation(shop: Page, tmp_path: Path) -> None:
    shop.get_by_label("Search the shop").fill("something to keep coffee hot")
    expect(shop.locator("#heading")).to_contain_text("Results")
    for name in ("Emberline Vacuum Flask 1 L", "Emberline Food Jar 500 ml"):
        add(shop, name)
    expect(shop.locator("#basket li")).to_have_count(2)
    target = Path(SCREENSHOT or tmp_path / "shop.png")
    shop.screenshot(path=target, animations="disabled")
    assert target.stat().st_size < 300_000
    shop.reload()  # without the basket
    expect(shop.locator("#signed-in")).to_be_visible()


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
    doubts: list[str] = []
    held: list[Route] = []

    def is_second_doubt(request: Request) -> bool:
        if is_doubt(request.url) and request.method == "GET":
            doubts.append(request.url)
        return len(doubts) == 2

    shop.route(is_doubt, lambda route: held.append(route))  # noqa: PLW0108  a builtin cannot be marked
    with shop.expect_event("request", is_second_doubt):
        shop.goto(address)
    held[0].continue_()
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
    assert [text for text in said if NOT_FOR_PEOPLE.search(text)] == []
    assert len(said) > 10


def test_the_page_meets_no_error_of_its_own(shop: Page, traffic: Traffic) -> None:
    """What was lost on purpose is logged; nothing that CORS forbids, and no exception."""
    expect(cards(shop)).to_have_count(12)
    assert [complaint for complaint in traffic.complaints if "ERR_CONNECTION_RESET" not in complaint] == []


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
