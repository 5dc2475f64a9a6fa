"""One trace from the client to the query and the worker, of real processes; and what a collector that is away costs."""

import secrets
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx2
import psycopg
import pytest

from gateway.local.ports import HOST
from tests.support import Database, ScratchCluster
from tests.support.fake_collector import FakeCollector
from tests.support.fake_payments import FakePayments
from tests.support.pgbouncer import BINARY, MISSING, pgbouncer
from tests.support.stack import Stack
from tests.support.waiting import wait_until

pytestmark = pytest.mark.usefixtures("stopping")

QUERY = "where the family silver is"
# Whoever looks at what runs has time to find it.
PATIENT = {
    "DATABASE_TIMEOUT_S": "60",
    "RESILIENCE": '{"database": {"stall_s": 60}}',
}


@pytest.fixture
def collector() -> Iterator[FakeCollector]:
    with FakeCollector().running() as collector:
        yield collector


def search(stack: Stack, **headers: str) -> httpx2.Response:
    body = {"query": QUERY, "mode": "hybrid"}
    return httpx2.post(f"{stack.gateway_url}/v1/search", json=body, headers=headers, timeout=60, trust_env=False)


def test_a_search_is_one_trace_that_tells_no_text(stack: Stack, collector: FakeCollector) -> None:
    stack.start_gateway(**PATIENT, EMBEDDER_TIMEOUT_S="20", **collector.environment)
    trace_id, parent_id = secrets.token_hex(16), secrets.token_hex(8)
    assert search(stack, traceparent=f"00-{trace_id}-{parent_id}-01").json()["mode"] == "hybrid"
    found = collector.wait_for("POST /v1/search", trace_id)
    by_id, spans = {span.span_id: span for span in found}, {span.name: span for span in found}

    def above(name: str) -> list[str]:
        names, parent = [], spans[name].parent_id
        while parent in by_id:
            names.append(by_id[parent].name)
            parent = by_id[parent].parent_id
        assert parent == parent_id
        return names

    assert above("POST /v1/search") == []
    assert spans["POST /v1/search"].service == "tidegate-gateway"
    assert above("database")[0] == "search_as"
    assert above("search_as")[-1] == "POST /v1/search"
    assert above("embedder")[-1] == "POST /v1/search"
    assert spans["search_as"].attributes["db.system.name"] == "postgresql"
    parts = [spans[name] for name in ("plan", "meaning", "words", "fusion", "snippets")]
    assert {part.parent_id for part in parts} == {spans["database"].span_id}
    moments = [moment for part in parts for moment in (part.began_ns, part.ended_ns)]
    assert moments == sorted(moments)
    assert spans["database"].began_ns <= moments[0] < moments[-1] <= spans["database"].ended_ns
    assert "GET /health/ready" not in {span.name for span in collector.spans}
    assert b"silver" not in b"".join(collector.requests)


