"""The proof of every state, side by side: most of the time is spent waiting.

Each has a gateway, a database and a process of its own.
"""

import asyncio
import queue
import tempfile
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from multiprocessing.queues import Queue
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.answers.cast import ACTORS
from tests.answers.findings import NOTHING, STATES, Findings
from tests.answers.proof import Proof
from tests.support import Database, ScratchCluster

BEFORE_RIGHTS_END = 10
"""Questions of each person that are asked again: as many as are answered while stale answers are given."""
ENDING = (("harbour", "bob"), ("harbour", "cat"), ("harbour", "dan"))
_answered: "Queue[str]"


def tell_of_answers(answered: "Queue[str]") -> None:
    """Have `prove_state` put its state there for each answer."""
    global _answered  # noqa: PLW0603  a queue reaches another process only when that begins
    _answered = answered


def prove_state(name: str, count: int, database: Database, logs: Path) -> Findings:
    """What is found in this state; where nothing is broken, rights end afterwards."""

    async def prove(proof: Proof) -> Findings:
        async with proof.running():
            async with proof.state(name):
                await proof.ask(name, count, lambda: _answered.put(name))
            if name == NOTHING:
                await proof.end_rights(ENDING, "gus", min(count, BEFORE_RIGHTS_END))
            await proof.stop_gateway()
        return proof.found

    with tempfile.TemporaryDirectory() as state:
        return asyncio.run(prove(Proof(database, logs, Path(state))))


def prove_all(count: int, cluster: ScratchCluster, logs: Path, console: Console) -> Findings:
    """What is found in all states, each with `count` questions of each person."""
    context = get_context("spawn")
    answered: Queue[str] = context.Queue()
    with ProcessPoolExecutor(len(STATES), context, tell_of_answers, (answered,)) as processes:
        proving = [processes.submit(prove_state, name, count, cluster.clone(), logs) for name in STATES]
        show_progress(proving, answered, len(ACTORS) * count, console)
    found = Findings()
    for each in proving:
        found.add(each.result())
    return found


def show_progress(proving: Sequence[Future[Findings]], answered: "Queue[str]", total: int, console: Console) -> None:
    """Count the answers until all is done, or a proof has failed."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        bars = {name: progress.add_task(name, total=total) for name in STATES}
        while not all(each.done() for each in proving):
            try:
                progress.advance(bars[answered.get(timeout=1)])
            except queue.Empty:
                continue
