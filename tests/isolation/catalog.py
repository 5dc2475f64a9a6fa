"""What the catalog says of tables and grants, beside the specification."""

from tests.isolation.database import Prover
from tests.isolation.rules import GRANTS, RULES
from tests.isolation.tables import TABLES

ROLES = ["anon", "authenticated", "tidegate_worker", "tidegate_gateway"]

RELATIONS = """
    select c.relnamespace::regnamespace || '.' || c.relname from pg_class c
    where c.relkind in ('r', 'p', 'v', 'm', 'f')
      and (c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
           or c.oid in ('storage.objects'::regclass, 'storage.buckets'::regclass))
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
"""
COLUMNS = "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped"
# Rights to columns, those that come with the whole table among them.
GRANTED = """
    select r.rolname, a.attname, p.privilege
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    cross join (select unnest(%(roles)s::text[])) r (rolname)
    cross join (values ('select'), ('insert'), ('update')) p (privilege)
    where c.oid = %(table)s::regclass and has_column_privilege(r.rolname, c.oid, a.attnum, p.privilege)
    union all
    select r.rolname, '', 'delete' from (select unnest(%(roles)s::text[])) r (rolname)
    where has_table_privilege(r.rolname, %(table)s::regclass, 'delete')
"""


def unspecified(prover: Prover) -> list[str]:
    """Tables and views without rules, and rules without a table, a sentence each."""
    relations = {row[0] for row in prover.connection.execute(RELATIONS).fetchall()}
    return [
        *(f"{name}: say who may do what in rules.py, and how to ask in tables.py" for name in relations - RULES.keys()),
        *(f"{name}: there is no such table" for name in RULES.keys() - relations),
        *(f"{name}: is not in every table of the specification" for name in RULES.keys() ^ GRANTS.keys() ^ TABLES.keys()
          if name in relations and not (name in GRANTS and name in TABLES)),
    ]  # fmt: skip


def misgranted(prover: Prover, table: str) -> list[str]:
    """Rights that the specification does not have, or that are missing, a sentence each."""
    columns = {row[0] for row in prover.connection.execute(COLUMNS, (table,)).fetchall()}
    wanted = {
        (role, column, action)
        for role, actions in GRANTS[table].items()
        for action, names in actions.items()
        for column in ([""] if action == "delete" else columns if names == "*" else names.split())
    }
    rows = prover.connection.execute(GRANTED, {"roles": ROLES, "table": table}).fetchall()
    granted = {(str(role), str(column), str(action)) for role, column, action in rows}
    return [
        *(f"{role} may {action} {table}.{column}" for role, column, action in sorted(granted - wanted)),
        *(f"{role} may not {action} {table}.{column}" for role, column, action in sorted(wanted - granted)),
    ]
