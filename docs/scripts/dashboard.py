"""Writes docs/observability/dashboard.json, the Grafana dashboard, from the panels below: `make docs`."""

import json
from pathlib import Path
from typing import Any

DASHBOARD = Path(__file__).resolve().parents[2] / "docs" / "observability" / "dashboard.json"
WIDTH, HEIGHT, PER_ROW = 8, 7, 3
SOURCE = {"type": "prometheus", "uid": "${source}"}
RATE = "[$__rate_interval]"
# Title, unit, and each query with its legend.
PANELS: list[tuple[str, str, list[tuple[str, str]]]] = [
    ("Alerts that fire", "short", [('sum by (alertname) (ALERTS{alertstate="firing"})', "{{alertname}}")]),
    (
        "Breakers that are not closed",
        "short",
        [('1 - max by (dependency) (tidegate_breaker_state{state="closed"})', "{{dependency}}")],
    ),
    (
        "Answers that did without something",
        "reqps",
        [(f"sum by (dependency, used) (rate(tidegate_degradations_total{RATE}))", "{{dependency}}: {{used}}")],
    ),
    (
        "Calls of dependencies that failed",
        "percentunit",
        [("max by (dependency) (tidegate:call_failures:ratio)", "{{dependency}}")],
    ),
    (
        "Calls of dependencies, 95th percentile",
        "s",
        [
            (
                f"histogram_quantile(0.95, sum by (le, dependency) (rate(tidegate_call_seconds_bucket{RATE})))",
                "{{dependency}}",
            )
        ],
    ),
    (
        "Heartbeats of the database without an answer",
        "cps",
        [
            (
                f"sum by (dependency, reason) (rate(tidegate_heartbeat_failures_total{RATE}))",
                "{{dependency}}: {{reason}}",
            )
        ],
    ),
    (
        "Requests let in, and the limit",
        "short",
        [
            ("sum(tidegate_requests_in_flight)", "in flight"),
            ("sum(tidegate_concurrency_limit)", "limit"),
        ],
    ),
    (
        "Requests rejected",
        "reqps",
        [
            (f"sum(rate(tidegate_shed_total{RATE}))", "no room"),
            (f"sum by (caller, reason) (rate(tidegate_limited_total{RATE}))", "too much, {{caller}}, {{reason}}"),
            (f"sum(rate(tidegate_connections_refused_total{RATE}))", "connections"),
        ],
    ),
    (
        "Retry budget",
        "percentunit",
        [("min by (dependency) (tidegate_retry_budget)", "{{dependency}}")],
    ),
    (
        "What waits for the worker",
        "short",
        [('max by (queue, state) (tidegate_queue_jobs{state!="failed"})', "{{queue}}, {{state}}")],
    ),
    ("Age of the oldest", "s", [("max by (queue) (tidegate_queue_oldest_seconds)", "{{queue}}")]),
    (
        "What failed for good",
        "short",
        [('max by (queue) (tidegate_queue_jobs{state="failed"})', "{{queue}}")],
    ),
    (
        "Live recall",
        "percentunit",
        [('min by (bound) (tidegate_recall{bound=~"recall|low|high"})', "{{bound}}")],
    ),
    (
        "Searches made again for recall",
        "cps",
        [(f"sum by (outcome) (rate(tidegate_recall_checks_total{RATE}))", "{{outcome}}")],
    ),
    (
        "Rights, seconds since they were confirmed",
        "s",
        [("max by (instance) (tidegate_rights_age_seconds)", "{{instance}}")],
    ),
]


def dashboard() -> dict[str, Any]:
    """The dashboard as Grafana imports it; it asks for the data source."""
    return {
        "title": "Tidegate",
        "uid": "tidegate",
        "schemaVersion": 39,
        "refresh": "10s",
        "time": {"from": "now-30m", "to": "now"},
        "templating": {
            "list": [{"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}]
        },
        "panels": [_panel(number, *panel) for number, panel in enumerate(PANELS)],
    }


def _panel(number: int, title: str, unit: str, queries: list[tuple[str, str]]) -> dict[str, Any]:
    row, column = divmod(number, PER_ROW)
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": title,
        "datasource": SOURCE,
        "gridPos": {"x": column * WIDTH, "y": row * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + place), "datasource": SOURCE, "expr": query, "legendFormat": legend}
            for place, (query, legend) in enumerate(queries)
        ],
    }


def page() -> str:
    """The file."""
    return json.dumps(dashboard(), indent=2) + "\n"


if __name__ == "__main__":
    DASHBOARD.write_text(page(), encoding="utf-8")
