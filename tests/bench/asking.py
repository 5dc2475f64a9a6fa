"""What the benchmarks of search ask: of the texts, of other things, and what costs most."""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
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
MOST = 16  # operators of one kind in a query
WORD = re.compile(r"\b[a-z]{4,}\b")
PAIR = re.compile(r"(?=\b([a-z]{3,} [a-z]{4,})\b)")
OPERATORS = "operators"
"""The group of questions that have some; a search by meaning has none."""


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
    """Up to `count` questions of each group: own, foreign, dear, which are made to cost most, and with operators."""
    own = await _embedded(_own(passages, count))
    foreign = await _embedded(_foreign(count))
    dear = await _embedded(_dear(passages))
    generator = np.random.default_rng(1)
    mean = np.mean([query.vector for query in own], axis=0)
    # Vectors that no text has: any direction, the opposite of all texts, what all of them have in common.
    vectors = [*generator.normal(size=(4, len(mean))).astype(np.float32), -mean, mean, -foreign[0].vector]
    texts = [query.text for query in dear]
    hostile = [Query(texts[n % len(texts)], vector / np.linalg.norm(vector)) for n, vector in enumerate(vectors)]
    operators = await _embedded(_operators(passages))
    return {"own": own, "foreign": foreign, "dear": [*dear, *hostile], OPERATORS: operators}


def _foreign(count: int) -> list[str]:
    return QUESTIONS.read_text(encoding="utf-8").splitlines()[:count]


def _own(passages: Sequence[Passage], count: int) -> list[str]:
    beginnings = (" ".join(passage.text.split()[:9]) for passage in passages[::100])
    # As people type them: what has operators asks for something else.
    return [text for text in beginnings if without_operators(text) == text][:count]


def _dear(passages: Sequence[Passage]) -> list[str]:
    """The words that most passages have: few of them, as many as search looks for, and those with what is rare."""
    counted = _counted(passages, lambda text: (word for word in text.split() if word.isalpha() and len(word) >= STOP))
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


def _operators(passages: Sequence[Passage]) -> list[str]:
    """Each operator over what most passages have: once, and as often as a query may have it."""
    words = [word for word, _ in _counted(passages, WORD.findall).most_common(64)]
    pairs = [f'"{pair}"' for pair, _ in _counted(passages, PAIR.findall).most_common(MOST)]
    excluded = [f"-{word}" for word in words[1 : MOST + 1]]
    return [
        pairs[0],
        " ".join(pairs[:2]),
        " or ".join(pairs),
        f"{words[0]} {excluded[0]}",
        " ".join([words[0], *excluded]),
        " ".join([words[0], *(f"-{pair}" for pair in pairs)]),
        " ".join([pairs[0], *excluded]),
        " ".join(f"{prefix}*" for prefix in dict.fromkeys(word[:2] for word in words))[: 4 * MOST].rpartition(" ")[0],
        " or ".join(words),
    ]


def _counted(passages: Sequence[Passage], parts: Callable[[str], Iterable[str]]) -> Counter[str]:
    """In how many of a sample of the passages each part is."""
    counted: Counter[str] = Counter()
    for passage in random.Random(1).sample(list(passages), min(20_000, len(passages))):
        counted.update(set(parts(passage.text.lower())))
    return counted


async def _embedded(texts: Sequence[str]) -> list[Query]:
    embedder = OnnxEmbedder()
    vectors = await embedder.embed_chunks(list(texts))
    await embedder.aclose()
    return [Query(text, vector) for text, vector in zip(texts, vectors, strict=True)]
