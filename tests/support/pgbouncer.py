"""A real PgBouncer in transaction mode, in front of the scratch server."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from gateway.local.os_accounts import server_account, spawn_as
from tests.support.databases import Database, ScratchCluster
from tests.support.ports import free_port
from tests.support.waiting import PATIENCE_S, wait_until

# Debian puts it where the path of people who are not root does not lead.
BINARY = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
MISSING = "PgBouncer is not installed; `make test` installs it as root on Debian"
ROLES = ("tidegate_gateway", "tidegate_worker")


def _configuration(port: int, target: int, connections: int) -> str:
    return f"""
[databases]
* = host=127.0.0.1 port={target}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = users.txt
pool_mode = transaction
default_pool_size = {connections}
max_client_conn = 200
"""


@contextmanager
def pgbouncer(cluster: ScratchCluster, database: Database, connections: int) -> Iterator[Database]:
    """`database` through a PgBouncer with so many connections to the server, which its clients share in turn.

    Its settings are those of a fresh installation, but for the pool mode: nothing resets a connection between clients.
    """
    assert BINARY is not None, MISSING
    directory = Path(cluster.home) / f"pgbouncer-{free_port()}"
    directory.mkdir(mode=0o755)
    port = free_port()
    (directory / "users.txt").write_text("".join(f'"{role}" ""\n' for role in ROLES))
    (directory / "pgbouncer.ini").write_text(_configuration(port, database.port, connections))
    with (cluster.logs / f"pgbouncer-{port}.log").open("wb") as log:
        process = subprocess.Popen(
            [BINARY, "pgbouncer.ini"], cwd=directory, stdout=log, stderr=log, **spawn_as(server_account())
        )
    through = Database(database.name, port)
    try:
        wait_until(lambda: _answers(through), "PgBouncer answering")
        yield through
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
        shutil.rmtree(directory)


def _answers(database: Database) -> bool:
    try:
        with database.connect("tidegate_gateway") as connection:
            return connection.execute("select 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False
