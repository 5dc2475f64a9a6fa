"""The processes beside PostgreSQL: what each is called, how it is run, and how one sees that it is ready."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gateway.local.bootstrap import deno_command
from gateway.local.paths import API_SERVER, FUNCTIONS
from gateway.local.ports import HOST


@dataclass(frozen=True)
class Service:
    """One process: its name in logs, its arguments, its environment, and a URL that answers 200 once it is ready."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(repr=False)  # it holds secrets
    ready_url: str | None = None


@dataclass(frozen=True)
class Keys:
    """The secrets of the local Data API and Auth."""

    jwt_secret: str = field(repr=False)
    publishable_key: str
    secret_key: str = field(repr=False)


def api_service(
    port: int, keys: Keys, *, login_url: str, admin_url: str, state: Path, gateway_url: str, functions: Path = FUNCTIONS
) -> Service:
    """Data API, Auth, Storage and Edge Functions in one Deno process; signing keys and files lie in `state`."""
    environment = {
        "PORT": str(port),
        "DATABASE_URL": login_url,
        "ADMIN_DATABASE_URL": admin_url,
        "JWT_SECRET": keys.jwt_secret,
        "SUPABASE_PUBLISHABLE_KEY": keys.publishable_key,
        "SUPABASE_SECRET_KEY": keys.secret_key,
        "SIGNING_KEYS_PATH": str(state / "signing_keys.json"),
        "STORAGE_DIR": str(state / "storage"),
        "MAILS_DIR": str(state / "mails"),
        "FUNCTIONS_DIR": str(functions),
        # What hosted gives to its functions, beside the keys; and what they are given as a secret.
        "SUPABASE_URL": f"http://{HOST}:{port}",
        "GATEWAY_URL": gateway_url,
        **{name: os.environ[name] for name in _OF_FUNCTIONS if name in os.environ},
    }
    ready = f"http://{HOST}:{port}/auth/v1/health"
    return Service("api", deno_command(API_SERVER, "-A"), _environment(environment), ready)


def gateway_service(
    port: int,
    operations_port: int,
    *,
    supabase_url: str,
    publishable_key: str,
    database_url: str,
    state: Path | None = None,
) -> Service:
    """The gateway, which keeps its last recommendations in `state`.

    Everything else about it comes from the environment that the stack was started in.
    """
    environment = {
        "ENVIRONMENT": os.environ.get("ENVIRONMENT", "development"),
        "SUPABASE_URL": supabase_url,
        "SUPABASE_PUBLISHABLE_KEY": publishable_key,
        "GATEWAY_DATABASE_URL": database_url,
        "GATEWAY_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "OPERATIONS_HOST": HOST,
        "OPERATIONS_PORT": str(operations_port),
    }
    if state is not None and "RECOMMENDATIONS_FILE" not in os.environ:
        environment["RECOMMENDATIONS_FILE"] = str(state / "recommendations.json")
    ready = f"http://{HOST}:{port}/health/ready"
    return Service("gateway", [sys.executable, "-m", "gateway.app"], _environment(environment), ready)


def worker_service(*, supabase_url: str, publishable_key: str, database_url: str) -> Service:
    """The worker that embeds texts. It serves nothing: it is at work once it runs."""
    environment = {
        "ENVIRONMENT": os.environ.get("ENVIRONMENT", "development"),
        "SUPABASE_URL": supabase_url,
        "SUPABASE_PUBLISHABLE_KEY": publishable_key,
        "WORKER_DATABASE_URL": database_url,
    }
    return Service("worker", [sys.executable, "-m", "gateway.worker"], _environment(environment))


def _environment(own: Mapping[str, str]) -> dict[str, str]:
    # A child knows its own secrets only, whatever the shell that started the stack had loaded.
    kept = {name: value for name, value in os.environ.items() if name not in _SECRETS}
    return {**kept, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1", **own}


# Secrets that a deployment gives to its functions alone.
_OF_FUNCTIONS = ("PAYMENT_WEBHOOK_SECRETS",)
_SECRETS = {
    *_OF_FUNCTIONS,
    "DATABASE_URL",
    "ADMIN_DATABASE_URL",
    "GATEWAY_DATABASE_URL",
    "WORKER_DATABASE_URL",
    "JWT_SECRET",
    "SUPABASE_SECRET_KEY",
    "DEMO_PASSWORD",
}
