"""How good answers without a model are: `python -m tests.bench.answers DATA`, or `make bench-answers DATA=…`.

DATA is a collection as of `make bench-quality`. A tenant adds its documents and asks every question of a gateway; the
figures are those of `tidegate-evaluate`. A stranger, who may read nothing, asks some of them. Where queries have
`answers`, a list of texts, a plain mean of cosine and BM25 over stemmed words of the same passages stands beside it.

Kept for `make plot-relevance`: how relevant the best sentence is to questions that a document answers, to the same
questions with that document left out, and to questions about other things.
"""

import argparse
import json
import math
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import mean
from typing import Any

import httpx2
import Stemmer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from gateway.answers.quoting import QUOTED_PASSAGES, sentences_of
from gateway.answers.schemas import PASSAGES_PER_RESULT, UsedPassage
from gateway.answers.words import K1, B
from gateway.evaluation.asking import Asker
from gateway.evaluation.figures import Asked, Figure, figures, holds
from gateway.evaluation.questions import Question
from gateway.evaluation.report import shown
from gateway.search.schemas import SearchResult
from tests.bench.asking import QUESTIONS
from tests.bench.embeddings import Embeddings
from tests.bench.quality import Collection, lines_of, load, read
from tests.bench.relevance import OTHER, OWN, WITHOUT, relevance
from tests.support import ScratchCluster, Stack

STRANGERS_QUESTIONS = 100
CURVE_QUESTIONS = 300
Gold = Mapping[str, list[str]]


class Searching:
    """One person, searching for what answers would be made of."""

    def __init__(self, stack: Stack, token: str) -> None:
        headers = {"authorization": f"Bearer {token}"}
        self._client = httpx2.Client(base_url=stack.gateway_url, headers=headers, trust_env=False, timeout=30)

    def passages(self, question: str, without: Sequence[str] = ()) -> list[UsedPassage]:
        """The passages that an answer would be made of, had the caller not these documents."""
        body = {
            "query": question,
            "in": ["documents"],
            "passages_per_result": PASSAGES_PER_RESULT,
            "syntax": "plain",
        }
        results = self._client.post("/v1/search", json=body).raise_for_status().json()["results"]
        found = [
            UsedPassage.of(result, passage)
            for result in map(SearchResult.model_validate, results)
            for passage in result.passages
            if str(result.id) not in without
        ]
        return sorted(found, key=lambda passage: -passage.score)[:QUOTED_PASSAGES]


def ask(stack: Stack, token: str, questions: Sequence[Question], what: str) -> dict[str, Figure]:
    """The figures of the product, of answers that lack nothing."""
    asked = []
    with Asker(stack.gateway_url, lambda: token) as asker:
        for question in track(questions, what):
            answer = asker.ask(question)
            assert not answer.rest["degraded"], answer.rest["degradations"]
            asked.append(Asked(question, answer))
    return figures(asked)


def questions_of(collection: Collection, gold: Gold, rows: Mapping[str, str]) -> list[Question]:
    """The collection's questions, with their answers and the rows of the documents that are relevant."""
    return [
        _question(text, answers=gold.get(query, []), sources=_relevant(collection, query, rows))
        for query, text in collection.queries.items()
    ]


def _question(text: str, **known: Any) -> Question:
    return Question.model_validate({"question": text, "in": ["documents"], **known})


def _relevant(collection: Collection, query: str, rows: Mapping[str, str]) -> list[str]:
    return [rows[key] for key, rel in collection.judgments[query].items() if rel > 0]


# A plain mean ---------------------------------------------------------------------------------------------------------


def plain_mean(collection: Collection, gold: Gold, searching: Searching, embeddings: Embeddings) -> dict[str, float]:
    """What a mean of cosine and BM25 over stemmed words, divided by what the question could reach, quotes."""
    stemmer = Stemmer.Stemmer("english")
    first, three = [], []
    for query, text in track(collection.queries.items(), "a plain mean"):
        found = [each.span.text for each in sentences_of(searching.passages(text))]
        words = _bm25(stemmer.stemWords(_words(text)), [stemmer.stemWords(_words(each)) for each in found])
        cosines = embeddings.cosines(text, found)
        order = sorted(range(len(found)), key=lambda place: -(cosines[place] + words[place]))
        right = [holds(found[place], gold[query]) for place in order[:3]]
        first.append(right[:1] == [True])
        three.append(any(right))
    return {"gold_first": mean(first), "gold_quoted": mean(three)}


