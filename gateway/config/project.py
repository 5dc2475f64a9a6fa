"""Settings of the Supabase project: its address, its keys, and how its tokens are signed."""

from typing import Annotated

from pydantic import Field, SecretStr

from gateway.config.serving import ServingSettings
from gateway.config.types import Algorithms, CommaSeparated, Empty, HttpUrl


class ProjectSettings(ServingSettings):
    """Part of the gateway's settings."""

    supabase_url: Annotated[HttpUrl | None, Empty] = Field(
        default=None,
        description="Root of the Supabase project, such as https://abcdefgh.supabase.co. Tokens must come from it.",
    )
    supabase_publishable_key: Annotated[str | None, Empty] = Field(
        default=None,
        description="The project's publishable (or legacy anon) key; clients send it when nobody is signed in.",
    )
    supabase_other_keys: CommaSeparated = Field(
        default=[],
        description="Further publishable and legacy anon keys of the project that clients send, comma-separated: all "
        "that are valid while keys are changed.",
    )
    auth_algorithms: Algorithms = Field(
        default=["ES256", "RS256"],
        description="How tokens may be signed, comma-separated: ES256 and RS256 by the project's published keys, HS256 "
        "by SUPABASE_JWT_SECRET. While a project moves from one to the other: ES256,HS256.",
    )
    supabase_jwt_secret: Annotated[SecretStr | None, Empty] = Field(
        default=None, description="The project's legacy JWT secret; read only where AUTH_ALGORITHMS names HS256."
    )
