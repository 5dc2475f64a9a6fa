"""What keeps a process from starting: settings that are missing, contradict each other or are weak in production."""

from typing import Literal

from pydantic import SecretStr

from gateway.config.policies import STORAGE, changed
from gateway.config.secret_strength import (
    carries_service_role,
    database_weaknesses,
    jwt_secret_weaknesses,
    publishable_key_weaknesses,
)
from gateway.config.settings import Settings

Process = Literal["gateway", "worker"]


def problems(settings: Settings, process: Process) -> list[str]:
    """What keeps `process` from starting, a sentence each; empty when nothing does."""
    found = [*_missing(settings, process), *_misfits(settings)]
    return [*found, *_weaknesses(settings, process)] if settings.environment == "production" else found


def _missing(settings: Settings, process: Process) -> list[str]:
    database = "gateway_database_url" if process == "gateway" else "worker_database_url"
    needed = [database]
    if process == "gateway":
        needed += ["supabase_url", "supabase_publishable_key"]
        needed += ["supabase_jwt_secret"] if settings.auth_algorithm == "HS256" else []
    for prefix in ("", "next_"):
        if getattr(settings, f"{prefix}embedder") == "openai":
            needed += [f"{prefix}embedder_{part}" for part in ("url", "model", "dimensions")]
    if settings.reranker_url is not None and process == "gateway":
        needed += ["reranker_model"]
    for name in ("llm", "llm_fallback") if process == "gateway" else ():
        if getattr(settings, f"{name}_url") is not None:
            needed += [f"{name}_model", "llm_url"]
    return [
        f"{name.upper()} is not set: {_description(name)}"
        for name in dict.fromkeys(needed)
        if getattr(settings, name) is None
    ]


def _misfits(settings: Settings) -> list[str]:
    found = []
    try:
        changed(STORAGE, settings.resilience)
    except ValueError as error:
        found.append(f"{error}")
    if max(settings.max_body_bytes, settings.max_upload_bytes) > 1_000_000 * settings.upload_memory_mb:
        found.append("UPLOAD_MEMORY_MB is less than one body may have (MAX_BODY_BYTES, MAX_UPLOAD_BYTES).")
    key = settings.supabase_publishable_key or ""
    if key.startswith("sb_secret_") or carries_service_role(key):
        # Whoever sends this key is taken for nobody; the secret one must not be on its way through clients at all.
        found.append("SUPABASE_PUBLISHABLE_KEY is a secret key: set the publishable one, and replace the secret one.")
    return found


def _weaknesses(settings: Settings, process: Process) -> list[str]:
    found = []
    for name in ("gateway_database_url", "worker_database_url"):
        url: SecretStr | None = getattr(settings, name)
        if url is not None and name.startswith(process):
            found += [f"{name.upper()} {weakness}" for weakness in database_weaknesses(url.get_secret_value())]
    if settings.auth_algorithm == "HS256" and settings.supabase_jwt_secret is not None:
        found += [
            f"SUPABASE_JWT_SECRET {weakness}"
            for weakness in jwt_secret_weaknesses(settings.supabase_jwt_secret.get_secret_value())
        ]
    found += [
        f"SUPABASE_PUBLISHABLE_KEY {w}" for w in publishable_key_weaknesses(settings.supabase_publishable_key or "")
    ]
    if (settings.supabase_url or "").startswith("http:"):
        found.append("SUPABASE_URL is not https: keys that verify tokens could be swapped on their way.")
    for name in ("embedder", "next_embedder", "reranker", "llm", "llm_fallback", "payment"):
        if (getattr(settings, f"{name}_url") or "").startswith("http:") and getattr(
            settings, f"{name}_api_key"
        ) is not None:
            found.append(f"{name.upper()}_URL is not https: {name.upper()}_API_KEY would be sent in the clear.")
    return found


def _description(name: str) -> str:
    return Settings.model_fields[name].description or ""
