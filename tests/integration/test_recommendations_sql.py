"""public.recommend: each source, why, and what is never shown, as each kind of caller."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import errors

from tests.support import ScratchCluster, as_caller, make_user
from tests.support.storefront import Storefront, around

SEA, HILL, ODD = 1, 2, 3  # what products are like
RECOMMEND = (
    "select s.source, r.* from public.recommend(like_product => %s, category => %s, max_results => %s, mode => %s) s"
    " cross join unnest(s.recommendations) r"
)
ROPES = [f"rope {number}" for number in range(6)]
TENTS = [f"tent {number}" for number in range(6)]


@pytest.fixture(scope="module")
def shop(cluster: ScratchCluster) -> Iterator[Storefront]:
    """Ropes are alike, tents are alike, the kettle is like nothing; people who buy rope 0 buy the kettle."""
    database = cluster.clone("shop")
    with database.connect("supabase_admin") as admin, database.connect() as door:
        shop = Storefront(admin, door)
        shop.stock(ROPES, "ropes")
        shop.stock(TENTS, "tents")
        shop.stock(["kettle", "rare"], "kitchen")
        shop.stock(["sold out", "sold off"], "ropes", units=0)
        shop.stock(["withdrawn"], "ropes", active=False)
        vectors = {name: around(SEA, number) for number, name in enumerate([*ROPES, "sold out", "withdrawn"])}
        vectors |= {name: around(HILL, number) for number, name in enumerate(TENTS)}
        shop.embed(vectors | {"kettle": around(ODD, 1), "rare": around(ODD, 2)})
        for number in range(5):
            shop.order(make_user(admin, f"b{number}@example.org"), "rope 0", "kettle", "sold out")
        shop.order(make_user(admin, "odd@example.org"), "rope 0", "rare")
        for number in range(3):
            shop.order(make_user(admin, f"v{number}@example.org"), "tent 5")
            shop.order(make_user(admin, f"w{number}@example.org"), "tent 4")
        shop.fold()
        # Sold while it could be had.
        admin.execute("update public.products set stock = 0 where name = 'sold out'")
        yield shop
    cluster.drop(database)


@pytest.fixture
def person(shop: Storefront) -> uuid.UUID:
    return make_user(shop.admin, f"{uuid.uuid4()}@example.org")


Row = dict[str, Any]


def recommend(
    shop: Storefront,
    person: uuid.UUID | None = None,
    *,
    like: str | None = None,
    category: str | None = None,
    limit: int = 10,
    mode: str | None = None,
    staff: bool = False,
) -> list[Row]:
    """The rows, products by their names."""
    values = (None if like is None else shop.products[like], category, limit, mode)
    with as_caller(shop.door, person, {"staff": staff}) as connection:
        cursor = connection.execute(RECOMMEND, values)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def named(rows: list[Row]) -> list[str]:
    return [row["name"] for row in rows]


def test_a_visitor_is_shown_what_is_most_popular(shop: Storefront) -> None:
    rows = recommend(shop)
    assert named(rows)[:2] == ["rope 0", "kettle"]
    assert set(named(rows)[2:4]) == {"tent 4", "tent 5"}
    assert named(rows)[4] == "rare"
    assert {row["source"] for row in rows} == {"popular"}
    assert rows[0]["because"] == {"kind": "popular", "product_id": None, "name": None}
    assert [row["score"] for row in rows] == sorted((row["score"] for row in rows), reverse=True)
    assert shop.popularity("rope 0") == pytest.approx(60, rel=1e-6), "six people bought it on one day"
    assert rows[0]["score"] == pytest.approx(rows[1]["score"] * 6 / 5, rel=1e-6), "and five the kettle"
    assert (str(rows[0]["price"]), rows[0]["currency"], rows[0]["category_slug"]) == ("9.99", "EUR", "ropes")


def test_a_category_has_its_own_most_popular(shop: Storefront) -> None:
    rows = recommend(shop, category="tents")
    assert set(named(rows)) == set(TENTS)
    assert set(named(rows)[:2]) == {"tent 4", "tent 5"}
    assert rows[0]["source"] == rows[0]["because"]["kind"] == "popular_in_category"
    assert recommend(shop, category="no-such")[0]["source"] == "popular"


def test_similar_is_what_is_bought_together_and_what_is_alike(shop: Storefront) -> None:
    rows = recommend(shop, like="rope 0", limit=6)
    assert named(rows)[0] == "kettle"
    rope = {"product_id": str(shop.products["rope 0"]), "name": "rope 0"}
    assert rows[0]["because"] == {"kind": "bought_together", **rope}
    assert set(named(rows)[1:6]) == set(ROPES[1:])
    assert all(row["because"] == {"kind": "similar", **rope} for row in rows[1:6])
    assert {row["source"] for row in rows} == {"similar"}


def test_what_one_or_two_people_bought_is_not_told(shop: Storefront) -> None:
    rows = recommend(shop, like="rope 0", limit=50)
    assert all(row["because"]["kind"] != "bought_together" for row in rows if row["name"] == "rare")


def test_a_purchase_of_one_more_person_is_not_told_below_the_threshold(shop: Storefront) -> None:
    """Somebody who bought both, beside whom one other has, must not learn from a list that there is another."""

    def because() -> list[Any]:
        rows = recommend(shop, like="tent 0", limit=6)
        return [(row["name"], row["because"]) for row in rows if row["source"] == row["because"]["kind"] == "similar"]

    before = because()
    orders = []
    for _ in range(2):
        orders.append(shop.order(make_user(shop.admin, f"{uuid.uuid4()}@example.org"), "tent 0", "rope 5"))
        shop.fold()
        assert [
            row["name"] for row in recommend(shop, like="tent 0") if row["because"]["kind"] == "bought_together"
        ] == []
    for order in orders:
        shop.end(order)
    shop.fold()
    assert because() == before


def test_noting_a_hidden_product_is_refused_in_the_words_of_one_that_does_not_exist(
    shop: Storefront, person: uuid.UUID
) -> None:
    words = []
    for product in (shop.products["withdrawn"], uuid.uuid4()):
        with pytest.raises(errors.InsufficientPrivilege) as refused, as_caller(shop.door, person) as connection:
            connection.execute("insert into public.interactions (product_id, kind) values (%s, 'view')", (product,))
        words.append((refused.value.diag.message_primary, refused.value.diag.message_detail))
    assert words[0] == words[1]


def test_similar_within_a_category(shop: Storefront) -> None:
    rows = recommend(shop, like="rope 0", category="kitchen")
    assert named(rows) == ["kettle", "rare"]
    assert rows[0]["because"]["kind"] == "bought_together"


def test_a_product_that_nobody_knows_gives_way_to_the_most_popular(shop: Storefront) -> None:
    for product in (uuid.uuid4(), shop.products["withdrawn"]):
        with as_caller(shop.door, None) as connection:
            rows = connection.execute(RECOMMEND, (product, None, 3, None)).fetchall()
        assert rows[0][0] == "popular"


def test_personal_follows_what_one_looked_at(shop: Storefront, person: uuid.UUID) -> None:
    assert recommend(shop, person)[0]["source"] == "popular"
    shop.note(person, "view", "tent 0", "tent 1")
    rows = recommend(shop, person, limit=4)
    assert set(named(rows)) == set(TENTS[2:])
    assert {row["source"] for row in rows} == {"personal"}
    assert all(row["because"]["kind"] == "viewed" for row in rows)
    assert {row["because"]["name"] for row in rows} <= {"tent 0", "tent 1"}


def test_personal_follows_what_one_bought_and_does_not_offer_it_again(shop: Storefront, person: uuid.UUID) -> None:
    order = shop.order(person, "rope 0")
    rows = recommend(shop, person, limit=50)
    assert named(rows)[0] == "kettle"
    assert rows[0]["because"] == {
        "kind": "bought_together",
        "product_id": str(shop.products["rope 0"]),
        "name": "rope 0",
    }
    assert next(row["because"]["kind"] for row in rows if row["name"] == "rope 1") == "similar"
    each: list[dict[str, Any]] = [{}, {"like": "kettle"}, {"category": "ropes"}, {"mode": "popular"}]
    for options in each:
        assert "rope 0" not in named(recommend(shop, person, limit=50, **options)), options
        assert "rope 0" in named(recommend(shop, limit=50, **options)), options
    shop.end(order)
    assert "rope 0" in named(recommend(shop, person, limit=50))


def test_what_is_ordered_and_not_paid_is_not_offered_to_its_buyer(shop: Storefront, person: uuid.UUID) -> None:
    """It is no purchase yet, so nobody else's recommendations know of it."""
    order = shop.place(person, "rope 0", "tent 5")
    assert not {"rope 0", "tent 5"} & set(named(recommend(shop, person, limit=50)))
    assert {"rope 0", "tent 5"} <= set(named(recommend(shop, limit=50)))
    assert {"rope 0", "tent 5"} <= set(named(recommend(shop, shop_staff(shop), limit=50, staff=True)))
    shop.admin.execute("update public.orders set status = 'cancelled' where id = %s", (order,))
    assert {"rope 0", "tent 5"} <= set(named(recommend(shop, person, limit=50)))


