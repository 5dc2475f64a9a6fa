"""What the judgement of chaos accepts of searches for documents while PostgreSQL is away, and what it does not."""

import os

import pytest

from gateway.database.rights import RIGHTS_S
from gateway.errors import DatabaseTimeoutError
from tests.chaos.asking import Answer
from tests.chaos.fault import Fault, nothing
from tests.chaos.judging import AWAY, OVERLOADED, Observation, Terms
from tests.chaos.machine import BUSY, Pace, Strain, Turns
from tests.chaos.mcp import ToolError
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
        (Answer(ENDS + 1, 0.05, 401, degraded=False), SERVER, DOCUMENTS),
    ],
    ids=["another way is left", "no documents", "another reason", "a failure", "no answer", "a token refused"],
)
def test_nothing_else_is_excused(answer: Answer, fault: Fault, route: Route) -> None:
    assert judged(answer, fault, route) != []


def test_a_busy_machine_excuses_delays_and_no_broken_promise() -> None:
    overloaded = refused(ENDS + 1, OVERLOADED)
    late = Answer(ENDS + 1, DOCUMENTS.limit_s + 0.15, 200)
    failed = Answer(ENDS + 1, 0.05, 500)
    for answer in (overloaded, late, failed):
        assert judged(answer) != []
    assert judged(overloaded, strain=BUSY) == []
    assert judged(late, strain=BUSY) == []
    assert judged(failed, strain=10 * BUSY) != []


def test_a_process_that_waits_is_strained() -> None:
    assert Turns(100, 50).strain(Turns(200, 50)) == 1.0
    assert Turns(100, 50).strain(Turns(200, 350)) == 4.0
    assert Strain([os.getpid()]).now() >= 1.0


def test_requests_are_halved_in_rate_and_doubled_again_up_to_the_usual_one() -> None:
    pace = Pace(4.0)
    assert pace.slow_down()
    assert pace.factor == 8.0
    for _ in range(3):
        pace.quicken()
    assert pace.factor == 4.0
    while pace.slow_down():
        pass
    assert pace.factor == Pace.SLOWEST


def test_an_error_of_a_tool_is_told_by_its_title() -> None:
    away = ToolError("PostgreSQL cannot be reached: Try again.")
    assert (away.status, away.why) == (500, "urn:tidegate:problem:internal-error")
    known = ToolError(f"{DatabaseTimeoutError.title}: Try again.")
    assert (known.status, known.why) == (503, f"urn:tidegate:problem:{DatabaseTimeoutError.kind}")


def test_a_gateway_that_does_not_follow_rights_is_found_out() -> None:
    assert RIGHTS.were_followed(10.9, 0.1)
    assert not RIGHTS.were_followed(11.5, 0.1)
    assert not Rights([]).were_followed(11.5, 0.1)


def test_the_age_is_read_from_the_metrics() -> None:
    assert age_in("# HELP tidegate_rights_age_seconds Seconds\ntidegate_rights_age_seconds 0.25\n") == 0.25
    assert age_in("tidegate_rights_age_seconds +Inf\n") == float("inf")
    with pytest.raises(AssertionError):
        age_in("tidegate_requests_in_flight 1.0\n")
