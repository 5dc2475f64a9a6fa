"""What it costs a search to be observed: `python -m tests.bench.observability`.

The gateway's application in this process answers the same searches in four ways, in turns: with nothing noted at all,
as it is delivered (metrics and Server-Timing, no endpoint for traces), with its log as JSON as well, and with every
request traced to a collector. Processor time of the gateway, exporter included, and of its backends. A search is about
the cheapest there is: the vector of its query is known, few documents match, and no server and no client is counted.
"""

import asyncio
import gc
import json
import logging
import multiprocessing
import os
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any
from unittest import mock

import jwt
import psycopg
from fastapi import FastAPI
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from rich.console import Console
from rich.table import Table

from gateway.database import pool
from gateway.http.observation import ObservationMiddleware
from gateway.observability.exporting import Exporter
from gateway.observability.logs import JsonFormatter
from gateway.resilience import metrics, spans
from tests.bench.processes import running_ns
from tests.support import Database, ScratchCluster, make_user
from tests.support.fake_collector import FakeCollector
from tests.support.gateway_app import make_app
from tests.support.passages import index_documents
from tests.support.tokens import Project, claims_for

DOCUMENTS, QUERIES = 500, 20
SECRET = "a secret of the benchmark's own, long enough"
ROUNDS, SEARCHES = 12, 128
"""So many searches in turn make as many spans as the exporter sends at a time."""
WAYS = ("nothing noted", "as delivered", "logged as JSON", "traced")
WORDS = ("harbour", "pilot", "slipway", "mooring", "lantern", "ballast", "compass", "keel", "rudder", "anchor", "tide")


def collect(ready: Any) -> None:
    """Be the collector, until the process is ended."""
    with FakeCollector().running() as collector:
        ready.put(collector.environment["OTEL_EXPORTER_OTLP_ENDPOINT"])
        while True:
            time.sleep(3600)


async def _bare(middleware: Any, *message: Any) -> None:
    await middleware.app(*message)


@contextmanager
def taken_out() -> Iterator[None]:
    """Nothing is noted of a request."""
    none = nullcontext()
    with (
        mock.patch.object(ObservationMiddleware, "__call__", _bare),
        mock.patch.object(metrics.Meter, "attempted", lambda *_: None),
        mock.patch.object(metrics, "span", lambda *_, **__: none),
        mock.patch.object(pool, "span", lambda *_, **__: none),
        mock.patch.object(pool, "trace_parameters", lambda: {"trace": None, "traced": False}),
    ):
        yield


