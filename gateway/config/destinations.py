"""What a process would connect to and listen on, for people to read before it does; without any secret."""

from urllib.parse import parse_qs, urlsplit

from pydantic import SecretStr

from gateway.config.checks import Process
from gateway.config.settings import Settings

LINE = "{:<14} {}"


def destinations(settings: Settings, process: Process) -> list[str]:
    """One line each, in the order in which a request or a text meets them."""
    rows = _of_gateway(settings) if process == "gateway" else _of_worker(settings)
    for number, choice in enumerate(settings.embedders):
        where = choice.url or f"{choice.kind} in the process"
        rows.append(("next embedder" if number else "embedder", f"{where}{_named(choice.model)}"))
    if settings.payment_url is not None:
        rows.append(("payments", settings.payment_url))
    if settings.sentry_dsn is not None:
        rows.append(("error reports", _place(settings.sentry_dsn)))
    return [LINE.format(what, where) for what, where in rows]


def _of_gateway(settings: Settings) -> list[tuple[str, str]]:
    operations_port = settings.operations_port or min(settings.gateway_port + 1, 65535)
    rows = [
        ("listens on", f"{settings.gateway_host} port {settings.gateway_port}"),
        ("operations on", f"{settings.operations_host} port {operations_port}"),
        ("public address", settings.gateway_public_url or "that of each request"),
        ("database", _place(settings.gateway_database_url)),
    ]
    if settings.replica_database_url is not None:
        rows.append(("replica", _place(settings.replica_database_url)))
    rows += [
        ("project", f"{settings.supabase_url}"),
        ("tokens", f"{settings.supabase_url}/auth/v1, signed with {' or '.join(settings.auth_algorithms)}"),
    ]
    if settings.rate_limit_storage is not None:
        rows.append(("shared rates", _place(settings.rate_limit_storage)))
    for name in ("reranker", "llm", "llm_fallback"):
        url = getattr(settings, f"{name}_url")
        if url is not None:
            rows.append((name.replace("_", " "), f"{url}{_named(getattr(settings, f'{name}_model'))}"))
    return [*rows, *((f"/app/{name}/", upstream.url) for name, upstream in settings.upstreams.items())]


def _of_worker(settings: Settings) -> list[tuple[str, str]]:
    files = settings.supabase_url if settings.supabase_publishable_key is not None else None
    numbers = settings.worker_metrics_port
    return [
        ("metrics on", "no port" if numbers is None else f"{settings.worker_metrics_host} port {numbers}"),
        ("database", _place(settings.worker_database_url)),
        ("files", f"{files}/storage/v1" if files else "not read: SUPABASE_URL or SUPABASE_PUBLISHABLE_KEY is not set"),
    ]


def _named(model: str | None) -> str:
    return "" if model is None else f", model {model}"


def _place(url: SecretStr | None) -> str:
    """Where a URL leads, and as whom: neither its password nor its other parameters."""
    if url is None:
        return "none"
    parts = urlsplit(url.get_secret_value())
    asked = parse_qs(parts.query)
    where = parts.netloc.rpartition("@")[2] or asked.get("host", ["this machine"])[0]
    login = f" as {parts.username}" if parts.scheme.startswith("postgres") and parts.username else ""
    mode = f", sslmode={asked['sslmode'][0]}" if "sslmode" in asked else ""
    return f"{where}{parts.path if login else ''}{login}{mode}"
