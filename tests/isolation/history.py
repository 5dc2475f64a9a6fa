"""What every history has: a world, a database that should agree with it, and people who look after each step."""

from collections.abc import Callable
from typing import Any, ClassVar

from hypothesis.stateful import RuleBasedStateMachine, invariant

from tests.isolation.database import Prover
from tests.isolation.matrix import REFUSED, difference, expected_keys
from tests.isolation.opening import ACTORS, opening
from tests.isolation.rules import RULES, granted
from tests.isolation.tables import TABLES
from tests.isolation.world import Actor, World


class History(RuleBasedStateMachine):
    """One history; a subclass names the `prover`, whose database holds the opening."""

    prover: ClassVar[Prover]

    def __init__(self) -> None:
        """Begin: whatever happens is rolled back at the end."""
        super().__init__()
        self.world = opening()
        self.turn = 0
        self.transaction = self.prover.connection.transaction(force_rollback=True)
        self.transaction.__enter__()

    def teardown(self) -> None:
        """Forget this history."""
        self.transaction.__exit__(None, None, None)

    def look(self, actor: str) -> None:
        """What `actor` sees must be what the rules say."""
        tables = [table for table in TABLES if not table.startswith("storage.")]
        for table, seen in zip(tables, self.prover.keys(ACTORS[actor], tables), strict=True):
            wanted = expected_keys(self.world, ACTORS[actor], table)
            assert seen == wanted, f"{actor} sees {table}: {difference(self.world, table, seen, wanted)}"

    def may(self, action: str, table: str, actor: str, row: Any) -> bool:
        """Whether the specification lets `actor` do it."""
        asked: Callable[[World, Actor, Any], bool] = getattr(RULES[table], action)
        return granted(table, action, ACTORS[actor]) and asked(self.world, ACTORS[actor], row)

    def write(self, actor: str, table: str, action: str, row: Any) -> str:
        """What changing or removing one row gives: refused, not found (`row` None: not there), or done."""
        if not granted(table, action, ACTORS[actor]):
            return REFUSED
        if row is None:
            return "0"
        return "1" if self.may(action, table, actor, row) and self.may("select", table, actor, row) else "0"

    def step(self, actor: str | Actor | None, statement: str, wanted: str) -> bool:
        """Run it; whether it was done. Then the next in turn looks at everything."""
        who = ACTORS[actor] if isinstance(actor, str) else actor
        outcome = self.prover.run(who, statement)
        assert outcome == wanted, f"{actor}: {statement}: {outcome}, not {wanted}"
        return outcome == "1"

    @invariant()
    def others_look(self) -> None:
        """After every step the next in turn sees exactly what is theirs to see."""
        actor = [*ACTORS][self.turn % len(ACTORS)]
        self.turn += 1
        self.look(actor)
