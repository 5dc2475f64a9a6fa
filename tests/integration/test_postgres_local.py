"""The local PostgreSQL server: as root and not, after crashes, with passwords, and in awkward directories."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from gateway.local import cluster_directory
from gateway.local.cluster_directory import ClusterDirectory
from gateway.local.errors import LocalError
from gateway.local.os_accounts import may, server_account, spawn_as
from gateway.local.postgres import Cluster
from gateway.local.state import State
from tests.support import wait_until
from tests.support.ports import free_port

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as another account")


@pytest.fixture
def home() -> Iterator[Path]:
    """A state directory under one that its owner alone may enter, as /root is."""
    private = Path(tempfile.mkdtemp(prefix="tidegate-test-"))
    state = private / "state"
    state.mkdir()
    yield state
    cluster_directory.remove(state)
    shutil.rmtree(private)


@pytest.fixture(scope="module")
def server(logs: Path) -> Iterator[Cluster]:
    """A stopped cluster with a password, in a directory whose path is longer than a socket's may be."""
    root = Path(tempfile.mkdtemp(prefix="tidegate-test-"))
    root.chmod(0o711)
    home = root / ("long-" * 24)
    home.mkdir()
    cluster = make_cluster(cluster_directory.settle(home, server_account(), print), password="correct")
    assert cluster.initialise()
    yield cluster
    cluster.stop()
    shutil.rmtree(root)


@pytest.fixture
def log(logs: Path) -> Path:
    return logs / "postgres-local.log"


def make_cluster(where: ClusterDirectory, password: str | None = None) -> Cluster:
    return Cluster(where, free_port(), password=password, scratch=True)


def start(cluster: Cluster, log: Path) -> None:
    with log.open("ab") as output:
        cluster.start(output)


def postmaster(cluster: Cluster) -> int:
    return int((cluster.files.data / "postmaster.pid").read_text().splitlines()[0])


@as_root
def test_root_keeps_the_cluster_where_its_account_can_reach_it(home: Path, log: Path) -> None:
    account = server_account()
    assert account is not None
    # A virtual environment under /root looks like this to the account.
    package = cluster_directory.wheel_installation().parent
    (home / package.name).symlink_to(package)
    (home / f"{package.name}.libs").symlink_to(f"{package}.libs")
    wheel = home / package.name / "pginstall"
    said: list[str] = []
    where = cluster_directory.settle(home, account, said.append, installation=wheel)
    relocated = cluster_directory.relocated_directory(home)
    assert (home / "postgres").readlink() == relocated == where.directory
    assert where.installation == relocated / "server" / package.name / "pginstall"
    assert len(said) == 2
    assert all(str(relocated) in message for message in said)

    cluster = make_cluster(where)
    cluster.initialise()
    start(cluster, log)
    try:
        assert cluster.answers()
        assert where.data.stat().st_uid == account.uid
        assert where.data.stat().st_mode & 0o777 == 0o700
        assert home.parent.stat().st_mode & 0o777 == 0o700, "a parent directory was opened up"
    finally:
        cluster.stop()

    settled_again = cluster_directory.settle(home, account, said.append, installation=wheel)
    assert settled_again == where
    assert len(said) == 2, "nothing is copied twice"
    cluster_directory.remove(home)
    assert not relocated.exists()
    assert not (home / "postgres").is_symlink()


@as_root
def test_a_link_that_leads_elsewhere_is_removed_but_not_followed(home: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").touch()
    (home / "postgres").symlink_to(tmp_path)
    cluster_directory.remove(home)
    assert (tmp_path / "precious").exists()
    assert not (home / "postgres").is_symlink()


def test_a_reachable_directory_is_used_as_it_is(server: Cluster) -> None:
    assert server.files.directory.name == "postgres"
    assert not server.files.directory.is_symlink()
    assert len(str(server.files.data)) > 107


@as_root
def test_access_is_asked_of_the_account_that_needs_it(tmp_path: Path) -> None:
    account = server_account()
    assert may(account, "r", Path("/etc/passwd"))
    assert not may(account, "w", Path("/etc/passwd"))
    assert not may(account, "x", tmp_path)


def test_passwords_are_asked_for(server: Cluster, log: Path) -> None:
    start(server, log)
    try:
        for password in ("wrong", None):
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(server.url("supabase_admin", password))
        assert server.answers()
    finally:
        server.stop()


def test_a_killed_server_starts_again(server: Cluster, log: Path) -> None:
    start(server, log)
    os.kill(postmaster(server), signal.SIGKILL)
    wait_until(lambda: not server.answers(), "the server being gone")
    assert (server.files.data / "postmaster.pid").exists()
    start(server, log)
    try:
        assert server.answers()
    finally:
        server.stop()


def test_a_stale_lock_with_the_id_of_another_process_is_no_obstacle(server: Cluster, log: Path) -> None:
    bystander = subprocess.Popen(["sleep", "600"], **spawn_as(server.files.account))
    try:
        (server.files.data / "postmaster.pid").write_text(f"{bystander.pid}\n{server.files.data}\n")
        start(server, log)
        assert server.answers()
        assert bystander.poll() is None
    finally:
        server.stop()
        bystander.kill()
        bystander.wait()


def test_a_lock_cut_short_is_no_obstacle(server: Cluster, log: Path) -> None:
    (server.files.data / "postmaster.pid").write_text("")
    start(server, log)
    server.stop()


def test_a_running_server_is_left_alone(server: Cluster, log: Path) -> None:
    start(server, log)
    try:
        second = Cluster(server.files, free_port(), password="correct", scratch=True)
        with pytest.raises(LocalError, match=rf"process {postmaster(server)}\b"):
            second.recover()
        with pytest.raises(LocalError, match="still runs on"):
            State(server.files.directory.parent).reset()
        assert server.answers()
    finally:
        server.stop()
    assert not (server.files.data / "postmaster.pid").exists()


def test_initialising_twice_changes_nothing(server: Cluster) -> None:
    assert server.initialise() is False


def test_an_interrupted_initdb_is_done_again(home: Path) -> None:
    cluster = make_cluster(cluster_directory.settle(home, server_account(), print))
    remains = cluster.files.directory / "data.new"
    remains.mkdir()
    (remains / "PG_VERSION").write_text("18\n")
    assert cluster.initialise() is True
    assert not remains.exists()
    assert not list(cluster.files.directory.glob("password-*"))


def test_a_directory_of_another_major_version_is_refused(server: Cluster) -> None:
    version = server.files.data / "PG_VERSION"
    kept = version.read_text()
    version.write_text("14\n")
    try:
        with pytest.raises(LocalError, match="made by PostgreSQL 14, this is 18: `make reset`"):
            server.initialise()
    finally:
        version.write_text(kept)