@contextmanager
def logged() -> Iterator[None]:
    """Every request has its line."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        handler, logger = logging.StreamHandler(nowhere), logging.getLogger("gateway.access")
        handler.setFormatter(JsonFormatter("gateway"))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        try:
            yield
        finally:
            logger.removeHandler(handler)
            logger.setLevel(logging.NOTSET)


def traced(provider: TracerProvider) -> Callable[[], AbstractContextManager[Any]]:
    """Every request is recorded and sent."""

    @contextmanager
    def tracing() -> Iterator[None]:
        with ExitStack() as patched:
            patched.enter_context(mock.patch.object(spans, "tracer", provider.get_tracer("tidegate")))
            yield
            provider.force_flush()

    return tracing


async def ask(app: FastAPI, query: str, token: str) -> None:
    """One search, answered in full."""
    body = json.dumps({"query": query, "in": ["documents"]}).encode()
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/v1/search", "raw_path": b"/v1/search", "query_string": b"", "root_path": "",
        "headers": [(b"host", b"gateway.test"), (b"content-type", b"application/json"),
                    (b"content-length", str(len(body)).encode()), (b"authorization", f"Bearer {token}".encode())],
        "client": ("127.0.0.1", 1), "server": ("gateway.test", 80), "state": {},
    }  # fmt: skip
    messages = iter([{"type": "http.request", "body": body}])
    statuses: list[int] = []
    gone = asyncio.get_running_loop().create_future()

    async def receive() -> Any:
        return next(messages, None) or await gone

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app(scope, receive, send)
    assert statuses == [200], statuses


def fill(database: Database) -> uuid.UUID:
    """Documents of a few words each; whose they are."""
    with database.connect("supabase_admin") as admin:
        person = make_user(admin, "jane@example.org")
        for number in range(DOCUMENTS):
            content = " ".join(WORDS[(number * step + step) % len(WORDS)] for step in (1, 3, 5, 7, 11))
            admin.execute(
                "insert into public.documents (owner_id, title, content) values (%s, %s, %s)",
                (person, f"Note {number}", content),
            )
    with database.connect("tidegate_worker") as worker:
        index_documents(worker, {})
    return person


def backends_ns(database: Database) -> int:
    """Processor time of those that serve the gateway."""
    with psycopg.connect(database.admin_url) as admin:
        rows = admin.execute("select pid from pg_stat_activity where usename = 'tidegate_gateway'").fetchall()
    return sum(running_ns(pid) for (pid,) in rows)


async def measure(
    database: Database, person: uuid.UUID, provider: TracerProvider
) -> Mapping[str, list[tuple[float, float]]]:
    """Milliseconds of processor time of a search, of the gateway and with its backends, by way and round."""
    ways = dict(zip(WAYS, (taken_out, nullcontext, logged, traced(provider)), strict=True))
    token = jwt.encode(claims_for(person), SECRET, "HS256")
    app = make_app(
        Project(),
        database.url_for("tidegate_gateway"),
        auth_algorithms=["HS256"],
        supabase_jwt_secret=SECRET,
        database_pool_size=1,
        request_timeout_s=30.0,
        database_timeout_s=15.0,
        # On a machine that is busy with other work nothing is given up.
        resilience={name: {"stall_s": 60.0} for name in ("database", "embedder")},
    )
    queries = [f"{WORDS[n % len(WORDS)]} {WORDS[(n * 5 + 1) % len(WORDS)]}" for n in range(QUERIES)]
    found: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    async with app.router.lifespan_context(app):
        for way in WAYS:
            with ways[way]():
                for query in queries:
                    await ask(app, query, token)
        # As the product does: collections need not look again at what is there from the beginning.
        gc.collect()
        gc.freeze()
        for number in range(ROUNDS):
            for way in (*WAYS[number % len(WAYS) :], *WAYS[: number % len(WAYS)]):
                backend, own = backends_ns(database), time.process_time_ns()
                with ways[way]():
                    for n in range(SEARCHES):
                        await ask(app, queries[n % QUERIES], token)
                own = time.process_time_ns() - own
                backend = backends_ns(database) - backend
                found[way].append((own / SEARCHES / 1e6, (own + backend) / SEARCHES / 1e6))
    return found


def table(found: Mapping[str, list[tuple[float, float]]]) -> Table:
    """The medians, and those of the ratios within a round."""
    shown = Table("a search", "gateway", "against nothing", "against delivered", "with backends", "against delivered")
    for way, times in found.items():
        nothing, delivered = (found[name] for name in WAYS[:2])
        shown.add_row(
            way,
            f"{statistics.median(own for own, _ in times):.3f} ms",
            _ratio([own for own, _ in times], [own for own, _ in nothing]),
            _ratio([own for own, _ in times], [own for own, _ in delivered]),
            f"{statistics.median(both for _, both in times):.3f} ms",
            _ratio([both for _, both in times], [both for _, both in delivered]),
        )
    return shown


def _ratio(these: list[float], those: list[float]) -> str:
    return f"{statistics.median(a / b for a, b in zip(these, those, strict=True)):.3f}"


def main() -> None:
    """Run the benchmark."""
    ready: Any = multiprocessing.Queue()
    collector = multiprocessing.Process(target=collect, args=(ready,), daemon=True)
    collector.start()
    exporter = Exporter(f"{ready.get(timeout=60)}/v1/traces")
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    with tempfile.TemporaryDirectory() as logs:
        cluster = ScratchCluster(Path(logs))
        try:
            cluster.start()
            database = cluster.build_template()
            person = fill(database)
            Console().print(table(asyncio.run(measure(database, person, provider))))
        finally:
            cluster.stop()
            provider.shutdown()
            collector.terminate()


if __name__ == "__main__":
    main()
