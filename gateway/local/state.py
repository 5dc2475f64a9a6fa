"""The state directory: secrets, the `env` file that says where the stack is, and the lock of who runs it."""

import fcntl
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from dotenv import dotenv_values

from gateway.local import cluster_directory
from gateway.local.errors import LocalError
from gateway.local.postgres import clear_stale_lock

DEMO_EMAILS = {
    "DEMO_OWNER_EMAIL": "owner@tidegate.example",
    "DEMO_MEMBER_EMAIL": "member@tidegate.example",
    "DEMO_OUTSIDER_EMAIL": "outsider@tidegate.example",
    "DEMO_STAFF_EMAIL": "staff@tidegate.example",
}
_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]*")


def _password() -> str:
    return secrets.token_urlsafe(24)


@dataclass(frozen=True)
class Secrets:
    """Random, made at the first run, kept for the life of the state directory. URL-safe, so that none wants quoting."""

    admin_password: str = field(default_factory=_password, repr=False)
    postgres_password: str = field(default_factory=_password, repr=False)
    api_password: str = field(default_factory=_password, repr=False)
    gateway_password: str = field(default_factory=_password, repr=False)
    worker_password: str = field(default_factory=_password, repr=False)
    demo_password: str = field(default_factory=lambda: secrets.token_urlsafe(12), repr=False)
    jwt_secret: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)
    publishable_key: str = field(default_factory=lambda: f"sb_publishable_{_password()}", repr=False)
    secret_key: str = field(default_factory=lambda: f"sb_secret_{_password()}", repr=False)


_SECRET_NAMES = {field.name for field in fields(Secrets)}


class State:
    """The files of one state directory."""

    def __init__(self, home: Path) -> None:
        """Name a state directory; `prepare` creates it."""
        self.home = home
        self.env_file = home / "env"
        self.files = home / "files"  # signing keys and stored objects of the API
        self._secrets_file = home / "secrets.json"
        self._lock_file = home / "lock"

    def prepare(self) -> None:
        """Create the directory; nothing in it that holds a secret is readable by others."""
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            self.files.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise LocalError(f"TIDEGATE_HOME, {self.home}, cannot be a directory for the state: {error}") from error

    def secrets(self) -> Secrets:
        """The secrets, made now if there are none; LocalError when they were lost while their database was not."""
        if self._secrets_file.exists():
            return self._kept_secrets()
        if (self.home / "postgres" / "data").exists():
            raise LocalError(f"{self._secrets_file} is gone, and with it the way into the database: `make reset`")
        return self._keep(Secrets())

    def _kept_secrets(self) -> Secrets:
        try:
            kept: dict[str, str] = json.loads(self._secrets_file.read_text(encoding="utf-8"))
            known = {name: value for name, value in kept.items() if name in _SECRET_NAMES}
        except (ValueError, AttributeError) as error:
            raise LocalError(f"{self._secrets_file} cannot be read ({error}): restore it, or `make reset`") from error
        secrets = Secrets(**known)
        # One that an older version did not have was made just now, and must stay what it is.
        return secrets if asdict(secrets) == kept else self._keep(secrets)

    def _keep(self, secrets: Secrets) -> Secrets:
        _write_private(self._secrets_file, json.dumps(asdict(secrets), indent=2) + "\n")
        return secrets

    def write_env(self, values: Mapping[str, str]) -> None:
        """Write `env` in dotenv form, which a shell can read too. Its presence says that the stack is ready."""
        _write_private(self.env_file, "".join(f"{name}={_quote(value)}\n" for name, value in values.items()))

    def read_env(self) -> dict[str, str]:
        """What `env` holds; LocalError when no stack is ready."""
        if not self.env_file.exists():
            raise LocalError(f"no stack runs with its state in {self.home}: start it with `make run`")
        return {name: value or "" for name, value in dotenv_values(self.env_file, interpolate=False).items()}

    def remove_env(self) -> None:
        """Say that the stack is not ready."""
        self.env_file.unlink(missing_ok=True)

    def mark(self, name: str) -> Path:
        """The file that remembers that the step `name` is done; what it holds is the step's business."""
        return self.home / f"{name}.done"

    @contextmanager
    def lock(self) -> Iterator[bool]:
        """Hold the state directory; LocalError naming the process that holds it already.

        Yields whether the last holder was killed rather than stopped: its children may still be ending. The kernel
        lets go of the lock when its holder dies, so that a stale one cannot exist.
        """
        with self._lock_file.open("a+", encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                file.seek(0)
                raise LocalError(
                    f"the stack of {self.home} is already running, as process {file.read().strip()}"
                ) from error
            file.seek(0)
            was_killed = file.read() != ""
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
            try:
                yield was_killed
            finally:
                file.truncate(0)

    def reset(self) -> None:
        """Delete all that the stack has made, wherever it lies; other files in the directory stay."""
        if not self.home.exists():
            return
        with self.lock():
            clear_stale_lock(self.home / "postgres" / "data")  # the server of a killed run may still be ending
            cluster_directory.remove(self.home)
            shutil.rmtree(self.files, ignore_errors=True)
            for path in (self._secrets_file, self.env_file, *self.home.glob("*.done")):
                path.unlink(missing_ok=True)
        self._lock_file.unlink(missing_ok=True)
        if not any(self.home.iterdir()):
            self.home.rmdir()


def _write_private(path: Path, text: str) -> None:
    """Replace `path` in one step by a file that its owner alone can read."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)


def _quote(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    if "'" in value or "\n" in value:
        raise LocalError("a setting with a quote or a line break cannot be written to the env file")
    return f"'{value}'"
