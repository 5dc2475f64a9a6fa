"""How good answers without a model are: `python -m tests.bench.answers DATA`, or `make bench-answers DATA=…`.

DATA is a collection as of `make bench-quality`. Where its queries have `answers`, a list of texts, it is measured how
often the first sentence quoted holds one of them, and one of the first three, beside a plain mean of cosine and BM25
over stemmed words of the sentences of the same passages. A tenant adds the documents, and asks every question of
`POST /v1/answers`; a stranger, who may read nothing, asks some of them.

The curve shows which share of questions is answered above each threshold: of those that a document answers, of the same
questions with that document left out, and of questions about other things.
"""

import argparse
import asyncio
import json
import math
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean, quantiles
from typing import Any

import httpx2
import Stemmer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from gateway.answers.citations import find_quote
from gateway.answers.quoting import QUOTED_PASSAGES, RELEVANT, rank, sentences_of
from gateway.answers.schemas import PASSAGES_PER_RESULT, UsedPassage
from gateway.answers.words import K1, B, pieces
from tests.bench.asking import QUESTIONS
from tests.bench.quality import Collection, embedded, lines_of, load, read
from tests.support import ScratchCluster, Stack

STRANGERS_QUESTIONS = 100
CURVE_QUESTIONS = 300
THRESHOLDS = [0.05 * step for step in range(1, 13)]
REFUSED = "nothing was found, of a stranger's questions"
Answers = dict[str, dict[str, Any]]


class Embeddings:
    """Cosines by the default embedder, each text embedded once."""

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}

    def cosines(self, question: str, texts: Sequence[str]) -> list[float]:
        """Of each text with the question."""
        new = [text for text in dict.fromkeys([question, *texts]) if text not in self._known]
        if new:
            self._known.update(zip(new, asyncio.run(embedded(new)), strict=True))
        return [float(self._known[question] @ self._known[text]) for text in texts]


class Asking:
    """One person, asking a gateway."""

    def __init__(self, stack: Stack, token: str) -> None:
        headers = {"authorization": f"Bearer {token}"}
        self._client = httpx2.Client(base_url=stack.gateway_url, headers=headers, trust_env=False, timeout=30)

    def answer(self, question: str) -> dict[str, Any]:
        """The answer, with the seconds it took as `s`."""
        started = time.perf_counter()
        response = self._client.post("/v1/answers", json={"question": question, "in": ["documents"]})
        answer: dict[str, Any] = response.raise_for_status().json()
        assert not answer["degraded"], answer["degradations"]
        return {**answer, "s": time.perf_counter() - started}

    def passages(self, question: str, without: Sequence[str] = ()) -> list[UsedPassage]:
        """The passages that an answer would be made of, had the caller not these documents."""
        body = {"query": question, "in": ["documents"], "passages_per_result": PASSAGES_PER_RESULT}
        results = self._client.post("/v1/search", json=body).raise_for_status().json()["results"]
        found = [
            UsedPassage.model_validate({**result, **passage})
            for result in results
            for passage in result["passages"]
            if result["id"] not in without
        ]
        return sorted(found, key=lambda passage: -passage.score)[:QUOTED_PASSAGES]


def holds(text: str, gold: Sequence[str]) -> bool:
    """Whether a sentence has one of the answers in it, to the letter but for white space."""
    return any(" ".join(answer.split()) in " ".join(text.split()) for answer in gold)


def judge(collection: Collection, gold: Mapping[str, list[str]], answers: Answers, ids: Mapping[str, str]) -> Any:
    """The figures of the product."""
    quotes = {query: [each["quote"] for each in answer["citations"]] for query, answer in answers.items()}
    cited = [(answer, each) for answer in answers.values() for each in answer["citations"]]
    figures = {
        "a relevant document among the passages": mean(
            any(collection.judgments[query].get(ids[each["id"]], 0) > 0 for each in answer["passages"])
            for query, answer in answers.items()
        ),
        "answered": mean(answer["grounded"] for answer in answers.values()),
        "citations that stand in a passage": mean(_is_true(answer, each) for answer, each in cited),
        "share of the answers' text that is cited": mean(
            sum(each["end"] - each["start"] for each in answer["citations"]) / len(answer["answer"].replace("\n\n", ""))
            for answer in answers.values()
            if answer["grounded"]
        ),
    }
    if gold:
        figures["first sentence holds the answer"] = mean(holds(" ".join(q[:1]), gold[i]) for i, q in quotes.items())
        figures["one of the first three does"] = mean(any(holds(s, gold[i]) for s in q[:3]) for i, q in quotes.items())
    return figures


def _is_true(answer: Mapping[str, Any], citation: Mapping[str, Any]) -> bool:
    passage = next((each for each in answer["passages"] if each["chunk_id"] == citation["chunk_id"]), None)
    if passage is None:
        return False
    place = find_quote(citation["quote"], passage["content"])
    return place == (citation["passage_start"], citation["passage_end"])


# A plain mean ---------------------------------------------------------------------------------------------------------


