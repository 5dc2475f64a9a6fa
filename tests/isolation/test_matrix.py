"""The access matrix, cell by cell: the database does exactly what the specification says."""

import pytest

from tests.isolation.database import Prover
from tests.isolation.matrix import ACTIONS, ACTORS, disagreements
from tests.isolation.rules import GRANTS, RULES
from tests.isolation.tables import TABLES
from tests.isolation.world import Actor, World

RELATIONS = """
    select c.relnamespace::regnamespace || '.' || c.relname from pg_class c
    where c.relkind in ('r', 'p', 'v', 'm', 'f')
      and (c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
           or c.oid in ('storage.objects'::regclass, 'storage.buckets'::regclass))
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
    order by 1
"""
# anon, authenticated, and ours: what each may do with each column, when it is not for the whole table.
COLUMN_GRANTS = """
    select r.rolname, a.attname, p.privilege
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    cross join (select unnest(%s::text[])) r (rolname)
    cross join (values ('select'), ('insert'), ('update')) p (privilege)
    where c.oid = %s::regclass and has_column_privilege(r.rolname, c.oid, a.attnum, p.privilege)
"""
ROLES = ["anon", "authenticated", "tidegate_worker", "tidegate_gateway"]


def test_every_table_and_view_has_its_rules(proving: Prover) -> None:
    relations = {row[0] for row in proving.connection.execute(RELATIONS).fetchall()}
    missing = relations - RULES.keys()
    assert not missing, f"say who may do what with {sorted(missing)} in rules.py, and how to ask in tables.py"
    assert RULES.keys() == GRANTS.keys() == TABLES.keys() == relations


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("actor", ACTORS, ids=lambda actor: actor.name)
@pytest.mark.parametrize("action", ACTIONS)
def test_the_database_does_what_the_rules_say(
    proving: Prover, cast: World, table: str, actor: Actor, action: str
) -> None:
    assert disagreements(proving, cast, table, [actor], [action]) == []


@pytest.mark.parametrize("table", TABLES)
def test_columns_are_granted_as_the_specification_has_them(proving: Prover, table: str) -> None:
    columns = {
        row[0]
        for row in proving.connection.execute(
            "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped",
            (table,),
        ).fetchall()
    }
    wanted = {
        (role, column, action)
        for role, actions in GRANTS[table].items()
        for action, names in actions.items()
        if action != "delete"
        for column in (columns if names == "*" else names.split())
    }
    granted = {tuple(row) for row in proving.connection.execute(COLUMN_GRANTS, (ROLES, table)).fetchall()}
    assert granted == wanted
    for role in ROLES:
        row = proving.connection.execute("select has_table_privilege(%s, %s, 'delete')", (role, table)).fetchone()
        assert row == ("delete" in GRANTS[table].get(role, {}),)
