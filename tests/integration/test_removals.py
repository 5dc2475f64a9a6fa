"""Leaving, closing an account and deleting an organization: in a moment, however much an administrator has planted."""

import json
import os
import uuid
from collections.abc import Iterator
from typing import Any, LiteralString

import psycopg
import pytest

from gateway.database.connection import connect
from gateway.worker.maintenance.loop import STEPS, Maintenance
from gateway.worker.session import Session
from tests.support import Database, ScratchCluster, as_caller, make_user
from tests.support.joining import join
from tests.support.yardstick import taking_at_most

# `make prove-removals` plants a hundred thousand. This is beyond what is removed at once, too.
MANY = int(os.environ.get("PLANTED_ROWS", "20000"))
# Texts of which the worker removes each, so that it is done in a minute.
TEXTS = MANY // 10
REMOVALS = [step for step in STEPS if step.query == "process_removals"]
# Of the server's processor, for one request.
REQUEST_S = 2.0


class Land:
    """A database in which an administrator plants what no limit allows."""

    def __init__(self, database: Database, admin: psycopg.Connection[Any], people: psycopg.Connection[Any]) -> None:
        self.database, self.admin, self.people = database, admin, people

    def person(self) -> uuid.UUID:
        return make_user(self.admin, f"{uuid.uuid4()}@example.org")

    def organization(self, owner: uuid.UUID) -> uuid.UUID:
        made = self.people.execute(
            "insert into public.organizations (name, slug, created_by) values ('Large', %s, %s) returning id",
            (f"o-{uuid.uuid4().hex}", owner),
        ).fetchone()
        assert made is not None
        return uuid.UUID(str(made[0]))

    def plant(self, statement: LiteralString, **parameters: object) -> None:
        """As a restored backup would: no trigger follows."""
        with self.admin.transaction():
            self.admin.execute("set local session_replication_role = replica")
            self.admin.execute(statement, parameters)

    def documents(self, owner: uuid.UUID, place: uuid.UUID | None, visibility: str, many: int) -> None:
        """With a passage each."""
        self.plant(
            "with d as (insert into public.documents (owner_id, organization_id, visibility, title, content, status)"
            " select %(owner)s, %(place)s, %(visibility)s::public.document_visibility, 'Paper', 'Words', 'ready'"
            " from generate_series(1, %(many)s) returning id, scope_id)"
            " insert into public.chunks (document_id, scope_id, position, title, content, start_offset, end_offset,"
            " token_count, language, input_hash) select d.id, d.scope_id, 0, 'Paper', 'Words', 0, 5, 1, 'en', ''"
            " from d",
            owner=owner, place=place, visibility=visibility, many=many,
        )  # fmt: skip

    def memberships(self, person: uuid.UUID, many: int, role: str = "viewer", other: uuid.UUID | None = None) -> None:
        """In organizations of their own, which `other` owns."""
        self.plant(
            "with o as (insert into public.organizations (name, slug) select 'Place', 'p-' || gen_random_uuid()"
            " from generate_series(1, %(many)s) returning id), mine as (insert into public.memberships"
            " (organization_id, user_id, role) select o.id, %(person)s, %(role)s::public.membership_role from o)"
            " insert into public.memberships (organization_id, user_id, role) select o.id, %(other)s, 'owner' from o"
            " where %(other)s::uuid is not null",
            person=person, many=many, role=role, other=other,
        )  # fmt: skip

    def request(self, person: uuid.UUID, statement: LiteralString, *parameters: object) -> Any:
        """What the Data API would do; it must take little of the processor."""
        with as_caller(self.people, person):
            with taking_at_most(REQUEST_S, self.people):
                result = self.people.execute(statement, parameters)
            return result.fetchall() if result.description else None

    async def work(self) -> int:
        """What the worker does until nothing is left; how many pieces."""
        connection = await connect(self.database.url_for("tidegate_worker"), "test")
        try:
            removals, session, pieces = Maintenance(REMOVALS, lambda: 0.0), Session(connection), 0
            while await removals.round(session):
                pieces += 1
        finally:
            await connection.close()
        assert self.value("select count(*) from private.removals") == 0
        return pieces

    def value(self, query: LiteralString, *parameters: object) -> Any:
        row = self.admin.execute(query, parameters).fetchone()
        assert row is not None
        return row[0]

    def seen(self, person: uuid.UUID, query: LiteralString, *parameters: object) -> int:
        with as_caller(self.people, person):
            row = self.people.execute(query, parameters).fetchone()
        assert row is not None
        return int(row[0])


