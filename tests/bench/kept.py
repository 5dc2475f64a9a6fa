"""A loaded database for a benchmark: made and thrown away, or kept in a folder for the next run."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from gateway.migrations.runner import migrate
from tests.bench.tenancy import Tenancy
from tests.support import Database, ScratchCluster
from tests.support.databases import TEMPLATE


@contextmanager
def loaded(keep: Path | None, fill: Callable[[Database], Tenancy]) -> Iterator[tuple[Database, Tenancy]]:
    """The database that `fill` filled: now, or when `keep` was first named; then with the newest migrations."""
    with tempfile.TemporaryDirectory() as logs:
        if keep:
            keep.mkdir(parents=True, exist_ok=True)
        cluster = ScratchCluster(keep or Path(logs), home=keep)
        try:
            if keep and (keep / "callers.json").exists():
                with (cluster.logs / "postgres.log").open("ab") as log:
                    cluster.server.start(log)
                database = cluster.database(TEMPLATE)
                migrate(database.url, print)
                yield database, Tenancy.load(keep)
            else:
                cluster.start()
                _enlarge(cluster)
                database = cluster.build_template()
                tenancy = fill(database)
                if keep:
                    tenancy.save(keep)
                yield database, tenancy
                _flush(database)  # so that stopping takes no longer than it may
        finally:
            cluster.stop()


def _flush(database: Database) -> None:
    with database.connect("supabase_admin") as admin:
        admin.execute("checkpoint")


def _enlarge(cluster: ScratchCluster) -> None:
    """Memory as a project of this size has."""
    with psycopg.connect(cluster.server.admin_url(), autocommit=True) as admin:
        admin.execute("alter system set shared_buffers = '3GB'")
        admin.execute("alter system set max_wal_size = '8GB'")
    cluster.server.stop()
    with (cluster.logs / "postgres.log").open("ab") as log:
        cluster.server.start(log)
