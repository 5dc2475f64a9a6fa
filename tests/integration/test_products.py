"""Products through the Data API, as visitors, people and staff use them."""

import json
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from postgrest import CountMethod
from postgrest.exceptions import APIError
from supabase import Client as Supabase
from supabase import ClientOptions, create_client

from gateway.local.bootstrap import deno_command
from tests.integration.local_stack.support import Client, anonymous, person, service, staff
from tests.support import Database, Process, Stack

# sku: (category, name, description, price, stock, is_active)
SHELVES = {
    "ROPE-12": ("ropes", "Mooring rope", "A line of polyester to make a boat fast.", "19.90", 40, True),
    "ROPE-20": ("ropes", "Heavy rope", "Makes a ship fast to the quay.", "0.10", 0, True),
    "LAMP-01": ("lamps", "Anchor lamp", "A white light, seen all around from the ship.", "35.50", 7, True),
    "LAMP-00": ("lamps", "Oil lamp", "No longer on sale.", "12.00", 3, False),
}
ONE = {"Accept": "application/vnd.pgrst.object+json"}
RETURNED = {"Prefer": "return=representation"}


@dataclass(frozen=True)
class Shop:
    """The callers, and the ids of what is on the shelves by slug and sku."""

    visitor: Client
    person: Client
    staff: Client
    ids: dict[str, str]

    def new(self, **changes: Any) -> dict[str, Any]:
        """A product that nobody has yet."""
        sku = uuid.uuid4().hex[:12].upper()
        return {"category_id": self.ids["ropes"], "sku": sku, "name": "Twine", "price": "2.50", **changes}


@pytest.fixture(scope="module")
def shop(stack: Stack, api: Process) -> Shop:
    clerk, ids = staff(stack), {}
    for slug in ("ropes", "lamps", "bare"):
        ids[slug] = clerk.insert("categories", {"slug": slug, "name": slug.title()}).json()[0]["id"]
    for sku, (slug, name, description, price, stock, active) in SHELVES.items():
        row = {"category_id": ids[slug], "sku": sku, "name": name, "description": description}
        answer = clerk.insert("products", {**row, "price": price, "stock": stock, "is_active": active})
        assert answer.status_code == 201, answer.text
        ids[sku] = answer.json()[0]["id"]
    return Shop(anonymous(stack), person(stack), clerk, ids)


def skus(client: Client, query: str) -> list[str]:
    """The SKUs of what is on the shelves and matches."""
    return [row["sku"] for row in client.rows(f"products?select=sku&sku=in.({','.join(SHELVES)})&{query}")]


@pytest.mark.parametrize("actor", ["visitor", "person", "staff"])
def test_what_is_not_on_sale_is_for_staff_alone(shop: Shop, actor: str) -> None:
    seen = skus(getattr(shop, actor), "order=sku")
    assert seen == (sorted(SHELVES) if actor == "staff" else ["LAMP-01", "ROPE-12", "ROPE-20"])
    hidden = getattr(shop, actor).get(f"/rest/v1/products?id=eq.{shop.ids['LAMP-00']}", **ONE)
    assert hidden.status_code == (200 if actor == "staff" else 406)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("is_in_stock=is.true&order=sku", ["LAMP-01", "ROPE-12"]),
        ("is_in_stock=is.false", ["ROPE-20"]),
        ("price=gte.19.90&price=lt.35.50", ["ROPE-12"]),
        ("price=eq.0.1", ["ROPE-20"]),
        ("stock=gte.7&order=stock.desc", ["ROPE-12", "LAMP-01"]),
        ("order=price.desc,id", ["LAMP-01", "ROPE-12", "ROPE-20"]),
        ("order=name", ["LAMP-01", "ROPE-20", "ROPE-12"]),
        ("name=ilike.*rope*&order=sku", ["ROPE-12", "ROPE-20"]),
        ("or=(name.ilike.*anchor*,description.ilike.*quay*)&order=sku", ["LAMP-01", "ROPE-20"]),
        ("name=wfts(english).ropes&order=sku", ["ROPE-12", "ROPE-20"]),
        ("currency=eq.USD", []),
    ],
)
def test_filters_and_orders(shop: Shop, query: str, found: list[str]) -> None:
    assert skus(shop.visitor, query) == found