@pytest.fixture
def land(cluster: ScratchCluster) -> Iterator[Land]:
    database = cluster.clone("removals")
    with database.connect("supabase_admin") as admin, database.connect() as people:
        yield Land(database, admin, people)
    cluster.drop(database)


LEAVE = "delete from public.memberships where user_id = %s returning organization_id"
MEMBERSHIPS = "select count(*) from public.memberships where user_id = %s"
ALL_DOCUMENTS = "select count(*) from public.documents"


@pytest.mark.parametrize("role", ["viewer", "owner"])
def test_leaving_very_many_organizations(land: Land, role: str) -> None:
    person, other = land.person(), land.person()
    land.memberships(person, MANY, role, other)
    assert len(land.request(person, LEAVE, person)) == MANY
    assert land.value(MEMBERSHIPS, person) == 0
    assert land.seen(person, "select count(*) from public.organizations") == 0
    assert land.value(MEMBERSHIPS, other) == MANY


@pytest.mark.anyio
async def test_whoever_leaves_last_leaves_nothing_behind(land: Land) -> None:
    person = land.person()
    land.memberships(person, 3_000)
    land.request(person, LEAVE, person)
    assert land.seen(person, "select count(*) from public.organizations") == 0
    assert await land.work() >= 6
    assert land.value("select count(*) from public.organizations") == 0


def test_the_last_owner_still_stays(land: Land) -> None:
    person = land.person()
    land.memberships(person, 2_000, "owner")
    with pytest.raises(psycopg.errors.CheckViolation):
        land.request(person, LEAVE, person)
    assert land.value(MEMBERSHIPS, person) == 2_000


def test_deleting_an_organization_with_very_many_documents(land: Land) -> None:
    owner = land.person()
    organization = land.organization(owner)
    land.documents(owner, organization, "organization", MANY)
    land.request(owner, "delete from public.organizations where id = %s", organization)
    assert land.seen(owner, ALL_DOCUMENTS) == 0


def test_removing_very_many_members(land: Land) -> None:
    owner = land.person()
    organization = land.organization(owner)
    land.plant(
        "insert into public.memberships (organization_id, user_id) select %(o)s, gen_random_uuid()"
        " from generate_series(1, %(many)s)",
        o=organization, many=MANY,
    )  # fmt: skip
    land.request(owner, "delete from public.memberships where organization_id = %s and role = 'viewer'", organization)
    assert land.value("select count(*) from public.memberships") == 1
    land.plant(
        "insert into public.memberships (organization_id, user_id) select %(o)s, gen_random_uuid()"
        " from generate_series(1, %(many)s)",
        o=organization, many=MANY,
    )  # fmt: skip
    land.request(owner, "delete from public.organizations where id = %s", organization)
    assert land.value("select count(*) from public.memberships") == 0


