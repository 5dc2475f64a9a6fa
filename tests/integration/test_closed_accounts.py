"""An account that is banned, softly deleted or gone does nothing from that moment, though its token holds."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.support import Database, as_caller, make_user
from tests.support.passages import index_documents
from tests.support.shop import Shop
from tests.support.tenants import Tenants, populate

TABLES = """
    select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and (n.nspname = 'public' or c.oid = 'storage.objects'::regclass)
      and has_any_column_privilege('authenticated', c.oid, 'select')
    order by 1"""
COLUMNS = """
    select a.attname, has_column_privilege('authenticated', a.attrelid, a.attnum, 'insert'),
           has_column_privilege('authenticated', a.attrelid, a.attnum, 'update')
    from pg_attribute a
    where a.attrelid = %s::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attnum"""
FUNCTIONS = """
    select format('public.%I(%s)', p.proname,
             (select string_agg('null::' || format_type(t, null), ', ') from unnest(p.proargtypes) t))
    from pg_proc p
    where p.pronamespace = 'public'::regnamespace and has_function_privilege('authenticated', p.oid, 'execute')
    order by 1"""

# What an administrator does to an account, and what it is told then.
CLOSINGS: dict[str, tuple[str, str]] = {
    "banned": ("update auth.users set banned_until = now() + interval '1 hour' where id = %s", "PT403"),
    "banned for ever": ("update auth.users set banned_until = 'infinity' where id = %s", "PT403"),
    "softly deleted": ("update auth.users set deleted_at = now() where id = %s", "PT401"),
    "banned, then softly deleted": (
        "update auth.users set banned_until = now() + interval '1 hour', deleted_at = now() where id = %s",
        "PT401",
    ),
    "gone": ("delete from auth.users where id = %s", "PT401"),
}
STILL_OPEN = {
    "never banned": "select %s",
    "banned in the past": "update auth.users set banned_until = now() - interval '1 second' where id = %s",
}


@pytest.fixture(scope="module")
def tenants(database: Database) -> Tenants:
    """Something of everything."""
    tenants = populate(database)
    with (
        database.connect("tidegate_worker") as worker,
        database.connect("supabase_admin") as admin,
        database.connect() as people,
    ):
        index_documents(worker, {})
        shop = Shop(database, admin, people)
        lamp = shop.product(5)
        shop.place(tenants.person("owner"), {lamp: 1}, "first")
        with as_caller(people, tenants.person("owner")):
            people.execute("insert into public.interactions (product_id, kind) values (%s, 'view')", (lamp,))
        for title in ("harbour leaflet", "harbour draft"):
            name = f"{tenants.documents[title]}/paper.pdf"
            admin.execute("insert into storage.objects (bucket_id, name) values ('documents', %s)", (name,))
    return tenants


@pytest.fixture
def admin(database: Database) -> Any:
    with database.connect("supabase_admin") as connection:
        yield connection


def outcome_of(connection: psycopg.Connection[Any], statement: str, values: tuple[object, ...] = ()) -> str:
    """The SQLSTATE of what the statement is refused with, or how many rows it gave or changed."""
    try:
        with connection.transaction(force_rollback=True):
            return f"{connection.execute(statement.encode(), values).rowcount} rows"
    except psycopg.Error as error:
        return str(error.sqlstate)


def close(admin: psycopg.Connection[Any], people: psycopg.Connection[Any], closing: str) -> uuid.UUID:
    """Somebody who wrote something, and whose account was then closed."""
    person = make_user(admin, f"{uuid.uuid4()}@example.org", app_metadata={"staff": True})
    with as_caller(people, person):
        people.execute("insert into public.organizations (name, slug) values ('Theirs', %s)", (f"o-{person}",))
        people.execute("insert into public.documents (title) values ('theirs')")
    admin.execute(CLOSINGS[closing][0].encode(), (person,))
    return person


@pytest.mark.parametrize("closing", CLOSINGS)
def test_no_table_gives_or_takes_a_row(
    connection: psycopg.Connection[Any], admin: psycopg.Connection[Any], tenants: Tenants, closing: str
) -> None:
    person = close(admin, connection, closing)
    tables = [row[0] for row in connection.execute(TABLES).fetchall()]
    assert len(tables) >= 15
    outcomes: dict[str, str] = {}
    for table in tables:
        columns = connection.execute(COLUMNS, (table,)).fetchall()
        statements = [f"select 1 from {table}", f"delete from {table}"]
        statements += [f'insert into {table} ("{name}") values (default)' for name, insert, _ in columns if insert]
        statements += [f'update {table} set "{name}" = "{name}"' for name, _, update in columns if update]
        with as_caller(connection, person, {"staff": True}, commit=False):
            outcomes |= {statement: outcome_of(connection, statement) for statement in statements}
    wanted = CLOSINGS[closing][1]
    # No right, or a rule of that table alone, may be what is said first; where no row is met, none is refused.
    assert {one: outcome for one, outcome in outcomes.items() if outcome not in (wanted, "42501", "0 rows")} == {}
    assert list(outcomes.values()).count(wanted) > 30


@pytest.mark.parametrize("closing", CLOSINGS)
def test_what_an_open_account_may_write_is_refused_with_the_reason(
    connection: psycopg.Connection[Any], admin: psycopg.Connection[Any], tenants: Tenants, closing: str
) -> None:
    person, friend = close(admin, connection, closing), tenants.person("guest")
    wanted = CLOSINGS[closing][1]
    inserts = (
        "insert into public.documents (title) values ('more')",
        "insert into public.organizations (name, slug) values ('More', 'more')",
        "insert into public.interactions (product_id, kind) select id, 'view' from public.products",
        "insert into public.categories (slug, name) values ('more', 'More')",
    )
    # A deleted account has nothing left that could be changed.
    changes = (
        "update public.documents set title = 'changed' where owner_id = auth.uid()",
        "delete from public.documents where owner_id = auth.uid()",
        "update public.organizations set name = 'changed' where created_by = auth.uid()",
        "delete from public.organizations where created_by = auth.uid()",
        "delete from public.memberships where user_id = auth.uid()",
        "update public.profiles set display_name = 'changed' where id = auth.uid()",
        f"insert into public.invitations (document_id, user_id) select id, '{friend}' from public.documents",
        "update public.products set price = 0",
        "delete from public.products",
        "update storage.objects set metadata = '{}'",
        "delete from storage.objects",
    )
    with as_caller(connection, person, {"staff": True}, commit=False):
        told = dict.fromkeys(inserts, wanted)
        if closing == "gone":  # who has no account is not staff either, and that is said first
            told[inserts[-1]] = "42501"
        assert {one: outcome_of(connection, one) for one in inserts} == told
        outcomes = {one: outcome_of(connection, one) for one in changes}
    assert set(outcomes.values()) <= ({wanted} if wanted == "PT403" else {wanted, "0 rows"}), outcomes


@pytest.mark.parametrize("closing", CLOSINGS)
def test_no_function_acts_for_it(
    connection: psycopg.Connection[Any], admin: psycopg.Connection[Any], tenants: Tenants, closing: str
) -> None:
    person = close(admin, connection, closing)
    calls = [row[0] for row in connection.execute(FUNCTIONS).fetchall()]
    assert len(calls) >= 14
    with as_caller(connection, person, {"staff": True}, commit=False):
        outcomes = {call: outcome_of(connection, f"select * from {call}") for call in calls}
        # Those that only read say what is wrong with null before they look.
        outcomes |= {
            what: outcome_of(connection, f"select * from public.{call}")
            for what, call in {
                "documents": "search('leaflet', mode => 'keyword')",
                "products": "search_products('lamp')",
                "recommendations": "recommend()",
            }.items()
        }
    readers = ("public.search(", "public.search_products(", "public.recommend(")
    assert {
        call: outcome
        for call, outcome in outcomes.items()
        if outcome != CLOSINGS[closing][1] and not call.startswith(readers)
    } == {}


@pytest.mark.parametrize("closing", CLOSINGS)
def test_the_gateway_does_not_act_as_it(
    database: Database, connection: psycopg.Connection[Any], admin: psycopg.Connection[Any], closing: str
) -> None:
    person = close(admin, connection, closing)
    claims = json.dumps({"sub": str(person), "role": "authenticated"})
    with database.connect("tidegate_gateway") as gateway:
        for call in (
            *("assume_caller(%s)", "failed_documents_as(%s, 1)", "embedding_model_as(%s)"),
            *("my_orders_as(%s, null, 1)", "read_source_as(%s, gen_random_uuid(), 0, 1)"),
        ):
            assert outcome_of(gateway, f"select * from private.{call}", (claims,)) == CLOSINGS[closing][1]
        assert outcome_of(gateway, "select private.assume_caller(%s)", ('{"role": "anon"}',)) == "1 rows"


def test_it_is_told_why_and_until_when(connection: psycopg.Connection[Any], admin: psycopg.Connection[Any]) -> None:
    said: dict[str, tuple[Any, ...]] = {}
    for closing in ("banned", "softly deleted"):
        person = close(admin, connection, closing)
        with pytest.raises(psycopg.Error) as refused, as_caller(connection, person):
            connection.execute("insert into public.documents (title) values ('more')")
        diagnostic = refused.value.diag
        said[closing] = (diagnostic.message_primary, diagnostic.message_detail, diagnostic.message_hint)
    assert said["banned"][0] == "this account is banned"
    assert "banned_until" in json.loads(said["banned"][1])
    assert said["softly deleted"][:2] == ("this account is closed", None)
    assert all("Without a token" in told[2] for told in said.values())


@pytest.mark.parametrize("state", STILL_OPEN)
def test_an_open_account_goes_on(
    connection: psycopg.Connection[Any], admin: psycopg.Connection[Any], tenants: Tenants, state: str
) -> None:
    person = make_user(admin, f"{uuid.uuid4()}@example.org")
    admin.execute(STILL_OPEN[state].encode(), (person,))
    with as_caller(connection, person):
        connection.execute("insert into public.documents (title) values ('mine')")
        assert connection.execute("select title from public.documents where title = 'mine'").fetchall() == [("mine",)]


def test_a_ban_ends_by_itself_and_everything_is_there(
    connection: psycopg.Connection[Any], admin: psycopg.Connection[Any]
) -> None:
    person = close(admin, connection, "banned")
    admin.execute("update auth.users set banned_until = now() where id = %s", (person,))
    with as_caller(connection, person):
        found = connection.execute("select title from public.documents where owner_id = %s", (person,)).fetchall()
    assert found == [("theirs",)]


def test_a_banned_buyer_neither_orders_nor_cancels(database: Database, admin: psycopg.Connection[Any]) -> None:
    with database.connect() as people:
        shop = Shop(database, admin, people)
        buyer, lamp = shop.buyer(), shop.product(5)
        order = str(shop.place(buyer, {lamp: 1}, "before")["id"])
        admin.execute(CLOSINGS["banned"][0].encode(), (buyer,))
        again: list[Callable[[], object]] = [
            lambda: shop.place(buyer, {lamp: 1}, "before"),  # not even the same answer again
            lambda: shop.place(buyer, {lamp: 1}, "after"),
            lambda: shop.call(buyer, "purchase", product_id=lamp, idempotency_key="after"),
            lambda: shop.call(buyer, "cancel_order", order_id=order),
            lambda: shop.call(buyer, "close_account"),
        ]
        for act in again:
            with pytest.raises(psycopg.Error) as refused:
                act()
            assert refused.value.sqlstate == "PT403"
        assert (shop.stock(lamp), shop.status(order)) == (4, "pending")
        assert shop.call(shop.staff, "cancel_order", order_id=order)["status"] == "cancelled", "others go on"


def test_banned_staff_is_no_staff(database: Database, admin: psycopg.Connection[Any]) -> None:
    with database.connect() as people:
        shop = Shop(database, admin, people)
        order = shop.paid_order(shop.buyer(), {shop.product(5): 1})
        admin.execute(CLOSINGS["banned"][0].encode(), (shop.staff,))
        for function in ("ship_order", "refund_order", "mark_paid", "mark_refunded", "retry_payment", "cancel_order"):
            with pytest.raises(psycopg.Error) as refused:
                shop.call(shop.staff, function, order_id=order)
            assert refused.value.sqlstate == "PT403", function
        with pytest.raises(psycopg.Error, match="banned"):
            shop.call(shop.staff, "failed_payments")
        assert shop.status(order) == "paid"


def test_services_that_ask_for_many_people_find_a_closed_account_to_be_nobody(
    database: Database, connection: psycopg.Connection[Any], admin: psycopg.Connection[Any], tenants: Tenants
) -> None:
    # Realtime evaluates the policies for everybody who listens in one statement: an error would be everybody's.
    for closing in CLOSINGS:
        person = close(admin, connection, closing)
        with as_caller(admin, person, commit=False):
            assert admin.execute("select session_user").fetchone() == ("supabase_admin",)
            for (table,) in admin.execute(TABLES).fetchall():
                assert admin.execute(f"select from {table}".encode()).fetchall() == [], table
            assert outcome_of(admin, "insert into public.documents (title) values ('more')") == "42501"


def test_a_new_table_inherits_it(connection: psycopg.Connection[Any], admin: psycopg.Connection[Any]) -> None:
    person = close(admin, connection, "banned")
    with connection.transaction(force_rollback=True):
        connection.execute(
            "create table public.notes (id uuid primary key default gen_random_uuid());"
            "create policy everything on public.notes for all to authenticated using (true);"
            "grant select (id), insert (id) on public.notes to authenticated;"
            "select private.refuse_closed_accounts('public.notes');"
            "insert into public.notes default values"
        )
        connection.execute(
            "select set_config('role', 'authenticated', true), set_config('request.jwt.claims', %s, true)",
            (json.dumps({"sub": str(person), "role": "authenticated"}),),
        )
        assert outcome_of(connection, "insert into public.notes default values") == "PT403"
        assert outcome_of(connection, "select id from public.notes") == "PT403"


def test_the_policy_is_the_same_everywhere(connection: psycopg.Connection[Any]) -> None:
    found = connection.execute(
        "select distinct pg_get_expr(polqual, polrelid), polcmd::text, polroles::regrole[]::text"
        " from pg_policy where polname = 'open accounts alone'"
    ).fetchall()
    assert len(found) == 1
