"""A second look at the best candidates, by an endpoint that reads query and text together.

Cohere's `POST {url}/rerank`, which Jina, Voyage, vLLM, TEI and LiteLLM speak as well. Off unless RERANKER_URL is set.
"""

import logging
import math
from collections.abc import Sequence

import httpx2
from pydantic import BaseModel, ValidationError

from gateway.clients.http import new_client
from gateway.resilience import DependencyError, Policy, ResiliencePipeline
from gateway.resilience.fallback import Degradation, degraded

logger = logging.getLogger(__name__)

INSTEAD = "the order of the hybrid score"


class RerankerError(Exception):
    """The endpoint did not rank; the message is for the log."""


class _Row(BaseModel):
    index: int
    relevance_score: float


class _Answer(BaseModel):
    results: list[_Row]


class Reranker:
    """An endpoint, and how many candidates it is shown."""

    def __init__(
        self,
        url: str,
        model: str,
        api_key: str | None = None,
        *,
        candidates: int,
        policy: Policy,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        """Use the API at `url` (without `/rerank`), as `policy` says."""
        self.candidates = candidates
        self._model = model
        self.pipeline = ResiliencePipeline(policy, heartbeat=self.probe)
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._url = f"{url.rstrip('/')}/rerank"
        self._client = new_client(headers=headers, timeout=policy.timeout_s, transport=transport)

    async def rank(self, query: str, texts: Sequence[str]) -> list[tuple[int, float]] | Degradation:
        """Places in `texts` and their scores, best first, all of them; or what to tell the caller instead."""
        try:
            return await self.pipeline.call(lambda: self.ask(query, texts))
        except DependencyError as error:
            return degraded("reranker", error.reason, INSTEAD)
        except RerankerError as error:
            logger.warning("reranker: %s", error)
            return degraded("reranker", "It does not work at the moment.", INSTEAD)

    async def probe(self) -> str:
        """Have it rank something; the sentence for the status. RerankerError."""
        await self.ask("status", ["status"])
        return "It ranks."

    async def ask(self, query: str, texts: Sequence[str]) -> list[tuple[int, float]]:
        """As rank; RerankerError when it does not work."""
        body = {"model": self._model, "query": query, "documents": list(texts), "top_n": len(texts)}
        try:
            response = await self._client.post(self._url, json=body)
        except httpx2.HTTPError as error:
            raise RerankerError(f"it does not answer: {type(error).__name__} {error}".rstrip()) from error
        if not response.is_success:
            raise RerankerError(f"it answered {response.status_code}: {response.text[:300]}")
        try:
            rows = _Answer.model_validate_json(response.content).results
        except ValidationError as error:
            raise RerankerError(f"its answer is no list of results: {error}") from error
        if sorted(row.index for row in rows) != list(range(len(texts))):
            raise RerankerError(f"it ranked {len(rows)} of {len(texts)} texts")
        if not all(math.isfinite(row.relevance_score) for row in rows):
            raise RerankerError("it gave a score that is no number")
        return [(row.index, row.relevance_score) for row in sorted(rows, key=lambda row: -row.relevance_score)]

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()
