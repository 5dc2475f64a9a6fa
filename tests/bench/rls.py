"""What row level security costs: `python -m tests.bench.rls [rounds]`.

Each statement runs as a person under the policies, and as the superuser without them, with the condition that an
application would write in their place; both must give the same rows. Times are the server's own, planning and execution
without sending the rows, medians of rounds in which the two take turns; the last column is the ratio of what a client
on the same machine waits. Statements that write are rolled back.
"""

import argparse
import statistics
import tempfile
import time
import uuid
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from typing import Any

import psycopg
from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.support import Database, ScratchCluster, as_caller

GOAL, GOAL_ROWS = 1.3, 3000
SIZES = {1: 30, 2: 300, 3: 3000, 4: 20000}
DATA = Path(__file__).with_name("rls_data.sql")
ORGANIZATIONS = "organization_id = %(organization)s"
# What an application must ask that has audiences and shares, and no policies.
SEEN = (
    "(scope_id = any (array[%(everyone)s, %(shop)s, %(me)s, %(organization)s]::uuid[])"
    " or {} = any (array(select s.document_id from public.document_shares s where s.user_id = %(me)s)))"
)
NEAREST = """
    select source_id, chunk_id from public.chunk_embeddings
    where model_id = 1 and {}
    order by (embedding operator(extensions.<=>) %(vector)s::extensions.halfvec) + 0 limit 80"""


@dataclass(frozen=True)
class Access:
    """A way to a table: a statement for people, and the same for somebody whom no policy holds back."""

    table: str
    what: str
    guarded: str
    plain: str

    @property
    def writes(self) -> bool:
        """Whether it changes rows and returns none."""
        return self.guarded.startswith(("insert", "update"))

    @property
    def counts(self) -> bool:
        """Whether its one row is a number of rows."""
        return "count(*)" in self.guarded

    @property
    def readers(self) -> list[int]:
        """Those for whom it is worth measuring: all where what they see differs in number."""
        return [4] if self.table in ("products", "profiles", "organizations") else list(SIZES)


@dataclass(frozen=True)
class Costs:
    """Rows, server milliseconds with and without policies, and the ratio that a client sees."""

    rows: int
    guarded_ms: float
    plain_ms: float
    client_ratio: float


def filtered(table: str, what: str, statement: str) -> Access:
    """A way whose statement names what it wants, so that it is the same for both."""
    return Access(table, what, statement, statement)


ACCESSES = [
    Access(
        "documents",
        "all that one sees",
        "select id, title from public.documents",
        f"select id, title from public.documents where {SEEN.format('id')}",
    ),
    Access(
        "documents",
        "how many one sees",
        "select count(*) from public.documents",
        f"select count(*) from public.documents where {SEEN.format('id')}",
    ),
    filtered("documents", "of an organization", f"select id, title from public.documents where {ORGANIZATIONS}"),
    filtered(
        "documents",
        "of an organization, first 20 by title",
        f"select id, title from public.documents where {ORGANIZATIONS} order by title, id limit 20",
    ),
    filtered(
        "documents",
        "with their passages",
        "select d.id, c.id, c.content from public.documents d join public.chunks c on c.document_id = d.id"
        f" where d.{ORGANIZATIONS}",
    ),
    Access(
        "document_shares",
        "of an organization's documents",
        "select s.* from public.documents d join public.document_shares s on s.document_id = d.id"
        f" where d.{ORGANIZATIONS}",
        "select s.* from public.documents d join public.document_shares s on s.document_id = d.id"
        f" where d.{ORGANIZATIONS}",
    ),
    Access(
        "chunks",
        "all that one sees",
        "select id, content from public.chunks",
        f"select id, content from public.chunks where {SEEN.format('source_id')}",
    ),
    Access(
        "chunk_embeddings",
        "nearest 80, compared one by one",
        NEAREST.format("true"),
        NEAREST.format(SEEN.format("source_id")),
    ),
    Access(
        "memberships",
        "all that one sees",
        "select * from public.memberships",
        f"select * from public.memberships where {ORGANIZATIONS}",
    ),
    Access(
        "products",
        "all that one sees",
        "select id, name from public.products",
        "select id, name from public.products where is_active",
    ),
    Access(
        "products",
        "of a category",
        "select id, name from public.products where category_id = %(category)s order by price limit 20",
        "select id, name from public.products where category_id = %(category)s and is_active order by price limit 20",
    ),
    Access("profiles", "one's own", "select * from public.profiles", "select * from public.profiles where id = %(me)s"),
    Access(
        "organizations",
        "all that one sees",
        "select id from public.organizations",
        "select id from public.organizations where id = %(organization)s",
    ),
    # Last: rows that were written and taken back lie in the way of what reads.
    filtered("documents", "update", f"update public.documents set source_uri = 'x' where {ORGANIZATIONS}"),
    filtered(
        "documents",
        "insert as many",
        "insert into public.documents (title, owner_id, organization_id, visibility)"
        " select 'new', %(me)s, %(organization)s, 'organization' from generate_series(1, %(rows)s)",
    ),
]


