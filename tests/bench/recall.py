"""Search under row level security by how much a caller sees: `python -m tests.bench.recall [passages] [--out FOLDER]`.

Real passages (Debian's documentation packages) and their vectors by the default model are shared out to organizations
of very different sizes, whatever their topics. Four groups of questions are told apart: of the same texts ("own"), of
`questions.txt`, which is about other things ("foreign"), those made to cost most ("dear"), and those with "operators";
the last two are for cost alone. The
adaptive search is compared with an exact scan of what the caller sees, computed outside, and beside it stands what most
would write: the HNSW index under the same policies.

Above the number of passages that there are, the table is filled up with passages between two real ones: their vectors
halfway, their words of both. Such rows make every question one about something else, and the title of the table says
how many there are. With `--meaning` only the search by meaning is measured, in less than half the time. `--keep FOLDER`
keeps the loaded database: the next run with it measures at once, after the newest migrations.

A question's processor time is the least of `--repeats` runs: what the machine does besides is not the question's.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from tests.bench.asking import OPERATORS, Query, questions_apart
from tests.bench.debian_docs import Passage, load
from tests.bench.kept import loaded
from tests.bench.processes import running_ns
from tests.bench.recall_report import Figures, report
from tests.bench.tenancy import Tenancy, claims_of, fill
from tests.support import Database

K = 10
MODES = ("semantic", "hybrid", "keyword")
TIE = 1e-5  # the same text twice; halfvec's own sum of 384 products differs in the sixth digit
PLAIN_INDEX = """
    create index plain on public.chunk_embeddings
    using hnsw ((embedding::extensions.halfvec(384)) extensions.halfvec_cosine_ops) where model_id = 1"""
SEARCH = """
    select r.id, s.complete from private.search_as(
      %s, %s, %s::extensions.halfvec, %s, '{documents}', 10, null, null) s
    cross join unnest(s.results) r"""
EXACT = SEARCH.replace("null)", "null, 'exact')")
PLAIN = """
    select e.chunk_id from public.chunk_embeddings e where e.model_id = 1
    order by e.embedding::extensions.halfvec(384) operator(extensions.<=>) %s::extensions.halfvec limit 10"""

Groups = Mapping[str, Sequence[Query]]


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


Statements = Sequence[tuple[str, tuple[Any, ...]]]


def run(
    connection: psycopg.Connection[Any],
    statements: Statements,
    wanted: Sequence[set[str]],
    names: Sequence[str],
    repeats: int,
) -> Figures:
    """Run the statements of one way, and compare.

    All are run once before any is run again, so that what the machine does for a second counts in one run of each.
    """
    for statement, values in statements[:3]:
        connection.execute(statement.encode(), values).fetchall()
    runs: list[list[tuple[int, float]]] = [[] for _ in statements]
    hits, total, short = 0, 0, 0
    for repeat in range(repeats):
        for (statement, values), best, measured in zip(statements, wanted, runs, strict=True):
            start, before = time.perf_counter(), running_ns(connection.info.backend_pid)
            rows = connection.execute(statement.encode(), values).fetchall()
            wall = time.perf_counter() - start
            measured.append((running_ns(connection.info.backend_pid) - before, wall))
            if repeat == 0:
                hits += len({str(row[0]) for row in rows} & best)
                total += min(K, len(best))
                short += len(rows) < min(K, len(best))
    costs = [min(measured)[0] / 1e6 for measured in runs]
    walls = [min(measured)[1] * 1e3 for measured in runs]
    dearest = max(range(len(costs)), key=costs.__getitem__)
    return Figures(
        hits / max(total, 1),
        short,
        statistics.median(walls),
        statistics.median(costs),
        statistics.quantiles(costs, n=20)[-1],
        costs[dearest],
        names[dearest],
    )


@dataclass(frozen=True)
class Bench:
    """A loaded database, and what is asked of it."""

    database: Database
    tenancy: Tenancy
    groups: Groups
    modes: Sequence[str]
    repeats: int

    def measure(self) -> dict[str, dict[str, dict[str, Figures]]]:
        """Figures by caller, way and group; callers who see nothing are left out."""
        with self.database.connect("supabase_admin") as admin:
            ids = admin.execute("select source_id from public.chunks order by id").fetchall()
        sources = np.array([str(row[0]) for row in ids])
        callers = [caller for caller, rows in self.tenancy.rows.items() if len(rows)]
        wanted = {
            caller: {group: truth(self.tenancy, sources, caller, asked) for group, asked in self.groups.items()}
            for caller in track(callers, "scanning")
        }
        found = {caller: self._adaptive(caller, wanted[caller]) for caller in track(callers, "searching")}
        if self.modes == MODES:
            self._index_plainly()
            for caller in track(callers, "the plain index"):
                found[caller]["plain HNSW"] = self._plain(caller, wanted[caller])
            self._drop_plain_index()
        return found

    def _adaptive(self, caller: str, wanted: Mapping[str, Sequence[Truth]]) -> dict[str, dict[str, Figures]]:
        """The product, mode by mode, and by meaning with every effort."""
        claims = claims_of(self.tenancy.callers[caller])
        figures: dict[str, dict[str, Figures]] = {}
        with self.database.connect("tidegate_gateway") as login:
            for way in (*self.modes, "exact"):
                statement, mode = (EXACT, "semantic") if way == "exact" else (SEARCH, way)
                figures[way] = {}
                for group, asked in self.groups.items():
                    if group == OPERATORS and mode == "semantic":
                        continue
                    statements = [(statement, (claims, query.text, query.literal, mode)) for query in asked]
                    best = [truth.documents for truth in wanted[group]]
                    figures[way][group] = run(login, statements, best, [q.text for q in asked], self.repeats)
        return figures

    def _plain(self, caller: str, wanted: Mapping[str, Sequence[Truth]]) -> dict[str, Figures]:
        """The ten nearest passages by the HNSW index, left to the policies."""
        figures = {}
        with self.database.connect("postgres") as person:
            person.execute("select set_config('role', 'authenticated', false)")
            claims = claims_of(self.tenancy.callers[caller])
            person.execute("select set_config('request.jwt.claims', %s, false)", (claims,))
            person.execute("set enable_seqscan = off; set enable_sort = off")
            for group, asked in self.groups.items():
                statements = [(PLAIN, (query.literal,)) for query in asked]
                best = [truth.passages for truth in wanted[group]]
                figures[group] = run(person, statements, best, [q.text for q in asked], self.repeats)
        return figures

    def _index_plainly(self) -> None:
        """One index over all, as most would have it; made last, so that the product cannot use it."""
        with self.database.connect("supabase_admin") as admin:
            admin.execute("set maintenance_work_mem = '6GB'")
            admin.execute(PLAIN_INDEX)

    def _drop_plain_index(self) -> None:
        with self.database.connect("supabase_admin") as admin:
            admin.execute("drop index public.plain")


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


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("passages", type=int, nargs="?", default=204_800)
    parser.add_argument("--real", type=int, help="passages to embed; the others lie between two of them")
    parser.add_argument("--queries", type=int, default=100, help="at most so many of each group")
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--meaning", action="store_true", help="measure the search by meaning alone")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "tidegate-bench")
    parser.add_argument("--keep", type=Path, help="keep the loaded database here, and use it if it is there")
    parser.add_argument("--out", type=Path, default=Path("bench"))
    arguments = parser.parse_args()
    real = min(arguments.real or arguments.passages, arguments.passages)
    passages, vectors = stretched(*load(arguments.cache, real), arguments.passages)
    groups = asyncio.run(questions_apart(passages[:real], arguments.queries))
    modes = MODES[:1] if arguments.meaning else MODES

    def build(database: Database) -> Tenancy:
        return fill(database, passages, vectors, with_words=not arguments.meaning)

    with loaded(arguments.keep, build) as (database, tenancy):
        size = "" if arguments.meaning else storage(database, len(passages))
        figures = Bench(database, tenancy, groups, modes, arguments.repeats).measure()
    seen = {caller: len(rows) for caller, rows in tenancy.rows.items()}
    report(figures, seen, len(passages), len(passages) - real, arguments.out)
    Console(width=110).print(size)


if __name__ == "__main__":
    main()