def test_a_category_with_its_products(shop: Shop) -> None:
    by_id = shop.visitor.rows(f"products?category_id=eq.{shop.ids['ropes']}&sku=like.ROPE*&select=sku&order=sku")
    by_slug = shop.visitor.rows("products?select=sku,categories!inner(slug)&categories.slug=eq.lamps")
    embedded = shop.visitor.get("/rest/v1/categories?slug=eq.lamps&select=name,products(sku,price)").text
    assert by_id == [{"sku": "ROPE-12"}, {"sku": "ROPE-20"}]
    assert by_slug == [{"sku": "LAMP-01", "categories": {"slug": "lamps"}}]
    assert embedded == '[{"name":"Lamps","products":[{"sku":"LAMP-01","price":35.50}]}]'


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("rope", ["ROPE-12", "ROPE-20"]),
        ("ropes mooring", ["ROPE-12"]),  # every word, whatever its ending
        ("ship -rope", ["LAMP-01"]),
        ('"white light"', ["LAMP-01"]),
        ("mooring or anchor", ["LAMP-01", "ROPE-12"]),
        ("LAMP-01", ["LAMP-01"]),
        ("paraffin", []),
        ("oil", []),  # not on sale
        ("", []),
        ("the", []),
        ("' & | ! <-> :*", []),
        ("ship -rope --", ["LAMP-01"]),
        ("rope - - - - ropes", ["ROPE-12", "ROPE-20"]),
        ("--rope", ["ROPE-12", "ROPE-20"]),  # two hyphens exclude nothing
        ("-" * 33, []),
        ("- " * 498 + "rope", ["ROPE-12", "ROPE-20"]),
        ("rope " + "-" * 995, ["ROPE-12", "ROPE-20"]),
        ("-- " * 333, []),
        ("-(" * 400 + "rope", ["ROPE-12", "ROPE-20"]),
        ("-\u3000" * 400 + "rope", ["ROPE-12", "ROPE-20"]),
        ('-"' * 499, []),
        ("語" * 1000, []),
    ],
)
def test_search_by_words(shop: Shop, query: str, found: list[str]) -> None:
    answer = shop.visitor.send("POST", "/rest/v1/rpc/search_products?select=sku&order=sku", json={"query": query})
    assert answer.status_code == 200, answer.text
    assert [row["sku"] for row in answer.json()] == found


def test_a_search_is_filtered_sorted_and_paged_like_the_table(shop: Shop) -> None:
    path = "/rest/v1/rpc/search_products?query=rope&order=price.desc&select=sku,price,categories(slug)&limit=1"
    first = shop.visitor.get(path, Prefer="count=exact")
    assert first.text == '[{"sku":"ROPE-12","price":19.90,"categories":{"slug":"ropes"}}]'
    assert (first.status_code, first.headers["content-range"]) == (206, "0-0/2")
    assert shop.visitor.get(f"{path}&is_in_stock=is.false").json()[0]["sku"] == "ROPE-20"
    assert shop.staff.get("/rest/v1/rpc/search_products?query=oil&select=sku").json() == [{"sku": "LAMP-00"}]
    assert shop.visitor.call("search_products", query="x" * 1001).status_code == 400