def identity(kind: str, number: int) -> uuid.UUID:
    """The id that the data gives to a thing."""
    return uuid.UUID(md5(f"{kind}{number}".encode(), usedforsecurity=False).hexdigest())


def parameters(reader: int) -> dict[str, object]:
    """What the statements ask for when `reader` asks."""
    vector = "[" + ",".join(str(1 / (i + 1)) for i in range(384)) + "]"
    return {
        "me": identity("person", reader),
        "organization": identity("organization", reader),
        "category": identity("category", 3),
        "everyone": uuid.UUID(int=0),
        "shop": uuid.UUID(int=1),
        "rows": SIZES[reader],
        "vector": vector,
    }


def server_ms(connection: psycopg.Connection[Any], statement: str, values: dict[str, object]) -> float:
    """Milliseconds of the server for `statement`: planning and execution, without sending the rows."""
    with connection.transaction(force_rollback=True):
        row = connection.execute(
            f"explain (analyze, timing off, buffers off, format json) {statement}".encode(), values
        ).fetchone()
    assert row is not None
    return float(row[0][0]["Planning Time"] + row[0][0]["Execution Time"])


def client_ms(connection: psycopg.Connection[Any], statement: str, values: dict[str, object]) -> float:
    """Milliseconds until a client on the same machine has the rows."""
    with connection.transaction(force_rollback=True):
        start = time.perf_counter()
        rows_of(connection.execute(statement.encode(), values))
        return (time.perf_counter() - start) * 1000


def rows_of(cursor: psycopg.Cursor[Any]) -> list[Any]:
    """What a statement gave; how many rows it changed, when it gives none."""
    return cursor.fetchall() if cursor.description else [cursor.rowcount]


def same_rows(person: psycopg.Connection[Any], nobody: psycopg.Connection[Any], way: Access, reader: int) -> int:
    """How many rows both give; AssertionError when they are not the same."""
    values = parameters(reader)
    with as_caller(person, identity("person", reader), commit=False):
        seen = rows_of(person.execute(way.guarded.encode(), values))
    with nobody.transaction(force_rollback=True):
        plain = rows_of(nobody.execute(way.plain.encode(), values))
    assert sorted(map(repr, seen)) == sorted(map(repr, plain)), f"{way.table}, {way.what}: not the same rows"
    return int(seen[0] if way.writes else seen[0][0] if way.counts else len(seen))


def compare(database: Database, way: Access, reader: int, rounds: int) -> Costs:
    """One way for one reader, with the policies and without."""
    values, me = parameters(reader), identity("person", reader)
    times: dict[str, list[float]] = {"guarded": [], "plain": [], "guarded client": [], "plain client": []}
    with database.connect() as person, database.connect("supabase_admin") as nobody:
        rows = same_rows(person, nobody, way, reader)
        for _ in range(rounds):
            with as_caller(person, me, commit=False):
                times["guarded"].append(server_ms(person, way.guarded, values))
                times["guarded client"].append(client_ms(person, way.guarded, values))
            times["plain"].append(server_ms(nobody, way.plain, values))
            times["plain client"].append(client_ms(nobody, way.plain, values))
    middle = {name: statistics.median(found) for name, found in times.items()}
    return Costs(rows, middle["guarded"], middle["plain"], middle["guarded client"] / middle["plain client"])


def measure(database: Database, rounds: int) -> Table:
    """Every way for every reader."""
    with database.connect("supabase_admin") as admin:
        admin.execute(DATA.read_bytes())
        admin.execute("vacuum analyze")
    table = Table(title="Server time under row level security and without it")
    for heading in ("table", "access path", "rows", "with", "without", "ratio", "to the client"):
        table.add_column(heading, justify="left" if heading in ("table", "access path") else "right")
    ways = [(way, reader) for way in ACCESSES for reader in way.readers]
    for way, reader in track(ways, "measuring", console=Console(stderr=True)):
        costs = compare(database, way, reader, rounds)
        ratio = costs.guarded_ms / costs.plain_ms
        mark = "red" if costs.rows >= GOAL_ROWS and ratio > GOAL else "default"
        table.add_row(
            way.table,
            way.what,
            f"{costs.rows:,}",
            f"{costs.guarded_ms:.2f} ms",
            f"{costs.plain_ms:.2f} ms",
            f"[{mark}]{ratio:.2f}[/]",
            f"{costs.client_ratio:.2f}",
            end_section=reader == way.readers[-1],
        )
    return table


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rounds", type=int, nargs="?", default=21)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as logs:
        cluster = ScratchCluster(Path(logs))
        try:
            cluster.start()
            Console(width=120).print(measure(cluster.build_template(), rounds))
        finally:
            cluster.stop()


if __name__ == "__main__":
    main()
