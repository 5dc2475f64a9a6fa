"""How good the ranking is: `python -m tests.bench.quality DATA [--out FOLDER]`, or `make bench-quality DATA=…`.

DATA holds corpus.jsonl.gz (id, title, text, and more fields that are texts), queries.jsonl.gz (id, text) and
qrels.tsv.gz (query_id, doc_id, rel). A tenant adds the documents through the Data API, the worker embeds them, and
every query goes to `POST /v1/search` as that tenant. Beside the product stand a reference BM25 (bm25s) and an exact
scan of the stored vectors, both computed outside the database.
"""

import argparse
import asyncio
import csv
import gzip
import json
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log2
from pathlib import Path
from statistics import mean, quantiles
from typing import Any

import bm25s
import httpx2
import numpy as np
import Stemmer
from rich.console import Console
from rich.progress import Progress, track
from rich.table import Table

from gateway.embeddings.onnx import OnnxEmbedder
from tests.bench.plots import bars
from tests.support import Database, ScratchCluster, Stack, wait_until

MODES = ("keyword", "semantic", "hybrid")
DEPTH = 100
BATCH = 200
UNREAD = {"id", "title", "text", "img", "url", "released"}
Ranking = dict[str, list[str]]


@dataclass(frozen=True)
class Collection:
    """Documents as (title, content) by id, queries by id, and the judgments of each query."""

    name: str
    documents: dict[str, tuple[str, str]]
    queries: dict[str, str]
    judgments: dict[str, dict[str, int]]


