"""Processes of the built image in place of those of this checkout: `make image` has built it, buildah runs it."""

import os
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

from gateway.config.settings import Settings
from gateway.local.paths import REPOSITORY
from gateway.local.services import Service
from tests.support.stack import Process
from tests.support.waiting import PATIENCE_S

NAME = os.environ.get("TEST_IMAGE")
STORE = REPOSITORY / ".image"
BUILDAH = ["buildah", "--storage-driver", "vfs", f"--root={STORE / 'storage'}", f"--runroot={STORE / 'run'}"]
# Of this machine's file system, of which a container has none.
NOT_GIVEN = {"RECOMMENDATIONS_FILE"}


def buildah(*arguments: str) -> str:
    """What a command of buildah prints."""
    done = subprocess.run([*BUILDAH, *arguments], check=False, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, f"{arguments}\n{done.stderr}"
    return done.stdout.strip()


class Container:
    """The file system of one container of the image. Its network is this machine's."""

    def __init__(self, name: str) -> None:
        self.id = buildah("from", "--pull-never", name)

    @property
    def root(self) -> str:
        """Where it is mounted."""
        return buildah("mount", self.id)

    def command(self, *command: str, **environment: str) -> list[str]:
        """The command that runs another one in it, as the image's user."""
        given = [f"--env={name}={value}" for name, value in environment.items()]
        return [*BUILDAH, "run", "--isolation", "chroot", *given, self.id, "--", *command]

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command in it to its end."""
        return subprocess.run(
            self.command(*command, **environment), check=False, capture_output=True, text=True, timeout=600
        )

    def service(self, service: Service) -> Service:
        """The same service, run in it, with the settings that it was given."""
        settings = {
            name: value
            for name, value in service.environment.items()
            if name.lower() in Settings.model_fields and name not in NOT_GIVEN
        }
        return replace(service, command=self.command(f"tidegate-{service.name}", **settings))

    def stop(self, process: Process) -> int:
        """Ask a process of the image to end, and return its exit status. buildah itself would kill it at SIGTERM."""
        os.kill(_inside(process.pid), signal.SIGTERM)
        return process.popen.wait(PATIENCE_S)

    def remove(self) -> None:
        """Remove its file system."""
        buildah("rm", self.id)


def _inside(pid: int) -> int:
    """The program of the image that buildah, which is `pid`, runs as its child's child."""
    proc = Path("/proc") / str(pid)
    if b"/app/bin/tidegate-" in (proc / "cmdline").read_bytes():
        return pid
    children = [int(child) for task in (proc / "task").iterdir() for child in (task / "children").read_text().split()]
    return next(_inside(child) for child in children)
