"""Prefix search (`boat*`): words are found as one types, in every language, whatever its stemmer makes of them."""

import uuid
from typing import Any

import psycopg
import pytest

from tests.support import Database, as_caller
from tests.support.tenants import Tenants, populate
from tests.support.words import gather, organization, titles, write
from tests.support.yardstick import taking_at_most

WORDS = {
    "en": "organization application documentation configuration operation education information policies universities"
    " running shipping making writing pricing carrying dying useful responsible available management happiness"
    " friendliness relational nationality creative dangerous insurance difference optimism specialist carelessly",
    "de": "Möglichkeit Bedeutung Verfügbarkeit Bestellungen Überraschung Freundlichkeit Caféstühle Häuser München"
    " Mannschaft politisch Straßenbahn",
    "es": "información habitaciones rápidamente lingüística navegando universidad",
    "fr": "développement informations université",
    "it": "informazione informazioni università",
    "pt": "informação informações universidade",
    "nl": "mogelijkheid eigenlijk",
    "ru": "трёхлинейный",
}


@pytest.fixture(scope="module", autouse=True)
def tenants(database: Database) -> Tenants:
    """The people, and a document for each word."""
    tenants = populate(database)
    with database.connect("supabase_admin") as admin:
        for language, words in WORDS.items():
            for word in words.split():
                write(admin, None, word, word, language=language, organization_id=organization(admin))
    return tenants


@pytest.mark.parametrize("gathered", [False, True])
@pytest.mark.parametrize("language", WORDS)
def test_a_word_is_found_from_its_second_letter_on(
    database: Database, connection: psycopg.Connection[Any], language: str, gathered: bool
) -> None:
    if gathered:
        gather(database)
    missed = [
        word[:length]
        for word in WORDS[language].split()
        for length in range(2, len(word) + 1)
        if word not in titles(connection, None, f"{word[:length]}*", max_results=100)
    ]
    assert missed == []


def _add_product(admin: psycopg.Connection[Any], category: uuid.UUID, sku: str) -> None:
    row = admin.execute(
        "insert into public.products (category_id, sku, name, price) values (%s, %s, %s, 10) returning id, scope_id",
        (category, sku, f"Thing {sku}"),
    ).fetchone()
    assert row is not None
    admin.execute(
        "insert into public.chunks (product_id, scope_id, position, title, content, start_offset, end_offset,"
        " token_count, language, input_hash) values (%s, %s, 0, 'Thing', '', 0, 0, 4, 'en', '')",
        row,
    )


def test_skus_are_found_by_a_prefix(database: Database, connection: psycopg.Connection[Any]) -> None:
    with database.connect("supabase_admin") as admin:
        categories = []
        for slug, count in (("things", 130), ("others", 1)):
            category = admin.execute(
                "insert into public.categories (slug, name) values (%s, %s) returning id", (slug, slug)
            ).fetchone()
            assert category is not None
            categories.append(category[0])
            for number in range(count):
                _add_product(admin, category[0], f"QRS-0{4 if slug == 'things' else 5}{number:03}")
    assert titles(connection, None, "qrs0500*") == ["Thing QRS-05000"]
    assert titles(connection, None, "QRS-0500*") == ["Thing QRS-05000"]
    assert len(titles(connection, None, "QRS-040", max_results=100)) == 100
    assert len(titles(connection, None, "QRS-0401", max_results=100)) == 10
    assert titles(connection, None, "QRS-0", filters='{"category": "others"}') == ["Thing QRS-05000"]


@pytest.mark.parametrize("gathered", [False, True])
def test_what_is_filtered_away_or_gone_takes_nobodys_place(
    database: Database, connection: psycopg.Connection[Any], gathered: bool
) -> None:
    with database.connect("supabase_admin") as admin:
        crowd = [
            write(admin, None, "crowd", f"plinth{gathered}{number:02}", organization_id=organization(admin))
            for number in range(70)
        ]
        write(admin, None, "alone", f"plinth{gathered}z", organization_id=organization(admin))
        if gathered:
            gather(database)
        admin.execute("""update public.documents set metadata = '{"only": 1}' where title = 'alone'""")
        asked = f"plinth{gathered}*"
        assert set(titles(connection, None, asked, filters='{"metadata": {"only": 1}}')) == {"alone"}
        admin.execute("delete from public.documents where id = any (%s)", (crowd,))
        assert titles(connection, None, asked) == ["alone"]
        admin.execute("delete from public.documents where title = 'alone'")


def test_a_list_that_leaves_out_words_is_not_complete(database: Database, connection: psycopg.Connection[Any]) -> None:
    with database.connect("supabase_admin") as admin:
        for number in range(70):
            write(admin, None, "many", f"zeppelin{number:02}", organization_id=organization(admin))
    asked = "select cardinality(results), complete from public.search(%s, mode => 'keyword', max_results => %s)"

    def found(query: str, limit: int) -> tuple[int, bool] | None:
        """How many results, and whether the answer is complete."""
        return connection.execute(asked, (query, limit)).fetchone()

    with as_caller(connection, None):
        assert found("zeppelin*", 10) == (10, False)
        assert found("zeppelin*", 100) == (70, True)
        assert found("zeppelin1*", 100) == (10, True)
        assert found("zeppelin11* " * 33, 100) == (1, True)
        text = " ".join(f"xx{number:03}" for number in range(70))
        assert found(f"zeppelin11 {text}", 100) == (1, False)
        assert found(f"zeppelin11 {text[:300]}", 100) == (1, True)


@pytest.mark.parametrize(
    "query", ["a_" * 2000 + "b*", "a_" * 4990 + "b", " ".join(chr(97 + i) * 300 + "*" for i in range(16)), "a" * 9999]
)
def test_one_long_word_costs_no_seconds(connection: psycopg.Connection[Any], query: str) -> None:
    with taking_at_most(2.0, connection):  # it had taken more than 20 s
        assert titles(connection, None, query) == []


@pytest.mark.parametrize("gathered", [False, True])
def test_words_of_texts_that_one_may_not_read_change_nothing(
    database: Database, connection: psycopg.Connection[Any], tenants: Tenants, gathered: bool
) -> None:
    """A prefix becomes the stems of visible words only: `marination` and `marine` have one stem."""
    people = tenants.people
    with database.connect("supabase_admin") as admin:
        seen = write(admin, None, "open", f"a marine life {gathered}", organization_id=organization(admin))
        hidden = write(admin, people["owner"], "hidden", "its marination", visibility="private")
        if gathered:
            gather(database)
        assert "open" in titles(connection, people["owner"], "marinatio*")
        assert titles(connection, people["stranger"], "marinatio*") == []
        admin.execute("delete from public.documents where id = any (%s)", ([seen, hidden],))


def test_a_deleted_text_leaves_no_word_behind(database: Database) -> None:
    with database.connect("supabase_admin") as admin:
        kept = [
            write(admin, None, "gone", f"hyperventilation {number}", organization_id=organization(admin))
            for number in range(40)
        ]
        gather(database)
        forms = "select count(*) from private.vocabulary where form = 'hyperventilation'"
        assert admin.execute(forms).fetchone() == (1,)
        admin.execute("delete from public.documents where id = any (%s)", (kept,))
        admin.execute("delete from public.documents where title = any (%s)", (list(" ".join(WORDS.values()).split()),))
        gather(database)
        assert admin.execute(forms).fetchone() == (0,)
