"""What the tests of this package share: one stack with a worker and a gateway."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ingestion.harbour import Harbour, open_harbour
from tests.support import ScratchCluster, Stack


@pytest.fixture(scope="package")
def harbour(cluster: ScratchCluster, logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harbour]:
    """A person on a running stack, whose gateway takes small uploads only."""
    database = cluster.clone("ingestion")
    stack = Stack(database, tmp_path_factory.mktemp("stack"), logs)
    try:
        stack.start_api()
        stack.start_worker()
        stack.start_gateway(MAX_UPLOAD_BYTES="200000")
        with open_harbour(stack, database) as harbour:
            yield harbour
    finally:
        stack.stop()
        cluster.drop(database)
