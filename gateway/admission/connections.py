"""How many connections there are at a time, and how much of requests that are not here yet is held.

Connections cost little each and their number nothing to who opens them. At the limit of one address, or of the
gateway, the one that has brought least makes room: first those that never had an answer, then those without a request.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Protocol

from gateway.admission.addresses import Addresses
from gateway.admission.rates import BoundedMemory

WINDOW_S = 1
TOLD_PER_S = 10
"""Connections of one address that are told, beyond the limit, why they end; the other ones end without a word."""


class Connection(Protocol):
    """What a connection says of itself."""

    has_answered: bool
    """Whether a request was answered on it."""

    @property
    def is_idle(self) -> bool:
        """Whether no request of it is being answered."""
        ...

    def make_room(self) -> None:
        """End, since others need the place."""
        ...


class Connections:
    """Those that are open, by address."""

    def __init__(
        self, addresses: Addresses, *, most: int, per_address: int, rates: BoundedMemory | None = None
    ) -> None:
        """At most `most`, `per_address` of one address, and as many new ones of it a second. Proxies have no limit."""
        self._addresses = addresses
        self._most = most
        self._per_address = per_address
        self._rates = BoundedMemory() if rates is None else rates
        self._held: dict[str, dict[Connection, None]] = {}
        self._count = 0

    def __len__(self) -> int:
        """How many are open."""
        return self._count

    def enter(self, connection: Connection, peer: str | None) -> bool:
        """Whether a new connection may stay."""
        address = self._addresses.of_peer(peer)
        if not self._addresses.is_trusted(peer):
            key = f"connections:{address}"
            if not self._rates.acquire_sliding_window_entry(key, self._per_address, WINDOW_S):
                return False
            held = self._held.get(address, {})
            if len(held) >= self._per_address and not _make_room(held):
                return False
        if self._count >= self._most and not _make_room(self._of_the_busiest_address()):
            return False
        self._held.setdefault(address, {})[connection] = None
        self._count += 1
        return True

    def are_a_flood(self, peer: str | None) -> bool:
        """Whether new connections of this address are so many that not even a refusal is due to this one."""
        key = f"connections:{self._addresses.of_peer(peer)}"
        if not self._rates.is_used_up(key, self._per_address, WINDOW_S) or self._addresses.is_trusted(peer):
            return False
        return not self._rates.acquire_sliding_window_entry(f"told {key}", TOLD_PER_S, WINDOW_S)

    def _of_the_busiest_address(self) -> dict[Connection, None]:
        return max(self._held.values(), key=lambda held: (len(held),))

    def leave(self, connection: Connection, peer: str | None) -> None:
        """A connection has ended."""
        address = self._addresses.of_peer(peer)
        held = self._held.get(address)
        if held is None or connection not in held:
            return
        del held[connection]
        self._count -= 1
        if not held:
            del self._held[address]


def _make_room(held: Iterable[Connection]) -> bool:
    # The oldest of those that never had an answer, else the oldest of all: they stand in the order in which they came.
    oldest = None
    for connection in held:
        if connection.is_idle:
            if not connection.has_answered:
                connection.make_room()
                return True
            oldest = oldest or connection
    if oldest is None:
        return False
    oldest.make_room()
    return True


class Uploads:
    """Bytes of bodies that have not arrived as a whole, by caller."""

    def __init__(self, *, most_bytes: int, share: float, longest: int = 0) -> None:
        """Hold `most_bytes` at most, and for one caller `share` of them, 0 to 1, but always one of `longest` bytes."""
        self._most = most_bytes
        self._of_one = max(int(most_bytes * share), min(longest, most_bytes))
        self._held: dict[str, dict[object, tuple[int, Callable[[], None]]]] = {}
        self._of: Counter[str] = Counter()  # bytes of each caller
        self._total = 0

    @property
    def total(self) -> int:
        """Bytes held."""
        return self._total

    @property
    def most_of_one(self) -> int:
        """Bytes that one caller's unfinished uploads may have."""
        return self._of_one

    def add(self, upload: object, caller: str, size: int, give_up: Callable[[], None]) -> bool:
        """Hold `size` bytes more of `upload`; False when its caller has its share.

        When there is no room, the longest upload of the caller with most bytes is given up, by what it brought.
        """
        held = self._held.setdefault(caller, {})
        held[upload] = (held.get(upload, (0, give_up))[0] + size, give_up)
        self._total += size
        self._of[caller] += size
        if self._of[caller] > self._of_one:
            return False
        if self._total > self._most:
            heaviest = self._held[max(self._held, key=self._of.__getitem__)]
            max(heaviest.values(), key=lambda entry: entry[0])[1]()
        return True

    def remove(self, upload: object, caller: str) -> None:
        """An upload is here, or was given up."""
        held = self._held.get(caller)
        if held is None:
            return
        size, _ = held.pop(upload, (0, None))
        self._total -= size
        self._of[caller] -= size
        if not held:
            del self._held[caller], self._of[caller]