def plain_mean(
    collection: Collection, gold: Mapping[str, list[str]], asking: Asking, embeddings: Embeddings
) -> dict[str, float]:
    """What a mean of cosine and BM25 over stemmed words, divided by what the question could reach, quotes."""
    stemmer = Stemmer.Stemmer("english")
    first, three = [], []
    for query, text in track(collection.queries.items(), "a plain mean"):
        found = [span.text for _, span in sentences_of(asking.passages(text))]
        words = _bm25(stemmer.stemWords(_words(text)), [stemmer.stemWords(_words(each)) for each in found])
        cosines = embeddings.cosines(text, found)
        order = sorted(range(len(found)), key=lambda place: -(cosines[place] + words[place]))
        right = [holds(found[place], gold[query]) for place in order[:3]]
        first.append(right[:1] == [True])
        three.append(any(right))
    return {"first sentence holds the answer": mean(first), "one of the first three does": mean(three)}


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


# The threshold --------------------------------------------------------------------------------------------------------


def relevances(collection: Collection, ids: Mapping[str, str], asking: Asking, embeddings: Embeddings) -> Any:
    """By kind of question, how relevant the most relevant sentence is to each."""
    of_product = {key: row for row, key in ids.items()}
    some = list(collection.queries.items())[:: max(1, len(collection.queries) // CURVE_QUESTIONS)]
    foreign = QUESTIONS.read_text(encoding="utf-8").splitlines()[:CURVE_QUESTIONS]
    own, without, other = [], [], []
    for query, text in track(some, "the curve"):
        relevant = [of_product[key] for key, rel in collection.judgments[query].items() if rel > 0]
        own.append(_relevance(text, asking.passages(text), embeddings))
        without.append(_relevance(text, asking.passages(text, relevant), embeddings))
    other = [_relevance(text, asking.passages(text), embeddings) for text in track(foreign, "other questions")]
    return {"a document answers": own, "that document left out": without, "about other things": other}


def _relevance(question: str, passages: Sequence[UsedPassage], embeddings: Embeddings) -> float:
    found = sentences_of(passages)
    if not found or not pieces(question):
        return 0.0
    cosines = embeddings.cosines(question, [span.text for _, span in found])
    return max(each.relevance for each in rank(question, found, cosines))


def measure(collection: Collection, gold: Mapping[str, list[str]], logs: Path) -> dict[str, Any]:
    """Every figure."""
    cluster = ScratchCluster(logs)
    try:
        cluster.start()
        stack = Stack(cluster.build_template(), logs, logs)
        try:
            stack.start_api()
            stack.start_gateway()
            stack.start_worker()
            session, stranger = (stack.sign_up(f"{name}@tidegate.example") for name in ("tenant", "stranger"))
            headers = {
                "apikey": stack.keys.publishable_key,
                "authorization": f"Bearer {session['access_token']}",
                "prefer": "return=representation",
            }
            with httpx2.Client(base_url=stack.supabase_url, headers=headers, trust_env=False, timeout=60) as client:
                ids = load(stack, client, collection)
            asking = Asking(stack, session["access_token"])
            answers = {query: asking.answer(text) for query, text in track(collection.queries.items(), "asking")}
            nobody = Asking(stack, stranger["access_token"])
            some = list(collection.queries.values())[:STRANGERS_QUESTIONS]
            refused = mean(not nobody.answer(text)["grounded"] for text in track(some, "a stranger asks"))
            embeddings = Embeddings()
            times = [answer["s"] * 1000 for answer in answers.values()]
            return {
                "product": judge(collection, gold, answers, ids),
                "plain mean": plain_mean(collection, gold, asking, embeddings) if gold else {},
                REFUSED: refused,
                "ms": {"p50": quantiles(times, n=20)[9], "p95": quantiles(times, n=20)[18]},
                "relevance": relevances(collection, ids, asking, embeddings),
            }
        finally:
            stack.stop()
    finally:
        cluster.stop()


def tables(title: str, figures: Mapping[str, Any]) -> list[Table]:
    """For people."""
    found = Table("", "Tidegate", "plain mean", title=title)
    for name, value in figures["product"].items():
        plain = figures["plain mean"].get(name)
        found.add_row(name, f"{value:.3f}", "" if plain is None else f"{plain:.3f}")
    found.add_row(REFUSED, f"{figures[REFUSED]:.3f}", "")
    found.add_row("ms over HTTP, p50, p95", f"{figures['ms']['p50']:.0f}, {figures['ms']['p95']:.0f}", "")
    curve = Table("threshold", *figures["relevance"], title=f"answered above each threshold (in use: {RELEVANT})")
    for least in THRESHOLDS:
        shares = [mean(value >= least for value in values) for values in figures["relevance"].values()]
        curve.add_row(f"{least:.2f}", *(f"{share:.3f}" for share in shares))
    return [found, curve]


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=Path("bench"))
    arguments = parser.parse_args()
    collection = read(arguments.data)
    gold = {str(row["id"]): row["answers"] for row in lines_of(arguments.data, "queries") if row.get("answers")}
    with tempfile.TemporaryDirectory() as logs:
        figures = measure(collection, gold, Path(logs))
    title = f"{collection.name}: {len(collection.documents):,} documents, {len(collection.queries):,} questions"
    for table in tables(title, figures):
        Console(width=110).print(table)
    arguments.out.mkdir(parents=True, exist_ok=True)
    path = arguments.out / f"answers-{collection.name}.json"
    path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
