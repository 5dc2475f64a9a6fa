"""What the law costs a search, and what one round trip saves: `python -m tests.bench.search [--out FOLDER]`.

The same searches over the same passages by a caller under the policies and by a role without policies (BYPASSRLS, with
the caller's claims), in turn, and processor time of the backends. Then one process asks as fast as it can, by one
statement a search and by BEGIN, SET LOCAL ROLE, claims, search, COMMIT: over the loopback interface, where a round trip
costs next to nothing and the search's own work decides, and on one connection with the millisecond that lies between
two machines of one region: what a pool multiplies. Beside the searches, the ids of the nearest passages alone:
there the search is so short that the statements around it are what is measured.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool
from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.bench.asking import Query, questions
from tests.bench.debian_docs import load
from tests.bench.processes import cost_of
from tests.bench.recall import SEARCH
from tests.bench.tenancy import ALL, all_in_one, claims_of, fill
from tests.support import Database, ScratchCluster
from tests.support.proxy import Proxy

SIZES = (20, 200, 1_000, 3_000, 6_000, 20_000)
OF_THROUGHPUT = (20, 200, 1_000, 6_000)
MODES = ("semantic", "keyword", "hybrid")
QUERIES = 60
ROUNDS = 4
CONNECTIONS = 8
AWAY_S = 0.001
SECONDS = 4.0
BARE = "select id from public.search(%s, %s::extensions.halfvec, %s, '{documents}', 10) s, unnest(s.results) r"
IDS = "ids alone"
BARE_IDS = "select id from public.nearest_ids(%s::extensions.halfvec)"
IDS_AS = "select id from private.nearest_ids_as(%s, %s::extensions.halfvec)"
# The policies decide here as well; `become` is what private.search_as begins with.
IDS_FUNCTIONS = """
create function public.nearest_ids(query_embedding extensions.halfvec) returns table (id bigint)
  language plpgsql stable rows 10 set search_path = '' as $$
begin
  return query
    select n.chunk_id
    from (
      select e.chunk_id, (e.embedding operator(extensions.<=>) query_embedding) + 0 as distance
      from public.chunk_embeddings e order by distance limit 10) n;
end $$;
create function private.nearest_ids_as(claims text, query_embedding extensions.halfvec) returns table (id bigint)
  language plpgsql rows 10 set search_path = '' as $$
begin
  perform private.assume_caller(claims);
  return query select n.id from public.nearest_ids(query_embedding) n;
