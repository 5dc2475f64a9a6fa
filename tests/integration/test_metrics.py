"""Metrics as real processes serve them: the table of the documentation, and that requests and work are counted."""

import re
import secrets
from collections.abc import Iterator, Mapping

import httpx2
import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from gateway.local.paths import REPOSITORY
from gateway.local.ports import HOST
from tests.support import Database
from tests.support.fake_collector import FakeCollector
from tests.support.ports import free_port
from tests.support.stack import Stack
from tests.support.waiting import wait_until

OPEN_METRICS = "application/openmetrics-text; version=1.0.0"
ROW = re.compile(r"^\| `((?:tidegate|process)_\w+)` \| (\w+) \|([^|]*)\| (gateway|worker|both) \|", re.MULTILINE)
TABLE = ROW.findall((REPOSITORY / "docs" / "observability.md").read_text(encoding="utf-8"))
SEARCH = "/v1/search"
# Of the type alone: which quantile, which bucket.
OF_TYPES = {"le"}


@pytest.fixture(scope="module")
def collector() -> Iterator[FakeCollector]:
    with FakeCollector().running() as collector:
        yield collector


@pytest.fixture(scope="module")
def urls(stack: Stack, collector: FakeCollector) -> Mapping[str, str]:
    """Where the metrics of each process are."""
    port = free_port()
    worker = stack.start_worker(WORKER_METRICS_PORT=str(port))
    wait_until(lambda: "at work" in worker.output(), "the worker being at work")
    stack.start_gateway(RATE_LIMIT_ADDRESS="6 per day", **collector.environment)
    return {"gateway": f"{stack.operations_url}/metrics", "worker": f"http://{HOST}:{port}/metrics"}


def families(url: str) -> dict[str, Metric]:
    """What is served, by the name that the documentation has."""
    answer = httpx2.get(url, headers={"accept": OPEN_METRICS}, timeout=60, trust_env=False)
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    found = text_string_to_metric_families(answer.text)  # type: ignore[no-untyped-call]
    return {_name(metric): metric for metric in found}


def _name(metric: Metric) -> str:
    return metric.name + {"counter": "_total", "info": "_info"}.get(metric.type, "")


def value(url: str, name: str, **labels: str) -> float:
    """Of a sample; 0 while there is none."""
    return sum(sample.value for sample in samples(url, name) if labels.items() <= sample.labels.items())


def wait_for(count: float, url: str, name: str, **labels: str) -> None:
    """Wait until a sample has this value: a request is counted after its answer."""
    wait_until(lambda: value(url, name, **labels) == count, f"{name} being {count}")


def samples(url: str, name: str) -> list[Sample]:
    found = [sample for metric in families(url).values() for sample in metric.samples if sample.name == name]
    assert found, name
    return found


def search(stack: Stack, **headers: str) -> httpx2.Response:
    body = {"query": "a silver boat"}
    return httpx2.post(f"{stack.gateway_url}{SEARCH}", json=body, headers=headers, timeout=60, trust_env=False)


@pytest.mark.parametrize("process", ["gateway", "worker"])
def test_the_table_is_what_is_served(urls: Mapping[str, str], process: str) -> None:
    served = families(urls[process])
    documented = {
        name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels, of in TABLE if of in (process, "both")
    }
    assert {name: _type(metric) for name, metric in served.items()} == {
        name: kind for name, (kind, _) in documented.items()
    }
    for name, metric in served.items():
        for sample in metric.samples:
            assert set(sample.labels) - OF_TYPES == documented[name][1], sample
    assert len({name for name, *_ in TABLE}) == len(TABLE)


def _type(metric: Metric) -> str:
    return {"info": "gauge"}.get(metric.type, metric.type)


def test_requests_are_counted_by_route_and_status(stack: Stack, urls: Mapping[str, str]) -> None:
    url, trace_id = urls["gateway"], secrets.token_hex(16)
    headers = {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01", "x-retry-count": "2"}
    assert search(stack, **{"x-retry-count": "0"}).status_code == 200
    assert search(stack, **headers).status_code == 200
    assert httpx2.get(f"{stack.gateway_url}/v1/{secrets.token_hex(8)}", timeout=60, trust_env=False).status_code == 404
    wait_for(2, url, "tidegate_request_seconds_count", route=SEARCH, status="2xx")
    wait_for(1, url, "tidegate_request_seconds_count", route="none", status="4xx")
    assert value(url, "tidegate_client_retries_total", route=SEARCH) == 1
    assert value(url, "tidegate_cache_lookups_total", cache="query_vectors", outcome="hit") == 1
    assert value(url, "tidegate_concurrency_limit") > 1
    exemplars = [sample.exemplar for sample in samples(url, "tidegate_request_seconds_bucket") if sample.exemplar]
    assert trace_id in {exemplar.labels["trace_id"] for exemplar in exemplars}
    assert "# HELP" in httpx2.get(url, timeout=60, trust_env=False).text, "Prometheus' own format needs no header"


def test_refused_requests_are_counted(stack: Stack, urls: Mapping[str, str]) -> None:
    while search(stack).status_code != 429:
        pass
    wait_for(1, urls["gateway"], "tidegate_refused_total", status="429")
    wait_for(1, urls["gateway"], "tidegate_limited_total", caller="address")


def test_work_is_counted(database: Database, urls: Mapping[str, str]) -> None:
    with database.connect("supabase_admin") as admin:
        admin.execute(
            "with boats as (insert into public.categories (slug, name) values ('boats', 'Boats') returning id)"
            " insert into public.products (category_id, sku, name, price, stock)"
            " select id, 'BOAT', 'Silver', 1, 1 from boats"
        )
    url = urls["worker"]
    wait_for(1, url, "tidegate_texts_total", outcome="embedded")
    assert value(url, "tidegate_chunks_embedded_total") == 1
    assert value(url, "tidegate_work_seconds_count", work="embed_chunks") == 1
    wait_for(1, url, "tidegate_worker_connected", loop="maintenance")
    wait_for(0, urls["gateway"], "tidegate_documents_pending")  # unknown where the database takes longer than a moment
