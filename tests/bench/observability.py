"""What it costs a search to be observed: `python -m tests.bench.observability`.

The gateway's application in this process answers the same searches in five ways, in turns: with nothing noted at all,
with metrics and Server-Timing but without the calls of tracing, as it is delivered (tracing is there, and off), with
its log as JSON as well, and with every request traced to a collector. Processor time of the gateway, exporter included,
and of its backends; no server and no client is counted. There are two kinds of search: about the cheapest there is (few
documents match), and a usual one (hybrid, over 20,000 chunks that the caller may read). The vectors of both are known.
First the calls of tracing alone, which a busy machine disturbs least.
"""

import argparse
import asyncio
import gc
import json
import statistics
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time_ns
from typing import Any

import jwt
import psycopg
from fastapi import FastAPI
from rich.console import Console
from rich.table import Table

from tests.bench.asking import questions
from tests.bench.debian_docs import load
from tests.bench.observing import Way, ways
from tests.bench.processes import running_ns
from tests.bench.tenancy import ALL, all_in_one
from tests.bench.tenancy import fill as fill_with
from tests.bench.tracing_alone import alone
from tests.support import Database, ScratchCluster, make_user
from tests.support.gateway_app import make_app
from tests.support.passages import index_documents
from tests.support.tokens import Project, claims_for

SECRET = "a secret of the benchmark's own, long enough"
DOCUMENTS, CHUNKS, QUERIES = 500, 20_000, 20
ROUNDS = 24
WORDS = ("harbour", "pilot", "slipway", "mooring", "lantern", "ballast", "compass", "keel", "rudder", "anchor", "tide")
Times = Mapping[str, list[tuple[float, float]]]
"""Milliseconds of processor time of a search, of the gateway and with its backends, by way and round."""


@dataclass(frozen=True)
class Workload:
    """What is asked of a database, and by whom."""

    name: str
    database: Database
    person: uuid.UUID
    queries: Sequence[str]
    searches: int
    """In one way before the next; the exporter sends 512 spans at a time, and a search has three."""


def cheapest(database: Database) -> Workload:
    """Few documents of a few words each."""
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
    queries = [f"{WORDS[n % len(WORDS)]} {WORDS[(n * 5 + 1) % len(WORDS)]}" for n in range(QUERIES)]
    return Workload("the cheapest search", database, person, queries, 171)


def usual(database: Database, cache: Path) -> Workload:
    """Real texts, and questions of which half are about them."""
    passages, vectors = load(cache, CHUNKS)
    tenancy = fill_with(database, passages, vectors, all_in_one)
    queries = [query.text for query in asyncio.run(questions(passages, QUERIES))]
    return Workload(f"hybrid over {CHUNKS:,} chunks", database, tenancy.callers[ALL], queries, 57)


async def ask(app: FastAPI, query: str, token: str) -> None:
    """One search, answered in full."""
    body = json.dumps({"query": query, "mode": "hybrid", "in": ["documents"]}).encode()
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


def backends_ns(database: Database) -> int:
    """Processor time of those that serve the gateway."""
    with psycopg.connect(database.admin_url) as admin:
        rows = admin.execute("select pid from pg_stat_activity where usename = 'tidegate_gateway'").fetchall()
    return sum(running_ns(pid) for (pid,) in rows)


async def measure(workload: Workload, observed: Mapping[str, Way], rounds: int) -> Times:
    """What each way costs."""
    database = workload.database
    token = jwt.encode(claims_for(workload.person), SECRET, "HS256")
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
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in observed}
    order = list(observed)
    async with app.router.lifespan_context(app):
        for way in observed.values():
            with way.begin():
                for query in workload.queries:
                    await ask(app, query, token)
        # As the product does: collections need not look again at what is there from the beginning.
        gc.collect()
        gc.freeze()
        for number in range(rounds):
            turn = number % len(order)
            for name in (*order[turn:], *order[:turn]):
                backend, own = backends_ns(database), process_time_ns()
                with observed[name].begin():
                    for n in range(workload.searches):
                        await ask(app, workload.queries[n % QUERIES], token)
                own = process_time_ns() - own
                both = own + backends_ns(database) - backend
                found[name].append((own / workload.searches / 1e6, both / workload.searches / 1e6))
    return found


def table(title: str, found: Times, observed: Mapping[str, Way]) -> Table:
    """The medians, and what the gateway takes more than in the way before: of each round, as a share of the search.

    What backends take varies more from round to round than all that is looked for; only a trace asks more of them.
    """
    shown = Table("a search", "gateway", "with backends", "more than", "gateway", "share", "quartiles", title=title)
    for name, times in found.items():
        than = observed[name].than
        row = [name, *(f"{statistics.median(column):.3f} ms" for column in zip(*times, strict=True))]
        if than is not None:
            before = statistics.median(both for _, both in found[than])
            more = [ours - theirs for (ours, _), (theirs, _) in zip(times, found[than], strict=True)]
            low, middle, high = (100 * quarter / before for quarter in statistics.quantiles(more, n=4))
            row += [than, f"{statistics.median(more):+.3f} ms", f"{middle:+.1f} %", f"{low:+.1f} to {high:+.1f} %"]
        shown.add_row(*row)
    return shown


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "tidegate-bench")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()
    console = Console(width=140)
    console.print("tracing alone:", ", ".join(f"{name} {us:.1f} µs" for name, us in alone().items()))
    with tempfile.TemporaryDirectory() as logs, ways() as observed:
        cluster = ScratchCluster(Path(logs))
        try:
            cluster.start()
            cluster.build_template()
            for workload in (cheapest(cluster.clone()), usual(cluster.clone(), arguments.cache)):
                found = asyncio.run(measure(workload, observed, arguments.rounds))
                console.print(table(workload.name, found, observed))
        finally:
            cluster.stop()


if __name__ == "__main__":
    main()
