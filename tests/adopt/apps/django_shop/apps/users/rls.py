"""Row level security for tables that Django's migrations make, and a check that none lacks it."""

from django.apps import apps
from django.core.checks import Error, Tags, register
from django.db import connections, migrations

FORGOTTEN = """
    select c.oid::regclass::text from pg_class c
    where c.oid in (select to_regclass(name) from unnest(%s::text[]) as name)
      and not (c.relrowsecurity and c.relforcerowsecurity)
"""


def secured(table, *policies):
    """An operation: nobody has a right on `table` but by these policies, each (name, rest of `create policy`)."""
    statements = [
        f"alter table {table} enable row level security, force row level security",
        f"revoke all on {table} from public, anon, authenticated",
        *(f'create policy "{name}" on {table} {rest}' for name, rest in policies),
    ]
    undo = [f'drop policy "{name}" on {table}' for name, _ in policies]
    return migrations.RunSQL(statements, [*undo, f"alter table {table} disable row level security"])


@register(Tags.database)
def every_table_has_policies(databases=None, **_):
    found = []
    for alias in databases or []:
        tables = [model._meta.db_table for model in apps.get_models() if model._meta.managed]
        with connections[alias].cursor() as cursor:
            cursor.execute(FORGOTTEN, [tables])
            found += [Error(f"{table} has no row level security.", id="rls.E001") for (table,) in cursor.fetchall()]
    return found