end $$;
grant execute on function public.nearest_ids to authenticated;
grant execute on function private.nearest_ids_as to tidegate_gateway;
"""


def session(database: Database, role: str, claims: str) -> psycopg.Connection[Any]:
    """A connection that is `role` for good."""
    connection = database.connect("postgres")
    connection.execute("select set_config('role', %s, false)", (role,))
    connection.execute("select set_config('request.jwt.claims', %s, false)", (claims,))
    return connection


class Way:
    """One of two who ask the same, and what it cost."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        """Ask through `connection`."""
        self.connection = connection
        self.times: list[float] = []
        self._before = 0.0

    def ask(self, query: Query, mode: str) -> list[Any]:
        """The results."""
        start = time.perf_counter()
        rows = self.connection.execute(BARE.encode(), (query.text, query.literal, mode)).fetchall()
        self.times.append(1000 * (time.perf_counter() - start))
        return rows

    def begin(self) -> None:
        """Count from here."""
        self.times.clear()
        self._before = self._cpu_ms()

    def cpu_ms(self) -> float:
        """Processor milliseconds of a search since `begin`."""
        return (self._cpu_ms() - self._before) / len(self.times)

    def _cpu_ms(self) -> float:
        return 1000 * cost_of([self.connection.info.backend_pid]).cpu_s


def of_the_law(database: Database, claims: str, queries: Sequence[Query]) -> list[tuple[str, ...]]:
    """For each mode: with and without policies."""
    rows = []
    with session(database, "authenticated", claims) as bound, session(database, "service_role", claims) as unbound:
        under, without = Way(bound), Way(unbound)
        for mode in MODES:
            for query in queries[:10]:
                if under.ask(query, mode) != without.ask(query, mode):
                    raise SystemExit(f"not the same results for {query.text!r} in mode {mode}")
            under.begin()
            without.begin()
            for _ in range(ROUNDS):
                for query in queries:
                    under.ask(query, mode)
                    without.ask(query, mode)
            rows.append((
                mode,
                *(f"{value:.1f} ms" for value in (
                    statistics.median(under.times), statistics.quantiles(under.times, n=20)[-1],
                    under.cpu_ms(), without.cpu_ms(),
                )),
                f"{under.cpu_ms() / without.cpu_ms():.2f}",
            ))  # fmt: skip
    return rows


async def in_one(connection: psycopg.AsyncConnection[Any], claims: str, query: Query, mode: str) -> None:
    """As the gateway does."""
    statement = IDS_AS if mode == IDS else SEARCH
    await (await connection.execute(statement.encode(), (claims, *_asked(query, mode)))).fetchall()


async def in_five(connection: psycopg.AsyncConnection[Any], claims: str, query: Query, mode: str) -> None:
    """As it is mostly done."""
    await connection.execute("begin")
    await connection.execute("set local role authenticated")
    await connection.execute("select set_config('request.jwt.claims', %s, true)", (claims,))
    statement = BARE_IDS if mode == IDS else BARE
    await (await connection.execute(statement.encode(), _asked(query, mode))).fetchall()
    await connection.execute("commit")


def _asked(query: Query, mode: str) -> tuple[str, ...]:
    return (query.literal,) if mode == IDS else (query.text, query.literal, mode)


async def rate(
    url: str,
    way: Callable[[psycopg.AsyncConnection[Any], str, Query, str], Awaitable[None]],
    claims: str,
    queries: Sequence[Query],
    *,
    mode: str,
    connections: int,
) -> float:
    """Searches a second of one process with so many connections and twice as many callers."""
    done = 0
    async with AsyncConnectionPool(
        url, min_size=connections, max_size=connections, kwargs={"autocommit": True, "prepare_threshold": None}
    ) as pool:
        await pool.wait()
        deadline = time.perf_counter() + SECONDS

        async def asking(offset: int) -> None:
            nonlocal done
            while time.perf_counter() < deadline:
                async with pool.connection() as connection:
                    await way(connection, claims, queries[(offset + done) % len(queries)], mode)
                done += 1

        start = time.perf_counter()
        await asyncio.gather(*(asking(7 * number) for number in range(2 * connections)))
        return done / (time.perf_counter() - start)


def _relay(port: int, told: "Connection[int, None]") -> None:
    async def relaying() -> None:
        async with Proxy(port).running() as proxy:
            proxy.delay_s = AWAY_S
            told.send(proxy.port)
            await asyncio.Event().wait()

    asyncio.run(relaying())


@contextmanager
def far_away(database: Database) -> Iterator[Database]:
    """The database with AWAY_S before each of its answers, by a process of its own."""
    here, there = Pipe(duplex=False)
    relay = Process(target=_relay, args=(database.port, there), daemon=True)
    relay.start()
    try:
        yield replace(database, port=here.recv())
    finally:
        relay.terminate()
        relay.join()


async def of_one_round_trip(
    database: Database, claims: str, queries: Sequence[Query], connections: int
) -> list[tuple[str, ...]]:
    """For each mode: searches a second by one statement and by five, the median of three turns."""
    rows: list[tuple[str, ...]] = []
    for mode in (*MODES, IDS):
        ones, fives = [], []
        for _ in range(3):
            ones.append(
                await rate(
                    database.url_for("tidegate_gateway"), in_one, claims, queries, mode=mode, connections=connections
                )
            )
            fives.append(
                await rate(database.url_for("postgres"), in_five, claims, queries, mode=mode, connections=connections)
            )
        one, five = statistics.median(ones), statistics.median(fives)
        rows.append((mode, f"{one:,.0f}", f"{five:,.0f}", f"{one / five:.2f}"))
    return rows


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title)
    for heading in headings:
        table.add_column(heading, justify="left" if heading == "mode" else "right")
    return table


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "tidegate-bench")
    arguments = parser.parse_args()
    passages, vectors = load(arguments.cache, max(SIZES))
    queries = asyncio.run(questions(passages, QUERIES))
    law = _table(
        "under the policies and without", "passages", "mode", "p50", "p95", "processor", "without policies", "ratio"
    )
    trips = _table("searches a second", "passages", "network", "mode", "one statement", "five statements", "ratio")
    with tempfile.TemporaryDirectory() as logs:
        cluster = ScratchCluster(Path(logs))
        try:
            cluster.start()
            cluster.build_template()
            for size in track(SIZES, "sizes"):
                database = cluster.clone()
                tenancy = fill(database, passages[:size], vectors[:size], all_in_one)
                claims = claims_of(tenancy.callers[ALL])
                for number, row in enumerate(of_the_law(database, claims, queries)):
                    law.add_row("" if number else f"{size:,}", *row, end_section=number == len(MODES) - 1)
                if size in OF_THROUGHPUT:
                    with database.connect("supabase_admin") as admin:
                        admin.execute(IDS_FUNCTIONS)
                    near = asyncio.run(of_one_round_trip(database, claims, queries, CONNECTIONS))
                    with far_away(database) as far:
                        for network, found in (
                            ("loopback", near),
                            ("1 ms", asyncio.run(of_one_round_trip(far, claims, queries, 1))),
                        ):
                            for number, row in enumerate(found):
                                labels = ("", "") if number else (f"{size:,}", network)
                                trips.add_row(*labels, *row, end_section=number == len(MODES))
        finally:
            cluster.stop()
    Console(width=110).print(law, trips)


if __name__ == "__main__":
    main()