def _words(text: str) -> list[str]:
    return "".join(sign if sign.isalnum() else " " for sign in text.casefold()).split()


def _bm25(question: Sequence[str], texts: Sequence[Sequence[str]]) -> list[float]:
    counts = [Counter(text) for text in texts]
    average = mean(map(len, texts)) or 1.0
    having = {word: sum(word in count for count in counts) for word in set(question)}
    weights = {word: math.log(1 + (len(texts) - n + 0.5) / (n + 0.5)) for word, n in having.items()}
    reachable = (K1 + 1) * sum(weights.values())
    return [
        sum(
            weight * count[word] * (K1 + 1) / (count[word] + K1 * (1 - B + B * len(text) / average))
            for word, weight in weights.items()
        )
        / reachable
        for count, text in zip(counts, texts, strict=True)
    ]


# Every figure ---------------------------------------------------------------------------------------------------------


def relevances(
    collection: Collection, rows: Mapping[str, str], searching: Searching, embeddings: Embeddings
) -> dict[str, list[float]]:
    """By kind of question, how relevant the most relevant sentence is to each."""
    found: dict[str, list[float]] = {OWN: [], WITHOUT: [], OTHER: []}
    some = list(collection.queries.items())[:: max(1, len(collection.queries) // CURVE_QUESTIONS)]
    for query, text in track(some, "relevance"):
        relevant = _relevant(collection, query, rows)
        found[OWN].append(relevance(text, searching.passages(text), embeddings))
        found[WITHOUT].append(relevance(text, searching.passages(text, relevant), embeddings))
    for text in track(QUESTIONS.read_text(encoding="utf-8").splitlines(), "of other questions"):
        found[OTHER].append(relevance(text, searching.passages(text), embeddings))
    return found


def measure(collection: Collection, gold: Gold, logs: Path) -> dict[str, Any]:
    """All of them, on a stack of its own."""
    cluster = ScratchCluster(logs)
    try:
        cluster.start()
        stack = Stack(cluster.build_template(), logs, logs)
        try:
            stack.start_api()
            stack.start_gateway()
            stack.start_worker()
            return _measured(stack, collection, gold)
        finally:
            stack.stop()
    finally:
        cluster.stop()


def _measured(stack: Stack, collection: Collection, gold: Gold) -> dict[str, Any]:
    tenant, stranger = (stack.sign_up(f"{name}@tidegate.example")["access_token"] for name in ("tenant", "stranger"))
    headers = {
        "apikey": stack.keys.publishable_key,
        "authorization": f"Bearer {tenant}",
        "prefer": "return=representation",
    }
    with httpx2.Client(base_url=stack.supabase_url, headers=headers, trust_env=False, timeout=60) as client:
        rows = {key: row for row, key in load(stack, client, collection).items()}
    product = ask(stack, tenant, questions_of(collection, gold, rows), "asking")
    hidden = [_question(text, answerable=False) for text in list(collection.queries.values())[:STRANGERS_QUESTIONS]]
    product["refused"] = ask(stack, stranger, hidden, "a stranger asks")["refused"]
    searching, embeddings = Searching(stack, tenant), Embeddings()
    try:
        return {
            "product": {name: asdict(figure) for name, figure in product.items()},
            "plain mean": plain_mean(collection, gold, searching, embeddings) if gold else {},
            "relevance": relevances(collection, rows, searching, embeddings),
        }
    finally:
        embeddings.close()


def table(title: str, found: Mapping[str, Any]) -> Table:
    """For people."""
    columns = Table("", "Tidegate", "of", "plain mean", title=title)
    for name, figure in found["product"].items():
        plain = found["plain mean"].get(name)
        columns.add_row(name, shown(name, figure["value"]), str(figure["of"]), "" if plain is None else f"{plain:.3f}")
    return columns


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=Path("bench"))
    arguments = parser.parse_args()
    collection = read(arguments.data)
    gold = {str(row["id"]): row["answers"] for row in lines_of(arguments.data, "queries") if row.get("answers")}
    with tempfile.TemporaryDirectory() as logs:
        found = measure(collection, gold, Path(logs))
    title = f"{collection.name}: {len(collection.documents):,} documents, {len(collection.queries):,} questions"
    Console(width=110).print(table(title, found))
    arguments.out.mkdir(parents=True, exist_ok=True)
    path = arguments.out / f"answers-{collection.name}.json"
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
