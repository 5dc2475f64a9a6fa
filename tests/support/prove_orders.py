"""`make prove-orders`: searches all states of an order, and runs 10,000 random histories of orders."""

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tests.support import Database, ScratchCluster
from tests.support.order_histories import run_histories
from tests.support.order_search import search
from tests.support.order_world import STOCK, People
from tests.support.shop import Shop

SEARCHES = {
    "workers that die or are late": {"workers": 1, "closes_account": False},
    "accounts that are closed": {"workers": 0, "closes_account": True},
}


def main() -> int:
    """Run it, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.prove_orders", description=__doc__)
    parser.add_argument("--histories", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="the seed of the first history")
    parser.add_argument("--only-histories", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as logs:
        cluster = ScratchCluster(Path(logs))
        try:
            cluster.start()
            cluster.build_template()
            searches = {} if options.only_histories else SEARCHES
            return _prove(cluster.clone(), searches, range(options.first, options.first + options.histories))
        finally:
            cluster.stop()


def _prove(database: Database, searches: Mapping[str, Mapping[str, int]], seeds: range) -> int:
    with database.connect("supabase_admin") as admin, database.connect() as others:
        shop = Shop(database, admin, others)
        people = People(shop.staff, shop.buyer(), shop.product(STOCK))
        for what, how in searches.items():
            start = time.monotonic()
            graph = search(admin, people, workers=int(how["workers"]), closes_account=bool(how["closes_account"]))
            stuck = graph.without_way(besides="buyer")
            steps = sum(map(len, graph.steps.values()))
            print(f"With {what}: {len(graph.steps):,} states, {steps:,} steps, {len(graph.ends):,} ends,", end=" ")
            print(f"{len(stuck):,} without a way to an end ({time.monotonic() - start:.0f} s).", flush=True)
            if stuck:
                print(min((graph.paths[key] for key in stuck), key=len))
                return 1
        start = time.monotonic()
        ends = run_histories(admin, people, seeds)
        print(f"{len(seeds):,} histories came to an end ({time.monotonic() - start:.0f} s):")
        for end, count in ends.most_common():
            print(f"{count:7,} {end}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
