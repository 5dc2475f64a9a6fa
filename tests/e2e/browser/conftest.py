"""A browser for each module: Playwright's own event loop must not outlive it into tests that run another."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.browser.shop_page import CDN, ELSEWHERE, SHOP, TELL, edited, serve_sdk
from tests.e2e.browser.support import CHROMIUM, FLAGS, NO_CHROMIUM, PATIENCE_MS, Traffic, site


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip(NO_CHROMIUM)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS), timeout=PATIENCE_MS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A page that keeps what it signed in as for the length of the module."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


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
