"""One trace from the client to the query, of real processes; and what a collector that is away costs."""

import secrets
import socket
from collections.abc import Iterator

import httpx2
import pytest

from gateway.local.ports import HOST
from tests.support import Database
from tests.support.fake_collector import FakeCollector
from tests.support.stack import Stack

pytestmark = pytest.mark.usefixtures("stopping")

QUERY = "where the family silver is"


@pytest.fixture
def collector() -> Iterator[FakeCollector]:
    with FakeCollector().running() as collector:
        yield collector


def search(stack: Stack, **headers: str) -> httpx2.Response:
    body = {"query": QUERY, "mode": "hybrid"}
    return httpx2.post(f"{stack.gateway_url}/v1/search", json=body, headers=headers, timeout=10, trust_env=False)


def test_a_search_is_one_trace_that_tells_no_text(stack: Stack, collector: FakeCollector) -> None:
    stack.start_gateway(**collector.environment)
    trace_id, parent_id = secrets.token_hex(16), secrets.token_hex(8)
    assert search(stack, traceparent=f"00-{trace_id}-{parent_id}-01").status_code == 200
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
    assert "GET /health/ready" not in {span.name for span in collector.spans}
    assert b"silver" not in b"".join(collector.requests)


def test_the_work_of_the_worker_is_traced(stack: Stack, database: Database, collector: FakeCollector) -> None:
    stack.start_worker(**collector.environment)
    with database.connect("supabase_admin") as admin:
        row = admin.execute(
            "insert into public.categories (slug, name) values ('boats', 'Boats') returning id"
        ).fetchone()
        assert row is not None
        admin.execute(
            "insert into public.products (category_id, sku, name, price, stock) values (%s, 'BOAT', 'Silver', 1, 1)",
            row,
        )
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
        assert gateway.stop(20) == 0, gateway.tail()
        assert gateway.tail(1000).count("opentelemetry") <= 3
