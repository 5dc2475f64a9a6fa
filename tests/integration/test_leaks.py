"""What a caller may learn beside the rows: from errors, counts, scores, estimates and side effects of others' data.

A stranger asks everything that a curious person could, other people change what is theirs, and the stranger asks again:
the answers must be the same to the last digit. What is known to differ has a test that says how far.
"""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import errors

from tests.support import Database, as_caller
from tests.support.passages import as_literal, index_documents, unit_vector
from tests.support.tenants import Tenants, populate

SECRET = "Secret merger"
SEARCH = """
    select r.*, s.complete from public.search(
      %(query)s, query_embedding => %(vector)s::extensions.halfvec, mode => %(mode)s, max_results => 20) s
    cross join unnest(s.results) r"""
# Functions that the API exposes; what each may tell is tested below, of recommend in test_recommendations_sql.py, of
# those about orders in test_orders.py, of expires_at in test_unpaid_orders.py, of close_account in
# test_close_account.py, of those about invitations and publishing in test_invitations.py and test_publishing.py, of
# my_orders and read_source in test_reading.py, of those about payments in test_payment_events.py and
# test_payment_outcomes.py.
EXPOSED_FUNCTIONS = {
    *("cancel_order", "mark_paid", "mark_refunded", "place_order", "purchase", "refund_order", "retry_payment"),
    *("accept_invitation", "decline_invitation", "expires_at", "invite", "set_publishing", "take_over_organization"),
    *("close_account", "recommend", "retry_document", "search", "search_products", "ship_order", "failed_payments"),
    *("my_orders", "read_source", "payment_events_to_review", "close_payment_event", "payments_of_order"),
    *("mark_never_charged", "payment_action"),
}

# Whole numbers that callers read. Ids of these tables are new_row_id(), of scope indexes new_scope_index_id(): see
# test_row_ids.py.
KNOWN_NUMBERS = {
    *("chunks.id", "chunk_embeddings.chunk_id", "chunk_embeddings.scope_index_id", "interactions.id"),
    # Of the document or the product.
    *("chunks.position", "chunks.start_offset", "chunks.end_offset", "chunks.token_count", "products.stock"),
    *("chunks.page", "document_files.size", "document_files.progress_done", "document_files.progress_total"),
    *("documents.chunks_done", "documents.chunks_total"),
    *("products.price_cents", "order_items.position", "order_items.quantity"),
    # The shop's own.
    *("chunk_embeddings.model_id", "chunk_embeddings.dimensions", "currencies.minor_digits"),
}


@pytest.fixture(scope="module")
def tenants(database: Database) -> Tenants:
    tenants = populate(database)
    with database.connect("tidegate_worker") as worker:
        index_documents(worker, {})
    return tenants


@pytest.fixture
def grown(database: Database, tenants: Tenants) -> Iterator[Tenants]:
    """Harbour writes two hundred documents about its secret, and everything of it is embedded and analysed."""
    with database.connect() as connection, database.connect("tidegate_worker") as worker:
        with as_caller(connection, tenants.people["owner"]):
            written = connection.execute(
                "insert into public.documents (title, content, organization_id, visibility)"
                " select %s, 'Leaflet of the meadow, and the merger with Bayview.', %s,"
                " (case when g %% 2 = 0 then 'organization' else 'private' end)::public.document_visibility"
                " from generate_series(1, 200) g returning id",
                (SECRET, tenants.harbour),
            ).fetchall()
        index_documents(worker, {SECRET: unit_vector(1)})
        connection.execute("analyze")
        yield tenants
        connection.execute("delete from public.documents where id = any (%s)", ([row[0] for row in written],))


