"""The shop of docs/examples/shop in a browser: what its tests serve it with, press in it, and read there."""

import re
import secrets
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, Route, expect

from gateway.local.paths import REPOSITORY
from tests.e2e.browser.support import PATIENCE_MS, SDK, Traffic, sdk_file, sdk_version

# A busy machine may take seconds for what takes a moment.
expect.set_options(timeout=PATIENCE_MS)
SHOP = REPOSITORY / "docs" / "examples" / "shop"
CDN = f"https://cdn.jsdelivr.net/npm/{SDK}@{sdk_version()}/dist/umd/supabase.js"
PASSWORD = "correct horse battery"
# Tells the tests of every message, also of one that another replaces at once.
TELL = """addEventListener("DOMContentLoaded", () => {
  const message = document.getElementById("message");
  if (!message) return;
  new MutationObserver(() => console.debug(`said: ${message.textContent}`)).observe(message, { childList: true });
})"""
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


def assert_for_people(said: list[str]) -> None:
    """All that the page has said in the tests of a module."""
    assert [text for text in said if NOT_FOR_PEOPLE.search(text)] == []
    assert len(said) > 5


def assert_no_error(traffic: Traffic) -> None:
    """What was lost on purpose is logged; nothing that CORS forbids, and no exception."""
    assert [complaint for complaint in traffic.complaints if "ERR_CONNECTION_RESET" not in complaint] == []
