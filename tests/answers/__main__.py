"""`make prove-answers`: everybody asks 300 questions in each state of the gateway, and all that leaves it is read."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.answers.cast import ACTORS, MOST
from tests.answers.findings import Findings
from tests.answers.side_by_side import prove_all
from tests.support import ScratchCluster

COLUMNS = ("answers", "200", "grounded", "not public", "generated", "degraded", "stale", "401", "403", "500", "503")


def table_of(found: Findings) -> Table:
    """What was answered in each state."""
    table = Table("state", *COLUMNS)
    for name, counts in found.counts.items():
        table.add_row(name, *(f"{counts[column]:,}" if counts[column] else "" for column in COLUMNS))
    return table


def main() -> int:
    """Run it, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.answers", description=__doc__)
    parser.add_argument("--questions", type=int, default=MOST, help=f"of each person in each state, at most {MOST}")
    options = parser.parse_args()
    console, began = Console(width=140), time.monotonic()
    with tempfile.TemporaryDirectory() as logs:
        cluster = ScratchCluster(Path(logs))
        try:
            cluster.start()
            cluster.build_template()
            found = prove_all(options.questions, cluster, Path(logs), console)
        finally:
            cluster.stop()
    console.print(table_of(found))
    console.print(", ".join(f"{where}: {size / 1e6:.1f} MB" for where, size in found.read.items()))
    missing = [f"There was not one of this: {what}." for what in found.missing()]
    console.print("\n".join([*found.leaks[:50], *missing]), style="red", markup=False)
    console.print(
        f"{sum(counts['answers'] for counts in found.counts.values()):,} answers to {len(ACTORS)} people,"
        f" {len(found.leaks):,} findings ({time.monotonic() - began:.0f} s)."
    )
    return 1 if found.leaks or missing else 0


if __name__ == "__main__":
    sys.exit(main())