def read(folder: Path) -> Collection:
    """Read a collection; only queries with a relevant document count."""
    documents = {str(row["id"]): (str(row["title"])[:500] or "-", _content(row)) for row in lines_of(folder, "corpus")}
    judgments: dict[str, dict[str, int]] = {}
    with gzip.open(folder / "qrels.tsv.gz", "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            judgments.setdefault(row["query_id"], {})[row["doc_id"]] = int(row["rel"])
    judgments = {query: found for query, found in judgments.items() if max(found.values()) > 0}
    queries = {str(row["id"]): str(row["text"]) for row in lines_of(folder, "queries") if str(row["id"]) in judgments}
    return Collection(folder.name, documents, queries, judgments)


def _content(row: Mapping[str, Any]) -> str:
    more = [str(value) for key, value in row.items() if key not in UNREAD and isinstance(value, str) and value]
    return "\n\n".join([str(row["text"]), *more])


def lines_of(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    """The rows of a file of the collection."""
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


# The product ---------------------------------------------------------------------------------------------------------


def load(stack: Stack, client: httpx2.Client, collection: Collection) -> dict[str, str]:
    """Add the documents through the Data API, and wait until they are searchable; the collection's id of each."""
    ids: dict[str, str] = {}
    texts = list(collection.documents.items())
    for start in track(range(0, len(texts), BATCH), "adding documents"):
        batch = texts[start : start + BATCH]
        rows = [{"title": title, "content": content} for _, (title, content) in batch]
        answer = client.post("/rest/v1/documents?select=id", json=rows).raise_for_status()
        ids.update({row["id"]: key for row, (key, _) in zip(answer.json(), batch, strict=True)})
    with stack.database.connect("supabase_admin") as admin, Progress() as progress:
        bar = progress.add_task("embedding", total=len(texts))

        def is_done() -> bool:
            row = admin.execute("select count(*) from private.embedding_jobs").fetchone()
            progress.update(bar, completed=len(texts) - (row or (0,))[0])
            return row == (0,)

        wait_until(is_done, "everything being embedded", every_s=0.2, within_s=600 + 2 * len(texts))
        admin.execute("vacuum analyze")
    return ids


def ask(
    stack: Stack, token: str, collection: Collection, ids: Mapping[str, str], mode: str
) -> tuple[Ranking, list[float]]:
    """What the gateway answers to every query, and the milliseconds it took."""
    found: Ranking = {}
    times = []
    headers = {"authorization": f"Bearer {token}"}
    with httpx2.Client(base_url=stack.gateway_url, headers=headers, trust_env=False, timeout=30) as client:
        for query, text in track(collection.queries.items(), f"asking, {mode}"):
            body = {"query": text, "mode": mode, "limit": DEPTH, "in": ["documents"]}
            start = time.perf_counter()
            answer = client.post("/v1/search", json=body).raise_for_status().json()
            times.append((time.perf_counter() - start) * 1000)
            assert not answer["degraded"], answer["degradations"]
            found[query] = [ids[result["id"]] for result in answer["results"]]
    return found, times


# Outside -------------------------------------------------------------------------------------------------------------


def reference_bm25(collection: Collection) -> Ranking:
    """bm25s over title and text, English stems, Lucene's variant, k1 = 1.2 and b = 0.75."""
    keys = list(collection.documents)
    stemmer = Stemmer.Stemmer("english")
    options: dict[str, Any] = {"stopwords": "en", "stemmer": stemmer, "show_progress": False}
    retriever = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    texts = [f"{title}\n{content}" for title, content in collection.documents.values()]
    retriever.index(bm25s.tokenize(texts, **options), show_progress=False)
    tokens = bm25s.tokenize(list(collection.queries.values()), **options)
    places, scores = retriever.retrieve(tokens, k=min(DEPTH, len(keys)), show_progress=False)
    return {
        query: [keys[place] for place, score in zip(row, row_scores, strict=True) if score > 0]
        for query, row, row_scores in zip(collection.queries, places, scores, strict=True)
    }


def exact_dense(database: Database, collection: Collection, ids: Mapping[str, str]) -> Ranking:
    """The nearest stored vectors, all compared, the best of each document."""
    with database.connect("supabase_admin") as admin:
        rows = admin.execute("select source_id::text, embedding::text from public.chunk_embeddings").fetchall()
    owners = [ids[row[0]] for row in rows]
    vectors = np.array([np.fromstring(row[1][1:-1], np.float32, sep=",") for row in rows])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    queries = asyncio.run(embedded(list(collection.queries.values())))
    found: Ranking = {}
    for query, vector in zip(collection.queries, queries, strict=True):
        order = np.argsort(-(vectors @ vector), kind="stable")
        found[query] = list(dict.fromkeys(owners[place] for place in order))[:DEPTH]
    return found


async def embedded(texts: list[str]) -> Any:
    """The vectors of texts, by the default embedder."""
    embedder = OnnxEmbedder()
    vectors = await embedder.embed_chunks(texts)
    await embedder.aclose()
    return vectors


# Judging -------------------------------------------------------------------------------------------------------------


def ndcg(ranking: Sequence[str], judged: Mapping[str, int], depth: int = 10) -> float:
    """Normalised discounted cumulative gain, gains 2^rel - 1 (Järvelin and Kekäläinen 2002; Burges et al. 2005)."""

    def gain(grades: Sequence[int]) -> float:
        return sum((2.0**grade - 1) / log2(place + 2) for place, grade in enumerate(grades[:depth]))

    return gain([judged.get(key, 0) for key in ranking]) / gain(sorted(judged.values(), reverse=True))


def recall(ranking: Sequence[str], judged: Mapping[str, int], depth: int) -> float:
    """Share of the relevant documents among the first `depth`."""
    relevant = {key for key, relevance in judged.items() if relevance > 0}
    return len(relevant & set(ranking[:depth])) / len(relevant)


def judge(collection: Collection, found: Ranking) -> dict[str, float]:
    """Means over the queries; `judged` leaves out of the ranking what nobody judged."""
    every = [(found[query], judged) for query, judged in collection.judgments.items() if query in found]
    return {
        "nDCG@10": mean(ndcg(ranking, judged) for ranking, judged in every),
        "judged only": mean(ndcg([key for key in ranking if key in judged], judged) for ranking, judged in every),
        "recall@10": mean(recall(ranking, judged, 10) for ranking, judged in every),
        "recall@100": mean(recall(ranking, judged, 100) for ranking, judged in every),
    }


def measure(collection: Collection, logs: Path) -> dict[str, dict[str, float]]:
    """The figures of every method."""
    cluster = ScratchCluster(logs)
    figures: dict[str, dict[str, float]] = {}
    try:
        cluster.start()
        stack = Stack(cluster.build_template(), logs, logs)
        try:
            stack.start_api()
            stack.start_gateway()
            stack.start_worker()
            session = stack.sign_up("tenant@tidegate.example")
            headers = {
                "apikey": stack.keys.publishable_key,
                "authorization": f"Bearer {session['access_token']}",
                "prefer": "return=representation",
            }
            with httpx2.Client(base_url=stack.supabase_url, headers=headers, trust_env=False, timeout=60) as client:
                ids = load(stack, client, collection)
            for mode in MODES:
                found, times = ask(stack, session["access_token"], collection, ids, mode)
                p95 = quantiles(times, n=20)[-1]
                figures[f"Tidegate, {mode}"] = {**judge(collection, found), "p95 ms": p95}
            figures["bm25s"] = judge(collection, reference_bm25(collection))
            figures["exact dense scan"] = judge(collection, exact_dense(stack.database, collection, ids))
        finally:
            stack.stop()
    finally:
        cluster.stop()
    return figures


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=Path("bench"))
    arguments = parser.parse_args()
    collection = read(arguments.data)
    with tempfile.TemporaryDirectory() as logs:
        figures = measure(collection, Path(logs))
    columns = ["nDCG@10", "judged only", "recall@10", "recall@100"]
    title = f"{collection.name}: {len(collection.documents):,} documents, {len(collection.queries):,} queries"
    table = Table("method", *columns, "p95 over HTTP", title=title)
    for method, row in figures.items():
        p95 = f"{row['p95 ms']:.1f} ms" if "p95 ms" in row else ""
        table.add_row(method, *(f"{row[column]:.3f}" for column in columns), p95)
    Console(width=110).print(table)
    arguments.out.mkdir(parents=True, exist_ok=True)
    stem = arguments.out / f"quality-{collection.name}"
    stem.with_suffix(".json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    bars(stem.with_suffix(".png"), title, {method: row["nDCG@10"] for method, row in figures.items()}, "nDCG@10")


if __name__ == "__main__":
    main()