def test_a_search_follows_the_text_at_once(shop: Shop) -> None:
    row = shop.staff.insert("products", shop.new(name="Marlinspike", language="en")).json()[0]
    found = "/rest/v1/rpc/search_products?select=name&query="
    assert shop.visitor.get(f"{found}marlinspikes").json() == [{"name": "Marlinspike"}]
    shop.staff.update(f"products?id=eq.{row['id']}", {"name": "Klappstühle", "language": "de"})
    assert shop.visitor.get(f"{found}marlinspikes").json() == []
    assert shop.visitor.get(f"{found}Klappstuhl").json() == [{"name": "Klappstühle"}]
    shop.staff.send("DELETE", f"/rest/v1/products?id=eq.{row['id']}")
    assert shop.visitor.get(f"{found}Klappstuhl").json() == []


def test_pages_of_twenty(shop: Shop) -> None:
    many = [shop.new(name=f"Shackle {number:02}", category_id=shop.ids["bare"]) for number in range(45)]
    assert shop.staff.insert("products", many, "return=minimal").status_code == 201
    path = f"/rest/v1/products?select=name&category_id=eq.{shop.ids['bare']}&order=name,id"

    def page(query: str, **headers: str) -> tuple[int, str, int]:
        answer = shop.visitor.get(path + query, **headers)
        return answer.status_code, answer.headers.get("content-range", ""), len(answer.json())

    counted = {"Prefer": "count=exact"}
    assert page("&limit=20&offset=0", **counted) == (206, "0-19/45", 20)
    assert page("&limit=20&offset=40", **counted) == (206, "40-44/45", 5)
    assert page("", Range="20-39", **counted) == (206, "20-39/45", 20)
    assert page("&limit=20&offset=20") == (200, "20-39/*", 20)
    # Beyond the end: an empty list; with a count, PostgREST says that there is no such range.
    assert page("&limit=20&offset=60") == (200, "*/*", 0)
    beyond = shop.visitor.get(f"{path}&limit=20&offset=60", **counted)
    assert (beyond.status_code, beyond.json()["code"]) == (416, "PGRST103")
    # What the project gives without a limit is more than a page.
    assert page("") == (200, "0-44/*", 45)
    shop.staff.send("DELETE", f"/rest/v1/products?category_id=eq.{shop.ids['bare']}")


def test_keyset_pages_meet_every_product_once(shop: Shop) -> None:
    prices = ["1.00", "2.00", "2.00", "2.00", "3.00"] * 9  # most share theirs: the id decides
    many = [shop.new(name="Cleat", category_id=shop.ids["bare"], price=price) for price in prices]
    made = {row["id"] for row in shop.staff.insert("products", many).json()}
    query = f"products?select=id,price_cents&category_id=eq.{shop.ids['bare']}&order=price_cents,id&limit=20"
    seen: list[tuple[int, str]] = []
    after = ""
    while page := shop.visitor.rows(query + after):
        seen += [(row["price_cents"], row["id"]) for row in page]
        cents, last = seen[-1]
        after = f"&price_cents=gte.{cents}&or=(price_cents.gt.{cents},id.gt.{last})"
    assert seen == sorted(seen)
    assert len(seen) == len(made) == 45
    assert {one for _, one in seen} == made
    shop.staff.send("DELETE", f"/rest/v1/products?category_id=eq.{shop.ids['bare']}")


def test_staff_add_change_and_remove(shop: Shop) -> None:
    created = shop.staff.insert("products", shop.new(price=7.5))
    row = created.json()[0]
    assert (created.status_code, row["stock"], row["is_in_stock"], row["is_active"]) == (201, 0, False, True)
    path = f"products?id=eq.{row['id']}"
    changed = shop.staff.update(path, {"stock": 3})
    assert changed.status_code == 200
    assert changed.json()[0] == {**row, "stock": 3, "is_in_stock": True, "updated_at": changed.json()[0]["updated_at"]}
    silent = shop.staff.send("PATCH", f"/rest/v1/{path}", json={"name": "Hawser"})
    assert (silent.status_code, silent.text) == (204, "")
    assert shop.visitor.rows(f"{path}&select=name,price") == [{"name": "Hawser", "price": 7.5}]
    removed = shop.staff.send("DELETE", f"/rest/v1/{path}")
    assert (removed.status_code, removed.text, shop.visitor.rows(path)) == (204, "", [])


