"""How what is injected behaves: variables of the environment, all of them optional."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from gateway.resilience.policy import Policy

Mode = Literal["off", "observe", "enforce"]
MODES = ("off", "observe", "enforce")
ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
OTHER_ENDPOINTS = ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT")
WHOLE = ("attempts", "failures_to_open", "concurrency", "window")
EVERY_HOST = "*"
DEFAULT = Policy("*", 10.0, attempts=2, reset_s=5.0, fallback="the library's own connection error")


@dataclass(frozen=True)
class Options:
    """What was set."""

    mode: Mode = "observe"
    changes: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    request_s: float = float("inf")
    health_port: int | None = None
    port: int | None = None
    traces: bool = False
    sentry_dsn: str = ""
    sentry_environment: str = "production"
    sentry_release: str = ""
    left_alone: frozenset[str] = frozenset()
    """Hosts that what is injected calls itself: a collector that is away is none of the application's dependencies."""

    def policy(self, host: str) -> Policy:
        """How `host` is called: the numbers of every host, then its own."""
        made = replace(DEFAULT, name=host)
        for name in (EVERY_HOST, host):
            given = self.changes.get(name, {}).items()
            numbers: dict[str, Any] = {key: int(value) if key in WHOLE else value for key, value in given}
            made = replace(made, **numbers)
        return made


def read_options(environment: Mapping[str, str]) -> Options:
    """ValueError for what cannot be followed."""
    mode = environment.get("TIDEGATE_RESILIENCE") or "observe"
    if mode not in MODES:
        raise ValueError(f"TIDEGATE_RESILIENCE is {mode}, which is none of {', '.join(MODES)}.")
    is_off = environment.get("OTEL_SDK_DISABLED", "").lower() == "true" or environment.get("TIDEGATE_TRACES") == "off"
    options = Options(
        mode=cast(Mode, mode),
        changes=json.loads(environment.get("TIDEGATE_RESILIENCE_POLICY") or "{}"),
        request_s=float(environment.get("TIDEGATE_REQUEST_TIMEOUT_S") or "inf"),
        health_port=_port(environment.get("TIDEGATE_HEALTH_PORT")),
        port=_port(environment.get("PORT")),
        traces=not is_off and any(environment.get(name) for name in ENDPOINTS),
        sentry_dsn="" if environment.get("TIDEGATE_REPORTS") == "off" else environment.get("SENTRY_DSN", ""),
        sentry_environment=environment.get("SENTRY_ENVIRONMENT") or "production",
        sentry_release=environment.get("SENTRY_RELEASE", ""),
    )
    addresses = [environment.get(name, "") for name in (*ENDPOINTS, *OTHER_ENDPOINTS, "SENTRY_DSN")]
    options = replace(options, left_alone=frozenset(host_of(address) for address in addresses if address))
    for host in options.changes:
        options.policy(host)
    return options


def host_of(url: str) -> str:
    """Name and port of the server at an address."""
    place = urlsplit(url)
    return f"{place.hostname}:{place.port or (443 if place.scheme == 'https' else 80)}"


def _port(text: str | None) -> int | None:
    return int(text) if text else None