@pytest.mark.anyio
async def test_deleting_an_organization_with_many_documents(land: Land) -> None:
    owner, member, guest = land.person(), land.person(), land.person()
    organization = land.organization(owner)
    join(land.people, organization, owner, member, "editor")
    land.documents(owner, organization, "organization", TEXTS)
    land.documents(member, organization, "private", 2_000)
    land.documents(member, None, "private", 1)
    land.plant(
        "insert into public.document_shares (document_id, user_id) select d.id, %(guest)s from public.documents d"
        " where d.visibility = 'organization'",
        guest=guest,
    )
    assert land.seen(guest, ALL_DOCUMENTS) == TEXTS
    slug = land.value("select slug from public.organizations where id = %s", organization)
    land.request(owner, "delete from public.organizations where id = %s", organization)
    for person, left in ((owner, 0), (guest, 0), (member, 2_001)):
        assert land.seen(person, ALL_DOCUMENTS) == left
        assert land.seen(person, "select count(*) from public.chunks") == left
        assert land.seen(person, "select count(*) from public.organizations") == 0
    with as_caller(land.people, owner):
        land.people.execute("insert into public.organizations (name, slug) values ('Again', %s)", (slug,))
    assert await land.work() > TEXTS / 500
    assert land.value("select count(*) from public.organizations") == 1
    assert land.value(ALL_DOCUMENTS) == land.seen(member, ALL_DOCUMENTS) == 2_001
    assert land.value("select count(*) from public.documents where organization_id is not null") == 0


@pytest.mark.anyio
async def test_leaving_with_many_drafts(land: Land) -> None:
    owner, member = land.person(), land.person()
    organization = land.organization(owner)
    join(land.people, organization, owner, member, "editor")
    land.documents(member, organization, "private", 3_000)
    land.request(member, LEAVE, member)
    assert land.seen(member, ALL_DOCUMENTS) == 3_000
    assert await land.work() >= 6
    assert land.value("select count(*) from public.documents where organization_id is not null") == 0


@pytest.mark.anyio
async def test_closing_an_account_with_very_much_of_everything(land: Land) -> None:
    person, other, guest = land.person(), land.person(), land.person()
    email = land.value("select email from auth.users where id = %s", person)
    land.memberships(person, MANY, other=other)
    land.documents(person, None, "private", TEXTS)
    organization = land.organization(other)
    land.documents(person, organization, "organization", 2_000)
    land.plant(
        "insert into public.interactions (user_id, product_id, kind) select %(person)s, gen_random_uuid(), 'view'"
        " from generate_series(1, %(many)s)",
        person=person, many=MANY,
    )  # fmt: skip
    land.plant(
        "insert into public.document_shares (document_id, user_id)"
        " select d.id, p.id from public.documents d, unnest(%(readers)s::uuid[]) p (id)"
        " where d.organization_id is null",
        readers=[guest, person],
    )
    assert land.seen(guest, ALL_DOCUMENTS) == TEXTS
    [(report,)] = land.request(person, "select public.close_account()")
    removed = {item["what"]: item["count"] for item in report["removed"]}
    assert removed["memberships"] == MANY
    assert removed["personal documents"] == removed["shares with you"] == TEXTS
    assert land.seen(guest, ALL_DOCUMENTS) == 0
    with pytest.raises(psycopg.Error) as refused, as_caller(land.people, person):
        land.people.execute(ALL_DOCUMENTS)
    assert refused.value.sqlstate == "PT401"
    make_user(land.admin, email)  # the address is free at once
    await land.work()
    assert land.value("select count(*) from auth.users where id = %s", person) == 0
    assert land.value(MEMBERSHIPS, person) == 0
    assert land.value("select count(*) from public.organizations") == MANY + 1
    assert land.value(ALL_DOCUMENTS) == 2_000
    assert land.value("select count(*) from public.documents where owner_id is not null") == 0
    assert land.value("select count(*) from public.interactions") == 0
    assert land.value("select count(*) from public.document_shares") == 0