def test_a_query_string_is_told_to_nobody(stack: Stack, collector: FakeCollector) -> None:
    stack.start_gateway(**collector.environment)
    url = f"{stack.gateway_url}/v1/recommendations?category=family-silver"
    trace_id = secrets.token_hex(16)
    headers = {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"}
    assert httpx2.get(url, headers=headers, timeout=60, trust_env=False).status_code == 200
    collector.wait_for("GET /v1/recommendations", trace_id)
    assert b"silver" not in b"".join(collector.requests)


@pytest.fixture(params=["direct", "pgbouncer"])
def door(request: pytest.FixtureRequest, cluster: ScratchCluster, database: Database) -> Iterator[Database]:
    """The database, straight or through the pooler."""
    if request.param == "direct":
        yield database
        return
    if BINARY is None:
        pytest.skip(MISSING)
    with pgbouncer(cluster, database, 4) as through:
        yield through


def named(admin: psycopg.Connection[Any], trace_id: str = "") -> list[tuple[str, str]]:
    """What sessions of the gateway whose name has this in it are called, and what they run."""
    return admin.execute(
        "select application_name, query from pg_stat_activity"
        " where usename = 'tidegate_gateway' and datname = current_database() and position(%s in application_name) > 0",
        (trace_id,),
    ).fetchall()


@contextmanager
def held_up(database: Database) -> Iterator[Callable[[], None]]:
    """Searches wait until the block ends, or what it is given is called."""
    with psycopg.connect(database.admin_url) as connection:
        connection.execute("lock table public.chunks in access exclusive mode")
        yield connection.rollback


def test_postgresql_shows_the_trace_while_it_works_on_it(
    stack: Stack, database: Database, door: Database, collector: FakeCollector
) -> None:
    stack.start_api()
    stack.start_gateway(GATEWAY_DATABASE_URL=door.url_for("tidegate_gateway"), **PATIENT, **collector.environment)
    trace_id = secrets.token_hex(16)
    # What supabase-js sends with tracePropagation.
    headers = {"apikey": stack.keys.publishable_key, "traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"}
    with ThreadPoolExecutor(1) as client, database.connect("supabase_admin") as admin, held_up(database) as let_go:
        assert named(admin)
        url, body = f"{stack.supabase_url}/functions/v1/search", {"query": QUERY, "mode": "keyword"}
        asking = client.submit(httpx2.post, url, json=body, headers=headers, timeout=40, trust_env=False)
        [(name, statement)] = wait_until(lambda: named(admin, trace_id), "the trace in pg_stat_activity")
        let_go()
        assert asking.result().status_code == 200, asking.result().text
        assert (name, trace_id in statement) == (f"tidegate-gateway {trace_id}", False)
        assert named(admin, trace_id) == [], "it belongs to one statement"
        assert {name for name, _ in named(admin)} == {"tidegate-gateway"}
    assert "search_as" in {span.name for span in collector.wait_for("POST /v1/search", trace_id)}


def test_the_trace_is_passed_on_where_nothing_is_sent(stack: Stack, database: Database) -> None:
    stack.start_gateway(**PATIENT)
    trace_id = secrets.token_hex(16)
    with ThreadPoolExecutor(1) as client, database.connect("supabase_admin") as admin, held_up(database):
        client.submit(search, stack, traceparent=f"00-{trace_id}-{secrets.token_hex(8)}-00")
        wait_until(lambda: named(admin, trace_id), "the trace in pg_stat_activity")


def test_the_worker_links_to_the_request_that_caused_its_work(
    stack: Stack, database: Database, collector: FakeCollector
) -> None:
    stack.start_api()
    stack.start_gateway(**collector.environment)
    token = stack.sign_up("jane@example.org")["access_token"]
    trace_id, other, ordering = (secrets.token_hex(16) for _ in range(3))
    with database.connect("supabase_admin") as admin:
        product = a_product(admin)

    def headers(trace_id: str) -> dict[str, str]:
        return {"authorization": f"Bearer {token}", "traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"}

    file = {"files": ("silver.txt", b"The family silver is in the bank.", "text/plain")}
    answer = httpx2.post(
        f"{stack.gateway_url}/v1/documents", files=file, headers=headers(trace_id), timeout=60, trust_env=False
    )
    assert answer.status_code == 202, answer.text
    written = httpx2.post(
        f"{stack.supabase_url}/rest/v1/documents",
        json={"title": "Silver", "content": "It is in the bank."},
        headers={"apikey": stack.keys.publishable_key, **headers(other)},
        timeout=60,
        trust_env=False,
    )
    assert written.status_code == 201, written.text
    ordered = httpx2.post(
        f"{stack.supabase_url}/rest/v1/rpc/place_order",
        json={"items": [{"product_id": product, "quantity": 1}], "idempotency_key": "once"},
        headers={"apikey": stack.keys.publishable_key, **headers(ordering)},
        timeout=20,
        trust_env=False,
    )
    assert ordered.status_code == 200, ordered.text
    with FakePayments().running() as provider:
        stack.start_worker(
            SUPABASE_URL=stack.supabase_url,
            SUPABASE_PUBLISHABLE_KEY=stack.keys.publishable_key,
            **provider.environment,
            **collector.environment,
        )
        caused = {"read_file": [trace_id], "embed_chunks": [trace_id, other], "ask_provider": [ordering]}
        for name, linked in ((name, linked) for name, traces in caused.items() for linked in traces):
            span = collector.wait_for_any(name, linked)
            assert (span.service, span.trace_id != linked) == ("tidegate-worker", True)
    assert "POST /v1/documents" in {span.name for span in collector.wait_for("POST /v1/documents", trace_id)}


def a_product(admin: psycopg.Connection[Any]) -> str:
    """The id of a new one."""
    with admin.transaction():
        category = admin.execute(
            "insert into public.categories (slug, name) values ('boats', 'Boats')"
            " on conflict (slug) do update set name = excluded.name returning id"
        ).fetchone()
        row = admin.execute(
            "insert into public.products (category_id, sku, name, price, stock)"
            " values (%s, upper(gen_random_uuid()::text), 'Silver', 1, 1) returning id::text",
            category,
        ).fetchone()
    assert row is not None
    return str(row[0])


def test_the_work_of_the_worker_is_traced(stack: Stack, database: Database, collector: FakeCollector) -> None:
    stack.start_worker(**collector.environment)
    with database.connect("supabase_admin") as admin:
        a_product(admin)
    embedded = collector.wait_for_any("write_chunks")
    assert embedded.service == "tidegate-worker"
    assert b"Silver" not in b"".join(collector.requests)


def test_a_collector_that_never_answers_costs_nothing(stack: Stack) -> None:
    with socket.create_server((HOST, 0)) as silent:
        url = f"http://{HOST}:{silent.getsockname()[1]}"
        gateway = stack.start_gateway(OTEL_EXPORTER_OTLP_ENDPOINT=url, OTEL_BSP_SCHEDULE_DELAY="10")
        for _ in range(20):
            assert search(stack).status_code == 200
        # It does not wait for the exporter's ten seconds, tried again and again.
        assert gateway.stop() == 0, gateway.tail()
        assert gateway.output().count("opentelemetry") <= 3
