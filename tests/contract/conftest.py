"""One stack for all clients: none of them minds the others."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import Stack
from tests.support.databases import ScratchCluster


@pytest.fixture(scope="package")
def served(cluster: ScratchCluster, logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """API, worker and gateway, running. People of several modules meet there: each module signs up its own."""
    database = cluster.clone()
    stack = Stack(database, tmp_path_factory.mktemp("clients"), logs)
    try:
        stack.start_api()
        stack.start_worker()
        stack.start_gateway()
        yield stack
    finally:
        stack.stop()
        cluster.drop(database)
