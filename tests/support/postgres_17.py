"""A PostgreSQL 17 server with pgvector from Debian's packages, unpacked into a folder: nothing is installed, no root.

`python -m tests.support.postgres_17 FOLDER` makes the folder. It holds `bin` and `share` as the wheel's does, so that
`TEST_POSTGRES=FOLDER` lets the scratch servers of the tests run from it. apt finds, checks and downloads the packages
as on any Debian machine, from the archive that this one is set up with, but into a state and a cache of its own.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

VERSION = "17"
SUITE = "trixie"  # the release of Debian that carries this version
PACKAGES = (f"postgresql-{VERSION}", f"postgresql-{VERSION}-pgvector")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

# Read after the machine's own settings, such as a proxy. Its hooks are for what is installed.
CONFIGURATION = """
Dir::State "{root}/state";
Dir::State::Status "{root}/state/status";
Dir::Cache "{root}/cache";
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Acquire::Languages "none";
Debug::NoLocking "true";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
"""
SOURCES = """
Dir::Etc::SourceList "{root}/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
"""

# The programs need a newer C library than this machine may have, so each is started by its own loader. The loader's
# `--argv0` is the path from which the programs find each other and their files.
WRAPPER = """#!/bin/sh
root=${{0%/*}}/../../../../..
export LOCPATH="$root/usr/lib/locale"
exec "$root/{loader}" --library-path "$root/{libraries}" --argv0 "$0" "$root/{programs}/${{0##*/}}" "$@"
"""


class MissingError(Exception):
    """This machine lacks what the server is made from; the message says what."""


def make(folder: Path) -> None:
    """Make or replace `folder`; an interrupted run leaves nothing that looks finished."""
    with tempfile.TemporaryDirectory(prefix="tidegate-apt-") as name:
        packages = _download(Path(name))
        fresh = folder.with_name(f"{folder.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        for package in packages:
            subprocess.run(["dpkg-deb", "--extract", package, fresh], check=True)
    _prune(fresh)
    _wrap(fresh)
    # Whatever the umask: as root the server runs as another account.
    subprocess.run(["chmod", "--recursive", "a+rX", fresh], check=True)
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)
    vector = (folder / "share" / "extension" / "vector.control").read_text()
    server = subprocess.run([folder / "bin" / "postgres", "--version"], check=True, capture_output=True, text=True)
    print(server.stdout.strip(), "with pgvector", re.findall(r"default_version = '(.+)'", vector)[0])


def _download(root: Path) -> list[Path]:
    """The packages and all that they depend on, below `root`."""
    for path in ("state/lists/partial", "cache/archives/partial"):
        (root / path).mkdir(parents=True)
    (root / "state" / "status").touch()  # nothing is installed, so the C library comes along too
    settings = root / "apt.conf"
    settings.write_text(CONFIGURATION.format(root=root))
    apt = ["apt-get", "--quiet=2", f"--config-file={settings}"]
    archive = _archive(apt)
    (root / "sources.list").write_text(f"deb [signed-by={KEYRING}] {archive} {SUITE} main\n")
    settings.write_text(CONFIGURATION.format(root=root) + SOURCES.format(root=root))
    subprocess.run([*apt, "update"], check=True)
    subprocess.run([*apt, "--yes", "--download-only", "install", *PACKAGES], check=True, stdout=subprocess.DEVNULL)
    return sorted((root / "cache" / "archives").glob("*.deb"))


def _archive(apt: list[str]) -> str:
    """Where this machine gets Debian's packages from."""
    lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    release = dict(line.split("=", 1) for line in lines if "=" in line)
    if release.get("ID") != "debian" or not KEYRING.exists():
        raise MissingError(f"PostgreSQL {VERSION} comes from Debian's packages, and this machine does not run Debian")
    codename = release["VERSION_CODENAME"]
    # apt knows the sources of which it has lists. One that cannot be reached is no matter, if it is not Debian's.
    subprocess.run([*apt, "update"], check=False)
    listing = [*apt, "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(REPO_URI)", "Created-By: Packages"]
    for line in subprocess.run(listing, check=True, capture_output=True, text=True).stdout.splitlines():
        suite, component, address = line.split(" ", 2)
        if (suite, component) == (codename, "main"):
            return address
    raise MissingError(f"apt has no source for {codename} main, so there is none to get {SUITE} from")


def _prune(root: Path) -> None:
    """Leave of a whole system the libraries and the server's own files: 130 MB of 400."""
    for path in [*root.iterdir(), *(root / "usr").iterdir(), *(root / "usr" / "share").iterdir()]:
        if path.name not in ("usr", "lib", "lib64", "share", "postgresql"):
            shutil.rmtree(path)
    # Supabase builds its server without a compiler of queries.
    libraries = root / "usr" / "lib"
    shutil.rmtree(libraries / "postgresql" / VERSION / "lib" / "bitcode")
    for pattern in (f"postgresql/{VERSION}/lib/llvmjit*", "*-linux-gnu*/libLLVM*", "*-linux-gnu*/libz3.so*"):
        for path in libraries.glob(pattern):
            path.unlink()


def _wrap(root: Path) -> None:
    """Let the programs start with the libraries of `root`, wherever it is moved to."""
    server = root / "usr" / "lib" / "postgresql" / VERSION
    loader = next((root / "usr" / "lib").glob("*-linux-gnu*/ld-linux*.so.*"))
    programs = server / "programs"
    (server / "bin").rename(programs)
    (server / "bin").mkdir()
    for program in programs.iterdir():
        wrapper = server / "bin" / program.name
        wrapper.write_text(
            WRAPPER.format(
                loader=loader.relative_to(root),
                libraries=loader.parent.relative_to(root),
                programs=programs.relative_to(root),
            )
        )
        wrapper.chmod(0o755)
    (root / "bin").symlink_to((server / "bin").relative_to(root))
    (root / "share").symlink_to(f"usr/share/postgresql/{VERSION}")


if __name__ == "__main__":
    try:
        make(Path(sys.argv[1]))
    except MissingError as error:
        sys.exit(str(error))
