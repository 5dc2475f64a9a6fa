"""PostgreSQL as it can be broken: killed and frozen, its disk filled, and a standby that takes its place."""

import errno
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from signal import Signals

import psycopg

from gateway.local.cluster_directory import remove, settle
from gateway.local.os_accounts import server_account, spawn_as
from gateway.local.postgres import Cluster
from tests.support.databases import Database, ScratchCluster
from tests.support.ports import free_port
from tests.support.runs import descendants

DISK_MB = 1200
FILLER = "filler"


class Servers:
    """The server and its standby."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        # What was acknowledged must outlive a kill.
        self.cluster = ScratchCluster(logs, durable=True)
        self.database: Database
        self.standby: Cluster | None = None
        self.standby_home: Path | None = None
        self.disk: Path | None = None

    @contextmanager
    def running(self, *, with_standby: bool, with_disk: bool) -> Iterator[None]:
        """The server with a database, and a standby that has all of it; its disk is small where that can be had."""
        with ExitStack() as ending:
            ending.callback(self._stop)
            if with_disk:
                self._mount()
            self._start(with_standby)
            yield

    def _start(self, with_standby: bool) -> None:
        self.cluster.start()
        self.cluster.build_template()
        self.database = self.cluster.clone()
        if with_standby:
            self._start_standby()

    def _start_standby(self) -> None:
        primary = self.cluster.server
        # Not beside the server: its disk is filled, and a standby without room for what it is sent gives up for good.
        home = self.standby_home = Path(tempfile.mkdtemp(prefix="tidegate-test-"))
        home.chmod(0o711)
        files = settle(home, server_account(), lambda _message: None, primary.files.installation)
        files.data.mkdir(mode=0o700)
        if files.account is not None:
            os.chown(files.data, files.account.uid, files.account.gid)
        subprocess.run(
            [
                str(primary.files.binary("pg_basebackup")), "--write-recovery-conf", "--checkpoint=fast",
                f"--dbname={primary.admin_url()}", f"--pgdata={files.data}",
            ],
            check=True, capture_output=True, cwd="/", env=primary.environment(), **spawn_as(files.account),
        )  # fmt: skip
        with (files.data / "postgresql.auto.conf").open("a") as settings:
            settings.write("wal_retrieve_retry_interval = '200ms'\n")
        self.standby = Cluster(files, free_port(), password=None)
        with (self.logs / "standby.log").open("ab") as log:
            self.standby.start(log)
        # What is acknowledged is on both, and outlives the fail-over.
        with self.database.connect("supabase_admin") as admin:
            admin.execute("alter system set synchronous_standby_names = '*'")
            admin.execute("select pg_reload_conf()")

    def promote_standby(self) -> Database:
        """The standby is the server from now on; the database on it."""
        assert self.standby is not None
        with psycopg.connect(self.standby.admin_url(), autocommit=True) as admin:
            admin.execute("alter system reset synchronous_standby_names")
            admin.execute("select pg_promote()")
        self.database = replace(self.database, port=self.standby.port)
        return self.database

    def restart(self) -> None:
        """Start the server again, as whoever supervises it would."""
        with (self.logs / "postgres.log").open("ab") as log:
            self.cluster.server.start(log)

    def pids(self) -> list[int]:
        """The server and everything that it has started."""
        pid = int((self.cluster.server.files.data / "postmaster.pid").read_text().splitlines()[0])
        return [pid, *descendants(pid)]

    def signal(self, number: Signals) -> None:
        """Send all of it a signal."""
        for pid in self.pids():
            with suppress(ProcessLookupError):  # a session that has ended by now
                os.kill(pid, number)

    def _stop(self) -> None:
        if self.standby is not None:
            self.standby.stop()
        if self.standby_home is not None:
            remove(self.standby_home)
            shutil.rmtree(self.standby_home)
        self.cluster.server.stop()
        if self.disk is not None:
            subprocess.run(["umount", str(self.disk)], check=True)
        self.cluster.stop()

    def _mount(self) -> None:
        """Give the server a small disk of its own, where that is allowed."""
        home = str(self.cluster.home)
        command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=711", "tmpfs", home]
        if subprocess.run(command, check=False, capture_output=True).returncode == 0:
            self.disk = self.cluster.home
            self.cluster.server.files.directory.mkdir()  # the one made before lies underneath

    def fill_disk(self) -> None:
        """Leave not a byte."""
        assert self.disk is not None
        block = bytes(1 << 20)
        with (self.disk / FILLER).open("wb", buffering=0) as filler:
            try:
                while filler.write(block):
                    pass
            except OSError as error:
                assert error.errno == errno.ENOSPC, error

    def free_disk(self) -> None:
        """As before; whoever supervises the server starts it if it gave up."""
        assert self.disk is not None
        (self.disk / FILLER).unlink()
        if not self.cluster.server.answers():
            self.restart()
