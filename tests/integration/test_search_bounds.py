"""The bounds of the query language: what is refused and in which words, and what is a text without operators."""

import random
from typing import Any

import httpx2
import psycopg
import pytest
from psycopg import errors

from gateway.search.query_syntax import is_text
from tests.support import Database, as_caller
from tests.support.gateway_app import client_of, make_app
from tests.support.tenants import populate
from tests.support.tokens import Project
from tests.support.words import gather, organization, titles, write

# A letter more than a stem, so that no stemmer makes two of them one.
WORDS = [f"{a}{b}q" for a in "abcdefghij" for b in "abcdefghij"]
LOG = (
    "2026-11-27T20:14:37 worker[913]: retry --max-attempts=5 -v queue=* took 12ms\n"
    '  "GET /v1/search HTTP/1.1" 200 -0700 - "curl/8.5" 5" disk, 3.5" floppy\n'
    "* -rw-r--r-- 1 root root 4096 Nov 27 seamark.log ** note - see boat* *args **kwargs -> None\n"
    '{"level": "info", "message": "leadline found", "tags": ["a", "b"], "n": -1}\n'
) * 6
BEYOND = {
    "phrases": (" ".join(f'"{word}"' for word in WORDS[:17]), "query_phrases", "16 phrases", "17"),
    "phrases of a letter": (" ".join(f'"{chr(97 + n % 26)}"' for n in range(990)), "query_phrases", "16 phrases", "26"),
    "alternatives": (" or ".join(f'"{word}"' for word in WORDS[:20]), "query_phrases", "16 phrases", "20"),
    "groups of the same": (
        " ".join(f'"{a}" or "{b}"' for a in "abcd" for b in "abcd" if a < b) + ' "e" or "f" "g" or "h" "i" or "j"',
        "query_phrases", "16 phrases", "18",
    ),
    "exclusions": ("boat " + " ".join(f"-{word}" for word in WORDS[:40]), "query_exclusions", "16 exclusions", "40"),
    "exclusions of phrases": (
        "boat " + " ".join(f'-"{word} boat"' for word in WORDS[:17]),
        "query_exclusions", "16 exclusions", "17",
    ),
    "prefixes": (" ".join(f"{word}*" for word in WORDS[:17]), "query_prefixes", "16 prefixes", "17"),
    "words of phrases": (f'"{" ".join(WORDS[:64])}" "{WORDS[64]}"', "query_quoted_words", "64 words", "65"),
    "words of one piece": (f"boat -{'.'.join(WORDS[:65])}", "query_quoted_words", "64 words", "65"),
    "words of an alternative": (f'"boat" or {".".join(WORDS[:65])}', "query_quoted_words", "64 words", "66"),
}  # fmt: skip
WITHIN = {
    "phrases": " ".join(f'"{word}"' for word in WORDS[:16]),
    "the same phrase": '"a b" ' * 600,
    "the same alternatives": '"a b" or ' * 400,
    "exclusions": "boat " + " ".join(f"-{word}" for word in WORDS[:16]),
    "prefixes": " ".join(f"{word}*" for word in WORDS[:16]),
    "words of a phrase": f'"{" ".join(WORDS[:64])}"',
    "a quotation longer than a phrase": f'"{" ".join(WORDS)}"',
    "options alone": " ".join(f'-"{word} boat"' for word in WORDS[:17]),
    "a log": LOG,
    "a stray quotation mark": '15" laptop ' + " ".join(WORDS),
    "quoted JSON": '{"a": "b", ' + ", ".join(f'"{word}": "{word} x"' for word in WORDS) + "}",
    "a list": "\n".join(f"- {word}\n* {word}" for word in WORDS),
    "a command": "ffmpeg " + " ".join(f"-{word} {word}" for word in WORDS),
    "hyphens": "well-known co-operation - and -- so on " * 30,
}


@pytest.fixture(scope="module", autouse=True)
def library(database: Database) -> None:
    populate(database)
    with database.connect("supabase_admin") as admin:
        for title, content in (("Sea", "A seamark and a leadline."), ("Boat", "The boat lies at slack water.")):
            write(admin, None, title, content, organization_id=organization(admin))
    gather(database)


@pytest.mark.parametrize("mode", ["keyword", "hybrid"])
@pytest.mark.parametrize("case", BEYOND)
def test_beyond_a_bound_it_says_which(connection: psycopg.Connection[Any], case: str, mode: str) -> None:
    query, limit, words, actual = BEYOND[case]
    vector = "[" + ",".join(["1"] * 384) + "]"
    with as_caller(connection, None), pytest.raises(errors.Error) as caught:
        connection.execute("select from public.search(%s, %s::extensions.halfvec, %s)", (query, vector, mode))
    assert caught.value.sqlstate == "PT422"
    assert words in str(caught.value.diag.message_primary)
    assert f"this would be {actual}." in str(caught.value.diag.message_primary)
    assert limit in str(caught.value.diag.message_hint)


