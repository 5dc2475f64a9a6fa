"""The Data API says of a constraint nothing but its name, so the name says the rule."""

import re
from typing import Any

import psycopg
import pytest
from psycopg import errors

from tests.support import Database, as_caller, make_user

# Tables of which people write columns, with each constraint that what they write can break. Foreign keys are left out:
# clients embed by their names. So are the not-null constraints that PostgreSQL names from version 18 on.
BREAKABLE = """
    with written as (
      select a.attrelid, a.attnum, c.relname from pg_attribute a join pg_class c on c.oid = a.attrelid
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
        and (has_column_privilege('authenticated', c.oid, a.attnum, 'insert')
             or has_column_privilege('authenticated', c.oid, a.attnum, 'update'))
    )
    select distinct w.relname, k.conname, pg_get_constraintdef(k.oid)
    from written w join pg_constraint k on k.conrelid = w.attrelid and k.contype in ('c', 'x')
    union all
    select t.relname, c.relname, pg_get_indexdef(c.oid)
    from pg_index i join pg_class c on c.oid = i.indexrelid join pg_class t on t.oid = i.indrelid
    where i.indisunique and i.indrelid in (select attrelid from written)
      and not exists (select from unnest(i.indkey) with ordinality k (attnum, place) where place <= i.indnkeyatts
                      and (i.indrelid, k.attnum) not in (select attrelid, attnum from written))
    order by 1, 2"""

# What a person or the shop's staff sends, and the rule that the answer names.
ORGANIZATION = "insert into public.organizations (name, slug) values "
DOCUMENT = "insert into public.documents "
PRODUCT = "insert into public.products (sku, name, price, stock, category_id) select {}, id from public.categories"
INVITATION = "insert into public.invitations (organization_id, {}) select id, {} from public.organizations"
STAFF = {"staff": True}
REFUSED = {
    f"{DOCUMENT} (title) values (repeat('x', 501))": "title has 1 to 500 characters, not all of them white space",
    f"{DOCUMENT} (title) values ('  ')": "title has 1 to 500 characters, not all of them white space",
    f"{DOCUMENT} (title, content) values ('x', repeat('x', 2000001))": "content has at most 2,000,000 characters",
    f"{DOCUMENT} (title, metadata) values ('x', '[]')": "metadata is a JSON object of at most 16,384 bytes",
    f"{DOCUMENT} (title, metadata) values ('x', jsonb_build_object('x', repeat('x', 16384)))": (
        "metadata is a JSON object of at most 16,384 bytes"
    ),
    f"{DOCUMENT} (title, metadata) values ('x', ('[' || repeat('1e131071,', 1000) || '1]')::jsonb)": (
        "a number in metadata is one that a double can hold"
    ),
    f"{DOCUMENT} (title, metadata) values ('x', ('[' || repeat('1,', 1000000) || '1]')::jsonb)": (
        "metadata is a JSON object of at most 16,384 bytes"
    ),
    f"{DOCUMENT} (title, metadata) values ('x', ('{{\"a\": [[' || repeat('1,', 254) || '1], 2]}}')::jsonb)": (
        "lists in metadata hold at most 256 values together"
    ),
    f"{DOCUMENT} (title, metadata) values ('x', (repeat('{{\"a\":', 17) || '1' || repeat('}}', 17))::jsonb)": (
        "metadata nests at most 16 levels"
    ),
    f"{DOCUMENT} (title, language) values ('x', 'English')": ("language is a BCP 47 tag, such as en or pt-BR"),
    f"{DOCUMENT} (title, visibility) values ('x', 'organization')": "visibility organization needs an organization_id",
    f"{ORGANIZATION} ('x', 'No Slug')": "slug has a-z, 0-9 and single hyphens, at most 63 characters",
    f"{ORGANIZATION} (repeat('x', 201), 'slug')": "name has 1 to 200 characters",
    f"{ORGANIZATION} ('x', 'twice'), ('y', 'twice')": "slug of an organization is unique",
    INVITATION.format(
        "email, user_id", "'a@example.org', gen_random_uuid()"
    ): "either email or user_id is given, not both",
    INVITATION.format("email", "'no address'"): "email is a lower-case address of at most 254 characters",
    INVITATION.format("email", "unnest('{a@example.org,a@example.org}'::text[])"): (
        "one pending invitation of an address to an organization"
    ),
    "update public.profiles set display_name = repeat('x', 201)": "display_name has 1 to 200 characters",
    "update public.profiles set display_name = '  '": "display_name is not all white space",
    "update public.profiles set phone = '0123'": "phone is + and 7 to 15 digits without spaces (E.164)",
    PRODUCT.format("'no sku', 'x', 1, 1"): "sku has A-Z, 0-9 and single hyphens, at most 40 characters",
    PRODUCT.format("'S-1', '  ', 1, 1"): "name is not all white space",
    PRODUCT.format("'S-1', repeat('x', 201), 1, 1"): "name has 1 to 200 characters",
    PRODUCT.format("'S-1', 'x', 1, -1"): "stock is 0 or more",
    PRODUCT.format("'S-1', 'x', 0, 1"): "a price is above 0 and below 10,000,000,000",
    PRODUCT.format("'TAKEN', 'x', 1, 1"): "sku of a product is unique",
}


@pytest.fixture(scope="module")
def staff(database: Database) -> str:
    """Somebody who may write all of it."""
    with database.connect() as admin, admin.transaction():
        person = make_user(admin, "staff@tidegate.example", app_metadata=STAFF)
        admin.execute("insert into public.categories (slug, name) values ('all', 'All')")
        admin.execute(PRODUCT.format("'TAKEN', 'x', 1, 1").encode())
        admin.execute(f"{ORGANIZATION} ('Harbour', 'harbour')".encode())
        admin.execute("insert into public.memberships select id, %s, 'owner' from public.organizations", (person,))
    return str(person)


def breakable(connection: psycopg.Connection[Any]) -> list[tuple[str, str, str]]:
    return connection.execute(BREAKABLE.encode()).fetchall()


def test_what_a_person_can_break_is_named_by_its_rule(connection: psycopg.Connection[Any]) -> None:
    found = breakable(connection)
    assert {"documents", "invitations", "organizations", "products", "profiles"} <= {table for table, _, _ in found}
    assert [(table, name) for table, name, _ in found if " " not in name] == []


def test_a_rule_says_the_bound_that_is_checked(connection: psycopg.Connection[Any]) -> None:
    bounds = [
        (name, bound.replace(",", ""), definition)
        for _, name, definition in breakable(connection)
        for bound in re.findall(r"(?:at most|below|1 to) ([\d,]*\d)", name)
    ]
    assert len(bounds) > 10
    assert [name for name, bound, definition in bounds if not re.search(rf"\b{bound}\b", definition)] == []


@pytest.mark.parametrize("statement", REFUSED, ids=REFUSED.values())
def test_a_refusal_says_the_rule(connection: psycopg.Connection[Any], staff: str, statement: str) -> None:
    with as_caller(connection, staff, STAFF, commit=False), pytest.raises(errors.IntegrityError) as refused:
        connection.execute(statement.encode())
    assert REFUSED[statement] in (refused.value.diag.message_primary or "")
