"""The gateway process told to stop, and started with nothing to lean on."""

import json
import signal
import socket
import threading
from collections.abc import Iterator

import httpx2
import psycopg
import pytest

from gateway.local.ports import HOST
from tests.support import Database, wait_until
from tests.support.patience import SETTINGS
from tests.support.ports import free_port
from tests.support.stack import Process, Stack
from tests.support.waiting import PATIENCE_S

BODY = {"query": "boat", "mode": "keyword"}


@pytest.fixture(scope="module")
def gateway(stack: Stack, api: Process) -> Process:
    """A gateway that gives what runs much time when it stops."""
    return stack.start_gateway(SHUTDOWN_GRACE_S="120")


@pytest.fixture
def held(database: Database) -> Iterator[psycopg.Connection[object]]:
    """Every search waits until this connection lets go."""
    with psycopg.connect(database.admin_url) as holder:
        holder.execute("lock table private.chunks_to_post, private.chunk_counts in access exclusive mode")
        yield holder


def test_the_work_for_a_client_that_left_is_ended(
    stack: Stack, gateway: Process, database: Database, held: psycopg.Connection[object]
) -> None:
    waiting = "select from pg_stat_activity where usename = 'tidegate_gateway' and wait_event_type = 'Lock'"
    body = json.dumps(BODY).encode()
    head = f"POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    with (
        database.connect("supabase_admin") as admin,
        httpx2.Client(base_url=stack.gateway_url, timeout=60, trust_env=False) as client,
    ):

        def has_disconnected() -> bool:
            return "tidegate_client_disconnects_total 1.0" in client.get(f"{stack.operations_url}/metrics").text

        with socket.create_connection((HOST, stack.gateway_port)) as connection:
            connection.sendall(f"{head}\r\n\r\n".encode() + body)
            wait_until(lambda: admin.execute(waiting).fetchall(), "the search waiting for the lock")
            assert not has_disconnected()
        # By itself the query would end after DATABASE_TIMEOUT_S.
        soon_s = SETTINGS["database_timeout_s"] / 3
        wait_until(has_disconnected, "the disconnect being noticed", within_s=soon_s)
        wait_until(lambda: not admin.execute(waiting).fetchall(), "the query being cancelled", within_s=soon_s)
        held.rollback()
        for _ in range(3):  # and those who stay, on one connection, get their answers
            assert client.post("/v1/search", json=BODY).status_code == 200
        assert has_disconnected()


def test_what_was_taken_is_finished_and_nothing_more_is_taken(
    stack: Stack, gateway: Process, database: Database, held: psycopg.Connection[object]
) -> None:
    answers: list[int] = []

    def ask() -> None:
        answers.append(
            httpx2.post(f"{stack.gateway_url}/v1/search", json=BODY, timeout=60, trust_env=False).status_code
        )

    asking = threading.Thread(target=ask)
    asking.start()
    with database.connect("supabase_admin") as admin:
        waiting = "select from pg_stat_activity where usename = 'tidegate_gateway' and wait_event_type = 'Lock'"
        wait_until(lambda: admin.execute(waiting).fetchall(), "the search waiting for the lock")
    gateway.popen.send_signal(signal.SIGTERM)

    def is_closed() -> bool:
        try:
            httpx2.get(f"{stack.gateway_url}/health/live", timeout=5, trust_env=False)
        except httpx2.ConnectError:
            return True
        except httpx2.TransportError:
            pass  # it came in while the door was closing, and was let go
        return False

    wait_until(is_closed, "the door being closed")
    assert gateway.popen.poll() is None
    held.rollback()
    assert gateway.popen.wait(PATIENCE_S) == 0
    asking.join()
    assert answers == [200]


def test_it_is_unready_and_answers_on_until_the_drain_ends(stack: Stack, api: Process) -> None:
    gateway = stack.start_gateway(SHUTDOWN_DRAIN_S="600")
    with httpx2.Client(base_url=stack.gateway_url, timeout=60, trust_env=False) as client:
        assert client.get("/health/ready").status_code == 200
        gateway.popen.send_signal(signal.SIGTERM)
        wait_until(lambda: client.get("/health/ready").status_code == 503, "the gateway being unready")
        assert client.get(f"{stack.operations_url}/health/ready").status_code == 503
        assert client.get("/health/live").status_code == 200
        found = client.post("/v1/search", json=BODY)
        assert (found.status_code, found.headers["connection"]) == (200, "close")
    assert gateway.stop() == 0  # the second SIGTERM


def test_it_starts_with_everything_down(stack: Stack) -> None:
    nowhere = f"{HOST}:{free_port()}"
    gateway = stack.launch_gateway(
        GATEWAY_DATABASE_URL=f"postgresql://tidegate_gateway@{nowhere}/x",
        SUPABASE_URL=f"http://{nowhere}",
        EMBEDDER="openai",
        EMBEDDER_URL=f"http://{nowhere}/v1",
        EMBEDDER_MODEL="all-MiniLM-L6-v2",
        EMBEDDER_DIMENSIONS="384",
    )
    with httpx2.Client(base_url=stack.gateway_url, timeout=60, trust_env=False) as client:

        def status(path: str) -> int:
            try:
                return client.get(path).status_code
            except httpx2.ConnectError:
                return 0

        wait_until(lambda: status("/health/live") == 200, "the gateway living")
        assert status("/health/ready") == 503
        assert status("/v1/status") == 200
        assert status(f"{stack.operations_url}/metrics") == 200
        assert client.post("/v1/search", json=BODY).status_code == 503
    assert gateway.stop() == 0
