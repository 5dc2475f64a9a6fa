"""A real Redis that can be stopped and started."""

import shutil
import socket
import subprocess
from pathlib import Path

from gateway.local.ports import HOST
from tests.support.ports import free_port
from tests.support.waiting import wait_until

SERVER = shutil.which("redis-server")
MISSING = "Redis is not installed; `make test` installs it as root on Debian"


class Redis:
    """A server without a file, in an empty `folder`."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://{HOST}:{self.port}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        assert SERVER is not None, MISSING
        self._process = subprocess.Popen(
            [SERVER, "--port", str(self.port), "--bind", HOST, "--save", "", "--dir", str(self._folder)],
            stdout=subprocess.DEVNULL,
        )
        wait_until(self._answers, "Redis answering")

    def stop(self) -> None:
        """Kill it, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        with socket.socket() as connection:
            return connection.connect_ex((HOST, self.port)) == 0
