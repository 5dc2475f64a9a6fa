"""The judgement of answers on one route while something broke."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.errors import DatabaseTimeoutError, DatabaseUnavailableError, OverloadedError
from tests.chaos.asking import Answer
from tests.chaos.fault import Fault
from tests.chaos.machine import BUSY
from tests.chaos.rights import Reading, Rights
from tests.chaos.routes import Route

WELL_FOR_S = 1.0
AWAY = frozenset(f"urn:tidegate:problem:{error.kind}" for error in (DatabaseUnavailableError, DatabaseTimeoutError))
OVERLOADED = f"urn:tidegate:problem:{OverloadedError.kind}"


@dataclass(frozen=True)
class Terms:
    """What is known of the fault and of the machine when answers are judged."""

    fault: Fault
    rights: Rights
    slack_s: float
    """Added to each deadline."""
    strain: float = 1.0
    """How many times its processor time the gateway took for its work."""

    @property
    def has_room(self) -> bool:
        """Whether the machine had time for the gateway, so that no request has to be refused for lack of it."""
        return self.strain < BUSY


@dataclass
class Observation:
    """One route during one fault."""

    route: Route
    answers: list[Answer] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    """Of the route with the metrics."""

    def kinds(self) -> Counter[str]:
        """How many answers of each kind."""
        return Counter(answer.kind for answer in self.answers)

    def used(self) -> Counter[str]:
        """What answers say was used instead of what was down."""
        return Counter(what for answer in self.answers for what in answer.used)

    @property
    def worst_s(self) -> float:
        """The longest wait."""
        return max((answer.took_s for answer in self.answers), default=0.0)

    def bad_until(self, mended: float) -> float:
        """When the last answer came that was not full, of requests since `mended`; that moment itself without one."""
        bad = [answer.at + answer.took_s for answer in self.answers if answer.at >= mended and not answer.is_full]
        return max(bad, default=mended)

    def well_since(self, mended: float) -> float | None:
        """The moment from which every answer was full, at least WELL_FOR_S ago; None when there is none yet."""
        since = self.bad_until(mended)
        seen = [answer for answer in self.answers if answer.at > since and answer.is_full]
        if not seen or seen[-1].at - seen[0].at < WELL_FOR_S:
            return None
        return since

    def broken_promises(self, terms: Terms) -> list[str]:
        """What must never happen, however busy the machine is, and did."""
        found = self._named(a for a in self.answers if a.status not in (200, 503))
        false = Counter(what for answer in self.answers for what in answer.wrong)
        found += [f"{count} answers: {what}" for what, count in false.items()]
        rights = terms.rights
        late = [a for a in self.answers if a.keeps_documents and not rights.may_give(a.at, a.at + a.took_s)]
        if late:
            found.append(f"{len(late)} answers hold documents whose readers were not known any more")
        return [f"{self.route.name}: {problem}" for problem in found]

    def delays(self, terms: Terms) -> list[str]:
        """Which requests were refused that had to be answered, and what took too long."""
        found = self._named(a for a in self.answers if a.status == 503 and not self._may_refuse(a, terms))
        if self.worst_s > self.route.limit_s + terms.slack_s * terms.strain:
            found.append(f"an answer took {self.worst_s:.2f} s")
        return [f"{self.route.name}: {problem}" for problem in found]

    def _named(self, wrong: Iterable[Answer]) -> list[str]:
        return [f"{count} answers of {kind}" for kind, count in Counter(f"{a.kind} {a.why}" for a in wrong).items()]

    def _may_refuse(self, answer: Answer, terms: Terms) -> bool:
        fault, route = terms.fault, self.route
        has_server = terms.has_room and not fault.of_server
        return (
            (route.may_fail and not has_server)
            or (route.is_of_database and (fault.of_server or fault.of_way))
            or (route.is_of_embedder and fault.of_embedder)
            or (route.is_of_api and (fault.of_server or fault.of_api))
            or (fault.unverifiable and route.signed_in and not route.never_fails)
            or (answer.why == OVERLOADED and not terms.has_room)
            or (not has_server and self._had_to_refuse(answer, terms.rights))
        )

    def _had_to_refuse(self, answer: Answer, rights: Rights) -> bool:
        is_refused = answer.why in AWAY and self.route.of_documents
        return is_refused and rights.may_refuse(answer.at, answer.at + answer.took_s)
