"""The steps by which the local stack comes up, in an order that keeps the slow ones side by side."""

import asyncio
import signal
from collections.abc import Callable

import psycopg

from gateway.local import bootstrap, cluster_directory
from gateway.local.os_accounts import server_account
from gateway.local.ports import HOST
from gateway.local.postgres import Cluster
from gateway.local.services import Keys, Service, api_service, gateway_service, worker_service
from gateway.local.settings import LocalSettings
from gateway.local.stack import Stack, poll
from gateway.local.state import DEMO_EMAILS, Secrets, State
from gateway.local.supervisor import ChildSpec
from gateway.migrations.passwords import set_passwords
from gateway.migrations.runner import connect, migrate, read_migrations

# One statement sees jobs and sources at the same moment.
_JOBS = "select count(*) from private.embedding_jobs where failed_at is null"
_STALLED_AFTER_S = 60.0


async def start_local(settings: LocalSettings, state: State, stack: Stack) -> dict[str, str]:
    """Bring up PostgreSQL, API, worker and gateway, migrate and seed; returns what the `env` file shall hold."""
    console = stack.console
    cluster, secrets = await asyncio.to_thread(_prepare_cluster, settings, state, console.say)
    await _start_postgres(cluster, stack)
    await stack.guard(asyncio.to_thread(_prepare_database, cluster, secrets, state, console.say))
    values = connection_values(settings, cluster, secrets)
    services = _services(settings, cluster, secrets, state, values)
    for service in services:
        await stack.start_service(service)
    await stack.until_ready([service for service in services if service.ready_url is not None])
    if not state.mark("seeded").exists():
        await _seed(values, state, stack)
    return values


def connection_values(settings: LocalSettings, cluster: Cluster, secrets: Secrets) -> dict[str, str]:
    """The content of the `env` file of a local stack."""
    supabase_url = f"http://{HOST}:{settings.supabase_port}"
    return {
        "GATEWAY_URL": f"http://{HOST}:{settings.gateway_port}",
        "OPERATIONS_URL": f"http://{HOST}:{settings.operations_port}",
        "SUPABASE_URL": supabase_url,
        "LOCAL_SUPABASE_URL": supabase_url,  # the same: SUPABASE_URL names no project that runs elsewhere
        "SUPABASE_PUBLISHABLE_KEY": secrets.publishable_key,
        "SUPABASE_SECRET_KEY": secrets.secret_key,
        "DATABASE_URL": cluster.url("postgres", secrets.postgres_password),
        "GATEWAY_DATABASE_URL": cluster.url("tidegate_gateway", secrets.gateway_password),
        "WORKER_DATABASE_URL": cluster.url("tidegate_worker", secrets.worker_password),
        "DEMO_PASSWORD": secrets.demo_password,
        **DEMO_EMAILS,
    }


def open_cluster(settings: LocalSettings, state: State, report: Callable[[str], None]) -> tuple[Cluster, Secrets]:
    """The cluster of the state directory, not started, and its secrets."""
    secrets = state.secrets()
    location = cluster_directory.settle(state.home, server_account(), report)
    return Cluster(location, settings.postgres_port, password=secrets.admin_password), secrets


def migrate_local(cluster: Cluster, secrets: Secrets, state: State, report: Callable[[str], None]) -> int:
    """Apply what is pending to the running cluster, and what follows it; returns the number of files.

    What follows is noted by the newest version rather than by whether anything was pending: an interrupted run may
    have come just as far as the migrations.
    """
    done = migrate(cluster.url("postgres", secrets.postgres_password), report)
    mark, newest = state.mark("migrate"), read_migrations()[-1].version
    if not mark.exists() or mark.read_text() != newest:
        bootstrap.create_event_trigger(cluster.admin_url())
        mark.write_text(newest)
    # Every time: a gateway that used this stack as its project (see hosted_project.py) has given them others.
    logins = {"tidegate_gateway": secrets.gateway_password, "tidegate_worker": secrets.worker_password}
    set_passwords(cluster.admin_url(), logins)
    return len(done)


