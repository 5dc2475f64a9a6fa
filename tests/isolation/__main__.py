"""`make prove`: random histories until a million statements agree with the rules, or one does not."""

import argparse
import secrets
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.isolation.proving import prove, stage
from tests.support import ScratchCluster


def main() -> int:
    """Run it, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.isolation", description=__doc__)
    parser.add_argument("--statements", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31))
    options = parser.parse_args()
    console = Console()
    console.print(f"seed {options.seed}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with tempfile.TemporaryDirectory() as logs:
        cluster = ScratchCluster(Path(logs))
        try:
            cluster.start()
            cluster.build_template()
            start = time.monotonic()
            with stage(cluster) as prover, Progress(*columns, console=console) as progress:
                bar = progress.add_task("statements", total=options.statements)
                histories = prove(
                    prover, options.statements, options.seed, lambda done: progress.update(bar, completed=done)
                )
            seconds = time.monotonic() - start
        finally:
            cluster.stop()
    console.print(
        f"{prover.statements:,} statements in {histories:,} histories agree with the rules ({seconds:.0f} s)."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
