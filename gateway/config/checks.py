"""What keeps a process from starting: settings that are missing, contradict each other or are weak in production."""

from typing import Literal
from urllib.parse import urlsplit

from pydantic import SecretStr

from gateway.config.policies import STORAGE, changed
from gateway.config.secret_strength import (
    MIN_JWT_SECRET,
    carries_service_role,
    database_weaknesses,
    is_inside,
    jwt_secret_weaknesses,
    publishable_key_weaknesses,
    secret_weaknesses,
)
from gateway.config.settings import Settings

Process = Literal["gateway", "worker"]

OWN_PATHS = ("/v1", "/app", "/health", "/mcp", "/docs", "/openapi.json", "/.well-known")
"""Where the gateway answers: a path of a proxy that looks like one of them could not be told from it."""


def problems(settings: Settings, process: Process) -> list[str]:
    """What keeps `process` from starting, a sentence each; empty when nothing does."""
    found = [*_missing(settings, process), *_misfits(settings)]
    return [*found, *_weaknesses(settings, process)] if settings.environment == "production" else found


def _missing(settings: Settings, process: Process) -> list[str]:
    database = "gateway_database_url" if process == "gateway" else "worker_database_url"
    needed = [database]
    if process == "gateway":
        needed += ["supabase_url", "supabase_publishable_key"]
        needed += ["supabase_jwt_secret"] if "HS256" in settings.auth_algorithms else []
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
    storage = settings.rate_limit_storage
    if storage is not None and not storage.get_secret_value().startswith(("redis://", "rediss://")):
        found.append("RATE_LIMIT_STORAGE is no address that begins with redis:// or rediss://.")
    for name, key in _publishable_keys(settings):
        if key.startswith("sb_secret_") or carries_service_role(key):
            # Whoever sends this key is taken for nobody; the secret one must not be on its way through clients at all.
            found.append(f"{name} is a secret key: set the publishable one, and replace the secret one.")
    if urlsplit(settings.gateway_public_url or "").path.startswith(OWN_PATHS):
        found.append(
            f"GATEWAY_PUBLIC_URL has a path that begins with one of the gateway's own: {', '.join(OWN_PATHS)}."
        )
    return [*found, *_misfits_of_upstreams(settings)]


def _misfits_of_upstreams(settings: Settings) -> list[str]:
    found = [
        f"UPSTREAM_SECRETS has one for {name}, which UPSTREAMS does not name."
        for name in settings.upstream_secrets.keys() - settings.upstreams.keys()
    ]
    for name, upstream in settings.upstreams.items():
        parts = urlsplit(upstream.url)
        if (parts.hostname, parts.port) in {(host, settings.gateway_port) for host in _own_hosts(settings)}:
            found.append(f"UPSTREAMS has the gateway's own address for {name}.")
    return sorted(found)


def _own_hosts(settings: Settings) -> set[str]:
    return {settings.gateway_host, "localhost", "127.0.0.1", "::1"}


def _publishable_keys(settings: Settings) -> list[tuple[str, str]]:
    others = [("SUPABASE_OTHER_KEYS", key) for key in settings.supabase_other_keys]
    return [("SUPABASE_PUBLISHABLE_KEY", settings.supabase_publishable_key or ""), *others]


def _weaknesses(settings: Settings, process: Process) -> list[str]:
    found = []
    urls = {"gateway": ("gateway_database_url", "replica_database_url"), "worker": ("worker_database_url",)}
    for name in urls[process]:
        url: SecretStr | None = getattr(settings, name)
        if url is not None:
            found += [f"{name.upper()} {weakness}" for weakness in database_weaknesses(url.get_secret_value())]
    if "HS256" in settings.auth_algorithms and settings.supabase_jwt_secret is not None:
        found += [
            f"SUPABASE_JWT_SECRET {weakness}"
            for weakness in jwt_secret_weaknesses(settings.supabase_jwt_secret.get_secret_value())
        ]
    for name, key in _publishable_keys(settings):
        found += [f"{name} {weakness}" for weakness in publishable_key_weaknesses(key)]
    if (settings.supabase_url or "").startswith("http:"):
        found.append("SUPABASE_URL is not https: keys that verify tokens could be swapped on their way.")
    for name in ("embedder", "next_embedder", "reranker", "llm", "llm_fallback", "payment"):
        if (getattr(settings, f"{name}_url") or "").startswith("http:") and getattr(
            settings, f"{name}_api_key"
        ) is not None:
            found.append(f"{name.upper()}_URL is not https: {name.upper()}_API_KEY would be sent in the clear.")
    return [*found, *_weaknesses_of_upstreams(settings)]


def _weaknesses_of_upstreams(settings: Settings) -> list[str]:
    found = []
    for name, secret in settings.upstream_secrets.items():
        found += [
            f"UPSTREAM_SECRETS {weakness.replace('a secret', f'a secret for {name}')}"
            for weakness in secret_weaknesses(secret.get_secret_value(), MIN_JWT_SECRET, "secret")
        ]
    for name, upstream in settings.upstreams.items():
        if upstream.url.startswith("http:") and not is_inside(urlsplit(upstream.url).hostname or ""):
            found.append(f"UPSTREAMS has no https for {name}, which is not in a network of your own.")
    return found


def _description(name: str) -> str:
    return Settings.model_fields[name].description or ""
