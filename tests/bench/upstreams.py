"""What the way through the gateway costs a request for an application: python -m tests.bench.upstreams.

A bare uvicorn that answers 2,000 bytes is asked directly and through the gateway, turn by turn, then by eight
connections at a time. Everything shares the machine, so ratios count.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection

from tests.support.gateway_app import NOWHERE
from tests.support.ports import free_port
from tests.support.waiting import wait_until

ROUNDS, WARM_UP = 1_500, 100
CONNECTIONS, EACH = 8, 400
BODY = b"x" * 2_000


async def application(scope, receive, send):  # type: ignore[no-untyped-def]  # as applications are
    """Answers everything."""
    if scope["type"] == "http":
        headers = [(b"content-length", b"%d" % len(BODY)), (b"content-type", b"text/plain")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": BODY})


def main() -> None:
    """Measure, and print."""
    with _running() as (direct, through):
        ways = {"direct": (HTTPConnection("127.0.0.1", direct), "/"), "through": _through(through)}
        took: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, (connection, path) in ways.items():
                took[name].append(_ask(connection, path))
        for name, seconds in took.items():
            print(f"one after the other, {name}: {1000 * statistics.median(seconds[WARM_UP:]):.2f} ms")
        for name, (connection, path) in ways.items():
            print(f"{CONNECTIONS} at a time, {name}: {_rate(connection.port, path):.0f} requests a second")


def _through(port: int) -> tuple[HTTPConnection, str]:
    return HTTPConnection("127.0.0.1", port), "/app/bare/"


def _ask(connection: HTTPConnection, path: str) -> float:
    started = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, BODY)
    return time.perf_counter() - started


def _rate(port: int, path: str) -> float:
    def ask_all(_: int) -> None:
        connection = HTTPConnection("127.0.0.1", port)
        for _ in range(EACH):
            _ask(connection, path)

    started = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(ask_all, range(CONNECTIONS)))
    return CONNECTIONS * EACH / (time.perf_counter() - started)


@contextmanager
def _running() -> Iterator[tuple[int, int]]:
    """The ports of the application and of a gateway before it, which has no database and needs none."""
    direct, through = free_port(), free_port()
    serving = ["-m", "uvicorn", f"{__spec__.name}:application", f"--port={direct}", "--log-level=warning"]
    told = {
        "GATEWAY_DATABASE_URL": NOWHERE,
        "SUPABASE_URL": "http://127.0.0.1:1",
        "SUPABASE_PUBLISHABLE_KEY": "sb_publishable_of_nothing",
        "GATEWAY_PORT": str(through),
        "OPERATIONS_PORT": str(free_port()),
        "RATE_LIMIT": "",
        "RATE_LIMIT_ADDRESS": "",
        "CALLER_SHARE": "1",
        "UPSTREAMS": json.dumps({"bare": f"http://127.0.0.1:{direct}"}),
    }
    processes = [
        subprocess.Popen([sys.executable, *arguments], env={**os.environ, **told}, stderr=subprocess.DEVNULL)
        for arguments in (serving, ["-m", "gateway.app"])
    ]
    try:
        for port, path in ((direct, "/"), (through, "/app/bare/")):
            wait_until(lambda port=port, path=path: _is_up(port, path), "an answer")  # type: ignore[misc]
        yield direct, through
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()


def _is_up(port: int, path: str) -> bool:
    try:
        return _ask(HTTPConnection("127.0.0.1", port), path) > 0
    except (OSError, AssertionError):
        return False


if __name__ == "__main__":
    main()
