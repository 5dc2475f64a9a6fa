"""Old model against new, on the same questions: how far they agree, and which ranks better where that is known."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log2
from pathlib import Path
from statistics import mean

from gateway.database.connection import Connection
from gateway.database.queries import query
from gateway.database.vectors import halfvec
from gateway.embedding_models.registry import Coverage, ModelError
from gateway.embeddings import Embedder

K = 10


@dataclass(frozen=True)
class Question:
    """A question, and grades of what answers it by the source's title, where somebody has judged."""

    text: str
    grades: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Comparison:
    """Means over the questions; nDCG@10 is None where nothing was judged."""

    questions: int
    overlap: float
    old_ndcg: float | None
    new_ndcg: float | None


def read_questions(path: Path) -> list[Question]:
    """One JSON object a line: `query`, and `relevant` with grades by title where there are any. ModelError."""
    questions = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            questions.append(Question(str(row["query"]), dict(row.get("relevant", {}))))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(f'{path}, line {number}: want {{"query": "…", "relevant": {{"title": 3}}}}.') from error
    if not questions:
        raise ModelError(f"{path} holds no question.")
    return questions


async def compare(
    connection: Connection, models: Sequence[Coverage], embedders: Sequence[Embedder], questions: Sequence[Question]
) -> Comparison:
    """The ten nearest of everything by both models, compared one by one: the owner of the tables sees all."""
    texts = [question.text for question in questions]
    vectors = [await embedder.embed_chunks(texts) for embedder in embedders]
    overlaps, scores = [], ([], [])  # type: tuple[list[float], tuple[list[float], list[float]]]
    for number, question in enumerate(questions):
        found = []
        for model, rows in zip(models, vectors, strict=True):
            parameters = {"model_id": model.id, "query_embedding": halfvec(rows[number]), "max_rows": K}
            cursor = await connection.execute(query("nearest_titles"), parameters)
            found.append([str(row["title"]) for row in await cursor.fetchall()])
        overlaps.append(len(set(found[0]) & set(found[1])) / max(1, len(set(found[0]))))
        if question.grades:
            for titles, score in zip(found, scores, strict=True):
                score.append(ndcg(titles, question.grades))
        await asyncio.sleep(0)
    return Comparison(
        len(questions),
        mean(overlaps),
        mean(scores[0]) if scores[0] else None,
        mean(scores[1]) if scores[1] else None,
    )


def ndcg(titles: Sequence[str], grades: Mapping[str, int]) -> float:
    """Normalised discounted cumulative gain of the first ten, gains 2^grade - 1 (Burges et al. 2005)."""

    def gain(found: Sequence[int]) -> float:
        return sum((2.0**grade - 1) / log2(place + 2) for place, grade in enumerate(found[:K]))

    best = gain(sorted(grades.values(), reverse=True))
    return gain([grades.get(title, 0) for title in titles]) / best if best else 0.0
