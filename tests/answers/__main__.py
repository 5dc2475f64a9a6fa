"""`make prove-answers`: everybody asks 300 questions in each state of the gateway, and all that leaves it is read."""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from tests.answers.cast import ACTORS, MOST
from tests.answers.proof import STATES, Proof
from tests.support import ScratchCluster

BEFORE_RIGHTS_END = 10
"""Questions of each person that are asked again: as many as are answered while stale answers are given."""
ENDING = (("harbour", "bob"), ("harbour", "cat"), ("harbour", "dan"))
COLUMNS = ("answers", "200", "grounded", "not public", "generated", "degraded", "stale", "401", "403", "500", "503")


async def prove(proof: Proof, count: int, console: Console) -> None:
    """Ask everything; what leaks is in `proof`."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    async with proof.running():
        with Progress(*columns, console=console) as progress:
            bar = progress.add_task("", total=len(STATES) * len(ACTORS) * count)
            for name in STATES:
                progress.update(bar, description=name)
                async with proof.state(name):
                    await proof.ask(name, count, lambda: progress.advance(bar))
        await proof.end_rights(ENDING, "gus", min(count, BEFORE_RIGHTS_END))
        await proof.stop_gateway()


def table_of(proof: Proof) -> Table:
    """What was answered in each state."""
    table = Table("state", *COLUMNS)
    for name, counts in proof.counts.items():
        table.add_row(name, *(f"{counts[column]:,}" if counts[column] else "" for column in COLUMNS))
    return table


def main() -> int:
    """Run it, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.answers", description=__doc__)
    parser.add_argument("--questions", type=int, default=MOST, help=f"of each person in each state, at most {MOST}")
    options = parser.parse_args()
    console, began = Console(width=140), time.monotonic()
    with tempfile.TemporaryDirectory() as logs, tempfile.TemporaryDirectory() as state:
        cluster = ScratchCluster(Path(logs))
        try:
            cluster.start()
            cluster.build_template()
            proof = Proof(cluster.clone("proof"), Path(logs), Path(state))
            asyncio.run(prove(proof, options.questions, console))
        finally:
            cluster.stop()
    console.print(table_of(proof))
    console.print(", ".join(f"{where}: {size / 1e6:.1f} MB" for where, size in proof.read.items()))
    missing = [f"There was not one of this: {what}." for what in proof.missing()]
    console.print("\n".join([*proof.leaks[:50], *missing]), style="red", markup=False)
    console.print(
        f"{sum(counts['answers'] for counts in proof.counts.values()):,} answers to {len(ACTORS)} people,"
        f" {len(proof.leaks):,} findings ({time.monotonic() - began:.0f} s)."
    )
    return 1 if proof.leaks or missing else 0


if __name__ == "__main__":
    sys.exit(main())
