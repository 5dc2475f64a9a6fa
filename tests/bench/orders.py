"""Orders a second: `python -m tests.bench.orders [seconds]`.

The same order, of one unit of one product, four ways: pgbench with the bare statements that write its rows, as the
owner and without policies, keys or checks; pgbench with `purchase`, as a buyer; psycopg from this process; and the Data
API. One buyer and 64, of one hot product and of 10,000. The server keeps what it acknowledges (fsync). All share the
cores of one machine, the clients' processor time included; afterwards the books must be right to the unit.
"""

import argparse
import asyncio
import re
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import md5
from pathlib import Path
from random import Random

from rich.console import Console
from rich.table import Table

from gateway.local.os_accounts import spawn_as
from tests.support import ScratchCluster, Stack
from tests.support.race import Answer, Attempt, DataApiDoor, SqlDoor

HERE = Path(__file__).parent
BUYERS, PRODUCTS, STOCK = 10_000, 10_000, 100_000_000
ROWS = [(1, 1), (64, 1), (1, PRODUCTS), (64, PRODUCTS)]
BOOKS = """
    select (select sum(stock) from public.products) + (select sum(quantity) from public.order_items),
           (select min(stock) from public.products)"""


class Bench:
    """A server with the data, and the ways to it."""

    def __init__(self, cluster: ScratchCluster, stack: Stack, seconds: float) -> None:
        self.cluster = cluster
        self.stack = stack
        self.seconds = seconds
        self.refused = 0

    def pgbench(self, script: str, buyers: int, products: int, *, mode: str) -> float:
        """Transactions a second of a script."""
        place = self.cluster.server.files
        file = self.cluster.home / script  # where the server's account reads it
        shutil.copyfile(HERE / script, file)
        command = [
            str(place.binary("pgbench")), "--no-vacuum", f"--client={buyers}", "--jobs=2", f"--protocol={mode}",
            f"--time={max(1, round(self.seconds))}", f"--define=products={products}", f"--file={file}",
            self.stack.database.url,
        ]  # fmt: skip
        done = subprocess.run(
            command, capture_output=True, check=False, cwd="/",
            env=self.cluster.server.environment(), **spawn_as(place.account),
        )  # fmt: skip
        found = re.search(r"tps = ([0-9.]+) \(without", done.stdout.decode())
        failed = re.search(r"failed transactions: (\d+)", done.stdout.decode())
        assert found, done.stderr.decode()
        assert failed is None or failed[1] == "0", done.stdout.decode()
        return float(found[1])

    async def clients(self, door: SqlDoor | DataApiDoor, buyers: int, products: int) -> float:
        """Orders a second of so many coroutines of this process."""
        placed, end = 0, time.perf_counter() + self.seconds

        async def buy(number: int) -> None:
            nonlocal placed
            dice = Random(number)
            while time.perf_counter() < end:
                buyer, product = (
                    identity("buyer", dice.randint(1, BUYERS)),
                    identity("product", dice.randint(1, products)),
                )
                answer = await door.place(Attempt(buyer, {product: 1}, str(uuid.uuid4())))
                placed += self.judge(answer)

        started = time.perf_counter()
        try:
            await asyncio.gather(*(buy(number) for number in range(buyers)))
        finally:
            await door.aclose()
        return placed / (time.perf_counter() - started)

    def judge(self, answer: Answer) -> bool:
        """Whether it is an order."""
        self.refused += answer.status != 200
        return answer.status == 200

    def row(self, buyers: int, products: int) -> list[float]:
        """One line of the table."""
        url = self.stack.database.url
        return [
            self.pgbench("orders_bare.sql", buyers, products, mode="prepared"),
            self.pgbench("orders_call.sql", buyers, products, mode="simple"),
            asyncio.run(self.clients(SqlDoor(url, buyers), buyers, products)),
            asyncio.run(self.clients(DataApiDoor(self.stack), buyers, products)),
        ]

    def check(self) -> None:
        """Every unit is on the shelf or in an order."""
        with self.stack.database.connect("supabase_admin") as admin:
            row = admin.execute(BOOKS.encode()).fetchone()
        assert row is not None
        assert row[0] == PRODUCTS * STOCK
        assert row[1] >= 0
        assert self.refused == 0, f"{self.refused} orders were refused"


def identity(kind: str, number: int) -> uuid.UUID:
    """The id that the data gives to a thing."""
    return uuid.UUID(md5(f"{kind}{number}".encode(), usedforsecurity=False).hexdigest())


@contextmanager
def opened(seconds: float) -> Iterator[Bench]:
    """A server of its own with the data and the Data API."""
    with tempfile.TemporaryDirectory() as folder:
        logs = Path(folder)
        cluster = ScratchCluster(logs, durable=True)
        stack = None
        try:
            cluster.start()
            stack = Stack(cluster.build_template(), logs, logs)
            with stack.database.connect("supabase_admin") as admin:
                admin.execute((HERE / "orders_data.sql").read_bytes())
                admin.execute("vacuum analyze")
            stack.start_api()
            yield Bench(cluster, stack, seconds)
        finally:
            if stack is not None:
                stack.stop()
            cluster.stop()


def measure(bench: Bench) -> Table:
    """All rows; the ratios are to pgbench with the same call."""
    table = Table(title="Orders a second, and the ratio to pgbench with the same call")
    for heading in ("buyers", "products", "pgbench, bare rows", "pgbench, purchase", "psycopg", "Data API"):
        table.add_column(heading, justify="right")
    for buyers, products in ROWS:
        found = bench.row(buyers, products)
        cells = [f"{each:,.0f} ({each / found[1]:.2f})" for each in found]
        table.add_row(str(buyers), f"{products:,}", *cells)
    bench.check()
    return table


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seconds", type=float, nargs="?", default=5)
    with opened(parser.parse_args().seconds) as bench:
        Console(width=120).print(measure(bench))


if __name__ == "__main__":
    main()
