"""The operators of a query, search by words: phrases, exclusions, prefixes, spelling, SKUs."""

from typing import Any

import psycopg
import pytest

from tests.support import Database
from tests.support.tenants import populate
from tests.support.words import gather, organization, titles, write


@pytest.fixture(scope="module", autouse=True)
def library(database: Database) -> None:
    """Texts in three languages, and products, of one organization."""
    populate(database)
    with database.connect("supabase_admin") as admin:
        for title, content, language in (
            ("Boatyard rules", "No welding on the slipway.", "en"),
            ("Boat", "The boat lies at slack water.", "en"),
            ("Water", "Water that is slack, and a gunwale.", "en"),
            ("Yachten", "Die Häuser und Yachten am Ufer", "de"),
            ("Barcos", "Los barcos navegando en la bahía; las canciones de los niños que corrían", "es"),
            ("Ausflug", "München grüßt die Gäste", "de"),
            ("Bylaws", "Policies of universities; happiness", "en"),
            ("Gunwale", "Paint the gunwale of the boat.", "en"),
        ):
            write(admin, None, title, content, language=language, organization_id=organization(admin))
        category = admin.execute(
            "insert into public.categories (slug, name) values ('sleeping', 'Sleeping') returning id"
        ).fetchone()
        assert category is not None
        for sku, name in (
            ("SLP-0421", "Arctic Sleeping Bag"),
            ("SLP-0430", "Summer Quilt"),
            ("TNT-100", "Dome Tent"),
            ("KAYAK", "Red Boot"),
            ("X-1", "Sock"),
        ):
            row = admin.execute(
                "insert into public.products (category_id, sku, name, price, currency) values (%s, %s, %s, 10, 'EUR')"
                " returning id, scope_id",
                (category[0], sku, name),
            ).fetchone()
            assert row is not None
            admin.execute(
                "insert into public.chunks (product_id, scope_id, position, title, content, start_offset, end_offset,"
                " token_count, language, input_hash) values (%s, %s, 0, %s, '', 0, 0, 4, 'en', '')",
                (*row, name),
            )


QUERIES = [
    ('"slack water"', {"Boat"}),
    ('boat "slack water"', {"Boat"}),
    ('"slack water" or "water that"', {"Boat", "Water"}),
    ('"slack water" "boat lies"', {"Boat"}),
    ('"slack water" or gunwale', {"Boat", "Gunwale", "Water"}),
    ('paint or "slack water"', {"Boat", "Gunwale"}),
    ('boat "slack water" or yachten', {"Boat", "Yachten"}),
    ('"slack water" or polic*', {"Boat", "Water", "Bylaws"}),
    ("gunwale -boat", {"Water"}),
    ('gunwale -"slack water" -paint', {"Water"}),
    ("boaty*", {"Boatyard rules"}),
    ("boat*", {"Boatyard rules", "Boat", "Gunwale"}),
    ("polic*", {"Bylaws"}),
    ("policy*", {"Bylaws"}),
    ("policies*", {"Bylaws"}),
    ("universi*", {"Bylaws"}),
    ("university*", {"Bylaws"}),
    ("universitie*", {"Bylaws"}),
    ("happines*", {"Bylaws"}),
    ("happen*", set()),
    ("mün*", {"Ausflug"}),
    ("MÜNCH*", {"Ausflug"}),
    ("grüß*", {"Ausflug"}),
    ("gäst*", {"Ausflug"}),
    ("cancio*", {"Barcos"}),
    ("canciones*", {"Barcos"}),
    ("corría*", {"Barcos"}),
    ("niñ*", {"Barcos"}),
    # No word begins so; as words it is two.
    ("boat_yard*", {"Boat", "Boatyard rules", "Gunwale"}),
    ("Haus", {"Yachten"}),
    ("navegar", {"Barcos"}),
    ("slepping bagg", {"Arctic Sleeping Bag"}),
    ("quitl", {"Summer Quilt"}),
    ("Arcitc", {"Arctic Sleeping Bag"}),
    ("SLP-0421", {"Arctic Sleeping Bag"}),
    ("slp0421", {"Arctic Sleeping Bag"}),
    ("slp 04", set()),
    ("slp 0421", {"Arctic Sleeping Bag"}),
    ("bag SLP - 0421", {"Arctic Sleeping Bag"}),
    ("the slp 04 21 please", {"Arctic Sleeping Bag"}),
    ("we need 2 or 3 of 4 for 1 or 5 with 6 pots SLP-0421", {"Arctic Sleeping Bag"}),
    ("S L P 0421", set()),
    ('"SLP-0421"', {"Arctic Sleeping Bag"}),
    ('"SLP 0421" or "tnt-100"', {"Arctic Sleeping Bag", "Dome Tent"}),
    ("sleeping quilt -SLP-0421", {"Summer Quilt"}),
    ("slp-0421,tnt-100", {"Arctic Sleeping Bag", "Dome Tent"}),
    ("\uff33\uff2c\uff30\uff0d\uff10\uff14\uff12\uff11", {"Arctic Sleeping Bag"}),
    ("kayak", {"Red Boot"}),
    ("X 1", {"Sock"}),
    ("x-1 kaya", {"Sock"}),
    ("slp", set()),
    ("SLP-04", {"Arctic Sleeping Bag", "Summer Quilt"}),
    ('""', set()),
    ('"', set()),
    ('-""', set()),
    ("*", set()),
    ("the or of", set()),
    ('"the of"', set()),
]


@pytest.mark.parametrize("gathered", [False, True])
@pytest.mark.parametrize(("query", "found"), QUERIES, ids=[query for query, _ in QUERIES])
def test_operators(
    database: Database, connection: psycopg.Connection[Any], query: str, found: set[str], gathered: bool
) -> None:
    if gathered:
        gather(database)
    seen = set(titles(connection, None, query)) - {"note", "busy", "keel"}
    assert seen == found


def test_filters_take_metadata(database: Database, connection: psycopg.Connection[Any]) -> None:
    with database.connect() as owner:
        owner.execute(
            """update public.documents set metadata = '{"kind": "rule", "tags": ["a"]}' where title = 'Boat'"""
        )
    assert titles(connection, None, "boat", filters='{"metadata": {"tags": ["a"]}}') == ["Boat"]
    assert titles(connection, None, "boat", filters='{"metadata": {"tags": ["b"]}}') == []
    with pytest.raises(psycopg.Error, match="It must be of the type object"):
        titles(connection, None, "boat", filters='{"metadata": []}')


def test_unlisted_products_correct_nobodys_spelling(database: Database, connection: psycopg.Connection[Any]) -> None:
    """A word that only hidden products have is not offered: what is corrected tells what there is."""
    with database.connect("supabase_admin") as admin:
        admin.execute("update public.products set is_active = false where name = 'Arctic Sleeping Bag'")
        assert titles(connection, None, "slepping") == []
        assert titles(connection, None, "SLP-0421") == []
        admin.execute("update public.products set is_active = true where name = 'Arctic Sleeping Bag'")
