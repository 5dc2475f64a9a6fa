"""A real HAProxy with the configuration of docs/deploy, in front of three gateways."""

import csv
import io
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx2

from gateway.local.paths import REPOSITORY
from gateway.local.ports import HOST
from tests.support.ports import free_port
from tests.support.waiting import PATIENCE_S, wait_until

# Debian puts it where the path of people who are not root does not lead.
BINARY = shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin")
MISSING = "HAProxy is not installed; `make test-scale` installs it as root on Debian"
CONFIGURATION = REPOSITORY / "docs/deploy/haproxy.cfg"
STATISTICS = """
global
    stats socket ipv4@"${ADMINISTRATION}" level admin
listen statistics
    bind "${STATISTICS}"
    stats enable
    stats uri /
"""


class HaProxy:
    """Where it listens, and what it says of the gateways."""

    def __init__(self) -> None:
        self.port, self._statistics_port, self._administration_port = free_port(), free_port(), free_port()
        self.pid = 0

    @property
    def url(self) -> str:
        """Of the fleet, as clients know it."""
        return f"http://{HOST}:{self.port}"

    @contextmanager
    def running(self, gateways: Sequence[int], logs: Path) -> Iterator[None]:
        """Run it in front of the gateways at these ports."""
        assert BINARY is not None, MISSING
        environment = {
            **os.environ,
            "LISTEN": f"{HOST}:{self.port}",
            "STATISTICS": f"{HOST}:{self._statistics_port}",
            "ADMINISTRATION": f"{HOST}:{self._administration_port}",
            **{f"GATEWAY_{number}": f"{HOST}:{port}" for number, port in enumerate(gateways, start=1)},
        }
        more = logs / "haproxy-statistics.cfg"
        more.write_text(STATISTICS)
        with (logs / "haproxy.log").open("ab") as log:
            command = [BINARY, "-db", "-f", str(CONFIGURATION), "-f", str(more)]
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        self.pid = process.pid
        try:
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE_S)

    def wait_for(self, number: int, status: str) -> None:
        """Wait until it says this of a gateway: UP or DOWN."""
        wait_until(lambda: self._statuses().get(f"gateway-{number}", "").startswith(status), f"it being {status}", 0.1)

    def use(self, gateways: int) -> None:
        """Send requests to the first so many gateways alone."""
        for number in range(1, 4):
            state = "ready" if number <= gateways else "maint"
            with socket.create_connection((HOST, self._administration_port), timeout=20) as connection:
                connection.sendall(f"set server gateways/gateway-{number} state {state}\n".encode())
                connection.recv(1024)
            self.wait_for(number, "UP" if number <= gateways else "MAINT")

    def _statuses(self) -> dict[str, str]:
        try:
            text = httpx2.get(f"http://{HOST}:{self._statistics_port}/;csv", trust_env=False, timeout=20).text
        except httpx2.TransportError:
            return {}
        rows = csv.DictReader(io.StringIO(text.removeprefix("# ")))
        return {row["svname"]: row["status"] for row in rows if row["pxname"] == "gateways"}
