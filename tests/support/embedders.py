"""Embedders that fail in chosen ways: stand-ins for the dependency, never for the gateway."""

import asyncio
from collections.abc import Sequence

from tokenizers import Tokenizer

from gateway.embeddings import Embedder, EmbedderUnavailable, EmbeddingRejected, Vectors


class FaultyEmbedder:
    """Another embedder with a fault that can be switched."""

    def __init__(self, inner: Embedder) -> None:
        self.inner = inner
        self.name = inner.name
        self.dimensions = inner.dimensions
        self.max_tokens = inner.max_tokens
        self.fault: str | None = None

    @property
    def tokenizer(self) -> Tokenizer:
        return self.inner.tokenizer

    def reads(self, text: str) -> bool | None:
        return self.inner.reads(text)

    async def warm_up(self) -> None:
        await self.embed_chunks(["warm-up"])

    async def embed_query(self, text: str) -> Vectors:
        await self._fail()
        vector = await self.inner.embed_query(text)
        return vector[:100] if self.fault == "short" else vector

    def known_query(self, text: str) -> Vectors | None:
        return None  # a fault is met by every query

    async def embed_chunks(self, texts: Sequence[str]) -> Vectors:
        await self._fail()
        return await self.inner.embed_chunks(texts)

    async def aclose(self) -> None:
        await self.inner.aclose()

    async def _fail(self) -> None:
        if self.fault == "hangs":
            await asyncio.Event().wait()
        elif self.fault == "down":
            raise EmbedderUnavailable("The endpoint at 10.0.0.7 does not answer.")
        elif self.fault == "refuses":
            raise EmbeddingRejected("The endpoint refused the text.")
        elif self.fault == "bug":
            raise RuntimeError("segment 7 of the graph")
