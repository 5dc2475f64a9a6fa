"""Who a piece of work is done for, and how much each caller has asked for lately.

Known to everything that a request starts by a context variable, as the deadline is.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from math import exp

MAX_CALLERS = 65_536
MEMORY_S = 2.0
"""What was asked this long ago counts a third (1/e)."""

ACTIVE_S = 5.0
"""A caller is active that has asked for something this lately."""

NOBODY = ""
"""Work of the gateway itself: it has no share and is never made to wait for one."""
_caller: ContextVar[str] = ContextVar("caller", default=NOBODY)


@contextmanager
def on_behalf_of(caller: str) -> Iterator[None]:
    """Everything in the block is done for `caller`."""
    token = _caller.set(caller)
    try:
        yield
    finally:
        _caller.reset(token)


def current_caller() -> str:
    """Whom the work at hand is done for."""
    return _caller.get()


def kind_of(caller: str) -> str:
    """`person` or `address`, of a caller that is not NOBODY."""
    return "person" if caller.startswith("person:") else "address"


@dataclass(slots=True)
class Load:
    """Of one caller."""

    in_flight: int = 0
    amount: float = 0.0
    at: float = 0.0

    def add(self, amount: float, now: float) -> None:
        """Note that so much more was asked for."""
        self.amount = self.recent(now) + amount
        self.at = now

    def recent(self, now: float) -> float:
        """What was asked for lately, what is older counting less."""
        return self.amount * exp((self.at - now) / MEMORY_S) if self.amount else 0.0


@dataclass(frozen=True, slots=True)
class Spread:
    """How many callers are active, and the largest part that one of them has of what all ask for, 0 to 1."""

    callers: int = 0
    largest_share: float = 0.0

    @classmethod
    def of(cls, loads: Iterable[Load], now: float) -> "Spread":
        """That of these loads."""
        active = [load.recent(now) for load in loads if load.amount and now - load.at <= ACTIVE_S]
        total = sum(active)
        return cls(len(active), max(active) / total) if total else cls()


class Loads:
    """The loads of at most `max_callers` callers, the least recently seen idle one going first."""

    def __init__(self, *, max_callers: int = MAX_CALLERS, clock: Callable[[], float] = time.monotonic) -> None:
        """Nobody has asked for anything."""
        self._max_callers = max_callers
        self._clock = clock
        self._loads: OrderedDict[str, Load] = OrderedDict()

    def __len__(self) -> int:
        """How many callers are known."""
        return len(self._loads)

    def of(self, caller: str) -> Load:
        """The load of `caller`."""
        load = self._loads.get(caller)
        if load is None:
            load = self._loads[caller] = Load()
            if len(self._loads) > self._max_callers:
                self._forget_one()
        else:
            self._loads.move_to_end(caller)
        return load

    def ask(self, caller: str, amount: float = 1.0) -> None:
        """Note that `caller` asks for so much."""
        self.of(caller).add(amount, self._clock())

    def rate(self, caller: str) -> float:
        """What `caller` has asked for lately, a second."""
        load = self._loads.get(caller)
        return 0.0 if load is None else load.recent(self._clock()) / MEMORY_S

    def spread(self) -> Spread:
        """How what is asked for is spread over callers."""
        return Spread.of(self._loads.values(), self._clock())

    def _forget_one(self) -> None:
        # Those with work under way are few: as many as there are places.
        for caller, load in self._loads.items():
            if not load.in_flight:
                del self._loads[caller]
                return
