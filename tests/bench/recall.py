"""Search under row level security by how much a caller sees: `python -m tests.bench.recall [passages] [--out FOLDER]`.

Real passages (Debian's documentation packages) and their vectors by the default model are shared out to organizations
of very different sizes, whatever their topics. Queries are of the same texts and of the questions in `questions.txt`,
which are about other things. The adaptive search is compared with an exact scan of what the caller sees, computed
outside, and beside it stands what most would write: the HNSW index under the same policies.

Above the number of passages that there are, the table is filled up with passages between two real ones: their vectors
halfway, their words of both. Such rows flatter every index, and the title of the table says how many there are.
With `--meaning` only the search by meaning is measured, in less than half the time.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from gateway.embeddings.onnx import OnnxEmbedder
from gateway.search.operators import without_operators
from tests.bench.debian_docs import Passage, load
from tests.bench.plots import lines
from tests.bench.processes import cost_of
from tests.bench.tenancy import Tenancy, claims_of, fill
from tests.support import Database, ScratchCluster
from tests.support.passages import as_literal

K = 10
MODES = ("semantic", "hybrid", "keyword")
TIE = 1e-5  # the same text twice; halfvec's own sum of 384 products differs in the sixth digit
PLAIN_INDEX = """
    create index plain on public.chunk_embeddings
    using hnsw ((embedding::extensions.halfvec(384)) extensions.halfvec_cosine_ops) where model_id = 1"""
QUESTIONS = Path(__file__).with_name("questions.txt")
SEARCH = """
    select id, complete from private.search_as(
      %s, %s, %s::extensions.halfvec, %s, '{documents}', 10, null, null, null, null, null, null, null)"""
PLAIN = """
    select e.chunk_id from public.chunk_embeddings e where e.model_id = 1
    order by e.embedding::extensions.halfvec(384) operator(extensions.<=>) %s::extensions.halfvec limit 10"""


@dataclass(frozen=True)
class Query:
    """A question and its vector."""

    text: str
    vector: NDArray[np.float32]

    @property
    def literal(self) -> str:
        """The vector as PostgreSQL reads it."""
        return as_literal([float(x) for x in self.vector])


@dataclass(frozen=True)
class Figures:
    """Of one way for one caller: mean recall, searches that came up short, milliseconds, processor milliseconds."""

    recall: float
    short: int
    p50_ms: float
    p95_ms: float
    cpu_ms: float


def stretched(
    passages: Sequence[Passage], vectors: NDArray[np.float16], count: int
) -> tuple[list[Passage], NDArray[np.float16]]:
    """`count` passages: the real ones, and as many between two of them as are missing."""
    missing = count - len(passages)
    if missing <= 0:
        return list(passages[:count]), vectors[:count]
    generator = np.random.default_rng(1)
    left, right = generator.integers(0, len(passages), (2, missing))
    between = vectors[left].astype(np.float32) + vectors[right]
    between /= np.linalg.norm(between, axis=1, keepdims=True)
    made = [
        Passage(
            f"{passages[a].page}~{n // 26}", passages[a].title, f"{passages[a].text[:200]} {passages[b].text[:200]}"
        )
        for n, (a, b) in enumerate(zip(left, right, strict=True))
    ]
    return [*passages, *made], np.concatenate([vectors, between.astype(np.float16)])


async def questions(passages: Sequence[Passage], count: int) -> list[Query]:
    """Half from another domain, half the beginnings of passages."""
    foreign = QUESTIONS.read_text(encoding="utf-8").splitlines()[: count // 2]
    beginnings = (" ".join(passage.text.split()[:9]) for passage in passages[::100])
    # As people type them: what has operators asks for something else.
    own = [text for text in beginnings if without_operators(text) == text][: count - len(foreign)]
    embedder = OnnxEmbedder()
    vectors = await embedder.embed_passages([*foreign, *own])
    await embedder.aclose()
    return [Query(text, vector) for text, vector in zip([*foreign, *own], vectors, strict=True)]


@dataclass(frozen=True)
class Truth:
    """The ten nearest documents, and the ten nearest passages, of all that a caller sees, and what is as near."""

    documents: set[str]
    passages: set[str]


def truth(tenancy: Tenancy, sources: NDArray[np.str_], caller: str, queries: Sequence[Query]) -> list[Truth]:
    """What an exact scan of the stored vectors finds for each query."""
    rows = tenancy.rows[caller]
    seen, owners = tenancy.vectors[rows].astype(np.float32), sources[rows]
    found = []
    for query in queries:
        similarity = seen @ query.vector
        order = np.argsort(-similarity, kind="stable")[: 400 * K]
        nearest: dict[str, float] = {}
        for place in order:
            nearest.setdefault(str(owners[place]), similarity[place])
        tenth = list(nearest.values())[:K][-1]
        documents = {name for name, value in nearest.items() if value >= tenth - TIE}
        tenth = similarity[order[:K][-1]]
        found.append(Truth(documents, {str(rows[place] + 1) for place in order if similarity[place] >= tenth - TIE}))
    return found


def run(
    connection: psycopg.Connection[Any], statements: Sequence[tuple[str, tuple[Any, ...]]], wanted: Sequence[set[str]]
) -> Figures:
    """Run the statements of one way, and compare."""
    times, hits, total, short = [], 0, 0, 0
    for statement, values in statements[:5]:
        connection.execute(statement.encode(), values).fetchall()
    before = cost_of([connection.info.backend_pid]).cpu_s
    for (statement, values), best in zip(statements, wanted, strict=True):
        start = time.perf_counter()
        rows = connection.execute(statement.encode(), values).fetchall()
        times.append((time.perf_counter() - start) * 1000)
        found = {str(row[0]) for row in rows}
        hits += len(found & best)
        total += min(K, len(best))
        short += len(rows) < min(K, len(best))
    cpu = (cost_of([connection.info.backend_pid]).cpu_s - before) / len(statements) * 1000
    p95 = statistics.quantiles(times, n=20)[-1]
    return Figures(hits / max(total, 1), short, statistics.median(times), p95, cpu)


def measure(
    database: Database, tenancy: Tenancy, queries: Sequence[Query], modes: Sequence[str]
) -> dict[str, dict[str, Figures]]:
    """Every way for every caller; callers who see nothing are left out. The plain index only beside every mode."""
    with database.connect("supabase_admin") as admin:
        sources = np.array([str(row[0]) for row in admin.execute("select source_id from public.chunks order by id")])
        callers = [caller for caller, rows in tenancy.rows.items() if len(rows)]
        wanted = {caller: truth(tenancy, sources, caller, queries) for caller in track(callers, "scanning")}
        found = {
            caller: adaptive(database, tenancy, caller, queries, wanted[caller], modes=modes)
            for caller in track(callers)
        }
        if modes != MODES:
            return found
        # One index over all, as most would have it; made now, so that the product cannot use it.
        admin.execute("set maintenance_work_mem = '6GB'")
        admin.execute(PLAIN_INDEX)
    for caller in track(callers, "the plain index"):
        found[caller]["plain HNSW"] = plain(database, tenancy, caller, queries, wanted[caller])
    return found


STORAGE = """
    select (select sum(size) from private.postings), pg_total_relation_size('private.postings'),
           (select sum(pg_relation_size(indexrelid)) from pg_index
            where indrelid = 'public.chunk_embeddings'::regclass and pg_get_indexdef(indexrelid) like '%USING hnsw%'),
           pg_total_relation_size('public.chunks'), pg_relation_size('public.chunk_embeddings')"""


def storage(database: Database, total: int) -> str:
    """What a passage takes, in bytes."""
    with database.connect("supabase_admin") as admin:
        row = admin.execute(STORAGE).fetchone()
    assert row is not None
    postings, posted, walked, chunks, vectors = (int(value) for value in row)
    return (
        f"Bytes a passage: {chunks / total:,.0f} text and its indexes, {vectors / total:,.0f} vector, "
        f"{walked / total:,.0f} HNSW, {posted / total:,.0f} postings "
        f"({postings / total:.1f} of {posted / postings:.0f} bytes)."
    )


def adaptive(
    database: Database,
    tenancy: Tenancy,
    caller: str,
    queries: Sequence[Query],
    wanted: Sequence[Truth],
    *,
    modes: Sequence[str],
) -> dict[str, Figures]:
    """The product, mode by mode."""
    claims = claims_of(tenancy.callers[caller])
    best = [truth.documents for truth in wanted]
    with database.connect("tidegate_gateway") as login:
        return {
            mode: run(login, [(SEARCH, (claims, query.text, query.literal, mode)) for query in queries], best)
            for mode in modes
        }


def plain(
    database: Database, tenancy: Tenancy, caller: str, queries: Sequence[Query], wanted: Sequence[Truth]
) -> Figures:
    """The ten nearest passages by the HNSW index, left to the policies."""
    with database.connect("postgres") as person:
        person.execute("select set_config('role', 'authenticated', false)")
        claims = claims_of(tenancy.callers[caller])
        person.execute("select set_config('request.jwt.claims', %s, false)", (claims,))
        person.execute("set enable_seqscan = off; set enable_sort = off")
        statements = [(PLAIN, (query.literal,)) for query in queries]
        return run(person, statements, [truth.passages for truth in wanted])


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("passages", type=int, nargs="?", default=204_800)
    parser.add_argument("--real", type=int, help="passages to embed; the others lie between two of them")
    parser.add_argument("--queries", type=int, default=60)
    parser.add_argument("--meaning", action="store_true", help="measure the search by meaning alone")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "tidegate-bench")
    parser.add_argument("--out", type=Path, default=Path("bench"))
    arguments = parser.parse_args()
    real = min(arguments.real or arguments.passages, arguments.passages)
    passages, vectors = stretched(*load(arguments.cache, real), arguments.passages)
    queries = asyncio.run(questions(passages, arguments.queries))
    with tempfile.TemporaryDirectory() as logs:
        cluster = ScratchCluster(Path(logs))
        try:
            cluster.start()
            _enlarge(cluster)
            database = cluster.build_template()
            tenancy = fill(database, passages, vectors, with_words=not arguments.meaning)
            size = "" if arguments.meaning else storage(database, len(passages))
            figures = measure(database, tenancy, queries, MODES[:1] if arguments.meaning else MODES)
        finally:
            cluster.stop()
    report(figures, tenancy, arguments.passages - real, arguments.out)
    Console(width=110).print(size)


def _enlarge(cluster: ScratchCluster) -> None:
    """Memory as a project of this size has."""
    with psycopg.connect(cluster.server.admin_url(), autocommit=True) as admin:
        admin.execute("alter system set shared_buffers = '3GB'")
        admin.execute("alter system set max_wal_size = '8GB'")
    cluster.server.stop()
    with (cluster.logs / "postgres.log").open("ab") as log:
        cluster.server.start(log)


def report(figures: dict[str, dict[str, Figures]], tenancy: Tenancy, made: int, out: Path) -> None:
    """Print the table; write the figures and a plot into `out`."""
    total = len(tenancy.passages)
    title = f"{total:,} passages" + (f", {made:,} of them between two real ones" if made else "")
    table = Table(title=title)
    for heading in ("caller sees", "passages", "way", "recall@10", "short", "p50", "p95", "processor"):
        table.add_column(heading, justify="left" if heading in ("caller sees", "way") else "right")
    for caller, ways in figures.items():
        for way, row in ways.items():
            is_first, is_semantic = way == "semantic", way in ("semantic", "plain HNSW")
            table.add_row(
                caller if is_first else "",
                f"{len(tenancy.rows[caller]):,}" if is_first else "",
                way,
                f"{row.recall:.3f}" if is_semantic else "",
                str(row.short) if way != "keyword" else "",
                f"{row.p50_ms:.1f} ms",
                f"{row.p95_ms:.1f} ms",
                f"{row.cpu_ms:.1f} ms",
                end_section=way == list(ways)[-1],
            )
    Console(width=110).print(table)
    out.mkdir(parents=True, exist_ok=True)
    stem = out / f"recall-{total}"
    plain = {caller: {way: vars(row) for way, row in ways.items()} for caller, ways in figures.items()}
    stem.with_suffix(".json").write_text(json.dumps(plain, indent=2) + "\n", encoding="utf-8")
    single = [caller for caller in figures if "many" not in caller]
    shares = [len(tenancy.rows[caller]) / total for caller in single]
    of = {"adaptive": "semantic", "plain HNSW": "plain HNSW"}
    of = {name: way for name, way in of.items() if way in figures[single[0]]}
    lines(
        stem.with_suffix(".png"),
        title,
        shares,
        {
            "recall@10": {name: [figures[caller][way].recall for caller in single] for name, way in of.items()},
            "p95, ms": {name: [figures[caller][way].p95_ms for caller in single] for name, way in of.items()},
        },
    )


if __name__ == "__main__":
    main()
