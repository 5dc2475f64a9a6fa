"""The shop of docs/examples/shop on projects that are set up in other ways than the local one, or wrongly."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.browser.shop_page import (
    CDN,
    PASSWORD,
    cards,
    expect_catalogue,
    press,
    serve_sdk,
)
from tests.e2e.browser.support import PATIENCE_MS

MESSAGE = "#message"


@pytest.fixture
def fresh(shop: Page) -> Page:
    """The page, loaded anew by a visitor; what a test put in its way before is gone."""
    shop.unroute_all()
    shop.goto(shop.url.partition("#")[0])
    expect_catalogue(shop)
    return shop


def json_of(route: Route) -> list[dict[str, object]]:
    return list(json.loads(route.fetch(timeout=PATIENCE_MS).body()))


def test_sign_up_with_confirmations_on_names_the_mail(fresh: Page) -> None:
    """As the committed config.toml has it on hosted projects: a person, and no session yet."""
    person = {"id": "a9b3a3a8-2fd1-4c0f-9d80-1f1f9a9a3f10", "email": "new@tidegate.example", "identities": []}
    fresh.route(re.compile("/auth/v1/signup"), lambda route: route.fulfill(json=person))
    fresh.get_by_label("E-mail").fill(str(person["email"]))
    fresh.get_by_label("Password").fill(PASSWORD)
    press(fresh, "Sign up")
    expect(fresh.locator(MESSAGE)).to_have_text(
        "Almost there: follow the link in the mail that we sent you, then sign in."
    )
    expect(fresh.locator(MESSAGE)).not_to_have_class("error")


def test_a_link_that_no_longer_holds_says_so(fresh: Page) -> None:
    fresh.goto(f"{fresh.url}#error=access_denied&error_code=otp_expired&error_description=Email+link+has+expired")
    fresh.reload()
    expect(fresh.locator(MESSAGE)).to_have_text("Email link has expired.")
    expect_catalogue(fresh)


def test_names_in_any_script_and_without_letters_have_cards(fresh: Page) -> None:
    names = ["Палатка «Север»", "3000", "帐篷", "…", "Ösel tent"]

    def renamed(route: Route) -> None:
        rows = json_of(route)
        for row, name in zip(rows, names, strict=False):
            row["name"] = name
        route.fulfill(json=rows, headers={"content-range": "0-11/84", "access-control-expose-headers": "*"})

    fresh.route(re.compile("/rest/v1/products"), renamed)
    press(fresh, "All")
    expect(cards(fresh).locator("h3").first).to_have_text(names[0])
    expect(cards(fresh)).to_have_count(12)
    assert cards(fresh).locator(".tile").all_text_contents()[: len(names)] == ["ПС", "3", "帐", "", "Öt"]


REFUSED_KEYS: dict[str, Callable[[Route], None]] = {
    "hosted": lambda route: route.fulfill(
        status=401, json={"message": "Invalid API key", "hint": "Double check your Supabase `anon` API key."}
    ),
    "of another project": lambda route: route.fulfill(status=401, json={"message": "No suitable key was found"}),
}


@pytest.mark.parametrize("answer", REFUSED_KEYS)
def test_a_wrong_key_is_no_fault_of_the_network(fresh: Page, answer: str) -> None:
    fresh.route(re.compile("/rest/v1/"), REFUSED_KEYS[answer])
    press(fresh, "All")
    expect(fresh.locator(MESSAGE)).to_have_text("The shop is not set up: its project refused the key.")


def test_without_its_library_the_page_says_so(fresh: Page) -> None:
    fresh.route(CDN, lambda route: route.abort())
    fresh.context.unroute(CDN)
    fresh.reload()
    expect(fresh.locator(MESSAGE)).to_contain_text("The shop did not load.")
    fresh.context.route(CDN, serve_sdk)
