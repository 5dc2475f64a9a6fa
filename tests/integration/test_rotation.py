"""docs/credentials.md on rotating a password, word for word, on a server that asks for passwords: nobody notices."""

import re
import secrets
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx2
import psycopg
import pytest

from gateway.local.bootstrap import bootstrap, create_event_trigger
from gateway.local.cluster_directory import settle
from gateway.local.os_accounts import server_account
from gateway.local.paths import REPOSITORY
from gateway.local.postgres import Cluster
from gateway.local.services import gateway_service, worker_service
from gateway.migrations.passwords import set_passwords
from gateway.migrations.runner import migrate
from tests.support import Process, make_user, patience, wait_until
from tests.support.fake_embedder import FakeEmbedder
from tests.support.ports import free_port
from tests.support.waiting import PATIENCE_S

DOCUMENT = (REPOSITORY / "docs" / "credentials.md").read_text(encoding="utf-8")
CHANGE, END = re.findall(r"```sql\n(.*?)```", DOCUMENT[DOCUMENT.index("## Rotate a password") :], flags=re.DOTALL)
LOGIN = "tidegate_gateway"
WORKER = "tidegate_worker"


@dataclass
class Server:
    """A server that asks for passwords, with the migrations, and the gateways on it."""

    cluster: Cluster
    owner_url: str
    home: Path
    gateways: list[Process]

    def launch_worker(self, password: str, environment: Mapping[str, str]) -> Process:
        """Start a worker with this password, and wait until it is at work."""
        service = worker_service(
            supabase_url="http://127.0.0.1:1",
            publishable_key="sb_publishable_unused",
            database_url=self.cluster.url(WORKER, password),
        )
        service.environment.update(environment)
        service.command[-1] = "tests.support.patient_worker"
        worker = Process(service, self.home / f"worker-{len(self.gateways)}-{password[:8]}.log")
        self.gateways.append(worker)
        wait_until(lambda: "at work" in worker.output(), "the worker being at work")
        return worker

    def launch(self, password: str) -> str:
        """Start a gateway with this password, and wait until it is ready; its address."""
        port = free_port()
        service = gateway_service(
            port,
            free_port(),
            supabase_url="http://127.0.0.1:1",  # not asked: nobody sends a token
            publishable_key="sb_publishable_unused",
            database_url=self.cluster.url(LOGIN, password),
        )
        # One visitor asks without a pause, and no answer may be degraded because the machine is busy.
        service.environment.update(patience.ENVIRONMENT, RATE_LIMIT_ADDRESS="")
        gateway = Process(service, self.home / f"gateway-{port}.log")
        self.gateways.append(gateway)
        gateway.wait_ready()
        return f"http://127.0.0.1:{port}"


@pytest.fixture
def server(logs: Path) -> Iterator[Server]:
    # The server's account must reach its home, which it would not below pytest's directories.
    home = Path(tempfile.mkdtemp(prefix="tidegate-test-"))
    home.chmod(0o711)
    cluster = Cluster(
        settle(home, server_account(), lambda _message: None), free_port(), password=secrets.token_hex(), scratch=True
    )
    gateways: list[Process] = []
    try:
        cluster.initialise()
        with (logs / "postgres-rotation.log").open("ab") as log:
            cluster.start(log)
        admin = cluster.admin_url()
        bootstrap(admin)
        owner = secrets.token_hex()
        set_passwords(admin, {"postgres": owner})
        migrate(cluster.url("postgres", owner), lambda _message: None)
        create_event_trigger(admin)
        yield Server(cluster, cluster.url("postgres", owner), logs, gateways)
    finally:
        for gateway in gateways:
            gateway.stop()
        cluster.stop()
        shutil.rmtree(home, ignore_errors=True)


