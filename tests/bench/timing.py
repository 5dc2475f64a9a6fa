"""What a stranger's clock tells of others' data: `python -m tests.bench.timing [rounds]`.

A person with a hundred documents asks the same questions while another organization, all of it hidden from that person,
grows from nothing to a hundred thousand documents that have the words asked for. Times are what the client waits,
medians; a row that does not grow from left to right tells nothing.
"""

import argparse
import statistics
import tempfile
import time
import uuid
from hashlib import md5
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.support import Database, ScratchCluster, as_caller, make_user

SIZES = (0, 1_000, 10_000, 100_000)
DATA = Path(__file__).with_name("timing_data.sql")
VECTOR = "[" + ",".join(str(1 / (i + 1)) for i in range(384)) + "]"
SEARCH = "select id from public.search('{}', query_embedding => '{}', mode => '{}') s, unnest(s.results) r"
HIDDEN = uuid.UUID(md5(b"other 1", usedforsecurity=False).hexdigest())
PROBES = {
    "a document by id: hidden": f"select title from public.documents where id = '{HIDDEN}'",
    "a document by id: no such": f"select title from public.documents where id = '{uuid.UUID(int=9)}'",
    "documents by title": "select id from public.documents where title = 'Secret merger'",
    "all documents": "select id from public.documents",
    "documents counted": "select count(*) from public.documents",
    "all passages": "select id from public.chunks",
    "all vectors, counted": "select count(*) from public.chunk_embeddings",
    "all memberships": "select user_id from public.memberships",
    "all organizations": "select id from public.organizations",
    "all profiles": "select id from public.profiles",
    "all shares": "select user_id from public.document_shares",
    "keyword search, a word that only others have": SEARCH.format("bayview", VECTOR, "keyword"),
    "keyword search, a word that nobody has": SEARCH.format("xylophone", VECTOR, "keyword"),
    "semantic search": SEARCH.format("merger", VECTOR, "semantic"),
    "hybrid search, a word that all have": SEARCH.format("merger", VECTOR, "hybrid"),
}


def settle(database: Database) -> tuple[uuid.UUID, uuid.UUID]:
    """The person who asks, with documents of their own, and the organization that will grow."""
    with database.connect("supabase_admin") as admin, database.connect() as connection:
        asking, other = (make_user(admin, f"{name}@example.org") for name in ("asking", "other"))
        with as_caller(connection, other):
            row = connection.execute(
                "insert into public.organizations (name, slug) values ('Other', 'other') returning id"
            ).fetchone()
        assert row is not None
        admin.execute("set session_replication_role = replica")
        admin.execute(
            "insert into public.documents (owner_id, title, content, status)"
            " select %s, 'Mine ' || g, 'My own merger of thoughts', 'ready' from generate_series(1, 100) g",
            (asking,),
        )
        admin.execute(
            "insert into public.chunks (document_id, scope_id, position, title, content, start_offset, end_offset,"
            " token_count, language, input_hash)"
            " select id, scope_id, 0, title, content, 0, 0, 80, 'en', '' from public.documents"
        )
        admin.execute(
            "insert into public.chunk_embeddings (chunk_id, model_id, source_id, scope_id, embedding)"
            " select id, 1, source_id, scope_id, %s::extensions.halfvec from public.chunks",
            (VECTOR,),
        )
    return asking, uuid.UUID(str(row[0]))


def grow(database: Database, organization: uuid.UUID, first: int, last: int) -> None:
    """Add the documents numbered first to last, and let the planner know."""
    with database.connect("supabase_admin") as admin:
        # A file of several statements takes no bound parameters: these are numbers and an id of our own, quoted.
        values = {"first": first, "last": last, "organization": str(organization)}
        text = DATA.read_text(encoding="utf-8")
        for name, value in values.items():
            text = text.replace(f"%({name})s", sql.Literal(value).as_string(admin))
        admin.execute(text.encode())
        admin.execute("vacuum analyze")


def waits(connection: psycopg.Connection[Any], person: uuid.UUID, rounds: int) -> dict[str, float]:
    """Median milliseconds of each probe."""
    found: dict[str, list[float]] = {name: [] for name in PROBES}
    for _ in range(rounds):
        for name, statement in PROBES.items():
            with as_caller(connection, person, commit=False):
                start = time.perf_counter()
                connection.execute(statement.encode()).fetchall()
                found[name].append((time.perf_counter() - start) * 1000)
    return {name: statistics.median(times) for name, times in found.items()}


def measure(database: Database, rounds: int) -> Table:
    """Every probe at every size."""
    person, organization = settle(database)
    columns: list[dict[str, float]] = []
    for index, size in enumerate(track(SIZES, "growing", console=Console(stderr=True))):
        grow(database, organization, SIZES[index - 1] + 1 if index else 1, size)
        with database.connect() as connection:
            columns.append(waits(connection, person, rounds))
    table = Table(title="Milliseconds that a person with 100 documents waits")
    table.add_column("question")
    for size in SIZES:
        table.add_column(f"others have {size:,}", justify="right")
    table.add_column("growth", justify="right")
    for name in PROBES:
        times = [column[name] for column in columns]
        table.add_row(name, *(f"{t:.2f}" for t in times), f"{times[-1] / times[0]:.1f} x")
    return table


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rounds", type=int, nargs="?", default=31)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as logs:
        cluster = ScratchCluster(Path(logs))
        try:
            cluster.start()
            Console(width=130).print(measure(cluster.build_template(), rounds))
        finally:
            cluster.stop()


if __name__ == "__main__":
    main()
