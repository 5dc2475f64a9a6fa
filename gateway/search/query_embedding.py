"""The vector of a query, or why there is none."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from cachetools import LRUCache
from pgvector import HalfVector

from gateway.database.pool import Database
from gateway.database.vectors import halfvec
from gateway.embeddings import Embedder, EmbeddingError, EmbeddingRejected, Vectors
from gateway.errors import DatabaseUnsafeError, InvalidInputError, UnavailableError
from gateway.resilience import DependencyError, Policy, ResiliencePipeline, allow, remaining
from gateway.resilience.fallback import Degradation, degraded
from gateway.resilience.request_metrics import CacheMeter

logger = logging.getLogger(__name__)

# How long it is believed that none of the embedders is of the active model.
MISFIT_S = 10.0
# Of the time that is left, what asking for the active model may take: the search itself comes after it.
SHARE = 0.25
INSTEAD = "keyword search"
# Of texts that are embedded for callers; of sentences, which are short and looked at once.
BATCH, COMPARED = 4, 16
MAX_COMPARED = 4_096
"""Vectors of sentences that are kept: 1.5 kB each at 384 dimensions. What is asked about is asked about again."""
BY_WORDS = "a comparison of words"


class NoVectorsError(UnavailableError):
    """Texts cannot be embedded: the embedder does not answer, or is of another model than the active one."""

    kind = "embedder-unavailable"
    title = "Texts cannot be embedded now"


@dataclass(frozen=True)
class Model:
    """An embedding model: its name and the length of its vectors."""

    name: str
    dimensions: int

    def __str__(self) -> str:
        """As people are told about it."""
        return f"{self.name} ({self.dimensions} dimensions)"


@dataclass(frozen=True)
class QueryVector:
    """The vector of a query, and the name of the model that made it."""

    vector: HalfVector
    model: str


class QueryEmbedder:
    """Embeds queries with the model that the stored vectors were made with, within a deadline.

    The database is not asked which one that is: every vector goes with the name of its model, and a search refuses
    those of another one than the active one. Then, after `forget`, it is asked.
    """

    def __init__(
        self,
        embedders: Sequence[Embedder],
        database: Database,
        policy: Policy,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Use the one of `embedders` that is the active model of `database`, as `policy` says."""
        self._embedders = {Model(embedder.name, embedder.dimensions): embedder for embedder in embedders}
        self._database = database
        self.pipeline = ResiliencePipeline(policy, _is_failure, heartbeat=self.probe)
        self._clock = clock
        self._query_meter, self._sentence_meter = CacheMeter("query_vectors"), CacheMeter("sentence_vectors")
        self._compared: LRUCache[tuple[str, int, str], Vectors] = LRUCache(MAX_COMPARED)
        self._active: Model | None = next(iter(self._embedders))
        self._refused = ""
        self._active_until = float("inf")

    async def embed(self, query: str) -> QueryVector | Degradation:
        """The vector of `query`, or what to tell the caller in its place. Never an exception that was expected."""
        active = await self._active_model()
        reason = self.mismatch(active)
        if reason is not None or active is None:
            return degraded("embedder", reason or "", INSTEAD)
        embedder = self._embedders[active]
        try:
            # Known queries have their vectors whatever has become of the model.
            vector = embedder.known_query(query)
            self._query_meter.asked(is_hit=vector is not None)
            if vector is None and embedder.reads(query) is False:
                return degraded("embedder", f"{active.name} does not read the script of the query.", INSTEAD)
            if vector is None:
                vector = await self.pipeline.call(lambda: embedder.embed_query(query))
            return QueryVector(halfvec(vector), active.name)
        except DependencyError as error:
            return degraded("embedder", error.reason, INSTEAD)
        except EmbeddingError as error:
            logger.warning("embedder: %s", error)
            return degraded("embedder", "It refused the query or does not work at the moment.", INSTEAD)
        except Exception:
            # Whatever a model's library raises: words are found without it.
            logger.exception("embedder: unexpected failure")
            return degraded("embedder", "It failed.", INSTEAD)

    async def vectors(self, texts: Sequence[str], active: Model) -> list[Vectors]:
        """The vectors of `texts` as queries, by the `active` model.

        NoVectorsError when there are none now; InvalidInputError when a text is refused.
        """
        reason = self.mismatch(active)
        if reason is not None:
            raise NoVectorsError(reason)
        try:
            return await self._vectors(self._embedders[active], texts, BATCH)
        except DependencyError as error:
            raise NoVectorsError(error.reason) from error
        except EmbeddingRejected as error:
            logger.info("embedder: %s", error)
            raise InvalidInputError("#/input: The embedder refused a text. Send other ones.") from error
        except EmbeddingError as error:
            logger.warning("embedder: %s", error)
            raise NoVectorsError("The embedder does not work at the moment.") from error
        except Exception as error:
            logger.exception("embedder: unexpected failure")
            raise NoVectorsError("The embedder failed.") from error

    async def compare(self, query: str, texts: Sequence[tuple[int, str]]) -> list[float] | Degradation:
        """The cosine of each of `texts` with `query`, or what to tell the caller in its place.

        Whichever embedder is in use compares them: nothing that is stored takes part. Each text goes with the id of its
        chunk, and its vector is kept under both: only who may read the chunk could notice that it was asked about.
        """
        own = self._own
        keys = [(own.name, *text) for text in texts]
        new = [key for key in dict.fromkeys(keys) if key not in self._compared]
        self._sentence_meter.asked(is_hit=not new)
        try:
            asked, *made = await self._vectors(self._embedders[own], [query, *(text for *_, text in new)], COMPARED)
        except DependencyError as error:
            return degraded("embedder", error.reason, BY_WORDS)
        except EmbeddingError as error:
            logger.warning("embedder: %s", error)
            return degraded("embedder", "It refused a text or does not work at the moment.", BY_WORDS)
        except Exception:
            logger.exception("embedder: unexpected failure")
            return degraded("embedder", "It failed.", BY_WORDS)
        vectors = {key: self._compared[key] for key in keys if key in self._compared}
        vectors |= zip(new, made, strict=True)
        self._compared.update((key, vector.copy()) for key, vector in zip(new, made, strict=True))
        return [float(vectors[key] @ asked) for key in keys]

    async def _vectors(self, embedder: Embedder, texts: Sequence[str], size: int) -> list[Vectors]:
        known = {text: embedder.known_query(text) for text in texts}
        unknown = [text for text, vector in known.items() if vector is None]
        # A few at a time, so that none of these calls takes much longer than that of a search.
        for start in range(0, len(unknown), size):
            batch = unknown[start : start + size]
            known |= zip(batch, await self.pipeline.call(partial(_embedded, embedder, batch)), strict=True)
        return [vector for vector in map(known.get, texts) if vector is not None]

    def count_tokens(self, texts: Sequence[str], active: Model) -> int:
        """Tokens of `texts` that the `active` model reads."""
        embedder = self._embedders[active]
        encodings = embedder.tokenizer.encode_batch_fast(list(texts))
        return sum(min(len(encoding), embedder.max_tokens) for encoding in encodings)

    async def probe(self) -> str:
        """Have the embedder in use embed something; the sentence for the status. Its own errors."""
        await self._embedders[self._own].embed_chunks(["status"])
        return f"It makes vectors of {self._own}."

    @property
    def _own(self) -> Model:
        """The model in use, or the usual one where none of ours is."""
        return self._active if self._active in self._embedders else next(iter(self._embedders))

    def objection(self, row: Mapping[str, Any]) -> str | None:
        """Why its vectors are of no use, by the row of sql/queries/status.sql; None when they are."""
        mismatch = self.mismatch(None if row["model"] is None else Model(row["model"], row["dimensions"]))
        return mismatch and f"{mismatch} Search answers by keywords."

    def mismatch(self, active: Model | None) -> str | None:
        """Why no embedder's vectors can be compared with the stored ones; None when they can."""
        if active is None:
            return "No embedding model is active in the database, or it cannot be asked which one is."
        if active not in self._embedders:
            made = " and ".join(map(str, self._embedders))
            return f"It makes vectors of {made}, the stored ones are of {active}."
        return None

    def forget(self, refused: str) -> None:
        """Ask the database which model is active before the next query is embedded; it is not the one `refused`."""
        self._refused = refused
        self._active_until = float("-inf")

    async def _active_model(self) -> Model | None:
        if self._clock() >= self._active_until:
            try:
                with allow(SHARE * remaining()):
                    row = (await self._database.fetch("active_embedding_model"))[0]
            except DatabaseUnsafeError:
                raise
            except UnavailableError:
                # Another one of ours, if there is one: the vector says whose it is, and no other model's is compared.
                self._active = next((model for model in self._embedders if model.name != self._refused), None)
                return self._active
            self._active = None if row["name"] is None else Model(row["name"], row["dimensions"])
            is_ours = self._active in self._embedders
            self._active_until = float("inf") if is_ours else self._clock() + MISFIT_S
        return self._active


async def _embedded(embedder: Embedder, texts: Sequence[str]) -> Sequence[Vectors]:
    # One alone is remembered, as a query of a search is.
    vectors = [await embedder.embed_query(texts[0])] if len(texts) == 1 else list(await embedder.embed_chunks(texts))
    if any(vector.shape != (embedder.dimensions,) for vector in vectors):
        raise EmbeddingError("A vector has another length than the model's.")
    return vectors


def _is_failure(error: BaseException) -> bool:
    # A text that is refused says nothing about the model.
    return not isinstance(error, EmbeddingRejected)
