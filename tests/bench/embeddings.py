"""Cosines by the default embedder, for benchmarks that compare sentences outside the product."""

import asyncio
from collections.abc import Sequence
from typing import Any

from gateway.embeddings.onnx import OnnxEmbedder


class Embeddings:
    """Embeds each text once."""

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}
        self._embedder = OnnxEmbedder()
        self._runner = asyncio.Runner()

    def cosines(self, question: str, texts: Sequence[str]) -> list[float]:
        """Of each text with the question."""
        new = [text for text in dict.fromkeys([question, *texts]) if text not in self._known]
        if new:
            self._known.update(zip(new, self._runner.run(self._embedder.embed_chunks(new)), strict=True))
        return [float(self._known[question] @ self._known[text]) for text in texts]

    def close(self) -> None:
        """End the embedder."""
        self._runner.run(self._embedder.aclose())
        self._runner.close()
