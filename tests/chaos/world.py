"""Everything that a gateway depends on, real and breakable: PostgreSQL and a standby, Supabase's API, an embedder."""

import asyncio
import errno
import os
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import psycopg

from gateway.local.cluster_directory import remove, settle
from gateway.local.os_accounts import server_account, spawn_as
from gateway.local.ports import free_port
from gateway.local.postgres import Cluster
from tests.bench.processes import Cost, cost_of
from tests.support.databases import Database, ScratchCluster
from tests.support.fake_embedder import FakeEmbedder
from tests.support.far_host import FarHost
from tests.support.proxy import Proxy
from tests.support.runs import descendants
from tests.support.stack import Process, Stack
from tests.support.waiting import wait_until

REQUEST_S = 3.0
DOCUMENTS = 30
# One that asks everything at once would have to wait for those that ask less.
PEOPLE = tuple(f"chaos-{number}@example.org" for number in range(6))
DISK_MB = 1200
FILLER = "filler"


class World:
    """The parts, and the doors between them."""

    def __init__(self, logs: Path, state: Path, *, worker_metrics_port: int | None = None) -> None:
        self.logs = logs
        self.worker_metrics_port = worker_metrics_port
        # What was acknowledged must outlive a kill.
        self.cluster = ScratchCluster(logs, durable=True)
        self.embedder: FakeEmbedder
        self.standby: Cluster | None = None
        self.standby_home: Path | None = None
        self.disk: Path | None = None
        self.far_host: FarHost | None = None
        self.database: Database
        self.stack: Stack
        self.gateway: Process
        self.worker: Process
        self.api: Process
        self.tokens: list[str] = []
        self._state = state
        self.to_database = Proxy(self.cluster.server.port)
        self.to_api = Proxy(0)
        self.to_embedder = Proxy(0)
        self.written: set[str] = set()
        self.document = ""
        self._password = "a long enough password"

    @asynccontextmanager
    async def running(
        self, *, with_standby: bool = False, with_disk: bool = False, with_network: bool = False
    ) -> AsyncIterator["World"]:
        """Everything up, some documents searchable, and PEOPLE signed in.

        A small disk for PostgreSQL and a network of its own are there afterwards where they could be had.
        """
        async with AsyncExitStack() as ending:
            ending.callback(self._stop_postgres)
            if with_disk:
                self._mount()
            await asyncio.to_thread(self._start_postgres, with_standby)
            self.embedder = ending.enter_context(FakeEmbedder().running())
            self.stack = Stack(self.database, self._state, self.logs)
            ending.callback(self.stack.stop)
            self.to_api.target_port = self.stack.supabase_port
            self.to_embedder.target_port = int(self.embedder.url.split(":")[2].split("/")[0])
            for door in (self.to_database, self.to_api, self.to_embedder):
                await ending.enter_async_context(door.running())
            if with_network:
                far_host = FarHost(self._state)
                if await ending.enter_async_context(far_host.running(self.to_database.port)):
                    self.far_host = far_host
            await asyncio.to_thread(self._start_processes)
            await asyncio.to_thread(self._fill)
            yield self

    # PostgreSQL ---------------------------------------------------------------------------------------------------

    def _start_postgres(self, with_standby: bool) -> None:
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

    def promote_standby(self) -> None:
        """The standby is the server from now on."""
        assert self.standby is not None
        with psycopg.connect(self.standby.admin_url(), autocommit=True) as admin:
            admin.execute("alter system reset synchronous_standby_names")
            admin.execute("select pg_promote()")
        self.database = self.stack.database = replace(self.database, port=self.standby.port)
        self.to_database.target_port = self.standby.port

    def restart_postgres(self) -> None:
        """Start the server again, as whoever supervises it would."""
        with (self.logs / "postgres.log").open("ab") as log:
            self.cluster.server.start(log)

    def postgres_pids(self) -> list[int]:
        """The server and everything that it has started."""
        pid = int((self.cluster.server.files.data / "postmaster.pid").read_text().splitlines()[0])
        return [pid, *descendants(pid)]

    def signal_postgres(self, number: signal.Signals) -> None:
        """Send all of it a signal."""
        for pid in self.postgres_pids():
            os.kill(pid, number)

    def _stop_postgres(self) -> None:
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
            self.restart_postgres()

    # Processes ----------------------------------------------------------------------------------------------------

    def _start_processes(self) -> None:
        self.api = self.start_api()
        self.worker = self.start_worker()
        self.start_gateway()

    def start_api(self) -> Process:
        """Start Supabase's API, known to everybody by the address of its door."""
        return self.stack.start_api(API_EXTERNAL_URL=self.supabase_url)

    def start_worker(self) -> Process:
        """Start a worker."""
        port = {} if self.worker_metrics_port is None else {"WORKER_METRICS_PORT": f"{self.worker_metrics_port}"}
        return self.stack.start_worker(**self._embedding, **port, WORKER_BACKOFF_S="0.05", WORKER_LEASE_S="2")

    def start_gateway(self) -> None:
        """Start the gateway, which reaches everything through the doors."""
        far = self.far_host
        at = f"{far.address}:{far.port}" if far is not None else f"127.0.0.1:{self.to_database.port}"
        database = f"postgresql://tidegate_gateway@{at}/{self.database.name}"
        replica = {}
        if self.standby is not None:
            at = f"127.0.0.1:{self.standby.port}/{self.database.name}"
            replica = {"REPLICA_DATABASE_URL": f"postgresql://tidegate_gateway@{at}"}
        self.gateway = self.stack.start_gateway(
            SUPABASE_URL=self.supabase_url,
            GATEWAY_DATABASE_URL=database,
            REQUEST_TIMEOUT_S=str(REQUEST_S),
            LOG_LEVEL="warning",
            **self._embedding,
            **replica,
        )

    @property
    def _embedding(self) -> dict[str, str]:
        return {**self.embedder.environment, "EMBEDDER_URL": f"http://127.0.0.1:{self.to_embedder.port}/v1"}

    @property
    def supabase_url(self) -> str:
        """Where the gateway finds Supabase."""
        return f"http://127.0.0.1:{self.to_api.port}"

    def cost(self) -> Cost:
        """What the gateway uses."""
        return cost_of([self.gateway.pid])

    def descriptors(self) -> int:
        """Files and sockets that the gateway has open."""
        return len(list(Path(f"/proc/{self.gateway.pid}/fd").iterdir()))

    # Rows ---------------------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        sessions = [self.stack.sign_up(email, self._password) for email in PEOPLE]
        self.tokens = [session["access_token"] for session in sessions]
        with self.database.connect("supabase_admin") as admin:
            row = admin.execute(
                "insert into public.organizations (name, slug, created_by, may_publish)"
                " values ('Moorings', 'moorings', %s, true) returning id",
                (sessions[0]["user"]["id"],),
            ).fetchone()
        assert row is not None
        self.publisher = str(row[0])
        titles = [f"mooring {number}" for number in range(DOCUMENTS)]
        for title in titles:
            self.write(title, "public" if title.endswith("0") else "private")
        self.document = str(self._rows("select id from public.documents where visibility = 'public' limit 1")[0][0])
        self._stock()
        self.wait_searchable(titles)

    def _stock(self) -> None:
        """Put products on a shelf, and have the person look at one."""
        with self.database.connect("supabase_admin") as admin:
            admin.execute("insert into public.categories (slug, name) values ('lines', 'Lines')")
            admin.execute(
                "insert into public.products (category_id, sku, name, price, stock)"
                " select c.id, 'LINE-' || n, 'Line ' || n, n, n from public.categories c, generate_series(1, 20) n"
            )
            admin.execute(
                "insert into public.interactions (user_id, product_id, kind) select u.id, p.id, 'view'"
                " from auth.users u, public.products p where p.sku = 'LINE-1'"
            )

    def sign_in(self) -> None:
        """Get everybody a token of now."""
        self.tokens = [self._token_of(email) for email in PEOPLE]

    def _token_of(self, email: str) -> str:
        response = httpx2.post(
            f"{self.stack.supabase_url}/auth/v1/token?grant_type=password",
            json={"email": email, "password": self._password},
            headers={"apikey": self.stack.keys.publishable_key},
            timeout=10,
            trust_env=False,
        )
        return str(response.raise_for_status().json()["access_token"])

    def write(self, title: str, visibility: str = "private") -> None:
        """Write a document through the Data API, and remember it once that was acknowledged; httpx2.HTTPError."""
        response = httpx2.post(
            f"{self.stack.supabase_url}/rest/v1/documents",
            json={
                "title": title,
                "content": "How boats are moored.",
                "visibility": visibility,
                "organization_id": self.publisher if visibility == "public" else None,
            },
            headers=self.headers_of(0) | {"Prefer": "return=minimal"},
            timeout=3,
            trust_env=False,
        )
        response.raise_for_status()
        self.written.add(title)

    def write_some(self) -> None:
        """Write one more, if that is possible now."""
        try:
            self.write(f"log {uuid.uuid4()}")
        except httpx2.HTTPError:
            return  # not acknowledged, so nothing was promised

    def headers_of(self, person: int) -> dict[str, str]:
        """Of a request by one of PEOPLE."""
        return {"apikey": self.stack.keys.publishable_key, "Authorization": f"Bearer {self.tokens[person]}"}

    def lost(self) -> set[str]:
        """What was acknowledged and is not there."""
        return self.written - {title for (title,) in self._rows("select title from public.documents")}

    def wait_searchable(self, titles: list[str], deadline_s: float = 60) -> None:
        """Wait until these documents have their vectors."""

        def are_ready() -> bool:
            ready = {title for (title,) in self._rows("select title from public.documents where status = 'ready'")}
            return set(titles) <= ready

        wait_until(are_ready, deadline_s, "every document being searchable", every_s=0.1)

    def _rows(self, query: str) -> list[Any]:
        with self.database.connect("supabase_admin") as admin:
            return admin.execute(query.encode()).fetchall()
