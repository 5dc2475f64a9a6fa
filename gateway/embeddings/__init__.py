"""Text to vectors: the embedder interface, the model in the box, and any OpenAI-compatible endpoint."""

from typing import Protocol

from pydantic import SecretStr

from gateway.embeddings.base import Embedder, Vectors
from gateway.embeddings.errors import EmbedderUnavailable, EmbeddingError, EmbeddingRejected

__all__ = [
    "Embedder",
    "EmbedderSettings",
    "EmbedderUnavailable",
    "EmbeddingError",
    "EmbeddingRejected",
    "Vectors",
    "create_embedder",
]


class EmbedderSettings(Protocol):
    """The settings an embedder is made from."""

    @property
    def embedder(self) -> str:
        """`onnx` or `openai`."""

    @property
    def embedder_url(self) -> str | None:
        """Address of an OpenAI-compatible API, up to and including `/v1`."""

    @property
    def embedder_api_key(self) -> SecretStr | None:
        """Its key, if it wants one."""

    @property
    def embedder_model(self) -> str | None:
        """Its model; also the name in the registry of models."""

    @property
    def embedder_dimensions(self) -> int | None:
        """Length of that model's vectors."""

    @property
    def embedder_threads(self) -> int | None:
        """Cores for the model in the box; all by default."""


def create_embedder(settings: EmbedderSettings) -> Embedder:
    """Make the embedder that the settings ask for; ValueError when they do not fit together. Loads nothing yet."""
    # Imported here: the two libraries are large, and only one of them is needed.
    if settings.embedder == "onnx":
        from gateway.embeddings.onnx import OnnxEmbedder  # noqa: PLC0415

        return OnnxEmbedder(settings.embedder_threads)
    if settings.embedder == "openai":
        from gateway.embeddings.openai import OpenAIEmbedder  # noqa: PLC0415

        url, model, dimensions = settings.embedder_url, settings.embedder_model, settings.embedder_dimensions
        if not url or not model or not dimensions:
            raise ValueError("EMBEDDER=openai needs EMBEDDER_URL, EMBEDDER_MODEL and EMBEDDER_DIMENSIONS.")
        key = settings.embedder_api_key
        return OpenAIEmbedder(url, model, dimensions, key.get_secret_value() if key else None)
    raise ValueError(f"EMBEDDER is {settings.embedder!r}; it must be onnx or openai.")