def answers(connection: psycopg.Connection[Any], tenants: Tenants, actor: str) -> dict[str, Any]:
    """Everything that `actor` can find out by reading, by the question that was asked."""
    found: dict[str, Any] = {}
    with as_caller(connection, tenants.people[actor], commit=False):
        for (table,) in connection.execute(
            "select c.oid::regclass::text from pg_class c where c.relnamespace = 'public'::regnamespace"
            " and c.relkind in ('r', 'p', 'v', 'm') and has_any_column_privilege(c.oid, 'select') order by 1"
        ).fetchall():
            rows = connection.execute(f"select to_jsonb(t)::text from {table} t order by 1".encode()).fetchall()
            found[table] = [row[0] for row in rows]
            found[f"{table}, counted"] = connection.execute(f"select count(*) from {table}".encode()).fetchone()
        for mode in ("keyword", "semantic", "hybrid"):
            for query in ("merger", "bayview leaflet", "meadow", SECRET, "handbook"):
                values = {"query": query, "mode": mode, "vector": as_literal(unit_vector(1))}
                found[f"{mode} {query}"] = connection.execute(SEARCH, values).fetchall()
    return found


def test_what_others_write_changes_no_answer(
    connection: psycopg.Connection[Any], tenants: Tenants, request: pytest.FixtureRequest
) -> None:
    outsiders = ("stranger", "former", "guest", "anonymous")
    before = {actor: answers(connection, tenants, actor) for actor in outsiders}
    insider = answers(connection, tenants, "owner")
    request.getfixturevalue("grown")
    assert {actor: answers(connection, tenants, actor) for actor in outsiders} == before
    assert answers(connection, tenants, "owner") != insider, "the change must be one that can be seen at all"


ACTORS = ("owner", "viewer", "stranger", "former", "guest", "staff", "anonymous")
SYSTEM_COLUMNS = ("xmin", "xmax", "cmin", "cmax", "ctid", "tableoid")


@pytest.mark.parametrize("actor", ACTORS)
def test_no_system_column_is_anybodys(connection: psycopg.Connection[Any], tenants: Tenants, actor: str) -> None:
    # xmin tells how much is written in the whole database, ctid how full a table is.
    readable = []
    with as_caller(connection, tenants.people[actor], {"staff": actor == "staff"}, commit=False):
        tables = connection.execute(
            "select c.oid::regclass::text from pg_class c"
            " where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and c.relkind in ('r', 'p')"
        ).fetchall()
        for (table,) in tables:
            for column in SYSTEM_COLUMNS:
                for statement in (
                    f"select {column} from {table}",
                    f"select from {table} order by {column}::text",
                    f"select from {table} where {column} is null",
                ):
                    try:
                        with connection.transaction(force_rollback=True):
                            connection.execute(statement.encode())
                        readable.append(statement)
                    except psycopg.Error as error:
                        assert error.sqlstate == "42501", statement
    assert len(tables) > 30
    assert readable == []


def test_no_column_counts_rows(connection: psycopg.Connection[Any], tenants: Tenants) -> None:
    # A whole number that callers read is an id that tells nothing (test_row_ids.py), or says something of its own row.
    numbers = connection.execute(
        """
        select c.relname || '.' || a.attname from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where c.relnamespace = 'public'::regnamespace and a.atttypid = any ('{int2,int4,int8}'::regtype[])
          and (has_column_privilege('anon', c.oid, a.attnum, 'select')
               or has_column_privilege('authenticated', c.oid, a.attnum, 'select'))
        """
    ).fetchall()
    assert {row[0] for row in numbers} == KNOWN_NUMBERS, "say what the new one tells"


def estimate(connection: psycopg.Connection[Any], condition: str, value: str) -> int:
    """What `Prefer: count=planned` would answer for this filter on documents."""
    row = connection.execute(
        f"explain (format json) select from public.documents where {condition}".encode(), (value,)
    ).fetchone()
    assert row is not None
    return int(row[0][0]["Plan"]["Plan Rows"])


@pytest.mark.parametrize(
    ("condition", "common", "absent"),
    [
        ("title = %s", SECRET, "Secret takeover"),
        ("content = %s", "Leaflet of the meadow, and the merger with Bayview.", "No such text"),
        ("title like %s", "Secret m%", "Secret t%"),
        ("language = %s", "en", "xx"),
        ("metadata ->> 'a' = %s", "1", "2"),
        ("created_at > %s", "2020-01-01", "2099-01-01"),
    ],
)
def test_estimates_do_not_tell_what_stands_in_the_rows_of_others(
    connection: psycopg.Connection[Any], grown: Tenants, condition: str, common: str, absent: str
) -> None:
    with as_caller(connection, grown.people["stranger"], commit=False):
        assert estimate(connection, condition, common) == estimate(connection, condition, absent)


