"""Text to vectors: the embedder interface, the model in the box, and any OpenAI-compatible endpoint."""

from gateway.config.embedder import EmbedderChoice
from gateway.embeddings.base import Embedder, Vectors
from gateway.embeddings.errors import EmbedderUnavailable, EmbeddingError, EmbeddingRejected

__all__ = [
    "Embedder",
    "EmbedderChoice",
    "EmbedderUnavailable",
    "EmbeddingError",
    "EmbeddingRejected",
    "Vectors",
    "create_embedder",
]


def create_embedder(choice: EmbedderChoice) -> Embedder:
    """Make one embedder; ValueError when the choice is none. Loads nothing yet."""
    # Imported here: the two libraries are large, and only one of them is needed.
    if choice.kind == "onnx":
        from gateway.embeddings.onnx import OnnxEmbedder  # noqa: PLC0415

        return OnnxEmbedder(choice.threads)
    if choice.kind == "openai":
        from gateway.embeddings.openai import OpenAIEmbedder  # noqa: PLC0415

        if not choice.url or not choice.model or not choice.dimensions:
            raise ValueError("EMBEDDER=openai needs EMBEDDER_URL, EMBEDDER_MODEL and EMBEDDER_DIMENSIONS.")
        key = choice.api_key
        return OpenAIEmbedder(choice.url, choice.model, choice.dimensions, key.get_secret_value() if key else None)
    raise ValueError(f"EMBEDDER is {choice.kind!r}; it must be onnx or openai.")
