"""How much of its time the machine has for a process, so that a verdict does not depend on what else runs there."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

BUSY = 2.0
"""The strain above which a process waits for longer than it works: then the machine, not the fault, makes it late."""


@dataclass(frozen=True)
class Turns:
    """For how long a process has had a processor, and for how long it was ready and waited for one; in nanoseconds."""

    ran: int
    waited: int

    @classmethod
    def of(cls, pid: int) -> "Turns":
        """Of the main thread of a process since it started, as the scheduler counts."""
        ran, waited, _ = map(int, Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split())
        return cls(ran, waited)

    def strain(self, later: "Turns") -> float:
        """How many times its processor time the process took between the two: 1 where it never waited."""
        ran, waited = later.ran - self.ran, later.waited - self.waited
        return (ran + waited) / ran if ran > 0 else 1.0


class Strain:
    """How long some processes have to wait for a processor, the one that waits most counted."""

    def __init__(self, pids: Sequence[int]) -> None:
        """Begin to measure."""
        self._began = {pid: Turns.of(pid) for pid in pids}

    def now(self) -> float:
        """Since the beginning."""
        return max(began.strain(Turns.of(pid)) for pid, began in self._began.items())


class Pace:
    """How many times rarer than usual requests are sent: a machine that has less time is asked less."""

    SLOWEST = 16.0

    def __init__(self, factor: float = 1.0) -> None:
        """Begin with so many times, which is the quickest."""
        self.factor = self._quickest = factor

    def quicken(self) -> None:
        """Ask more again."""
        self.factor = max(self._quickest, self.factor / 2)

    def slow_down(self) -> bool:
        """Ask less, if that is possible."""
        if self.factor >= self.SLOWEST:
            return False
        self.factor *= 2
        return True
