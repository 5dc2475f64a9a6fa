"""Which rights ended, as far as is known, and up to when that is all.

The database is asked once a second (database/heartbeat.py). Let the last answered question have been sent at T. Rights
that ended before T are known, and what they concern was forgotten. A stale answer given at S holds rights that ended
after T at the earliest, so they ended less than S - T ago. Stale answers are given while S - T is at most RIGHTS_S,
whatever is down and whether or not anything ends there meanwhile.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable
from uuid import UUID

from gateway.database.heartbeat import EndedRights
from gateway.resilience.stale_cache import StaleCache

RIGHTS_S = 4.5
"""Half a second less than is promised: for the answer's way."""
REMEMBERED_S = 120.0  # longer than any request takes
LOST_S = 300.0  # after which the database no longer remembers everything, by a wide margin

Forget = Callable[[EndedRights], None]


class Rights:
    """What the heartbeats said."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is known."""
        self._clock = clock
        self._confirmed_at = float("-inf")
        self._recent: deque[tuple[float, EndedRights]] = deque()
        self._listeners: list[Forget] = []

    def subscribe(self, forget: Forget) -> None:
        """Have `forget` called with everything that is learned from now on."""
        self._listeners.append(forget)

    def watch(self, answers: StaleCache) -> None:
        """Have `answers` forget what is about anybody or anything that `learn` is told of."""

        def forget(ended: EndedRights) -> None:
            if ended.everything:
                answers.clear()
            for gone in ended.people | ended.sources:
                answers.forget(gone)

        self.subscribe(forget)

    def learn(self, ended: EndedRights) -> None:
        """These rights ended; all those that did before `ended.asked_at` are known now."""
        if ended.asked_at - self._confirmed_at > LOST_S:
            ended = EndedRights(ended.asked_at, True, frozenset(), frozenset())
        now = self._clock()
        if ended.everything or ended.people or ended.sources:
            self._recent.append((now, ended))
            for forget in self._listeners:
                forget(ended)
        while self._recent and now - self._recent[0][0] > REMEMBERED_S:
            self._recent.popleft()
        self._confirmed_at = max(self._confirmed_at, ended.asked_at)

    @property
    def are_confirmed(self) -> bool:
        """Whether what is kept is still everybody's who may have it, but for the last RIGHTS_S seconds."""
        return self.age_s <= RIGHTS_S

    @property
    def age_s(self) -> float:
        """Seconds since the last answered question was sent."""
        return self._clock() - self._confirmed_at

    def now(self) -> float:
        """The moment to give `ended_since` for a question that is asked now."""
        return self._clock()

    def ended_since(self, asked_at: float, person: UUID | None, sources: Iterable[UUID]) -> bool:
        """Whether an answer to a question of this moment may hold what is somebody else's by now."""
        about = frozenset(sources)
        return self._clock() - asked_at > REMEMBERED_S or any(
            ended.everything or person in ended.people or not about.isdisjoint(ended.sources)
            for learned_at, ended in self._recent
            if learned_at >= asked_at
        )
