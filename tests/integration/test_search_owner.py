"""Whose a result is, searches kept to given organizations, and the exact effort."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import errors
from psycopg.types.json import Jsonb

from tests.integration.test_access import ACTORS, READABLE
from tests.support import Database, as_caller
from tests.support.passages import as_literal, index_documents, unit_vector
from tests.support.tenants import DOCUMENTS, Tenants, populate

VECTORS = {title: unit_vector(number) for number, title in enumerate(DOCUMENTS)}
Owner = dict[str, str | None] | None


@pytest.fixture(scope="module")
def tenants(database: Database) -> Tenants:
    tenants = populate(database)
    with database.connect("tidegate_worker") as worker:
        index_documents(worker, VECTORS)
    return tenants


@pytest.fixture
def admin(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with database.connect("supabase_admin") as connection:
        yield connection


def owners(connection: psycopg.Connection[Any], mode: str = "hybrid", **arguments: Any) -> dict[str, Owner]:
    """Title and owner of each document that the caller finds."""
    names = "".join(f", {name} => %({name})s" for name in arguments)
    rows = connection.execute(
        "select title, owner from public.search('stands', %(vector)s::extensions.halfvec, %(mode)s,"
        f" '{{documents}}', 100{names}) s, unnest(s.results) r".encode(),
        {"vector": as_literal(unit_vector(1)), "mode": mode, **arguments},
    ).fetchall()
    return dict(rows)


def expected(tenants: Tenants, title: str) -> Owner:
    author, place, visibility = DOCUMENTS[title]
    if place is None or visibility == "private":
        address = f"{author}@example.org"
        return {"kind": "person", "id": str(tenants.people[author]), "name": address, "handle": address}
    return {"kind": "organization", "id": str(getattr(tenants, place)), "name": place.capitalize(), "handle": place}


@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize("mode", ["semantic", "keyword", "hybrid"])
def test_every_document_says_whose_it_is(
    connection: psycopg.Connection[Any], tenants: Tenants, actor: str, mode: str
) -> None:
    with as_caller(connection, tenants.people[actor], {"staff": actor == "staff"}):
        assert owners(connection, mode) == {title: expected(tenants, title) for title in READABLE[actor]}


def test_a_person_goes_by_the_display_name(
    connection: psycopg.Connection[Any], admin: psycopg.Connection[Any], tenants: Tenants
) -> None:
    admin.execute("update public.profiles set display_name = 'Olive' where id = %s", (tenants.people["owner"],))
    try:
        with as_caller(connection, tenants.people["guest"]):
            shared = owners(connection)["harbour draft"]
    finally:
        admin.execute("update public.profiles set display_name = null where id = %s", (tenants.people["owner"],))
    person = {"kind": "person", "id": str(tenants.people["owner"])}
    assert shared == {**person, "name": "Olive", "handle": "owner@example.org"}


@pytest.mark.parametrize("name", ["\u202eFellgate", "Fellgate\u200b", "Fell\ngate", " \t ", "\u3000"])
def test_no_name_looks_like_another(
    connection: psycopg.Connection[Any], admin: psycopg.Connection[Any], tenants: Tenants, name: str
) -> None:
    for statement in (
        "update public.profiles set display_name = %s where id = auth.uid()",
        "insert into public.organizations (name, slug) values (%s, 'other')",
    ):
        with as_caller(connection, tenants.people["owner"]), pytest.raises(errors.CheckViolation):
            connection.execute(statement.encode(), (name,))
    signed_up = admin.execute(
        "select private.person_name(jsonb_build_object('name', %s::text))", (f"Ann{name}",)
    ).fetchone()
    assert signed_up is not None and signed_up[0].startswith("Ann") and "\u200b" not in signed_up[0]


@pytest.mark.parametrize("actor", ACTORS)
def test_names_are_told_to_readers_only(connection: psycopg.Connection[Any], tenants: Tenants, actor: str) -> None:
    with as_caller(connection, tenants.people[actor], {"staff": actor == "staff"}):
        rows = connection.execute(
            "select document_id from private.owners_of(%s)", (list(tenants.documents.values()),)
        ).fetchall()
    titles = {id_: title for title, id_ in tenants.documents.items()}
    assert {titles[id_] for (id_,) in rows} == READABLE[actor]


@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize("mode", ["semantic", "keyword", "hybrid"])
def test_a_search_can_be_kept_to_organizations(
    connection: psycopg.Connection[Any], tenants: Tenants, actor: str, mode: str
) -> None:
    for places in (["harbour"], ["meadow"], ["harbour", "meadow"]):
        filed = {title for title, (_, place, _) in DOCUMENTS.items() if place in places}
        ids = Jsonb({"organization_ids": [str(getattr(tenants, place)) for place in places]})
        with as_caller(connection, tenants.people[actor], {"staff": actor == "staff"}):
            assert set(owners(connection, mode, filters=ids)) == READABLE[actor] & filed
    with as_caller(connection, tenants.people[actor]):
        assert owners(connection, mode, filters=Jsonb({"organization_ids": [str(uuid.uuid4())]})) == {}


@pytest.mark.parametrize("mode", ["semantic", "keyword", "hybrid"])
def test_the_exact_effort_is_for_people(connection: psycopg.Connection[Any], tenants: Tenants, mode: str) -> None:
    for actor in ("owner", "guest", "stranger", "staff"):
        with as_caller(connection, tenants.people[actor], {"staff": actor == "staff"}):
            assert set(owners(connection, mode, effort="exact")) == READABLE[actor]
    with as_caller(connection, None), pytest.raises(errors.InsufficientPrivilege, match="signed in"):
        owners(connection, mode, effort="exact")


def test_the_exact_effort_walks_no_index(
    connection: psycopg.Connection[Any], admin: psycopg.Connection[Any], tenants: Tenants
) -> None:
    """Every plan walks; an index that is empty finds nothing, comparing finds it all."""
    claims = json.dumps({"role": "authenticated", "sub": str(tenants.people["owner"])})
    with admin.transaction(force_rollback=True):
        admin.execute(
            "create or replace function private.plan_search(model smallint, scopes uuid[]) returns private.search_plan"
            " language sql stable set search_path = pg_catalog, pg_temp as"
            " $$ select ('{}', true, 1000000000)::private.search_plan $$"
        )
        (arguments,) = admin.execute(
            "select pg_get_function_arguments('private.nearest_by_plan'::regproc)"
        ).fetchone() or ("",)
        admin.execute(
            f"create or replace function private.nearest_by_plan({arguments}) returns private.chunk_match[]"
            " language plpgsql stable set search_path = pg_catalog, pg_temp"
            " as $$ begin raise exception 'walked'; end $$".encode()
        )
        admin.execute("select set_config('request.jwt.claims', %s, true)", (claims,))
        admin.execute("set local role authenticated")
        assert set(owners(admin, "semantic", effort="exact")) == READABLE["owner"]
        with pytest.raises(errors.RaiseException, match="walked"):
            owners(admin, "semantic")
