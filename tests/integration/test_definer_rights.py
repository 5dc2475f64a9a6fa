"""What runs as its owner asks whom it runs for: no function changes what its caller may not, however it is called.

The password of tidegate_gateway reaches functions that the API does not show, past the checks of the public functions
that call them. The catalog drives the test: each definer is called with the ids of somebody else.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.integration.test_definer_attacks import VECTOR
from tests.support import Database
from tests.support.attacks import Call, Persona, Values, calls
from tests.support.passages import index_documents
from tests.support.tenants import Tenants, populate

TABLES = """
    select format('%I.%I', n.nspname, c.relname)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and (n.nspname in ('public', 'private') or (n.nspname, c.relname) = ('auth', 'users'))
    order by 1"""


@dataclass(frozen=True)
class Victim:
    """A tenant of whose rows none may change."""

    database: Database
    admin: psycopg.Connection[Any]
    tenants: Tenants
    ids: list[str]

    def rows(self, connection: psycopg.Connection[Any]) -> dict[str, list[str]]:
        """All rows in which one of its ids stands."""
        found = {}
        for (table,) in connection.execute(TABLES).fetchall():
            rows = connection.execute(
                sql.SQL("select t::text from {} t where t::text ~ %s order by 1").format(sql.SQL(table)),
                ("|".join(self.ids),),
            ).fetchall()
            found[table] = [row[0] for row in rows]
        return found


@pytest.fixture(scope="module")
def victim(database: Database) -> Iterator[Victim]:
    tenants = populate(database)
    with database.connect("tidegate_worker") as worker:
        index_documents(worker, {})
    documents = [str(tenants.documents[title]) for title in ("owner's diary", "harbour draft", "harbour handbook")]
    with database.connect("supabase_admin") as admin:
        # One that nobody belongs to, and one document that nobody has embedded.
        (deserted,) = admin.execute(
            "insert into public.organizations (name, slug) values ('Deserted', 'deserted') returning id"
        ).fetchone() or (None,)
        admin.execute("update public.documents set status = 'failed' where id = %s", (documents[0],))
        yield Victim(database, admin, tenants, [*documents, str(tenants.harbour), str(deserted)])


def attempts(victim: Victim) -> list[Call]:
    """Calls of every definer by people who have nothing to do with the victim."""
    stranger = f'{{"sub": "{victim.tenants.person("stranger")}", "role": "authenticated"}}'
    intruders = [("anon", ""), ("authenticated", ""), ("authenticated", stranger)]
    values = Values(victim.admin, {"query_embedding": [VECTOR], "model": [1]}, victim.ids)
    found = [call for one in intruders for call in calls(victim.admin, Persona("tidegate_gateway", *one), values)]
    return [call for call in found if call.is_definer]


def breaches(victim: Victim, made: list[Call]) -> list[str]:
    """Calls that change something of the victim's, and where."""
    with victim.database.connect("supabase_admin") as connection:
        before = victim.rows(connection)
        assert sum(map(len, before.values())) > 15
        return [breach for call in made for breach in _changed(victim, connection, call, before)]


def _changed(
    victim: Victim, connection: psycopg.Connection[Any], call: Call, before: dict[str, list[str]]
) -> list[str]:
    with connection.transaction(force_rollback=True):
        connection.execute("select set_config('request.jwt.claims', %s, true)", (call.persona.claims,))
        connection.execute(sql.SQL("set local role {}").format(sql.Identifier(call.persona.acts_as)))
        try:
            with connection.transaction():
                connection.execute(call.statement.encode())
        except psycopg.Error:
            return []
        connection.execute("reset role")
        after = victim.rows(connection)
    return [f"{call.statement} as {call.persona.acts_as}: {table}" for table in before if after[table] != before[table]]


def test_no_definer_changes_what_its_caller_may_not(victim: Victim) -> None:
    made = attempts(victim)
    assert len({call.name for call in made}) > 40
    assert breaches(victim, made) == []


def test_the_attack_finds_a_check_that_stands_in_the_public_function_alone(victim: Victim) -> None:
    victim.admin.execute(
        "create function private.careless(document_id uuid) returns void language sql security definer"
        " set search_path = pg_catalog, pg_temp as $$"
        " update public.documents d set status = 'pending' where d.id = careless.document_id $$;"
        " alter function private.careless(uuid) owner to postgres;"
        " grant execute on function private.careless to authenticated"
    )
    try:
        assert breaches(victim, [call for call in attempts(victim) if call.name == "private.careless"]) != []
    finally:
        victim.admin.execute("drop function private.careless(uuid)")
