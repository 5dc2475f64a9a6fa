"""The panels of docs/observability/dashboard.json, and what Prometheus says of them."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.support.prometheus import FOLDER, Prometheus

DASHBOARD = FOLDER / "dashboard.json"
RATE_INTERVAL = "$__rate_interval"


@dataclass(frozen=True)
class Query:
    """A query of a panel, and how its lines are called."""

    expression: str
    legend: str

    def called(self, labels: Mapping[str, str]) -> str:
        """The name of a line with these labels."""
        return re.sub(r"{{(\w+)}}", lambda found: labels.get(found[1], ""), self.legend)


@dataclass(frozen=True)
class Panel:
    """A panel."""

    title: str
    unit: str
    queries: tuple[Query, ...]


@dataclass(frozen=True)
class Line:
    """A line of a panel."""

    name: str
    points: list[tuple[float, float]]


def panels(rate_interval: str) -> Iterator[Panel]:
    """Those of the dashboard; Grafana's variable for the window of rates has this value."""
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        queries = (
            Query(target["expr"].replace(RATE_INTERVAL, rate_interval), target["legendFormat"])
            for target in panel["targets"]
        )
        yield Panel(panel["title"], panel["fieldConfig"]["defaults"]["unit"], tuple(queries))


def lines(observer: Prometheus, panel: Panel, start: float, end: float, step_s: float) -> list[Line]:
    """What a panel shows between two moments (seconds since 1970)."""
    return [
        Line(query.called(series.labels), list(series.points))
        for query in panel.queries
        for series in observer.history(query.expression, start, end, step_s)
    ]
