"""What the chain around a healthy call costs a search: `python -m tests.bench.chain`.

The gateway in this process answers searches of one member over 2,048 real passages, with the chain and with its parts
taken out (no deadline, limit, breaker, bulkhead or retry budget, nothing remembered), in turns. Processor time of the
gateway and of the backends together.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import httpx2
import jwt
import numpy as np
import psycopg
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from gateway.http.admission import AdmissionMiddleware, ConcurrencyLimitMiddleware
from gateway.http.middleware import DeadlineMiddleware
from gateway.resilience import ResiliencePipeline
from gateway.search.stale_answers import StaleAnswers
from tests.bench.asking import questions
from tests.bench.debian_docs import Passage, load
from tests.bench.overload import PASSAGES, SECRET
from tests.bench.processes import cost_of
from tests.bench.tenancy import ALL, all_in_one, fill
from tests.support import Database, ScratchCluster
from tests.support.gateway_app import client_of, make_app
from tests.support.tokens import Project, claims_for

TURNS = 12
SEARCHES = 100


async def _bare_call(_pipeline: ResiliencePipeline, work: Callable[[], Awaitable[Any]]) -> Any:
    return await work()


async def _bare_app(middleware: Any, *message: Any) -> None:
    await middleware.app(*message)


@contextmanager
def taken_out() -> Iterator[None]:
    """The parts of the chain do nothing."""
    with (
        mock.patch.object(ResiliencePipeline, "call", _bare_call),
        mock.patch.object(DeadlineMiddleware, "__call__", _bare_app),
        mock.patch.object(ConcurrencyLimitMiddleware, "__call__", _bare_app),
        mock.patch.object(AdmissionMiddleware, "__call__", _bare_app),
        mock.patch.object(StaleAnswers, "put", lambda *_: None),
    ):
        yield


def cpu_s(database: Database) -> float:
    """Of the backends that serve the gateway."""
    with psycopg.connect(database.admin_url) as admin:
        rows = admin.execute("select pid from pg_stat_activity where usename = 'tidegate_gateway'").fetchall()
    return sum(cost_of([pid]).cpu_s for (pid,) in rows)


async def measure(passages: Sequence[Passage], vectors: NDArray[np.float16], database: Database) -> Table:
    """The table."""
    tenancy = fill(database, passages, vectors, all_in_one)
    texts = [query.text for query in await questions(passages, SEARCHES)]
    app = make_app(
        Project(),
        database.url_for("tidegate_gateway"),
        auth_algorithms=["HS256"],
        supabase_jwt_secret=SECRET,
        rate_limit="1000000 per second",
    )
    token = jwt.encode(claims_for(tenancy.callers[ALL]), SECRET, "HS256")
    times: dict[str, list[float]] = {"with the chain": [], "without": []}
    async with client_of(app) as client:
        client.headers["Authorization"] = f"Bearer {token}"
        await searches(client, texts)
        for turn in range(2 * TURNS):
            way = list(times)[turn % 2]
            before = cpu_s(database) + time.process_time()
            if way == "without":
                with taken_out():
                    await searches(client, texts)
            else:
                await searches(client, texts)
            times[way].append(1000 * (cpu_s(database) + time.process_time() - before) / len(texts))
    table = Table("a search", "processor, all turns", "least turn")
    for way, taken in times.items():
        table.add_row(way, f"{sum(taken) / len(taken):.3f} ms", f"{min(taken):.3f} ms")
    first, second = times.values()
    table.add_row("ratio", f"{sum(first) / sum(second):.3f}", f"{min(first) / min(second):.3f}")
    return table


async def searches(client: httpx2.AsyncClient, texts: Sequence[str]) -> None:
    """One after the other, each answered in full."""
    for text in texts:
        response = await client.post("/v1/search", json={"query": text})
        assert response.status_code == 200, response.text
        assert not response.json()["degraded"]


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "tidegate-bench")
    passages, vectors = load(parser.parse_args().cache, PASSAGES)
    with tempfile.TemporaryDirectory() as logs:
        cluster = ScratchCluster(Path(logs))
        try:
            cluster.start()
            Console().print(asyncio.run(measure(passages, vectors, cluster.build_template())))
        finally:
            cluster.stop()


if __name__ == "__main__":
    main()
