"""The shop of docs/examples/shop, as a person orders. With SCREENSHOT=file it leaves a picture of itself there."""

import os
from pathlib import Path

import psycopg
from playwright.sync_api import Page, Route, expect

from tests.e2e.browser.shop_page import (
    PASSWORD,
    UNANSWERED,
    add,
    assert_for_people,
    assert_no_error,
    cards,
    expect_catalogue,
    names,
    press,
    sign_up,
)
from tests.e2e.browser.support import PATIENCE_MS, Traffic

SCREENSHOT = os.environ.get("SCREENSHOT")


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
        route.fetch(timeout=PATIENCE_MS)
        route.abort("connectionreset")

    add(shop, names(shop)[0])
    shop.route(url, lose_answer, times=1)
    press(shop, "Place order")
    expect(shop.locator("#message")).to_have_class("error")
    expect(shop.locator("#message")).to_contain_text(f"{UNANSWERED} Your order may have arrived")
    press(shop, "Place order")
    expect(shop.locator("#message")).to_have_text("Thank you for your order.")
    expect(shop.locator("#orders li")).to_have_count(2)


def test_a_price_that_has_risen_is_shown_before_it_is_paid(shop: Page, project: dict[str, str]) -> None:
    change = "update public.products set price = price + %s where name = %s"
    name = names(shop)[0]
    add(shop, name)
    shown = shop.locator("#total").inner_text()
    with psycopg.connect(project["DATABASE_URL"], autocommit=True) as owner:
        owner.execute(change, (5, name))
        try:
            press(shop, "Place order")
            expect(shop.locator("#message")).to_have_class("error")
            expect(shop.locator("#total")).not_to_have_text(shown)
            press(shop, "Place order")
            expect(shop.locator("#message")).to_have_text("Thank you for your order.")
        finally:
            owner.execute(change, (-5, name))


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


def test_no_message_is_one_for_developers(shop: Page, said: list[str]) -> None:
    expect(cards(shop)).to_have_count(12)
    assert_for_people(said)


def test_the_page_meets_no_error_of_its_own(shop: Page, traffic: Traffic) -> None:
    expect(cards(shop)).to_have_count(12)
    assert_no_error(traffic)
