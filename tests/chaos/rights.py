"""Until when the gateway knew who may read what, as its metrics said, and what follows for kept documents.

Kept documents are given for RIGHTS_S seconds after the last question that PostgreSQL answered, and no longer. So a
search for documents has to be answered while PostgreSQL is away for less than that, and must be refused afterwards. How
long it was away is no constant of a fault: a server that was killed takes its time to come back.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite

from gateway.database.pool import BEAT_EVERY_S
from gateway.database.rights import RIGHTS_S

_AGE = re.compile(r"^tidegate_rights_age_seconds (\S+)$", re.MULTILINE)


def age_in(metrics: str) -> float:
    """Seconds since rights were last confirmed, in the text of /metrics."""
    found = _AGE.search(metrics)
    assert found is not None, "the metrics do not say how old the knowledge of rights is"
    return float(found[1])


@dataclass(frozen=True)
class Reading:
    """Of the metrics: when they were asked for and received, and what they said."""

    sent: float
    received: float
    age_s: float


class Rights:
    """The moments at which rights were confirmed. They only ever advance, so readings around a moment bound it."""

    def __init__(self, readings: Iterable[Reading]) -> None:
        """In the order in which they were received."""
        self._readings = list(readings)

    def confirmed_at_least(self, moment: float) -> float:
        """What was confirmed by `moment` goes up to here or further."""
        return max((r.sent - r.age_s for r in self._readings if r.received <= moment), default=float("-inf"))

    def confirmed_at_most(self, moment: float) -> float:
        """What was confirmed by `moment` does not go beyond this."""
        return min((r.received - r.age_s for r in self._readings if r.sent >= moment), default=float("inf"))

    def may_refuse(self, sent: float, received: float) -> bool:
        """Whether kept documents could no longer be given when an answer between the two was made."""
        return received - self.confirmed_at_least(sent) > RIGHTS_S

    def may_give(self, sent: float, received: float) -> bool:
        """Whether kept documents could still be given then."""
        return sent - self.confirmed_at_most(received) <= RIGHTS_S

    def were_followed(self, until: float, slack_s: float) -> bool:
        """Whether they were confirmed once a second up to `until`."""
        confirmed = self.confirmed_at_most(until)
        return isfinite(confirmed) and until - confirmed <= BEAT_EVERY_S + slack_s
