"""The worker against the bare model: `python -m tests.bench.worker [documents]`.

Both embed the same short texts on the same cores, one after the other. The bare model gets them all at once, in memory;
the worker finds them in a PostgreSQL that writes as durably as in production, and leaves them searchable. Its time runs
from the commit of the insert to the end of the last job.
"""

import argparse
import asyncio
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import psycopg
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from gateway.embeddings.onnx import OnnxEmbedder
from gateway.local.postgres import Cluster
from tests.bench.corpus import short_texts
from tests.bench.processes import Cost, cost_of, family, server_pid
from tests.support import Database, Process, ScratchCluster, Stack, as_caller, make_user, wait_until

ROWS_PER_WRITE = 1_000
GOAL = 0.8
Texts = list[tuple[str, str]]


async def bare_model(texts: Texts) -> tuple[float, float]:
    """Passages per second of the model alone, and processor time in seconds."""
    embedder = OnnxEmbedder()
    await embedder.warm_up()
    start, cpu = time.perf_counter(), time.process_time()
    await embedder.embed_chunks([f"{title}\n{content}" for title, content in texts])
    seconds = time.perf_counter() - start
    cpu_s = time.process_time() - cpu
    await embedder.aclose()
    return len(texts) / seconds, cpu_s


def insert(database: Database, texts: Texts) -> None:
    """Add the texts as one person's documents, in one transaction."""
    with database.connect("supabase_admin") as admin, database.connect() as connection:
        person = make_user(admin, f"{uuid.uuid4()}@example.org")
        with as_caller(connection, person):
            for first in range(0, len(texts), ROWS_PER_WRITE):
                titles, contents = zip(*texts[first : first + ROWS_PER_WRITE], strict=True)
                connection.execute(
                    "insert into public.documents (title, content) select * from unnest(%s::text[], %s::text[])",
                    (list(titles), list(contents)),
                )


def wait_for_worker(database: Database, worker: Process, texts: Texts) -> float:
    """Seconds until every job is done."""
    start = time.perf_counter()
    with database.connect("supabase_admin") as admin, Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task("embedding", total=len(texts))

        def is_done() -> bool:
            assert worker.popen.poll() is None, worker.tail()
            left = count(admin, "select count(*) from private.embedding_jobs")
            progress.update(bar, completed=len(texts) - left)
            return left == 0

        wait_until(is_done, "the queue being empty", every_s=0.1, within_s=60 + len(texts) / 20)
    return time.perf_counter() - start


def count(connection: psycopg.Connection[Any], query: str) -> int:
    """The number that `query` returns."""
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])


def measure(texts: Texts, logs: Path) -> Table:
    """Run both, and put what they did into a table."""
    bare, bare_cpu = asyncio.run(bare_model(texts))
    cluster = ScratchCluster(logs)
    cluster.server = Cluster(cluster.server.files, cluster.server.port, password=None)  # durable
    try:
        cluster.start()
        database = cluster.build_template()
        stack = Stack(database, logs, logs)
        worker = stack.start_worker()
        try:
            wait_until(lambda: "at work" in worker.output(), "the worker being at work")
            before = costs_of(worker, cluster)
            start = time.perf_counter()
            insert(database, texts)
            inserting = time.perf_counter() - start
            seconds = wait_for_worker(database, worker, texts)
            check(database, texts)
            after = costs_of(worker, cluster)
        finally:
            stack.stop()
    finally:
        cluster.stop()
    rate = len(texts) / seconds
    spent = {name: cost.cpu_s - before[name].cpu_s for name, cost in after.items()}
    table = Table(title=f"{len(texts):,} documents")
    for heading in ("what", "passages/s", "processor", "memory"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    table.add_row("bare model", f"{bare:.0f}", f"{bare_cpu:.1f} s", "")
    table.add_row("worker", f"{rate:.0f}", f"{spent['worker']:.1f} s", f"{after['worker'].memory / 1e6:.0f} MB")
    table.add_row("PostgreSQL", "", f"{spent['PostgreSQL']:.1f} s", f"{after['PostgreSQL'].memory / 1e6:.0f} MB")
    table.add_row("insert", f"{len(texts) / inserting:.0f}", "", "")
    table.add_section()
    table.add_row(
        f"worker / bare model (goal {GOAL})", f"{rate / bare:.2f}", f"{bare_cpu / sum(spent.values()):.2f}", ""
    )
    return table


def costs_of(worker: Process, cluster: ScratchCluster) -> dict[str, Cost]:
    """What the two have cost so far."""
    return {"worker": cost_of([worker.pid]), "PostgreSQL": cost_of(family(server_pid(cluster)))}


def check(database: Database, texts: Texts) -> None:
    """Fail unless every text has its one passage with a vector, and is marked ready."""
    with database.connect("supabase_admin") as admin:
        assert count(admin, "select count(*) from public.documents where status = 'ready'") == len(texts)
        assert count(admin, "select count(*) from public.chunk_embeddings") == len(texts)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("documents", type=int, nargs="?", default=2000)
    texts = short_texts(parser.parse_args().documents)
    with tempfile.TemporaryDirectory() as logs:
        Console().print(measure(texts, Path(logs)))


if __name__ == "__main__":
    main()
