"""docs/credentials.md lists what each of the two logins is granted: the lists are held to the catalog."""

import re

import pytest

from gateway.local.paths import REPOSITORY
from tests.support import Database

PAGE = (REPOSITORY / "docs" / "credentials.md").read_text(encoding="utf-8")
SECTION = PAGE[PAGE.index("### What the two logins are granted") :].split("\n### ")[0]
ROWS = [[cell.strip() for cell in line.split("|")[1:-1]] for line in SECTION.splitlines() if line.startswith("| ")]
LOGINS = [cell.strip("`") for cell in ROWS[0][1:]]


def listed(login: str, *titles: str) -> set[str]:
    """The names that the page gives in a login's column, in rows whose titles begin so."""
    column = 1 + LOGINS.index(login)
    return {
        name for row in ROWS[2:] if row[0].startswith(titles) for name in re.findall(r"`([a-z_.]+)`", row[column])
    } - {"updated_at"}


@pytest.mark.parametrize("login", LOGINS)
def test_the_roles_are_those_of_the_page(database: Database, login: str) -> None:
    become = "select r.rolname from pg_roles r where pg_has_role(%s, r.oid, 'member') and r.rolname <> %s"
    with database.connect("supabase_admin") as admin:
        roles = {row[0] for row in admin.execute(become, (login, login))}
    assert roles == listed(login, "may become")


@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.parametrize(
    ("title", "privileges"), [("tables it reads", "select"), ("tables it writes", "insert,update")]
)
def test_the_tables_are_those_of_the_page(database: Database, login: str, title: str, privileges: str) -> None:
    granted = (
        "select c.oid::regclass::text, n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where c.relkind in ('r', 'p', 'v', 'm') and n.nspname in ('public', 'private', 'auth', 'storage')"
        " and has_any_column_privilege(%s, c.oid, %s)"
    )
    with database.connect("supabase_admin") as admin:
        admin.execute("set search_path = ''")
        tables = {row[0] for row in admin.execute(granted, (login, privileges))}
    assert tables == listed(login, title)


@pytest.mark.parametrize("login", LOGINS)
def test_the_functions_are_those_of_the_page(database: Database, login: str) -> None:
    granted = (
        "select distinct p.proname from pg_proc p"
        " where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)"
        " and has_function_privilege(%s, p.oid, 'execute') and not exists (select from pg_depend d"
        " where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')"
    )
    with database.connect("supabase_admin") as admin:
        functions = {row[0] for row in admin.execute(granted, (login,))}
    assert functions == listed(login, "to act", "to look", "payments", "to read files", "maintenance")
