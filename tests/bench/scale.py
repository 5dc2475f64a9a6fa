"""`make bench-scale`: searches a second by one, two and three gateways, and the processor time of each part of one.

Clients search without a pause through HAProxy, each time for something else, by meaning and words, signed in.
All of it shares one machine: what grows with the gateways there is bounded by its cores, so the processor time a search
is what says how many machines are needed. `docs/capacity.md` is computed from it: `python -m tests.bench.capacity`.
"""

import asyncio
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median, quantiles

import httpx2
from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.bench.processes import cost_of, server_pid
from tests.scale.fleet import GATEWAYS, Fleet, folders
from tests.support.runs import descendants
from tests.support.waiting import wait_until

SECONDS = 15.0
CLIENTS = 16
DOCUMENTS = 2_000
SEED = 20_261_128
SPOKEN_OF = """
    rope anchor storm harbour sail winch battery charger lantern stove tent boot jacket compass radio flare shackle pump
    filter valve hose engine propeller rudder tiller mast boom halyard fender buoy chart tide current fog night signal
    repair order return refund invoice shelf stock price member berth crane slip keel varnish paint brush sander glue
"""
WORDS = SPOKEN_OF.split()


class Measured(Fleet):
    """A fleet whose gateways embed by themselves, as they do without other settings, over a few thousand documents."""

    @property
    def _embedding(self) -> dict[str, str]:
        return {}

    def stock(self) -> None:
        """Add the documents, and wait until they are searchable."""
        generator = random.Random(SEED)
        texts = [
            (" ".join(generator.choices(WORDS, k=4)), " ".join(generator.choices(WORDS, k=60)))
            for _ in range(DOCUMENTS)
        ]
        with self.database.connect("supabase_admin") as admin:
            admin.cursor().executemany(
                "insert into public.documents (owner_id, organization_id, visibility, title, content)"
                " select o.created_by, o.id, 'public', %s, %s from public.organizations o where o.slug = 'moorings'",
                texts,
            )
            waiting = "select not exists (select from private.embedding_jobs)"
            wait_until(lambda: admin.execute(waiting).fetchone() == (True,), "everything being embedded", 0.5, 1_800)
            admin.execute("vacuum analyze")

    def parts(self) -> dict[str, list[int]]:
        """The processes of each part."""
        postgres = server_pid(self.servers.cluster)
        return {
            "gateways": [gateway.pid for gateway in self.gateways],
            "PostgreSQL": [postgres, *descendants(postgres)],
            "HAProxy": [self.haproxy.pid],
        }


@dataclass(frozen=True)
class Row:
    """Of so many gateways: the milliseconds of each answer, and the processor seconds of each part."""

    gateways: int
    times: list[float]
    took_s: float
    cpu_s: Mapping[str, float]

    def a_search_ms(self, part: str) -> float:
        """Processor time of a part for one search."""
        return 1000 * self.cpu_s[part] / len(self.times)


async def main() -> None:
    """Measure, and print the table."""
    with folders() as (logs, state):
        async with Measured(logs, state).in_service() as fleet:
            await asyncio.to_thread(fleet.stock)
            rows = [await _measure(fleet, number) for number in track(range(1, GATEWAYS + 1), "searching")]
    table = Table(title=f"{CLIENTS} clients, {DOCUMENTS:,} documents")
    for name in ("gateways", "searches a second", "p50", "p95", *(f"{part}, ms a search" for part in rows[0].cpu_s)):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(
            f"{row.gateways}",
            f"{len(row.times) / row.took_s:.0f}",
            f"{median(row.times):.0f} ms",
            f"{quantiles(row.times, n=20)[-1]:.0f} ms",
            *(f"{row.a_search_ms(part):.2f}" for part in row.cpu_s),
        )
    Console(width=120).print(table)


async def _measure(fleet: Measured, gateways: int) -> Row:
    await asyncio.to_thread(fleet.haproxy.use, gateways)
    await _searched(fleet, SECONDS / 5)  # connections are made, and caches warm
    before = {part: cost_of(pids).cpu_s for part, pids in fleet.parts().items()}
    began = time.monotonic()
    times = await _searched(fleet, SECONDS)
    after = {part: cost_of(pids).cpu_s for part, pids in fleet.parts().items()}
    return Row(gateways, times, time.monotonic() - began, {part: after[part] - before[part] for part in before})


async def _searched(fleet: Measured, seconds: float) -> list[float]:
    """Milliseconds of each search that was answered in full in so many seconds."""
    until = time.monotonic() + seconds
    times: list[float] = []

    async def search(client: httpx2.AsyncClient, number: int) -> None:
        generator = random.Random(SEED + number)
        headers = fleet.headers_of(number % len(fleet.tokens))
        while time.monotonic() < until:
            body = {"query": " ".join(generator.choices(WORDS, k=5))}
            began = time.perf_counter()
            response = await client.post("/v1/search", json=body, headers=headers)
            if response.status_code == 200 and not response.json()["degraded"]:
                times.append(1000 * (time.perf_counter() - began))

    limits = httpx2.Limits(max_connections=CLIENTS, max_keepalive_connections=CLIENTS)
    async with httpx2.AsyncClient(base_url=fleet.haproxy.url, trust_env=False, timeout=20, limits=limits) as client:
        await asyncio.gather(*(search(client, number) for number in range(CLIENTS)))
    return times


if __name__ == "__main__":
    asyncio.run(main())
