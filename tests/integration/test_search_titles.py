"""A result whose title is the query comes first; a query whose last word is not finished."""

import uuid
from typing import Any

import psycopg
import pytest

from tests.support import Database, as_caller
from tests.support.passages import as_literal, unit_vector
from tests.support.tenants import Tenants, populate
from tests.support.words import gather, organization, titles, write

OF_THE_QUERY = as_literal(unit_vector(1))
TEXTS = {
    "Handbook": "Our vacation policy: the vacation policy says vacation vacation policy policy.",
    "Vacation Policy": "Days off.",
    "Notes on vacation": "A policy of vacation, and a vacation policy.",
    "Résumé: Tips": "Write well.",
    "Advice": "Resume tips, resume tips, résumé tips.",
    "\uff37\uff29\uff24\uff25": "Full width.",
    "Wide rivers": "Wide, wide, wide.",
    "C++": "A language.",
    "C": "C and C and C++ and C++ and C++.",
    "Vacuum flask": "It keeps tea warm.",
    "Flat tyre": "Mend it.",
    "Muffler": "Warm, and no flask.",
}
HYBRID = (
    "select title from public.search(%s, %s::extensions.halfvec, 'hybrid', filters => %s) s, unnest(s.results) r"
    " order by r.score desc"
)


def file(admin: psycopg.Connection[Any], owner: uuid.UUID | None, name: str, content: str, **more: Any) -> None:
    """A document of that owner with a text of its own and a file that has been read."""
    document = write(admin, owner, "Rented rooms", "Own text.", **more)
    admin.execute(
        "with c as (select * from public.chunks where document_id = %s), file as ("
        " insert into public.document_files (id, document_id, scope_id, name, key, version, status)"
        " select gen_random_uuid(), document_id, scope_id, %s, 'a', '1', 'ready' from c returning id)"
        "insert into public.chunks (document_id, file_id, scope_id, position, title, content, start_offset, end_offset,"
        " token_count, language, input_hash)"
        " select document_id, file.id, scope_id, 1, title, %s, 0, char_length(%s), 5, 'en', '' from c, file",
        (document, name, content, content),
    )


@pytest.fixture(scope="module")
def tenants(database: Database) -> Tenants:
    """Public texts, of which the nearest to the query by meaning is never the one with its title; private texts."""
    tenants = populate(database)
    with database.connect("supabase_admin") as admin:
        for title, content in TEXTS.items():
            write(admin, None, title, content, organization_id=organization(admin))
        file(admin, None, "Lease Berlin (final).PDF", "Rent is due in advance.", organization_id=organization(admin))
        file(admin, tenants.people["stranger"], "Tax return.xlsx", "Nobody's numbers.", visibility="private")
        write(admin, tenants.people["stranger"], "Secret plan", "Nobody's business.", visibility="private")
        write(admin, tenants.people["owner"], "About plans", "A secret plan is a plan.", visibility="private")
        admin.execute(
            "insert into public.chunk_embeddings (chunk_id, model_id, source_id, scope_id, embedding)"
            " select id, 1, source_id, scope_id, case title when 'Handbook' then %s else %s end::extensions.halfvec"
            " from public.chunks",
            (OF_THE_QUERY, as_literal(unit_vector(2))),
        )
    return tenants


@pytest.fixture(scope="module", autouse=True, params=[False, True], ids=["waiting", "gathered"])
def gathered(database: Database, tenants: Tenants, request: pytest.FixtureRequest) -> None:
    """Before and after the words of the texts are in the index."""
    if request.param:
        gather(database)


def hybrid(connection: psycopg.Connection[Any], person: uuid.UUID | None, query: str, filters: Any = None) -> list[str]:
    with as_caller(connection, person):
        return [row[0] for row in connection.execute(HYBRID, (query, OF_THE_QUERY, filters)).fetchall()]


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("vacation policy", "Vacation Policy"),
        ("VACATION  policy!", "Vacation Policy"),
        ('"vacation policy"', "Vacation Policy"),
        ("resume tips", "Résumé: Tips"),
        ("RE\u0301SUME\u0301 TIPS", "Résumé: Tips"),
        ("wide", "\uff37\uff29\uff24\uff25"),
        ("c++", "C++"),
        ("c", "C"),
    ],
)
def test_the_title_that_is_the_query_comes_first(
    connection: psycopg.Connection[Any], tenants: Tenants, query: str, title: str
) -> None:
    assert titles(connection, None, query)[0] == title
    assert hybrid(connection, None, query)[0] == title


def test_others_keep_their_order_below_it(connection: psycopg.Connection[Any], tenants: Tenants) -> None:
    found = titles(connection, None, "vacation policy")
    others = titles(connection, None, "policy vacation")
    assert found[0] == "Vacation Policy"
    assert found[1:] == [title for title in others if title != "Vacation Policy"]


def test_a_title_is_found_for_who_may_read_it_alone(connection: psycopg.Connection[Any], tenants: Tenants) -> None:
    assert titles(connection, tenants.people["stranger"], "secret plan") == ["Secret plan"]
    assert titles(connection, tenants.people["owner"], "secret plan") == ["About plans"]
    assert titles(connection, None, "secret plan") == []
    with as_caller(connection, tenants.people["owner"]):
        named = connection.execute("select private.sources_titled('secret plan', '{documents,products}')").fetchall()
    assert named == []