def _prepare_cluster(settings: LocalSettings, state: State, report: Callable[[str], None]) -> tuple[Cluster, Secrets]:
    cluster, secrets = open_cluster(settings, state, report)
    if cluster.initialise():
        report(f"created a PostgreSQL cluster in {cluster.files.data}")
    cluster.recover()
    return cluster, secrets


async def _start_postgres(cluster: Cluster, stack: Stack) -> None:
    spec = ChildSpec(
        "postgres",
        cluster.command(),
        cluster.environment(),
        account=cluster.files.account,
        stop_signal=signal.SIGINT,  # fast shutdown: open sessions are ended
        before=cluster.recover,
    )
    await stack.start(spec)

    async def answers() -> bool:
        return await asyncio.to_thread(cluster.answers)

    await stack.guard(poll(answers, 60, "PostgreSQL did not answer within 60 s"))


def _prepare_database(cluster: Cluster, secrets: Secrets, state: State, report: Callable[[str], None]) -> None:
    mark, fingerprint = state.mark("bootstrap"), bootstrap.fingerprint()
    if not mark.exists() or mark.read_text() != fingerprint:
        bootstrap.bootstrap(cluster.admin_url())
        logins = {"postgres": secrets.postgres_password, "supabase_lite": secrets.api_password}
        set_passwords(cluster.admin_url(), logins)
        mark.write_text(fingerprint)
        report("created the roles and schemas of a hosted database")
    migrate_local(cluster, secrets, state, report)


def _services(
    settings: LocalSettings, cluster: Cluster, secrets: Secrets, state: State, values: dict[str, str]
) -> list[Service]:
    supabase_url, publishable_key = values["SUPABASE_URL"], values["SUPABASE_PUBLISHABLE_KEY"]
    api = api_service(
        settings.supabase_port,
        Keys(secrets.jwt_secret, publishable_key, secrets.secret_key),
        login_url=cluster.url("supabase_lite", secrets.api_password),
        admin_url=cluster.admin_url(),
        state=state.files,
        gateway_url=values["GATEWAY_URL"],
    )
    worker = worker_service(
        supabase_url=supabase_url, publishable_key=publishable_key, database_url=values["WORKER_DATABASE_URL"]
    )
    gateway = gateway_service(
        settings.gateway_port,
        settings.operations_port,
        supabase_url=supabase_url,
        publishable_key=publishable_key,
        database_url=values["GATEWAY_DATABASE_URL"],
        state=state.files,
    )
    return [api, worker, gateway]


async def _seed(values: dict[str, str], state: State, stack: Stack) -> None:
    from gateway.local.seed import seed  # noqa: PLC0415  brings the client library along, for a first run alone

    stack.console.say("seeding")
    await stack.guard(seed(values, stack.console.say))
    await stack.guard(_wait_for_embeddings(values["DATABASE_URL"], stack))
    state.mark("seeded").touch()


async def _wait_for_embeddings(database_url: str, stack: Stack) -> None:
    """Wait until the worker has embedded the seed; when it stands still for a minute, say so and go on."""
    total = left = await asyncio.to_thread(_count_jobs, database_url)
    moved = asyncio.get_running_loop().time()
    with stack.console.progress("embedding the seed", total) as update:
        while left > 0:
            update(total - left)
            await asyncio.sleep(0.2)
            before, left = left, await asyncio.to_thread(_count_jobs, database_url)
            now = asyncio.get_running_loop().time()
            moved = now if left != before else moved
            if now - moved > _STALLED_AFTER_S:
                stack.console.say(f"the worker makes no progress; {left} texts are not searchable by meaning yet")
                return
        update(total)


def _count_jobs(database_url: str) -> int:
    with connect(database_url) as connection:
        row: psycopg.rows.TupleRow | None = connection.execute(_JOBS).fetchone()
    assert row is not None
    return int(row[0])