def test_what_is_not_there(shop: Shop) -> None:
    path = f"/rest/v1/products?id=eq.{uuid.uuid4()}"
    change = {"stock": 1}
    assert shop.staff.get(path).json() == []
    assert shop.staff.get(path, **ONE).status_code == 406
    assert shop.staff.send("PATCH", path, json=change).status_code == 204
    assert shop.staff.send("PATCH", path, RETURNED, json=change).json() == []
    refused = shop.staff.send("PATCH", path, {**RETURNED, **ONE}, json=change)
    assert (refused.status_code, refused.json()["code"]) == (406, "PGRST116")
    assert shop.staff.send("DELETE", path).status_code == 204
    assert shop.staff.get("/rest/v1/no_such_table").status_code == 404


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"sku": "ROPE-12"}, 409, "23505"),
        ({"category_id": str(uuid.uuid4())}, 409, "23503"),
        ({"name": ""}, 400, "23514"),
        ({"name": " \u2003\t\u00a0"}, 400, "23514"),
        ({"name": "x" * 201}, 400, "23514"),
        ({"price": 0}, 400, "23514"),
        ({"price": "-0.01"}, 400, "23514"),
        ({"price": "19.999"}, 400, "23514"),  # refused rather than rounded
        ({"price": "NaN"}, 400, "23514"),
        ({"price": 10**10}, 400, "23514"),
        ({"price": "ten"}, 400, "22P02"),
        ({"price": None}, 400, "23502"),
        ({"price": "1.50", "currency": "JPY"}, 400, "23514"),
        ({"currency": "ZZZ"}, 400, "23514"),
        ({"currency": "eur"}, 400, "23514"),
        ({"stock": -1}, 400, "23514"),
        ({"stock": 1.5}, 400, "22P02"),
        ({"is_in_stock": True}, 400, "428C9"),
        ({"colour": "red"}, 400, "PGRST204"),
    ],
)
def test_what_cannot_be_is_refused(shop: Shop, changes: dict[str, Any], status: int, code: str) -> None:
    answer = shop.staff.insert("products", shop.new(**changes))
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    if code not in ("23505", "23502"):
        changed = shop.staff.update(f"products?id=eq.{shop.ids['ROPE-12']}", changes)
        assert (changed.status_code, changed.json()["code"]) == (status, code), changed.text


def test_a_category_in_use_stays(shop: Shop) -> None:
    kept = shop.staff.send("DELETE", f"/rest/v1/categories?id=eq.{shop.ids['lamps']}")
    assert (kept.status_code, kept.json()["code"]) == (409, "23503")


def test_a_currency_in_use_stays_and_nobody_adds_one(shop: Shop, stack: Stack) -> None:
    assert service(stack).send("DELETE", "/rest/v1/currencies?code=eq.EUR").status_code == 409
    assert shop.visitor.rows("currencies?code=in.(EUR,JPY)&order=code") == [
        {"code": "EUR", "minor_digits": 2},
        {"code": "JPY", "minor_digits": 0},
    ]
    assert shop.staff.insert("currencies", {"code": "ZZZ", "minor_digits": 2}).status_code == 403


@pytest.mark.parametrize(("actor", "refusal"), [("visitor", 401), ("person", 403)])
def test_only_staff_write(shop: Shop, actor: str, refusal: int) -> None:
    client: Client = getattr(shop, actor)
    path = f"products?id=eq.{shop.ids['ROPE-12']}"
    before = shop.staff.rows(path)
    assert client.insert("products", shop.new()).status_code == refusal
    changed, removed = client.update(path, {"price": "0.01"}), client.send("DELETE", f"/rest/v1/{path}", RETURNED)
    if actor == "visitor":
        assert (changed.status_code, removed.status_code) == (401, 401)
    else:  # who may change no row finds none, as row level security has it
        assert (changed.json(), removed.json()) == ([], [])
    assert shop.staff.rows(path) == before