@pytest.mark.parametrize("query", ["lease berlin (final).pdf", "Lease-Berlin final", "LEASE_BERLIN_FINAL.pdf"])
def test_a_document_with_a_file_of_that_name_comes_first(
    connection: psycopg.Connection[Any], tenants: Tenants, query: str
) -> None:
    with as_caller(connection, None):
        answer = connection.execute(
            "select r.title, (r.passages[1]).content, (r.passages[1]).file_name, r.score >= 1"
            " from public.search(%s, mode => 'keyword') s, unnest(s.results) r order by r.score desc limit 1",
            (query,),
        ).fetchone()
    assert answer == ("Rented rooms", "Rent is due in advance.", "Lease Berlin (final).PDF", True)


def test_a_file_is_found_by_its_name_for_who_may_read_it_alone(
    connection: psycopg.Connection[Any], tenants: Tenants
) -> None:
    assert titles(connection, tenants.people["stranger"], "tax return.xlsx") == ["Rented rooms"]
    assert titles(connection, tenants.people["owner"], "tax return.xlsx") == []
    assert titles(connection, None, "tax return.xlsx") == []


def test_filters_phrases_and_exclusions_hold_for_it(connection: psycopg.Connection[Any], tenants: Tenants) -> None:
    no_such = '{"metadata": {"kind": "manual"}}'
    assert titles(connection, None, "vacation policy", filters=no_such) == []
    assert hybrid(connection, None, "vacation policy", no_such) == []
    assert "Vacation Policy" not in titles(connection, None, "vacation policy -days")
    assert titles(connection, None, '"says vacation" policy') == ["Handbook"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("fla", {"Vacuum flask", "Flat tyre", "Muffler"}),
        ("flas", {"Vacuum flask", "Muffler"}),
        ("vacuum fla", {"Vacuum flask", "Flat tyre", "Muffler"}),
        ("vacuum flask", {"Vacuum flask", "Muffler"}),
        ("fla vacuum", {"Vacuum flask"}),
        ("tyre -fla", {"Flat tyre"}),
        ('"keeps tea" wa', {"Vacuum flask"}),
        ("f", set()),
    ],
)
def test_the_last_word_alone_is_a_prefix(
    connection: psycopg.Connection[Any], tenants: Tenants, query: str, found: set[str]
) -> None:
    for syntax in ("operators", "plain") if query.isascii() and query.replace(" ", "").isalpha() else ("operators",):
        assert set(titles(connection, None, query, prefix=True, syntax=syntax)) == found
    if query in ("f", "fla"):
        assert titles(connection, None, query) == []


CORRECTED = (
    "select array(select r.title from unnest(s.results) r order by r.score desc), to_json(s.corrections)"
    " from public.search(%s, %s::extensions.halfvec, %s) s"
)


@pytest.mark.parametrize(
    ("query", "title", "corrections"),
    [
        ("flsk", "Vacuum flask", {"flsk": "flask"}),
        ("vacumu flaks", "Vacuum flask", {"vacumu": "vacuum", "flaks": "flask"}),
        ("muufler", "Muffler", {}),
        ("mufler", "Muffler", {"mufler": "muffler"}),
        ("muffller", "Muffler", {"muffller": "muffler"}),
        ("Muggler", "Muffler", {}),
        ("moffler", "Muffler", {}),
        ("vactaion policy", "Notes on vacation", {"vactaion": "vacation"}),
        ("vacation policy", "Vacation Policy", {}),
        ("rivrs", "Wide rivers", {"rivrs": "rivers"}),
        ("resumé tpis", "Advice", {"tpis": "tips"}),
    ],
)
def test_a_word_that_no_text_has_is_read_as_one_that_differs_in_a_letter(
    connection: psycopg.Connection[Any], tenants: Tenants, query: str, title: str, corrections: dict[str, str]
) -> None:
    for mode in ("keyword", "hybrid"):
        with as_caller(connection, None):
            row = connection.execute(CORRECTED, (query, as_literal(unit_vector(3)), mode)).fetchone()
        assert row is not None
        assert {each["typed"]: each["read_as"] for each in row[1]} == corrections
        assert (title in row[0]) == (mode == "hybrid" or query not in ("Muggler", "moffler", "muufler"))


def test_a_word_that_only_others_have_corrects_nothing(connection: psycopg.Connection[Any], tenants: Tenants) -> None:
    assert titles(connection, tenants.people["owner"], "sercet") == ["About plans"]
    assert titles(connection, tenants.people["stranger"], "bussiness") == ["Secret plan"]
    for actor in ("owner", "anonymous"):
        assert titles(connection, tenants.people[actor], "bussiness") == []


def test_a_finished_title_comes_first_all_the_same(connection: psycopg.Connection[Any], tenants: Tenants) -> None:
    assert titles(connection, None, "vacuum flask", prefix=True)[0] == "Vacuum flask"
    assert titles(connection, None, "vacuum fla", prefix=True)[0] == "Vacuum flask"