class Visitor:
    """Somebody who searches all the time, at whichever gateway the traffic goes to."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.answers: list[tuple[str, int, bool]] = []
        self._leaves = threading.Event()
        self._thread = threading.Thread(target=self._search, daemon=True)

    def __enter__(self) -> "Visitor":
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._leaves.set()
        self._thread.join(PATIENCE_S)

    def has_asked(self, times: int) -> None:
        """Wait until the visitor has been answered so often more."""
        wanted = len(self.answers) + times
        wait_until(lambda: len(self.answers) >= wanted, f"{times} more answers", every_s=0.01)

    def _search(self) -> None:
        with httpx2.Client(trust_env=False, timeout=60) as client:
            while not self._leaves.is_set():
                address = self.address
                answer = client.post(f"{address}/v1/search", json={"query": "harbour", "mode": "keyword"})
                self.answers.append((address, answer.status_code, bool(answer.json().get("degraded", True))))


def test_a_password_is_rotated_and_nobody_notices(server: Server) -> None:
    old, new = secrets.token_hex(), secrets.token_hex()
    set_passwords(server.owner_url, {LOGIN: old})
    first = server.launch(old)
    with psycopg.connect(server.owner_url, autocommit=True) as owner, Visitor(first) as visitor:
        thief = psycopg.connect(server.cluster.url(LOGIN, old), autocommit=True)
        thief.execute(f"alter role {LOGIN} set default_transaction_read_only = on".encode())
        visitor.has_asked(20)

        row = owner.execute("select clock_timestamp()").fetchone()
        assert row is not None
        moment: datetime = row[0]
        for statement in CHANGE.replace("the new password", new).split(";"):
            if statement.strip():
                owner.execute(statement.encode())
        visitor.has_asked(20)
        second = server.launch(new)
        visitor.address = second
        visitor.has_asked(20)
        server.gateways.pop(0).stop()
        owner.execute(END.replace("the moment of step 1", moment.isoformat()).encode())
        visitor.has_asked(20)

    with pytest.raises(psycopg.OperationalError), thief:
        thief.execute("select 1")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.cluster.url(LOGIN, old))
    with psycopg.connect(server.cluster.url(LOGIN, new)) as connection:
        assert connection.execute("show default_transaction_read_only").fetchone() == ("off",)
        assert connection.execute("show search_path").fetchone() == ("extensions",)
    assert {answer[0] for answer in visitor.answers} == {first, second}
    assert {answer[1:] for answer in visitor.answers} == {(200, False)}, "every answer, in full quality"


def test_the_password_of_the_worker_is_rotated_and_no_text_waits(server: Server) -> None:
    old, new = secrets.token_hex(), secrets.token_hex()
    set_passwords(server.owner_url, {WORKER: old})
    change = CHANGE.replace(LOGIN, WORKER).replace("'8s'", "'60s'").replace("the new password", new)
    with FakeEmbedder().running() as fake, psycopg.connect(server.cluster.admin_url(), autocommit=True) as owner:
        person = make_user(owner, "writer@example.org")

        def is_embedded(title: str) -> None:
            add = "insert into public.documents (owner_id, title, content) values (%s, %s, 'text')"
            owner.execute(add, (person, title))
            ready = "select 1 from public.documents where title = %s and status = 'ready'"
            wait_until(lambda: owner.execute(ready, (title,)).fetchone(), f"{title} being searchable")

        first = server.launch_worker(old, fake.environment)
        is_embedded("before")
        row = owner.execute("select clock_timestamp()").fetchone()
        assert row is not None
        for statement in change.split(";"):
            if statement.strip():
                owner.execute(statement.encode())
        is_embedded("with the password changed")  # a session outlives its password
        second = server.launch_worker(new, fake.environment)
        assert first.stop() == 0
        owner.execute(END.replace(LOGIN, WORKER).replace("the moment of step 1", row[0].isoformat()).encode())
        is_embedded("after")
        wait_until(lambda: "texts embedded" in second.output(), "the second worker saying what it did")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.cluster.url(WORKER, old))


def test_what_the_page_says_of_the_role_is_what_the_migrations_make(server: Server) -> None:
    settings = "select setconfig from pg_db_role_setting where setrole = %s::regrole"
    with psycopg.connect(server.owner_url, autocommit=True) as owner:
        made = owner.execute(settings, (LOGIN,)).fetchone()
        for statement in CHANGE.split(";"):
            if statement.strip():
                owner.execute(statement.encode())
        after = owner.execute(settings, (LOGIN,)).fetchone()
    assert made is not None
    assert after is not None
    assert set(made[0]) == set(after[0])