@pytest.mark.anyio
@pytest.mark.parametrize("ways", ["closed", "left", "softly"])
async def test_what_the_limits_allow_in_organizations_of_ones_own(land: Land, ways: str) -> None:
    """Each of the organizations is small; together they are not."""
    person = land.person()
    land.memberships(person, 20, "owner" if ways != "left" else "editor")
    land.plant(
        "insert into public.documents (owner_id, organization_id, visibility, title, status)"
        " select %(person)s, m.organization_id, 'organization', 'Paper', 'ready'"
        " from public.memberships m, generate_series(1, 24) where m.user_id = %(person)s",
        person=person,
    )
    land.plant(
        "insert into public.chunks (document_id, scope_id, position, title, content, start_offset, end_offset,"
        " token_count, language, input_hash) select d.id, d.scope_id, n, 'Paper', 'Words', 0, 5, 1, 'en', ''"
        " from public.documents d, generate_series(1, 6) n"
    )
    if ways == "closed":
        land.request(person, "select public.close_account()")
    elif ways == "left":
        land.request(person, LEAVE, person)
    else:
        land.admin.execute("update auth.users set deleted_at = now() where id = %s", (person,))
    assert land.value("select count(*) from public.memberships") == 0
    assert land.value("select count(*) from public.chunks") > 0
    await land.work()
    for table in (ALL_DOCUMENTS, "select count(*) from public.chunks", "select count(*) from public.organizations"):
        assert land.value(table) == 0


@pytest.mark.anyio
async def test_long_texts_are_removed_in_pieces(land: Land) -> None:
    person = land.person()
    land.plant(
        "with text as materialized (select string_agg(md5(n::text), '') as content from generate_series(1, 60000) n)"
        " insert into public.documents (owner_id, title, content)"
        " select %(person)s, 'Long', t.content from text t, generate_series(1, 40)",
        person=person,
    )
    land.request(person, "select public.close_account()")
    assert land.value(ALL_DOCUMENTS) == 40
    assert await land.work() > 2
    assert land.value(ALL_DOCUMENTS) == 0


@pytest.mark.anyio
async def test_closing_an_account_that_owns_very_many_organizations_alone(land: Land) -> None:
    person = land.person()
    land.memberships(person, 3_000, "owner")
    [(report,)] = land.request(person, "select public.close_account()")
    assert {item["what"]: item["count"] for item in report["removed"]}["organizations"] == 3_000
    await land.work()
    assert land.value("select count(*) from public.organizations") == 0


def test_the_only_owner_of_very_many_organizations_is_told(land: Land) -> None:
    person, other = land.person(), land.person()
    land.memberships(other, MANY, other=person)
    with pytest.raises(psycopg.Error) as refused:
        land.request(person, "select public.close_account()")
    assert refused.value.sqlstate == "PT409"
    assert len(json.loads(refused.value.diag.message_detail or "")["organizations"]) == 20


@pytest.mark.anyio
async def test_an_account_that_auth_marks_as_deleted_is_emptied_in_pieces(land: Land) -> None:
    person = land.person()
    land.documents(person, None, "private", 2_000)
    land.admin.execute("update auth.users set deleted_at = now() where id = %s", (person,))
    await land.work()
    assert land.value(ALL_DOCUMENTS) == 0
    assert land.value("select count(*) from auth.users where id = %s and deleted_at is not null", person) == 1


@pytest.mark.anyio
async def test_what_cannot_be_removed_keeps_nothing_else_waiting(land: Land) -> None:
    stuck, other = land.person(), land.person()
    for person in (stuck, other):
        land.documents(person, None, "private", 1_000)
    land.admin.execute(
        "create function public.refuse() returns trigger language plpgsql as $$ begin raise 'never'; end $$"
    )
    land.admin.execute(
        f"create trigger refuse before delete on public.documents for each row when (old.owner_id = '{stuck}')"
        " execute function public.refuse()".encode()
    )
    for person in (stuck, other):
        land.request(person, "select public.close_account()")
    connection = await connect(land.database.url_for("tidegate_worker"), "test")
    try:
        removals, session = Maintenance(REMOVALS, lambda: 0.0), Session(connection)
        for _ in range(20):
            await removals.round(session)
    finally:
        await connection.close()
    assert land.value("select count(*) from auth.users where id = %s", other) == 0
    assert land.value("select last_error from private.removals where subject_id = %s", stuck) == "never"
