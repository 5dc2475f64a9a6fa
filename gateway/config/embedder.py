"""Which embedder: what the settings say, before anything is loaded."""

from dataclasses import dataclass

from pydantic import SecretStr


@dataclass(frozen=True)
class EmbedderChoice:
    """What an embedder is made from: `onnx`, or `openai` with the address, model and dimensions of an endpoint."""

    kind: str
    url: str | None = None
    api_key: SecretStr | None = None
    model: str | None = None
    dimensions: int | None = None
    threads: int | None = None
