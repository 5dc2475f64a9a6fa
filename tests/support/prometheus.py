"""A real Prometheus with the rules and the intervals of docs/observability, that scrapes what a test started."""

import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from gateway.local.os_accounts import die_with_parent
from gateway.local.paths import REPOSITORY
from gateway.local.ports import HOST
from tests.support.ports import free_port
from tests.support.waiting import wait_until

FOLDER = REPOSITORY / "docs" / "observability"
RULES = FOLDER / "alerts.yml"
EVERY = "5s"
STATIC = re.compile(r"(- job_name: ([\w-]+)\n\s+static_configs: )\[\{targets: \[[^\]]*\]\}\]")


def has_prometheus() -> bool:
    """Whether it is installed (Debian's package prometheus)."""
    return shutil.which("prometheus") is not None and shutil.which("promtool") is not None


def configuration(targets: Mapping[str, str], every: str = EVERY) -> str:
    """The configuration of `make observe`, with the addresses of these jobs; jobs without one are empty.

    Targets are scraped, and rules evaluated, as often as `every` says.
    """

    def static(job: re.Match[str]) -> str:
        address = targets.get(job[2])
        return f"{job[1]}[]" if address is None else f'{job[1]}[{{targets: ["{address}"]}}]'

    text = STATIC.sub(static, (FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
    text = text.replace("[alerts.yml]", f"[{RULES}]")
    if every == EVERY:
        return text
    # An answer is waited for as long as that at most.
    return text.replace(f"interval: {EVERY}", f"interval: {every}").replace("timeout: 3s", f"timeout: {every}")


@dataclass(frozen=True)
class Series:
    """A line of a graph: its labels, and its values by their moments."""

    labels: Mapping[str, str]
    points: Sequence[tuple[float, float]]


class Prometheus:
    """What it says."""

    def __init__(self, port: int) -> None:
        self._client = httpx2.Client(base_url=f"http://{HOST}:{port}", timeout=60, trust_env=False)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def firing(self) -> set[str]:
        """Names of the alerts that fire."""
        alerts = self._client.get("/api/v1/alerts").raise_for_status().json()["data"]["alerts"]
        return {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}

    def query(self, expression: str) -> dict[str, float]:
        """Values of an expression now, by their labels."""
        answer = self._client.get("/api/v1/query", params={"query": expression}).raise_for_status().json()
        return {", ".join(found["metric"].values()): float(found["value"][1]) for found in answer["data"]["result"]}

    def history(self, expression: str, start: float, end: float, step_s: float) -> list[Series]:
        """Values of an expression between two moments (seconds since 1970)."""
        parameters: dict[str, str | float] = {"query": expression, "start": start, "end": end, "step": step_s}
        answer = self._client.get("/api/v1/query_range", params=parameters).raise_for_status().json()
        return [
            Series(found["metric"], [(float(at), float(value)) for at, value in found["values"]])
            for found in answer["data"]["result"]
        ]

    def scrapes(self) -> set[str]:
        """The jobs that answer."""
        found = self._client.get("/api/v1/targets").raise_for_status().json()["data"]["activeTargets"]
        return {target["labels"]["job"] for target in found if target["health"] == "up"}

    def is_ready(self) -> bool:
        """Whether it answers."""
        try:
            return self._client.get("/-/ready").status_code == 200
        except httpx2.TransportError:
            return False


@contextmanager
def prometheus(targets: Mapping[str, str], folder: Path, every: str = EVERY) -> Iterator[Prometheus]:
    """Prometheus, ready, with its files and its log in `folder`."""
    config, port = folder / "prometheus.yml", free_port()
    config.write_text(configuration(targets, every), encoding="utf-8")
    command = [
        "prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={HOST}:{port}", "--log.level=warn",
    ]  # fmt: skip
    with (folder / "prometheus.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=die_with_parent(signal.SIGTERM))  # noqa: PLW1509
    found = Prometheus(port)
    try:
        wait_until(found.is_ready, "Prometheus being ready", every_s=0.1)
        yield found
    finally:
        found.close()
        process.terminate()
        process.wait(60)
