"""Everything that a gateway depends on, real and breakable: PostgreSQL, Supabase's API, embedder, models."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2

from tests.answers.world import piece_vector
from tests.bench.processes import Cost, cost_of
from tests.chaos.models import Models
from tests.chaos.servers import Servers
from tests.support.databases import Database
from tests.support.fake_embedder import FakeEmbedder
from tests.support.far_host import FarHost
from tests.support.proxy import Proxy
from tests.support.stack import Process, Stack
from tests.support.waiting import PATIENCE_S, wait_until

REQUEST_S = 3.0
DOCUMENTS = 30
# One that asks everything at once would have to wait for those that ask less.
PEOPLE = tuple(f"chaos-{number}@example.org" for number in range(11))


class World:
    """The parts, and the doors between them."""

    def __init__(self, logs: Path, state: Path, *, worker_metrics_port: int | None = None) -> None:
        self.logs = logs
        self.worker_metrics_port = worker_metrics_port
        self.servers = Servers(logs)
        self.embedder = FakeEmbedder()
        # Texts that share words are near: a question is compared with the sentences that answer it.
        self.embedder.vector = piece_vector
        self.models = Models()
        self.far_host: FarHost | None = None
        self.stack: Stack
        self.gateway: Process
        self.worker: Process
        self.api: Process
        self.tokens: list[str] = []
        self.revoked: set[str] = set()
        self._state = state
        self.to_database = Proxy(self.servers.cluster.server.port)
        self.to_api = Proxy(0)
        self.to_embedder = Proxy(self.embedder.port)
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
            ending.enter_context(self.servers.running(with_standby=with_standby, with_disk=with_disk))
            ending.enter_context(self.embedder.running())
            await ending.enter_async_context(self.models.running())
            self.stack = Stack(self.servers.database, self._state, self.logs)
            self.stack.patience = {}
            ending.callback(self.stack.stop)
            self.to_api.target_port = self.stack.supabase_port
            for door in (self.to_database, self.to_api, self.to_embedder):
                await ending.enter_async_context(door.running())
            if with_network:
                far_host = FarHost(self._state)
                if await ending.enter_async_context(far_host.running(self.to_database.port)):
                    self.far_host = far_host
            await asyncio.to_thread(self._start_processes)
            await asyncio.to_thread(self._fill)
            yield self

    @property
    def database(self) -> Database:
        """On the server, or on what took its place."""
        return self.servers.database

    def fail_over(self) -> None:
        """The standby is the server from now on, and the address of the server leads there."""
        self.stack.database = self.servers.promote_standby()
        self.to_database.target_port = self.stack.database.port

    # Processes ----------------------------------------------------------------------------------------------------

    def _start_processes(self) -> None:
        self.api = self.start_api()
        self.worker = self.start_worker()
        self.start_gateway()

    def start_api(self) -> Process:
        """Start Supabase's API, known to everybody by the address of its door."""
        return self.stack.start_api(API_EXTERNAL_URL=self.supabase_url)

    def start_worker(self, **environment: str) -> Process:
        """Start a worker; `environment` adds settings."""
        port = {} if self.worker_metrics_port is None else {"WORKER_METRICS_PORT": f"{self.worker_metrics_port}"}
        return self.stack.start_worker(
            **self._embedding, **port, WORKER_BACKOFF_S="0.05", WORKER_LEASE_S="2", **environment
        )

    def start_gateway(self) -> None:
        """Start the gateway, which reaches everything through the doors."""
        self.gateway = self.stack.start_gateway(**self.gateway_settings)

    @property
    def gateway_settings(self) -> dict[str, str]:
        """Of a gateway that reaches everything through the doors."""
        replica = {}
        standby = self.servers.standby
        if standby is not None:
            at = f"127.0.0.1:{standby.port}/{self.database.name}"
            replica = {"REPLICA_DATABASE_URL": f"postgresql://tidegate_gateway@{at}"}
        return {
            "SUPABASE_URL": self.supabase_url,
            "GATEWAY_DATABASE_URL": f"postgresql://tidegate_gateway@{self.database_address}/{self.database.name}",
            "REQUEST_TIMEOUT_S": str(REQUEST_S),
            "LOG_LEVEL": "warning",
            "LIVE_RECALL_SHARE": "1",  # as many as its own bounds allow
            **self._embedding,
            **self.models.environment,
            **replica,
        }

    @property
    def database_address(self) -> str:
        """Where the gateway finds the database."""
        far = self.far_host
        return f"{far.address}:{far.port}" if far is not None else f"127.0.0.1:{self.to_database.port}"

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

    def revoke_tokens(self) -> None:
        """Expect no more of the tokens that everybody has."""
        self.revoked.update(self.tokens)

    def sign_in(self) -> None:
        """Get everybody a token of now."""
        self.tokens = [self._token_of(email) for email in PEOPLE]

    def _token_of(self, email: str) -> str:
        response = httpx2.post(
            f"{self.stack.supabase_url}/auth/v1/token?grant_type=password",
            json={"email": email, "password": self._password},
            headers={"apikey": self.stack.keys.publishable_key},
            timeout=PATIENCE_S,
            trust_env=False,
        )
        return str(response.raise_for_status().json()["access_token"])

    def write(self, title: str, visibility: str = "private", within_s: float = PATIENCE_S) -> None:
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
            timeout=within_s,
            trust_env=False,
        )
        response.raise_for_status()
        self.written.add(title)

    def write_some(self) -> None:
        """Write one more, if that is possible now."""
        try:
            self.write(f"log {uuid.uuid4()}", within_s=3)
        except httpx2.HTTPError:
            return  # not acknowledged, so nothing was promised

    def headers_of(self, person: int) -> dict[str, str]:
        """Of a request by one of PEOPLE."""
        return {"apikey": self.stack.keys.publishable_key, "Authorization": f"Bearer {self.tokens[person]}"}

    def lost(self) -> set[str]:
        """What was acknowledged and is not there."""
        return self.written - {title for (title,) in self._rows("select title from public.documents")}

    def wait_searchable(self, titles: list[str]) -> None:
        """Wait until these documents have their vectors."""

        def are_ready() -> bool:
            ready = {title for (title,) in self._rows("select title from public.documents where status = 'ready'")}
            return set(titles) <= ready

        wait_until(are_ready, "every document being searchable", every_s=0.1)

    def _rows(self, query: str) -> list[Any]:
        with self.database.connect("supabase_admin") as admin:
            return admin.execute(query.encode()).fetchall()
