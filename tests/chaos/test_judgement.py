"""What the judgement of chaos accepts of searches for documents while PostgreSQL is away, and what it does not."""

import pytest

from gateway.database.rights import RIGHTS_S
from tests.chaos.asking import Answer
from tests.chaos.fault import Fault, nothing
from tests.chaos.judging import AWAY, Observation, Terms
from tests.chaos.rights import Reading, Rights, age_in
from tests.chaos.routes import ROUTES, Route

SERVER = Fault("the server is away", nothing, nothing, of_server=True)
WAY = Fault("the way to it is", nothing, nothing, of_way=True)
DOCUMENTS = next(route for route in ROUTES if route.of_documents and not route.may_fail)
OTHER = next(route for route in ROUTES if route.never_fails)
(UNAVAILABLE,) = (why for why in AWAY if why.endswith("database-unavailable"))
# Rights are confirmed at 10 s and again at 20 s. The metrics are read every tenth of a second, which takes a fiftieth.
READINGS = [Reading(at / 10, at / 10 + 0.02, at / 10 + 0.01 - (10 if at < 200 else 20)) for at in range(100, 230)]
RIGHTS = Rights(READINGS)
ENDS = 10 + RIGHTS_S


def judged(answer: Answer, fault: Fault = SERVER, route: Route = DOCUMENTS, strain: float = 1.0) -> list[str]:
    terms, observation = Terms(fault, RIGHTS, 0.1, strain), Observation(route, [answer])
    return [*observation.broken_promises(terms), *observation.delays(terms)]


def refused(at: float, why: str = UNAVAILABLE) -> Answer:
    return Answer(at, 0.05, 503, degraded=False, why=why)


def kept(at: float) -> Answer:
    return Answer(at, 0.05, 200, degraded=True, keeps_documents=True)


def test_who_may_read_a_document_is_known_for_some_seconds() -> None:
    assert judged(kept(ENDS - 0.2)) == []
    assert judged(refused(ENDS + 0.1)) == []
    (refusal,) = judged(refused(ENDS - 0.2))
    assert refusal == f"{DOCUMENTS.name}: 1 answers of 503 {UNAVAILABLE}"
    (late,) = judged(kept(ENDS + 0.2))
    assert "1 answers hold documents" in late


def test_once_rights_are_confirmed_again_nothing_is_refused() -> None:
    assert judged(refused(19.9)) == []
    assert judged(refused(20.2)) != []
    assert judged(kept(20.2)) == []


@pytest.mark.parametrize(
    ("answer", "fault", "route"),
    [
        (refused(ENDS + 1), WAY, DOCUMENTS),
        (refused(ENDS + 1), SERVER, OTHER),
        (refused(ENDS + 1, "urn:tidegate:problem:overloaded"), SERVER, DOCUMENTS),
        (Answer(ENDS + 1, 0.05, 500, degraded=False, why=UNAVAILABLE), SERVER, DOCUMENTS),
        (Answer(ENDS + 1, 0.05, 0, degraded=False), SERVER, DOCUMENTS),
    ],
    ids=["another way is left", "no documents", "another reason", "a failure", "no answer"],
)
def test_nothing_else_is_excused(answer: Answer, fault: Fault, route: Route) -> None:
    assert judged(answer, fault, route) != []


def test_a_gateway_that_does_not_follow_rights_is_found_out() -> None:
    assert RIGHTS.were_followed(10.9, 0.1)
    assert not RIGHTS.were_followed(11.5, 0.1)
    assert not Rights([]).were_followed(11.5, 0.1)


def test_the_age_is_read_from_the_metrics() -> None:
    assert age_in("# HELP tidegate_rights_age_seconds Seconds\ntidegate_rights_age_seconds 0.25\n") == 0.25
    assert age_in("tidegate_rights_age_seconds +Inf\n") == float("inf")
    with pytest.raises(AssertionError):
        age_in("tidegate_requests_in_flight 1.0\n")
