"""What the tests on a database share."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.support import Database, Stack


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """A connection as postgres, who may become anybody."""
    with database.connect() as connection:
        yield connection


@pytest.fixture
def stopping(stack: Stack) -> Iterator[None]:
    """No process of one test answers in another."""
    yield
    stack.stop()
