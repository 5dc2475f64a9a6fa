"""`supabase/schemas` as a test reads and runs it, and everything that the schema of a database consists of."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from gateway.local.bootstrap import create_event_trigger
from gateway.local.paths import SCHEMAS
from gateway.migrations.runner import connect, execute_script
from tests.support.databases import Database, ScratchCluster

# What differs from one dump of the same schema to the next: a random key, and the versions of the programs.
_VOLATILE = re.compile(r"^(\\(un)?restrict .*|-- Dumped (from|by) .*)\n", re.MULTILINE)
# What pg_dump leaves out: roles belong to the cluster, and privileges on the database to whoever creates it.
_BEYOND_A_DUMP = {
    "role": """
        select rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls,
               shobj_description(oid, 'pg_authid')
          from pg_roles""",
    "membership": """
        select roleid::regrole::text, member::regrole::text, admin_option, inherit_option, set_option
          from pg_auth_members""",
    "setting of a role": """
        select setrole::regrole::text, coalesce(d.datname = current_database(), true), setconfig
          from pg_db_role_setting left join pg_database d on d.oid = setdatabase
         where setdatabase = 0 or d.datname = current_database()""",
    "privilege on the database": """
        select r.rolname, a.privilege_type, a.is_grantable
          from pg_database d cross join lateral aclexplode(d.datacl) a left join pg_roles r on r.oid = a.grantee
         where d.datname = current_database()""",
}
_TABLES = """
    select format('%I.%I', n.nspname, c.relname)
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and n.nspname in ('public', 'private', 'auth', 'storage')"""
# Of a row that is seeded: when it was made, and random keys.
_OF_THE_MOMENT = ["created_at", "updated_at", "value"]


def schema_files() -> list[Path]:
    """The files of `supabase/schemas` in the order in which they are read."""
    return sorted(SCHEMAS.glob("*.sql"))


def build_from_schemas(cluster: ScratchCluster) -> Database:
    """A new database made by the schema files instead of the migrations."""
    database = cluster.empty()
    with connect(database.url) as connection:
        for path in schema_files():
            with connection.transaction():
                execute_script(connection, path.read_text(encoding="utf-8"))
            connection.execute("reset all")
    create_event_trigger(database.admin_url)
    return database


def dump(cluster: ScratchCluster, database: Database) -> str:
    """The definition of everything in the database but the history of migrations, the same for the same schema."""
    return _VOLATILE.sub(
        "", cluster.server.dump(database.name, "--schema-only", "--exclude-schema=supabase_migrations")
    )


def beyond_a_dump(database: Database) -> set[tuple[str, ...]]:
    """Roles and their settings, privileges on the database, and every row that the schema seeds."""
    with database.connect("supabase_admin") as connection:
        facts = {
            (kind, *map(str, row))
            for kind, query in _BEYOND_A_DUMP.items()
            for row in connection.execute(query.encode())
        }
        return facts | set(_rows(connection))


def _rows(connection: psycopg.Connection[Any]) -> Iterator[tuple[str, ...]]:
    for (table,) in connection.execute(_TABLES.encode()).fetchall():
        rows = connection.execute(f"select to_jsonb(t) - %s::text[] from {table} t".encode(), (_OF_THE_MOMENT,))
        for (row,) in rows:
            yield ("row", table, str(sorted(row.items())))