@pytest.mark.parametrize("given", ["0.10", "19.90", "7", "9999999999.99", "1e1"])
@pytest.mark.parametrize("form", ["number", "string"])
def test_money_is_exact_as_number_and_as_string(shop: Shop, database: Database, given: str, form: str) -> None:
    written = f"{Decimal(given):.2f}"
    body = f'{{"category_id": "{shop.ids["ropes"]}", "sku": "{uuid.uuid4().hex.upper()}", "name": "Twine", "price": '
    body += f"{given}}}" if form == "number" else f'"{given}"}}'
    headers = {**RETURNED, "Content-Type": "application/json"}
    answer = shop.staff.send("POST", "/rest/v1/products?select=id,price,price_cents", headers, content=body)
    assert f'"price":{written},"price_cents":{Decimal(given) * 100:.0f}' in answer.text
    path = f"/rest/v1/products?id=eq.{answer.json()[0]['id']}&select=price"
    assert shop.visitor.get(path).text == f'[{{"price":{written}}}]'
    with database.connect() as connection:
        stored = connection.execute("select price from public.products where id = %s", (answer.json()[0]["id"],))
        assert str(stored.fetchone()) == str((Decimal(written),))


@pytest.fixture
def sdk(shop: Shop, stack: Stack) -> Iterator[Supabase]:
    """supabase-py as staff."""
    with httpx.Client(timeout=60, trust_env=False) as http:
        options = ClientOptions(httpx_client=http, auto_refresh_token=False, persist_session=False)
        client = create_client(stack.supabase_url, stack.keys.publishable_key, options)
        client.postgrest.auth(shop.staff.headers["Authorization"].removeprefix("Bearer "))
        yield client


def test_supabase_py(shop: Shop, sdk: Supabase) -> None:
    made: Any = sdk.table("products").insert(shop.new(price=0.1, name="Oakum")).execute().data
    row = made[0]
    assert row["price"] == 0.1
    changed: Any = sdk.table("products").update({"price": "19.90"}).eq("id", row["id"]).execute().data
    assert Decimal(str(changed[0]["price"])) == Decimal("19.9")
    page = sdk.table("products").select("sku, price", count=CountMethod.exact).neq("name", "Twine")
    answer: Any = page.gte("price", 10).order("price").range(0, 19).execute()
    assert (answer.count, [found["price"] for found in answer.data]) == (4, [12.0, 19.9, 19.9, 35.5])
    found: Any = sdk.rpc("search_products", {"query": "oakum"}).execute().data
    assert [one["id"] for one in found] == [row["id"]]
    with pytest.raises(APIError) as missing:
        sdk.table("products").select("id").eq("id", str(uuid.uuid4())).single().execute()
    assert missing.value.code == "PGRST116"
    with pytest.raises(APIError) as duplicate:
        sdk.table("products").insert(shop.new(sku="ROPE-12")).execute()
    assert duplicate.value.code == "23505"
    assert sdk.table("products").delete().eq("id", row["id"]).execute().data


def test_supabase_js(shop: Shop, stack: Stack, api: Process) -> None:
    environment = {
        **api.service.environment,
        "SUPABASE_URL": stack.supabase_url,
        "PUBLISHABLE_KEY": stack.keys.publishable_key,
        "STAFF": shop.staff.headers["Authorization"],
        "CATEGORY": shop.ids["bare"],
    }
    script = deno_command(Path(__file__).with_name("products.ts"), "-A")
    done = subprocess.run(script, env=environment, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "added": 201,
        "prices": [0.1, 0.2, 19.9],
        "count": 3,
        "sum": "20.20",
        "changed": {"price": 5.05, "is_in_stock": True},
        "found": ["Sheave 1", "Sheave 2"],
        "missing": "PGRST116",
        "duplicate": 409,
        "blank": 400,
        "refused": 401,
        "removed": 3,
    }
