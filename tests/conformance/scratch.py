"""A project to be compared: the local stack on a scratch server, with a few products."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support import ScratchCluster, Stack
from tests.support.shop import Shop


@contextmanager
def scratch_project() -> Iterator[dict[str, str]]:
    """The environment of the programs, while the stack runs."""
    with tempfile.TemporaryDirectory() as name:
        logs, state = Path(name) / "logs", Path(name) / "state"
        logs.mkdir()
        state.mkdir()
        cluster = ScratchCluster(logs)
        cluster.start()
        try:
            cluster.build_template()
            database = cluster.clone()
            stack = Stack(database, state, logs)
            with database.connect("supabase_admin") as admin, database.connect() as people:
                shop = Shop(database, admin, people)
                for number in range(3):
                    shop.product(5, "19.99", name=f"Camping stove {number}")
            try:
                stack.start_api(PAYMENT_WEBHOOK_SECRETS="whsec_of_the_conformance_suite")
                yield {
                    "SUPABASE_URL": stack.supabase_url,
                    "SUPABASE_PUBLISHABLE_KEY": stack.keys.publishable_key,
                    "SUPABASE_SECRET_KEY": stack.keys.secret_key,
                }
            finally:
                stack.stop()
        finally:
            cluster.stop()
