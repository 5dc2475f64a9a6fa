"""The project's processes, started for tests on a scratch database and on free ports."""

import secrets
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2

from gateway.local.os_accounts import die_with_parent
from gateway.local.paths import REPOSITORY
from gateway.local.ports import HOST
from gateway.local.services import Keys, Service, api_service, gateway_service, worker_service
from tests.support import patience
from tests.support.databases import Database
from tests.support.ports import free_port
from tests.support.waiting import PATIENCE_S, Patience, wait_until


class Process:
    """A running service with its output in a file."""

    def __init__(self, service: Service, log: Path, folder: Path = REPOSITORY) -> None:
        self.service = service
        self.log = log
        self._begins_at = log.stat().st_size if log.exists() else 0  # one that was stopped may have written before
        with log.open("ab") as output:
            self.popen = subprocess.Popen(
                service.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=folder,
                env={"PYTHONFAULTHANDLER": "1", **service.environment},
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509  one system call, no lock taken
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self.popen.pid

    def wait_ready(self) -> None:
        """Wait until the service's readiness URL answers 200; AssertionError with its log when it does not."""
        if self.service.ready_url is not None:
            wait_until(self._ready, f"{self.service.name} being ready", every_s=0.05)

    def wait_listening(self) -> None:
        """Wait until the service answers at all, ready or not."""
        wait_until(lambda: self._status() is not None, f"{self.service.name} answering", every_s=0.05)

    def kill(self) -> None:
        """Kill it as a crash would, and wait until it is gone."""
        self.popen.kill()
        self.popen.wait(PATIENCE_S)

    def stop(self, within_s: float = PATIENCE_S) -> int:
        """Ask it to end, and return its exit status; killed, and an AssertionError, after `within_s` seconds."""
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
            patience = Patience(within_s)
            while self._runs_on(0.5):
                if patience.is_over:
                    self.popen.send_signal(signal.SIGABRT)  # it writes where each thread is
                    self._runs_on(5)
                    self.kill()
                    raise AssertionError(f"{self.service.name} did not stop within {within_s:g} s\n{self.tail(80)}")
        return self.popen.returncode

    def _runs_on(self, seconds: float) -> bool:
        try:
            self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            return True
        return False

    def output(self) -> str:
        """What it has printed."""
        return self.log.read_bytes()[self._begins_at :].decode(errors="replace")

    def tail(self, lines: int = 40) -> str:
        """The end of what it has printed, to be read by people: a test that looks for words wants `output`."""
        return "\n".join(self.output().splitlines()[-lines:])

    def _ready(self) -> bool:
        return self._status() == 200

    def _status(self) -> int | None:
        """What its readiness URL answers; None while it answers nothing."""
        assert self.service.ready_url is not None
        if self.popen.poll() is not None:
            raise AssertionError(f"{self.service.name} ended with {self.popen.returncode}\n{self.tail()}")
        try:
            return httpx2.get(self.service.ready_url, timeout=20, trust_env=False).status_code
        except httpx2.TransportError:
            return None


class Stack:
    """API, worker and gateway on one database. Nothing runs until it is started; `stop` ends what was."""

    def __init__(self, database: Database, state: Path, logs: Path) -> None:
        self.database = database
        self.state = state
        self.logs = logs
        self.supabase_port, self.gateway_port, self.operations_port = free_port(), free_port(), free_port()
        self.keys = Keys(
            jwt_secret=secrets.token_urlsafe(48),
            publishable_key=f"sb_publishable_{secrets.token_urlsafe(24)}",
            secret_key=f"sb_secret_{secrets.token_urlsafe(24)}",
        )
        self.gateway_module = "gateway.app"
        """What is run as the gateway: tests may plant something in another one."""
        self.worker_module = "tests.support.patient_worker"
        self.patience: Mapping[str, str] = patience.ENVIRONMENT
        """Time limits of the gateway; without any they are as deployed."""
        self.processes: list[Process] = []

    @property
    def supabase_url(self) -> str:
        """The root of the Data API, Auth and Functions."""
        return f"http://{HOST}:{self.supabase_port}"

    @property
    def gateway_url(self) -> str:
        """The root of the gateway."""
        return f"http://{HOST}:{self.gateway_port}"

    @property
    def operations_url(self) -> str:
        """The root of the gateway's /status and /metrics."""
        return f"http://{HOST}:{self.operations_port}"

    def start_api(self, **environment: str) -> Process:
        """Start Data API, Auth and Functions, and wait until they answer; `environment` adds or replaces settings."""
        service = api_service(
            self.supabase_port,
            self.keys,
            login_url=self.database.url_for("supabase_lite"),
            admin_url=self.database.admin_url,
            state=self.state,
            gateway_url=self.gateway_url,
        )
        return self._start(service, {**patience.FUNCTIONS, **environment})

    def start_gateway(self, **environment: str) -> Process:
        """Start the gateway, and wait until it is ready; `environment` adds or replaces settings."""
        process = self.launch_gateway(**environment)
        process.wait_ready()
        return process

    def launch_gateway(self, **environment: str) -> Process:
        """As start_gateway, without the wait."""
        # All tests come from one address.
        unlimited = {"RATE_LIMIT": "", "RATE_LIMIT_ADDRESS": "", "CALLER_SHARE": "1"}
        return self._start(self.gateway_service(), {**unlimited, **self.patience, **environment}, wait=False)

    def start_worker(self, **environment: str) -> Process:
        """Start a worker; `environment` adds or replaces settings."""
        return self._start(self.worker_service(), environment)

    def gateway_service(self) -> Service:
        """The gateway of this stack."""
        service = gateway_service(
            self.gateway_port,
            self.operations_port,
            supabase_url=self.supabase_url,
            publishable_key=self.keys.publishable_key,
            database_url=self.database.url_for("tidegate_gateway"),
        )
        service.command[-1] = self.gateway_module
        return service

    def worker_service(self) -> Service:
        """A worker of this stack."""
        service = worker_service(
            supabase_url=self.supabase_url,
            publishable_key=self.keys.publishable_key,
            database_url=self.database.url_for("tidegate_worker"),
        )
        service.command[-1] = self.worker_module
        return service

    def sign_up(self, email: str, password: str = "a long enough password") -> dict[str, Any]:
        """Sign a person up through Auth; the session with `access_token` and `user`."""
        response = httpx2.post(
            f"{self.supabase_url}/auth/v1/signup",
            json={"email": email, "password": password},
            headers={"apikey": self.keys.publishable_key},
            timeout=PATIENCE_S,
            trust_env=False,
        )
        response.raise_for_status()
        session: dict[str, Any] = response.json()
        return session

    def stop(self) -> None:
        """End every process, the last started first."""
        while self.processes:
            self.processes.pop().stop()

    def _start(self, service: Service, environment: dict[str, str], *, wait: bool = True) -> Process:
        service.environment.update(environment)
        log = self.logs / f"{self.database.name}-{service.name}-{len(self.processes)}.log"
        process = Process(service, log)
        self.processes.append(process)
        if wait:
            process.wait_ready()
        return process