@pytest.mark.parametrize("case", WITHIN)
def test_within_it_is_answered(connection: psycopg.Connection[Any], case: str) -> None:
    titles(connection, None, WITHIN[case][:4000])


def test_a_text_has_no_operators(connection: psycopg.Connection[Any]) -> None:
    assert "Sea" in titles(connection, None, LOG[:2000])
    # Nor is what a command's options say left out.
    assert titles(connection, None, "leadline " + " ".join(f"x{n} -seamark" for n in range(40))) == ["Sea"]
    # In a short query they are operators.
    assert titles(connection, None, "leadline boat -seamark") == ["Boat"]


def test_a_line_break_in_a_phrase_is_a_space(connection: psycopg.Connection[Any]) -> None:
    assert titles(connection, None, '"slack\nwater"') == ["Boat"]
    # No document has this one, so its words are looked for.
    assert set(titles(connection, None, '"slack\nboat"')) == {"Boat"}


@pytest.mark.parametrize("query", [*(query for query, *_ in BEYOND.values()), *WITHIN.values()])
def test_the_gateway_knows_a_text_as_the_database_does(connection: psycopg.Connection[Any], query: str) -> None:
    row = connection.execute("select (o).is_text from private.query_operators(%s) o", (query,)).fetchone()
    assert row == (is_text(query),)


def test_an_operator_of_the_service_moves_a_bound(database: Database, connection: psycopg.Connection[Any]) -> None:
    query = BEYOND["prefixes"][0]
    change = "update private.limits set allowed = %s where name = 'query_prefixes'"
    with database.connect("supabase_admin") as admin:
        admin.execute(change, (17,))
        try:
            titles(connection, None, query)
        finally:
            admin.execute(change, (16,))


@pytest.mark.anyio
@pytest.mark.parametrize("case", BEYOND)
async def test_the_gateway_repeats_it(database: Database, case: str) -> None:
    query, limit, words, actual = BEYOND[case]
    async with client_of(make_app(Project(), database.url_for("tidegate_gateway"))) as client:
        for mode in ("keyword", "hybrid"):
            response: httpx2.Response = await client.post("/v1/search", json={"query": query, "mode": mode})
            assert response.status_code == 422, response.text
            assert response.headers["content-type"] == "application/problem+json"
            (error,) = response.json()["errors"]
            assert (error["pointer"], error["code"]) == ("#/query", "query_bound")
            assert all(part in error["detail"] for part in (words, f"would be {actual}", limit))


def test_searches_of_products_are_bounded_as_well(connection: psycopg.Connection[Any]) -> None:
    with as_caller(connection, None):
        connection.execute("select from public.search_products(%s)", (" or ".join(WORDS[:17]),))
    for query, words in (
        (" or ".join(WORDS[:18]), "16 alternatives"),
        (" ".join(f"-{word}" for word in WORDS[:17]), "16 exclusions"),
        (" ".join(f'"{word}"' for word in WORDS[:17]), "16 phrases"),
    ):
        with as_caller(connection, None), pytest.raises(errors.Error, match=words) as caught:
            connection.execute("select from public.search_products(%s)", (query,))
        assert caught.value.sqlstate == "PT422"


SIGNS = ("-", "-", "--", " ", '"', "or ", "(", ")", "!", "&", "|", "<->", ":*", "'", "\\", "a", "é", "\u3000", "\t")


def test_no_signs_make_a_search_of_products_fail(database: Database) -> None:
    """At any length that is accepted: an answer, or a refusal that names a bound."""
    seeded = random.Random(20261127)
    answers = 0
    with database.connect("supabase_admin") as admin, admin.transaction(force_rollback=True):
        # Without a product in it, no language is asked.
        admin.execute(
            "with c as (insert into public.categories (slug, name) values ('sign', 'Sign') returning id)"
            " insert into public.products (category_id, sku, name, price) select id, 'SIGN', 'Sign', 1 from c"
        )
        for _ in range(1_000):
            signs = seeded.sample(SIGNS, 4)
            query = "".join(seeded.choices(signs, k=seeded.choice((40, 200, 1_000))))[:1_000]
            try:
                with admin.transaction():
                    admin.execute("select from public.search_products(%s)", (query,))
                    answers += 1
            except psycopg.Error as error:
                assert error.sqlstate == "PT422", query
    assert answers > 500
