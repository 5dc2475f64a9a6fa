"""The shops of docs/adopt/frameworks.md: each framework's example done right, on the same rows as the Data API."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from gateway.local.paths import REPOSITORY
from tests.adopt.support import APPS
from tests.adopt.whole.shops import DJANGO, EXPRESS, FASTAPI, FLASK, Shops, shops
from tests.support.documentation import blocks
from tests.support.stack import Stack

FRAMEWORKS = [DJANGO, FLASK, FASTAPI, EXPRESS]
NAMES = [framework.name for framework in FRAMEWORKS]
ACTIVE, HIDDEN = 23, 2


@pytest.fixture(scope="module")
def running(stack: Stack) -> Iterator[Shops]:
    with shops(stack, *FRAMEWORKS) as running:
        for number in range(ACTIVE):
            running.shop.product(stock=5, price=f"{number + 1}.50", name=f"Lamp {number}")
        for number in range(HIDDEN):
            running.shop.product(stock=5, name=f"Hidden {number}", active=False)
        yield running


def new_product() -> dict[str, Any]:
    sku = f"NEW-{uuid.uuid4().hex[:12].upper()}"
    return {"category": "lamps", "sku": sku, "name": "New", "price": "9.90", "stock": 1}


def pages(running: Shops, framework: str, person: uuid.UUID | None) -> list[list[dict[str, Any]]]:
    """All pages of products, by the links from one to the next."""
    found, path = [], "/api/products/"
    while path:
        answer = running.ask(framework, "GET", path, person)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        found.append(body["results"])
        # A link is one that a client can follow: with the public host and the gateway's path.
        start = f"https://shop.example/app/{framework}"
        assert body["next"] is None or body["next"].startswith(f"{start}/api/products")
        path = (body["next"] or "").removeprefix(start)
    return found


def test_the_page_shows_code_that_runs() -> None:
    page = REPOSITORY / "docs" / "adopt" / "frameworks.md"
    files = [path for folder in APPS.glob("*_shop") for path in folder.rglob("*") if path.suffix in (".py", ".js")]
    code = "\n".join(path.read_text(encoding="utf-8") for path in files)
    shown = [block.code for block in blocks(page) if block.language in ("python", "js")]
    assert shown
    assert [text for text in shown if text not in code] == []


@pytest.mark.parametrize("framework", NAMES)
def test_the_same_rows_are_shown_to_the_same_callers(running: Shops, framework: str) -> None:
    callers = {None: ACTIVE, running.shop.buyer(): ACTIVE, running.shop.staff: ACTIVE + HIDDEN}
    for person, count in callers.items():
        found = pages(running, framework, person)
        assert [len(page) for page in found] == [20, count - 20]
        rows = [row for page in found for row in page]
        same = running.rows("products?select=id,price,stock,is_in_stock&order=created_at.desc,id", person)
        assert [row["id"] for row in rows] == [row["id"] for row in same]
        assert [Decimal(row["price"]) for row in rows] == [Decimal(str(row["price"])) for row in same]
        assert [(row["stock"], row["is_in_stock"]) for row in rows] == [(r["stock"], r["is_in_stock"]) for r in same]


@pytest.mark.parametrize("framework", NAMES)
def test_a_person_is_the_profile_that_supabase_knows(running: Shops, framework: str) -> None:
    person = running.shop.buyer()
    assert running.ask(framework, "GET", "/api/me/").status_code == 401
    found = running.ask(framework, "GET", "/api/me/", person).json()
    (profile,) = running.rows("profiles?select=id,email", person)
    assert {name: found[name] for name in profile} == profile


@pytest.mark.parametrize("framework", NAMES)
def test_the_last_one_is_sold_once(running: Shops, framework: str) -> None:
    product = running.shop.product(stock=3)
    buyers = [running.shop.buyer() for _ in range(8)]

    def buy(person: uuid.UUID) -> httpx2.Response:
        key = {"Idempotency-Key": str(uuid.uuid4())}
        path = f"/api/products/{product}/purchase/"
        return running.ask(framework, "POST", path, person, json={"quantity": 1}, headers=key)

    with ThreadPoolExecutor(len(buyers)) as pool:
        answers = list(pool.map(buy, buyers))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 5, [a.text for a in answers]
    assert (running.shop.stock(product), running.shop.held(product)) == (0, 3)
    bought = next(buyer for buyer, answer in zip(buyers, answers, strict=True) if answer.status_code == 201)
    (order,) = running.rows("orders?select=id", bought)
    assert order["id"] in {answer.json().get("id") for answer in answers}


@pytest.mark.parametrize("framework", NAMES)
def test_a_purchase_that_is_sent_twice_is_one(running: Shops, framework: str) -> None:
    product, person = running.shop.product(stock=5), running.shop.buyer()
    key = {"Idempotency-Key": str(uuid.uuid4())}
    path = f"/api/products/{product}/purchase/"
    first, again = (running.ask(framework, "POST", path, person, json={}, headers=key) for _ in range(2))
    assert first.json()["id"] == again.json()["id"]
    assert running.shop.stock(product) == 4


@pytest.mark.parametrize("framework", NAMES)
@pytest.mark.parametrize(
    ("field", "value"), [("price", "-1"), ("price", "free"), ("name", ""), ("stock", -1), ("category", "none")]
)
def test_bad_input_is_told_by_field(running: Shops, framework: str, field: str, value: object) -> None:
    answer = running.ask(framework, "POST", "/api/products/", running.shop.staff, json={**new_product(), field: value})
    assert answer.status_code in (400, 422)
    assert field in answer.text


@pytest.mark.parametrize("framework", NAMES)
def test_staff_alone_change_products(running: Shops, framework: str) -> None:
    staff, person = running.shop.staff, running.shop.buyer()
    new = {**new_product(), "is_active": False}
    assert running.ask(framework, "POST", "/api/products/", json=new).status_code == 401
    assert running.ask(framework, "POST", "/api/products/", person, json=new).status_code == 403
    made = running.ask(framework, "POST", "/api/products/", staff, json=new)
    assert made.status_code == 201, made.text
    path = f"/api/products/{made.json()['id']}/"
    assert running.ask(framework, "GET", path, person).status_code == 404
    changed = running.ask(framework, "PATCH", path, staff, json={"price": "8.80", "is_active": True})
    assert (changed.status_code, Decimal(changed.json()["price"])) == (200, Decimal("8.80"))
    assert running.ask(framework, "PATCH", path, person, json={"price": "0.10"}).status_code == 403
    assert running.ask(framework, "DELETE", path, person).status_code == 403
    assert running.ask(framework, "DELETE", path, staff).status_code == 204
    assert running.rows(f"products?select=id&id=eq.{made.json()['id']}", staff) == []


@pytest.mark.parametrize("framework", NAMES)
def test_a_table_of_its_own_is_held_to_policies_as_well(running: Shops, framework: str) -> None:
    product, author, other = str(running.shop.product(stock=1)), running.shop.buyer(), running.shop.buyer()
    review = {"product": product, "stars": 4, "text": "Bright."}
    assert running.ask(framework, "POST", "/api/reviews/", json=review).status_code == 401
    made = running.ask(framework, "POST", "/api/reviews/", author, json=review)
    assert made.status_code == 201, made.text
    path = f"/api/reviews/{made.json()['id']}/"
    assert made.json()["author"] == str(author)
    assert running.ask(framework, "POST", "/api/reviews/", author, json={**review, "stars": 9}).status_code in (
        400,
        422,
    )
    seen = {person: running.ask(framework, "GET", path, person).status_code for person in (author, other, None)}
    assert seen == {author: 200, other: 404, None: 404}
    assert running.ask(framework, "PATCH", path, author, json={"is_public": True}).status_code == 200
    assert running.ask(framework, "PATCH", path, other, json={"stars": 1}).status_code in (403, 404)
    assert running.ask(framework, "GET", path).json()["stars"] == 4


@pytest.mark.parametrize("framework", FRAMEWORKS, ids=NAMES)
def test_no_table_of_its_own_lacks_policies(running: Shops, framework: Any) -> None:
    """What the page calls the check: each table, found in the catalog, whoever made it."""
    query = """
        select c.relname, c.relrowsecurity and c.relforcerowsecurity, array(
          select a.grantee::regrole::text from aclexplode(c.relacl) a
          where a.grantee in ('anon'::regrole, 'authenticated'::regrole, 0) group by 1)
        from pg_class c where c.relnamespace = %s::regnamespace and c.relkind = 'r'"""
    tables = running.shop.admin.execute(query, (framework.name,)).fetchall()
    assert "reviews" in {name for name, _, _ in tables}
    assert [name for name, is_held, grantees in tables if grantees and not is_held] == []


@pytest.mark.parametrize("framework", NAMES)
def test_pages_of_one_origin_may_call_it(running: Shops, framework: str) -> None:
    asked = {"Access-Control-Request-Method": "POST"}
    for origin, allowed in (("https://pages.example", "https://pages.example"), ("https://evil.example", None)):
        answer = running.ask(framework, "OPTIONS", "/api/products/", headers={"Origin": origin, **asked})
        assert answer.headers.get("access-control-allow-origin") == allowed


@pytest.mark.parametrize("framework", NAMES)
def test_a_header_that_the_gateway_has_not_signed_is_nobody(running: Shops, framework: str) -> None:
    """Whoever reaches the application past the gateway is not believed."""
    port = running.ports[framework]
    headers = {"Host": "shop.example", "X-Forwarded-Proto": "https", "X-Tidegate-Identity": "e30.e30.e30"}
    answer = httpx2.get(f"http://127.0.0.1:{port}/api/me/", headers=headers, trust_env=False)
    assert answer.status_code == 401


@pytest.mark.parametrize("framework", NAMES)
def test_production_wants_https_and_a_known_host(running: Shops, framework: str) -> None:
    port = running.ports[framework]
    plain = httpx2.get(f"http://127.0.0.1:{port}/api/products/", headers={"Host": "shop.example"}, trust_env=False)
    assert plain.status_code in (301, 307)
    assert plain.headers["location"].startswith("https:")
    other = {"Host": "evil.example", "X-Forwarded-Proto": "https"}
    assert httpx2.get(f"http://127.0.0.1:{port}/api/products/", headers=other, trust_env=False).status_code == 400
