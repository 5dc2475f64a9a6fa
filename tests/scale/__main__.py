"""`make test-scale`: three gateways, two workers, one database; replaced, killed and failed over while people ask.

Prints a table of what came of it. Ends with 1 when a request failed that should not have, when one failed twice, when a
document was lost, or when the gateways do not count a visitor's rate together.
"""

import asyncio
import sys
import time
from collections import Counter

import httpx2
from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.scale.events import Event, events
from tests.scale.fleet import VISITORS_RATE, Fleet, folders
from tests.scale.load import CLIENTS, Load, Observed

VISITOR = "127.0.0.9"


async def main() -> None:
    """Run the events, print the table, and exit with 1 if a promise was broken."""
    with folders() as (logs, state):
        async with Fleet(logs, state).in_service() as fleet:
            rows, problems = await _walk(fleet)
            visits = await _visit(fleet)
    console = Console(width=120)
    console.print(_table(rows))
    console.print(
        f"A visitor without a token, {VISITORS_RATE} requests a day allowed: {dict(visits)} of {2 * VISITORS_RATE}"
    )
    if visits != {200: VISITORS_RATE, 429: VISITORS_RATE}:
        problems.append("the gateways do not count a rate together")
    for problem in problems:
        console.print(f"[red]{problem}")
    sys.exit(1 if problems else 0)


async def _walk(fleet: Fleet) -> tuple[list[tuple[Event, float, Observed]], list[str]]:
    rows, problems = [], []
    async with Load(fleet).running() as load:
        for event in track(events(CLIENTS), description="things happen"):
            began = time.monotonic()
            await event.happen(fleet)
            await asyncio.sleep(1)  # what was under way comes to its end
            seen = load.take()
            rows.append((event, time.monotonic() - began, seen))
            if seen.failed.total() > event.may_fail:
                problems.append(
                    f"{event.name}: {seen.failed.total()} failed, at most {event.may_fail} may: {seen.failed}"
                )
            if seen.lost:
                problems.append(f"{event.name}: failed twice: {seen.lost}")
    return rows, problems


async def _visit(fleet: Fleet) -> Counter[int]:
    """Twice as many requests of one address as it may send; the statuses."""
    transport = httpx2.AsyncHTTPTransport(local_address=VISITOR)
    async with httpx2.AsyncClient(transport=transport, base_url=fleet.haproxy.url, timeout=20) as client:
        body = {"query": "mooring", "mode": "keyword"}
        answers = [await client.post("/v1/search", json=body) for _ in range(2 * VISITORS_RATE)]
    return Counter(answer.status_code for answer in answers)


def _table(rows: list[tuple[Event, float, Observed]]) -> Table:
    table = Table(title=f"{CLIENTS} clients, through HAProxy")
    for name in ("event", "seconds", "answered", "degraded", "failed", "may fail", "failed twice", "longest"):
        table.add_column(name, justify="left" if name == "event" else "right")
    for event, took_s, seen in rows:
        table.add_row(
            event.name,
            f"{took_s:.0f}",
            f"{seen.answered:,}",
            f"{seen.degraded:,}",
            f"{seen.failed.total()}",
            f"{event.may_fail}",
            f"{seen.lost.total()}",
            f"{seen.longest_s * 1000:.0f} ms",
        )
    return table


if __name__ == "__main__":
    asyncio.run(main())
