"""`python -m gateway.local run` as a test starts it: in a session of its own, its output in a file, and patient."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from dotenv import dotenv_values

from gateway.local.os_accounts import die_with_parent
from gateway.local.paths import REPOSITORY
from tests.support import patience
from tests.support.ports import free_port
from tests.support.waiting import PATIENCE_S, wait_until

# A test run against another project has these set; a stack of its own must not see them.
PROJECT = {"SUPABASE_URL", "SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SECRET_KEY", "DATABASE_URL"}
PATIENT = {**patience.ENVIRONMENT, **patience.FUNCTIONS}
LOGINS = {"GATEWAY_DATABASE_URL", "WORKER_DATABASE_URL", "DEMO_PASSWORD"}


class Run:
    """One state directory with its ports, on which the stack can be started and stopped many times."""

    def __init__(self, logs: Path, **environment: str) -> None:
        # As root, pytest's own directories are out of reach of the account that runs PostgreSQL.
        self.home = Path(tempfile.mkdtemp(prefix="tidegate-run-"))
        self.home.chmod(0o711)
        self.ports = {name: free_port() for name in ("GATEWAY_PORT", "SUPABASE_PORT", "POSTGRES_PORT")}
        ports = {name: str(port) for name, port in self.ports.items()} | {"OPERATIONS_PORT": str(free_port())}
        inherited = {name: value for name, value in os.environ.items() if name not in PROJECT | LOGINS}
        self.environment = {**inherited, **PATIENT, "TIDEGATE_HOME": str(self.home), **ports, **environment}
        self.log = logs / f"{self.home.name}.log"
        self.popen: subprocess.Popen[bytes] | None = None
        self.program = [sys.executable, "-m", "tests.support.patient_run", "run"]
        self._seen = 0
        self._left_behind = 0

    @property
    def env_file(self) -> Path:
        return self.home / "env"

    def start(self) -> subprocess.Popen[bytes]:
        """Start the stack; `output` begins anew."""
        self._seen = self.log.stat().st_size if self.log.exists() else 0
        self._left_behind = self._env_version()  # a killed run leaves its file
        with self.log.open("ab") as output:
            self.popen = subprocess.Popen(
                self.program,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=REPOSITORY,
                env=self.environment,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509  one system call, no lock taken
            )
        return self.popen

    def wait_ready(self) -> dict[str, str]:
        """Wait until the stack is ready, and return what its `env` file holds."""
        popen = self.popen
        assert popen is not None

        def ready() -> bool:
            assert popen.poll() is None, f"ended with {popen.returncode}\n{self.output()}"
            return self._env_version() not in (0, self._left_behind)

        wait_until(ready, "the stack being ready", every_s=0.05)
        return {name: value or "" for name, value in dotenv_values(self.env_file).items()}

    def _env_version(self) -> int:
        try:
            return self.env_file.stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def command(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run another command of `python -m gateway.local` on this state directory, to its end."""
        return subprocess.run(
            [sys.executable, "-m", "gateway.local", *arguments],
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            cwd=REPOSITORY,
            env={**self.environment, **environment},
        )

    def stop(self, number: signal.Signals = signal.SIGINT, within_s: float = PATIENCE_S) -> int:
        """Send a signal, wait until the stack has ended, and return its exit status."""
        assert self.popen is not None
        if self.popen.poll() is None:
            self.popen.send_signal(number)
        return self.popen.wait(within_s)

    def output(self) -> str:
        """What the stack has printed since it was last started."""
        return self.log.read_bytes()[self._seen :].decode()

    def dispose(self) -> None:
        """End what runs, and delete what there is."""
        if self.popen is not None and self.popen.poll() is None:
            self.stop(signal.SIGTERM)
        done = self.command("reset")
        assert done.returncode == 0, done.stderr
        if self.home.exists():
            self.home.rmdir()


def descendants(pid: int) -> dict[int, str]:
    """The processes that `pid` has started, and those that they have, with their command lines. Linux only."""
    found: dict[int, str] = {}
    for child in _children(pid):
        found[child] = _command_line(child)
        found |= descendants(child)
    return found


def is_alive(pid: int) -> bool:
    """Whether the process exists and is more than an entry that its parent has yet to collect."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(child) for child in task.read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            continue  # the thread has ended meanwhile
    return found


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""
