"""Scratch databases: one server per test session, one template, one clone of it per module."""

import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from gateway.local.bootstrap import bootstrap, create_event_trigger
from gateway.local.cluster_directory import remove, settle
from gateway.local.os_accounts import server_account
from gateway.local.postgres import BUILTIN_LOCALE, Cluster
from gateway.migrations.runner import migrate
from tests.support.ports import free_port

TEMPLATE = "tidegate_template"
# A folder with another PostgreSQL than the wheel's (tests/support/postgres_17.py makes one), which sorts texts as the
# databases of hosted projects do: the wheel has no ICU.
OTHER_POSTGRES = "TEST_POSTGRES"
HOSTED_LOCALE = ("--locale-provider=icu", "--icu-locale=en_US.UTF-8")


@dataclass(frozen=True)
class Database:
    """One database of the scratch server. Roles have no passwords there: the loopback interface is trusted."""

    name: str
    port: int

    def url_for(self, role: str) -> str:
        """The connection URL of `role`: tidegate_gateway, tidegate_worker, supabase_lite, authenticator, …"""
        return f"postgresql://{role}@127.0.0.1:{self.port}/{self.name}"

    @property
    def admin_url(self) -> str:
        """As supabase_admin, the superuser."""
        return self.url_for("supabase_admin")

    @property
    def url(self) -> str:
        """As postgres: owner of the tables, not a superuser."""
        return self.url_for("postgres")

    def connect(self, role: str = "postgres") -> psycopg.Connection[Any]:
        """A connection as `role` that commits by itself; close it with `with`."""
        return psycopg.connect(self.url_for(role), autocommit=True)


class ScratchCluster:
    """A PostgreSQL server in a temporary directory, on a free port; without durability unless asked for."""

    def __init__(self, logs: Path, *, durable: bool = False, home: Path | None = None) -> None:
        """Name its files; `home` is a folder that keeps them when the server stops, for what takes long to build."""
        self.logs = logs
        self._is_kept = home is not None
        # Not pytest's tmp_path: as root that lies under a directory that the server's account cannot reach.
        self.home = home or Path(tempfile.mkdtemp(prefix="tidegate-test-"))
        self.home.chmod(0o711)
        other = os.environ.get(OTHER_POSTGRES)
        installation = Path(other).resolve() if other else None
        files = settle(self.home, server_account(), lambda _message: None, installation)
        locale = HOSTED_LOCALE if other else BUILTIN_LOCALE
        self.server = Cluster(files, free_port(), password=None, scratch=not durable, locale=locale)

    def start(self) -> None:
        """Create the server's files and start it; its log is `postgres.log`."""
        self.server.initialise()
        with (self.logs / "postgres.log").open("ab") as log:
            self.server.start(log)

    def stop(self) -> None:
        """Stop the server and delete its files, unless they are kept."""
        self.server.stop()
        if self._is_kept:
            return
        remove(self.home)
        shutil.rmtree(self.home)

    def database(self, name: str) -> Database:
        """The database called `name`, which need not exist yet."""
        return Database(name, self.server.port)

    def build_template(self) -> Database:
        """Create the database that the others are clones of: bootstrapped, migrated, empty."""
        template = self._create(TEMPLATE, "template0")
        bootstrap(template.admin_url)
        migrate(template.url, lambda _message: None)
        create_event_trigger(template.admin_url)
        return template

    def clone(self, prefix: str = "test") -> Database:
        """A new database with the template's content, and its rights: a template does not hand those on."""
        clone = self._create(f"{prefix}_{secrets.token_hex(4)}", TEMPLATE)
        with clone.connect() as connection:
            connection.execute("select private.forbid_temporary_objects()")
        return clone

    def empty(self, *, bootstrapped: bool = True) -> Database:
        """A new database without the migrations."""
        database = self._create(f"empty_{secrets.token_hex(4)}", "template0")
        if bootstrapped:
            bootstrap(database.admin_url)
        return database

    def drop(self, database: Database) -> None:
        """Remove a database, ending the connections to it."""
        with self._administer() as connection:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(database.name)))

    def _create(self, name: str, template: str) -> Database:
        with self._administer() as connection:
            # The role postgres comes with the first bootstrap, which also makes it the owner.
            has_owner = connection.execute("select from pg_roles where rolname = 'postgres'").fetchone() is not None
            statement = sql.SQL("create database {} template {} owner {}").format(
                sql.Identifier(name),
                sql.Identifier(template),
                sql.Identifier("postgres" if has_owner else "supabase_admin"),
            )
            connection.execute(statement)
        return self.database(name)

    def _administer(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.server.admin_url(), autocommit=True)
