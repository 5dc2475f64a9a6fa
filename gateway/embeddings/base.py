"""What the rest of the program knows of an embedding model."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray
from tokenizers import Tokenizer

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Turns text into vectors of unit length. Safe to share between tasks of one event loop."""

    @property
    def name(self) -> str:
        """Name that stands beside every vector in the registry of models."""

    @property
    def dimensions(self) -> int:
        """Length of a vector."""

    @property
    def max_tokens(self) -> int:
        """Longest text in tokens, special ones included; what is beyond does not count or is refused."""

    @property
    def tokenizer(self) -> Tokenizer:
        """Counts tokens for chunking: neither truncates nor pads. Not to be changed."""

    def reads(self, text: str) -> bool | None:
        """Whether the model knows the script of `text`; None when its own tokenizer is not known."""

    async def warm_up(self) -> None:
        """Load what the first call would load, and run it once; EmbedderUnavailable when it does not work."""

    async def embed_query(self, text: str) -> Vectors:
        """Vector of a query, float32 of shape (dimensions,), read-only. EmbedderUnavailable, EmbeddingRejected."""

    def known_query(self, text: str) -> Vectors | None:
        """Vector of a query that was embedded lately; None of others."""

    async def embed_chunks(self, texts: Sequence[str]) -> Vectors:
        """Vectors of chunks in their order, float32 (len(texts), dimensions). Errors as for a query."""

    async def aclose(self) -> None:
        """Give up threads and connections."""


class QueryCache:
    """The vectors of the last `size` different queries: people page, retry and type the same things."""

    def __init__(self, size: int = 1024) -> None:
        """Keep `size` vectors: 1.5 kB each at 384 dimensions."""
        self._vectors: LRUCache[str, Vectors] = LRUCache(size)

    def peek(self, text: str) -> Vectors | None:
        """Vector of `text` if it is here."""
        return self._vectors.get(text)

    async def get(self, text: str, embed: Callable[[Sequence[str]], Awaitable[Vectors]]) -> Vectors:
        """Vector of `text`, asked of `embed` when it is not here."""
        known = self.peek(text)
        if known is not None:
            return known
        vector: Vectors = (await embed([text]))[0].copy()  # a copy, or the whole batch stays in memory
        vector.setflags(write=False)  # shared between callers
        self._vectors[text] = vector
        return vector
