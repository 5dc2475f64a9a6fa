"""Running histories: a database that holds their beginning, and so many that enough statements were compared."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.isolation.database import ATTEMPT, Prover, put
from tests.isolation.opening import opening
from tests.isolation.story import Story
from tests.support import Database, ScratchCluster

STEPS = 25
EXAMPLES = 40


@contextmanager
def stage(cluster: ScratchCluster) -> Iterator[Prover]:
    """A prover on a database of its own in which every history begins."""
    clone: Database = cluster.clone("story")
    with clone.connect("supabase_admin") as connection:
        connection.execute(ATTEMPT.encode())
        put(connection, opening())
        yield Prover(connection)
    cluster.drop(clone)


def tell(
    prover: Prover, number: int, *, examples: int = EXAMPLES, shrink: bool = True, events: Collection[str] = ()
) -> None:
    """Run `examples` histories of the seed `number`; AssertionError with the story when the database disagrees.

    With `events` nothing else happens: these rules of `Story` alone are drawn.
    """
    rules = {rule.function.__name__ for rule in Story.setup_state().rules}
    if unknown := set(events) - rules:
        raise ValueError(f"Story has no such rules: {unknown}")
    others = rules.difference(events) if events else ()
    machine: Any = type("Story", (Story,), {"prover": prover, **dict.fromkeys(others)})
    run_state_machine_as_test(
        seed(number)(machine),
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            print_blob=False,
            report_multiple_bugs=False,
            verbosity=Verbosity.normal,
            phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def prove(prover: Prover, statements: int, first_seed: int, progress: Callable[[int], None]) -> int:
    """Run histories until so many statements were compared; the number of histories."""
    histories = 0
    while prover.statements < statements:
        tell(prover, first_seed + histories)
        histories += EXAMPLES
        progress(min(prover.statements, statements))
    return histories


@contextmanager
def weakened(prover: Prover, statement: str) -> Iterator[None]:
    """The law after `statement`, until the end of the block."""
    connection: psycopg.Connection[Any] = prover.connection
    with connection.transaction(force_rollback=True):
        connection.execute(statement.encode())
        yield
