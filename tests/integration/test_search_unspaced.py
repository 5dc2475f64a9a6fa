"""Words of scripts without spaces, and of Korean: found, highlighted, quoted, excluded, begun and alone."""

import tomllib
import unicodedata
import uuid
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support import Database, as_caller
from tests.support.tenants import Tenants, populate
from tests.support.words import gather, organization, titles, write

SCRIPTS: dict[str, Any] = tomllib.loads(Path(__file__).with_name("unspaced.toml").read_text("utf-8"))
WIDE = "".join(chr(ord(letter) + 0xFEE0) for letter in "NASA")


@pytest.fixture(scope="module")
def tenants(database: Database) -> Tenants:
    """The people, and the documents of all scripts."""
    tenants = populate(database)
    with database.connect("supabase_admin") as admin:
        for script in SCRIPTS.values():
            for title, content in script["documents"]:
                write(admin, None, title, content, organization_id=organization(admin))
    return tenants


@pytest.fixture
def document(database: Database, tenants: Tenants, request: pytest.FixtureRequest) -> uuid.UUID:
    """A document with the text that the test gives."""
    with database.connect("supabase_admin") as admin:
        return write(admin, None, "Note", request.param, organization_id=organization(admin))


def found(connection: psycopg.Connection[Any], query: str, document: uuid.UUID) -> list[str] | None:
    """The highlights of the query in a document; None when it is not found, or only by plain words instead."""
    statement = (
        "select p.content, p.highlights from public.search(%s, mode => 'keyword', max_results => 100) s,"
        " unnest(s.results) r, unnest(r.passages) p where r.id = %s and s.syntax = 'operators'"
    )
    with as_caller(connection, None):
        row = connection.execute(statement, (query, document)).fetchone()
    return row and [row[0][start:end] for start, end in row[1]]


@pytest.mark.usefixtures("tenants")
@pytest.mark.parametrize("queries", ["queries", "aside"])
def test_a_word_within_a_run_comes_first(database: Database, connection: psycopg.Connection[Any], queries: str) -> None:
    if queries == "aside":
        gather(database)
    missed, asked = [], 0
    for name, script in SCRIPTS.items():
        for query, wanted in script[queries]:
            asked += 1
            answer = titles(connection, None, query)
            if answer[:1] != [script["documents"][wanted][0]]:
                missed.append((name, query, answer[:3]))
    print(f"{queries}: {asked - len(missed)} of {asked} first")
    assert missed == []


@pytest.mark.usefixtures("tenants")
def test_what_no_text_has_is_not_found(connection: psycopg.Connection[Any]) -> None:
    queries = [query for script in SCRIPTS.values() for query in script["nothing"]]
    assert {query for query in queries if titles(connection, None, query, gives_way=False)} == set()


@pytest.mark.parametrize(
    ("document", "query", "highlights"),
    [
        ("東京都庁は新宿区にあります", "東京", ["東京"]),
        ("東京都庁は新宿区にあります", "東京都庁", ["東京都庁"]),
        ("🗼東京タワー 🗼 東京", "東京", ["東京", "東京"]),
        ("ﾃﾞｰﾀﾍﾞｰｽを更新", "データベース", ["ﾃﾞｰﾀﾍﾞｰｽ"]),
        ("データベースを更新", "ﾃﾞｰﾀﾍﾞｰｽ", ["データベース"]),
        (unicodedata.normalize("NFD", "데이터베이스를"), "데이터", [unicodedata.normalize("NFD", "데이터")]),
        (unicodedata.normalize("NFD", "café résumé"), "résumé", [unicodedata.normalize("NFD", "résumé")]),
        (f"{WIDE}と東京", "nasa", [WIDE]),
        ("iPhone修理とiPad修理", "ipad", ["iPad"]),
        ("iPhone修理とiPad修理", '"iPad修理"', ["修理", "iPad", "修理"]),
        ("水道の水は飲めます", "水", ["水", "水"]),
        ("長い文は東\n京で折り返す", "東京", ["東\n京"]),
        ("ขอ\u200bน้ําดื่ม", "น้ำ", ["น้ํา"]),
        ("ขอน้ำดื่ม", "น้ํา", ["น้ำ"]),
        ("ភាសាខ្មែរ\u200bនិងសិស្ស", "ខ្មែរ", ["ខ្មែរ"]),
        ("葛\U000e0100飾区の地図", "葛飾", ["葛\U000e0100飾"]),
    ],
    indirect=["document"],
)
def test_highlights_are_where_the_word_is(
    connection: psycopg.Connection[Any], document: uuid.UUID, query: str, highlights: list[str]
) -> None:
    assert found(connection, query, document) == highlights


@pytest.mark.parametrize(
    ("document", "query", "is_found"),
    [
        ("修理したiPhone", '"修理 iPhone"', False),
        ("修理iPhone店", '"修理iPhone"', True),
        ("東京、京都", '"東京都"', False),
        ("大阪の東京都民", '"東京都"', True),
        ("大阪の東京都民", "大阪 -東京都", False),
        ("大阪の東京の都民", "大阪 -東京都", True),
        ("大阪と東京", '大阪 -"東京"', False),
        ("大阪の水", "大阪 -水", False),
        ("大阪のお湯", "大阪 -水", True),
        ("학생이 학교에 간다", '"학생이 학교"', True),
        ("학교에 학생이 간다", '"학생이 학교"', False),
        ("火と水", '"と水"', True),
        ("水 火", '"水 火"', True),
        ("火曜日", '"水" or "火"', True),
        ("ประเทศไทย", '"ประเทศ"', True),
        ("โรงเรียน", '"เรียนรู้"', False),
    ],
    indirect=["document"],
)
def test_phrases_and_exclusions_look_into_runs(
    database: Database, connection: psycopg.Connection[Any], document: uuid.UUID, query: str, is_found: bool
) -> None:
    waiting = found(connection, query, document) is not None
    gather(database)
    assert (waiting, found(connection, query, document) is not None) == (is_found, is_found)


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("充電器", True),
        ("急速充電", True),
        ("電器", True),
        ('"速充電"', True),
        ("電", True),
        ("充電器 -急速", False),
        ("充電器 -低速", True),
        ("充電池", False),
        ("充電器 " + "".join(chr(ord(letter) + 0xFEE0) for letter in "usb"), True),
        ('"USB充電器"', False),
    ],
)
def test_products_are_found_within_runs(
    database: Database, connection: psycopg.Connection[Any], tenants: Tenants, query: str, is_found: bool
) -> None:
    with database.connect("supabase_admin") as admin:
        admin.execute(
            "with category as (insert into public.categories (slug, name) values ('power', 'Power')"
            " on conflict (slug) do update set name = excluded.name returning id)"
            " insert into public.products (category_id, sku, name, price)"
            " select id, 'PW-77', 'USB-C急速充電器 65W', 10 from category on conflict do nothing"
        )
    with as_caller(connection, None):
        rows = connection.execute("select sku from public.search_products(%s)", (query,)).fetchall()
    assert rows == ([("PW-77",)] if is_found else [])


def test_texts_with_spaces_are_indexed_as_they_are(connection: psycopg.Connection[Any]) -> None:
    texts = ["Trade™ and cafe, ½ of users", "Ελληνικα κειμενα", "हिन्दी में पाठ", "نص عربي", "Русский текст", ""]
    rows = connection.execute("select x, private.indexed_text(x) from unnest(%s::text[]) x", (texts,)).fetchall()
    assert all(before == after for before, after in rows)
