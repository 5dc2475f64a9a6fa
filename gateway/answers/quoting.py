"""Quotations without a model: the sentences of the best passages that fit a question best.

The rank of a sentence is the mean of its cosine and its BM25, with a part of its passage's own score. BM25 is divided
by the best of these sentences. `make bench-answers` measures it beside a plain mean over stemmed words.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.answers.schemas import UsedPassage
from gateway.answers.sentence_ends import words_of
from gateway.answers.sentences import Span, sentences
from gateway.answers.words import scores
from gateway.resilience.fallback import Degradation
from gateway.search.query_embedding import QueryEmbedder

QUOTED_PASSAGES = 5
MAX_SENTENCES = 64
"""So many are compared, of the best passages first: a chunk has up to about fifteen."""
MAX_QUOTES = 3
PASSAGE_WEIGHT = 0.4
RELEVANT = 0.25
"""Below this mean of cosine and share of the reachable BM25 no sentence answers the question: docs/answers.md has the
curve."""
RELEVANT_WORDS = 0.1
"""The same by words alone."""


@dataclass(frozen=True)
class Quote:
    """A sentence of a passage, and how much it has to do with the question, 0 to 1."""

    passage: UsedPassage
    span: Span
    relevance: float


@dataclass(frozen=True)
class Quotes:
    """The sentences that answer, the best first: none where nothing is relevant."""

    quotes: list[Quote]
    compared: int
    degradations: list[Degradation]


async def quote(question: str, passages: Sequence[UsedPassage], embedder: QueryEmbedder | None) -> Quotes:
    """The best sentences of the best `passages`; by words alone where there is no `embedder` or it does not work."""
    found = sentences_of(passages[:QUOTED_PASSAGES])[:MAX_SENTENCES]
    if not found:
        return Quotes([], 0, [])
    texts = [(passage.chunk_id, span.text) for passage, span in found]
    cosines = None if embedder is None else await embedder.compare(question, texts)
    known = cosines if isinstance(cosines, list) else None
    ranked = rank(question, found, known)
    least = RELEVANT_WORDS if known is None else RELEVANT
    best = ranked[:MAX_QUOTES] if max(each.relevance for each in ranked) >= least else []
    return Quotes(best, len(found), [cosines] if isinstance(cosines, Degradation) else [])


def sentences_of(passages: Sequence[UsedPassage]) -> list[tuple[UsedPassage, Span]]:
    """Every sentence of the passages, in order."""
    words = words_of(passage.content for passage in passages)
    return [(passage, span) for passage in passages for span in sentences(passage.content, passage.context, words)]


def rank(question: str, found: Sequence[tuple[UsedPassage, Span]], cosines: list[float] | None) -> list[Quote]:
    """The sentences by how well they fit, the best first; without `cosines` by words alone."""
    words, reachable = scores(question, [span.text for _, span in found])
    most = max(words) or 1.0
    best_passage = max(passage.score for passage, _ in found) or 1.0
    ranks, quotes = [], []
    for place, (passage, span) in enumerate(found):
        cosine = None if cosines is None else cosines[place]
        share = words[place] / (reachable or 1.0)
        ranks.append(_mean(cosine, words[place] / most) + PASSAGE_WEIGHT * passage.score / best_passage)
        quotes.append(Quote(passage, span, _mean(cosine, share)))
    order = sorted(range(len(quotes)), key=lambda place: -ranks[place])
    return [quotes[place] for place in order]


def _mean(cosine: float | None, words: float) -> float:
    return words if cosine is None else (cosine + words) / 2
