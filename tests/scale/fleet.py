"""Three gateways behind HAProxy and two workers, on one database through PgBouncer, with a standby and a Redis."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Self

from tests.chaos.world import World
from tests.scale.haproxy import HaProxy
from tests.support.databases import Database
from tests.support.pgbouncer import pgbouncer
from tests.support.redis import Redis
from tests.support.stack import Process, Stack

GATEWAYS, WORKERS = 3, 2
POOLED = 20
DRAIN_S = 4
VISITORS_RATE = 40  # requests a day of one address without a token, which all gateways count together


class Fleet(World):
    """The world of chaos with more of everything."""

    def __init__(self, logs: Path, state: Path) -> None:
        super().__init__(logs, state)
        self.haproxy = HaProxy()
        self.redis = Redis(state)
        self.stacks: list[Stack] = []
        self.gateways: list[Process] = []
        self.workers: list[Process] = []
        self._pooled: Database | None = None
        self._ending = AsyncExitStack()

    @asynccontextmanager
    async def in_service(self) -> AsyncIterator[Self]:
        """Everything up and known to HAProxy."""
        async with self.running(with_standby=True), self._ending:
            ports = [stack.gateway_port for stack in self.stacks]
            with self.haproxy.running(ports, self.logs):
                for number in range(1, GATEWAYS + 1):
                    await asyncio.to_thread(self.haproxy.wait_for, number, "UP")
                yield self

    def _start_processes(self) -> None:
        self._ending.callback(self.redis.stop)
        self.redis.start()
        behind = Database(self.database.name, self.to_database.port)
        # PgBouncer, like a pooler of a hosted project, keeps its address when the database moves.
        self._pooled = self._ending.enter_context(pgbouncer(self.servers.cluster, behind, POOLED))
        super()._start_processes()
        self.workers = [self.worker, *(self.start_worker() for _ in range(WORKERS - 1))]

    @property
    def database_address(self) -> str:
        assert self._pooled is not None
        return f"127.0.0.1:{self._pooled.port}"

    def start_worker(self, **environment: str) -> Process:
        url = f"postgresql://tidegate_worker@{self.database_address}/{self.database.name}"
        return super().start_worker(WORKER_DATABASE_URL=url, **environment)

    def fail_over(self) -> None:
        """As the world's; Supabase's API, which knows no pooler, moves along."""
        super().fail_over()
        self.api.stop()
        self.api = self.start_api()

    def start_gateway(self) -> None:
        """Start all of them."""
        for number in range(GATEWAYS):
            stack = Stack(self.servers.database, self._state, self.logs / f"gateway-{number + 1}")
            stack.logs.mkdir(exist_ok=True)
            stack.keys, stack.supabase_port, stack.patience = self.stack.keys, self.stack.supabase_port, {}
            self._ending.callback(stack.stop)
            self.stacks.append(stack)
            self.gateways.append(self._launch(stack))
        self.gateway = self.gateways[0]

    def replace_gateway(self, number: int) -> None:
        """Start another one where that of this number, which has ended, was; and wait until HAProxy uses it."""
        self.gateways[number - 1] = self._launch(self.stacks[number - 1])
        self.haproxy.wait_for(number, "UP")

    def _launch(self, stack: Stack) -> Process:
        return stack.start_gateway(
            **self.gateway_settings,
            SHUTDOWN_DRAIN_S=str(DRAIN_S),
            TRUSTED_PROXIES="127.0.0.1/32",
            RATE_LIMIT="1000000 per day",
            RATE_LIMIT_ADDRESS=f"{VISITORS_RATE} per day",
            RATE_LIMIT_STORAGE=self.redis.url,
        )


@contextmanager
def folders() -> Iterator[tuple[Path, Path]]:
    """For logs and for what the processes keep."""
    with tempfile.TemporaryDirectory(prefix="tidegate-scale-") as folder:
        root = Path(folder)
        root.chmod(0o755)  # PostgreSQL may run as another user
        for name in ("logs", "state"):
            (root / name).mkdir()
        yield root / "logs", root / "state"
