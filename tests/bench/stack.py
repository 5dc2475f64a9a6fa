"""The running stack as a caller meets it: `python -m tests.bench.stack`.

Searches by one client over HTTP beside the same searches as SQL, in turn; the time from a document's insert through the
Data API to its being searchable; and the memory of each process. Reads the `env` file of TIDEGATE_HOME.
"""

import json
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles

import httpx2
import psycopg
from dotenv import dotenv_values
from rich.console import Console
from rich.table import Table

from gateway.database.queries import query
from gateway.local.settings import LocalSettings
from tests.bench.processes import cost_of
from tests.support.passages import as_literal, unit_vector
from tests.support.runs import descendants
from tests.support.waiting import wait_until

UNSET = ("filters", "embedding_model")
ROUNDS = 60
DOCUMENTS = 10
QUERY = "something warm for a night in the mountains"
KINDS = {"gateway.worker": "worker", "gateway.local": "supervisor", "-m gateway.app": "gateway", "server.ts": "API"}


def timed(work: Callable[[], object]) -> float:
    """Milliseconds that `work` takes."""
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


def searches(env: dict[str, str]) -> Table:
    """Search by an anonymous caller: the gateway over HTTP, and its statement alone."""
    table = Table("search", "HTTP p50", "HTTP p95", "SQL p50", "HTTP / SQL")
    with (
        httpx2.Client(base_url=env["GATEWAY_URL"], trust_env=False) as client,
        psycopg.connect(env["GATEWAY_DATABASE_URL"], autocommit=True, prepare_threshold=None) as login,
    ):
        for mode in ("semantic", "keyword", "hybrid"):
            body = {"query": QUERY, "mode": mode}
            parameters = {
                "claims": json.dumps({"role": "anon"}),
                "query": QUERY,
                "mode": mode,
                "kinds": ["documents", "products"],
                "max_results": 10,
                "effort": "bounded",
                "passages_per_result": 1,
                "include": [],
                "syntax": "operators",
                "prefix": False,
                "trace": None,
                "traced": False,
            } | dict.fromkeys(UNSET)
            statement = query("search_as").replace(b"%(query_embedding)b", b"%(query_embedding)s")
            parameters["query_embedding"] = as_literal(unit_vector(1))
            over_http, in_sql = [], []
            for _ in range(ROUNDS):
                over_http.append(timed(lambda: client.post("/v1/search", json=body).raise_for_status()))  # noqa: B023
                in_sql.append(timed(lambda: login.execute(statement, parameters).fetchall()))  # noqa: B023
            times = (median(over_http), quantiles(over_http, n=20)[-1], median(in_sql))
            table.add_row(mode, *(f"{ms:.1f} ms" for ms in times), f"{times[0] / times[2]:.2f}")
    return table


def insert_to_searchable(env: dict[str, str]) -> Table:
    """The time from the insert's answer to status ready, of one document at a time."""
    headers = {"apikey": env["SUPABASE_PUBLISHABLE_KEY"], "prefer": "return=representation"}
    with httpx2.Client(base_url=env["SUPABASE_URL"], headers=headers, trust_env=False, timeout=30) as client:
        person = {"email": f"{secrets.token_hex(6)}@tidegate.example", "password": secrets.token_urlsafe(12)}
        session = client.post("/auth/v1/signup", json=person).raise_for_status().json()
        client.headers["authorization"] = f"Bearer {session['access_token']}"
        times = []
        for number in range(DOCUMENTS):
            document = {"title": f"Tide table {number}", "content": "High water at dawn, low water at noon."}
            (row,) = client.post("/rest/v1/documents", json=document).raise_for_status().json()
            path = f"/rest/v1/documents?select=id&status=eq.ready&id=eq.{row['id']}"
            times.append(timed(lambda: wait_until(lambda: client.get(path).json(), every_s=0.005)))  # noqa: B023
            client.delete(f"/rest/v1/documents?id=eq.{row['id']}").raise_for_status()
    table = Table("insert to searchable", "p50", "slowest")
    table.add_row(f"{DOCUMENTS} documents, one at a time", f"{median(times):.0f} ms", f"{max(times):.0f} ms")
    return table


def memory(home: Path) -> Table:
    """Resident memory of the stack, pages that processes share divided among them."""
    supervisor = int((home / "lock").read_text(encoding="ascii"))
    groups: dict[str, list[int]] = {}
    for pid, command in {supervisor: "gateway.local", **descendants(supervisor)}.items():
        kind = next((name for part, name in KINDS.items() if part in command), "PostgreSQL")
        groups.setdefault(kind, []).append(pid)
    table = Table("memory", "processes", "PSS")
    for kind, pids in sorted(groups.items()):
        table.add_row(kind, str(len(pids)), f"{cost_of(pids).memory / 1e6:.0f} MB")
    return table


def main() -> None:
    """Run the benchmark."""
    home = LocalSettings.read(os.environ).home
    env = {name: value or "" for name, value in dotenv_values(home / "env", interpolate=False).items()}
    console = Console()
    if not env:
        raise SystemExit(f"no stack runs with its state in {home}: start it with `make run`")
    for measure in (searches, insert_to_searchable):
        console.print(measure(env))
    console.print(memory(home))


if __name__ == "__main__":
    main()
