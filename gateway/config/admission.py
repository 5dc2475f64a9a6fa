"""Settings of admission: what one caller may ask, hold and send."""

from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from gateway.config.types import Empty, Networks, Rate


class AdmissionSettings(BaseSettings):
    """Part of the gateway's settings."""

    upload_timeout_s: float = Field(
        default=20.0,
        gt=0,
        le=600,
        description="Seconds that a request may take to arrive, its body included; then the answer is 408. It takes no "
        "place and no time of others until it is here.",
    )
    upload_memory_mb: int = Field(
        default=64, ge=1, le=4096, description="Memory for bodies that have not arrived as a whole."
    )
    max_connections: int = Field(
        default=4096,
        ge=16,
        description="Most connections at a time; fewer where the process may open fewer files. At the limit the one "
        "that has brought least makes room.",
    )
    connections_per_address: int = Field(
        default=128,
        ge=1,
        description="Most connections of one address at a time, and new ones a second; those of TRUSTED_PROXIES have "
        "no limit.",
    )
    trusted_proxies: Networks = Field(
        default=[],
        description="Networks of proxies whose X-Forwarded-For is believed, comma-separated, such as 10.0.0.0/8. "
        "Without them everybody behind a proxy counts as one caller.",
    )
    rate_limit: Rate = Field(
        default="30 per 5 second",
        description="Requests that one person may make, such as `30 per 5 second; 1000 per hour`; costly ones count "
        "for several. Beyond it the answer is 429. Empty: any number.",
    )
    rate_limit_address: Rate = Field(
        default="60 per 5 second",
        description="As RATE_LIMIT, for one address (IPv6: /64) from which nobody is signed in.",
    )
    rate_limit_storage: Annotated[SecretStr | None, Empty] = Field(
        default=None,
        description="redis://… or rediss://…: a Redis in which several gateways count together. Without it, and while "
        "it does not answer, each counts for itself.",
    )
    caller_share: float = Field(
        default=0.25,
        gt=0,
        le=1,
        description="Of places, database connections and memory for uploads, what one caller may have at a time.",
    )
