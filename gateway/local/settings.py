"""What the command line takes from the environment: the state directory, the ports, and whether a project is given."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gateway.local.errors import LocalError
from gateway.local.paths import REPOSITORY


@dataclass(frozen=True)
class LocalSettings:
    """Where the state lies, and the ports of the servers on the loopback interface."""

    home: Path
    gateway_port: int
    supabase_port: int
    postgres_port: int
    operations_port: int

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "LocalSettings":
        """Read TIDEGATE_HOME and the ports, OPERATIONS_PORT among them; LocalError for a port that is none."""
        home = Path(environment.get("TIDEGATE_HOME") or REPOSITORY / ".tidegate").expanduser().absolute()
        gateway = _port(environment, "GATEWAY_PORT", 8000)
        settings = cls(
            home,
            gateway,
            _port(environment, "SUPABASE_PORT", 54321),
            _port(environment, "POSTGRES_PORT", 54322),
            _port(environment, "OPERATIONS_PORT", min(gateway + 1, 65535)),
        )
        ports = (settings.gateway_port, settings.supabase_port, settings.postgres_port, settings.operations_port)
        if len(set(ports)) < len(ports):
            raise LocalError("GATEWAY_PORT, SUPABASE_PORT, POSTGRES_PORT and OPERATIONS_PORT must be different ports")
        return settings


@dataclass(frozen=True)
class Project:
    """A Supabase project that runs elsewhere: hosted, self-hosted, or `supabase start`."""

    url: str
    publishable_key: str
    secret_key: str = field(repr=False)
    database_url: str = field(repr=False)

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "Project | None":
        """The project that SUPABASE_URL names, or None; LocalError when what belongs to it is missing."""
        if not names_project(environment):
            return None
        names = ("SUPABASE_URL", "SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SECRET_KEY", "DATABASE_URL")
        if missing := [name for name in names if not environment.get(name)]:
            raise LocalError(
                f"SUPABASE_URL is set, so that its project is used, but {', '.join(missing)} is not. "
                "Set it too, or unset SUPABASE_URL to start the local stack"
            )
        url, publishable_key, secret_key, database_url = (environment[name] for name in names)
        return cls(url.rstrip("/"), publishable_key, secret_key, database_url)


def names_project(environment: Mapping[str, str]) -> bool:
    """Whether SUPABASE_URL names a project that runs elsewhere.

    A shell that has loaded the `env` file of a local stack names that stack, which is none.
    """
    url = environment.get("SUPABASE_URL")
    return bool(url) and url != environment.get("LOCAL_SUPABASE_URL")


def _port(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isascii() or not text.isdecimal() or not 0 < int(text) < 65536:
        raise LocalError(f"{name} must be a port between 1 and 65535, not {text!r}")
    return int(text)
