"""Draws the dashboard under chaos from what Prometheus said of it: `make plot-dashboard`.

`make chaos-alerts` keeps the answers to the queries of docs/observability/dashboard.json in bench/, and when each fault
began and ended. This is a drawing of those, not a picture of Grafana.
"""

import json
from collections.abc import Mapping, Sequence
from math import isfinite, nan
from pathlib import Path
from typing import Any

from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from tests.bench.plots import THEIRS
from tests.chaos.alerts import KEPT, STEP_S
from tests.chaos.watching import Watched
from tests.support.prometheus import FOLDER

PICTURE = FOLDER / "dashboard.svg"
COLUMNS = 3
MOST_LINES = 8
"""Of a panel, the highest; more are not to be told apart."""
UNITS = {"s": "s", "reqps": "a second", "cps": "a second", "percentunit": "share", "short": ""}
STYLE: Any = {"svg.fonttype": "none", "svg.hashsalt": "tidegate", "font.size": 7, "axes.titlesize": 8}
Points = Sequence[tuple[float, float]]


def highest(lines: Sequence[Mapping[str, Any]]) -> list[tuple[str, Points]]:
    """The lines of a panel that rise highest, those that are never above nought left out while there are others."""
    found: list[tuple[str, Points]] = [
        (line["name"], [(at, value) for at, value in line["points"] if isfinite(value)]) for line in lines
    ]
    peaks = {name: max((value for _, value in points), default=0.0) for name, points in found}
    found.sort(key=lambda line: peaks[line[0]], reverse=True)
    return [line for line in found if peaks[line[0]] > 0][:MOST_LINES] or found[:1]


def with_gaps(points: Points) -> Points:
    """The points, and no value where Prometheus has had none for a while: what does not fire has no line."""
    found: list[tuple[float, float]] = []
    for at, value in points:
        if found and at - found[-1][0] > 1.5 * STEP_S:
            found.append((at - STEP_S, nan))
        found.append((at, value))
    return found


def draw(axes: Axes, title: str, panel: Mapping[str, Any], faults: Sequence[Watched], start: float) -> None:
    """One panel, with the faults shaded."""
    for fault in faults:
        axes.axvspan((fault.began - start) / 60, (fault.ended - start) / 60, color=THEIRS, alpha=0.35, linewidth=0)
    known = highest(panel["lines"])
    for name, points in ((name, with_gaps(points)) for name, points in known):
        axes.plot([(at - start) / 60 for at, _ in points], [value for _, value in points], label=name, linewidth=0.9)
    axes.set(title=title, ylabel=UNITS[panel["unit"]])
    peak = max((value for _, points in known for _, value in points), default=0.0)
    axes.set_ylim(0, 1.4 * (peak or 1.0))  # with room for the legend
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=5.5, loc="upper left", ncols=2)


def picture(seen: Mapping[str, Any], path: Path) -> None:
    """All panels of the last run, side by side."""
    panels = seen["panels"]
    moments = [at for panel in panels.values() for line in panel["lines"] for at, _ in line["points"]]
    start, end = min(moments), max(moments)
    faults = [
        fault for row in seen["faults"].values() if start <= (fault := Watched(**row)).ended and fault.began <= end
    ]
    with plt.rc_context(STYLE):
        figure, drawn = plt.subplots(
            -(-len(panels) // COLUMNS), COLUMNS, figsize=(15, 13), layout="constrained", sharex=True
        )
        for axes, (title, panel) in zip(drawn.flat, panels.items(), strict=True):
            draw(axes, title, panel, faults, start)
        for axes in drawn[-1]:
            axes.set_xlabel("minutes; a fault where it is grey")
        figure.savefig(path, metadata={"Date": None, "Creator": None})
        plt.close(figure)


def main() -> None:
    """Draw what was kept."""
    if not KEPT.exists():
        raise SystemExit(f"{KEPT} does not exist: run make chaos-alerts first.")
    picture(json.loads(KEPT.read_text(encoding="utf-8")), PICTURE)


if __name__ == "__main__":
    main()
