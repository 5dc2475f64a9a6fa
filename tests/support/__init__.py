"""What several tests share: scratch databases, callers, processes, and waiting for a condition."""

from tests.support.callers import as_caller, make_user
from tests.support.databases import Database, ScratchCluster
from tests.support.ports import free_port
from tests.support.stack import Process, Stack
from tests.support.waiting import wait_until

__all__ = [
    "Database",
    "Process",
    "ScratchCluster",
    "Stack",
    "as_caller",
    "free_port",
    "make_user",
    "wait_until",
]