def shop_staff(shop: Storefront) -> uuid.UUID:
    """Somebody who reads all orders."""
    return make_user(shop.admin, f"{uuid.uuid4()}@shop.example", app_metadata={"staff": True})


def test_after_a_month_it_may_be_offered_again(shop: Storefront, person: uuid.UUID) -> None:
    shop.order(person, "rope 0")
    shop.admin.execute(
        "update public.interactions set created_at = now() - interval '31 days' where user_id = %s", (person,)
    )
    assert "rope 0" in named(recommend(shop, person, limit=50, mode="popular"))


@pytest.mark.parametrize("staff", [True, False])
@pytest.mark.parametrize("options", [{}, {"like": "rope 0"}, {"category": "ropes"}, {"mode": "popular"}])
def test_what_cannot_be_had_is_never_shown_not_even_to_staff(
    shop: Storefront, person: uuid.UUID, staff: bool, options: dict[str, Any]
) -> None:
    shop.note(person, "view", "rope 1")
    rows = recommend(shop, person, limit=50, staff=staff, **options)
    assert not {"sold out", "sold off", "withdrawn"} & set(named(rows))
    assert len(set(named(rows))) == len(rows)
    # All the rest is there: what one looked at, or asks for the like of, is not what one is looking for.
    on_sale = {*ROPES} if "category" in options else {*ROPES, *TENTS, "kettle", "rare"}
    assert set(named(rows)) >= on_sale - {"rope 0", "rope 1"}


