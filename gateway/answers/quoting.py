"""Quotations without a model: the sentences of the best passages that fit a question best.

A sentence is compared together with what stands above it (surroundings.py), as the search did with its chunk; what is
quoted stays the sentence. Its rank is the mean of its cosine and its BM25, with a part of its passage's own score. BM25
is divided by the best of these sentences. `make bench-answers` measures it beside a plain mean over stemmed words.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence, Set
from dataclasses import dataclass

from gateway.answers.citations import collapsed
from gateway.answers.schemas import UsedPassage
from gateway.answers.sentence_ends import words_of
from gateway.answers.sentences import Span, sentences
from gateway.answers.small_talk import asks_nothing
from gateway.answers.surroundings import Surroundings
from gateway.answers.words import scores
from gateway.resilience.fallback import Degradation
from gateway.search.query_embedding import QueryEmbedder

QUOTED_PASSAGES = 5
MAX_SENTENCES = 64
"""So many are compared, of the best passages first: a chunk has up to about fifteen."""
MAX_QUOTES = 3
PASSAGE_WEIGHT = 0.4
RELEVANT = 0.25
"""Below this mean of cosine and share of the reachable BM25 a sentence does not answer the question: docs/answers.md
has the curve."""
RELEVANT_WORDS = 0.1
"""The same by words alone."""
RELEVANT_WORDS_UNREAD = 0.05
"""The same for a question and a text that the embedding model does not read: tests/answers/test_scripts.py has some in
each script."""
MAX_TITLE = 120
"""Characters of a title that are compared."""
Cosines = Sequence[float | None]


@dataclass(frozen=True)
class Sentence:
    """A sentence of a passage, the header of the table of which it is a row, and what stands above it."""

    passage: UsedPassage
    span: Span
    header: str
    above: str

    @property
    def compared(self) -> str:
        """What is compared with the question."""
        parts = (self.passage.sku, self.passage.title[:MAX_TITLE], self.above, self.span.text)
        return "\n".join(part for part in parts if part)


@dataclass(frozen=True)
class Ranked:
    """A sentence, how much it has to do with the question, 0 to 1, and whether that is enough."""

    sentence: Sentence
    relevance: float
    is_relevant: bool


@dataclass(frozen=True)
class Quotes:
    """The sentences that answer, the best first: none where nothing is relevant."""

    sentences: list[Sentence]
    compared: int
    degradations: list[Degradation]


async def quote(question: str, passages: Sequence[UsedPassage], embedder: QueryEmbedder | None) -> Quotes:
    """The best sentences of the best `passages`; by words alone where there is no `embedder` or it does not work."""
    found = [] if asks_nothing(question) else sentences_of(passages[:QUOTED_PASSAGES])
    if not found:
        return Quotes([], 0, [])
    cosines, degradations = await _cosines(question, found, embedder)
    relevant = [each.sentence for each in rank(question, found, cosines) if each.is_relevant]
    return Quotes(_each_once(relevant, _text_of)[:MAX_QUOTES], len(found), degradations)


def sentences_of(passages: Sequence[UsedPassage]) -> list[Sentence]:
    """The sentences of the passages that are compared, in order."""
    words = words_of(passage.content for passage in passages)
    found = [each for passage in passages for each in _sentences_of(passage, words)]
    return _each_once(found, lambda each: (each.above, _text_of(each)))[:MAX_SENTENCES]


def _sentences_of(passage: UsedPassage, words: Set[str]) -> Iterator[Sentence]:
    around = Surroundings(passage)
    for span in sentences(passage.content, passage.context, words):
        if not around.is_header(span):
            yield Sentence(passage, span, around.header(span.start), around.above(span.start))


async def _cosines(
    question: str, found: Sequence[Sentence], embedder: QueryEmbedder | None
) -> tuple[Cosines, list[Degradation]]:
    """The cosine of each sentence with the question, None where it is not known, and what was down."""
    read = [each for each in found if each.passage.unread_by_model is None]
    if embedder is None or not read:
        return [None] * len(found), []
    compared = await embedder.compare(question, [(each.passage.chunk_id, each.compared) for each in read])
    if isinstance(compared, Degradation):
        return [None] * len(found), [compared]
    known = iter(compared)
    return [next(known) if each.passage.unread_by_model is None else None for each in found], []


def rank(question: str, found: Sequence[Sentence], cosines: Cosines) -> list[Ranked]:
    """The sentences by how well they fit, the best first; those without a cosine by words alone."""
    words, reachable = scores(question, [each.compared for each in found])
    most = max(words) or 1.0
    best_passage = max(each.passage.score for each in found) or 1.0
    is_read = any(cosine is not None for cosine in cosines)
    ranked = []
    for sentence, cosine, score in zip(found, cosines, words, strict=True):
        place = _mean(cosine, score / most) + PASSAGE_WEIGHT * sentence.passage.score / best_passage
        relevance = _mean(cosine, score / (reachable or 1.0))
        is_unread = not is_read and sentence.passage.unread_by_model is not None
        is_relevant = relevance >= _least(cosine, is_unread=is_unread)
        ranked.append((place, Ranked(sentence, relevance, is_relevant)))
    return [each for _, each in sorted(ranked, key=lambda pair: -pair[0])]


def _least(cosine: float | None, *, is_unread: bool) -> float:
    """What is relevant. A question that the model reads has little in common with texts that it does not."""
    if cosine is not None:
        return RELEVANT
    return RELEVANT_WORDS_UNREAD if is_unread else RELEVANT_WORDS


def _mean(cosine: float | None, words: float) -> float:
    return words if cosine is None else (cosine + words) / 2


def _each_once(found: Sequence[Sentence], key: Callable[[Sentence], Hashable]) -> list[Sentence]:
    """The first one of each key: copies of a document say the same."""
    return list({key(each): each for each in reversed(found)}.values())[::-1]


def _text_of(sentence: Sentence) -> str:
    return collapsed(sentence.span.text).casefold()
