"""What the benchmarks of search ask: of the texts, of other things, and what costs most."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gateway.embeddings.onnx import OnnxEmbedder
from gateway.search.query_syntax import without_operators
from tests.bench.debian_docs import Passage
from tests.support.passages import as_literal

QUESTIONS = Path(__file__).with_name("questions.txt")
LONGEST = 64  # words of a query that search looks for
STOP = 4  # letters: shorter words are stop words, mostly


@dataclass(frozen=True)
class Query:
    """A question and its vector."""

    text: str
    vector: NDArray[np.float32]

    @property
    def literal(self) -> str:
        """The vector as PostgreSQL reads it."""
        return as_literal([float(x) for x in self.vector])


async def questions(passages: Sequence[Passage], count: int) -> list[Query]:
    """Half from another domain, half the beginnings of passages."""
    foreign = _foreign(count // 2)
    return await _embedded([*foreign, *_own(passages, count - len(foreign))])


async def questions_apart(passages: Sequence[Passage], count: int) -> dict[str, list[Query]]:
    """Up to `count` questions of each group: own, foreign, and dear, which are made to cost most."""
    own = await _embedded(_own(passages, count))
    foreign = await _embedded(_foreign(count))
    dear = await _embedded(_dear(passages))
    generator = np.random.default_rng(1)
    mean = np.mean([query.vector for query in own], axis=0)
    # Vectors that no text has: any direction, the opposite of all texts, what all of them have in common.
    vectors = [*generator.normal(size=(4, len(mean))).astype(np.float32), -mean, mean, -foreign[0].vector]
    texts = [query.text for query in dear]
    hostile = [Query(texts[n % len(texts)], vector / np.linalg.norm(vector)) for n, vector in enumerate(vectors)]
    return {"own": own, "foreign": foreign, "dear": [*dear, *hostile]}


def _foreign(count: int) -> list[str]:
    return QUESTIONS.read_text(encoding="utf-8").splitlines()[:count]


def _own(passages: Sequence[Passage], count: int) -> list[str]:
    beginnings = (" ".join(passage.text.split()[:9]) for passage in passages[::100])
    # As people type them: what has operators asks for something else.
    return [text for text in beginnings if without_operators(text) == text][:count]


def _dear(passages: Sequence[Passage]) -> list[str]:
    """The words that most passages have: few of them, as many as search looks for, and those with what is rare."""
    counted: Counter[str] = Counter()
    for passage in random.Random(1).sample(list(passages), min(20_000, len(passages))):
        counted.update({word for word in passage.text.lower().split() if word.isalpha() and len(word) >= STOP})
    frequent = [word for word, _ in counted.most_common(4 * LONGEST)]
    rare = [word for word, times in counted.items() if times == 1][:LONGEST]
    return [
        " ".join(frequent[:4]),
        " ".join(frequent[:9]),
        " ".join(frequent[: LONGEST // 2]),
        " ".join(frequent[:LONGEST]),
        " ".join(frequent[: 2 * LONGEST]),
        " ".join(frequent[LONGEST : 2 * LONGEST]),
        " ".join([*frequent[: LONGEST // 2], *rare[: LONGEST // 2]]),
        " ".join(rare[:LONGEST]),
        # A passage pasted, and several.
        passages[1].text,
        " ".join(passage.text for passage in passages[:12]),
    ]


async def _embedded(texts: Sequence[str]) -> list[Query]:
    embedder = OnnxEmbedder()
    vectors = await embedder.embed_chunks(list(texts))
    await embedder.aclose()
    return [Query(text, vector) for text, vector in zip(texts, vectors, strict=True)]
