"""Starts an application as its container does, on free ports of this machine, and stops it."""

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from gateway.adopt.application import Entry
from gateway.adopt.errors import AdoptError

HOST = "127.0.0.1"
STARTS_WITHIN_S = 300.0
STOPS_WITHIN_S = 60.0
ASK_EVERY_S = 0.05
NOWHERE = "/tidegate-adopt-nowhere"
"""A path that no application has."""
LONGEST_LOG = 2_000


@dataclass(frozen=True)
class Running:
    """An application that answers."""

    port: int
    health_port: int
    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"http://{HOST}:{self.port}"

    @property
    def health_url(self) -> str:
        """What says whether it is well, where it is injected."""
        return f"http://{HOST}:{self.health_port}/healthz"

    def stop(self) -> int:
        """Ask it to end; its exit status. AdoptError when it does not."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOPS_WITHIN_S)
        except subprocess.TimeoutExpired as error:
            raise AdoptError(f"The application does not end within {STOPS_WITHIN_S:.0f} s of SIGTERM.") from error

    def tail(self) -> str:
        """The end of what it wrote."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-LONGEST_LOG:].strip()


@dataclass(frozen=True)
class Start:
    """How an application is started."""

    entry: Entry
    python: str
    environment: Mapping[str, str]
    overlay: Path | None = None
    """A folder of packages that the application's environment lacks."""


@contextmanager
def serving(start: Start, application: Path, *, injected: bool) -> Iterator[Running]:
    """The application in a folder, with what was written beside it or without; AdoptError when it does not start."""
    entry, overlay = start.entry, start.overlay
    port, health_port = _free_port(), _free_port()
    folder = application / entry.root
    started_in = folder.parent if folder.name in ("src", "lib") else folder
    paths = [application / "tidegate" / "python"] if injected else []
    given = {
        "PATH": f"{Path(start.python).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "HOME": str(application),
        "LANG": "C.UTF-8",
        "PORT": str(port),
        "PYTHONPATH": os.pathsep.join(map(str, [*paths, folder, *([overlay] if overlay else [])])),
        "PYTHONDONTWRITEBYTECODE": "1",
        "WEB_CONCURRENCY": "2",
        **({"DJANGO_SETTINGS_MODULE": entry.settings} if entry.settings else {}),
        **({"TIDEGATE_HEALTH_PORT": str(health_port)} if injected else {}),
        **start.environment,
    }
    log = application.with_name(f"{application.name}.{port}.log")
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603  the command is made here, and goes to no shell
            command(start, application, port, injected=injected),
            cwd=started_in, env=given, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    running = Running(port, health_port, process, log)
    try:
        _wait(running)
        yield running
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def command(start: Start, application: Path, port: int, *, injected: bool) -> list[str]:
    """As containerfile.py has it, on loopback."""
    entry, python = start.entry, start.python
    if entry.protocol == "node":
        hook = ["--import", str(application / "tidegate" / "node" / "inject.mjs")] if injected else []
        return ["node", *hook, entry.spec]
    if entry.protocol == "wsgi":
        bind = ["--bind", f"{HOST}:{port}", "--graceful-timeout", "25"]
        return [python, "-m", "gunicorn", *bind, entry.spec]
    spec = ["--factory", entry.spec.removesuffix("()")] if entry.is_factory else [entry.spec]
    return [python, "-m", "uvicorn", "--host", HOST, "--port", str(port), "--timeout-graceful-shutdown", "25", *spec]


def _wait(running: Running) -> None:
    """Until it answers; AdoptError when it ends before, or does not."""
    until = time.monotonic() + STARTS_WITHIN_S
    while not is_listening(running.port):
        if running.process.poll() is not None:
            raise AdoptError(f"The application ends when it is started: {_last_line(running)}")
        if time.monotonic() > until:
            raise AdoptError(f"The application does not listen on PORT within {STARTS_WITHIN_S:.0f} s of its start.")
        time.sleep(ASK_EVERY_S)
    # A pre-forking server takes connections before a process that answers is there.
    connection = http.client.HTTPConnection(HOST, running.port, timeout=STARTS_WITHIN_S)
    try:
        connection.request("GET", NOWHERE)
        connection.getresponse().read()
    except (OSError, http.client.HTTPException) as error:
        raise AdoptError(f"The application does not answer: {_last_line(running)}") from error
    finally:
        connection.close()


def _last_line(running: Running) -> str:
    return (running.tail().splitlines() or [f"status {running.process.returncode}"])[-1]


def is_listening(port: int) -> bool:
    """Whether something takes connections there."""
    try:
        with socket.create_connection((HOST, port), 1.0):
            return True
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as found:
        found.bind((HOST, 0))
        return int(found.getsockname()[1])


def missing_packages(python: str) -> bool:
    """Whether the interpreter lacks something of what is injected, or a production server."""
    names = ["opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http", "sentry_sdk", "pybreaker", "wrapt"]
    code = f"import {', '.join([*names, 'gunicorn', 'uvicorn'])}"
    return subprocess.run([python, "-c", code], check=False, capture_output=True).returncode != 0  # noqa: S603
