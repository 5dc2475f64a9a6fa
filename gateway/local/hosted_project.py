"""Gateway and worker on a Supabase project that runs elsewhere; nothing local is started beside them."""

import asyncio
import os
from collections.abc import Callable
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from gateway.local.errors import LocalError
from gateway.local.ports import HOST
from gateway.local.services import gateway_service, worker_service
from gateway.local.settings import LocalSettings, Project
from gateway.local.stack import Stack
from gateway.local.state import DEMO_EMAILS, State
from gateway.migrations.passwords import set_passwords
from gateway.migrations.runner import pending


async def start_external(settings: LocalSettings, project: Project, state: State, stack: Stack) -> dict[str, str]:
    """Check the project's migrations, give the two logins their passwords, start gateway and worker."""
    stack.console.say(f"SUPABASE_URL is set: using the project at {project.url}")
    await asyncio.to_thread(_require_migrated, project.database_url)
    logins = await asyncio.to_thread(_logins, project, state, stack.console.say)
    worker = worker_service(
        supabase_url=project.url,
        publishable_key=project.publishable_key,
        database_url=logins["WORKER_DATABASE_URL"],
    )
    gateway = gateway_service(
        settings.gateway_port,
        settings.operations_port,
        supabase_url=project.url,
        publishable_key=project.publishable_key,
        database_url=logins["GATEWAY_DATABASE_URL"],
        state=state.files,
    )
    for service in (worker, gateway):
        await stack.start_service(service)
    await stack.until_ready([gateway])
    demo = {name: os.environ[name] for name in ("DEMO_PASSWORD", *DEMO_EMAILS) if os.environ.get(name)}
    return {
        "GATEWAY_URL": f"http://{HOST}:{settings.gateway_port}",
        "OPERATIONS_URL": f"http://{HOST}:{settings.operations_port}",
        "SUPABASE_URL": project.url,
        "SUPABASE_PUBLISHABLE_KEY": project.publishable_key,
        "SUPABASE_SECRET_KEY": project.secret_key,
        "DATABASE_URL": project.database_url,
        **logins,
        **demo,
    }


def login_url(database_url: str, role: str, password: str) -> str:
    """`database_url` for another login. A shared pooler's user is `<role>.<project>`: the part after the dot stays."""
    parts = urlsplit(database_url)
    if not parts.hostname or parts.username is None:
        raise LocalError("DATABASE_URL must be a URL with a user and a host: postgresql://user:password@host:port/db")
    _, dot, project = unquote(parts.username).partition(".")
    address = parts.netloc.rpartition("@")[2]
    user = quote(f"{role}{dot}{project}", safe="")
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{address}"))


def _require_migrated(database_url: str) -> None:
    if missing := pending(database_url):
        names = "\n".join(f"  {migration.path.name}" for migration in missing)
        raise LocalError(f"the database lacks {len(missing)} migrations; run `make migrate`, then this again:\n{names}")


def _logins(project: Project, state: State, report: Callable[[str], None]) -> dict[str, str]:
    """The URLs of the two logins: as given, else with passwords of this state directory, which are set now."""
    given = {name: os.environ.get(name, "") for name in ("GATEWAY_DATABASE_URL", "WORKER_DATABASE_URL")}
    if all(given.values()):
        return given
    secrets = state.secrets()
    passwords = {"tidegate_gateway": secrets.gateway_password, "tidegate_worker": secrets.worker_password}
    report(
        "giving tidegate_gateway and tidegate_worker the passwords of this state directory: what else logs in as them "
        "is locked out, unless GATEWAY_DATABASE_URL and WORKER_DATABASE_URL say what it uses"
    )
    set_passwords(project.database_url, passwords)
    return {
        "GATEWAY_DATABASE_URL": login_url(project.database_url, "tidegate_gateway", secrets.gateway_password),
        "WORKER_DATABASE_URL": login_url(project.database_url, "tidegate_worker", secrets.worker_password),
    }
