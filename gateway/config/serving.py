"""Settings of the HTTP server: where it listens, how it stops, what stands before it."""

from typing import Annotated

from pydantic import Field

from gateway.config.llm import LlmSettings
from gateway.config.types import Empty, HttpUrl, Origins


class ServingSettings(LlmSettings):
    """Part of the gateway's settings."""

    gateway_host: str = Field(default="127.0.0.1", description="Address the gateway listens on.")
    gateway_port: int = Field(default=8000, ge=1, le=65535, description="Port the gateway listens on.")
    gateway_public_url: Annotated[HttpUrl | None, Empty] = Field(
        default=None,
        description="Address at which clients reach the gateway, such as https://api.example.com or "
        "https://example.com/api: it stands in the OpenAPI document, and chat clients are told it when they sign in at "
        "/mcp. A proxy may take off its path or leave it. By default the address of the request.",
    )
    operations_host: str = Field(
        default="127.0.0.1", description="Address of /metrics and /status, for whoever runs the gateway."
    )
    operations_port: Annotated[int | None, Empty] = Field(
        default=None, ge=1, le=65535, description="Their port; one above GATEWAY_PORT by default."
    )
    cors_origins: Origins = Field(
        default=["*"],
        description="Origins whose pages may call the gateway from a browser, comma-separated; `*` for all. Cookies "
        "are never used, so `*` gives a foreign page nothing that its own server could not ask for.",
    )
    max_body_bytes: int = Field(
        default=65_536, ge=1024, description="Longest request body; beyond it the answer is 413."
    )
    max_upload_bytes: int = Field(
        default=10_000_000,
        ge=1024,
        description="Longest body of POST /v1/documents, no longer than UPLOAD_MEMORY_MB. Larger files go to Storage "
        "directly.",
    )
    upload_request_timeout_s: float = Field(
        default=30.0, gt=0, le=300, description="Seconds in which POST /v1/documents is answered."
    )
    keep_alive_s: int = Field(
        default=75,
        ge=1,
        le=3600,
        description="Seconds that a connection without a request stays open. Longer than the load balancer keeps it: "
        "most keep it 60 s.",
    )
    shutdown_drain_s: Annotated[float | None, Empty] = Field(
        default=None,
        ge=0,
        le=600,
        description="Seconds between SIGTERM and the end of new connections: /health/ready says 503 meanwhile, so that "
        "load balancers look elsewhere. By default 10 with ENVIRONMENT=production, else 0.",
    )
    shutdown_grace_s: int = Field(
        default=8, ge=0, description="Seconds that running requests are given when the gateway stops, after the drain."
    )
    compress_from_bytes: int = Field(
        default=1024,
        ge=0,
        description="From this size on, answers are compressed for clients that accept gzip; 0: none, as where a proxy "
        "does it.",
    )
    public_cache_s: int = Field(
        default=30,
        ge=0,
        le=3600,
        description="Seconds that caches may keep recommendations for visitors; 0: not at all. A product that is taken "
        "off sale may be shown for as long.",
    )
