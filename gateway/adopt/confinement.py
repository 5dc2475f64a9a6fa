"""Runs a program that nobody vouches for: on a copy, without network, within bounds of memory and time.

A launcher bounds itself and becomes the program, so that what holds for it holds for everything it starts. Sockets
are refused by a filter of the kernel (gateway/ingestion/seccomp.py); what is written goes to the copy, which is
thrown away.
"""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.adopt.errors import AdoptError
from gateway.ingestion.seccomp import refuse_sockets

PACKAGE = Path(__file__).parents[2]
START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from gateway.adopt.confinement import launch; launch()"
MEMORY_BYTES = 2 << 30
CPU_S = 60
WALL_S = 60.0
LONGEST_COPY_BYTES = 500_000_000
LONGEST_ANSWER_BYTES = 5_000_000
LONGEST_COMPLAINT = 2_000
LEFT_OUT = frozenset(
    {".git", ".hg", ".venv", "venv", "env", "__pycache__", ".tox", ".nox", ".mypy_cache", ".pytest_cache"}
)
NODE_MODULES = "node_modules"


@dataclass(frozen=True)
class Outcome:
    """What a confined program said, and how it ended."""

    answer: Any
    """The JSON that it wrote; None without any."""
    status: int | None
    """Its exit status; None when its time was over."""
    complaint: str
    """The end of its standard error."""


@contextmanager
def copied(application: Path) -> Iterator[Path]:
    """A copy of an application, without what others made of it; AdoptError for one that is too large to be one."""
    size = 0
    with tempfile.TemporaryDirectory(prefix="tidegate-adopt-") as folder:
        copy = Path(folder) / application.resolve().name
        copy.mkdir()
        for parent, folders, files in os.walk(application):
            here = copy / Path(parent).relative_to(application)
            for name in set(folders) & {NODE_MODULES}:
                (here / name).symlink_to((Path(parent) / name).resolve())
            folders[:] = [name for name in folders if name not in LEFT_OUT | {NODE_MODULES}]
            for name in folders:
                _copy_folder(Path(parent) / name, here / name)
            for name in files:
                size += _copy_file(Path(parent) / name, here / name)
                if size > LONGEST_COPY_BYTES:
                    raise AdoptError(
                        f"{application} has more than {LONGEST_COPY_BYTES // 1_000_000} MB of files: name the folder "
                        "of the application itself."
                    )
        yield copy


def _copy_folder(source: Path, target: Path) -> None:
    if source.is_symlink():
        target.symlink_to(source.readlink())
    else:
        target.mkdir()


def _copy_file(source: Path, target: Path) -> int:
    if source.is_symlink():
        target.symlink_to(source.readlink())
    elif source.is_file():
        shutil.copy2(source, target)
        return source.stat().st_size
    return 0


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str], *, network: bool = False) -> Outcome:
    """What `command` says on the descriptor whose number is its last argument, in `folder` and within the bounds."""
    with tempfile.TemporaryDirectory(prefix="tidegate-adopt-home-") as home, tempfile.TemporaryFile() as answer:
        arguments = json.dumps({"command": [*command, str(answer.fileno())], "network": network})
        process = subprocess.Popen(  # noqa: S603  what it runs is what was asked for, without a shell
            [sys.executable, "-I", "-c", START, str(PACKAGE), arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, pass_fds=[answer.fileno()],
            cwd=folder, env=_environment(environment, home), start_new_session=True,
        )  # fmt: skip
        status, complaint = _ended(process)
        answer.seek(0)
        return Outcome(_parsed(answer.read(LONGEST_ANSWER_BYTES)), status, complaint)


def _environment(given: Mapping[str, str], home: str) -> dict[str, str]:
    """Nothing of this process but where programs are: an application's secrets are given, or missing."""
    own = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "HOME": home, "TMPDIR": home}
    return {**own, **given, "PYTHONDONTWRITEBYTECODE": "1"}


def _ended(process: "subprocess.Popen[bytes]") -> tuple[int | None, str]:
    try:
        _, complaint = process.communicate(timeout=WALL_S)
        status: int | None = process.returncode
    except subprocess.TimeoutExpired:
        status, complaint = None, b""
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    return status, complaint.decode(errors="replace")[-LONGEST_COMPLAINT:].strip()


def _parsed(said: bytes) -> Any:
    try:
        return json.loads(said) if said else None
    except ValueError:
        return None


def launch() -> None:
    """Bound this process and become the command; a SandboxError where the kernel cannot."""
    arguments = json.loads(sys.argv[1])
    # What is written to, not what is reserved: Node reserves far more than it uses.
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not arguments["network"]:
        refuse_sockets()
    command = arguments["command"]
    os.execvp(command[0], command)  # noqa: S606  what it runs is what was asked for, without a shell