def test_no_samples_are_kept_of_texts_that_are_not_everybodys(
    connection: psycopg.Connection[Any], grown: Tenants
) -> None:
    sampled = connection.execute(
        """
        select s.tablename || '.' || s.attname from pg_stats s
        join information_schema.columns c
          on (c.table_schema, c.table_name, c.column_name) = (s.schemaname, s.tablename, s.attname)
        where s.schemaname = 'public' and s.tablename not in ('categories', 'currencies', 'products')
          and c.data_type in ('text', 'ARRAY', 'jsonb', 'timestamp with time zone', 'bytea')
          -- The slug is unique, so that no value is more common than another; few stemmers are all that there are.
          and (s.tablename, s.attname) not in (('organizations', 'slug'), ('chunks', 'stemmer'))
        """
    ).fetchall()
    assert sampled == []


def refusal(connection: psycopg.Connection[Any], statement: str, values: tuple[object, ...]) -> tuple[Any, ...]:
    """Code, message, detail and hint of what the statement is refused with."""
    with pytest.raises(errors.Error) as refused, connection.transaction():
        connection.execute(statement.encode(), values)
    diagnostic = refused.value.diag
    return (refused.value.sqlstate, diagnostic.message_primary, diagnostic.message_detail, diagnostic.message_hint)


@pytest.mark.parametrize(
    ("statement", "secret"),
    [
        ("insert into public.documents (title, organization_id) values ('x', %s)", "harbour"),
        ("insert into public.memberships (organization_id, user_id) values (%s, auth.uid())", "harbour"),
        ("insert into public.invitations (organization_id, email) values (%s, 'x@example.org')", "harbour"),
        ("insert into public.invitations (document_id, user_id) values (%s, gen_random_uuid())", "document"),
        ("update public.documents set organization_id = %s", "harbour"),
    ],
    ids=["file a document", "join", "invite", "share a document", "move a document"],
)
def test_a_refusal_does_not_tell_whether_what_it_names_exists(
    connection: psycopg.Connection[Any], tenants: Tenants, statement: str, secret: str
) -> None:
    real = tenants.harbour if secret == "harbour" else tenants.documents["harbour handbook"]
    with as_caller(connection, tenants.people["stranger"], commit=False):
        of_real = refusal(connection, statement, (real,))
        assert of_real == refusal(connection, statement, (uuid.uuid4(),))
        assert of_real[0] == "42501"


def test_retrying_does_not_tell_which_documents_exist(connection: psycopg.Connection[Any], tenants: Tenants) -> None:
    real, invented = tenants.documents["harbour handbook"], uuid.uuid4()
    before = connection.execute("select * from private.embedding_jobs").fetchall()
    with as_caller(connection, tenants.people["stranger"], commit=False):
        statement = "select public.retry_document(%s)"
        of_real, of_invented = (refusal(connection, statement, (i,)) for i in (real, invented))
    assert json.dumps(of_real).replace(str(real), "?") == json.dumps(of_invented).replace(str(invented), "?")
    assert connection.execute("select * from private.embedding_jobs").fetchall() == before


@pytest.mark.parametrize("action", ["nothing", "update set title = excluded.title"])
def test_a_taken_id_tells_that_it_is_taken_and_nothing_else(
    connection: psycopg.Connection[Any], tenants: Tenants, action: str
) -> None:
    # The bound of this oracle: whoever asks must already know one of 2^122 ids, and learns that it is in use.
    insert = "insert into public.documents (id, title) values (%s, 'planted')"
    taken = tenants.documents["harbour draft"]
    with as_caller(connection, tenants.people["stranger"], commit=False):
        code, message, detail, _ = refusal(connection, insert, (taken,))
        assert (code, detail) == ("23505", None), "row level security keeps the row out of the message"
        assert "harbour" not in message.lower()
        if action == "nothing":
            assert connection.execute(f"{insert} on conflict do nothing".encode(), (taken,)).rowcount == 0
        else:
            assert refusal(connection, f"{insert} on conflict (id) do {action}", (taken,))[0] == "42501"
    title = connection.execute("select title from public.documents where id = %s", (taken,)).fetchone()
    assert title == ("harbour draft",)