def test_a_mode_begins_with_a_later_source(shop: Storefront, person: uuid.UUID) -> None:
    shop.note(person, "view", "tent 0")
    shop.note(person, "view", "rope 0")
    sources = [recommend(shop, person, mode=mode)[0]["source"] for mode in ("similar", "popular_in_category")]
    assert sources == ["similar", "popular_in_category"]
    assert {row["because"]["name"] for row in recommend(shop, person, mode="similar", limit=3)} == {"rope 0"}
    assert {row["category_slug"] for row in recommend(shop, person, mode="popular_in_category", limit=6)} == {"ropes"}


@pytest.mark.parametrize(("limit", "mode"), [(0, None), (51, None), (None, None), (10, "best")])
def test_parameters_out_of_bounds_are_refused(shop: Storefront, limit: int | None, mode: str | None) -> None:
    with pytest.raises(errors.InvalidParameterValue), as_caller(shop.door, None) as connection:
        connection.execute(RECOMMEND, (None, None, limit, mode))


def test_products_without_vectors_are_recommended_by_what_is_bought_with_them(
    shop: Storefront, person: uuid.UUID
) -> None:
    with shop.admin.transaction(force_rollback=True):
        shop.admin.execute("delete from public.chunks where product_id is not null")
        shop.admin.execute("select set_config('request.jwt.claims', %s, true)", (json.dumps({"sub": str(person)}),))
        rows = shop.admin.execute(
            "select name, because from public.recommend(like_product => %s) s, unnest(s.recommendations) r",
            (shop.products["rope 0"],),
        ).fetchall()
    assert rows[0][0] == "kettle"
    assert rows[0][1]["kind"] == "bought_together"


def test_the_gateway_asks_as_the_caller(shop: Storefront, person: uuid.UUID) -> None:
    shop.note(person, "view", "tent 0")
    query = "select source from private.recommend_as(%s, null, null, 3, null)"
    url = f"postgresql://tidegate_gateway@127.0.0.1:{shop.admin.info.port}/{shop.admin.info.dbname}"
    with psycopg.connect(url, autocommit=True) as gateway:
        claims = json.dumps({"role": "authenticated", "sub": str(person)})
        assert {row[0] for row in gateway.execute(query, (claims,)).fetchall()} == {"personal"}
        assert {row[0] for row in gateway.execute(query, ('{"role":"anon"}',)).fetchall()} == {"popular"}
        with pytest.raises(errors.InsufficientPrivilege):
            gateway.execute("select * from public.recommend()")


def test_no_process_is_started_for_ten_products(shop: Storefront) -> None:
    """The planner expects a tenth of the shop, for which workers would be worth starting."""
    plans: list[str] = []
    settings = {
        "role": "anon",
        "client_min_messages": "log",
        "auto_explain.log_min_duration": "0",
        "auto_explain.log_nested_statements": "on",
        **dict.fromkeys(("parallel_setup_cost", "parallel_tuple_cost", "min_parallel_index_scan_size"), "0"),
        "min_parallel_table_scan_size": "0",
        "request.jwt.claims": '{"role":"anon"}',
    }
    shop.admin.execute("load 'auto_explain'")
    with shop.admin.transaction(force_rollback=True):
        for name, value in reversed(settings.items()):
            shop.admin.execute("select set_config(%s, %s, true)", (name, value))
        shop.admin.add_notice_handler(handler := lambda notice: plans.append(notice.message_primary or ""))
        shop.admin.execute("select * from public.recommend()")
        shop.admin.remove_notice_handler(handler)
    assert any("product_popularity" in plan for plan in plans)
    assert not any("Gather" in plan for plan in plans)
