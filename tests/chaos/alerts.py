"""`make chaos-alerts`: every fault under load, watched by a real Prometheus, and a table of which alerts fired.

A fault is held until its alert fires, thirty seconds at most, and a little longer, in which no other alert may fire.
Then it is mended, and everything has to be quiet again. What was seen is kept in bench/: from it the table of
docs/observability.md is written, and `make plot-dashboard` draws the dashboard. A run of single faults replaces their
rows.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from gateway.local.paths import REPOSITORY
from tests.chaos.fault import Fault
from tests.chaos.faults import all_faults
from tests.chaos.judging import Observation
from tests.chaos.load import under_load
from tests.chaos.machine import Pace
from tests.chaos.pages import write_alerts
from tests.chaos.routes import ROUTES
from tests.chaos.watching import Watched, observed, watch
from tests.chaos.world import World
from tests.support.dashboard import lines, panels
from tests.support.ports import free_port
from tests.support.prometheus import Prometheus, has_prometheus

LIGHT = 16.0
"""Of the requests of `make chaos`, one in so many is made: alerts need some calls to judge by, not many."""
KNOWN_S = 20.0
"""After which rates are known, so that they can change."""
STEP_S = 5.0
RATE_INTERVAL = "20s"
"""As Grafana chooses it for a scrape every five seconds."""
REASONS = "sum by (reason) (increase(tidegate_heartbeat_failures_total[2m])) > 0"
KEPT = REPOSITORY / "bench" / "chaos-alerts.json"


def kept() -> dict[str, Any]:
    """What was seen by now: `faults` by their names, and the `panels` of the dashboard in the last run."""
    return json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {"faults": {}, "panels": {}}


def keep(seen: Mapping[str, Any]) -> None:
    """Leave it for the next run."""
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps(seen), encoding="utf-8")


def panels_of(observer: Prometheus, start: float, end: float) -> dict[str, Any]:
    """What the dashboard shows of the time between."""
    return {
        panel.title: {
            "unit": panel.unit,
            "lines": [asdict(line) for line in lines(observer, panel, start, end, STEP_S)],
        }
        for panel in panels(RATE_INTERVAL)
    }


async def watch_all(console: Console, world: World, observer: Prometheus, which: Sequence[Fault]) -> list[Watched]:
    """One fault after the other."""
    seen = kept()
    outcomes: list[Watched] = []
    async with under_load(world, [Observation(route) for route in ROUTES], Pace(LIGHT)):
        await asyncio.sleep(KNOWN_S)
        started = time.time()
        for fault in which:
            if not fault.can_break(world):
                console.print(f"{fault.name}: left out, as it takes root to make what it needs")
                continue
            outcome = await watch(world, observer, fault)
            outcomes.append(outcome)
            others, strain = ", ".join(outcome.others) or "no other", f"strain {outcome.strain:.1f}"
            console.print(f"{fault.name}: {outcome.alert} after {outcome.after_s} s, {others}, {strain}")
            for reason, failures in observer.query(REASONS).items():
                console.print(f"  {reason}: {failures:.0f} heartbeats failed", style="dim")
            seen["faults"][fault.name] = asdict(outcome)
            seen["panels"] = panels_of(observer, started, time.time())
            keep(seen)
    return outcomes


async def main() -> int:
    """Run it; the exit status."""
    console = Console(width=120)
    if not has_prometheus():
        console.print("Prometheus is not installed: sudo apt-get install prometheus", style="red")
        return 2
    wanted = sys.argv[1:]
    which = [fault for fault in all_faults() if not wanted or any(word in fault.name for word in wanted)]
    with tempfile.TemporaryDirectory() as logs, tempfile.TemporaryDirectory() as state:
        world = World(Path(logs), Path(state), worker_metrics_port=free_port())
        async with world.running(
            with_standby=any(fault.last for fault in which),
            with_disk=any(fault.needs_disk for fault in which),
            with_network=any(fault.needs_network for fault in which),
        ):
            with observed(world, Path(state)) as observer:
                outcomes = await watch_all(console, world, observer, which)
    write_alerts([Watched(**row) for row in kept()["faults"].values()])
    return 0 if all(outcome.is_right for outcome in outcomes) else 1


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
