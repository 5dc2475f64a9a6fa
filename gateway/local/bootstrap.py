"""Turns an empty PostgreSQL database into what a hosted Supabase database is before the first migration."""

import hashlib
import subprocess
from pathlib import Path

import deno

from gateway.local.errors import LocalError
from gateway.local.paths import DENO_CONFIG, REPOSITORY, SUPABASE_LOCAL
from gateway.migrations.runner import connect, execute_script

_SOURCES = ("bootstrap.sql", "system_schema.ts", "post.sql", "deno.lock")


def deno_command(script: Path, *permissions: str) -> list[str]:
    """The arguments that run a Deno script of this repository with the locked modules and without the network."""
    return [deno.find_deno_bin(), "run", "--cached-only", f"--config={DENO_CONFIG}", *permissions, str(script)]


def system_schema() -> str:
    """The SQL that creates the tables of the auth and storage schemas, from the Data API's own package."""
    command = deno_command(SUPABASE_LOCAL / "system_schema.ts", "-A")
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=REPOSITORY)
    if done.returncode != 0:
        raise LocalError(f"cannot read the schema of auth and storage:\n{done.stderr.strip()}")
    return done.stdout


def fingerprint() -> str:
    """Changes whenever a bootstrapped database would come out differently."""
    digest = hashlib.sha256()
    for name in _SOURCES:
        digest.update((SUPABASE_LOCAL / name).read_bytes())
    return digest.hexdigest()


def bootstrap(admin_url: str) -> None:
    """Create roles, schemas, extensions, the auth and storage tables and their privileges, as superuser; idempotent."""
    scripts = [_read("bootstrap.sql"), system_schema(), _read("post.sql")]
    with connect(admin_url) as connection, connection.transaction():
        connection.execute("set local client_min_messages = warning")  # "already exists, skipping" is expected
        for script in scripts:
            execute_script(connection, script)


def create_event_trigger(admin_url: str) -> None:
    """Apply, as superuser, what a migration may do by itself on hosted only; idempotent."""
    with connect(admin_url) as connection:
        execute_script(connection, _read("event_trigger.sql"))


def _read(name: str) -> str:
    return (SUPABASE_LOCAL / name).read_text(encoding="utf-8")
