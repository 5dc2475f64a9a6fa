"""The vector of a query, or why there is none."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from pgvector import HalfVector

from gateway.database.pool import Database
from gateway.database.vectors import halfvec
from gateway.degradation import Degradation
from gateway.embeddings import Embedder, EmbeddingError

logger = logging.getLogger(__name__)

ACTIVE_MODEL_S = 10.0


@dataclass(frozen=True)
class Model:
    """An embedding model: its name and the length of its vectors."""

    name: str
    dimensions: int

    def __str__(self) -> str:
        """As people are told about it."""
        return f"{self.name} ({self.dimensions} dimensions)"


class QueryEmbedder:
    """Embeds queries with the model that the stored vectors were made with, within a deadline."""

    def __init__(
        self, embedder: Embedder, database: Database, *, timeout_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Use `embedder` as long as it is the active model of `database`; give it `timeout_s` seconds a query."""
        self._embedder = embedder
        self._database = database
        self._timeout_s = timeout_s
        self._clock = clock
        self._active: Model | None = None
        self._active_until = float("-inf")

    @property
    def model(self) -> Model:
        """What the embedder is."""
        return Model(self._embedder.name, self._embedder.dimensions)

    async def embed(self, query: str) -> HalfVector | Degradation:
        """The vector of `query`, or what to tell the caller in its place. GatewayError when the database is down."""
        reason = self.mismatch(await self._active_model())
        if reason is not None:
            return _degradation(reason)
        try:
            async with asyncio.timeout(self._timeout_s):
                return halfvec(await self._embedder.embed_query(query))
        except TimeoutError:
            logger.warning("embedder: no answer within %g s", self._timeout_s)
            return _degradation(f"It did not answer within {self._timeout_s:g} s.")
        except EmbeddingError as error:
            logger.warning("embedder: %s", error)
            return _degradation("It refused the query or does not work at the moment.")
        except Exception:
            # Whatever a model's library raises: words are found without it.
            logger.exception("embedder: unexpected failure")
            return _degradation("It failed.")

    async def probe(self) -> None:
        """Have the embedder embed something that it does not have at hand; its own errors."""
        await self._embedder.embed_passages(["status"])

    def mismatch(self, active: Model | None) -> str | None:
        """Why vectors of the embedder cannot be compared with the stored ones; None when they can."""
        if active is None:
            return "No embedding model is active in the database."
        if active != self.model:
            return f"It makes vectors of {self.model}, the stored ones are of {active}."
        return None

    def forget(self) -> None:
        """Ask the database again which model is active."""
        self._active_until = float("-inf")

    async def _active_model(self) -> Model | None:
        if self._clock() >= self._active_until:
            row = (await self._database.fetch("active_embedding_model"))[0]
            self._active = None if row["name"] is None else Model(row["name"], row["dimensions"])
            self._active_until = self._clock() + ACTIVE_MODEL_S
        return self._active


def _degradation(reason: str) -> Degradation:
    return Degradation(dependency="embedder", reason=reason, used="keyword search")