def test_a_taken_slug_tells_that_it_is_taken_and_nothing_else(
    connection: psycopg.Connection[Any], tenants: Tenants
) -> None:
    # Slugs are public names, so that this much is meant to be known.
    with as_caller(connection, tenants.people["stranger"], commit=False):
        insert = "insert into public.organizations (name, slug) values ('Mine', %s)"
        assert refusal(connection, insert, ("harbour",))[::2] == ("23505", None)


def test_a_refused_row_is_not_quoted(connection: psycopg.Connection[Any], tenants: Tenants) -> None:
    # A check that fails while somebody else's row is updated must not print that row.
    with as_caller(connection, tenants.people["editor"], commit=False):
        statement = "update public.documents set title = %s where title = 'former''s minutes'"
        assert refusal(connection, statement, (" ",))[::2] == ("23514", None)


def test_a_search_for_products_tells_nothing_of_those_not_on_sale(
    connection: psycopg.Connection[Any], tenants: Tenants
) -> None:
    add = (
        "insert into public.products (category_id, sku, name, price, is_active)"
        " select id, %s, %s, 1, %s from public.categories where slug = 'leaks'"
    )
    found: list[object] = []
    with connection.transaction(force_rollback=True):
        connection.execute("insert into public.categories (slug, name) values ('leaks', 'Leaks')")
        connection.execute(add, ("SEEN", "Paddle of oak", True))
        for hidden in (None, "HIDDEN"):
            if hidden:
                connection.execute(add, (hidden, "Paddle of elm", False))
            for role in ("anon", "authenticated"):
                claims = json.dumps({"role": role, "sub": str(tenants.people["stranger"])})
                become = "select set_config('role', %s, true), set_config('request.jwt.claims', %s, true)"
                with connection.transaction(force_rollback=True):
                    connection.execute(become, (role, claims))
                    words = ("paddle", "oak", "elm", "HIDDEN", "paddle -elm")
                    found.append(
                        [
                            connection.execute("select sku from public.search_products(%s)", (word,)).fetchall()
                            for word in words
                        ]
                    )
    assert found == [[[("SEEN",)], [("SEEN",)], [], [], [("SEEN",)]]] * 4


def test_every_exposed_function_is_known_here(connection: psycopg.Connection[Any]) -> None:
    functions = connection.execute(
        "select proname from pg_proc where pronamespace = 'public'::regnamespace"
        " and (has_function_privilege('anon', oid, 'execute')"
        "      or has_function_privilege('authenticated', oid, 'execute'))"
    ).fetchall()
    assert {row[0] for row in functions} == EXPOSED_FUNCTIONS, "add it, and a test of what it may tell"


@pytest.mark.parametrize("role", ["anon", "authenticated"])
def test_the_unexposed_schema_has_no_table_for_callers(connection: psycopg.Connection[Any], role: str) -> None:
    granted = connection.execute(
        "select c.oid::regclass::text from pg_class c where c.relnamespace = 'private'::regnamespace"
        " and c.relkind in ('r', 'p', 'v', 'm', 'S')"
        " and (has_table_privilege(%(role)s, c.oid, 'select, insert, update, delete')"
        "      or (c.relkind <> 'S' and has_any_column_privilege(%(role)s, c.oid, 'select, insert, update')))",
        {"role": role},
    ).fetchall()
    assert granted == []


def test_searching_leaves_no_trace(connection: psycopg.Connection[Any], tenants: Tenants) -> None:
    with as_caller(connection, tenants.people["stranger"]):
        values = {"query": "meadow", "mode": "hybrid", "vector": as_literal(unit_vector(1))}
        assert connection.execute(SEARCH, values).fetchall()
        assert connection.execute("select pg_current_xact_id_if_assigned()").fetchone() == (None,)
