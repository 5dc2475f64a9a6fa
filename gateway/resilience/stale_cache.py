"""Answers that were given, kept for the time when no new ones can be had. Bounded in number, bytes and age."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator

TAG_BYTES = 100  # of memory for each thing that an answer is about


class StaleCache:
    """The latest answer by key, as bytes. A key names the caller as well: what one was told, nobody else is."""

    def __init__(self, *, max_bytes: int, max_age_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Keep `max_bytes` bytes of answers at most, the least recently used going first, and none over `max_age_s`."""
        self._max_bytes = max_bytes
        self._max_age_s = max_age_s
        self._clock = clock
        self._held: OrderedDict[bytes, tuple[float, bytes, frozenset[object]]] = OrderedDict()
        self._about: dict[object, set[bytes]] = {}
        self._bytes = 0

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._held)

    @property
    def size(self) -> int:
        """Bytes in use."""
        return self._bytes

    def put(self, key: bytes, answer: bytes, age_s: float = 0.0, about: Iterable[object] = ()) -> None:
        """Keep `answer`, which is `age_s` seconds old, in the place of another one. `about` is for `forget`."""
        self._drop(key)
        tags = frozenset(about)
        self._held[key] = (self._clock() - age_s, answer, tags)
        for tag in tags:
            self._about.setdefault(tag, set()).add(key)
        self._bytes += _size(key, answer, tags)
        while self._bytes > self._max_bytes:
            self._drop(next(iter(self._held)))

    def get(self, key: bytes) -> tuple[bytes, float] | None:
        """The answer and its age in seconds; None when there is none or it is too old."""
        if key not in self._held:
            return None
        at, answer, _ = self._held[key]
        age = self._clock() - at
        if age > self._max_age_s:
            self._drop(key)
            return None
        self._held.move_to_end(key)
        return answer, age

    def items(self) -> Iterator[tuple[bytes, bytes, float]]:
        """Key, answer and age in seconds of all that are not too old, the most recently used first."""
        now = self._clock()
        for key, (at, answer, _) in reversed(list(self._held.items())):
            if now - at <= self._max_age_s:
                yield key, answer, now - at

    def forget(self, tag: object) -> None:
        """Keep no answer that is about `tag`."""
        for key in list(self._about.get(tag, ())):
            self._drop(key)

    def clear(self) -> None:
        """Keep no answer."""
        for key in list(self._held):
            self._drop(key)

    def _drop(self, key: bytes) -> None:
        if key not in self._held:
            return
        _, answer, tags = self._held.pop(key)
        self._bytes -= _size(key, answer, tags)
        for tag in tags:
            self._about[tag].discard(key)
            if not self._about[tag]:
                del self._about[tag]


def _size(key: bytes, answer: bytes, tags: frozenset[object]) -> int:
    return len(key) + len(answer) + TAG_BYTES * len(tags)
