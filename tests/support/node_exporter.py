"""Debian's exporter of a host's disks, where it is installed."""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.local.os_accounts import die_with_parent
from gateway.local.ports import HOST
from tests.support.ports import free_port
from tests.support.waiting import PATIENCE_S


@contextmanager
def node_exporter() -> Iterator[str | None]:
    """Its address while it runs; None where there is none."""
    binary = shutil.which("prometheus-node-exporter")
    if binary is None:
        yield None
        return
    address = f"{HOST}:{free_port()}"
    command = [binary, "--collector.disable-defaults", "--collector.filesystem", f"--web.listen-address={address}"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509
    )
    try:
        yield address
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
