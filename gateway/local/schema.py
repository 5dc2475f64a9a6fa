"""Writes `sql/schema.sql`: the schema that all migrations together make, to be read, and compared by a test."""

import re
import tempfile
from pathlib import Path

from gateway.local import cluster_directory
from gateway.local.bootstrap import bootstrap, create_event_trigger
from gateway.local.migrate import migrate
from gateway.local.os_accounts import server_account
from gateway.local.paths import REPOSITORY
from gateway.local.ports import free_port
from gateway.local.postgres import Cluster

SCHEMA_FILE = REPOSITORY / "sql" / "schema.sql"
_OPTIONS = ("--schema-only", "--no-owner", "--schema=public", "--schema=private")
# What differs from one dump of the same schema to the next: a random key, and the versions of the programs.
_VOLATILE = re.compile(r"^(\\(un)?restrict .*|-- Dumped (from|by) .*)\n", re.MULTILINE)


def dump_schema(cluster: Cluster, database: str) -> str:
    """The definition of schemas public and private in `database` of a running cluster, the same for the same schema."""
    text = _VOLATILE.sub("", cluster.dump(database, *_OPTIONS))
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def write_schema() -> None:
    """Migrate a scratch database, and write its schema to SCHEMA_FILE."""
    with tempfile.TemporaryDirectory(prefix="tidegate-schema-") as name:
        home = Path(name)
        home.chmod(0o711)
        directory = cluster_directory.settle(home, server_account(), print)
        cluster = Cluster(directory, free_port(), password=None, scratch=True)
        cluster.initialise()
        try:
            with (home / "postgres.log").open("wb") as log:
                cluster.start(log)
            bootstrap(cluster.admin_url())
            migrate(cluster.url("postgres", None), lambda _message: None)
            create_event_trigger(cluster.admin_url())
            SCHEMA_FILE.parent.mkdir(exist_ok=True)
            SCHEMA_FILE.write_text(dump_schema(cluster, "postgres"), encoding="utf-8")
        finally:
            cluster.stop()
            cluster_directory.remove(home)
    print(f"wrote {SCHEMA_FILE}")
