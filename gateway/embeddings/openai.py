"""Any endpoint that speaks OpenAI's embeddings API (`POST {url}/embeddings`), over HTTP."""

import asyncio
import math
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from functools import cached_property
from time import time

import httpx2
import numpy as np
from pydantic import BaseModel, ValidationError
from tokenizers import Tokenizer

from gateway.embeddings.assets import load_tokenizer
from gateway.embeddings.base import QueryCache, Vectors
from gateway.embeddings.errors import EmbedderUnavailable, EmbeddingRejected

BATCH_ROWS = 64
# A batch on a slow endpoint takes seconds; a query keeps a person waiting, so its caller sets a deadline of its own.
TIMEOUT = httpx2.Timeout(30.0, connect=3.0)

# Answers that say nothing about the text: a busy or broken endpoint, and a wrong key, address or model, which somebody
# will correct. Everything else from 400 to 499 is about the request, hence the text.
TRY_LATER = frozenset({401, 402, 403, 404, 405, 407, 408, 409, 425, 429})


class _Row(BaseModel):
    index: int
    embedding: list[float]


class _Answer(BaseModel):
    data: list[_Row]


class OpenAIEmbedder:
    """An embedder behind HTTP.

    Tokens are counted by the bundled model's tokenizer, since endpoints do not tell theirs. Chunks are kept to 256 of
    those tokens; models of today take 512 or more, so a tokenizer that cuts twice as fine still fits.
    """

    max_tokens = 256

    def __init__(
        self,
        url: str,
        name: str,
        dimensions: int,
        api_key: str | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        """Use the API at `url` (up to and including `/v1`); vectors must have `dimensions` numbers."""
        self.name = name
        self.dimensions = dimensions
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._url = f"{url.rstrip('/')}/embeddings"
        self._client = httpx2.AsyncClient(headers=headers, timeout=TIMEOUT, transport=transport)
        self._queries = QueryCache()

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """Approximates the endpoint's own: see the class."""
        return load_tokenizer()

    def reads(self, text: str) -> None:
        """Not known: the endpoint does not tell its vocabulary."""

    async def warm_up(self) -> None:
        """Ask for one vector, so that a wrong address, key, model or dimension shows at once."""
        await self.embed_chunks(["warm-up"])

    async def embed_query(self, text: str) -> Vectors:
        """Vector of a query, float32 (dimensions,), read-only."""
        return await self._queries.get(text, self.embed_chunks)

    def known_query(self, text: str) -> Vectors | None:
        """Vector of a query that was embedded lately."""
        return self._queries.peek(text)

    async def embed_chunks(self, texts: Sequence[str]) -> Vectors:
        """Vectors of chunks, float32 (len(texts), dimensions), asked for in batches of 64, one after the other."""
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        for start in range(0, len(texts), BATCH_ROWS):
            batch = texts[start : start + BATCH_ROWS]
            answer = await self._ask(batch)
            # Parsing thousands of numbers would hold up the event loop.
            vectors[start : start + len(batch)] = await asyncio.to_thread(self._vectors, answer, len(batch))
        return vectors

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _ask(self, texts: Sequence[str]) -> httpx2.Response:
        body = {"model": self.name, "input": list(texts), "encoding_format": "float"}
        try:
            response = await self._client.post(self._url, json=body)
        except httpx2.HTTPError as error:
            raise EmbedderUnavailable(
                f"The embedder does not answer: {type(error).__name__} {error}".rstrip()
            ) from error
        if response.is_success:
            return response
        message = f"The embedder answered {response.status_code}: {response.text[:300]}"
        if response.is_client_error and response.status_code not in TRY_LATER:
            raise EmbeddingRejected(message)
        raise EmbedderUnavailable(message, retry_after_seconds(response))

    def _vectors(self, response: httpx2.Response, count: int) -> Vectors:
        try:
            rows = _Answer.model_validate_json(response.content).data
        except ValidationError as error:
            raise EmbedderUnavailable(f"The embedder's answer is not a list of embeddings: {error}") from error
        if sorted(row.index for row in rows) != list(range(count)):
            raise EmbedderUnavailable(f"The embedder sent {len(rows)} embeddings for {count} texts.")
        lengths = {len(row.embedding) for row in rows}
        if lengths != {self.dimensions}:
            raise EmbedderUnavailable(
                f"EMBEDDER_DIMENSIONS is {self.dimensions}, the embedder sent vectors of {sorted(lengths)} dimensions."
            )
        ordered = sorted(rows, key=lambda row: row.index)
        return unit_length(np.array([row.embedding for row in ordered], np.float64))


def unit_length(vectors: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Vectors:
    """Scale each row to length 1; EmbeddingRejected when one has no direction."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.all(np.isfinite(norms)) or not np.all(norms > 0):
        raise EmbeddingRejected("The embedder sent a vector that is zero or not finite.")
    unit: Vectors = (vectors / norms).astype(np.float32)
    return unit


def retry_after_seconds(response: httpx2.Response) -> float | None:
    """Seconds that the Retry-After header asks to wait (RFC 9110, 10.2.3), or None without one that can be read."""
    value = response.headers.get("Retry-After", "")
    try:
        seconds = float(value) if value.strip().isdigit() else parsedate_to_datetime(value).timestamp() - time()
    except ValueError:
        return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
