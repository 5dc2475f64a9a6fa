"""The operating system's side: which account runs PostgreSQL, and children that never outlive their parent."""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from gateway.local.errors import LocalError

ACCOUNT_NAME = "tidegate"
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Account:
    """A system account that a process is started as."""

    name: str
    uid: int
    gid: int


class SpawnOptions(TypedDict, total=False):
    """Keyword arguments of `subprocess.Popen` and its asyncio sibling that choose the account."""

    user: int
    group: int
    extra_groups: list[int]


def server_account() -> Account | None:
    """The account that must run PostgreSQL, or None when the current one may: PostgreSQL refuses to run as root.

    As root the account is created when it does not exist: no password, no shell, no home directory.
    """
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(ACCOUNT_NAME)
    except KeyError:
        _create_account()
        entry = pwd.getpwnam(ACCOUNT_NAME)
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _create_account() -> None:
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    try:
        subprocess.run(
            [*command, "--shell", "/usr/sbin/nologin", ACCOUNT_NAME], check=True, capture_output=True, text=True
        )
    except FileNotFoundError as error:
        raise LocalError(f"useradd is missing: create a system account named {ACCOUNT_NAME}, then run again") from error
    except subprocess.CalledProcessError as error:
        if "already exists" not in error.stderr:  # another start of the stack was faster
            raise LocalError(f"cannot create the account {ACCOUNT_NAME}: {error.stderr.strip()}") from error


def spawn_as(account: Account | None) -> SpawnOptions:
    """Arguments that start a process as `account`, with its groups alone; none for the current account."""
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def may(account: Account | None, access: str, path: Path) -> bool:
    """Whether `account` has `access` ("r", "w" or "x") to `path`.

    Asks the kernel as that account, so that parent directories, groups and access control lists all count.
    """
    if account is None:
        return os.access(path, {"r": os.R_OK, "w": os.W_OK, "x": os.X_OK}[access])
    return subprocess.run(["test", f"-{access}", str(path)], cwd="/", check=False, **spawn_as(account)).returncode == 0


def die_with_parent(signal_number: signal.Signals) -> Callable[[], None] | None:
    """A `preexec_fn` that makes the kernel send `signal_number` to the child when its parent dies, even by SIGKILL.

    It runs after the change of account, which would clear the setting. None where the system has no such call.
    """
    if _LIBC is None:
        return None
    parent = os.getpid()
    return lambda: _follow(parent, signal_number)


def follow_parent(parent: int, signal_number: signal.Signals) -> None:
    """Have the kernel send `signal_number` to this process when `parent`, which started it, dies, where it can.

    The parent says which process it is: it may have died while this one was starting, and then cannot be asked for.
    """
    _follow(parent, signal_number)


def handles_interrupt(pid: int) -> bool:
    """Whether the process `pid` is in the middle of handling a SIGINT: it has that signal blocked. Linux only.

    Interrupted by `kill -INT` rather than from a terminal, make waits for its children without telling them.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return False
    blocked = next((line.split()[1] for line in status.splitlines() if line.startswith("SigBlk:")), "0")
    return bool(int(blocked, 16) >> (signal.SIGINT - 1) & 1)


def _follow(parent: int, signal_number: signal.Signals) -> None:
    if _LIBC is None:
        return
    _LIBC.prctl(_PR_SET_PDEATHSIG, int(signal_number))
    if os.getppid() != parent:  # it died before the call
        os.kill(os.getpid(), signal_number)
